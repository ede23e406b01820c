"""Stores what sources hold, and keeps how far it came: rows first, then the position."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO

from sqlalchemy import Engine

from ses_feedback_collector.database import Away
from ses_feedback_collector.events import Event, Notice, Unreadable
from ses_feedback_collector.replay import records
from ses_feedback_collector.replay.content import LONGEST_LINE, Content, Line, Lines
from ses_feedback_collector.replay.dead_letters import DeadLetters
from ses_feedback_collector.replay.marks import (
    Changed,
    Mark,
    Marks,
    beginning,
    behind,
    checkpoint,
    mark,
)
from ses_feedback_collector.replay.rejects import Rejects
from ses_feedback_collector.replay.sources import Failed, Part, Parts
from ses_feedback_collector.sqs import Message
from ses_feedback_collector.store import Store

BATCH_LINES, BATCH_BYTES = 1_000, 4 * 1024 * 1024
"""A transaction takes no more, once it has as much."""

PARTS_AT_ONCE = 500
"""Parts whose positions are asked for in one query."""

MOST_TOLD = 20
"""Lines of one part whose reasons are told, each by itself."""

Outcome = Event | Notice | Unreadable


@dataclass
class Tally:
    """What came of it, as far as it is committed."""

    read: int = 0
    """Lines and messages."""
    stored: int = 0
    """New rows: one for each recipient of an event."""
    already_there: int = 0
    """Rows."""
    notices: int = 0
    unreadable: int = 0
    """Lines and messages of which something could not be read, or stored."""
    skipped: int = 0
    """Files and objects that were replayed before and have not changed."""
    failures: int = 0
    """What could not be read, or not to its end."""
    deleted: int = 0
    """Messages that left their queue."""
    staying: dict[str, Counter[str]] = field(default_factory=dict)
    """By queue the reasons for which messages stay there."""
    in_other_hands: dict[str, int] = field(default_factory=dict)
    """By queue, roughly, the messages that were not received at all."""


@dataclass
class _Item:
    """One line or message, until it is committed."""

    outcomes: list[Outcome]
    part: Part | None = None
    """What a line is of; None for a message."""
    number: int = 0
    """Of a line."""
    before: Mark | None = None
    """Where the line before it ends."""
    text: bytes | None = None
    overlong: IO[bytes] | None = None
    reasons: list[str] = field(default_factory=list)
    """Why something of it is not stored."""


class Replay:
    """Reads sources into a database. Its methods raise Away and BadDatabase; what was
    committed before stays, and a second run goes on from there."""

    def __init__(
        self,
        engine: Engine,
        *,
        report: Callable[[str], None],
        at: Callable[[int], None] = lambda done: None,
        rejects: Rejects | None = None,
        again: bool = False,
        held: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`report` is told what a person should know, a sentence each; `at` how many
        bytes (of a queue: messages) of a source are done; `again` reads what was
        replayed before; `held` guards what must not be broken off in the middle."""
        self.tally = Tally()
        self._store = Store(engine)
        self._marks_table = Marks(engine)
        self._report = report
        self._at = at
        self._rejects = rejects
        self._again = again
        self._held = held
        self._items: list[_Item] = []
        self._bytes = 0
        self._marks: dict[str, Mark] = {}
        self._held_back: dict[str, Mark] = {}
        """By source where the first line begins that is not stored: its position stays
        there, so that the next run reads that line again, and tells of it again."""
        self._telling: Part | None = None
        self._told = 0
        """Lines of this part, all that are not stored."""
        self._done = 0

    def read_parts(self, source: Parts) -> None:
        """All parts of a source; one that fails does not keep the others from it."""
        self._done = 0
        try:
            for parts in _groups(source.parts()):
                known = self._known(parts)
                for part in parts:
                    self._part(part, known.get(part.source or ""))
        except Failed as error:
            self.fail(error)
        self.flush()

    def empty_queue(self, dead_letters: DeadLetters) -> None:
        """What can be stored leaves the queue."""
        self._done = 0
        try:
            for messages in dead_letters.batches():
                with self._held():
                    self._messages(dead_letters, messages)
                self._done += len(messages)
                self._at(self._done)
            if others := dead_letters.others():
                self.tally.in_other_hands[dead_letters.name] = others
        except Failed as error:
            self.fail(error)

    def flush(self) -> None:
        """Commits what has been read so far, and tells of it."""
        self._commit()
        self._tell_how_many_more()

    def _commit(self) -> None:
        if not self._items and not self._marks:
            return
        with self._held():
            self._save(self._items)
            for item in self._items:
                if item.reasons:
                    self._reject(item)
                    self._hold_back(item)
            if self._rejects:
                self._rejects.flush()
            self._marks_table.save(
                {
                    source: self._held_back.get(source, one)
                    for source, one in self._marks.items()
                }
            )
            items, self._items, self._marks, self._bytes = self._items, [], {}, 0
            self._count(items)
            for item in items:
                if item.reasons:
                    self._tell(item)

    def _hold_back(self, item: _Item) -> None:
        if item.part and item.part.source and item.before:
            self._held_back.setdefault(item.part.source, item.before)

    def _tell(self, item: _Item) -> None:
        if item.part is not self._telling:
            self._tell_how_many_more()
            self._telling = item.part
        self._told += 1
        if item.part and self._told <= MOST_TOLD:
            reasons = "; ".join(item.reasons)
            self._report(f"{item.part.name}:{item.number}: {reasons}")

    def _tell_how_many_more(self) -> None:
        if self._telling and self._told > MOST_TOLD:
            more = self._told - MOST_TOLD
            self._report(f"{self._telling.name}: and {more} more.")
        self._telling, self._told = None, 0

    def _known(self, parts: Iterable[Part]) -> dict[str, Mark]:
        if self._again:
            return {}
        return self._marks_table.known([one.source for one in parts if one.source])

    def _part(self, part: Part, known: Mark | None) -> None:
        before = self._done
        try:
            finished = known.fingerprint if known and known.finished else None
            if part.fingerprint and part.fingerprint == finished:
                self.tally.skipped += 1
            else:
                self._read(part, known)
        except Changed:
            self._report(
                f"{part.name} has changed since it was replayed; it is read from its"
                " beginning."
            )
            self._done = before
            self._part(part, None)
        except Failed as error:
            self.fail(error)
        if part.size is not None:
            self._done = before + part.size
        self._at(self._done)

    def _read(self, part: Part, known: Mark | None) -> None:
        if part.source:
            self._held_back.pop(part.source, None)
        before = beginning(known, part.fingerprint)
        with part.open() as read:

            def counted(size: int) -> bytes:
                found = read(size)
                self._done += len(found)
                self._at(self._done)
                return found

            lines = Lines(
                Content(part.name, counted),
                checkpoint(known, part.fingerprint),
                keep_overlong=self._rejects is not None,
            )
            new = 0
            for line in behind(lines, known, part.fingerprint):
                if not new and known and known.position:
                    self._report(f"{part.name}: goes on behind line {known.position}.")
                new += 1
                self._take(part, line, before)
                before = mark(lines, part.fingerprint)
                self._keep(part, before)
        if known and known.finished and not new:
            self.tally.skipped += 1
        else:
            self._keep(part, mark(lines, part.fingerprint, finished=True))

    def _take(self, part: Part, line: Line, before: Mark) -> None:
        if line.text is None:
            reason = f"the line is longer than {LONGEST_LINE // 2**20} MiB"
            item = _Item([Unreadable(reason)], overlong=line.overlong)
        elif line.text.strip():
            item = _Item(records.read(line.text), text=line.text)
            self._bytes += len(line.text)
        else:
            return
        item.part, item.number, item.before = part, line.number, before
        self._items.append(item)

    def _keep(self, part: Part, found: Mark) -> None:
        """Only after `_take`: a position must not be ahead of its rows."""
        if part.source:
            self._marks[part.source] = found
        if (
            len(self._items) >= BATCH_LINES
            or self._bytes >= BATCH_BYTES
            or len(self._marks) >= BATCH_LINES
        ):
            self._commit()

    def _messages(self, dead_letters: DeadLetters, messages: list[Message]) -> None:
        items = {one.id: _Item(records.read(one.body)) for one in messages}
        self._save(list(items.values()))
        self._count(items.values())
        staying = [one for one in messages if items[one.id].reasons]
        dead_letters.leave(staying)
        reasons = self.tally.staying.setdefault(dead_letters.name, Counter())
        reasons.update("; ".join(items[one.id].reasons) for one in staying)
        stored = [one for one in messages if not items[one.id].reasons]
        dead_letters.delete(stored)
        self.tally.deleted += len(stored)

    def _save(self, items: list[_Item]) -> None:
        """In one transaction; what could not be stored gets its reasons."""
        events: dict[str, Event] = {}
        owners: dict[str, _Item] = {}
        for number, item in enumerate(items):
            item.reasons.clear()
            for place, outcome in enumerate(item.outcomes):
                key = f"{number}.{place}"
                if isinstance(outcome, Event):
                    events[key], owners[key] = outcome, item
                elif isinstance(outcome, Unreadable):
                    item.reasons.append(str(outcome))
        for key, reason in self._store_events(events).items():
            owners[key].reasons.append(reason)

    def _store_events(self, events: dict[str, Event]) -> dict[str, str]:
        """What is not stored, with the reason. An error of this program in one event
        must not keep the others out."""
        if not events:
            return {}
        try:
            saved = self._store.save(events)
        except Away:
            raise
        except Exception as error:  # noqa: BLE001  told as the reason
            if len(events) == 1:
                reason = f"an error of the collector ({type(error).__name__})"
                return dict.fromkeys(events, reason)
            refused: dict[str, str] = {}
            for key, event in events.items():
                refused |= self._store_events({key: event})
            return refused
        self.tally.stored += saved.rows
        self.tally.already_there += saved.duplicates
        return saved.refused

    def _reject(self, item: _Item) -> None:
        """Once, though a commit that was broken off is done again."""
        if self._rejects and (item.text is not None or item.overlong):
            self._rejects.add(item.text, item.overlong)
        if item.overlong:
            item.overlong.close()
        item.text = item.overlong = None

    def _count(self, items: Iterable[_Item]) -> None:
        for item in items:
            self.tally.read += 1
            self.tally.unreadable += bool(item.reasons)
            self.tally.notices += any(isinstance(one, Notice) for one in item.outcomes)

    def fail(self, error: Failed) -> None:
        self.tally.failures += 1
        self._report(str(error))


def _groups(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """A failure comes after the parts that came before it."""
    group: list[Part] = []
    try:
        for part in parts:
            group.append(part)
            if len(group) == PARTS_AT_ONCE:
                yield group
                group = []
    except Failed:
        yield group
        raise
    yield group
