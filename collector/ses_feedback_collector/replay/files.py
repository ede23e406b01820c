"""Local files, folders of them, and standard input."""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ses_feedback_collector.replay.sources import STANDARD_INPUT, Failed, Part, Read
from ses_feedback_collector.texts import printable


@dataclass(frozen=True)
class Files:
    """A file, all files below a folder by name, or `-`.

    Of a folder those are left out whose name begins with a dot, or that of a folder
    between, and links to folders.
    """

    path: str
    leave_out: frozenset[Path] = frozenset()
    """Real paths of files that are no part of a folder: the database's own."""

    def size(self) -> int | None:
        sizes = [part.size for part in self.parts()]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def parts(self) -> Iterator[Part]:
        if self.path == STANDARD_INPUT:
            yield _standard_input()
            return
        path = Path(self.path)
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            raise Failed(_said(self.path, error)) from None
        if not stat.S_ISDIR(mode):
            yield _file(path)
            return
        empty = True
        for part in _folder(path, self.leave_out):
            empty = False
            yield part
        if empty:
            raise Failed(f"{printable(self.path)}: there is no file in this folder.")


def _folder(path: Path, leave_out: frozenset[Path]) -> Iterator[Part]:
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield _unreadable(path, error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _folder(path / entry.name, leave_out)
        elif entry.is_file() and (path / entry.name).resolve() not in leave_out:
            yield _file(path / entry.name)


def _file(path: Path) -> Part:
    try:
        found = path.stat()
    except OSError as error:
        return _unreadable(path, error)
    regular = stat.S_ISREG(found.st_mode)
    return Part(
        name=printable(str(path)),
        source=path.resolve().as_uri() if regular else None,
        size=found.st_size if regular else None,
        open=lambda: _opened(path),
    )


def _unreadable(path: Path, error: OSError) -> Part:
    """So that it fails when its turn comes, and what follows is read nonetheless."""

    def fail() -> AbstractContextManager[Read]:
        raise Failed(_said(str(path), error))

    return Part(printable(str(path)), None, 0, fail)


def _standard_input() -> Part:
    try:
        found = os.fstat(0)
    except OSError as error:
        raise Failed(_said("standard input", error)) from None
    size = found.st_size if stat.S_ISREG(found.st_mode) else None
    return Part("standard input", None, size, lambda: _reading(0, "standard input"))


@contextmanager
def _opened(path: Path) -> Iterator[Read]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise Failed(_said(str(path), error)) from None
    try:
        with _reading(descriptor, str(path)) as read:
            yield read
    finally:
        os.close(descriptor)


@contextmanager
def _reading(descriptor: int, name: str) -> Iterator[Read]:
    def read(size: int) -> bytes:
        try:
            return os.read(descriptor, size)
        except OSError as error:
            raise Failed(_said(name, error)) from None

    yield read


def _said(name: str, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{printable(name)}: {(reason or str(error)).lower()}."
