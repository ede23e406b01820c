"""Sends mail from every identity and finds out what arrived where."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.cloud import Cloud
from sandbox.deliveries import Delivery
from sandbox.ses import Event
from sandbox.simulator import DOMAIN

Collect = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Takes messages from the stack's queues, and says into which table each went."""

MAILBOXES = ("bounce", "complaint", "success", "ooto", "suppressionlist")
"""Simulator mailboxes, each with an outcome of its own."""

RECIPIENTS = tuple(f"{name}@{DOMAIN}" for name in MAILBOXES)

LOCAL_PART = "no-reply"
"""What a domain's mail is sent as."""


@dataclass(frozen=True)
class Place:
    """Where an event arrived."""

    kind: str
    """queue, row, subscription, object or e-mail"""
    name: str
    """Our name of the queue, a table of the collector, a protocol and endpoint, the key
    of an object in the event log's bucket, or an address."""


@dataclass(frozen=True)
class Row:
    """One event of one mail that was told to one channel, kept in the event log, or
    told to nobody."""

    sender: str
    recipient: str
    configuration_set: str | None
    """Our name of the set that the mail named."""
    event: str
    via: str | None
    """identity, set, forwarding or, where nobody was told, None"""
    channel: str | None
    places: tuple[Place, ...]
    settled_by: str = ""
    """What decided: the identity's sender, or our name of the set that applied."""
    is_kept: bool = False
    """Whether this is the event log's row, which has no channel."""

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "sender": self.sender,
            "recipient": self.recipient,
            "configurationSet": self.configuration_set,
            "event": self.event,
            "via": self.via,
            "channel": self.channel,
            "places": [asdict(place) for place in self.places],
        }


@dataclass(frozen=True)
class Names:
    """Our names of what the stack made, by what AWS calls it; from its outputs."""

    channels: Mapping[str, str]
    queues: Mapping[str, str]
    sets: Mapping[str, str]

    @classmethod
    def of(cls, outputs: Mapping[str, Any]) -> "Names":
        def ours(output: str) -> dict[str, str]:
            return {value: name for name, value in outputs.get(output, {}).items()}

        return cls(ours("topicArns"), ours("queueUrls"), ours("configurationSetNames"))


@dataclass(frozen=True)
class Arrival:
    """A message that was taken from a queue."""

    url: str
    """The queue's."""
    table: str | None
    """Of the collector, if it made rows of it."""


def mailbox(identity: str) -> str:
    """An address that mail of the identity is sent from."""
    return identity if "@" in identity else f"{LOCAL_PART}@{identity}"


def report(
    cloud: Cloud,
    identities: Sequence[str],
    outputs: Mapping[str, Any],
    collect: Collect = lambda _: {},
    advance: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Sends from each identity to each of RECIPIENTS, without a set and with each of
    the stack's.

    `advance` is called after each mail, of which there are `count(...)`.
    """
    reporter = Reporter(cloud, Names.of(outputs), collect)
    rows: list[Row] = []
    for identity in identities:
        for recipient in RECIPIENTS:
            for configuration_set in (None, *reporter.names.sets):
                rows += reporter.send(mailbox(identity), recipient, configuration_set)
                advance()
    return rows


def count(identities: Sequence[str], outputs: Mapping[str, Any]) -> int:
    """The mails of a report."""
    sets = outputs.get("configurationSetNames", {})
    return len(identities) * (1 + len(sets)) * len(RECIPIENTS)


class Reporter:
    """Sends single mails and looks where their events arrived."""

    def __init__(
        self, cloud: Cloud, names: Names, collect: Collect = lambda _: {}
    ) -> None:
        self.names = names
        self._cloud = cloud
        self._collect = collect
        self._sqs = cloud.client("sqs")
        self._urls = self._queues()
        self._receive()

    def send(
        self, sender: str, recipient: str, configuration_set: str | None
    ) -> Iterator[Row]:
        """Sends a mail, with a set by its name in SES, and yields what came of it."""
        which = {}
        if configuration_set is not None:
            which["ConfigurationSetName"] = configuration_set
        message_id = self._cloud.client("sesv2").send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [recipient]},
            Content={
                "Simple": {
                    "Subject": {"Data": "Sent in the sandbox"},
                    "Body": {"Text": {"Data": "Nobody reads this."}},
                }
            },
            **which,
        )["MessageId"]
        received = self._receive()
        for event in self._cloud.ses.events[message_id]:
            for told in self._told(event, received):
                yield Row(
                    sender=sender,
                    recipient=recipient,
                    configuration_set=self.names.sets.get(configuration_set or ""),
                    event=event_name(event.type),
                    **told,
                )

    def _told(
        self, event: Event, received: Mapping[str, Arrival]
    ) -> Iterator[dict[str, Any]]:
        """Who was told of an event, one by one, and where it is kept."""
        identity = event.sent.identity_arn.partition(":identity/")[2]
        applied = event.sent.configuration_set or ""
        deciders = {
            "identity": identity,
            "set": self.names.sets.get(applied, applied),
        }
        for told in event.told:
            deliveries = self._cloud.sns.deliveries[told.message_id]
            places = [self._place(delivery, received) for delivery in deliveries]
            yield {
                "via": told.via,
                "channel": self.names.channels.get(told.topic_arn),
                "places": (
                    *(place for place in places if place is not None),
                    *_rows(deliveries, received),
                ),
                "settled_by": deciders[told.via],
            }
        for record_id in event.records:
            yield {
                "via": "set",
                "channel": None,
                "places": tuple(self._objects(record_id)),
                "settled_by": deciders["set"],
                "is_kept": True,
            }
        if event.forwarded_to is not None:
            yield {
                "via": "forwarding",
                "channel": None,
                "places": (Place("e-mail", event.forwarded_to),),
                "settled_by": identity,
            }
        if not (event.told or event.records) and event.forwarded_to is None:
            yield {"via": None, "channel": None, "places": ()}

    def _objects(self, record_id: str) -> Iterator[Place]:
        """Where a record of Firehose's is; nowhere if it could not write it."""
        for written in self._cloud.firehose.written[record_id]:
            yield Place("object", written.key)

    def _place(
        self, delivery: Delivery, received: Mapping[str, Arrival]
    ) -> Place | None:
        """Where a message arrived; None for one that is in no queue after all."""
        if delivery.in_queue is None:
            return Place("subscription", self._shown(delivery))
        arrival = received.get(delivery.in_queue)
        if arrival is None:
            return None
        if arrival.url in self.names.queues:
            return Place("queue", self.names.queues[arrival.url])
        return Place("subscription", self._shown(delivery))

    def _shown(self, delivery: Delivery) -> str:
        """A subscriber as text; a secret endpoint by the name of its subscription."""
        secret = self._cloud.secret_endpoints.get(delivery.endpoint)
        endpoint = delivery.endpoint if secret is None else f"**** ({secret})"
        return f"{delivery.protocol} {endpoint}"

    def _queues(self) -> list[str]:
        """The queues that somebody empties: the stack's and those of others."""
        arns = {
            subscription["Endpoint"]
            for page in self._cloud.client("sns")
            .get_paginator("list_subscriptions")
            .paginate()
            for subscription in page["Subscriptions"]
            if subscription["Protocol"] == "sqs"
        }
        names = {arn.rpartition(":")[2] for arn in arns}
        return [
            url
            for page in self._sqs.get_paginator("list_queues").paginate()
            for url in page.get("QueueUrls", [])
            if url.rpartition("/")[2] in names
        ]

    def _receive(self) -> dict[str, Arrival]:
        """Empties the queues, by the id of each message; the collector gets what is in
        the stack's."""
        bodies = {url: dict(self._empty(url)) for url in self._urls}
        tables: dict[str, str] = {}
        for url, messages in bodies.items():
            if url in self.names.queues:
                tables.update(self._collect(messages))
        return {
            message_id: Arrival(url, tables.get(message_id))
            for url, messages in bodies.items()
            for message_id in messages
        }

    def _empty(self, url: str) -> Iterator[tuple[str, str]]:
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            self._sqs.delete_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(messages)
                ],
            )
            yield from ((message["MessageId"], message["Body"]) for message in messages)


def _rows(
    deliveries: Sequence[Delivery], received: Mapping[str, Arrival]
) -> Iterator[Place]:
    """What the collector made of a message, once however many queues it came by."""
    arrivals = (received.get(delivery.in_queue or "") for delivery in deliveries)
    tables = [one.table for one in arrivals if one is not None and one.table]
    yield from (Place("row", table) for table in dict.fromkeys(tables))


def event_name(event_type: str) -> str:
    """Our name of an event, by SES's in a message: renderingFailure."""
    joined = event_type.replace(" ", "")
    return joined[0].lower() + joined[1:]
