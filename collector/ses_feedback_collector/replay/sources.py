"""What can be read back in, and what a person writes for it."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

Read = Callable[[int], bytes]
"""Gives at most so many bytes, none at the end; raises Failed."""


class Failed(Exception):
    """Something cannot be read, or not to its end; its text says what, and what to do."""


@dataclass(frozen=True)
class Part:
    """One run of lines: a file, an object, standard input."""

    name: str
    """As people know it."""
    source: str | None
    """Its key in the table `replays`; None for what can be read only once."""
    size: int | None
    """Bytes, as they lie there; None where that cannot be known."""
    open: Callable[[], AbstractContextManager[Read]]
    """From its beginning. Raises Failed."""
    fingerprint: str | None = None
    """What changes with the content, where the store tells: an object's size and ETag.
    None: the content itself is compared."""


class Parts(Protocol):
    """A source that holds lines."""

    def size(self) -> int | None:
        """Bytes of all parts, where that can be known. Raises Failed."""

    def parts(self) -> Iterator[Part]:
        """In their order. Raises Failed."""


STANDARD_INPUT = "-"

_BUCKET = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<prefix>.*))?", re.DOTALL)
_QUEUE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sqs:(?P<region>[a-z0-9-]+)"
    r":(?P<account>\d{12}):(?P<name>[\w-]{1,80}(?:\.fifo)?)"
)
_QUEUE_URL = re.compile(r"https?://[^/@\s]+(?::\d+)?/[^\s?#]*[^/\s?#]/?")


@dataclass(frozen=True)
class Bucket:
    """`s3://name/prefix`"""

    name: str
    prefix: str


@dataclass(frozen=True)
class QueueUrl:
    """`https://sqs.eu-west-1.amazonaws.com/123456789012/feedback-dead-letters`"""

    url: str


@dataclass(frozen=True)
class QueueArn:
    """`arn:aws:sqs:eu-west-1:123456789012:feedback-dead-letters`"""

    region: str
    account: str
    name: str


@dataclass(frozen=True)
class Local:
    """A file, a folder, or `-` for standard input."""

    path: str


Source = Bucket | QueueUrl | QueueArn | Local


def source(text: str) -> Source:
    """What somebody means; raises ValueError, with a sentence, for what is nothing."""
    if text.startswith("s3:"):
        if bucket := _BUCKET.fullmatch(text):
            return Bucket(bucket["bucket"], bucket["prefix"] or "")
        raise ValueError(f"{text!r} names no bucket; expected s3://BUCKET/PREFIX.")
    if text.startswith(("http://", "https://")):
        if _QUEUE_URL.fullmatch(text):
            return QueueUrl(text.rstrip("/"))
        raise ValueError(
            f"{without_password(text)!r} is no queue URL; expected one such as"
            " https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters."
        )
    if text.startswith("arn:"):
        if arn := _QUEUE_ARN.fullmatch(text):
            return QueueArn(arn["region"], arn["account"], arn["name"])
        raise ValueError(
            f"{text!r} is not the ARN of a queue; expected"
            " arn:aws:sqs:REGION:ACCOUNT:NAME. An event log is named s3://BUCKET/PREFIX."
        )
    if not text:
        raise ValueError(
            "an empty text is no source; expected a file, a folder, - for standard"
            " input, s3://BUCKET/PREFIX, or a queue's URL or ARN."
        )
    return Local(text)


def without_password(url: str) -> str:
    """A URL without what stands before its `@`."""
    return re.sub(r"//[^/]*@", "//...@", url)
