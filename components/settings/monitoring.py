"""Monitoring: whom alarms reach, and from which values on."""

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import Field

from components.account_alarms import why_outside_is_not_watched
from components.events import Event
from components.reputation import BOUNCES, COMPLAINTS
from components.settings.channels import Channel
from components.settings.configuration_sets import SET_NAME, ConfigurationSet
from components.settings.identities import Identity
from components.settings.refusals import Fault, Warned, one_of, quoted, shown
from components.settings.shapes import Entries, Expected, Keyed, Model
from components.settings.values import Text, whole

LONGEST_NAME = 190
"""Characters of `{project}-{stack}-monitoring`: CloudWatch takes 255 in a name, and the
longest of an alarm has 65 more."""


def _fraction(below: float) -> Any:
    return Field(json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": below})


A_FRACTION = Expected("a fraction such as 0.05 for 5 %")

Count = Annotated[int, Field(ge=1), Expected("a whole number from 1")]


class BounceRate(Model):
    """Hard bounces of the mails sent; AWS reviews at 0.05 and may pause at 0.10."""

    warning: Annotated[float, _fraction(BOUNCES.pause), A_FRACTION] = Field(
        0.025, description="Fraction of the mails: 0.025 is 2.5 %."
    )
    critical: Annotated[float, _fraction(BOUNCES.pause), A_FRACTION] = Field(
        0.05, description="Fraction of the mails; AWS may pause at 0.10."
    )

    def rules(self) -> Iterator[Fault]:
        yield from _rate_rules(self, self.warning, self.critical, BOUNCES.pause)


class ComplaintRate(Model):
    """Complaints of the mails sent; AWS reviews at 0.001 and may pause at 0.005."""

    warning: Annotated[float, _fraction(COMPLAINTS.pause), A_FRACTION] = Field(
        0.0005, description="Fraction of the mails: 0.0005 is 0.05 %."
    )
    critical: Annotated[float, _fraction(COMPLAINTS.pause), A_FRACTION] = Field(
        0.001, description="Fraction of the mails; AWS may pause at 0.005."
    )

    def rules(self) -> Iterator[Fault]:
        yield from _rate_rules(self, self.warning, self.critical, COMPLAINTS.pause)


def _rate_rules(
    rate: Model, warning: float, critical: float, pause: float
) -> Iterator[Fault]:
    if not (0 < warning < pause and 0 < critical < pause):
        yield from _out_of_range(warning, critical, pause)
    elif not warning < critical:
        if rate.states("critical"):
            expected = f"more than warning ({_number(warning)})"
            yield Fault(("critical",), _number(critical), expected)
        else:
            expected = f"less than critical ({_number(critical)})"
            yield Fault(("warning",), _number(warning), expected)


def _out_of_range(warning: float, critical: float, pause: float) -> Iterator[Fault]:
    """Proposes what a percentage is as a fraction, where that would be accepted."""
    meant = {"warning": warning, "critical": critical}
    meant |= {key: value / 100 for key, value in meant.items() if value > pause}
    fits = 0 < meant["warning"] < meant["critical"] < pause
    for key, value in (("warning", warning), ("critical", critical)):
        if not 0 < value < pause:
            hint = "rates are fractions"
            if fits:
                hint += f": {_number(value)} % is {_number(meant[key])}"
            yield Fault(
                (key,),
                _number(value),
                f"more than 0 and less than {pause}, where AWS may pause ({hint})",
            )


def _number(value: float) -> str:
    """As a stack file would have it: 5, 0.05, and no 5e-05."""
    if value.is_integer():
        return shown(int(value))
    return f"{value:.12f}".rstrip("0") if 1e-9 < abs(value) < 1e9 else shown(value)


class WholeAccount(Model):
    """Alarms of the whole account, in one stack of it."""

    daily_quota: Count | None = Field(
        None,
        description="Mails that SES lets the account send in 24 hours; an alarm at 80 %.",
    )
    other_configuration_sets: list[
        Annotated[
            str,
            Field(pattern=f"^{SET_NAME}$"),
            Expected(
                "a configuration set's name in SES: 1 to 64 letters, digits, '_' and '-'"
            ),
        ]
    ] = Field(
        [],
        description="Names in SES of the sets of other stacks, for the alarm on mail"
        " outside every set.",
    )

    def rules(self) -> Iterator[Fault]:
        names = self.other_configuration_sets
        for index, name in enumerate(names):
            if name in names[:index]:
                at = ("otherConfigurationSets", index)
                yield Fault(at, f"{shown(name)} twice", "each set once")


class Monitoring(Model):
    """The dashboard and the alarms."""

    alarms: Annotated[Text, Expected("a channel")] = Field(
        description="The channel that alarms go to; best one of its own."
    )
    bounce_rate: BounceRate = Field(
        BounceRate.model_validate({}), description="Of each set, and of the account."
    )
    complaint_rate: ComplaintRate = Field(
        ComplaintRate.model_validate({}), description="Of each set, and of the account."
    )
    oldest_message_minutes: Annotated[
        int, Field(ge=1, le=1440), whole(1, 1440, "minutes")
    ] = Field(15, description="Minutes that a message may wait in a queue.")
    sends_per_hour: Keyed[Count] = Field(
        default_factory=Keyed,
        description="For a set, an alarm above so many mails an hour.",
    )
    account: WholeAccount | None = Field(
        None, description="Alarms of the whole account; in one stack of it."
    )


def check_monitoring(
    monitoring: Monitoring,
    channels: Entries[Channel],
    sets: Entries[ConfigurationSet],
    physical_name: Callable[[str], str],
) -> Iterator[Fault]:
    """References to channel and sets, and the names in CloudWatch."""
    at = ("monitoring",)
    name = physical_name("monitoring")
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{LONGEST_NAME}}}", name):
        yield Fault(
            at,
            f"the name {quoted(name)} of {len(name)} characters of the dashboard",
            f"at most {LONGEST_NAME} letters, digits, '_' and '-' with project and stack",
        )
    yield from _alarm_channel_rules(monitoring.alarms, channels)
    for name in monitoring.sends_per_hour:
        of_set = (*at, "sendsPerHour", name)
        if not sets.may_mean(name):
            choice = f"a configuration set ({one_of(sets.names)})"
            yield Fault(of_set, f"the key {shown(name)}", choice)
        elif name in sets and Event.SEND not in sets[name].metrics:
            yield Fault(
                of_set,
                "a set whose metrics lack send",
                "one that counts send, since the alarm could never go off",
            )
    if monitoring.account is not None:
        own = {physical_name(name): name for name in sets.names}
        others = monitoring.account.other_configuration_sets
        for index, other in enumerate(others):
            if other in own:
                yield Fault(
                    (*at, "account", "otherConfigurationSets", index),
                    f"{shown(other)}, the set {own[other]} of this stack",
                    "sets of other stacks: those of this one count as they are",
                )


def _alarm_channel_rules(name: str, channels: Entries[Channel]) -> Iterator[Fault]:
    if not channels.may_mean(name):
        choice = f"a channel ({one_of(channels.names)})"
        yield Fault(("monitoring", "alarms"), shown(name), choice)
    elif name in channels:
        for key, subscription in channels[name].subscriptions.items():
            if subscription.filter is not None:
                yield Fault(
                    ("channels", name, "subscriptions", key, "filter"),
                    "a filter on the channel for alarms",
                    "no filter: an alarm has no key of an SES message and would be"
                    " dropped",
                )


def monitoring_warnings(
    monitoring: Monitoring,
    identities: Entries[Identity],
    sets: Entries[ConfigurationSet],
    *,
    is_heard: bool,
) -> Iterator[Warned]:
    """Alarms that nobody hears, and mail that those of the account would not see."""
    if not is_heard:
        yield Warned(
            ("monitoring", "alarms"),
            f"nobody hears of an alarm: channel {monitoring.alarms} has no subscription,"
            " no topic of somebody else, and no queue that lists it",
        )
    if monitoring.account is None:
        return
    reasons = why_outside_is_not_watched(
        {name: each.metrics for name, each in sets.items()},
        monitoring.account.other_configuration_sets,
    )
    for reason in reasons:
        yield Warned(
            ("monitoring", "account"),
            f"mail outside every set cannot be watched, for {reason}",
        )
    told = (
        "and no alarm tells of them"
        if reasons
        else "of which an alarm of monitoring.account tells"
    )
    for name, identity in identities.items():
        # A stated none is meant; where an existing one has its default set is not known.
        if not (identity.states("configuration_set") or identity.existing):
            yield Warned(
                ("identities", name),
                "no default configurationSet; its mails that name none are outside every"
                f" set, {told}",
            )
