"""Writes a file whole or not at all."""

import os
import stat
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Writes a file whole, or raises OSError and leaves what was there.

    A file that is there keeps its mode.
    """
    target = path.resolve()
    _check_target(target)
    beside = _beside(target)
    try:
        beside.write_text(text, encoding="utf-8")
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raises OSError where a file cannot be written whole."""
    target = path.resolve()
    _check_target(target)
    beside = _beside(target)
    try:
        beside.touch(exist_ok=False)
    finally:
        beside.unlink(missing_ok=True)


def _check_target(target: Path) -> None:
    """It takes the right to the folder alone to put another file in its place."""
    if target.exists():
        if not target.is_file():
            raise OSError("found something that is no file")
        with target.open("r+b"):
            pass


def _beside(target: Path) -> Path:
    """Short, since the name of the target may be as long as a name can be."""
    return target.with_name(f".{os.getpid()}.new")
