"""The collector's side of the figures, and what both sides are given.

The queue server's endpoint, the database and the number of workers come by the
environment: a measurement is a process of its own.
"""

import json
import multiprocessing
import os
import random
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from multiprocessing.synchronize import Barrier
from statistics import median
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from benchmarks import collector_baselines as baselines

ENDPOINT, DATABASE, WORKERS = "BENCH_ENDPOINT", "BENCH_DATABASE", "BENCH_WORKERS"
PATIENCE = 600
"""Seconds after which a worker that says nothing is given up."""

ROUNDS = 20
"""Repetitions of a check, each with other addresses."""


@contextmanager
def queue_server(warm_up: int) -> Iterator[str]:
    """The endpoint of a queue server through which so many messages have gone."""
    from tests.queue_server import serving

    with serving("-Xmx1g") as server:
        url = filled(server.endpoint, warm_up)
        baselines.empty_queue(server.endpoint, url)
        yield server.endpoint


@contextmanager
def postgresql() -> Iterator[str]:
    """An empty database of a server that is up for so long."""
    from tests import databases

    databases.pytest_configure()
    with databases.serving() as server:
        yield server.create()


# From a queue into the database.


def bodies(count: int) -> Iterator[str]:
    """So many bounces and deliveries that no database has yet, as they come by SNS."""
    from ses_feedback_collector import EventType
    from tests import feedback

    run = uuid4()
    for number in range(count):
        kind = (EventType.BOUNCE, EventType.DELIVERY)[number % 2]
        to = [f"jane-{number}@example.com"]
        event = feedback.event(kind, to, message_id=f"{run}-{number}")
        yield feedback.in_sns(event)


def filled(endpoint: str, count: int) -> str:
    """The URL of a new queue with so many messages."""
    from tests.queue_server import send

    sqs = baselines.sqs(endpoint)
    url: str = sqs.create_queue(QueueName=f"bench-{uuid4()}")["QueueUrl"]
    send(sqs, url, bodies(count))
    return url


def queue(side: str, count: int) -> dict[str, float]:
    """Messages a second out of a queue, by as many processes as are asked for."""
    endpoint, workers = os.environ[ENDPOINT], int(os.environ[WORKERS])
    url = filled(endpoint, count)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(workers, timeout=PATIENCE)
    results: multiprocessing.Queue[tuple[float, float, int]] = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        database = os.environ[DATABASE] or f"sqlite:///{folder}/feedback.db"
        work = worker if side == "ours" else bare_loop
        processes = [
            context.Process(target=work, args=(endpoint, url, database, ready, results))
            for _ in range(workers)
        ]
        for process in processes:
            process.start()
        found = [results.get(timeout=PATIENCE) for _ in processes]
        for process in processes:
            process.join()
    assert sum(messages for _, _, messages in found) == count
    begun, ended = min(each[0] for each in found), max(each[1] for each in found)
    return {"rate": count / (ended - begun)}


def worker(
    endpoint: str, url: str, database: str, ready: Barrier, results: Any
) -> None:
    """The collector's own loop, timed from its first receive to its last deletion."""
    from ses_feedback_collector.database import migrate, open_database
    from ses_feedback_collector.observing import Monitor, configure_logging
    from ses_feedback_collector.sqs import Message, Queue
    from ses_feedback_collector.worker import Settings, run

    class Timed(Queue):
        ended = 0.0
        deleted = 0

        def delete(self, messages: Sequence[Message]) -> dict[str, str]:
            kept = super().delete(messages)
            self.deleted += len(messages) - len(kept)
            self.ended = perf_counter()
            return kept

    engine = open_database(database)
    migrate(engine)
    with open(os.devnull, "w") as nowhere:
        configure_logging("json", nowhere)
        source = Timed(url, baselines.sqs(endpoint))
        ready.wait()
        begun = perf_counter()
        run(source, engine, Settings(drain=True), Monitor(), threading.Event())
    engine.dispose()
    results.put((begun, source.ended or begun, source.deleted))


def bare_loop(endpoint: str, url: str, _: str, ready: Barrier, results: Any) -> None:
    ready.wait()
    results.put(baselines.empty_queue(endpoint, url))


# Parsing.


def parse(side: str, count: int) -> dict[str, float]:
    """Seconds for so many messages of every kind, each in the envelope of SNS."""
    from ses_feedback_collector import parse as ours
    from tests import feedback

    texts = [feedback.in_sns(each) for each in feedback.every_message().values()]
    messages = (texts * (count // len(texts) + 1))[:count]
    work = ours if side == "ours" else baselines.decode
    for text in texts:
        work(text)
    begun = process_time()
    for text in messages:
        work(text)
    return {"seconds": process_time() - begun}


# May I send?

TABLES = {
    "email_deliveries": ("delivered_at", 60),
    "email_bounces": ("bounced_at", 30),
    "email_complaints": ("complained_at", 7),
    "email_subscriptions": ("changed_at", 3),
}
"""By table the column of its time, and how many of a hundred rows are in it."""


def fill(database: str, count: int) -> None:
    """Puts so many rows into an empty database, two an address."""
    from ses_feedback_collector.database import migrate, open_database

    engine = open_database(database)
    migrate(engine)
    connection = engine.raw_connection()
    cursor = connection.cursor()
    if engine.dialect.name == "sqlite":
        cursor.execute("PRAGMA cache_size = -500000")
        cursor.execute("BEGIN")
    chance = random.Random(5)
    for table, (at, percent) in TABLES.items():
        rows = [
            _row(table, at, chance, n, count) for n in range(count * percent // 100)
        ]
        names = ", ".join(rows[0])
        if engine.dialect.name == "sqlite":
            values = ", ".join(f":{name}" for name in rows[0])
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(list(row.values()))
    cursor.execute("ANALYZE")
    connection.commit()
    connection.close()
    engine.dispose()


def _row(
    table: str, at: str, chance: random.Random, number: int, count: int
) -> dict[str, Any]:
    email = baselines.address(chance.randrange(count // 2))
    age = timedelta(days=365 * chance.random())
    row: dict[str, Any] = {
        "id": f"{table[6:9]}-{number}",
        "email": email,
        "address": email,
        at: baselines.as_text(baselines.NOW - age),
        "message_id": f"mail-{number}",
        "mail": json.dumps({"messageId": f"mail-{number}"}),
        "event": "{}",
        "received_at": baselines.as_text(baselines.NOW),
    }
    if table == "email_bounces":
        row |= {"type": "Transient", "subtype": "MailboxFull", "status": "4.2.2"}
        if chance.random() < 0.5:
            row |= {"type": "Permanent", "subtype": "General", "status": "5.1.1"}
    if table == "email_complaints":
        row["type"] = chance.choice(["abuse", "abuse", "not-spam"])
    if table == "email_subscriptions":
        row |= {"unsubscribed_all": chance.random() < 0.5}
        row |= {"contact_list": "customers", "opted_out": "[]", "opted_in": "[]"}
    return row


def check(side: str, count: int) -> dict[str, float]:
    """Seconds for one check of a thousand addresses among those of so many rows."""
    database = os.environ[DATABASE]
    chance = random.Random(7)
    asked = [
        [baselines.address(chance.randrange(count // 2)) for _ in range(1_000)]
        for _ in range(ROUNDS + 1)
    ]
    seconds = []
    refused = 0
    with ASKING[side](database) as ask:
        ask(asked[0])
        for emails in asked[1:]:
            begun = perf_counter()
            forbidden = ask(emails)
            seconds.append(perf_counter() - begun)
            refused += len(forbidden)
    return {"seconds": median(seconds), "refused": refused}


@contextmanager
def suppression(database: str) -> Iterator[baselines.Ask]:
    from ses_feedback_collector import Suppression
    from ses_feedback_collector.database import open_database

    engine = open_database(database)
    ours = Suppression(engine)

    def ask(emails: Sequence[str]) -> set[str]:
        found = ours.check(emails, now=baselines.NOW)
        return {email for email, verdict in found.items() if not verdict.may_send}

    try:
        yield ask
    finally:
        engine.dispose()


ASKING = {"ours": suppression, "baseline": baselines.asking}


# Memory.


def memory(side: str, count: int) -> dict[str, float]:
    """Peak memory of a worker after a fifth of so many messages, and after all."""
    from benchmarks.sides import peak
    from ses_feedback_collector.database import open_database
    from ses_feedback_collector.observing import Monitor, configure_logging
    from ses_feedback_collector.sqs import Message, Queue
    from ses_feedback_collector.worker import Settings, run

    class Local(Queue):
        """Whose messages are made as they are received."""

        def __init__(self) -> None:
            self.url = "https://queue.example.com/1/bench"
            self.coming = enumerate(bodies(count), 1)
            self.received = 0
            self.early = 0.0

        def visibility_seconds(self) -> int:
            return 600

        def depth(self) -> tuple[int, int]:
            return 0, 0

        def receive(self, wait_seconds: int = 20, most: int = 10) -> list[Message]:
            found = [
                Message(str(number), str(number), body, 1)
                for number, body in islice(self.coming, most)
            ]
            self.received += len(found)
            if not self.early and self.received * 5 >= count:
                self.early = peak()
            return found

        def delete(self, messages: Sequence[Message]) -> dict[str, str]:
            return {}

        def extend(self, messages: Sequence[Message], seconds: int) -> dict[str, str]:
            return {}

    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        configure_logging("json", nowhere)
        engine = open_database(f"sqlite:///{folder}/feedback.db")
        source = Local()
        run(source, engine, Settings(drain=True), Monitor(), threading.Event())
        engine.dispose()
    assert source.received == count
    return {"early": source.early, "late": peak()}


def environment(
    endpoint: str = "", database: str = "", workers: int = 1
) -> Mapping[str, str]:
    """What a measurement is told, by the names of its variables."""
    return {ENDPOINT: endpoint, DATABASE: database, WORKERS: str(workers)}
