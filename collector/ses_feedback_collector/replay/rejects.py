"""The file for lines that cannot be read, whole, to be mended and read again."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Rejects:
    """Lines are added at its end: a run that goes on keeps what the one before found.

    Raises OSError where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        if self._breaks_off(path):
            self._file.write(b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What counts has been flushed; an error was told of there.
        with suppress(OSError):
            self._file.close()

    def add(self, text: bytes | None, overlong: IO[bytes] | None) -> None:
        if overlong is not None:
            overlong.seek(0)
            shutil.copyfileobj(overlong, self._file)
            overlong.seek(-1, os.SEEK_END)
            if overlong.read(1) == b"\n":
                return
        self._file.write((text or b"") + b"\n")

    def flush(self) -> None:
        """Until here it is on the disk."""
        self._file.flush()
        if os.path.isfile(self._file.name):
            os.fsync(self._file.fileno())

    @staticmethod
    def _breaks_off(path: Path) -> bool:
        """Whether a run was killed in the middle of a line."""
        if not path.is_file() or not path.stat().st_size:
            return False
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
