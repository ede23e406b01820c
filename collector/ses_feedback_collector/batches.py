"""What becomes of some messages of a queue: stored, dropped or left."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ses_feedback_collector.database import Away
from ses_feedback_collector.events import Event, Notice, Unreadable
from ses_feedback_collector.parsing import parse
from ses_feedback_collector.sqs import Message
from ses_feedback_collector.store import Store

log = logging.getLogger(__name__)

STORED, NOTICE = "stored", "notice"
UNREADABLE, REFUSED, FAILED = "unreadable", "refused", "failed"
"""What becomes of a message. The first two may be deleted; the others stay, for the
dead-letter queue: not understood, not taken by the database, an error of this program.
"""


@dataclass
class Batch:
    """Some messages and what becomes of them."""

    messages: Sequence[Message]
    events: dict[str, Event] = field(default_factory=dict)
    """To be stored, by the id of the message."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """By the id of the message; an event has none until it is stored."""
    rows: int = 0
    """New ones."""
    duplicates: int = 0
    """Rows that were there already."""
    tables: Counter[str] = field(default_factory=Counter)
    """Rows by table, new or not."""

    def done(self) -> list[Message]:
        """What may be deleted."""
        return [one for one in self.messages if self._is_done(one)]

    def left(self) -> list[Message]:
        """What must stay in the queue."""
        return [one for one in self.messages if not self._is_done(one)]

    def counts(self) -> dict[str, int]:
        """Messages by outcome."""
        found = Counter(self.outcomes.get(one.id) for one in self.messages)
        return {
            name: found[name] for name in (STORED, NOTICE, UNREADABLE, REFUSED, FAILED)
        }

    def facts(self) -> dict[str, int]:
        """What the log says of it."""
        return {
            "received": len(self.messages),
            **self.counts(),
            "rows": self.rows,
            "duplicate_rows": self.duplicates,
        }

    def _is_done(self, message: Message) -> bool:
        return self.outcomes.get(message.id) in (STORED, NOTICE)


def read(messages: Sequence[Message]) -> Batch:
    """Parses each message; one log line for each that tells nothing of a mail."""
    batch = Batch(messages)
    for message in messages:
        try:
            found = parse(message.body)
        except Unreadable as error:
            _leave(batch, message, UNREADABLE, str(error))
        except Exception:  # noqa: BLE001  _fail logs it
            _fail(batch, message)
        else:
            if isinstance(found, Notice):
                batch.outcomes[message.id] = NOTICE
                log.info(
                    "dropped a notice",
                    extra={"message_id": message.id, "what": found.what},
                )
            else:
                batch.events[message.id] = found
    return batch


def save(batch: Batch, store: Store) -> None:
    """Stores the events of a batch in one transaction.

    Raises Away, and then nothing is done: it may be called again. What the database
    does not take, or makes this program fail, is left with a log line; the others are
    stored.
    """
    try:
        _save(batch, store, batch.events)
    except Away:
        raise
    except Exception:
        log.exception("a batch could not be stored; one message at a time instead")
        for message in batch.messages:
            if message.id in batch.events:
                _save_alone(batch, store, message)


def _save_alone(batch: Batch, store: Store, message: Message) -> None:
    try:
        _save(batch, store, {message.id: batch.events[message.id]})
    except Away:
        raise
    except Exception:  # noqa: BLE001  _fail logs it
        _fail(batch, message)


def _save(batch: Batch, store: Store, events: Mapping[str, Event]) -> None:
    if not events:
        return
    saved = store.save(events)
    batch.rows += saved.rows
    batch.duplicates += saved.duplicates
    batch.tables += saved.tables
    for message in batch.messages:
        if message.id in saved.refused:
            _leave(batch, message, REFUSED, saved.refused[message.id])
        elif message.id in events:
            batch.outcomes[message.id] = STORED


def _leave(batch: Batch, message: Message, outcome: str, reason: str) -> None:
    batch.outcomes[message.id] = outcome
    log.warning(
        "left in the queue",
        extra={
            "message_id": message.id,
            "outcome": outcome,
            "reason": reason,
            "receives": message.receives,
        },
    )


def _fail(batch: Batch, message: Message) -> None:
    """Within an `except`: the log line says where in the code it was."""
    batch.outcomes[message.id] = FAILED
    log.exception(
        "left in the queue: an error of the collector itself",
        extra={
            "message_id": message.id,
            "outcome": FAILED,
            "receives": message.receives,
        },
    )
