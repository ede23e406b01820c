"""What the collector promises when something goes wrong: nothing lost, nothing twice.

Processes of the command itself, a real queue server, real databases. What is broken is
really broken: processes are killed, servers stopped, files locked, disks full.
"""

import contextlib
import json
import logging
import os
import random
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from ses_feedback_collector import EventType, Notice, Unreadable, parse
from ses_feedback_collector.database import open_database
from ses_feedback_collector.observing import Monitor
from ses_feedback_collector.rows import rows
from ses_feedback_collector.sqs import MOST, Message, Queue
from ses_feedback_collector.tables import TABLES, bounces
from ses_feedback_collector.worker import Settings, run
from tests import feedback
from tests.databases import PostgresServer
from tests.queue_server import ANSWERS, BATCH_BYTES, FreshQueue, Gate, QueueServer
from tests.workers import Process, bounce_of, found_in, until

Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts workers; none of them outlives the test, and none has an error."""
    started: list[Process] = []

    def one(queue: FreshQueue, database: str, *options: str) -> Process:
        where = ("--queue-url", queue.url, "--database", database)
        started.append(Process("run", *where, *options))
        return started[-1]

    yield one
    for worker in started:
        worker.kill()
    for worker in started:
        assert all(line["level"] != "error" for line in worker.lines())


def people(count: int, name: str = "jane") -> list[str]:
    """So many addresses, sorted."""
    return [f"{name}-{number:06}@example.com" for number in range(count)]


def brief(database: str) -> str:
    """The URL with which SQLite waits a second for a lock, where 30 are usual."""
    return f"{database}?timeout=1" if database.startswith("sqlite") else database


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(database: str) -> Iterator[None]:
    """Somebody else writes to the database, and does not end."""
    if database.startswith("sqlite"):
        path = database.partition("?")[0].removeprefix("sqlite:///")
        with subprocess.Popen(
            [sys.executable, "-c", LOCK, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"locked\n"
            yield
            other.communicate()
    else:
        with psycopg.connect(database) as connection:
            connection.execute("LOCK TABLE email_bounces IN ACCESS EXCLUSIVE MODE")
            yield


def until_it_waits(queue: FreshQueue, worker: Process) -> None:
    """Until the worker has messages in hand and gets no further with them."""

    def counts() -> tuple[int, int]:
        return queue.size, len(worker.lines("batch"))

    def waits() -> bool:
        before = counts()
        time.sleep(1)
        return before == counts() and queue.in_hand > 0

    until(waits, worker)


AWAY = "the database does not do what it is asked"
"""What a worker says when it cannot store."""


def until_kept(worker: Process, seconds: float) -> None:
    """Until it has kept what it has in hand from others for longer than that."""
    enough = datetime.now(UTC) + timedelta(seconds=seconds)

    def is_kept() -> bool:
        kept = worker.lines("kept messages that take long from other consumers")
        return any(datetime.fromisoformat(line["time"]) > enough for line in kept)

    until(is_kept, worker)


@pytest.mark.parametrize("count", [10_000])
def test_a_worker_that_is_killed_twice(
    start: Start, queue_server: QueueServer, gate: Gate, database: str, count: int
) -> None:
    """Once between the commit and the deletion, once before the commit."""
    queue = queue_server.queue(visibility=8, receives=10)
    queue.send([bounce_of(email) for email in people(count)])

    gate.fails["DeleteMessageBatch"] = "drop"
    first = start(queue, database)
    until(lambda: found_in(database), first)
    first.kill()
    assert 0 < len(found_in(database)) < count
    assert queue.size == count
    gate.fails.clear()

    second = start(queue, database)
    until(lambda: queue.size < count * 0.9, second)
    with locked(database):
        until_it_waits(queue, second)
        second.kill()
    assert queue.in_hand > 0
    assert len(found_in(database)) < count

    os.environ["AWS_ENDPOINT_URL"] = queue_server.endpoint
    third = start(queue, database)
    until(lambda: queue.size == 0, third)
    assert third.terminate() == 0
    assert found_in(database) == people(count)
    assert queue.dead == 0


def test_postgresql_is_gone_for_a_while(
    start: Start, queue_server: QueueServer, own_postgresql: PostgresServer
) -> None:
    """For longer than a message is kept from others, who would make it a dead letter."""
    queue = queue_server.queue(visibility=4, receives=1)
    database = own_postgresql.create()
    worker = start(queue, database)
    queue.send([bounce_of(email) for email in people(200)])
    until(lambda: len(found_in(database)) == 200 and queue.size == 0, worker)

    own_postgresql.stop(crash=True)
    queue.send([bounce_of(email) for email in people(300)])
    until_kept(worker, 4)
    assert queue.size == 300
    own_postgresql.start()
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(database) == people(300)
    assert queue.dead == 0


def test_postgresql_is_not_there_yet(
    start: Start, queue_server: QueueServer, own_postgresql: PostgresServer
) -> None:
    queue = queue_server.queue()
    queue.send([bounce_of(email) for email in people(5)])
    database = own_postgresql.create()
    own_postgresql.stop()
    worker = start(queue, database, "--drain")
    until(lambda: "away" in worker.said or "cannot" in worker.said, worker)
    assert queue.visible == 5
    own_postgresql.start()
    assert worker.end() == 0
    assert found_in(database) == people(5)


def test_another_process_has_locked_the_file(
    start: Start, queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=4, receives=1)
    worker = start(queue, brief(sqlite))
    queue.send([bounce_of(email) for email in people(50)])
    until(lambda: len(found_in(sqlite)) == 50 and queue.size == 0, worker)

    with locked(sqlite):
        queue.send([bounce_of(email) for email in people(150)])
        until_kept(worker, 4)
        assert queue.size == 150
        assert len(found_in(sqlite)) == 50
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(sqlite) == people(150)
    assert queue.dead == 0


def test_the_queue_answers_errors(
    start: Start, queue_server: QueueServer, gate: Gate, sqlite: str
) -> None:
    """Each for a while: at the start, and then in turn."""
    queue = queue_server.queue(visibility=5, receives=10)
    gate.fails["*"] = "unavailable"
    worker = start(queue, sqlite)
    until(lambda: gate.calls.total() > 2, worker)
    gate.fails.clear()
    sent: list[str] = []
    for failure in ["drop", *ANSWERS]:
        until(lambda: queue.size == 0, worker)
        gate.fails["*"] = failure
        more = people(20, failure.replace(" ", "-"))
        queue.send([bounce_of(email) for email in more])
        sent += more
        before = gate.calls.total()
        until(lambda before=before: gate.calls.total() > before + 2, worker)  # type: ignore[misc]
        assert queue.size == 20
        gate.fails.clear()
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(sqlite) == sorted(sent)
    assert queue.dead == 0


@pytest.mark.parametrize("failure", ["internal error", "garbage"])
def test_the_queue_does_not_delete(
    start: Start, queue_server: QueueServer, gate: Gate, sqlite: str, failure: str
) -> None:
    queue = queue_server.queue(visibility=2, receives=20)
    queue.send([bounce_of(email) for email in people(100)])
    gate.fails["DeleteMessageBatch"] = failure
    worker = start(queue, sqlite)
    until(lambda: found_in(sqlite), worker)
    until(lambda: gate.calls["DeleteMessageBatch"] >= 4, worker)
    assert queue.size == 100
    gate.fails.clear()
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(sqlite) == people(100)
    assert queue.dead == 0


def test_two_workers_share_a_queue(
    start: Start, queue_server: QueueServer, database: str
) -> None:
    """And every event is in it twice."""
    queue = queue_server.queue()
    everybody = people(1_000)
    twice = [bounce_of(email) for email in everybody] * 2
    random.Random(5).shuffle(twice)
    queue.send(twice)
    workers = [start(queue, database, "--drain") for _ in range(2)]
    assert [worker.end() for worker in workers] == [0, 0]
    assert found_in(database) == everybody
    assert (queue.size, queue.dead) == (0, 0)
    each = [sum(line["received"] for line in one.lines("batch")) for one in workers]
    assert sum(each) == 2_000
    assert min(each) > 0, "each of them had some"


POISON = {
    "no JSON": "Dear customer,",
    "cut short": bounce_of("cut@example.com")[:-900],
    "another's": '{"orderId": 7}',
    "of no kind": feedback.in_sns('{"eventType": "Greeting", "mail": {}}'),
    "of nobody": feedback.raw(feedback.event(EventType.BOUNCE, [])),
}


def test_poison_alone_goes_to_the_dead_letter_queue(
    start: Start, queue_server: QueueServer, database: str
) -> None:
    queue = queue_server.queue(visibility=5, receives=2)
    good = [bounce_of(email) for email in people(200)]
    queue.send(good[:100])
    queue.send([*POISON.values(), *feedback.notices().values()])
    queue.send(good[100:])
    worker = start(queue, database)
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(database) == people(200)
    assert queue.dead_letters() == sorted(POISON.values())
    left = worker.lines("left in the queue")
    assert len(left) == 2 * len(POISON)
    assert all(line["reason"] for line in left)


def test_messages_of_a_mebibyte(
    start: Start, queue_server: QueueServer, database: str
) -> None:
    def body(wrap: Callable[..., str], email: str, length: int) -> str:
        said = {"emailAddress": email, "diagnosticCode": "x" * length}
        return wrap(feedback.event(EventType.BOUNCE, bouncedRecipients=[said]))

    queue = queue_server.queue()
    lengths = {}
    for email, wrap in (
        ("one@example.com", feedback.raw),
        ("two@example.com", feedback.in_sns),
    ):
        lengths[email] = BATCH_BYTES - len(body(wrap, email, 0))
        large = body(wrap, email, lengths[email])
        assert len(large.encode()) == 2**20
        queue.send([large])
    queue.send([bounce_of("three@example.com")])
    assert start(queue, database, "--drain").end() == 0
    assert found_in(database) == sorted([*lengths, "three@example.com"])
    kept = set(found_in(database, column="diagnostic"))
    assert kept > {"x" * length for length in lengths.values()}
    assert (queue.size, queue.dead) == (0, 0)


@contextmanager
def limited_files(worker: Process) -> Iterator[None]:
    """No file of the process may grow beyond 512 KiB."""
    before = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (2**19, before[1]))
    yield
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="prlimit is Linux's: no other limit here"
)
def test_a_file_may_not_grow(
    start: Start, queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=2, receives=1)
    worker = start(queue, sqlite)
    first, *others = people(1_000)
    queue.send([bounce_of(first)])
    until(lambda: queue.size == 0, worker)
    with limited_files(worker):
        queue.send([bounce_of(email) for email in others])
        until(lambda: worker.lines(AWAY), worker)
        assert first in found_in(sqlite)
        until_kept(worker, 2)
        assert len(found_in(sqlite)) < 1_000
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    assert found_in(sqlite) == people(1_000)
    assert queue.dead == 0


def _may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.mark.skipif(not _may_mount(), reason="only root may mount a small disk")
def test_the_disk_is_full(
    start: Start, queue_server: QueueServer, tmp_path: Path
) -> None:
    queue = queue_server.queue(visibility=2, receives=1)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this root may not mount a small disk")
    try:
        database = f"sqlite:///{disk}/feedback.db"
        filler = disk / "backup"
        worker = start(queue, database)
        until(lambda: inspect(create_engine(database)).has_table(bounces.name), worker)
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096) == 4096:
                pass
        queue.send([bounce_of(email) for email in people(300)])
        until(lambda: worker.lines(AWAY), worker)
        until_kept(worker, 2)
        assert len(found_in(database)) < 300
        filler.unlink()
        until(lambda: queue.size == 0, worker)
        assert worker.terminate() == 0
        assert found_in(database) == people(300)
        assert queue.dead == 0
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_sigterm_in_full_flow(
    start: Start, queue_server: QueueServer, database: str
) -> None:
    """What was in hand can be received at once, long before its time is over."""
    queue = queue_server.queue(visibility=600)
    queue.send([bounce_of(email) for email in people(2_000)])
    worker = start(queue, database)
    until(lambda: found_in(database), worker)
    assert worker.terminate() == 0
    some = found_in(database)
    assert 0 < len(some) < 2_000
    assert len(set(some)) == len(some)
    assert queue.in_hand == 0
    assert queue.visible >= 2_000 - len(some)

    assert start(queue, database, "--drain").end() == 0
    assert found_in(database) == people(2_000)
    assert (queue.size, queue.dead) == (0, 0)


def test_sigterm_before_a_commit(
    start: Start, queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=600)
    worker = start(queue, brief(sqlite))
    queue.send([bounce_of("first@example.com")])
    until(lambda: queue.size == 0, worker)
    with locked(sqlite):
        queue.send([bounce_of(email) for email in people(100)])
        until_it_waits(queue, worker)
        assert worker.terminate() == 0
    assert (queue.visible, queue.in_hand) == (100, 0)
    assert found_in(sqlite) == ["first@example.com"]


# Whatever stands in a message.


class HonestQueue(Queue):
    """A queue in memory: what was not deleted after it was received is still there."""

    def __init__(self, bodies: Iterator[str]) -> None:
        self.url = "https://queue.example.com/1/fuzz"
        self._coming = enumerate(bodies)
        self.in_hand: dict[str, str] = {}
        """Bodies by receipt."""
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        """Bodies that were deleted and should not have been."""
        self.expected: set[str] = set()
        """The ids of rows of what was deleted."""

    def visibility_seconds(self) -> int:
        return 600

    def depth(self) -> tuple[int, int]:
        return 0, len(self.in_hand)

    def receive(self, wait_seconds: int) -> list[Message]:
        found = [
            Message(str(number), f"receipt-{number}", body, 1)
            for number, body in islice(self._coming, MOST)
        ]
        self.outcomes["received"] += len(found)
        self.in_hand |= {one.receipt: one.body for one in found}
        return found

    def delete(self, messages: Sequence[Message]) -> dict[str, str]:
        for one in messages:
            body = self.in_hand.pop(one.receipt)
            outcome, ids = expected(body)
            self.outcomes[outcome] += 1
            self.expected |= ids
            if outcome == "unreadable":
                self.wrong.append(body)
        return {}

    def extend(self, messages: Sequence[Message], seconds: int) -> dict[str, str]:
        raise AssertionError("in hand too long, or at the end")


def expected(body: str) -> tuple[str, set[str]]:
    """What should become of a message, and the ids of its rows."""
    try:
        found = parse(body)
    except Unreadable:
        return "unreadable", set()
    if isinstance(found, Notice):
        return "notice", set()
    return "event", {row["id"] for row in rows(found, found.at)}


SAMPLES = [*feedback.every_message().values()]
PLAIN = [*feedback.notices().values(), *POISON.values()]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, 2**63, 10**400, float("nan")),
    *("", " ", "\x00", "a\x00b", "\ud800", "\U0001f4e7", "e\u0301", "x" * 5_000),
    *("jane@example.com", "@", "ü@bücher.example", '"Jane" <jane@example.com>'),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z"),
    *("Bounce", "Complaint", "Transient", "Permanent", "not-spam", "OptOut"),
    *([], {}, [[]], [{}], [None], {"emailAddress": None}, ["a@example.com"] * 300),
    json.loads("[" * 70 + "]" * 70),
]
"""What stands in the place of something else."""


def somewhere(chance: random.Random, value: Any) -> tuple[Any, Any] | None:
    """An object or list within, and a key or an index of it."""
    if not value:
        return None
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = chance.choice(keys)
    if isinstance(value[key], dict | list) and chance.random() < 0.8:
        return somewhere(chance, value[key]) or (value, key)
    return value, key


def mutate(chance: random.Random, message: dict[str, Any]) -> None:
    """Changes one thing in a message."""
    one, other = somewhere(chance, message), somewhere(chance, message)
    if one is None or other is None:
        return
    holder, key = one
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}X"] = holder.pop(key)
        case 2:
            holder[key] = copy(other[0][other[1]])
        case _:
            holder[key] = copy(chance.choice(ODD))


def copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def scramble(chance: random.Random, text: str) -> str:
    """Changes one thing in a text."""
    start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    match chance.randrange(4):
        case 0:
            return text[:start]
        case 1:
            return text[:start] + text[min(end, start + 20) :]
        case 2:
            odd = chance.choice(['"', "\\", "{", "]", "\x00", "\ud800", "é", "\\u0000"])
            return text[:start] + odd + text[start:]
        case _:
            return text[:end] + text[start:]


def fuzzed(chance: random.Random, number: int) -> str:
    """A message that is a little, or quite, other than SES makes them."""
    if chance.random() < 0.02:
        return scramble(chance, chance.choice(PLAIN))
    message = copy(chance.choice(SAMPLES))
    message["mail"]["messageId"] = f"mail-{number}"
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 8])):
        mutate(chance, message)
    wrap = chance.choice([*feedback.WRAPPINGS.values()])
    try:
        text = wrap(message)
    except TypeError:
        text = feedback.raw(message)
    return scramble(chance, text) if chance.random() < 0.1 else text


def fuzz(count: int) -> Iterator[str]:
    """So many messages, the same every time."""
    chance = random.Random(5)
    return (fuzzed(chance, number) for number in range(count))


def row_ids(database: str) -> list[str]:
    return [
        id for table in TABLES.values() for id in found_in(database, table, column="id")
    ]


@pytest.mark.parametrize("count", [100_000])
def test_fuzzed_messages_by_the_worker_itself(
    sqlite: str, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    """Each is stored and deleted, or a notice and deleted, or left."""
    caplog.set_level(logging.CRITICAL, "ses_feedback_collector")
    queue = HonestQueue(fuzz(count))
    engine = open_database(sqlite)
    run(queue, engine, Settings(drain=True), Monitor(), threading.Event())
    engine.dispose()

    assert not queue.wrong
    left = Counter(expected(body)[0] for body in queue.in_hand.values())
    assert set(left) == {"unreadable"}
    assert queue.outcomes["received"] == count
    assert min(left["unreadable"], queue.outcomes["event"]) > count / 10
    assert queue.outcomes["notice"] > count / 1_000
    assert sorted(row_ids(sqlite)) == sorted(queue.expected)


def test_fuzzed_messages_by_a_real_queue(
    start: Start, queue_server: QueueServer, postgresql: str
) -> None:
    queue = queue_server.queue(visibility=2, receives=1)
    bodies = [body for body in fuzz(2_500) if is_sendable(body)]
    assert len(bodies) > 2_000
    queue.send(bodies)
    worker = start(queue, postgresql)
    until(lambda: queue.size == 0, worker)
    assert worker.terminate() == 0
    outcomes = [expected(body) for body in bodies]
    assert sorted(row_ids(postgresql)) == sorted(set().union(*(o[1] for o in outcomes)))
    assert queue.dead_letters() == sorted(
        body
        for body, (outcome, _) in zip(bodies, outcomes, strict=True)
        if outcome == "unreadable"
    )


def is_sendable(body: str) -> bool:
    """Whether SQS takes it (SendMessage: the characters of XML, and not nothing)."""
    return bool(body) and all(
        character in "\t\n\r" or " " <= character <= "\ud7ff" or "\ue000" <= character
        for character in body
    )
