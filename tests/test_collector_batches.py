import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from ses_feedback_collector import Event, EventType, batches, parse
from ses_feedback_collector.batches import (
    FAILED,
    NOTICE,
    REFUSED,
    STORED,
    UNREADABLE,
    read,
    save,
)
from ses_feedback_collector.database import Away, migrate, open_database
from ses_feedback_collector.sqs import Message
from ses_feedback_collector.store import Saved, Store
from tests import feedback
from tests.databases import PostgresServer
from tests.workers import POISON, bounce, stored


def messages(*bodies: str) -> list[Message]:
    return [
        Message(f"message-{number}", f"receipt-{number}", body, 2)
        for number, body in enumerate(bodies)
    ]


def test_each_message_has_its_outcome(
    engine: Engine, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    batch = read(messages(bounce(1), POISON, feedback.SETUP_TEXT, bounce(2)))
    save(batch, Store(engine))
    assert batch.outcomes == {
        "message-0": STORED,
        "message-1": UNREADABLE,
        "message-2": NOTICE,
        "message-3": STORED,
    }
    assert [one.receipt for one in batch.done()] == [
        "receipt-0",
        "receipt-2",
        "receipt-3",
    ]
    assert [one.receipt for one in batch.left()] == ["receipt-1"]
    assert (batch.rows, batch.duplicates) == (2, 0)
    assert batch.tables == {"email_bounces": 2}
    assert stored(database) == 2


def test_what_is_left_or_dropped_has_a_line_without_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    read(messages(POISON, feedback.SETUP_TEXT))
    left, dropped = (vars(record) for record in caplog.records)
    assert left["levelname"] == "WARNING"
    assert (left["message_id"], left["receives"]) == ("message-0", 2)
    assert left["outcome"] == UNREADABLE
    assert left["reason"]
    assert "secret@example.com" not in str(left)
    assert (dropped["levelname"], dropped["message_id"]) == ("INFO", "message-1")
    assert dropped["what"]


def test_what_came_before_makes_no_second_row(engine: Engine, database: str) -> None:
    for rows, duplicates in ((1, 0), (0, 1)):
        batch = read(messages(bounce(1)))
        save(batch, Store(engine))
        assert (batch.rows, batch.duplicates) == (rows, duplicates)
        assert len(batch.done()) == 1
    assert stored(database) == 1


def test_a_message_that_came_twice_at_once_is_deleted_twice(engine: Engine) -> None:
    one = Message("same", "first", bounce(1), 1)
    two = Message("same", "second", bounce(1), 2)
    batch = read([one, two])
    save(batch, Store(engine))
    assert batch.done() == [one, two]
    assert batch.counts()[STORED] == 2
    assert batch.rows == 1


def test_what_the_database_does_not_take_is_left(
    engine: Engine, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing(Store):
        """PostgreSQL refuses some texts, SQLite hardly any."""

        def save(
            self, events: Mapping[str, Event], received_at: datetime | None = None
        ) -> Saved:
            taken = {key: one for key, one in events.items() if key != "message-1"}
            saved = super().save(taken, received_at)
            return replace(saved, refused={"message-1": "too long"})

    batch = read(messages(bounce(1), bounce(2), bounce(3)))
    save(batch, Refusing(engine))
    assert batch.counts()[REFUSED] == 1
    assert [one.id for one in batch.left()] == ["message-1"]
    assert [record.__dict__["reason"] for record in caplog.records] == ["too long"]
    assert batch.tables == {"email_bounces": 2}
    assert stored(database) == 2


def test_nothing_is_done_while_the_database_is_away(
    own_postgresql: PostgresServer,
) -> None:
    url = own_postgresql.create()
    engine = open_database(url)
    migrate(engine)
    batch = read(messages(bounce(1), feedback.SETUP_TEXT, POISON))
    own_postgresql.stop()
    with pytest.raises(Away):
        save(batch, Store(engine))
    assert batch.counts() == {
        STORED: 0,
        NOTICE: 1,
        UNREADABLE: 1,
        REFUSED: 0,
        FAILED: 0,
    }
    own_postgresql.start()
    save(batch, Store(engine))
    assert batch.counts()[STORED] == 1
    assert stored(url) == 1
    engine.dispose()


def test_an_error_of_the_program_leaves_that_message_alone(
    engine: Engine,
    database: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(body: str) -> Any:
        if body == "broken":
            raise ZeroDivisionError("secret@example.com")
        return parse(body)

    monkeypatch.setattr(batches, "parse", broken)
    batch = read(messages(bounce(1), "broken"))
    save(batch, Store(engine))
    assert [one.id for one in batch.left()] == ["message-1"]
    assert batch.counts()[FAILED] == 1
    (line,) = caplog.records
    assert line.__dict__["message_id"] == "message-1"
    assert line.exc_info


def test_an_event_that_breaks_the_store_is_left_and_the_others_stored(
    engine: Engine, database: str
) -> None:
    class Broken(Store):
        def save(
            self, events: Mapping[str, Event], received_at: datetime | None = None
        ) -> Saved:
            if any(one.message_id == "mail-u2@example.com" for one in events.values()):
                raise ZeroDivisionError
            return super().save(events, received_at)

    batch = read(messages(bounce(1), bounce(2), bounce(3)))
    save(batch, Broken(engine))
    assert [one.id for one in batch.left()] == ["message-1"]
    assert batch.counts()[FAILED] == 1
    assert stored(database) == 2


def test_rows_are_counted_by_table(engine: Engine) -> None:
    to = ["a@example.com", "b@example.com", "a@example.com"]
    many = feedback.event(EventType.DELIVERY, to=to)
    one = feedback.event(EventType.COMPLAINT)
    batch = read(messages(feedback.raw(many), feedback.raw(one)))
    save(batch, Store(engine))
    assert batch.tables == {"email_deliveries": 2, "email_complaints": 1}
    assert batch.rows == 3
