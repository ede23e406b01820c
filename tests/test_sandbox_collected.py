import json
from collections.abc import Iterator

import pytest

from sandbox.collected import Collected, collecting
from ses_feedback_collector import EventType, Unreadable
from tests.feedback import SETUP_TEXT, event, in_sns, notification

JANE = "Jane@example.com"


@pytest.fixture
def collected() -> Iterator[Collected]:
    with collecting() as collected:
        yield collected


def test_each_message_of_a_mail_has_a_table(collected: Collected) -> None:
    assert collected.take(
        {
            "a": in_sns(notification(EventType.BOUNCE, [JANE])),
            "b": json.dumps(event(EventType.SEND, [JANE])),
            "c": in_sns(SETUP_TEXT),
        }
    ) == {"a": "email_bounces", "b": "email_sends"}


def test_what_a_worker_would_leave_is_not_passed_over(collected: Collected) -> None:
    with pytest.raises(Unreadable):
        collected.take({"a": "{}"})


def test_the_answer_has_the_verdict_and_the_rows(collected: Collected) -> None:
    message = in_sns(notification(EventType.BOUNCE, [JANE]))
    collected.take({"a": message})
    collected.take({"b": message, "c": in_sns(event(EventType.SEND, [JANE]))})
    jane, other = collected.answers([JANE, "other@example.com"])
    assert not jane.verdict.may_send
    assert jane.rows == {"email_bounces": 1, "email_sends": 1}
    assert other.verdict.may_send
    assert other.rows == {}
