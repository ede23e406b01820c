"""The event log: what the events of configuration sets are kept as, and for how long."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.settings.configuration_sets import ConfigurationSet
from components.settings.refusals import Fault, Warned
from components.settings.shapes import TRUE_OR_FALSE, Entries, Expected, Model
from components.settings.values import whole


class EventLog(Model):
    """Firehose to S3, with a table and saved queries over it."""

    expire_days: Annotated[int, Field(ge=1, le=36_500), whole(1, 36_500, "days")] = (
        Field(400, description="Days after which events are deleted.")
    )
    buffer_seconds: Annotated[int, Field(ge=0, le=900), whole(0, 900, "seconds")] = (
        Field(300, description="Seconds for which Firehose gathers events of a file.")
    )
    buffer_megabytes: Annotated[
        int, Field(ge=1, le=128), whole(1, 128, "megabytes")
    ] = Field(5, description="Megabytes at which Firehose writes a file before that.")
    query: Annotated[bool, Expected(TRUE_OR_FALSE)] = Field(
        True, description="A Glue table, and an Athena workgroup with saved queries."
    )


def check_event_log(
    is_stated: bool, sets: Entries[ConfigurationSet]
) -> Iterator[Fault]:
    """What a set keeps needs an event log, sound or not."""
    for name, configuration_set in sets.items():
        if configuration_set.event_log and not is_stated:
            yield Fault(
                ("configurationSets", name, "eventLog"),
                "events for an event log that is not there",
                "the key ses-feedback:eventLog as well ({} for its defaults)",
            )


def unused_event_log(
    event_log: EventLog | None, sets: Entries[ConfigurationSet]
) -> Iterator[Warned]:
    """An event log that stays empty."""
    if event_log is not None and not any(each.event_log for each in sets.values()):
        yield Warned(
            ("eventLog",),
            "no set writes to it; list events under configurationSets.NAME.eventLog",
        )
