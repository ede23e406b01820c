"""Identities: the domains and addresses that mail is sent from, and their routes."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from components.events import IDENTITY_EVENTS, Event
from components.settings.channels import Channel, too_long_for_texts
from components.settings.refusals import Fault, one_of, shown
from components.settings.shapes import Entries, Expected, Model
from components.settings.values import Domain, HostedZone, Sender, Text

NONE = "none"

Route = Annotated[Text, Expected("a channel or none")]


def _of_identities(event: Event) -> Event:
    if event not in IDENTITY_EVENTS:
        raise ValueError(event)
    return event


Headed = Annotated[
    Event,
    Field(strict=False),
    AfterValidator(_of_identities),
    WithJsonSchema({"enum": [event.value for event in IDENTITY_EVENTS]}),
    Expected(f"one of {', '.join(IDENTITY_EVENTS)}"),
]


class Identity(Model):
    """A domain or address, and the channels that hear of its mail."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["feedback"],
                    "properties": {"bounce": False, "complaint": False},
                },
                {"required": ["bounce", "complaint"]},
            ]
        }
    )

    sender: Sender = Field(description="With '@' an address, without it a domain.")
    feedback: Route | None = Field(
        None, description="A channel or none, for bounces and complaints alike."
    )
    bounce: Route | None = Field(
        None, description="A channel or none; required without `feedback`."
    )
    complaint: Route | None = Field(
        None, description="A channel or none; required without `feedback`."
    )
    delivery: Route = Field(NONE, description="A channel or none.")
    original_headers: list[Headed] = Field(
        [], description="Events whose notification carries the mail's headers."
    )
    configuration_set: Annotated[Text, Expected("a configuration set or none")] = Field(
        NONE, description="The set of mails that name none; none for no such set."
    )
    mail_from: Domain | None = Field(
        None, description="The MAIL FROM domain, below the identity's own."
    )
    hosted_zone: HostedZone | None = Field(
        None,
        description="The Route 53 zone to make the DNS records in; without it they are"
        " only exported.",
    )
    forwarding: bool | None = Field(
        None, description="SES's own feedback e-mail; below on when it is left out."
    )
    existing: bool = Field(
        False, description="Verified elsewhere; only topics and forwarding are managed."
    )

    @property
    def is_address(self) -> bool:
        return "@" in self.sender

    @property
    def routes(self) -> dict[Event, str]:
        """The channel of each event that has one."""
        stated = {
            Event.BOUNCE: self.bounce or self.feedback,
            Event.COMPLAINT: self.complaint or self.feedback,
            Event.DELIVERY: self.delivery,
        }
        return {
            event: channel
            for event, channel in stated.items()
            if channel is not None and channel != NONE
        }

    @property
    def default_set(self) -> str | None:
        return None if self.configuration_set == NONE else self.configuration_set

    def route_key(self, event: Event) -> str:
        """The key that states an event's route."""
        stated = self.states(event.value) or event is Event.DELIVERY
        return event.value if stated else "feedback"

    @classmethod
    def lacking(cls, raw: Mapping[str, Any]) -> Iterator[Fault]:
        if "feedback" not in raw:
            for event in (Event.BOUNCE, Event.COMPLAINT):
                if event.value not in raw:
                    yield Fault(
                        (event.value,),
                        "nothing",
                        "a channel or none (feedback states both bounce and complaint)",
                    )

    def rules(self) -> Iterator[Fault]:
        for event in (Event.BOUNCE, Event.COMPLAINT):
            if self.feedback is not None and self.states(event.value):
                yield Fault((event.value,), "it beside feedback", "only one of the two")
        if self.existing:
            yield from self._existing_rules()
        if self.is_address:
            for key, field in (
                ("mailFrom", "mail_from"),
                ("hostedZone", "hosted_zone"),
            ):
                if getattr(self, field) is not None:
                    yield Fault((key,), "it on an address", "it on a domain only")
        elif self.mail_from and not self.mail_from.endswith(f".{self.sender}"):
            yield Fault(
                ("mailFrom",), shown(self.mail_from), f"a domain below {self.sender}"
            )
        seen = set()
        for index, event in enumerate(self.original_headers):
            at = ("originalHeaders", index)
            if event in seen:
                yield Fault(at, f"{shown(event.value)} twice", "each event once")
            elif event not in self.routes:
                yield Fault(
                    at,
                    f"{shown(event.value)} without a route",
                    "events that go to a channel",
                )
            seen.add(event)

    def _existing_rules(self) -> Iterator[Fault]:
        stated = {
            "configurationSet": self.default_set,
            "mailFrom": self.mail_from,
            "hostedZone": self.hosted_zone,
        }
        for key, value in stated.items():
            if value is not None:
                yield Fault(
                    (key,),
                    "it on an existing identity",
                    "it where the identity is verified",
                )


def check_senders(identities: Entries[Identity]) -> Iterator[Fault]:
    """SES knows an identity once, whatever our names of it."""
    owners: dict[str, str] = {}
    for name, identity in identities.items():
        first = owners.setdefault(identity.sender, name)
        if first != name:
            yield Fault(
                ("identities", name, "sender"),
                f"{shown(identity.sender)}, the sender of {first}",
                "each sender once",
            )


def check_routes(
    identities: Entries[Identity], channels: Entries[Channel]
) -> Iterator[Fault]:
    """Routes lead to channels that are there and bear what they are told."""
    for name, identity in identities.items():
        for event, channel_name in identity.routes.items():
            key = identity.route_key(event)
            at = ("identities", name, key)
            if not channels.may_mean(channel_name):
                choice = f"a channel ({one_of(channels.names)}) or none"
                yield Fault(at, shown(channel_name), choice)
                continue
            channel = channels.get(channel_name)
            if channel is None:
                continue
            if event is Event.DELIVERY:
                yield from too_much(at, [event], channel_name, channel)
            if event in identity.original_headers:
                yield from too_long_for_texts(
                    ("identities", name, "originalHeaders"),
                    f"headers of {event}",
                    channel_name,
                    channel,
                )


STREAMS = (
    Event.SEND,
    Event.DELIVERY,
    Event.OPEN,
    Event.CLICK,
    Event.DELIVERY_DELAY,
)
"""Events as frequent as the mails themselves."""


def too_much(
    at: tuple[str | int, ...], events: list[Event], channel_name: str, channel: Channel
) -> Iterator[Fault]:
    """Frequent events on a channel whose subscribers SNS would suspend.

    SNS suspends an e-mail endpoint at more than ten messages a second.
    """
    frequent = [event.value for event in events if event in STREAMS]
    slow = channel.slow_subscriptions()
    if frequent and slow:
        by = ", ".join(f"{name} by {protocol}" for name, protocol in slow.items())
        yield Fault(
            at,
            f"{', '.join(frequent)} to channel {channel_name} (subscription {by})",
            "a channel without e-mail and sms: SNS suspends such endpoints at that rate",
        )
