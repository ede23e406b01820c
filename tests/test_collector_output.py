import os
import subprocess
import sys
from pathlib import Path

import pytest

from ses_feedback_collector.database import migrate
from tests.databases import opened

COMMAND = [sys.executable, "-m", "ses_feedback_collector"]


@pytest.fixture
def tables(sqlite: str) -> str:
    with opened(sqlite) as engine:
        migrate(engine)
    return sqlite


@pytest.mark.parametrize(
    ("encoding", "suppressing"),
    [
        ({"PYTHONIOENCODING": "ascii"}, 0),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 2),
    ],
    ids=["output", "locale"],
)
def test_what_a_terminal_cannot_show_is_escaped(
    tables: str, encoding: dict[str, str], suppressing: int
) -> None:
    """In such a locale an argument in UTF-8 is no text, and refused as an address."""
    more = ["--database", tables]
    given = "josé@example.com\n".encode()
    checked, suppressed, refused = (
        subprocess.run(
            [*COMMAND, *arguments, *more],
            check=False,
            input=given,
            capture_output=True,
            env=os.environ | encoding,
        )
        for arguments in (
            ["check", "--file", "-"],
            ["suppress", "josé@example.com", "--why", "x"],
            ["suppress", "josé", "--why", "x"],
        )
    )
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert checked.stdout.startswith(rb"jos\xe9@example.com" + b"\tyes\t")
    assert suppressed.returncode == suppressing
    assert (suppressed.stdout + suppressed.stderr).isascii()
    assert b"jos\\" in suppressed.stdout + suppressed.stderr
    assert b"Traceback" not in suppressed.stderr
    assert refused.returncode == 2
    assert b"is not an e-mail address" in refused.stderr
    assert refused.stderr.isascii()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["migrate"], ["check", "a@b.test"]])
def test_an_output_that_cannot_be_written_is_a_sentence(
    tables: str, arguments: list[str], unbuffered: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ
            | {"SES_FEEDBACK_DATABASE": tables, "PYTHONUNBUFFERED": unbuffered},
        )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "Standard output cannot be written: No space left on device.\n",
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_gone_is_no_error_to_tell_of(
    tables: str, unbuffered: str
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "check", "--file", "-", "--database", tables],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with process.stdin as given:
        given.writelines(b"john%d@example.com\n" % one for one in range(5_000))
    assert process.stdout.readline().startswith(b"john0@example.com\t")
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert (process.returncode, said) == (1, b"")
