"""What a line or a message holds: an event, or Firehose's record of one."""

import base64
import binascii
import json

from ses_feedback_collector.events import Event, Notice, Unreadable
from ses_feedback_collector.parsing import parse


def read(text: str | bytes) -> list[Event | Notice | Unreadable]:
    """Each message in it; what cannot be read is among them, and nothing is raised.

    Below the event log's `errors/` Firehose keeps what it could not deliver, a record
    a line with the data in base64 (Data Firehose developer guide, "Handle data delivery
    failures"). Such a record is read as the lines in it.
    """
    try:
        texts: list[bytes | str] = list(_undelivered(text)) or [text]
    except Unreadable as error:
        return [error]
    return [_parsed(one) for one in texts]


def _parsed(text: str | bytes) -> Event | Notice | Unreadable:
    try:
        return parse(text)
    except Unreadable as error:
        return error


def _undelivered(text: str | bytes) -> list[bytes]:
    """The lines of Firehose's own record of an error; none where it is no such."""
    mark = '"rawData"' if isinstance(text, str) else b'"rawData"'
    if mark not in text:  # type: ignore[operator]
        return []
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(record, dict) or "attemptsMade" not in record:
        return []
    try:
        data = base64.b64decode(record["rawData"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Unreadable("Firehose's error record: rawData is not base64") from None
    lines = [line for line in data.split(b"\n") if line.strip()]
    if not lines:
        raise Unreadable("Firehose's error record: rawData holds nothing")
    return lines
