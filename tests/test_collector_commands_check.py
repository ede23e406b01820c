import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from click.testing import CliRunner, Result

from ses_feedback_collector.commands.check import COLUMNS, check
from ses_feedback_collector.database import migrate, open_database
from ses_feedback_collector.events import Event, EventType
from ses_feedback_collector.parsing import parse
from ses_feedback_collector.store import Store
from ses_feedback_collector.suppression import Suppression
from tests import feedback
from tests.nameserver import answering

JANE, JOHN = "jane@example.com", "john@example.com"


@pytest.fixture
def url(database: str) -> str:
    """A database in which mail to Jane has bounced."""
    return with_bounce(database)


@pytest.fixture
def file_url(sqlite: str) -> str:
    """The same, where the database does not matter."""
    return with_bounce(sqlite)


def with_bounce(url: str) -> str:
    engine = open_database(url)
    migrate(engine)
    event = parse(json.dumps(feedback.event(EventType.BOUNCE)))
    assert isinstance(event, Event)
    Store(engine).save({"one": event})
    engine.dispose()
    return url


def checking(url: str, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(
        check, [*arguments, "--database", url], stdin, catch_exceptions=False
    )


def test_it_exits_with_0_when_all_may_be_sent_to(url: str) -> None:
    result = checking(url, JOHN)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{JOHN}\tyes\t-\t-\t-\t-\n"


def test_it_exits_with_3_when_one_may_not(url: str) -> None:
    result = checking(url, JOHN, JANE, "jane")
    assert (result.exit_code, result.stderr) == (3, "")
    john, jane, other = result.stdout.splitlines()
    assert john.split()[:2] == [JOHN, "yes"]
    *cells, more = jane.split("\t")
    assert cells == [JANE, "no", "bounced", "2026-05-04", "for good"]
    assert "there is no such mailbox" in more
    assert other.split()[:3] == ["jane", "no", "not-an-address"]


def test_each_address_is_told_once_and_as_given(file_url: str) -> None:
    result = checking(file_url, JOHN, JOHN, "JANE@example.com", JANE)
    given = [line.split()[0] for line in result.stdout.splitlines()]
    assert given == [JOHN, "JANE@example.com", JANE]


def test_addresses_come_from_a_file_and_from_standard_input(
    file_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "addresses.txt"
    path.write_text(f"\ufeff{JOHN}\r\n\n  ann@example.com \n", encoding="utf-8")
    result = checking(file_url, "eve@example.com", "--file", str(path))
    given = [line.split()[0] for line in result.stdout.splitlines()]
    assert given == ["eve@example.com", JOHN, "ann@example.com"]
    result = checking(file_url, "--file", "-", stdin=f"{JANE}\n")
    assert (result.exit_code, result.stdout.split()[0]) == (3, JANE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"\n\n", "no address"),
        (b"jos\xe9@example.com\n", "--file is not in UTF-8"),
    ],
)
def test_a_file_without_addresses_is_a_usage_error(
    file_url: str, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "addresses.txt"
    if content is not None:
        path.write_bytes(content)
    result = checking(file_url, "--file", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_no_address_at_all_is_a_usage_error(file_url: str) -> None:
    assert checking(file_url).exit_code == 2


def test_a_database_without_tables_is_a_failure(tmp_path: Path) -> None:
    result = checking(f"sqlite:///{tmp_path / 'none.db'}", JANE)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "`migrate`" in result.stderr


def test_a_topic_counts_alone(file_url: str) -> None:
    engine = open_database(file_url)
    event = parse(json.dumps(feedback.event(EventType.SUBSCRIPTION, [JOHN])))
    assert isinstance(event, Event)
    Store(engine).save({"one": event})
    engine.dispose()
    assert checking(file_url, JOHN).exit_code == 3
    assert checking(file_url, JOHN, "--topic", "offers").exit_code == 3
    assert checking(file_url, JOHN, "--topic", "news").exit_code == 0


def test_json_is_a_list_of_verdicts(url: str) -> None:
    result = checking(url, JANE, "john@gmial.com", "--json")
    assert result.exit_code == 3
    jane, john = json.loads(result.stdout)
    engine = open_database(url)
    assert jane == Suppression(engine).check([JANE])[JANE].as_json()
    engine.dispose()
    assert john["maySend"] is True
    [warning] = john["warnings"]
    assert warning["suggestion"] == "john@gmail.com"


def test_warnings_are_told_and_refuse_nothing(file_url: str) -> None:
    result = checking(file_url, "john@gmial.com", "john..doe@example.com")
    assert result.exit_code == 0
    misspelt, syntax = result.stdout.splitlines()
    assert "Did you mean john@gmail.com?" in misspelt
    assert "period" in syntax


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the system's resolver answers."""
    with answering({"example.com.": {"MX": "0 ."}}) as resolver:
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield


@pytest.mark.usefixtures("records")
def test_dns_is_asked_only_where_it_is_wanted(file_url: str) -> None:
    silent = checking(file_url, JOHN)
    assert "takes no mail" not in silent.stdout
    told = checking(file_url, JOHN, "john@none.test", "john", "--dns")
    lines = told.stdout.splitlines()
    assert "The domain example.com takes no mail." in lines[0]
    assert "There is no domain none.test." in lines[1]
    assert "domain" not in lines[2]
    assert checking(file_url, JOHN, "--dns").exit_code == 0
    [found] = json.loads(checking(file_url, JOHN, "--dns", "--json").stdout)
    assert [one["kind"] for one in found["warnings"]] == ["domain-takes-no-mail"]


def test_who_decided_by_hand_and_why_is_told(file_url: str) -> None:
    engine = open_database(file_url)
    suppression = Suppression(engine)
    suppression.suppress(JOHN, "ana", "asked by phone")
    suppression.lift(JANE, "bob", "[red]mailbox\x1b[2J is back\n")
    engine.dispose()
    lines = checking(file_url, JOHN, JANE).stdout.splitlines()
    john, jane = map(str.rstrip, lines)
    assert john.endswith("Suppressed by ana: asked by phone.")
    assert jane.split()[:2] == [JANE, "yes"]
    assert jane.endswith("Lifted by bob: [red]mailbox\ufffd[2J is back.")


def test_nothing_is_written(file_url: str) -> None:
    path = Path(file_url.removeprefix("sqlite:///"))
    before = path.read_bytes()
    checking(file_url, JANE, JOHN)
    assert path.read_bytes() == before


def test_help_says_the_columns(file_url: str) -> None:
    columns = [
        line.split()[0]
        for line in checking(file_url, "--help").stdout.splitlines()
        if line.startswith("  ") and line.split()
    ]
    first = columns.index("address")
    assert tuple(columns[first : first + len(COLUMNS)]) == COLUMNS


def test_many_addresses_of_very_different_lengths_are_not_padded(
    file_url: str,
) -> None:
    emails = [JOHN, f"{'x' * 200}@example.com"]
    lines = checking(file_url, *emails).stdout.splitlines()
    assert [line.partition("\tyes\t")[0] for line in lines] == emails
    assert not any(line != line.rstrip() or "  " in line for line in lines)


def test_a_long_text_that_is_no_address_is_not_repeated_whole(file_url: str) -> None:
    email, *_, more = checking(file_url, "x" * 5_000).stdout.split("\t")
    assert email == "x" * 5_000
    assert f"'{'x' * 97}...' is not an e-mail address" in more
    assert "x" * 101 not in more


@pytest.mark.parametrize("topic", ["", " "])
def test_an_empty_topic_is_a_usage_error(file_url: str, topic: str) -> None:
    result = checking(file_url, JANE, "--topic", topic)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected the name of a topic" in result.stderr


def in_terminal(*arguments: str) -> str:
    """What the command shows on a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    environment: dict[str, Any] = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ses_feedback_collector", "check", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass
    os.close(ours)
    assert process.wait() == 3
    return shown.decode()


def test_a_terminal_shows_a_table(file_url: str) -> None:
    shown = in_terminal(JANE, JOHN, "--database", file_url)
    lines = shown.splitlines()
    heading = next(line for line in lines if "address" in line)
    assert all(word in heading for word in ("send", "reason", "since", "until"))
    assert "bounced" in shown
    assert len(lines) > 4
