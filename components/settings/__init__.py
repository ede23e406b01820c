"""The stack configuration: the one gate where input can be wrong.

Two passes, one message: the shape of every key, then the rules over all entries
whose shape is sound. What comes out is typed, frozen and free of contradictions.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from components.account import Account
from components.routing import Identity as RoutedIdentity
from components.routing import Routing
from components.settings.channels import check_channel_topics, check_subscriptions
from components.settings.configuration import Configuration, check_tags
from components.settings.configuration_sets import (
    check_configuration_sets,
    check_pauses,
)
from components.settings.event_log import check_event_log, unused_event_log
from components.settings.identities import check_routes, check_senders
from components.settings.loop import Loop
from components.settings.monitoring import check_monitoring, monitoring_warnings
from components.settings.queues import Queue, check_queues
from components.settings.reader import Reader
from components.settings.refusals import Fault, Refused, Warned, one_of
from components.settings.source import NAMESPACE, REGION, SECRETS, Source
from components.settings.stack_file import StackFile
from components.settings.values import A_REGION, Region

if TYPE_CHECKING:
    import pulumi

__all__ = ["NAMESPACE", "Configuration", "Refused", "Settings", "StackFile"]


class Settings(Configuration):
    """A stack's configuration, checked, with what follows from it."""

    project: str
    stack: str
    region: str
    warnings: tuple[str, ...] = ()
    """What is allowed and yet rarely meant, a line each."""
    left_out: tuple[str, ...] = ()
    """Rules that could not be judged without an account or the secrets."""

    @classmethod
    def load(cls, config: "pulumi.Config", account: Account) -> "Settings":
        """What Pulumi hands to the program; raises pulumi.RunError with all refusals.

        RunError is what Pulumi reports without a traceback.
        """
        import pulumi

        try:
            with _shallow():
                settings = cls._of(Source.of_pulumi(config, account))
        except Refused as refused:
            raise pulumi.RunError(str(refused)) from None
        for warning in settings.warnings:
            pulumi.log.warn(warning)
        return settings

    @classmethod
    def check(cls, file: StackFile, account: Account | None = None) -> "Settings":
        """What a stack file says; raises Refused with all refusals."""
        with _shallow():
            return cls._of(Source.of_file(file, account))

    @classmethod
    def _of(cls, source: Source) -> "Settings":
        reader = Reader()
        values = reader.fields(Configuration, source.values)
        if source.region is None:
            reader.shape.append(Fault((REGION,), "nothing", A_REGION))
            region = None
        else:
            region = reader.value(Region, source.region, (REGION,))
        settings = cls.model_construct(
            **values, project=source.project, stack=source.stack, region=region
        )
        told = {(fault.path, fault.found) for fault in source.faults}
        faults = [
            *source.faults,
            *(each for each in reader.faults if (each.path, each.found) not in told),
            *settings._rules(source, reader.stated),
        ]
        if faults or source.mistakes:
            lines = [source.origin.refusal(fault) for fault in faults]
            raise Refused([*source.mistakes, *lines])
        warnings = [
            *(Warned(path, IN_CLEAR) for path in source.clear_secrets),
            *settings.loop.warnings(),
            *unused_event_log(settings.event_log, settings.configuration_sets),
            *settings._monitoring_warnings(),
        ]
        return settings.model_copy(
            update={
                "warnings": tuple(map(source.origin.warning, warnings)),
                "left_out": tuple(settings._left_out(source)),
            }
        )

    def physical_name(self, name: str) -> str:
        """A name that has to be known beforehand, unique in account and region."""
        return f"{self.project}-{self.stack}-{name}"

    @property
    def event_database(self) -> str:
        """The event log's Glue database: small letters, digits and `_`, as Athena has it."""
        name = f"{self.project}_{self.stack}_events".lower()
        return re.sub(r"[^a-z0-9_]", "_", name)

    @property
    def guarded_sets(self) -> tuple[str, ...]:
        """The configuration sets that the sending guard pauses."""
        return tuple(
            name
            for name, each in self.configuration_sets.items()
            if each.pause_on_critical_alarm
        )

    def heard_by(self, queue: Queue) -> tuple[str, ...]:
        """The channels that a queue listens to."""
        return queue.hears(self.feedback_channels)

    @property
    def feedback_channels(self) -> tuple[str, ...]:
        """The channels that a queue listens to unless it names some: not the alarms'."""
        return tuple(name for name in self.channels if name != self.alarm_channel)

    @property
    def alarm_channel(self) -> str | None:
        """The channel that alarms go to, where there are some."""
        return self.monitoring.alarms if self.monitoring else None

    @cached_property
    def routing(self) -> Routing:
        """Who hears of which event of which mail."""
        identities = [
            RoutedIdentity(key, identity.sender, identity.routes, identity.default_set)
            for key, identity in self.identities.items()
        ]
        sets = {
            name: {
                channel: tuple(events)
                for channel, events in configuration_set.notify.items()
            }
            for name, configuration_set in self.configuration_sets.items()
        }
        return Routing(identities, sets)

    @cached_property
    def loop(self) -> Loop:
        """Identities, sets, channels and queues, seen together."""
        return Loop(
            self.channels,
            self.identities,
            self.configuration_sets,
            self.queues,
            self.routing,
            self.feedback_channels,
        )

    def _rules(self, source: Source, stated: Collection[str]) -> Iterator[Fault]:
        account = source.account
        yield from check_tags(self.tags)
        if not (self.identities.is_stated or self.configuration_sets.is_stated):
            yield Fault(
                ("identities",),
                "nothing, and no configurationSets either",
                "at least one identity or configuration set",
            )
        yield from check_channel_topics(
            self.channels, self.region, account.id if account else None
        )
        yield from check_subscriptions(
            self.channels, self.secret_endpoints, self.region
        )
        yield from check_senders(self.identities)
        yield from check_routes(self.identities, self.channels)
        yield from check_configuration_sets(
            self.configuration_sets,
            self.channels,
            self.identities,
            self.physical_name,
        )
        yield from check_event_log("event_log" in stated, self.configuration_sets)
        yield from check_pauses("monitoring" in stated, self.configuration_sets)
        if self.monitoring is not None:
            yield from check_monitoring(
                self.monitoring,
                self.channels,
                self.configuration_sets,
                self.physical_name,
            )
        yield from check_queues(self.queues, self.channels, self.alarm_channel)
        yield from self.loop.faults()

    def _monitoring_warnings(self) -> Iterator[Warned]:
        if self.monitoring is not None:
            yield from monitoring_warnings(
                self.monitoring,
                self.identities,
                self.configuration_sets,
                is_heard=self.loop.has_listener(self.monitoring.alarms),
            )

    def _left_out(self, source: Source) -> Iterator[str]:
        topics = [name for name, channel in self.channels.items() if channel.topic]
        if topics and source.account is None:
            yield f"whether the topic of {one_of(topics)} is of the stack's account"
        hidden = self.secret_endpoints.names - set(self.secret_endpoints)
        if hidden:
            yield (
                f"whether the values of secretEndpoints ({one_of(hidden)}) fit their"
                " protocols"
            )


@contextmanager
def _shallow() -> Iterator[None]:
    """Refuses values nested so deep that they cannot be looked through."""
    try:
        yield
    except RecursionError:
        line = f"{NAMESPACE}: found values nested too deep, expected a few levels"
        raise Refused([line]) from None


IN_CLEAR = (
    "stored in clear; store it by `pulumi config set --secret --path"
    f" '{NAMESPACE}:{SECRETS}.NAME'`"
)
