import os
import socket
from pathlib import Path

import pytest

from ses_feedback_collector.replay.files import Files
from ses_feedback_collector.replay.sources import Failed, Part


def content(part: Part) -> bytes:
    with part.open() as read:
        return b"".join(iter(lambda: read(3), b""))


def names(folder: Path) -> list[str]:
    return [
        Path(part.name).relative_to(folder).as_posix()
        for part in Files(str(folder)).parts()
    ]


def test_a_file_is_one_part_with_its_size_and_place(tmp_path: Path) -> None:
    path = tmp_path / "my events.jsonl"
    path.write_bytes(b"some lines\n")
    (part,) = Files(str(path)).parts()
    assert (part.name, part.size) == (str(path), 11)
    assert part.source == path.as_uri()
    assert part.source.endswith("/my%20events.jsonl")
    assert content(part) == b"some lines\n"


def test_the_place_is_the_same_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jsonl").touch()
    (absolute,) = Files(str(tmp_path / "a.jsonl")).parts()
    monkeypatch.chdir(tmp_path)
    (relative,) = Files("a.jsonl").parts()
    assert relative.name == "a.jsonl"
    assert relative.source == absolute.source


def test_a_folder_is_read_with_all_below_it_in_the_order_of_names(
    tmp_path: Path,
) -> None:
    for name in ("b.jsonl", "day=2/x", "day=1/y/deep", "day=1/x", "a", ".hid", ".h/x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    assert names(tmp_path) == ["a", "b.jsonl", "day=1/x", "day=1/y/deep", "day=2/x"]
    assert Files(str(tmp_path)).size() == 25


def test_what_is_no_file_is_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "linked").symlink_to("file")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert names(tmp_path) == ["file", "linked"]


def test_the_databases_own_files_are_left_out_of_a_folder(tmp_path: Path) -> None:
    for name in ("a", "own", "z"):
        (tmp_path / name).touch()
    own = frozenset({(tmp_path / "own").resolve()})
    parts = Files(str(tmp_path), own).parts()
    assert [Path(part.name).name for part in parts] == ["a", "z"]


def test_a_name_that_is_no_text_can_be_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\n"
    Path(os.fsdecode(path)).write_bytes(b"x")
    (part,) = Files(str(tmp_path)).parts()
    assert part.source
    assert part.source.endswith("/%FF%0A")
    part.name.encode()
    assert "\n" not in part.name
    assert content(part) == b"x"


def test_a_pipe_can_be_read_once(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(b"through a pipe")
    try:
        (part,) = Files(f"/dev/fd/{reading}").parts()
        assert (part.source, part.size) == (None, None)
        assert content(part) == b"through a pipe"
        assert Files(f"/dev/fd/{reading}").size() is None
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("absent.jsonl", "absent.jsonl: no such file or directory."),
        ("file/below", "file/below: not a directory."),
        ("empty", "empty: there is no file in this folder."),
        ("nul\0", "nul\N{REPLACEMENT CHARACTER}: "),
    ],
)
def test_what_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(Failed) as raised:
        list(Files(name).parts())
    assert str(raised.value).startswith(expected)


def test_a_file_that_cannot_be_read_fails_in_its_turn(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"y")
    first, second = Files(str(tmp_path)).parts()
    (tmp_path / "a").unlink()
    with pytest.raises(Failed, match="/a: no such file or directory"):
        content(first)
    assert content(second) == b"y"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_fails_in_its_turn(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "open").touch()
    closed, _ = Files(str(tmp_path)).parts()
    with pytest.raises(Failed, match="/closed: permission denied"):
        content(closed)
