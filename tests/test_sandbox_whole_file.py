import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.whole_file import check_writable, write


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("before")
    link = tmp_path / "link.html"
    link.symlink_to(file)
    check_writable(link)
    assert file.read_text() == "before"
    write(link, "after")
    assert (file.read_text(), link.is_symlink()) == ("after", True)
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write(file, "a\ud800")
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["", "gone/page.html"])
def test_what_is_no_place_for_a_file_is_said_beforehand(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(OSError, match="no file|No such file"):
        check_writable(tmp_path / name)


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    file, new = tmp_path / "page.html", tmp_path / "new.html"
    file.touch()
    file.chmod(0o640)
    for one in (file, new):
        write(one, "after")
    assert file.stat().st_mode & 0o777 == 0o640
    umask = os.umask(0)
    os.umask(umask)
    assert new.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    file = tmp_path / ("p" * 255)
    check_writable(file)
    write(file, "after")
    assert file.read_text() == "after"


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    """A program that runs: not even root may write to it."""
    file = tmp_path / "program"
    shutil.copy("/bin/sleep", file)
    before = file.read_bytes()
    running = subprocess.Popen([file, "60"])
    try:
        for call in (check_writable, lambda path: write(path, "after")):
            with pytest.raises(OSError, match="busy"):
                call(file)
    finally:
        running.kill()
        running.wait()
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
