"""Puts events into the tables, each once however often it is told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from ses_feedback_collector.database import (
    Away,
    BadDatabase,
    is_refusal,
    reason,
    writing,
)
from ses_feedback_collector.events import Event, EventType
from ses_feedback_collector.rows import rows
from ses_feedback_collector.tables import TABLES


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of the events of one call."""

    rows: int = 0
    """New ones."""
    duplicates: int = 0
    """Rows that were there already, or twice in the call."""
    refused: dict[str, str] = field(default_factory=dict)
    """Events that the database does not take, with the reason; the others are stored.
    The keys are the caller's. The reason names columns, never what they hold."""
    tables: Counter[str] = field(default_factory=Counter)
    """Rows by table, new or not; none of what is refused."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one event."""

    type: EventType
    rows: list[dict[str, Any]]


class Store:
    """Where a worker's events go; one may serve several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._inserts: dict[Table, Executable] = {
            table: insert(table).on_conflict_do_nothing() for table in TABLES.values()
        }

    def save(
        self, events: Mapping[str, Event], received_at: datetime | None = None
    ) -> Saved:
        """Stores events in one transaction; `received_at` is now by default.

        Once it returns they are committed. Raises Away, and nothing is stored then:
        also for what only somebody can mend, such as tables that are not there.
        """
        moment = received_at or datetime.now(UTC)
        made = {
            key: _Rows(event.type, rows(event, moment)) for key, event in events.items()
        }
        try:
            return self._saved(made)
        except BadDatabase as error:
            raise Away(str(error)) from None

    def _saved(self, made: Mapping[str, _Rows]) -> Saved:
        try:
            return self._insert_all(made, {})
        except (Away, BadDatabase):
            raise
        except Exception as error:
            if not is_refusal(error):
                raise
        refused = self._refused(made)
        taken = {key: each for key, each in made.items() if key not in refused}
        return self._insert_all(taken, refused)

    def _insert_all(self, made: Mapping[str, _Rows], refused: dict[str, str]) -> Saved:
        with writing(self._engine) as connection:
            new = self._insert(connection, made.values())
        tables = Counter[str]()
        for each in made.values():
            tables[TABLES[each.type].name] += len(each.rows)
        return Saved(new, tables.total() - new, refused, tables)

    def _refused(self, made: Mapping[str, _Rows]) -> dict[str, str]:
        """Tries each event by itself, and leaves nothing of it.

        What is taken is then stored in the order of all: kept one by one here, two
        workers could wait for each other.
        """
        refused = {}
        with writing(self._engine) as connection:
            for key, each in made.items():
                attempt = connection.begin_nested()
                try:
                    self._insert(connection, [each])
                except Exception as error:
                    if not is_refusal(error):
                        raise
                    refused[key] = reason(error)
                finally:
                    attempt.rollback()
        return refused

    def _insert(self, connection: Connection, made: Iterable[_Rows]) -> int:
        """How many are new; in the same order whoever inserts, against deadlocks."""
        by_table: defaultdict[Table, list[dict[str, Any]]] = defaultdict(list)
        for each in made:
            by_table[TABLES[each.type]] += each.rows
        new = 0
        for table, statement in self._inserts.items():
            if found := by_table.get(table):
                found.sort(key=lambda row: str(row["id"]))
                new += connection.execute(
                    statement, found, execution_options={"preserve_rowcount": True}
                ).rowcount
        return new
