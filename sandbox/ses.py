"""SES as a service: whose mail it is, and which events go where.

It decides from the emulator's state alone: the identities, their topics, the
configuration sets and their destinations, the topic policies. It knows nothing of the
stack. The rules are those of the SES developer guide, "Verified identities",
"Receiving Amazon SES notifications" and "Using configuration sets".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from moto.ses.models import EmailIdentity

from sandbox import messages, metrics, simulator
from sandbox.cloudwatch import cloudwatch_of
from sandbox.latest import Latest
from sandbox.mail import Mail
from sandbox.messages import Sent
from sandbox.principals import calling, short_name
from sandbox.ses_state import (
    FORWARDING,
    HEADERS,
    NOTIFICATIONS,
    Destination,
    Reason,
    SesState,
    refuse,
)
from sandbox.simulator import Outcome

FORWARDED = ("Bounce", "Complaint")
"""What SES mails to the sender."""

MOST_RECIPIENTS = 50

SOURCE_IP = "127.0.0.1"


@dataclass(frozen=True)
class Told:
    """A topic that was told of an event."""

    via: str
    """identity or set"""
    topic_arn: str
    message_id: str
    """SNS's id of the message."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a mail, who was told of it and where it is kept."""

    sent: Sent
    type: str
    """As messages name it: Bounce."""
    told: tuple[Told, ...]
    forwarded_to: str | None
    """The address that SES mailed the feedback to."""
    records: tuple[str, ...] = ()
    """Firehose's id of each record that a stream was given."""


class Ses(SesState):
    """SES in one account and region."""

    events: Latest[Event]
    """What happened to a mail, in order, by SES's id of it."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.events = Latest()

    def verified_for(self, sender: str) -> EmailIdentity | None:
        """The most specific verified identity that a mail from this address is of."""
        return next(
            (
                self.email_identities[name]
                for name in candidates(sender)
                if name in self.email_identities
            ),
            None,
        )

    def _is_verified_address(self, source: str) -> bool:
        return self.verified_for(parseaddr(source)[1]) is not None

    def accept(self, mail: Mail) -> str:
        """Takes a mail, lets happen what happens to it, and returns its id."""
        if not mail.recipients:
            refuse(Reason.INVALID, "Must have at least one recipient.")
        if len(mail.recipients) > MOST_RECIPIENTS:
            refuse(Reason.INVALID, f"Recipient count exceeds {MOST_RECIPIENTS}.")
        identity = self.verified_for(mail.sender)
        if identity is None:
            self.rejected_messages_count += 1
            refuse(
                Reason.REJECTED,
                "Email address is not verified. The following identities failed the"
                f" check in region {self.region_name.upper()}: {mail.sender}",
            )
        configuration_set = mail.configuration_set or identity.configuration_set_name
        if configuration_set and not self.may_send(configuration_set):
            refuse(
                Reason.PAUSED,
                f"Sending is disabled for configuration set <{configuration_set}>.",
            )
        sent = Sent(
            mail=mail,
            message_id=messages.new_id(),
            time=datetime.now(UTC),
            identity_arn=self.identity_arn(identity),
            account_id=self.account_id,
            caller=short_name(calling.get()),
            source_ip=SOURCE_IP,
            configuration_set=configuration_set,
        )
        self.sent_message_count += len(mail.recipients)
        self.events[sent.message_id] = [
            self._tell(sent, identity, outcome) for outcome in _outcomes(mail)
        ]
        self._measure(sent)
        return sent.message_id

    def _measure(self, sent: Sent) -> None:
        """What CloudWatch hears of the mail, and of the queues that heard of it."""
        name = sent.configuration_set
        for event in self.events[sent.message_id]:
            of_set = self._destinations(name) if name else ()
            metrics.ses_event(self.region_name, sent, event.type, of_set)
        measured = name is not None and self.has_reputation_metrics(name)
        metrics.reputation(self.region_name, sent, of_set=measured)
        cloudwatch_of(self.account_id, self.region_name).sample()

    def _tell(self, sent: Sent, identity: EmailIdentity, outcome: Outcome) -> Event:
        """Both ways tell of an event, each on its own (so that one may come twice)."""
        settings = self.notifications(identity.email_identity)
        destinations = self._taking(sent, outcome)
        # One event of a set is the same text for all of its destinations.
        message = messages.event(sent, outcome) if destinations else ""
        told = [
            *self._tell_identity(sent, settings, outcome),
            *self._tell_set(sent, destinations, message),
        ]
        heard = outcome.type in settings or bool(destinations)
        # Feedback that nothing else takes is mailed even where forwarding is off
        # (PutEmailIdentityFeedbackAttributes in the API reference of SES v2).
        forwards = outcome.type in FORWARDED and (settings[FORWARDING] or not heard)
        return Event(
            sent,
            outcome.type,
            tuple(told),
            (sent.mail.return_path or sent.mail.sender) if forwards else None,
            tuple(self._record(sent, destinations, message)),
        )

    def _taking(self, sent: Sent, outcome: Outcome) -> list[Destination]:
        """The destinations of the mail's set that take the event."""
        if sent.configuration_set is None:
            return []
        return [
            destination
            for destination in self._destinations(sent.configuration_set)
            if destination.takes(outcome.type)
        ]

    def _tell_identity(
        self, sent: Sent, settings: Mapping[str, Any], outcome: Outcome
    ) -> Iterator[Told]:
        topic = settings.get(outcome.type) if outcome.type in NOTIFICATIONS else None
        if topic is None:
            return
        message = messages.notification(
            sent, outcome, headers=outcome.type in settings[HEADERS]
        )
        message_id = self._publisher(sent.identity_arn).publish(topic, message)
        if message_id is not None:
            yield Told("identity", topic, message_id)
        elif outcome.type in FORWARDED:
            self.give_up_topic(sent.identity_arn, outcome.type)

    def _tell_set(
        self, sent: Sent, destinations: Sequence[Destination], message: str
    ) -> Iterator[Told]:
        publisher = self._publisher(self._set_arn(sent.configuration_set or ""))
        for destination in destinations:
            topic = destination.topic_arn
            if topic is None:
                continue
            message_id = publisher.publish(topic, message, messages.EVENT_SUBJECT)
            if message_id is not None:
                yield Told("set", topic, message_id)

    def _record(
        self, sent: Sent, destinations: Sequence[Destination], message: str
    ) -> Iterator[str]:
        producer = self._producer(sent.configuration_set or "")
        for destination in destinations:
            stream = destination.stream
            if stream is None:
                continue
            record_id = producer.put(stream, message)
            if record_id is not None:
                yield record_id


def candidates(sender: str) -> Iterator[str]:
    """Identities that a mail from this address may be of, the most specific first:
    the address, the address without its label, its domain, the wider domains."""
    mailbox, _, domain = sender.rpartition("@")
    yield sender
    if "+" in mailbox:
        yield f"{mailbox.partition('+')[0]}@{domain}"
    labels = domain.lower().split(".")
    for first in range(len(labels)):
        yield ".".join(labels[first:])


def _outcomes(mail: Mail) -> Iterator[Outcome]:
    if mail.rendering_failure is not None:
        yield simulator.not_rendered(*mail.rendering_failure)
        return
    yield simulator.sent()
    if mail.infected:
        yield simulator.rejected()
        return
    for recipient in mail.recipients:
        yield from simulator.outcomes(recipient)
