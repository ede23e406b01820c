import io
from pathlib import Path

import pytest

from ses_feedback_collector.replay.rejects import Rejects


def test_each_line_is_kept_whole_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"before\n")
    with Rejects(path) as rejects:
        rejects.add(b"\xff{", None)
        rejects.add(None, io.BytesIO(b"a long one\n"))
        rejects.add(None, io.BytesIO(b"without an end"))
        rejects.add(b"last", None)
    expected = b"before\n\xff{\na long one\nwithout an end\nlast\n"
    assert path.read_bytes() == expected


def test_after_a_flush_the_lines_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    with Rejects(path) as rejects:
        rejects.add(b"one", None)
        rejects.flush()
        assert path.read_bytes() == b"one\n"


def test_half_a_line_of_a_run_that_was_killed_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"whole\nhal")
    with Rejects(path) as rejects:
        rejects.add(b"next", None)
    assert path.read_bytes() == b"whole\nhal\nnext\n"


def test_a_line_too_many_for_the_disk_is_an_error() -> None:
    with (
        pytest.raises(OSError, match="No space left"),
        Rejects(Path("/dev/full")) as it,
    ):
        it.add(b"x", None)
        it.flush()
