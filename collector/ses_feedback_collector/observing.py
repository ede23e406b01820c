"""What can be seen of a running worker: its log lines, metrics and health."""

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any, TextIO

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

PACKAGE = "ses_feedback_collector"

QUEUE, DATABASE = "queue", "database"
"""What a worker stands on."""

LATELY = 90.0
"""Seconds without a sign of life after which something counts as gone."""


# Log lines.


def configure_logging(style: str, stream: TextIO | None = None) -> None:
    """Writes log lines to standard error: `json`, one object a line, or `text`.

    The collector's own from INFO on, those of libraries from WARNING on.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(PACKAGE).setLevel(logging.INFO)
    logging.captureWarnings(True)


class JsonLines(logging.Formatter):
    """One JSON object: `time` (UTC), `level`, `message`, and the line's own fields.

    Of an exception it has the type and the places in the code, never the text, which
    may hold a message's content or a password.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """The same for people: time, level, message, then fields as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = (
            f"{name}={json.dumps(value, default=str)}"
            for name, value in _fields(record).items()
        )
        head = f"{_time(record)} {record.levelname} {record.getMessage()}"
        return " ".join([" ".join(head.splitlines()), *fields])


_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`, and an exception's whereabouts."""
    fields = {
        name: value for name, value in vars(record).items() if name not in _STANDARD
    }
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields["error"] = type(error).__name__
        fields["trace"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return fields


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Metrics and health.


class Monitor:
    """What a worker tells of itself. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        """Prometheus metrics, of this worker alone."""
        self._lock = threading.Lock()
        self._beat = time.monotonic()
        self._answered: dict[str, float] = {}
        self._away = dict.fromkeys((QUEUE, DATABASE), "has not answered yet")
        ProcessCollector(registry=self.registry)
        self._messages = self._counter("messages", "Messages, by outcome", "outcome")
        self._rows = self._counter(
            "rows", "Rows, new or there already, by table", "table"
        )
        self._duplicates = self._counter(
            "duplicate_rows", "Those of them that were there already"
        )
        self._errors = self._counter("errors", "What went wrong, by kind", "kind")
        self._seconds = Histogram(
            "ses_feedback_batch_seconds",
            "Seconds from the first message of a batch to its commit",
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )
        self._success = self._gauge(
            "last_success_timestamp_seconds", "When a batch was stored last"
        )
        self._waiting = self._gauge("queue_messages", "Messages that wait, roughly")
        self._in_flight = self._gauge(
            "queue_messages_in_flight", "Messages received and not deleted, roughly"
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"ses_feedback_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"ses_feedback_{name}", what, registry=self.registry)

    def batch(
        self,
        outcomes: Mapping[str, int],
        tables: Mapping[str, int],
        duplicates: int,
        seconds: float,
    ) -> None:
        """A batch is through: messages by outcome, rows by table, new or not,
        and how many of them were not."""
        for outcome, count in outcomes.items():
            self._messages.labels(outcome).inc(count)
        for table, count in tables.items():
            self._rows.labels(table).inc(count)
        self._duplicates.inc(duplicates)
        self._seconds.observe(seconds)
        self._success.set_to_current_time()

    def error(self, kind: str) -> None:
        self._errors.labels(kind).inc()

    def depth(self, waiting: int, in_flight: int) -> None:
        self._waiting.set(waiting)
        self._in_flight.set(in_flight)

    def beat(self) -> None:
        """The loop goes round."""
        with self._lock:
            self._beat = time.monotonic()

    def answered(self, part: str) -> None:
        """The queue or the database did what was asked."""
        with self._lock:
            self._answered[part] = time.monotonic()
            self._away.pop(part, None)

    def away(self, part: str, reason: str) -> None:
        """It did not; the reason is a sentence without secrets."""
        with self._lock:
            self._away[part] = reason

    def ailments(self) -> dict[str, str]:
        """What is wrong, by the part that it is wrong with; nothing when all is well.

        The parts are `loop`, `queue` and `database`.
        """
        now = time.monotonic()
        with self._lock:
            ailing = dict(self._away)
            seen = {"loop": self._beat, **self._answered}
        for part, last in seen.items():
            if part not in ailing and now - last > LATELY:
                ailing[part] = f"no sign of life for {now - last:.0f} seconds"
        return ailing


@contextmanager
def served(monitor: Monitor, host: str, port: int) -> Iterator[int]:
    """`/metrics` and `/health` over HTTP meanwhile; gives the port, which 0 leaves open.

    `/health` answers 200 while the loop goes round and the queue and the database
    answered lately, else 503, with the reasons as JSON. Raises OSError when the port
    is not to be had.
    """
    server = _server(monitor, host, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="http")
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _server(monitor: Monitor, host: str, port: int) -> ThreadingHTTPServer:
    def metrics() -> tuple[int, str, bytes]:
        return 200, CONTENT_TYPE_LATEST, generate_latest(monitor.registry)

    def health() -> tuple[int, str, bytes]:
        ailments = monitor.ailments()
        document = {"status": "ailing" if ailments else "well", "reasons": ailments}
        body = json.dumps(document).encode() + b"\n"
        return 503 if ailments else 200, "application/json", body

    pages: Mapping[str, Callable[[], tuple[int, str, bytes]]] = {
        "/metrics": metrics,
        "/health": health,
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            if page is None:
                self.send_error(404, "There are /metrics and /health")
                return
            status, kind, body = page()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *arguments: Any) -> None:
            """Requests are no log lines of the worker."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = AF_INET6 if ":" in host else AF_INET

        def handle_error(self, *arguments: Any) -> None:
            """A caller who hangs up is none either."""

    return Server((host, port), Handler)
