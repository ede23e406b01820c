"""Channels: topics and who is subscribed to them."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, SecretStr

from components.settings.refusals import HIDDEN, Fault, one_of, shown
from components.settings.shapes import NAME, Entries, Expected, Model
from components.settings.values import (
    ARN,
    RoleArn,
    Text,
    TopicArn,
    has_credentials,
    host,
    is_address,
)


class Protocol(StrEnum):
    """How SNS reaches a subscriber."""

    HTTP = "http"
    HTTPS = "https"
    EMAIL = "email"
    EMAIL_JSON = "email-json"
    SMS = "sms"
    LAMBDA = "lambda"
    APPLICATION = "application"
    SQS = "sqs"
    FIREHOSE = "firehose"


RAW = (Protocol.HTTP, Protocol.HTTPS, Protocol.SQS, Protocol.FIREHOSE)
"""Protocols with raw message delivery (SNS developer guide)."""

MAILBOXES = (Protocol.EMAIL, Protocol.EMAIL_JSON)

SLOW = (*MAILBOXES, Protocol.SMS)
"""Protocols whose endpoints SNS suspends at more than ten messages a second."""

MESSAGE_KEYS = (
    "eventType",
    "notificationType",
    "mail",
    "bounce",
    "complaint",
    "delivery",
    "send",
    "reject",
    "open",
    "click",
    "failure",
    "deliveryDelay",
    "subscription",
)
"""What stands at the first level of a message of SES, by either way."""

OPERATORS = frozenset(
    (
        "anything-but",
        "cidr",
        "equals-ignore-case",
        "exists",
        "numeric",
        "prefix",
        "suffix",
        "wildcard",
    )
)
"""What a filter may ask of a value besides being equal (SNS developer guide)."""

_ENDPOINTS = {
    Protocol.SMS: (r"\+[1-9][0-9]{6,14}", 'a phone number such as "+15555550123"'),
    Protocol.LAMBDA: (
        rf"{ARN}:lambda:[a-z0-9-]+:[0-9]{{12}}:function:[\w-]+(?::[\w-]+)?",
        "the ARN of a Lambda function",
    ),
    Protocol.APPLICATION: (
        rf"{ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:endpoint/[^/\s]+/[^/\s]+/\S+",
        "the ARN of a mobile endpoint",
    ),
    Protocol.SQS: (
        rf"{ARN}:sqs:[a-z0-9-]+:[0-9]{{12}}:[\w-]{{1,80}}",
        "the ARN of a standard SQS queue",
    ),
    Protocol.FIREHOSE: (
        rf"{ARN}:firehose:[a-z0-9-]+:[0-9]{{12}}:deliverystream/[\w.-]{{1,64}}",
        "the ARN of a Firehose stream",
    ),
}


def misfit(protocol: Protocol, endpoint: str) -> str | None:
    """What the protocol expects of an endpoint, or None where it fits."""
    if protocol in MAILBOXES:
        return None if is_address(endpoint) else "an e-mail address"
    if protocol in (Protocol.HTTP, Protocol.HTTPS):
        fits = re.fullmatch(rf"{protocol}://[!-~]+", endpoint) and host(endpoint)
        return None if fits else f"a URL such as {protocol}://desk.example.com/ses"
    pattern, expected = _ENDPOINTS[protocol]
    return None if re.fullmatch(pattern, endpoint) else expected


class Subscription(Model):
    """Somebody who is told what is published to a channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["endpoint"]}, {"required": ["secretEndpoint"]}]
        }
    )

    protocol: Annotated[
        Protocol, Field(strict=False), Expected(f"one of {', '.join(Protocol)}")
    ] = Field(description="How SNS delivers.")
    endpoint: Text | None = Field(
        None, description="Where to: a URL, address, phone number or ARN."
    )
    secret_endpoint: (
        Annotated[str, Field(pattern=NAME), Expected("a key of secretEndpoints")] | None
    ) = Field(None, description="In place of `endpoint`: a key of `secretEndpoints`.")
    raw: Annotated[
        bool,
        Field(
            description="The bare message without SNS's envelope (http, https, sqs, firehose)."
        ),
    ] = False
    filter: dict[str, Any] | None = Field(
        None, description="A filter policy on the message body."
    )
    dead_letters: bool = Field(
        False, description="A queue of its own for what could not be delivered."
    )
    role: RoleArn | None = Field(
        None, description="For `firehose`: the role by which SNS writes."
    )

    @classmethod
    def lacking(cls, raw: Mapping[str, Any]) -> Iterator[Fault]:
        if "endpoint" not in raw and "secretEndpoint" not in raw:
            yield Fault(("endpoint",), "nothing", "endpoint or secretEndpoint")
        if raw.get("protocol") == Protocol.FIREHOSE and "role" not in raw:
            yield Fault(
                ("role",),
                "nothing",
                "the ARN of the role by which SNS writes to Firehose",
            )

    def rules(self) -> Iterator[Fault]:
        if self.endpoint is not None:
            yield from self._endpoint_rules(self.endpoint)
        if self.raw and self.protocol not in RAW:
            yield Fault(
                ("raw",),
                f"raw delivery by {self.protocol}",
                f"it by {', '.join(RAW)} only",
            )
        if self.role is not None and self.protocol is not Protocol.FIREHOSE:
            yield Fault(
                ("role",), f"a role for {self.protocol}", "it for firehose only"
            )
        if self.filter is not None:
            yield from (fault.under("filter") for fault in _filter_rules(self.filter))

    def _endpoint_rules(self, endpoint: str) -> Iterator[Fault]:
        if self.secret_endpoint is not None:
            yield Fault(
                ("secretEndpoint",), "it beside endpoint", "only one of the two"
            )
        if has_credentials(endpoint):
            yield Fault(
                ("endpoint",),
                "a URL with user or password in clear",
                "secretEndpoint, with the URL in secretEndpoints",
            )
        elif expected := misfit(self.protocol, endpoint):
            yield Fault(
                ("endpoint",), shown(endpoint), f"{expected} for {self.protocol}"
            )


def _filter_rules(policy: dict[str, Any]) -> Iterator[Fault]:
    """SNS: at most five keys, each list at the end of its path has at least a value."""
    if not policy:
        yield Fault((), "an empty map", "at least one key of an SES message")
    for key, value in policy.items():
        if key == "$or":
            if (
                not isinstance(value, list)
                or len(value) < 2
                or not all(isinstance(part, dict) for part in value)
            ):
                yield Fault((key,), shown(value), "a list of two maps or more")
                continue
            for index, part in enumerate(value):
                yield from (fault.under(key, index) for fault in _filter_rules(part))
        elif key not in MESSAGE_KEYS:
            yield Fault(
                (key,), f"the key {shown(key)}", f"one of {', '.join(MESSAGE_KEYS)}"
            )
        else:
            yield from (fault.under(key) for fault in _condition_rules(value))
    if len(policy) > 5:
        yield Fault((), f"{len(policy)} keys", "at most 5, as many as SNS takes")


def _condition_rules(value: Any) -> Iterator[Fault]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from (fault.under(str(key)) for fault in _condition_rules(inner))
    elif not isinstance(value, list) or not value:
        yield Fault((), shown(value), "a list of values (or a map on the way to one)")
    else:
        for index, choice in enumerate(value):
            if isinstance(choice, list):
                yield Fault((index,), shown(choice), "a value, or a map of an operator")
            elif isinstance(choice, dict) and not set(choice) <= OPERATORS:
                yield Fault(
                    (index,),
                    f"the key {shown(next(iter(choice)))}",
                    f"an operator ({', '.join(sorted(OPERATORS))})",
                )


class Channel(Model):
    """A topic, named for the people who act on what it tells."""

    encrypted: bool = Field(
        False,
        description="A customer-managed key that SES, SNS and CloudWatch may use.",
    )
    subscriptions: Entries[Subscription] = Field(
        default_factory=Entries, description="Who is told; queues may listen as well."
    )
    topic: TopicArn | None = Field(
        None,
        description="ARN of a topic of this account and region that exists; its policy"
        " stays its owner's.",
    )

    def rules(self) -> Iterator[Fault]:
        if self.topic is not None and self.states("encrypted"):
            yield Fault(
                ("encrypted",), "it beside topic", "its owner to decide on encryption"
            )
        if self.topic is not None and self.topic.endswith(".fifo"):
            yield Fault(
                ("topic",), shown(self.topic), "a standard topic (SES takes no FIFO)"
            )

    def slow_subscriptions(self) -> dict[str, Protocol]:
        """Subscriptions that SNS suspends when they are told too much."""
        return {
            name: subscription.protocol
            for name, subscription in self.subscriptions.items()
            if subscription.protocol in SLOW
        }


def too_long_for_texts(
    at: tuple[str | int, ...], what: str, channel_name: str, channel: Channel
) -> Iterator[Fault]:
    """Long messages on a channel that sends text messages, which SNS drops then."""
    for name, protocol in channel.slow_subscriptions().items():
        if protocol is Protocol.SMS:
            yield Fault(
                at,
                f"{what} to channel {channel_name}, which sends text messages"
                f" (subscription {name})",
                "a channel without sms: SNS drops texts over 1,600 characters",
            )


def check_channel_topics(
    channels: Entries[Channel], region: str | None, account_id: str | None
) -> Iterator[Fault]:
    """Each `topic` is of this region and account, and of one channel only."""
    owners: dict[str, str] = {}
    for name, channel in channels.items():
        if channel.topic is None:
            continue
        at = ("channels", name, "topic")
        _, _, _, topic_region, topic_account, _ = channel.topic.split(":")
        if region is not None and topic_region != region:
            yield Fault(at, f"a topic in {topic_region}", f"one in {region}")
        if account_id is not None and topic_account != account_id:
            yield Fault(
                at, f"a topic of account {topic_account}", f"one of {account_id}"
            )
        first = owners.setdefault(channel.topic, name)
        if first != name:
            yield Fault(
                at, f"the topic of channel {first}", "one channel for each topic"
            )


def check_subscriptions(
    channels: Entries[Channel], secrets: Entries[SecretStr], region: str | None
) -> Iterator[Fault]:
    """References to secret endpoints, endpoints that stand twice in a channel, and
    functions that SNS could not be granted to invoke."""
    for channel_name, channel in channels.items():
        seen: dict[tuple[Protocol, str], str] = {}
        for name, subscription in channel.subscriptions.items():
            at = ("channels", channel_name, "subscriptions", name)
            endpoint = subscription.endpoint
            key = subscription.secret_endpoint
            if key is not None and not secrets.may_mean(key):
                yield Fault(
                    (*at, "secretEndpoint"),
                    shown(key),
                    f"a key of secretEndpoints ({one_of(secrets.names)})",
                )
            if key is not None and key in secrets:
                endpoint = secrets[key].get_secret_value()
                if expected := misfit(subscription.protocol, endpoint):
                    yield Fault(
                        ("secretEndpoints", key),
                        HIDDEN,
                        f"{expected}, for subscription {name} of channel {channel_name}",
                    )
            if where := _other_region(subscription.protocol, endpoint, region):
                yield Fault(
                    (*at, "endpoint" if key is None else "secretEndpoint"),
                    f"a function in {where}",
                    f"one in {region}, where SNS can be granted to invoke it",
                )
            what = endpoint or f"secretEndpoint {key}"
            first = seen.setdefault((subscription.protocol, what), name)
            if first != name:
                yield Fault(
                    at,
                    f"the protocol and endpoint of subscription {first}",
                    "each endpoint once in a channel",
                )


def _other_region(
    protocol: Protocol, endpoint: str | None, region: str | None
) -> str | None:
    """The region of a function that is in another one than the stack."""
    if protocol is not Protocol.LAMBDA or endpoint is None or region is None:
        return None
    if misfit(protocol, endpoint):
        return None
    where = endpoint.split(":")[3]
    return where if where != region else None
