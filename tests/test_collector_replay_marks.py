import hashlib
import io

import pytest
from sqlalchemy import Engine, select

from ses_feedback_collector.database import Away, migrate
from ses_feedback_collector.replay.content import Content, Lines
from ses_feedback_collector.replay.marks import (
    Changed,
    Mark,
    Marks,
    beginning,
    behind,
    checkpoint,
    mark,
)
from ses_feedback_collector.tables import replays
from tests.databases import PostgresServer, opened

THREE = b"a\nb\nc\n"


def found(content: bytes, known: Mark | None, etag: str | None = None) -> list[str]:
    lines = Lines(Content("name", io.BytesIO(content).read), checkpoint(known, etag))
    return [
        f"{line.number} {(line.text or b'').decode()}"
        for line in behind(lines, known, etag)
    ]


def after(content: bytes, lines: int) -> Mark:
    """The mark behind so many lines."""
    reading = Lines(Content("name", io.BytesIO(content).read))
    for line in reading:
        if line.number == lines:
            break
    return mark(reading, None)


def test_a_mark_holds_the_digest_of_what_lies_before_it() -> None:
    digest = hashlib.sha256(b"a\nb\n").hexdigest()
    assert after(THREE, 2) == Mark(2, f"4:{digest}", False)


def test_all_lines_are_new_where_nothing_is_known() -> None:
    assert found(THREE, None) == ["1 a", "2 b", "3 c"]


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_lines_behind_the_mark_are_new(lines: int) -> None:
    assert found(THREE, after(THREE, lines)) == ["1 a", "2 b", "3 c"][lines:]


def test_what_grew_goes_on_at_its_end() -> None:
    assert found(THREE + b"d\ne", after(THREE, 3)) == ["4 d", "5 e"]


def test_a_last_line_that_had_no_end_is_read_again_when_it_grew() -> None:
    known = after(b"a\nhal", 2)
    assert found(b"a\nhal", known) == []
    assert found(b"a\nhalf\nb\n", known) == ["2 half", "3 b"]


@pytest.mark.parametrize(
    "content",
    [b"a\nB\nc\n", b"a\nbb\nc\n", b"a\n", b"", b"a\nb", b"\na\nb\n"],
)
def test_of_what_changed_no_line_is_given(content: bytes) -> None:
    known = after(THREE, 2)
    lines = Lines(Content("name", io.BytesIO(content).read), checkpoint(known, None))
    with pytest.raises(Changed):
        next(behind(lines, known, None))


def test_an_empty_content_that_grew_is_read_whole() -> None:
    assert found(THREE, Mark(0, f"0:{hashlib.sha256().hexdigest()}", True)) == [
        "1 a",
        "2 b",
        "3 c",
    ]


def test_an_object_goes_on_by_lines_while_its_etag_is_the_same() -> None:
    assert found(THREE, Mark(2, "6:tag", False), "6:tag") == ["3 c"]
    with pytest.raises(Changed):
        found(THREE, Mark(2, "6:tag", False), "6:other")


def test_a_mark_of_another_kind_is_as_one_that_changed() -> None:
    with pytest.raises(Changed):
        found(THREE, Mark(2, "tag", False))


def test_marks_are_kept_by_source_and_replaced(engine: Engine) -> None:
    marks = Marks(engine)
    first, other = Mark(1, "2:x", False), Mark(5_000_000_000, "9:y", True)
    marks.save({"file:///a": first, "s3://log/ä": other})
    assert marks.known(["file:///a", "s3://log/ä", "file:///b"]) == {
        "file:///a": first,
        "s3://log/ä": other,
    }
    later = Mark(7, "8:z", True)
    marks.save({"file:///a": later})
    assert marks.known(["file:///a"]) == {"file:///a": later}
    marks.save({})
    assert marks.known([]) == {}


def test_the_key_of_a_long_path_is_its_digest(engine: Engine) -> None:
    """PostgreSQL's index takes no longer text, unless it can be compressed."""
    letters = "".join(
        hashlib.sha256(bytes([number])).hexdigest() for number in range(128)
    )
    fits, longer, longest = (f"file:///{letters}"[:size] for size in (1000, 1001, 8000))
    marks = {fits: Mark(1, "2:x", False), longer: Mark(2, "4:y", True)}
    marks[longest] = Mark(3, "6:z", True)
    for _ in range(2):
        Marks(engine).save(marks)
        assert Marks(engine).known([*marks, "file:///b"]) == marks
    with engine.connect() as connection:
        keys = set(connection.execute(select(replays.c.source)).scalars())
    assert keys == {
        fits,
        *(
            f"sha256:{hashlib.sha256(one.encode()).hexdigest()}"
            for one in marks
            if one != fits
        ),
    }


def test_before_the_first_line_nothing_has_to_be_what_it_was() -> None:
    assert found(THREE, beginning(None, None)) == ["1 a", "2 b", "3 c"]
    assert found(THREE, beginning(None, "6:tag"), "6:tag") == ["1 a", "2 b", "3 c"]
    finished = Mark(2, "4:x", True)
    assert beginning(finished, None) == Mark(2, "4:x", False)


def test_a_database_that_is_gone_is_said_to_be_away(
    own_postgresql: PostgresServer,
) -> None:
    with opened(own_postgresql.create()) as engine:
        migrate(engine)
        own_postgresql.stop(crash=True)
        for call in (
            lambda: Marks(engine).known(["a"]),
            lambda: Marks(engine).save({"a": Mark(1, "1:x", False)}),
        ):
            with pytest.raises(Away):
                call()
