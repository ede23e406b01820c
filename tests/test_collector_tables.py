"""What the tables hold, as both databases give it back."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select, text

from ses_feedback_collector import EventType
from ses_feedback_collector.database import migrate, open_database, writing
from ses_feedback_collector.tables import (
    TABLES,
    bounces,
    complaints,
    metadata,
    overrides,
    subscriptions,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def override(decided_at: datetime, until: datetime | None = None) -> dict[str, Any]:
    return {
        "id": decided_at.isoformat(),
        "email": "Jane@example.com",
        "address": "jane@example.com",
        "action": "suppress",
        "who": "desk",
        "why": "asked by phone",
        "decided_at": decided_at,
        "until": until,
    }


def kept(engine: Engine, *rows: dict[str, Any]) -> None:
    with writing(engine) as connection:
        connection.execute(overrides.insert(), list(rows))


def test_every_event_has_a_table() -> None:
    assert set(TABLES) == set(EventType)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (complaints, ["id", "email", "complained_at", "type", "mail"]),
        (bounces, ["id", "email", "bounced_at", "type", "subtype", "mail"]),
    ],
)
def test_the_names_that_queries_of_others_rely_on(
    table: Table, columns: list[str]
) -> None:
    assert table.name in ("email_complaints", "email_bounces")
    assert set(columns) <= {column.name for column in table.columns}
    assert ["id"] == [column.name for column in table.primary_key]


@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_a_row_is_found_by_address_and_by_time(table: Table) -> None:
    indexes = [[column.name for column in index.columns] for index in table.indexes]
    (at,) = (found[1] for found in indexes if found[0] == "address")
    assert [at] in indexes
    assert (["email"] in indexes) == (table in (bounces, complaints))


def test_a_thousand_addresses_are_looked_up_by_the_index(sqlite: str) -> None:
    engine = open_database(sqlite)
    migrate(engine)
    query = "EXPLAIN QUERY PLAN SELECT bounced_at FROM email_bounces WHERE address IN "
    names = ", ".join(f"'{number}@example.com'" for number in range(1000))
    with engine.connect() as connection:
        (plan,) = connection.execute(text(f"{query}({names})")).all()
    engine.dispose()
    assert "USING COVERING INDEX ix_email_bounces_address" in plan.detail


def test_a_time_comes_back_in_utc(engine: Engine) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    stated = datetime(2026, 5, 4, 17, 30, 0, 123_456, east)
    kept(engine, override(stated, until=None))
    with engine.connect() as connection:
        row = connection.execute(select(overrides)).one()
    assert row.decided_at == stated
    assert row.decided_at.tzinfo is UTC
    assert row.until is None


def test_times_sort_and_compare(engine: Engine) -> None:
    times = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(999, 12, 31, tzinfo=UTC),
        NOON - timedelta(microseconds=1),
        NOON,
        NOON.astimezone(timezone(timedelta(hours=-8))) + timedelta(microseconds=1),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
    ]
    kept(engine, *map(override, reversed(times)))
    at = overrides.c.decided_at
    with engine.connect() as connection:
        assert connection.execute(select(at).order_by(at)).scalars().all() == times
        later = connection.execute(select(at).where(at >= NOON).order_by(at))
        assert later.scalars().all() == times[3:]


def test_documents_come_back_as_they_were(engine: Engine) -> None:
    document = {"a": [1, None, "é 🎉 \\ \" '"], "b": {"c": 1.5}, "": True}
    row = {
        "id": "1",
        "email": "jane@example.com",
        "address": "jane@example.com",
        "changed_at": NOON,
        "opted_out": ["news"],
        "opted_in": [],
        "message_id": "m",
        "mail": document,
        "event": {},
        "received_at": NOON,
    }
    with writing(engine) as connection:
        connection.execute(subscriptions.insert(), row)
    with engine.connect() as connection:
        found = connection.execute(select(subscriptions)).one()
    assert (found.mail, found.opted_out, found.opted_in) == (document, ["news"], [])
    assert found.unsubscribed_all is None


def test_names_of_indexes_are_all_different() -> None:
    names = [
        index.name for table in metadata.tables.values() for index in table.indexes
    ]
    assert len(set(names)) == len(names)
