import gzip
import hashlib
import io
import tracemalloc
from collections.abc import Callable

import pytest

from ses_feedback_collector.replay import content
from ses_feedback_collector.replay.content import LONGEST_LINE, Content, Line, Lines
from ses_feedback_collector.replay.sources import Failed, Read


def in_bits(data: bytes) -> Read:
    """As a slow pipe gives it."""
    stream = io.BytesIO(data)
    return lambda size: stream.read(min(size, 1))


def at_once(data: bytes) -> Read:
    return io.BytesIO(data).read


def lines(read: Read, checkpoint: int = 0, *, keep_overlong: bool = False) -> Lines:
    return Lines(Content("name", read), checkpoint, keep_overlong=keep_overlong)


def texts(found: Lines) -> list[bytes | None]:
    return [line.text for line in found]


each_way = pytest.mark.parametrize("way", [at_once, in_bits])


@each_way
def test_lines_are_read_with_any_line_break(way: Callable[[bytes], Read]) -> None:
    assert texts(lines(way(b"a\r\nbc\n\nd"))) == [b"a", b"bc", b"", b"d"]


@each_way
def test_gzip_is_told_by_the_content(way: Callable[[bytes], Read]) -> None:
    assert texts(lines(way(gzip.compress(b"a\nb\n")))) == [b"a", b"b"]


@each_way
def test_members_of_gzip_follow_each_other_within_a_line(
    way: Callable[[bytes], Read],
) -> None:
    data = gzip.compress(b"a\nb") + gzip.compress(b"c\n") + gzip.compress(b"d\n")
    assert texts(lines(way(data))) == [b"a", b"bc", b"d"]


@pytest.mark.parametrize(
    "data", [b"", b"\x1f", gzip.compress(b"")], ids=["nothing", "a byte", "gzip"]
)
def test_little_or_nothing_is_no_error(data: bytes) -> None:
    assert texts(lines(at_once(data))) == [line for line in [data] if line == b"\x1f"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert texts(lines(at_once(b"\xef\xbb\xbf{}\n{}"))) == [b"{}", b"{}"]


def test_gzip_that_breaks_off_gives_what_came_before() -> None:
    data = gzip.compress(b"".join(b"%d line\n" % number for number in range(50_000)))
    found: list[Line] = []
    reading = lines(at_once(data[: len(data) // 2]))
    with pytest.raises(Failed, match="name: its gzip data ends in the middle"):
        found.extend(reading)
    assert len(found) > 10_000
    assert found[-1].text == b"%d line" % (len(found) - 1)
    assert reading.number == len(found)


def test_damaged_gzip_is_said_to_be_so() -> None:
    data = bytearray(gzip.compress(b"line\n" * 10))
    data[-6] ^= 0xFF
    with pytest.raises(Failed, match="name: its gzip data is damaged"):
        list(lines(at_once(bytes(data))))


def test_the_digest_is_that_of_the_content_up_to_the_line() -> None:
    reading = lines(at_once(gzip.compress(b"a\nb\nc")))
    for line, end in zip(reading, (2, 4, 5), strict=True):
        assert (line.end, reading.length) == (end, end)
        assert reading.digest() == hashlib.sha256(b"a\nb\nc"[:end]).hexdigest()


@each_way
@pytest.mark.parametrize("checkpoint", range(8))
def test_the_digest_at_a_checkpoint_may_be_that_of_half_a_line(
    way: Callable[[bytes], Read], checkpoint: int
) -> None:
    reading = lines(way(b"ab\ncd\n"), checkpoint)
    list(reading)
    digest = hashlib.sha256(b"ab\ncd\n"[:checkpoint]).hexdigest()
    assert reading.at_checkpoint == (digest if checkpoint <= 6 else None)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LONGEST_LINE", 8)


@each_way
@pytest.mark.usefixtures("short")
def test_a_line_that_is_too_long_is_told_of_and_the_next_is_read(
    way: Callable[[bytes], Read],
) -> None:
    data = b"12345678\n1234567\nb\n123456789"
    found = list(lines(way(data), keep_overlong=True))
    assert [line.text for line in found] == [None, b"1234567", b"b", None]
    kept = []
    for line in found:
        if line.overlong:
            line.overlong.seek(0)
            kept.append(line.overlong.read())
            line.drop()
            assert line.overlong.closed
    assert kept == [b"12345678\n", b"123456789"]


@each_way
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("checkpoint", [3, 9, 11, 12, 24])
def test_a_line_that_is_too_long_counts_in_the_digest(
    way: Callable[[bytes], Read], checkpoint: int
) -> None:
    data = b"a\n0123456789abcdef\nlast\n"
    reading = lines(way(data), checkpoint)
    for line in reading:
        assert reading.digest() == hashlib.sha256(data[: line.end]).hexdigest()
    digest = hashlib.sha256(data[:checkpoint]).hexdigest()
    assert reading.at_checkpoint == digest


def test_a_line_without_an_end_takes_no_more_memory_than_the_longest() -> None:
    left = 40

    def endless(size: int) -> bytes:
        nonlocal left
        left -= 1
        return b"x" * (1024 * 1024) if left > 0 else b""

    tracemalloc.start()
    try:
        (line,) = lines(endless)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (line.text, line.end) == (None, 39 * 1024 * 1024)
    assert most < 4 * LONGEST_LINE


def test_a_gzip_bomb_takes_no_more_memory_than_the_longest_line() -> None:
    data = gzip.compress(b"0" * (64 * 1024 * 1024))
    tracemalloc.start()
    try:
        (line,) = lines(at_once(data))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert line.end == 64 * 1024 * 1024
    assert most < 4 * LONGEST_LINE
