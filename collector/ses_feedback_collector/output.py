"""Standard output: text that it takes, and what to say when it cannot be written."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Output(io.TextIOBase):
    """A standard stream on which what it cannot encode is escaped, also where click
    would take another encoding than the user's: in ASCII."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        """Why it could not be written."""
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self.failure = error
            raise

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True


@contextmanager
def printing() -> Iterator[Output]:
    """Gives standard output; one that was closed before takes everything."""
    before = sys.stdout, sys.stderr
    output = Output(sys.stdout or io.StringIO())
    sys.stdout = output
    sys.stderr = Output(sys.stderr or io.StringIO())
    try:
        yield output
    finally:
        sys.stdout, sys.stderr = before
        if output.failure:
            _print_no_more()


def _print_no_more() -> None:
    """So that the end of the process does not try it once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
