"""`ses-feedback-collector run`: from the queue into the database."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from ses_feedback_collector.commands import options

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ses_feedback_collector.observing import Monitor

log = logging.getLogger(__name__)

DEPTH_EVERY = 30.0
"""Seconds between two looks at the queue's depth, where somebody may ask for it."""


class _Address(click.ParamType[tuple[str, int]]):
    name = "address"

    def convert(
        self,
        value: str | tuple[str, int],
        parameter: click.Parameter | None,
        context: click.Context | None,
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        host, colon, port = value.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            self.fail(
                f"{value!r} is no address; expected HOST:PORT, such as 127.0.0.1:9464.",
                parameter,
                context,
            )
        return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


@click.command()
@options.queue_url
@options.database
@click.option(
    "--drain", is_flag=True, help="Stop once the queue is empty, as for a cron job."
)
@click.option(
    "--listen",
    type=_Address(),
    metavar="HOST:PORT",
    help="Serve /metrics (Prometheus) and /health there; without it nowhere.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="Of the lines on standard error.  [default: text at a terminal, else json]",
)
def run(
    queue_url: str,
    database_url: str,
    drain: bool,
    listen: tuple[str, int] | None,
    log_format: str | None,
) -> None:
    """Store the feedback in a queue, and delete from it what is stored.

    Several may run on one queue. The tables are made and brought up to date at the
    start. A queue or a database that is away is waited for. What cannot be understood
    stays in the queue, for its dead-letter queue, with the reason in the log.

    The standard AWS settings apply: AWS_PROFILE, AWS_ENDPOINT_URL and the rest. Where
    AWS_REGION is not set, the region is that of the queue's URL.

    SIGTERM and Ctrl-C finish the batch in hand and end it with exit code 0; a second
    one ends it at once, and what was in hand comes again.

    \b
    Example: ses-feedback-collector run \\
      --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/feedback \\
      --database postgresql://collector@db.example.com/feedback
    """
    from ses_feedback_collector.observing import Monitor, configure_logging

    configure_logging(log_format or ("text" if sys.stderr.isatty() else "json"))
    monitor = Monitor()
    with ExitStack() as open_things:
        stop = open_things.enter_context(_stop_signals())
        engine = options.opened(database_url)
        open_things.callback(engine.dispose)
        if listen:
            _listen(open_things, monitor, *listen)
        _work(queue_url, engine, drain, DEPTH_EVERY if listen else None, monitor, stop)


def _work(
    queue_url: str,
    engine: "Engine",
    drain: bool,
    depth_every: float | None,
    monitor: "Monitor",
    stop: threading.Event,
) -> None:
    from ses_feedback_collector import sqs, worker
    from ses_feedback_collector.database import BadDatabase

    try:
        worker.run(
            sqs.connect(queue_url),
            engine,
            worker.Settings(drain=drain, depth_every=depth_every),
            monitor,
            stop,
        )
    except (sqs.QueueTrouble, BadDatabase) as error:
        options.stop(str(error))
    except Exception:
        log.critical("an error of the collector itself", exc_info=True)
        sys.exit(1)


def _listen(open_things: ExitStack, monitor: "Monitor", host: str, port: int) -> None:
    from ses_feedback_collector.observing import served

    try:
        port = open_things.enter_context(served(monitor, host, port))
    except OSError as error:
        options.stop(
            f"--listen {host}:{port}: {error.strerror or error}. Take another, or port"
            " 0 for any that is free."
        )
    log.info("listening", extra={"host": host, "port": port})


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM; the next one does what it does otherwise."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def first(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        stop.set()

    before = {number: signal.signal(number, first) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
