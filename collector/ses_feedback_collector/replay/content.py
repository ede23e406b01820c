"""The content of a part: out of gzip, in lines of bounded length, with its digest."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from ses_feedback_collector.replay.sources import Failed, Read

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of a line that is still read: messages of SQS and SNS end at 1 MiB, records of
Firehose at 1,000 KiB, and an error record holds its data by a third longer."""

CHUNK = 64 * 1024
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Content:
    """The bytes of a part in chunks; what is gzip, by its first bytes, comes unpacked.

    Members of gzip may follow each other: so Firehose writes them.
    """

    def __init__(self, name: str, read: Read) -> None:
        self._name = name
        self._read = read
        self._head = self._first_bytes()
        self._gzip: gzip.GzipFile | None = None
        if self._head == _GZIP:
            packed: Any = self
            self._gzip = gzip.GzipFile(fileobj=packed, mode="rb")

    def chunk(self) -> bytes:
        """The next bytes, none at the end. Raises Failed where gzip data is damaged or
        ends too early, after all that came before was given."""
        if self._gzip is None:
            return self.read(CHUNK)
        try:
            return self._gzip.read1(CHUNK)
        except EOFError:
            raise Failed(
                f"{self._name}: its gzip data ends in the middle. It is incomplete, or"
                " still being written."
            ) from None
        except (OSError, zlib.error) as error:
            raise Failed(f"{self._name}: its gzip data is damaged: {error}") from None

    def read(self, size: int) -> bytes:
        """Bytes as they lie there."""
        if self._head:
            found, self._head = self._head[:size], self._head[size:]
            return found
        return self._read(size)

    def _first_bytes(self) -> bytes:
        head = b""
        while len(head) < len(_GZIP) and (found := self._read(len(_GZIP) - len(head))):
            head += found
        return head


@dataclass(frozen=True)
class Line:
    """One line of a part."""

    number: int
    """From 1."""
    end: int
    """Bytes of the content up to its end, its line break included."""
    text: bytes | None
    """Without its line break; None when it is too long to be held in memory."""
    overlong: IO[bytes] | None = None
    """The line that is too long, in a file, where it was asked for."""

    def drop(self) -> None:
        """It is not wanted any more."""
        if self.overlong:
            self.overlong.close()


class Lines:
    """The lines of a content, read once, with the digest of what was read.

    Between two lines `number`, `length` and `digest()` are those of the line that was
    given last.
    """

    def __init__(
        self, content: Content, checkpoint: int = 0, *, keep_overlong: bool = False
    ) -> None:
        """`checkpoint` is a number of bytes whose digest is wanted."""
        self.number = 0
        self.length = 0
        """Bytes of the content."""
        self.at_checkpoint: str | None = None
        """The digest of the first `checkpoint` bytes, once so many have been read."""
        self._content = content
        self._checkpoint = checkpoint
        self._keep_overlong = keep_overlong
        self._hash = hashlib.sha256()
        if not checkpoint:
            self.at_checkpoint = self._hash.hexdigest()
        self._held = bytearray()
        """The line so far."""
        self._overlong: _Overlong | None = None
        """The same, when it is too long to be held."""

    def digest(self) -> str:
        """SHA-256 of the content up to the end of the last line."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Line]:
        """Raises Failed; of the line that breaks off there nothing is given."""
        while chunk := self._content.chunk():
            start = 0
            while end := chunk.find(b"\n", start) + 1:
                self._add(chunk[start:end])
                yield self._ended()
                start = end
            self._add(chunk[start:])
        if self._held or self._overlong:
            yield self._ended()

    def _add(self, piece: bytes) -> None:
        self._held += piece
        if self._overlong is None and len(self._held) > LONGEST_LINE:
            file: IO[bytes] | None = None
            if self._keep_overlong:
                file = TemporaryFile()  # noqa: SIM115  whoever gets the line closes it
            self._overlong = _Overlong(self._hash.copy(), file)
        if self._overlong:
            self._see(self._overlong.hash, self._overlong.length)
            self._overlong.add(self._held)
            self._held.clear()

    def _ended(self) -> Line:
        self.number += 1
        if overlong := self._overlong:
            self._hash, self._overlong = overlong.hash, None
            self.length += overlong.length
            return Line(self.number, self.length, None, overlong.file)
        self._see(self._hash, 0)
        self._hash.update(self._held)
        self.length += len(self._held)
        text = bytes(self._held).rstrip(b"\r\n")
        self._held.clear()
        if self.number == 1:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        return Line(self.number, self.length, text)

    def _see(self, before: "hashlib._Hash", ahead: int) -> None:
        """Notes the digest at the checkpoint where that lies in what is held."""
        wanted = self._checkpoint - self.length - ahead
        if 0 < wanted <= len(self._held):
            part = before.copy()
            part.update(self._held[:wanted])
            self.at_checkpoint = part.hexdigest()


class _Overlong:
    """A line that is not held: only its length and digest, and a file where wanted."""

    def __init__(self, before: "hashlib._Hash", file: IO[bytes] | None) -> None:
        self.hash = before
        self.length = 0
        self.file = file

    def add(self, piece: bytearray) -> None:
        self.hash.update(piece)
        self.length += len(piece)
        if self.file:
            self.file.write(piece)
