"""Empties a queue into the database; what is deleted has been stored before.

Three threads beside the loop: one receives the next messages while the loop stores,
one deletes what was stored, and one keeps what is in hand from other consumers while
it takes long. Each waits for the next one when there is too much, so that memory stays
flat.
"""

import logging
import queue
import random
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from ses_feedback_collector.batches import Batch, read, save
from ses_feedback_collector.database import Away, BadDatabase, explaining, migrate
from ses_feedback_collector.observing import DATABASE, QUEUE, Monitor
from ses_feedback_collector.sqs import LONG_POLL, MOST, Message, Queue, QueueTrouble
from ses_feedback_collector.store import Store

log = logging.getLogger(__name__)

BATCH_MESSAGES, BATCH_BYTES = 100, 4 * 2**20
"""A transaction takes no further receive once it has as much."""

LINGER = 0.3
"""Seconds that a batch waits to become larger, while full receives come in."""

RECEIVES_AHEAD, DELETES_AHEAD = 8, 4
"""How many receives may wait for the loop, and batches for their deletion."""

DELETE_ATTEMPTS = 3
"""For messages that SQS did not delete in a call that it did answer."""

MOST_SECONDS = 60.0
"""The longest wait between two attempts."""

SHORT_POLL = 1
"""Seconds that a receive waits while there is something in hand, or in a drain."""

DRAIN_IDLE, DRAIN_IDLE_AT_MOST = 3, 10
"""A queue is empty after so many receives with nothing new: three where it says that no
message waits, ten whatever it says."""

KNOWN_LEFT = 10_000
"""How many messages that were left are remembered, to tell them from new ones."""

KEEP_SECONDS = 10.0
"""At most so long between two looks at what is in hand."""

DELETE_GRACE, KEEP_GRACE = 8.0, 5.0
"""Seconds at the end for the deletions and the extensions under way."""

RECEIVE_GRACE, POLL_GRACE = 5.0, 0.5
"""Seconds at the end for the receive under way: for a short poll, and for a long one,
which there is only when nothing is in hand."""

_unanswered: list[Queue] = []
"""Queues with a long poll that was not waited for. Were its thread the last to hold the
client, the client would go at any time while Python ends, which Python takes ill."""


@dataclass(frozen=True)
class Settings:
    """How a worker works."""

    drain: bool = False
    """Stop once the queue is empty."""
    depth_every: float | None = None
    """Seconds between two looks at the queue's depth, for the metrics."""


def run(
    source: Queue,
    engine: Engine,
    settings: Settings,
    monitor: Monitor,
    stop: threading.Event,
) -> None:
    """Stores what the queue holds and deletes it, until `stop` is set or it is empty.

    Brings the tables up to date first. A queue or a database that is away is waited
    for. Raises QueueTrouble and BadDatabase, before the first receive, for what only
    somebody can mend; later such things are waited out too. On `stop` the batch in hand
    is finished, and what was received beyond it is made visible again.
    """
    if _prepared(source, engine, monitor, stop):
        _Worker(source, engine, settings, monitor, stop).run()


def _prepared(
    source: Queue, engine: Engine, monitor: Monitor, stop: threading.Event
) -> bool:
    """Whether queue and database are there; not so when told to stop before."""
    back_off = _BackOff()
    while not stop.is_set():
        monitor.beat()
        try:
            source.visibility_seconds()
            monitor.answered(QUEUE)
            migrate(engine)
            monitor.answered(DATABASE)
            return True
        except QueueTrouble as error:
            if not error.passing:
                raise
            _wait(error, back_off, monitor, stop)
        except Away as error:
            _wait(error, back_off, monitor, stop)
    return False


class _Worker:
    def __init__(
        self,
        source: Queue,
        engine: Engine,
        settings: Settings,
        monitor: Monitor,
        stop: threading.Event,
    ) -> None:
        self._source = source
        self._engine = engine
        self._store = Store(engine)
        self._settings = settings
        self._monitor = monitor
        self._stop = stop
        self._all_stored = threading.Event()
        self._over = threading.Event()
        self._hand = _Hand(source.visibility_seconds())
        self._received: queue.Queue[list[Message]] = queue.Queue(RECEIVES_AHEAD)
        self._stored: queue.Queue[list[Message]] = queue.Queue(DELETES_AHEAD)
        self._error: BaseException | None = None
        self._idle = 0
        self._left: OrderedDict[str, None] = OrderedDict()
        self._totals: Counter[str] = Counter()

    def run(self) -> None:
        receiver = self._thread("receive", self._receive)
        deleter = self._thread("delete", self._delete)
        keeper = self._thread("keep", self._keep)
        try:
            while not self._stop.is_set():
                self._monitor.beat()
                self._next()
        finally:
            self._stop.set()
            self._all_stored.set()
            deleter.join(DELETE_GRACE)
            self._hand_back(receiver)
            self._over.set()
            keeper.join(KEEP_GRACE)
        if self._error is not None:
            raise self._error
        log.info("stopped", extra=dict(self._totals))

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """A thread whose error stops the loop, and is raised there."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  raised by run()
                self._error = error
                self._stop.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    # The loop.

    def _next(self) -> None:
        """One batch from end to end; where none came, a look at the database."""
        receives = _gathered(self._received)
        messages = [message for one in receives for message in one]
        for one in receives:
            self._count_idle(one)
        if messages:
            self._process(messages)
        elif receives:
            self._look()
        if receives and self._settings.drain and self._is_drained():
            self._stop.set()

    def _process(self, messages: list[Message]) -> None:
        started = time.monotonic()
        batch = read(messages)
        if not self._save(batch):
            return
        self._tell(batch, time.monotonic() - started)
        left = batch.left()
        self._hand.drop(left)
        self._remember(left)
        self._hand_on(batch.done())

    def _save(self, batch: Batch) -> bool:
        """Whether the batch is through; not so when told to stop before."""
        back_off = _BackOff()
        while True:
            self._monitor.beat()
            try:
                save(batch, self._store)
            except Away as error:
                if not self._wait(error, back_off):
                    return False
            else:
                self._monitor.answered(DATABASE)
                return True

    def _hand_on(self, done: list[Message]) -> None:
        """To the thread that deletes; waits until it has room."""
        while done and self._error is None:
            self._monitor.beat()
            try:
                self._stored.put(done, timeout=1)
            except queue.Full:
                continue
            return

    def _look(self) -> None:
        """Whether the database answers, while there is nothing to store."""
        try:
            with explaining(self._engine), self._engine.connect() as connection:
                connection.execute(select(1))
        except (Away, BadDatabase) as error:
            _tell(error, self._monitor)
        else:
            self._monitor.answered(DATABASE)

    def _tell(self, batch: Batch, seconds: float) -> None:
        self._monitor.batch(batch.counts(), batch.tables, batch.duplicates, seconds)
        facts = batch.facts()
        self._totals.update(facts)
        log.info("batch", extra={**facts, "seconds": round(seconds, 4)})

    # The end of a queue.

    def _remember(self, left: Sequence[Message]) -> None:
        for one in left:
            self._left[one.id] = None
            self._left.move_to_end(one.id)
        while len(self._left) > KNOWN_LEFT:
            self._left.popitem(last=False)

    def _count_idle(self, messages: Sequence[Message]) -> None:
        """A receive is idle when all it brought was left in the queue before."""
        is_idle = all(one.id in self._left for one in messages)
        self._idle = self._idle + 1 if is_idle else 0

    def _is_drained(self) -> bool:
        if self._idle < DRAIN_IDLE:
            return False
        try:
            waiting, _ = self._source.depth()
        except QueueTrouble as error:
            _tell(error, self._monitor)
            return False
        return waiting == 0 or self._idle >= DRAIN_IDLE_AT_MOST

    # What the threads do.

    def _receive(self) -> None:
        back_off = _BackOff()
        has_answered = False
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                messages = self._source.receive(self._patience())
            except QueueTrouble as error:
                if not has_answered and not error.passing:
                    raise
                self._wait(error, back_off)
                continue
            has_answered = True
            back_off.reset()
            self._monitor.answered(QUEUE)
            if self._over.is_set():
                self._source.extend(messages, 0)
                return
            self._hand.take(messages)
            self._received.put(messages)
            if not messages:
                # SQS waits itself; what stands in for it may not.
                self._stop.wait(started + SHORT_POLL - time.monotonic())

    def _patience(self) -> int:
        """How long the next receive may wait, in seconds.

        Not long while something is in hand: at the end a receive under way would take
        what is handed back.
        """
        if self._settings.drain or self._hand.all():
            return SHORT_POLL
        return LONG_POLL

    def _delete(self) -> None:
        """Goes on after the stop until the loop has stored its last batch."""
        while not (self._all_stored.is_set() and self._stored.empty()):
            messages = [one for some in _gathered(self._stored) for one in some]
            self._delete_all(messages)
            self._hand.drop(messages)

    def _delete_all(self, messages: Sequence[Message]) -> None:
        back_off = _BackOff()
        attempts = 0
        while messages and attempts < DELETE_ATTEMPTS:
            try:
                kept = self._source.delete(messages)
            except QueueTrouble as error:
                if not self._wait(error, back_off):
                    break
            else:
                self._monitor.answered(QUEUE)
                attempts += 1
                messages = [one for one in messages if one.receipt in kept]
        if messages:
            log.warning(
                "stored but not deleted: they come again, and make no second row",
                extra={"messages": len(messages)},
            )

    def _keep(self) -> None:
        """Extends the time of what takes long, and looks at the queue's depth."""
        every = self._settings.depth_every
        next_look = 0.0
        while not self._over.wait(min(self._hand.seconds / 6, KEEP_SECONDS)):
            try:
                self._extend()
                if every and time.monotonic() >= next_look:
                    next_look = time.monotonic() + every
                    self._monitor.depth(*self._source.depth())
            except QueueTrouble as error:
                _tell(error, self._monitor)

    def _extend(self) -> None:
        ending = self._hand.ending()
        if not ending:
            return
        since = time.monotonic()
        refused = self._source.extend(ending, self._hand.seconds)
        self._monitor.answered(QUEUE)
        self._hand.extended(ending, since)
        gone = [one for one in ending if one.receipt in refused]
        self._hand.drop(gone)
        log.info(
            "kept messages that take long from other consumers",
            extra={"messages": len(ending) - len(gone), "refused": len(gone)},
        )

    def _hand_back(self, receiver: threading.Thread) -> None:
        """Makes visible again what was received and not stored.

        What a long poll that is not waited for is answered after that comes again once
        the queue's time-out is over.
        """
        is_short = self._settings.drain or self._hand.all()
        grace = RECEIVE_GRACE if is_short else POLL_GRACE
        deadline = time.monotonic() + grace
        while receiver.is_alive() and time.monotonic() < deadline:
            _gathered(self._received, seconds=0.05)
        if receiver.is_alive():
            _unanswered.append(self._source)
        held = self._hand.all()
        if not held:
            return
        try:
            self._source.extend(held, 0)
        except QueueTrouble as error:
            _tell(error, self._monitor)
        else:
            log.info("handed back", extra={"messages": len(held)})

    def _wait(self, error: QueueTrouble | Away, back_off: "_BackOff") -> bool:
        return _wait(error, back_off, self._monitor, self._stop)


class _Hand:
    """The messages that were received and are neither deleted nor left."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        """How long a receive, or an extension, keeps a message from others."""
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Message, float]] = {}

    def take(self, messages: Sequence[Message]) -> None:
        """They have just been received."""
        until = time.monotonic() + self.seconds
        with self._lock:
            self._held.update({one.receipt: (one, until) for one in messages})

    def drop(self, messages: Sequence[Message]) -> None:
        with self._lock:
            for one in messages:
                self._held.pop(one.receipt, None)

    def all(self) -> list[Message]:
        with self._lock:
            return [one for one, _ in self._held.values()]

    def ending(self) -> list[Message]:
        """Those of which a third of their time is over."""
        soon = time.monotonic() + self.seconds * 2 / 3
        with self._lock:
            return [one for one, until in self._held.values() if until < soon]

    def extended(self, messages: Sequence[Message], since: float) -> None:
        """Those of them that are still held have their time anew."""
        with self._lock:
            for one in messages:
                if one.receipt in self._held:
                    self._held[one.receipt] = (one, since + self.seconds)


class _BackOff:
    """How long to wait before the next attempt: longer each time, up to a minute.

    By chance between half and the whole of a span that doubles, so that workers that
    failed together do not come back together.
    """

    def __init__(self) -> None:
        self._failures = 0

    def next(self) -> float:
        """In seconds."""
        span = min(MOST_SECONDS, 2.0 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(span / 2, span)

    def reset(self) -> None:
        self._failures = 0


def _wait(
    error: QueueTrouble | Away,
    back_off: _BackOff,
    monitor: Monitor,
    stop: threading.Event,
) -> bool:
    """Tells of it and waits; whether to try again, unless told to stop."""
    seconds = back_off.next()
    _tell(error, monitor, again_in_seconds=round(seconds, 1))
    return not stop.wait(seconds)


def _tell(
    error: QueueTrouble | Away | BadDatabase, monitor: Monitor, **more: float
) -> None:
    if isinstance(error, QueueTrouble):
        part, kind = QUEUE, error.kind
    else:
        part, kind = DATABASE, "away" if isinstance(error, Away) else "unusable"
    monitor.away(part, str(error))
    monitor.error(f"{part} {kind}")
    log.warning(
        f"the {part} does not do what it is asked",
        extra={"kind": kind, "reason": str(error), **more},
    )


def _gathered(
    source: "queue.Queue[list[Message]]", seconds: float = 0.5
) -> list[list[Message]]:
    """As much as makes a batch; waits so long for the first.

    While more seems to come, it waits a moment for it: the larger a transaction, the
    less each of its messages costs.
    """
    found: list[list[Message]] = []
    count = size = 0
    patience = seconds
    until = 0.0
    try:
        while count < BATCH_MESSAGES and size < BATCH_BYTES:
            found.append(source.get(timeout=max(0.0, patience)))
            until = until or time.monotonic() + LINGER
            count += max(1, len(found[-1]))
            size += sum(len(one.body) for one in found[-1])
            has_more = len(found[-1]) >= MOST
            patience = until - time.monotonic() if has_more else 0.0
    except queue.Empty:
        pass
    return found
