import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ses_feedback_collector.database import Away
from ses_feedback_collector.replay import content, replaying
from ses_feedback_collector.replay.files import Files
from ses_feedback_collector.replay.rejects import Rejects
from ses_feedback_collector.replay.replaying import Replay
from ses_feedback_collector.replay.sources import Failed, Part, Read
from ses_feedback_collector.store import Store
from tests.replays import (
    UNREADABLE,
    bounced,
    email,
    emails,
    line,
    lines,
    packed,
    positions,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Without the database's own files."""
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@dataclass
class Objects:
    """A source of objects with an ETag, each of which is opened a number of times."""

    texts: dict[str, bytes]
    etag: str = "1"
    opened: list[str] = field(default_factory=list)
    breaks: bool = False
    """Whether there is a failure behind the last."""

    def size(self) -> int | None:
        return sum(map(len, self.texts.values()))

    def parts(self) -> Iterator[Part]:
        for name, text in self.texts.items():
            yield Part(name, f"s3://{name}", len(text), self._opener(name), self.etag)
        if self.breaks:
            raise Failed("the list breaks off")

    def _opener(self, name: str) -> Callable[[], AbstractContextManager[Read]]:
        @contextmanager
        def opening() -> Iterator[Read]:
            self.opened.append(name)
            yield io.BytesIO(self.texts[name]).read

        return opening


def replayed(engine: Engine, *sources: Any, **more: Any) -> tuple[Replay, list[str]]:
    """The replay, when it is done, and what it reported."""
    said: list[str] = []
    replay = Replay(engine, report=said.append, **more)
    for source in sources:
        replay.read_parts(Files(str(source)) if isinstance(source, Path) else source)
    return replay, said


def counts(replay: Replay) -> tuple[int, int, int]:
    """Read, stored, already there."""
    tally = replay.tally
    return tally.read, tally.stored, tally.already_there


def test_each_event_is_stored_once(engine: Engine, database: str, folder: Path) -> None:
    (folder / "a").write_text(lines(5) + "\n \r\n" + line(4))
    (folder / "b").write_bytes(packed(lines(3, 3), lines(3, 6)))
    replay, said = replayed(engine, folder)
    assert counts(replay) == (12, 9, 3)
    assert said == []
    assert bounced(database) == emails(9)
    assert positions(database) == {"a": (8, True), "b": (6, True)}


def test_what_is_finished_and_unchanged_is_skipped(
    engine: Engine, folder: Path
) -> None:
    (folder / "a").write_text(lines(5))
    (folder / "b").write_text("")
    (folder / "c").write_text(line(9).rstrip())
    objects = Objects({"x": line(6).encode(), "y": b""})
    replayed(engine, folder, objects)
    replay, said = replayed(engine, folder, objects)
    assert counts(replay) == (0, 0, 0)
    assert (replay.tally.skipped, said) == (5, [])
    assert objects.opened == ["x", "y"]


def test_again_reads_what_is_finished(engine: Engine, folder: Path) -> None:
    (folder / "a").write_text(lines(5))
    replayed(engine, folder)
    replay, _ = replayed(engine, folder, again=True)
    assert counts(replay) == (5, 0, 5)
    assert replay.tally.skipped == 0


def test_a_file_that_grew_goes_on_at_its_end(
    engine: Engine, database: str, folder: Path
) -> None:
    path = folder / "a"
    path.write_text(lines(5))
    replayed(engine, path)
    path.write_text(lines(8))
    replay, said = replayed(engine, path)
    assert counts(replay) == (3, 3, 0)
    assert said == [f"{path}: goes on behind line 5."]
    assert positions(database) == {"a": (8, True)}


def test_a_line_that_was_half_written_is_read_when_it_is_whole(
    engine: Engine, database: str, folder: Path
) -> None:
    path = folder / "a"
    path.write_text(lines(2)[:-40])
    replay, _ = replayed(engine, path)
    assert (replay.tally.stored, replay.tally.unreadable) == (1, 1)
    path.write_text(lines(3))
    replay, _ = replayed(engine, path)
    assert counts(replay) == (2, 2, 0)
    assert bounced(database) == emails(3)


def test_a_file_that_changed_begins_anew(
    engine: Engine, database: str, folder: Path
) -> None:
    path = folder / "a"
    path.write_text(lines(5))
    replayed(engine, path)
    path.write_text(lines(3, 3))
    replay, said = replayed(engine, path)
    assert counts(replay) == (3, 1, 2)
    assert said == [
        f"{path} has changed since it was replayed; it is read from its beginning."
    ]
    assert positions(database) == {"a": (3, True)}


def test_an_object_that_was_replaced_begins_anew(engine: Engine) -> None:
    objects = Objects({"x": lines(3).encode()})
    replayed(engine, objects)
    objects.etag, objects.texts["x"] = "2", lines(4).encode()
    replay, said = replayed(engine, objects)
    assert counts(replay) == (4, 1, 3)
    assert "x has changed" in said[0]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "BATCH_LINES", 4)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["file", "object"])
def test_when_the_database_goes_away_the_next_run_goes_on(
    engine: Engine,
    database: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    source: Any = Objects({"x": lines(10).encode()})
    if kind == "file":
        source = folder / "x"
        source.write_text(lines(10))
    calls = []
    save = Store.save

    def failing(self: Store, events: Any, received_at: Any = None) -> Any:
        calls.append(len(events))
        if len(calls) == 3:
            raise Away("the database is away")
        return save(self, events, received_at)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", failing)
        with pytest.raises(Away):
            replayed(engine, source)
    assert calls == [4, 4, 2]
    assert positions(database) == {"x": (8, False)}
    assert len(bounced(database)) == 8
    replay, _ = replayed(engine, source)
    assert counts(replay) == (2, 2, 0)
    assert positions(database) == {"x": (10, True)}


@pytest.mark.usefixtures("small_batches")
def test_a_position_is_never_ahead_of_its_rows(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at whenever rows are about to be stored or have been."""
    path = folder / "x"
    path.write_text(lines(10))
    url = engine.url.render_as_string(hide_password=False)
    seen = []

    def look() -> None:
        position, _ = positions(url).get("x", (0, False))
        seen.append((position, len(bounced(url))))

    save = Store.save

    def looking(self: Store, events: Any, received_at: Any = None) -> Any:
        look()
        saved = save(self, events, received_at)
        look()
        return saved

    monkeypatch.setattr(Store, "save", looking)
    replayed(engine, path)
    look()
    assert all(position <= rows for position, rows in seen)
    assert seen[-1] == (10, 10)


def test_an_unreadable_line_is_told_of_and_kept_whole(
    engine: Engine, database: str, folder: Path
) -> None:
    path, bad = folder / "a", folder / "bad"
    path.write_bytes(
        line(0).encode() + UNREADABLE.encode() + b"\xff\r\n" + line(1).encode()
    )
    with Rejects(bad) as rejects:
        replay, said = replayed(engine, path, rejects=rejects)
    assert (replay.tally.read, replay.tally.unreadable) == (4, 2)
    assert [one.partition(": ")[0] for one in said] == [f"{path}:2", f"{path}:3"]
    assert not any("jane" in one for one in said)
    assert bad.read_bytes() == UNREADABLE.encode() + b"\xff\n"
    assert bounced(database) == emails(2)


@pytest.mark.parametrize("kind", ["file", "object"])
def test_an_unreadable_line_is_told_of_by_each_run(
    engine: Engine, database: str, folder: Path, kind: str
) -> None:
    text = line(0) + UNREADABLE + line(1)
    source: Any = Objects({"x": text.encode()})
    if kind == "file":
        source = folder / "x"
        source.write_text(text)
    for _ in range(3):
        replay, said = replayed(engine, source)
        assert (replay.tally.unreadable, replay.tally.skipped) == (1, 0)
        assert "x:2: " in said[-1]
    assert bounced(database) == emails(2)
    assert positions(database) == {"x": (1, False)}


@pytest.mark.usefixtures("small_batches")
def test_an_unreadable_line_is_known_after_an_interruption(
    engine: Engine, database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that goes on reads on from that line, and so does the one after it."""
    path = folder / "x"
    path.write_text(lines(5) + UNREADABLE + lines(10, 5))
    save = Store.save

    def failing(self: Store, events: Any, received_at: Any = None) -> Any:
        if any(event.message_id == "mail-12" for event in events.values()):
            raise Away("the database is away")
        return save(self, events, received_at)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", failing)
        with pytest.raises(Away):
            replayed(engine, path)
    assert len(bounced(database)) == 11
    assert positions(database) == {"x": (5, False)}
    for already, new in ((6, 4), (10, 0)):
        replay, said = replayed(engine, path)
        assert counts(replay) == (11, new, already)
        assert said[0] == f"{path}: goes on behind line 5."
        assert said[1].startswith(f"{path}:6: ")
        assert replay.tally.unreadable == 1
    assert bounced(database) == emails(15)


def test_a_file_that_was_mended_is_finished(
    engine: Engine, database: str, folder: Path
) -> None:
    path = folder / "x"
    path.write_text(line(0) + UNREADABLE)
    replayed(engine, path)
    path.write_text(lines(2))
    replay, _ = replayed(engine, path)
    assert counts(replay) == (1, 1, 0)
    assert positions(database) == {"x": (2, True)}


@pytest.mark.usefixtures("small_batches")
def test_of_many_unreadable_lines_the_first_of_each_file_are_told(
    engine: Engine, folder: Path
) -> None:
    (folder / "a").write_text(UNREADABLE * 50)
    (folder / "b").write_text(line(0) + UNREADABLE * 20)
    (folder / "c").write_text(UNREADABLE * 21)
    replay, said = replayed(engine, folder)
    assert replay.tally.unreadable == 91
    places = [one.removeprefix(str(folder)).partition(": ")[0] for one in said]
    assert places == [
        *(f"/a:{number}" for number in range(1, 21)),
        "/a",
        *(f"/b:{number}" for number in range(2, 22)),
        *(f"/c:{number}" for number in range(1, 21)),
        "/c",
    ]
    assert said[20] == f"{folder / 'a'}: and 30 more."
    assert said[-1] == f"{folder / 'c'}: and 1 more."


def test_rejects_are_written_before_the_position(
    engine: Engine, database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a"
    path.write_text(UNREADABLE + line(1))

    def full(self: Rejects) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Rejects, "flush", full)
    with Rejects(folder / "bad") as rejects, pytest.raises(OSError, match="No space"):
        replayed(engine, path, rejects=rejects)
    assert positions(database) == {}


@pytest.mark.parametrize("kept", [True, False])
def test_a_line_that_is_too_long_is_unreadable(
    engine: Engine,
    folder: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    kept: bool,
) -> None:
    monkeypatch.setattr(content, "LONGEST_LINE", 20_000)
    path, bad = folder / "a", folder / "bad"
    path.write_text(line(0) + "x" * 100_000 + "\n" + line(1))
    with Rejects(bad) as rejects:
        replay, said = replayed(engine, path, rejects=rejects if kept else None)
        assert replay.tally.unreadable == 1
        assert said == [f"{path}:2: the line is longer than 4 MiB"]
    assert bad.read_text() == ("x" * 100_000 + "\n" if kept else "")
    assert bounced(database) == emails(2)


def test_what_the_database_does_not_take_is_told_of_like_a_line(
    engine: Engine, database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the collector in one event, and the others are stored."""
    path, bad = folder / "a", folder / "bad"
    path.write_text(lines(5))
    save = Store.save

    def failing(self: Store, events: Any, received_at: Any = None) -> Any:
        if any(event.message_id == "mail-2" for event in events.values()):
            raise RuntimeError("jane@example.com")
        return save(self, events, received_at)

    monkeypatch.setattr(Store, "save", failing)
    with Rejects(bad) as rejects:
        replay, said = replayed(engine, path, rejects=rejects)
    assert said == [f"{path}:3: an error of the collector (RuntimeError)"]
    assert bad.read_text() == line(2)
    assert bounced(database) == [email(number) for number in (0, 1, 3, 4)]
    assert replay.tally.unreadable == 1


def test_gzip_that_breaks_off_keeps_what_came_before(
    engine: Engine, database: str, folder: Path
) -> None:
    whole = packed(lines(200))
    (folder / "a").write_bytes(whole[: len(whole) // 2])
    (folder / "b").write_text(line(1000))
    replay, said = replayed(engine, folder)
    assert replay.tally.failures == 1
    assert "its gzip data ends in the middle" in said[-1]
    found = positions(database)
    position, finished = found["a"]
    assert (position > 10, finished) == (True, False)
    assert found["b"] == (1, True)
    assert len(bounced(database)) == position + 1
    (folder / "a").write_bytes(whole)
    replay, _ = replayed(engine, folder)
    assert counts(replay) == (200 - position, 200 - position, 0)


def test_a_failure_in_the_list_comes_after_what_was_listed(
    engine: Engine, database: str
) -> None:
    objects = Objects({"x": lines(3).encode()}, breaks=True)
    replay, said = replayed(engine, objects)
    assert (replay.tally.stored, replay.tally.failures) == (3, 1)
    assert said == ["the list breaks off"]
    assert positions(database) == {"x": (3, True)}


def test_many_small_objects_share_transactions(engine: Engine) -> None:
    objects = Objects({f"x{number}": line(number).encode() for number in range(1_200)})
    held = []

    def counted() -> AbstractContextManager[None]:
        held.append(1)
        return nullcontext()

    replay, _ = replayed(engine, objects, held=counted)
    assert replay.tally.stored == 1_200
    assert len(held) == 2
    replay, _ = replayed(engine, objects)
    assert replay.tally.skipped == 1_200


def test_a_transaction_holds_no_more_bytes_than_it_may(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH_BYTES", 3 * len(line(1)))
    path = folder / "x"
    path.write_text(lines(9, 100))
    commits = []
    save = Store.save

    def counted(self: Store, events: Any, received_at: Any = None) -> Any:
        commits.append(len(events))
        return save(self, events, received_at)

    monkeypatch.setattr(Store, "save", counted)
    replayed(engine, path)
    assert max(commits) <= 4
    assert sum(commits) == 9


def test_how_far_it_is_counts_bytes_up_to_the_size(engine: Engine) -> None:
    objects = Objects({"x": packed(lines(50)), "y": lines(50, 50).encode()})
    for again in (False, True, False):
        at: list[int] = []
        replayed(engine, objects, at=at.append, again=again)
        assert at == sorted(at)
        assert at[-1] == objects.size()
