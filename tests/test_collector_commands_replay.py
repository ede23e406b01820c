import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET
from ses_feedback_collector.database import Away
from ses_feedback_collector.store import Store
from tests import feedback
from tests.queue_server import Gate, QueueServer, environment
from tests.replays import (
    UNREADABLE,
    bounced,
    command,
    email,
    emails,
    line,
    lines,
    packed,
    positions,
    replay,
    run,
)
from tests.served import served

PATIENCE = 60
"""Seconds for what has to happen."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def started(url: str, count: int) -> bool:
    """Whether a run has stored so many bounces."""
    try:
        return len(bounced(url)) >= count
    except Exception:  # noqa: BLE001  the tables are not made yet
        return False


# What is said.


def test_one_line_says_what_was_read(database: str, folder: Path) -> None:
    (folder / "a").write_text(lines(3) + feedback.SETUP_TEXT + "\n" + line(1))
    found = replay(folder, database=database)
    assert (found.code, found.said) == (0, "")
    assert found.printed == (
        "Read 5 messages: 3 rows stored, 1 already there, 1 notices, 0 unreadable.\n"
    )
    found = replay(folder, "--json", database=database)
    assert found.code == 0
    assert found.json == {
        "read": 0,
        "stored": 0,
        "alreadyThere": 0,
        "notices": 0,
        "unreadable": 0,
        "skipped": 1,
        "failures": 0,
        "deleted": 0,
        "staying": {},
        "inOtherHands": {},
    }
    assert "1 skipped that were replayed before and have not changed" in found.said
    found = replay(folder, "--again", "--json", database=database)
    assert (found.json["read"], found.json["alreadyThere"]) == (5, 4)


def test_unreadable_lines_are_told_of_and_kept(sqlite: str, folder: Path) -> None:
    (folder / "a").write_text(line(0) + UNREADABLE + line(1))
    found = replay(folder, database=sqlite)
    assert found.code == 3
    assert f"{folder / 'a'}:2: " in found.said
    assert "--rejects FILE" in found.said
    assert "jane" not in found.said
    assert "1 unreadable" in found.printed
    assert bounced(sqlite) == emails(2)
    bad = folder.parent / "bad.jsonl"
    found = replay(folder, "--rejects", bad, database=sqlite)
    assert found.code == 3
    assert "--rejects" not in found.said
    assert bad.read_text() == UNREADABLE


def test_what_cannot_be_read_does_not_keep_the_rest_from_it(
    sqlite: str, folder: Path
) -> None:
    (folder / "a").write_bytes(packed(lines(200))[:-20])
    (folder / "b").write_text(UNREADABLE + line(500))
    found = replay(folder / "absent", folder, database=sqlite)
    assert found.code == 1
    assert f"{folder / 'absent'}: no such file or directory." in found.said
    assert f"{folder / 'a'}: its gzip data ends in the middle" in found.said
    assert email(500) in bounced(sqlite)
    assert "2 failures" in found.printed


def test_the_folder_of_the_database_can_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "a").write_text(lines(2))
    found = replay(".", database="sqlite:///ses-feedback.db")
    assert (found.code, found.said) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Missing argument 'SOURCE...'"),
        (["s3://"], "names no bucket"),
        (["arn:aws:s3:::log"], "is not the ARN of a queue"),
        (["-", "-"], "can be read only once"),
        (["a", "--rejects", "a"], "--rejects a is part of the source a"),
        ([".", "--rejects", "x/bad"], "--rejects x/bad is part of the source ."),
        (["a", "--database", "oracle://u:geheim@h/d"], "--database"),
    ],
)
def test_a_mistake_in_the_command_line_is_said(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(folder)
    found = replay(*arguments)
    assert found.code == 2
    assert expected in found.said
    assert "geheim" not in found.said
    assert list(folder.iterdir()) == []


def test_rejects_that_cannot_be_written_are_said(sqlite: str, folder: Path) -> None:
    (folder / "a").write_text(UNREADABLE)
    found = replay(folder, "--rejects", "/absent/bad", database=sqlite)
    assert (found.code, found.said) == (
        1,
        "--rejects /absent/bad: No such file or directory.\n",
    )
    found = replay(folder, "--rejects", "/dev/full", database=sqlite)
    assert found.code == 1
    assert "No space left on device" in found.said
    assert positions(sqlite) == {}


def test_a_database_that_is_none_is_said_without_its_password(folder: Path) -> None:
    (folder / "a").write_text(line(1))
    url = "postgresql://user:geheim@127.0.0.1:9/feedback"
    found = replay(folder, database=url)
    assert found.code == 1
    assert found.said.startswith("--database: ")
    assert "geheim" not in found.said


def test_help_needs_neither_boto3_nor_rich() -> None:
    code = (
        "import sys; sys.modules.update(boto3=None, botocore=None, rich=None)\n"
        "from ses_feedback_collector.__main__ import main; main(['replay', '--help'])"
    )
    found = run([sys.executable, "-c", code])
    assert (found.code, found.said) == (0, "")
    assert "arn:aws:sqs:..." in found.printed


# Standard input, and a terminal.


@pytest.mark.parametrize("pack", [str.encode, packed])
def test_standard_input_is_read_whole_each_time(
    sqlite: str, pack: Callable[[str], bytes]
) -> None:
    for expected in ((3, 0), (0, 3)):
        found = run([*command("-", "--json", database=sqlite)], pack(lines(3)))
        assert (found.code, found.said) == (0, "")
        assert (found.json["stored"], found.json["alreadyThere"]) == expected
    assert positions(sqlite) == {}


def test_an_unreadable_line_of_standard_input_has_its_number(sqlite: str) -> None:
    found = run(command("-", database=sqlite), (line(0) + UNREADABLE).encode())
    assert found.code == 3
    assert found.said.startswith("standard input:2: ")


def test_on_a_terminal_there_is_a_bar(sqlite: str, folder: Path) -> None:
    (folder / "a").write_text(lines(500) + UNREADABLE)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    process = subprocess.Popen(
        command(folder, database=sqlite),
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    printed, _ = process.communicate(timeout=PATIENCE)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert process.returncode == 3
    size = (folder / "a").stat().st_size / 1000
    assert f"{size:.1f}/{size:.1f} kB" in text
    assert f"{folder / 'a'}:501: " in text
    assert b"500 rows stored" in printed


# The event log.


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    with served() as account:
        client = account.client("s3")
        place = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket="log", CreateBucketConfiguration=place)
        yield account


@pytest.fixture
def s3(account: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in environment(account.endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMINISTRATOR)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR_SECRET)
    return account.client("s3")


def test_the_event_log_is_replayed_with_what_firehose_could_not_deliver(
    s3: Any, database: str
) -> None:
    record = {"attemptsMade": 4, "errorCode": "x", "rawData": "bm90aGluZw=="}
    for key, body in {
        "events/day=2026-05-04/1.gz": packed(lines(3), lines(3, 3)),
        "events/day=2026-05-05/1.gz": packed(lines(3, 6)),
        "errors/1": json.dumps(record).encode() + b"\n",
    }.items():
        s3.put_object(Bucket="log", Key=key, Body=body)
    found = replay("s3://log/events/day=2026-05-04/", "--json", database=database)
    assert (found.code, found.json["stored"]) == (0, 6)
    found = replay("s3://log", "--json", database=database)
    assert (found.code, found.json["stored"]) == (3, 3)
    assert found.json["skipped"] == 1
    assert found.said.startswith("s3://log/errors/1:1: ")
    s3.put_object(
        Bucket="log", Key="events/day=2026-05-05/1.gz", Body=packed(lines(11))
    )
    found = replay("s3://log/events/", "--json", database=database)
    assert (found.code, found.json["stored"], found.json["alreadyThere"]) == (0, 2, 9)
    assert "has changed since it was replayed" in found.said
    assert bounced(database) == emails(11)


def test_a_right_that_is_missing_is_named(
    account: Any, s3: Any, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = account.user("nobody")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    found = replay("s3://log/events/", database=sqlite)
    assert found.code == 1
    assert "needs s3:ListBucket on arn:aws:s3:::log" in found.said


# A dead-letter queue.


def test_a_dead_letter_queue_keeps_only_what_still_cannot_be_read(
    queue_server: QueueServer, database: str
) -> None:
    queue = queue_server.queue(receives=1000)
    good = [feedback.in_sns(json.loads(line(number))) for number in range(25)]
    notice = feedback.notices()["set validated, sns"]
    queue.send([*good, notice, UNREADABLE, UNREADABLE, "{"])
    name = queue.url.rpartition("/")[2]
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}"
    found = replay(arn, "--json", database=database)
    assert found.code == 3
    assert found.json["read"] == 29
    assert found.json["stored"] == 25
    assert found.json["notices"] == 1
    assert found.json["deleted"] == 26
    assert sorted(found.json["staying"][queue.url].values()) == [1, 2]
    assert f"3 messages stay in {queue.url}: 2 x " in found.said
    assert "jane" not in found.said
    assert "--rejects" not in found.said
    assert queue.size == 3
    assert bounced(database) == emails(25)


def test_an_empty_dead_letter_queue_is_done_at_once(
    queue_server: QueueServer, sqlite: str
) -> None:
    found = replay(queue_server.queue().dead_letter_url, database=sqlite)
    assert (found.code, found.said) == (0, "")


def test_messages_in_other_hands_are_told_of(
    queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue()
    queue.send([line(1)])
    queue.sqs.receive_message(QueueUrl=queue.url)
    found = replay(queue.url, database=sqlite)
    assert found.code == 0
    assert f"About 1 more messages are in {queue.url}" in found.said


def test_what_is_not_stored_stays_in_the_queue(
    queue_server: QueueServer, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Store, events: Any, received_at: Any = None) -> Any:
        raise Away("the database is away")

    queue = queue_server.queue()
    queue.send([line(1)])
    monkeypatch.setattr(Store, "save", away)
    found = replay(queue.url, database=sqlite)
    assert (found.code, found.said) == (1, "--database: the database is away.\n")
    assert queue.size == 1


def test_what_may_not_be_deleted_is_stored_once(
    queue_server: QueueServer, gate: Gate, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=1)
    queue.send([line(1)])
    gate.fails["DeleteMessageBatch"] = "access denied"
    found = replay(queue.url, database=sqlite)
    assert found.code == 1
    assert "sqs:DeleteMessage" in found.said
    assert bounced(sqlite) == emails(1, 1)
    del gate.fails["DeleteMessageBatch"]
    until(lambda: queue.visible == 1)
    found = replay(queue.url, "--json", database=sqlite)
    assert (found.json["stored"], found.json["alreadyThere"]) == (0, 1)
    assert queue.size == 0


# Stopped in the middle.


@pytest.mark.parametrize("pack", [str.encode, packed], ids=["plain", "gzip"])
def test_a_run_that_is_killed_is_gone_on_with(
    database: str, folder: Path, pack: Callable[[str], bytes]
) -> None:
    count = 5_000
    (folder / "a").write_bytes(pack(lines(count // 2)))
    (folder / "b").write_bytes(pack(lines(count // 2, count // 2)))
    for least in (1, 2_000):
        process = subprocess.Popen(
            command(folder, database=database),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: started(database, least))  # noqa: B023  called at once
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL
        stored = len(bounced(database))
        assert least <= stored < count
        assert sum(lines for lines, _ in positions(database).values()) <= stored
    before = sum(lines for lines, _ in positions(database).values())
    found = replay(folder, "--json", database=database)
    assert found.code == 0
    assert found.json["read"] == count - before < count
    assert bounced(database) == emails(count)
    assert positions(database) == {"a": (2_500, True), "b": (2_500, True)}


def test_a_replay_of_a_queue_that_is_killed_is_gone_on_with(
    queue_server: QueueServer, database: str
) -> None:
    queue = queue_server.queue(visibility=2, receives=1000)
    queue.send([line(number) for number in range(600)])
    process = subprocess.Popen(
        command(queue.url, database=database),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: started(database, 100))
    process.kill()
    process.wait(PATIENCE)
    assert len(bounced(database)) < 600
    until(lambda: queue.in_hand == 0)
    found = replay(queue.url, "--json", database=database)
    assert found.code == 0
    assert bounced(database) == emails(600)
    assert queue.size == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_run_that_is_asked_to_stop_commits_what_it_has(
    sqlite: str, number: int, code: int
) -> None:
    """It waits for more on standard input, with less than a batch read."""
    process = subprocess.Popen(
        command("-", "--json", database=sqlite),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(lines(3).encode())
    process.stdin.flush()
    until(lambda: waits_for_more(process))
    process.send_signal(number)
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert json.loads(printed)["stored"] == 3
    assert b"Stopped. What was read is stored; the same command goes on" in said
    assert b"Standard input has to be given from its beginning." in said
    assert bounced(sqlite) == emails(3)


def waits_for_more(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has read all that it was given, and sleeps."""
    assert process.stdin
    left = fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4)
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2][0]
    return left == b"\0" * 4 and state == "S"


def test_a_file_is_gone_on_with_after_ctrl_c(sqlite: str, folder: Path) -> None:
    (folder / "a").write_text(lines(5_000))
    process = subprocess.Popen(
        command(folder, database=sqlite),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(lambda: started(sqlite, 1))
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"goes on from there" in said
    stored = len(bounced(sqlite))
    assert f"{stored} rows stored".encode() in printed
    assert positions(sqlite) == {"a": (stored, False)}
    found = replay(folder, "--json", database=sqlite)
    assert (found.code, found.json["stored"]) == (0, 5_000 - stored)
    assert found.json["alreadyThere"] == 0
