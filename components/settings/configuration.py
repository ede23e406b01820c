"""The keys of a stack file that are ours, with one module of models for each part."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, SecretStr

from components.settings.channels import Channel
from components.settings.configuration_sets import ConfigurationSet
from components.settings.event_log import EventLog
from components.settings.identities import Identity
from components.settings.monitoring import Monitoring
from components.settings.queues import Queue
from components.settings.refusals import Fault, shown
from components.settings.shapes import TRUE_OR_FALSE, Entries, Expected, Model
from components.settings.values import PolicyArn, Text


class Configuration(Model):
    """The keys of a stack file that stand under `ses-feedback:`."""

    tags: dict[
        Annotated[
            str,
            Field(min_length=1, max_length=128),
            Expected("a key of 1 to 128 characters"),
        ],
        Annotated[
            str, Field(max_length=256), Expected("text of at most 256 characters")
        ],
    ] = Field({}, description="AWS tags of every resource that can carry some.")
    protect: Annotated[bool, Expected(TRUE_OR_FALSE)] = Field(
        True,
        description="Queues, buckets, identities, topics and KMS keys cannot be deleted.",
    )
    permissions_boundary: PolicyArn | None = Field(
        None, description="ARN of the permissions boundary of every user and role."
    )
    channels: Entries[Channel] = Field(
        default_factory=Entries,
        description="Topics, named for the people who act on what they tell.",
    )
    secret_endpoints: Entries[SecretStr] = Field(
        default_factory=Entries,
        description="Endpoints that are secret, each stored with `--secret`.",
    )
    identities: Entries[Identity] = Field(
        default_factory=Entries, description="Domains and addresses that send mail."
    )
    identities_file: Text | None = Field(
        None, description="In place of `identities`: a YAML file with the same map."
    )
    configuration_sets: Entries[ConfigurationSet] = Field(
        default_factory=Entries, description="Configuration sets of the stack."
    )
    queues: Entries[Queue] = Field(
        default_factory=Entries, description="SQS queues that listen to channels."
    )
    event_log: EventLog | None = Field(
        None, description="Events of configuration sets, kept in S3."
    )
    monitoring: Monitoring | None = Field(
        None, description="A dashboard, and alarms to a channel."
    )


TAG_TEXT = r"[\w\s.:/=+@-]*"
TAG_LETTERS = "letters, digits, spaces and . : / = + - @ _"
"""What IAM takes in tags; other services take more."""

KEY_ONCE = "each key once: IAM tells them apart without letter case"

MOST_TAGS = 50
"""Tags of a resource (AWS tag naming limits)."""


def check_tags(tags: Mapping[str, str]) -> Iterator[Fault]:
    """What AWS refuses of the tags of any resource."""
    written: dict[str, str] = {}
    for key, value in tags.items():
        first = written.setdefault(key.lower(), key)
        if first != key:
            yield Fault(
                ("tags", key), f"the key {shown(key)} beside {shown(first)}", KEY_ONCE
            )
        for what, text in (("key", key), ("value", value)):
            if not re.fullmatch(TAG_TEXT, text):
                yield Fault(("tags", key), f"the {what} {shown(text)}", TAG_LETTERS)
        if key.lower().startswith("aws:"):
            yield Fault(
                ("tags", key),
                f"the key {shown(key)}",
                "one without aws:, which AWS keeps for itself",
            )
    if len(tags) > MOST_TAGS:
        yield Fault(("tags",), f"{len(tags)} tags", f"at most {MOST_TAGS}")
