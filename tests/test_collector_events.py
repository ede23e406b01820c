import dataclasses
from datetime import UTC, datetime

import pytest

from components.events import Event as StackFileEvent
from ses_feedback_collector import Event, EventType, Notice, Recipient, Unreadable


def test_events_have_the_names_of_the_stack_file() -> None:
    assert [*EventType] == [event.value for event in StackFileEvent]


def test_an_event_does_not_change() -> None:
    event = Event(
        type=EventType.SEND,
        at=datetime(2026, 5, 4, tzinfo=UTC),
        message_id="1",
        recipients=(Recipient("jane@example.com"),),
        details={},
        mail={},
        content={},
        by_set=True,
    )
    assert event.topic_arn is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.message_id = "2"  # type: ignore[misc]


def test_what_is_unreadable_says_why() -> None:
    assert str(Unreadable("found a list")) == "found a list"
    assert issubclass(Unreadable, ValueError)
    assert Notice("SES validated the topic").what == "SES validated the topic"
