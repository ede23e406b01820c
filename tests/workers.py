"""Workers on a queue, for tests: within this process and in one of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select

from ses_feedback_collector import EventType, sqs, worker
from ses_feedback_collector.observing import Monitor
from ses_feedback_collector.tables import bounces
from tests import feedback
from tests.databases import opened
from tests.queue_server import FreshQueue

PATIENCE = 120
"""Seconds until a condition that does not come true is given up."""

POISON = '{"eventType": "Telegram", "mail": {"to": "secret@example.com"}}'
"""Something that nobody understands."""


def bounce_of(email: str) -> str:
    """A message of a bounce, as it comes by SNS."""
    return feedback.in_sns(
        feedback.event(EventType.BOUNCE, [email], message_id=f"mail-{email}")
    )


def bounce(number: int) -> str:
    """The same, of the address of this number."""
    return bounce_of(f"u{number}@example.com")


def bounced(count: int) -> list[str]:
    return [bounce(number) for number in range(count)]


def until(condition: Callable[[], object], *processes: "Process") -> None:
    """Waits for it, as long as these run."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        for process in processes:
            assert process.is_running, process.said
        said = "".join(process.said[-2_000:] for process in processes)
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain: {said}"
        time.sleep(0.05)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to a database, which has gone afterwards."""
    with opened(url) as engine, engine.connect() as connection:
        yield connection


def stored(url: str, table: Table = bounces) -> int:
    """How many rows a table has."""
    with connected(url) as connection:
        count = select(func.count()).select_from(table)
        found: int = connection.execute(count).scalar_one()
        return found


def found_in(url: str, table: Table = bounces, column: str = "email") -> list[str]:
    """A column of each row, sorted; nothing where there is no such table yet."""
    with connected(url) as connection:
        if not inspect(connection).has_table(table.name):
            return []
        return sorted(connection.execute(select(table.c[column])).scalars())


class Worker:
    """One in a thread of this process."""

    def __init__(self, queue_url: str, database: str, **settings: Any) -> None:
        self.monitor = Monitor()
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._queue_url, self._database = queue_url, database
        self._settings = worker.Settings(**settings)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            source = sqs.connect(self._queue_url)
            with opened(self._database) as engine:
                worker.run(source, engine, self._settings, self.monitor, self._stop)
        except BaseException as error:  # noqa: BLE001  looked at by the test
            self.error = error

    def stop(self) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Waits until it ended by itself."""
        self._thread.join(PATIENCE)
        is_running = self._thread.is_alive()
        self._stop.set()
        assert not is_running, "the worker does not end"

    def value(self, name: str, **labels: str) -> float:
        """One of its metrics."""
        found = self.monitor.registry.get_sample_value(f"ses_feedback_{name}", labels)
        return found or 0


@contextmanager
def working(queue_url: str, database: str, **settings: Any) -> Iterator[Worker]:
    """A worker meanwhile."""
    found = Worker(queue_url, database, **settings)
    try:
        yield found
    finally:
        found.stop()


def drain(queue: FreshQueue, database: str) -> Worker:
    """A worker that has emptied the queue."""
    found = Worker(queue.url, database, drain=True)
    found.join()
    assert found.error is None
    return found


class Process:
    """`ses-feedback-collector` in a process of its own."""

    def __init__(
        self, *arguments: str, program: str | None = None, **environment: str
    ) -> None:
        """Another program, as text, may stand in for the module."""
        what = ["-c", program] if program else ["-m", "ses_feedback_collector"]
        self._process = subprocess.Popen(
            [sys.executable, *what, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self.text: list[str] = []
        """What it wrote on standard error."""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.text.append(line.rstrip("\n"))

    @property
    def said(self) -> str:
        """The same as one text."""
        return "\n".join(self.text)

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """Its log lines, those with this message; each has to be JSON."""
        found = [json.loads(line) for line in self.text]
        return [one for one in found if not message or one["message"] == message]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def terminate(self) -> int:
        """Asks it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return self.end()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self, timeout: float = PATIENCE) -> int:
        """Its exit code, once it ended."""
        code = self._process.wait(timeout)
        self._reader.join()
        assert self._process.stderr
        self._process.stderr.close()
        return code

    def kill(self) -> None:
        if self.is_running:
            self._process.kill()
        self.end()


@contextmanager
def running(
    queue_url: str, database: str, *arguments: str, **environment: str
) -> Iterator[Process]:
    """`run` meanwhile; whatever is left of it is killed."""
    process = Process(
        *("run", "--queue-url", queue_url, "--database", database, *arguments),
        **environment,
    )
    try:
        yield process
    finally:
        process.kill()
