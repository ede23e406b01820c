"""How far each part has been replayed: the table `replays`."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from ses_feedback_collector.database import explaining, writing
from ses_feedback_collector.replay.content import Line, Lines
from ses_feedback_collector.tables import replays

LONGEST_KEY = 1_000
"""Bytes; PostgreSQL's index takes no text much longer than 2,700."""


@dataclass(frozen=True)
class Mark:
    """All up to here is stored."""

    position: int
    """Lines."""
    fingerprint: str
    """What the position holds for: `LENGTH:SHA-256` of the content before it, or what
    the store says of the whole (Part.fingerprint)."""
    finished: bool
    """Whether the part ended there."""


class Changed(Exception):
    """What lies before a mark is no longer what was replayed."""


def mark(lines: Lines, fingerprint: str | None, *, finished: bool = False) -> Mark:
    """Behind the line that was read last."""
    return Mark(
        lines.number, fingerprint or f"{lines.length}:{lines.digest()}", finished
    )


def beginning(known: Mark | None, fingerprint: str | None) -> Mark:
    """Before the first line that `behind` gives."""
    if known is not None:
        return replace(known, finished=False)
    return Mark(0, fingerprint or f"0:{hashlib.sha256().hexdigest()}", finished=False)


def checkpoint(known: Mark | None, fingerprint: str | None) -> int:
    """How many bytes have to be what they were, for what is compared by its content."""
    if known is None or fingerprint is not None:
        return 0
    length = known.fingerprint.partition(":")[0]
    return int(length) if length.isdigit() else 0


def behind(lines: Lines, known: Mark | None, fingerprint: str | None) -> Iterator[Line]:
    """The lines that are not replayed yet; all of them where nothing is known.

    A last line that had no end then, and has grown since, is among them. Raises Changed,
    before any line is given.
    """
    if known is None:
        yield from lines
    elif fingerprint is not None:
        if fingerprint != known.fingerprint:
            raise Changed
        for line in lines:
            if line.number > known.position:
                yield line
            else:
                line.drop()
    else:
        yield from _behind_content(lines, known)


def _behind_content(lines: Lines, known: Mark) -> Iterator[Line]:
    digest = known.fingerprint.partition(":")[2]
    length = checkpoint(known, None)
    for line in lines:
        if line.end > length:
            if lines.at_checkpoint != digest:
                raise Changed
            yield line
        else:
            line.drop()
    if lines.at_checkpoint != digest:
        raise Changed


class Marks:
    """The table, by the sources' keys. Every call raises Away and BadDatabase."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, sources: Sequence[str]) -> dict[str, Mark]:
        """Those that have been begun before."""
        by_key = {_key(source): source for source in sources}
        query = select(replays).where(replays.c.source.in_(by_key))
        with explaining(self._engine), self._engine.connect() as connection:
            return {
                by_key[row.source]: Mark(row.position, row.fingerprint, row.finished)
                for row in connection.execute(query)
            }

    def save(self, marks: Mapping[str, Mark]) -> None:
        """In one transaction, and only after what lies before them is stored."""
        rows = [
            {
                "source": _key(source),
                "fingerprint": one.fingerprint,
                "position": one.position,
                "finished": one.finished,
                "changed_at": datetime.now(UTC),
            }
            for source, one in sorted(marks.items())
        ]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(self._upsert(), rows)

    def _upsert(self) -> Any:
        kind = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        insert = kind.insert(replays)
        others = [one.name for one in replays.c if one.name != "source"]
        return insert.on_conflict_do_update(
            index_elements=["source"],
            set_={name: insert.excluded[name] for name in others},
        )


def _key(source: str) -> str:
    text = source.encode("utf-8", "surrogatepass")
    if len(text) <= LONGEST_KEY:
        return source
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
