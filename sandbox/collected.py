"""The collector, at work on what arrives in the stack's queues."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, func, select

from ses_feedback_collector import (
    Event,
    Store,
    Suppression,
    Verdict,
    migrate,
    open_database,
    parse,
)
from ses_feedback_collector.tables import TABLES


@dataclass(frozen=True)
class Answer:
    """What the collector says of an address that mail was sent to."""

    verdict: Verdict
    rows: Mapping[str, int]
    """How many it has, by table; those with none are not named."""


class Collected:
    """The collector's tables of the mail that was sent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = Store(engine)
        self._suppression = Suppression(engine)

    def take(self, bodies: Mapping[str, str]) -> dict[str, str]:
        """Stores messages as a worker does; the table of each that tells of a mail.

        The keys are the caller's. Raises Unreadable for what a worker would leave.
        """
        parsed = {key: parse(body) for key, body in bodies.items()}
        events = {key: one for key, one in parsed.items() if isinstance(one, Event)}
        refused = self._store.save(events).refused if events else {}
        return {
            key: TABLES[event.type].name
            for key, event in events.items()
            if key not in refused
        }

    def answers(self, emails: Sequence[str]) -> list[Answer]:
        """May I still send to them?"""
        verdicts = self._suppression.check(emails)
        return [Answer(verdicts[email], self._rows(email)) for email in emails]

    def _rows(self, email: str) -> dict[str, int]:
        with self._engine.connect() as connection:
            counted = {
                table.name: connection.scalar(
                    select(func.count()).where(table.c.email == email)
                )
                for table in TABLES.values()
            }
        return {name: number for name, number in counted.items() if number}


@contextmanager
def collecting() -> Iterator[Collected]:
    """Tables of their own, gone afterwards."""
    with TemporaryDirectory(prefix="ses-feedback-") as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'feedback.db'}")
        try:
            migrate(engine)
            yield Collected(engine)
        finally:
            engine.dispose()
