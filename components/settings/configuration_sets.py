"""Configuration sets: SES's second way out, for the mails that carry one."""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.events import Event
from components.settings.channels import Channel, too_long_for_texts
from components.settings.identities import NONE, Identity, too_much
from components.settings.refusals import Fault, one_of, quoted, shown
from components.settings.shapes import Entries, Expected, Keyed, Model
from components.settings.values import Domain

AnEvent = Annotated[Event, Field(strict=False), Expected(f"one of {', '.join(Event)}")]

TAG = r"^[A-Za-z0-9_-]{1,255}$"
A_TAG = "letters, digits, '_' and '-', 1 to 255 of them"

MOST_DESTINATIONS = 10
"""Event destinations of a set (SES quotas)."""

MOST_TAG_DIMENSIONS = 9
"""A CloudWatch destination takes ten dimensions, and the set itself is one."""

MOST_GUARDED = 18
"""Sets with alarms of the longest names, two each, for which the policy of a function
has room (Lambda quotas: 20 KB)."""

SET_NAME = r"[A-Za-z0-9_-]{1,64}"
"""A configuration set's name in SES (CreateConfigurationSet)."""


class Reason(StrEnum):
    """Why SES puts an address on its suppression list."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class ConfigurationSet(Model):
    """A set, and who hears of the events of the mails that carry it."""

    notify: Keyed[list[AnEvent]] = Field(
        default_factory=Keyed, description="For a channel, the events it hears of."
    )
    metrics: list[AnEvent] = Field(
        [Event.SEND, Event.REJECT, Event.BOUNCE, Event.COMPLAINT, Event.DELIVERY],
        description="Events counted in CloudWatch; [] for none.",
    )
    dimensions: dict[
        Annotated[str, Field(pattern=TAG), Expected(A_TAG)],
        Annotated[str, Field(pattern=TAG), Expected(A_TAG)],
    ] = Field(
        {},
        description="Message tags as further CloudWatch dimensions, with the value of"
        " a mail that lacks the tag.",
    )
    event_log: list[AnEvent] = Field(
        [], description="Events kept in the event log; needs `eventLog`."
    )
    suppress: list[
        Annotated[Reason, Field(strict=False), Expected(f"one of {', '.join(Reason)}")]
    ] = Field(
        [Reason.BOUNCE, Reason.COMPLAINT],
        description="What puts an address on SES's suppression list.",
        json_schema_extra={"minItems": 1},
    )
    require_tls: bool = Field(
        False, description="Deliver only to servers that offer TLS."
    )
    tracking_domain: Domain | None = Field(
        None, description="The domain of open and click links."
    )
    pause_on_critical_alarm: bool = Field(
        False,
        description="The sending guard pauses the set at a critical alarm; needs"
        " `monitoring`.",
    )

    def rules(self) -> Iterator[Fault]:
        for channel, events in self.notify.items():
            if not events:
                yield Fault(("notify", channel), "an empty list", "at least one event")
            yield from _repeated(events, "notify", channel)
        yield from _repeated(self.metrics, "metrics")
        yield from _repeated(self.event_log, "eventLog")
        yield from _repeated(self.suppress, "suppress")
        if not self.suppress:
            yield Fault(
                ("suppress",),
                "an empty list",
                "bounce, complaint or both: a set cannot be changed to suppress nothing",
            )
        if self.dimensions and not self.metrics:
            yield Fault(
                ("dimensions",),
                "dimensions beside metrics: []",
                "metrics to count by them",
            )
        if len(self.dimensions) > MOST_TAG_DIMENSIONS:
            yield Fault(
                ("dimensions",),
                f"{len(self.dimensions)} message tags",
                f"at most {MOST_TAG_DIMENSIONS}, since the set itself is a dimension",
            )
        if self.destinations > MOST_DESTINATIONS:
            yield Fault(
                ("notify",),
                f"{self.destinations} event destinations with those for metrics and"
                " event log",
                f"at most {MOST_DESTINATIONS} in a set",
            )

    @property
    def destinations(self) -> int:
        """How many event destinations the set has."""
        others = (self.metrics, self.dimensions, self.event_log)
        return len(self.notify.names) + sum(map(bool, others))

    @property
    def events(self) -> set[Event]:
        """The events that any destination takes."""
        return {
            *self.metrics,
            *self.event_log,
            *(event for told in self.notify.values() for event in told),
        }


def _repeated(values: Sequence[StrEnum], *at: str) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Fault((*at, index), f"{shown(value.value)} twice", "each once")


def check_configuration_sets(
    sets: Entries[ConfigurationSet],
    channels: Entries[Channel],
    identities: Entries[Identity],
    physical_name: Callable[[str], str],
) -> Iterator[Fault]:
    """References from and to the sets, and their names in SES."""
    for name, configuration_set in sets.items():
        at = ("configurationSets", name)
        physical = physical_name(name)
        if not re.fullmatch(SET_NAME, physical):
            yield Fault(
                at,
                f"the name {quoted(physical)} of {len(physical)} characters in SES",
                "at most 64 letters, digits, '_' and '-' with project and stack",
            )
        for channel_name, events in configuration_set.notify.items():
            told = (*at, "notify", channel_name)
            if not channels.may_mean(channel_name):
                yield Fault(
                    told,
                    f"the key {shown(channel_name)}",
                    f"a channel ({one_of(channels.names)})",
                )
            elif (channel := channels.get(channel_name)) is not None:
                yield from too_much(told, events, channel_name, channel)
                yield from too_long_for_texts(told, "events", channel_name, channel)
    for name, identity in identities.items():
        chosen = identity.default_set
        if chosen is not None and not sets.may_mean(chosen):
            yield Fault(
                ("identities", name, "configurationSet"),
                shown(chosen),
                f"a configuration set ({one_of(sets.names)}) or {NONE}",
            )


def check_pauses(
    monitoring_is_stated: bool, sets: Entries[ConfigurationSet]
) -> Iterator[Fault]:
    """The sending guard acts on alarms, which monitoring makes, sound or not."""
    for name, configuration_set in sets.items():
        if configuration_set.pause_on_critical_alarm and not monitoring_is_stated:
            yield Fault(
                ("configurationSets", name, "pauseOnCriticalAlarm"),
                "true without monitoring",
                "the key ses-feedback:monitoring as well: its alarms call the guard",
            )
    guarded = [name for name, each in sets.items() if each.pause_on_critical_alarm]
    if len(guarded) > MOST_GUARDED:
        yield Fault(
            ("configurationSets",),
            f"{len(guarded)} sets with pauseOnCriticalAlarm",
            f"at most {MOST_GUARDED}: the guard's policy has no room for more alarms",
        )
