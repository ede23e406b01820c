import base64
import json
from typing import Any

import pytest

from ses_feedback_collector import Event, EventType, Notice, Unreadable
from ses_feedback_collector.replay.records import read
from tests import feedback
from tests.replays import line


def undelivered(data: Any) -> str:
    """Firehose's record of what it could not deliver."""
    if isinstance(data, str):
        data = base64.b64encode(data.encode()).decode()
    return json.dumps(
        {
            "attemptsMade": 4,
            "arrivalTimestamp": 1777863721987,
            "errorCode": "Lambda.FunctionTimedOut",
            "errorMessage": "made up",
            "attemptEndingTimestamp": 1777863781987,
            "rawData": data,
            "EventId": "4961471",
        }
    )


@pytest.mark.parametrize("wrapping", feedback.WRAPPINGS)
def test_a_message_is_read_whichever_way_it_travelled(wrapping: str) -> None:
    (found,) = read(feedback.WRAPPINGS[wrapping](feedback.event(EventType.BOUNCE)))
    assert isinstance(found, Event)
    assert found.type == EventType.BOUNCE


def test_a_notice_is_no_event() -> None:
    (found,) = read(feedback.SETUP_TEXT)
    assert isinstance(found, Notice)


@pytest.mark.parametrize("text", ["", "{", '{"rawData"', '"rawData"', "[" * 100_000])
def test_what_cannot_be_read_is_told_and_not_raised(text: str) -> None:
    (found,) = read(text)
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_firehoses_record_of_an_error_is_read_as_what_it_holds(as_bytes: bool) -> None:
    text = undelivered(line(1) + "\n" + line(2))
    found = read(text.encode() if as_bytes else text)
    assert [one.message_id for one in found if isinstance(one, Event)] == [
        "mail-1",
        "mail-2",
    ]


def test_half_a_record_can_be_read_while_the_other_cannot() -> None:
    good, bad = read(undelivered(line(1) + "{}\n"))
    assert isinstance(good, Event)
    assert isinstance(bad, Unreadable)


@pytest.mark.parametrize("data", [7, None, ["a"]])
def test_a_record_of_an_error_without_data_is_unreadable(data: Any) -> None:
    (found,) = read(undelivered(data))
    assert isinstance(found, Unreadable)
    assert "rawData is not base64" in str(found)


@pytest.mark.parametrize("data", ["", "\n"])
def test_a_record_of_an_error_with_nothing_in_it_is_unreadable(data: str) -> None:
    (found,) = read(undelivered(data))
    assert isinstance(found, Unreadable)
    assert "rawData holds nothing" in str(found)


def test_an_event_that_speaks_of_raw_data_is_an_event() -> None:
    message = feedback.event(EventType.CLICK, linkTags={"rawData": ["x"]})
    (found,) = read(feedback.raw(message))
    assert isinstance(found, Event)
