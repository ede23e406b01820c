import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from ses_feedback_collector.database import migrate, open_database
from ses_feedback_collector.suppression import Suppression

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ROWS = 20_000

TIMES = {
    "email_bounces": "bounced_at",
    "email_complaints": "complained_at",
    "email_deliveries": "delivered_at",
    "email_subscriptions": "changed_at",
}
OWN = {
    "email_bounces": {
        "type": "CASE WHEN n % 2 = 0 THEN 'Permanent' ELSE 'Transient' END"
    },
    "email_complaints": {"type": "'abuse'"},
    "email_deliveries": {},
    "email_subscriptions": {
        "unsubscribed_all": "n % 2 = 0",
        "opted_out": "'[]'",
        "opted_in": "'[]'",
    },
}
LONG = f"'{json.dumps({'headers': 'x' * 300})}'"


def fill(engine: Engine) -> None:
    """Many rows in every table, and the database's own figures of them."""
    is_postgresql = engine.dialect.name == "postgresql"
    moment = (
        "timestamptz '2026-06-15 12:00:00+00' - n * interval '1 minute'"
        if is_postgresql
        else "strftime('%Y-%m-%d %H:%M:%f000', '2026-06-15 12:00:00',"
        " '-' || n || ' minutes')"
    )
    with engine.begin() as connection:
        for table, at in TIMES.items():
            _insert(connection, table, is_postgresql, {at: moment} | OWN[table])
        decision = {"action": "'lift'", "who": "'ana'", "why": "'x'"}
        _insert(
            connection,
            "suppression_overrides",
            is_postgresql,
            {"decided_at": moment} | decision,
        )
        connection.execute(text("ANALYZE"))


def _insert(
    connection: Any, table: str, is_postgresql: bool, own: dict[str, str]
) -> None:
    address = "'user' || n || '@example.com'"
    columns = {"id": "'id' || n", "email": address, "address": address, **own}
    if table in TIMES:
        columns |= {"message_id": "'mail' || n", "mail": LONG, "event": "'{}'"}
        columns["received_at"] = columns[TIMES[table]]
    if is_postgresql:
        for name in ("mail", "event", "opted_out", "opted_in"):
            if name in columns:
                columns[name] += "::jsonb"
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(columns)}) WITH RECURSIVE"
            f" numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
            f" WHERE n < {ROWS}) SELECT {', '.join(columns.values())} FROM numbers"
        )
    )


def plan(engine: Engine, emails: list[str]) -> str:
    """What the database says of how it answers the very query that `check` asks."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith(("WITH", "SELECT set_config")):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    found = Suppression(engine).check(emails, now=NOW)
    event.remove(engine, "before_cursor_execute", note)
    assert len(found) == len(emails)
    *before, (statement, values) = asked
    how = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        for setting, _ in before:
            connection.exec_driver_sql(setting)
        rows = connection.exec_driver_sql(f"{how} {statement}", values).all()
    return "\n".join(str(row[-1]) for row in rows)


def scans(plan: str) -> list[str]:
    """Tables and indexes that are read from one end to the other."""
    return re.findall(
        r"(?:SCAN|Seq Scan on|Index Scan.* on) (?:email|suppression)_\w+(?!.*\n.*Cond)",
        plan,
    )


def test_every_table_is_asked_by_its_index_of_addresses(engine: Engine) -> None:
    fill(engine)
    found = plan(engine, [f"user{n * 7}@example.com" for n in range(1_000)])
    assert scans(found) == []
    for table in (*TIMES, "suppression_overrides"):
        assert f"ix_{table}_address" in found


def test_sqlite_does_so_without_figures_of_its_tables_too(sqlite: str) -> None:
    engine = open_database(sqlite)
    migrate(engine)
    found = plan(engine, ["jane@example.com"])
    engine.dispose()
    assert scans(found) == []
    assert found.count("ix_email_bounces_address") >= 2


@pytest.mark.parametrize(
    "line",
    [
        "SCAN email_bounces",
        "SCAN email_complaints USING INDEX ix_email_complaints_address",
        "  ->  Seq Scan on email_complaints  (cost=0.00..2423.00)",
        "  ->  Index Scan using pkey on email_bounces  (cost=1)\n  Filter: x",
    ],
)
def test_a_scan_is_seen_as_one(line: str) -> None:
    assert scans(line)


def test_one_address_with_many_rows_is_one_row_of_each_kind(engine: Engine) -> None:
    fill(engine)
    with engine.begin() as connection:
        for table in ("email_bounces", "email_complaints"):
            connection.execute(text(f"UPDATE {table} SET address = 'jane@example.com'"))
        connection.execute(text("DELETE FROM suppression_overrides"))
    asked = Suppression(engine, window=timedelta(days=7))
    found = asked._found(["jane@example.com"], NOW)["jane@example.com"]
    assert sorted(row.kind for row in found) == ["bounce", "complaint", "transient"]
    numbers = {row.kind: row.number for row in found}
    assert numbers["bounce"] == ROWS / 2
    assert numbers["complaint"] == ROWS
    assert numbers["transient"] == 7 * 24 * 60 / 2
