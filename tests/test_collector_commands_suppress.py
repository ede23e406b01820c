import getpass
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from ses_feedback_collector.commands.suppress import lift, suppress
from ses_feedback_collector.database import migrate, open_database
from ses_feedback_collector.suppression import Suppression
from ses_feedback_collector.tables import overrides

JANE = "jane@example.com"
BOTH = pytest.mark.parametrize("command", [suppress, lift])


@pytest.fixture
def url(database: str) -> str:
    engine = open_database(database)
    migrate(engine)
    engine.dispose()
    return database


@pytest.fixture
def file_url(sqlite: str) -> str:
    engine = open_database(sqlite)
    migrate(engine)
    engine.dispose()
    return sqlite


def deciding(command: click.Command, url: str, *arguments: str) -> Result:
    return CliRunner().invoke(
        command, [*arguments, "--database", url], catch_exceptions=False
    )


def recorded(url: str) -> list[dict[str, Any]]:
    engine = open_database(url)
    with engine.connect() as connection:
        rows = connection.execute(select(overrides).order_by("decided_at"))
        found = [dict(row) for row in rows.mappings()]
    engine.dispose()
    return found


def test_an_address_is_suppressed_and_lifted_and_both_are_recorded(url: str) -> None:
    first = deciding(suppress, url, "Jane@Example.com", "--why", "asked by phone")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "Suppressed Jane@Example.com for good.\n"
    engine = open_database(url)
    assert not Suppression(engine).check([JANE])[JANE].may_send
    second = deciding(lift, url, JANE, "--why", "a mistake", "--who", "bob")
    assert second.stdout == f"Lifted {JANE} for good.\n"
    assert Suppression(engine).check([JANE])[JANE].may_send
    engine.dispose()
    before, after = recorded(url)
    assert (before["action"], before["who"], before["why"], before["until"]) == (
        "suppress",
        getpass.getuser(),
        "asked by phone",
        None,
    )
    assert (before["email"], before["address"]) == ("Jane@Example.com", JANE)
    assert (after["action"], after["who"], after["why"]) == ("lift", "bob", "a mistake")
    assert abs(after["decided_at"] - datetime.now(UTC)) < timedelta(minutes=5)


@BOTH
@pytest.mark.parametrize(
    ("date", "until"),
    [
        ("2100-01-31", datetime(2100, 1, 31, tzinfo=UTC)),
        ("2100-01-31T12:30:00+02:00", datetime(2100, 1, 31, 10, 30, tzinfo=UTC)),
        ("2100-01-31 12:30", datetime(2100, 1, 31, 12, 30, tzinfo=UTC)),
    ],
)
def test_it_holds_until_a_day_or_a_time(
    file_url: str, command: click.Command, date: str, until: datetime
) -> None:
    result = deciding(command, file_url, JANE, "--why", "x", "--until", date)
    assert result.exit_code == 0
    assert f"until {until:%Y-%m-%d %H:%M} UTC." in result.stdout
    assert recorded(file_url)[0]["until"] == until


@BOTH
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([JANE], "Missing option '--why'"),
        ([JANE, "--why", " "], "why is empty"),
        ([JANE, "--why", "x", "--who", ""], "who is empty"),
        (["jane", "--why", "x"], "'jane' is not an e-mail address"),
        ([JANE, "--why", "x", "--until", "2020-01-31"], "2020-01-31 is past"),
        ([JANE, "--why", "x", "--until", "0001-01-01T00:00+14:00"], "is past"),
        ([JANE, "--why", "x", "--until", "tomorrow"], "'tomorrow' is no date"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    file_url: str, command: click.Command, arguments: list[str], message: str
) -> None:
    result = deciding(command, file_url, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert recorded(file_url) == []


@BOTH
def test_json_says_what_was_recorded(file_url: str, command: click.Command) -> None:
    more = ["--why", "x", "--who", "bob", "--until", "2100-01-31", "--json"]
    result = deciding(command, file_url, JANE, *more)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "action": command.name,
        "email": JANE,
        "who": "bob",
        "why": "x",
        "until": "2100-01-31T00:00:00+00:00",
    }
    result = deciding(command, file_url, JANE, "--why", "x", "--json")
    assert json.loads(result.stdout)["until"] is None


@BOTH
def test_a_long_text_that_is_no_address_is_not_repeated_whole(
    file_url: str, command: click.Command
) -> None:
    result = deciding(command, file_url, "x" * 5_000, "--why", "x")
    assert result.exit_code == 2
    assert f"'{'x' * 97}...' is not an e-mail address" in result.stderr
    assert "x" * 101 not in result.stderr


@BOTH
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_what_cannot_be_said_is_recorded_nonetheless(
    file_url: str, command: click.Command
) -> None:
    name = str(command.name)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ses_feedback_collector", name, JANE]
            + ["--why", "x", "--database", file_url],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "Standard output cannot be written: No space left on device."
        " The decision is recorded.\n"
    )
    assert [row["action"] for row in recorded(file_url)] == [name]


@BOTH
def test_without_its_tables_a_database_is_a_failure(
    database: str, command: click.Command
) -> None:
    result = deciding(command, database, JANE, "--why", "x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "`migrate`" in result.stderr
    assert JANE not in result.stderr
