"""What the tests of `replay` share: many events, and what became of them."""

import gzip
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import select

from ses_feedback_collector import EventType
from ses_feedback_collector.__main__ import main
from ses_feedback_collector.tables import bounces, replays
from tests import feedback
from tests.databases import opened

UNREADABLE = '{"eventType": "Telepathy", "secret": "jane@example.com"}\n'


def email(number: int) -> str:
    return f"user{number}@example.com"


def line(number: int) -> str:
    """A bounce like no other, as the event log has it."""
    return feedback.log_line(
        feedback.event(
            EventType.BOUNCE, to=[email(number)], message_id=f"mail-{number}"
        )
    )


def lines(count: int, first: int = 0) -> str:
    return "".join(line(number) for number in range(first, first + count))


def packed(*texts: str) -> bytes:
    """Each text a member of gzip, as Firehose writes them."""
    return b"".join(gzip.compress(text.encode()) for text in texts)


def bounced(url: str) -> list[str]:
    """The addresses of all bounces, sorted."""
    with opened(url) as engine, engine.connect() as connection:
        return sorted(connection.execute(select(bounces.c.email)).scalars())


def emails(count: int, first: int = 0) -> list[str]:
    return sorted(email(number) for number in range(first, first + count))


def positions(url: str) -> dict[str, tuple[int, bool]]:
    """By the last part of its source, how many lines are replayed, and whether all."""
    with opened(url) as engine, engine.connect() as connection:
        return {
            row.source.rpartition("/")[2]: (row.position, row.finished)
            for row in connection.execute(select(replays))
        }


@dataclass(frozen=True)
class Replayed:
    """What the command said and did."""

    code: int
    said: str
    """On standard error."""
    printed: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.printed)
        return found


def replay(*arguments: str | Path, database: str = "") -> Replayed:
    """Runs the command in this process."""
    more = ["--database", database] if database else []
    result = CliRunner().invoke(main, ["replay", *map(str, arguments), *more])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Replayed(result.exit_code, result.stderr, result.stdout)


def command(*arguments: str | Path, database: str) -> list[str]:
    """The command line of a process of its own."""
    start = [sys.executable, "-m", "ses_feedback_collector", "replay"]
    return [*start, *map(str, arguments), "--database", database]


def run(arguments: Sequence[str], given: bytes = b"", **more: Any) -> Replayed:
    """Runs a command line to its end."""
    done = subprocess.run(
        arguments,
        check=False,
        input=given,
        capture_output=True,
        timeout=120,
        **more,
    )
    return Replayed(done.returncode, done.stderr.decode(), done.stdout.decode())
