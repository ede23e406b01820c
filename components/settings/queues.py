"""Queues: what listens to channels, with its dead letters and its one consumer."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from components.settings.channels import Channel
from components.settings.credentials import ServiceUser
from components.settings.refusals import Fault, one_of, shown
from components.settings.shapes import Entries, Expected, Model
from components.settings.values import Text, whole


class DeadLetters(Model):
    """The queue of the messages that the consumer could not take."""

    after_receives: Annotated[int, Field(ge=1, le=1000), whole(1, 1000)] = Field(
        5, description="Receives of a message before it goes there."
    )
    retention_days: Annotated[int, Field(ge=1, le=14), whole(1, 14, "days")] = Field(
        14, description="Days that it stays there, longer than in the queue."
    )


class Queue(Model):
    """An SQS queue, its dead-letter queue and the consumer that may empty it."""

    channels: list[Annotated[Text, Expected("a channel")]] | None = Field(
        None,
        description="What it listens to; default every channel but the one for alarms.",
    )
    raw: bool = Field(False, description="Messages without SNS's envelope.")
    visibility_seconds: Annotated[
        int, Field(ge=0, le=43_200), whole(0, 43_200, "seconds")
    ] = Field(60, description="Seconds for which a received message is hidden.")
    retention_days: Annotated[int, Field(ge=1, le=13), whole(1, 13, "days")] = Field(
        7, description="Days for which a message is kept; 1 to 13."
    )
    dead_letters: DeadLetters = Field(
        DeadLetters.model_validate({}),
        description="Where messages go that were not taken.",
    )
    consumer: ServiceUser = Field(
        ServiceUser.model_validate({}), description="Credentials of the application."
    )

    def hears(self, channels: Iterable[str]) -> tuple[str, ...]:
        """What it listens to: these channels where it names none."""
        return tuple(channels if self.channels is None else self.channels)

    def rules(self) -> Iterator[Fault]:
        if self.dead_letters.retention_days <= self.retention_days:
            yield Fault(
                ("deadLetters", "retentionDays"),
                f"{self.dead_letters.retention_days}",
                f"more than retentionDays ({self.retention_days}): a dead letter's age"
                " counts from its first arrival",
            )
        if self.channels is not None and not self.channels:
            yield Fault(("channels",), "an empty list", "at least one channel")
        for index, channel in enumerate(self.channels or []):
            if channel in (self.channels or [])[:index]:
                yield Fault(
                    ("channels", index), f"{shown(channel)} twice", "each channel once"
                )


def check_queues(
    queues: Entries[Queue], channels: Entries[Channel], alarms: str | None
) -> Iterator[Fault]:
    """Queues listen to channels that are there."""
    for name, queue in queues.items():
        for index, channel in enumerate(queue.channels or []):
            if not channels.may_mean(channel):
                yield Fault(
                    ("queues", name, "channels", index),
                    shown(channel),
                    f"a channel ({one_of(channels.names)})",
                )
        if (
            queue.channels is None
            and channels.readable
            and not channels.names - {alarms}
        ):
            yield Fault(
                ("queues", name),
                "a queue without a channel",
                "a channel to hear"
                if not channels.names
                else f"a channel to hear besides that for alarms ({alarms})",
            )
