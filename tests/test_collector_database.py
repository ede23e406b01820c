"""Opening a database: what is refused, in which words, and what a connection does."""

import os
import pwd
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from ses_feedback_collector.database import (
    Away,
    BadDatabase,
    explaining,
    migrate,
    writing,
)
from ses_feedback_collector.suppression import Suppression
from ses_feedback_collector.tables import overrides
from tests.databases import PostgresServer, opened

SECRET = "hunter2"


def refusal(url: str) -> str:
    """Why a URL, or what it leads to, cannot be used; without the password."""
    with pytest.raises(BadDatabase) as caught, opened(url) as engine:
        migrate(engine)
    error, said = caught.value, str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert not error.__context__ or error.__suppress_context__, "SQL in a traceback"
    return said


def away(url: str) -> str:
    with pytest.raises(Away) as caught, opened(url) as engine:
        migrate(engine)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def setting(engine: Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar_one()


# URLs


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("feedback.db", "the database URL cannot be read; expected sqlite:///FILE or"),
        ("", "the database URL cannot be read"),
        (f"postgresql://u:{SECRET}@h:port/db", "the database URL cannot be read"),
        (f"postgresql://u:a@b:{SECRET}@h/d", "with @ : / # and % in a password"),
        (f"mysql://u:{SECRET}@h/db", "'mysql' is no database that this works with"),
        ("oracle+cx://h/db", "'oracle+cx' is no database that this works with"),
        (f"postgresql+psycopg2://u:{SECRET}@h/db", "the driver 'psycopg2' is not"),
        ("sqlite+aiosqlite:///x.db", "the driver 'aiosqlite' is not"),
        (f"postgresql://u:a@{SECRET}@h/db", "a password's @ is written as %40"),
        ("postgresql://u:hun@ter2/hunter2@h/db", "a password's @ is written as %40"),
        ("postgresql://u:hun@hunter2?s@h/db", "a password's @ is written as %40"),
        ("postgresql://u:p@h?x=hunter2@h/db", "a password's @ is written as %40"),
        ("postgresql://u/hunter2:p@h/db", "a password's @ is written as %40"),
        ("postgresql://u:p@hunter2#@h/db", "a password's @ is written as %40"),
        ("sqlite://", "names no file, and what is kept in memory alone would be lost"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://feedback.db", "comes after three slashes"),
        ("sqlite:///x.db?timeout=long", "the database URL cannot be used"),
        (
            "postgresql://u:hunter2@127.0.0.1/db?bogus=1",
            "options in the URL: invalid connection op",
        ),
        (
            "postgresql://u:hunter2@127.0.0.1/db?sslmode=no",
            "with the options in the URL",
        ),
    ],
)
def test_a_url_that_cannot_be_used(url: str, said: str) -> None:
    assert said in refusal(url)


@pytest.mark.parametrize("password", ["p@ss/word", "p@s?s", "p@s#s", "p@ss", "@"])
def test_no_part_of_a_password_that_is_cut_short_is_shown(password: str) -> None:
    assert refusal(f"postgresql://u:{password}@h/db") == (
        "a password's @ is written as %40 in the database URL"
    )


@pytest.mark.parametrize("password", ["p#x", "p/x", "p?x", "p:x", "p%23x"])
def test_a_password_with_other_characters_is_read_whole(password: str) -> None:
    with opened(f"postgresql://u:{password}@not-there.invalid/db") as engine:
        assert engine.url.password == password.replace("%23", "#")
        with pytest.raises(Away) as caught:
            migrate(engine)
    said = str(caught.value)
    assert said.startswith("the PostgreSQL database db at not-there.invalid:5432: ")
    assert "p#x" not in said and password not in said


def test_a_user_may_have_an_at() -> None:
    with opened("postgresql://u@server:p@h/db") as engine:
        assert (engine.url.username, engine.url.host) == ("u@server", "h")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    assert refusal(f"sqlite:///{folder}/x.db") == (
        f"the folder {folder} of the database file is not there, or may not be entered;"
        " make it first"
    )


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = refusal(f"postgresql://u:{SECRET}@localhost/db")
    assert "pip install 'ses-feedback-collector[postgresql]'" in said


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_postgresql_is_reached_by_psycopg(scheme: str) -> None:
    with opened(f"{scheme}://u:p@localhost/db") as engine:
        assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")


# What a file is


def test_a_file_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database. " * 100)
    said = refusal(f"sqlite:///{path}")
    assert said == (
        f"the SQLite database {path} is a file of something else than SQLite; name"
        " another file"
    )
    assert path.read_text() == "Not a database. " * 100


def test_a_damaged_file(sqlite: str) -> None:
    with opened(sqlite) as engine:
        migrate(engine)
    path = make_url(sqlite).database or ""
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    assert "is damaged; restore it from a backup" in refusal(sqlite)


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    said = refusal(f"sqlite:///{tmp_path}")
    assert "cannot be opened; it must be a file" in said


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may do anything, so it is somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that everybody may read and nobody may write."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        yield path
        path.chmod(0o755)


def test_a_file_that_may_not_be_written(readable: Path) -> None:
    path = readable / "feedback.db"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o444)
    readable.chmod(0o555)
    with unprivileged():
        said = refusal(f"sqlite:///{path}")
    assert said == (
        f"the SQLite database {path} may not be written by this user, or its folder may"
        " not"
    )


def test_a_folder_that_may_not_be_written(readable: Path) -> None:
    readable.chmod(0o555)
    with unprivileged():
        said = refusal(f"sqlite:///{readable}/feedback.db")
    assert "cannot be opened; it must be a file, in a folder where this user" in said


def test_a_folder_that_may_not_be_entered(readable: Path) -> None:
    readable.chmod(0o000)
    with unprivileged():
        said = refusal(f"sqlite:///{readable}/below/feedback.db")
    assert "is not there, or may not be entered" in said


# What a server says


def with_parts(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_a_wrong_password(postgresql: str) -> None:
    said = refusal(with_parts(postgresql, password=SECRET))
    url = make_url(postgresql)
    assert said == (
        f"the PostgreSQL database {url.database} at 127.0.0.1:{url.port} refuses the"
        " user or the password in the URL"
    )


def test_the_password_of_a_server_that_is_away_is_not_shown(
    postgresql: str, postgresql_server: PostgresServer
) -> None:
    said = away(with_parts(postgresql, host="127.0.0.2", password=SECRET))
    assert "at 127.0.0.2" in said


def test_no_password(postgresql: str) -> None:
    url = make_url(postgresql)._replace(password=None)
    said = refusal(url.render_as_string(hide_password=False))
    assert said.endswith("refuses the user or the password in the URL")


def test_a_user_that_is_not_there(postgresql: str) -> None:
    said = refusal(with_parts(postgresql, username="nobody_there"))
    assert said.endswith("refuses the user or the password in the URL")


def test_a_database_that_is_not_there(postgresql: str) -> None:
    said = refusal(with_parts(postgresql, database="not_there"))
    assert "not_there at 127.0.0.1" in said
    assert said.endswith("is not there; create it with createdb")


def test_a_user_who_may_not_create_tables(
    postgresql: str, postgresql_server: PostgresServer
) -> None:
    postgresql_server.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
    said = refusal(with_parts(postgresql, username="reader", password=SECRET))
    postgresql_server.execute("DROP ROLE reader")
    assert "needs CREATE on the schema" in said


def test_a_server_that_does_not_answer_is_away(own_postgresql: PostgresServer) -> None:
    url = own_postgresql.create()
    own_postgresql.stop()
    said = away(url)
    assert f"at 127.0.0.1:{own_postgresql.port}: connection failed" in said
    assert "refused" in said


def test_a_host_that_is_not_there_is_away() -> None:
    said = away(f"postgresql://u:{SECRET}@not-there.invalid/db")
    assert "db at not-there.invalid:5432: failed to resolve host" in said


def test_a_file_that_another_program_has_locked_is_away(sqlite: str) -> None:
    with opened(sqlite) as engine, writing(engine):
        said = away(f"{sqlite}?timeout=0.05")
    assert (
        said == f"the SQLite database {make_url(sqlite).database}: database is locked"
    )


def test_a_table_that_is_locked_is_away(postgresql: str) -> None:
    with opened(postgresql) as engine:
        migrate(engine)
        with engine.begin() as other, pytest.raises(Away, match="lock timeout"):
            other.execute(text("LOCK TABLE suppression_overrides"))
            with writing(engine) as connection:
                connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
                connection.execute(overrides.delete())


def test_without_tables_it_says_what_to_run(database: str) -> None:
    with (
        opened(database) as engine,
        pytest.raises(BadDatabase) as caught,
        writing(engine) as connection,
    ):
        connection.execute(overrides.delete())
    assert "suppression_overrides" in str(caught.value)
    assert str(caught.value).endswith(
        "run `migrate` on it, or `run`, which does so first"
    )


def test_a_pool_that_is_used_up_is_away(sqlite: str) -> None:
    with opened(sqlite) as engine:
        engine.pool._timeout = 0  # type: ignore[attr-defined]
        connections = [engine.connect() for _ in range(15)]
        with pytest.raises(Away, match="QueuePool limit"), writing(engine):
            pass
        for each in connections:
            each.close()


def test_what_a_program_does_wrong_is_left_as_it_is(sqlite: str) -> None:
    with opened(sqlite) as engine, pytest.raises(KeyError), explaining(engine):
        raise KeyError


# Connections


def test_a_committed_row_of_sqlite_survives_a_power_failure(sqlite: str) -> None:
    with opened(sqlite) as engine:
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE n (n integer)"))
        assert setting(engine, "PRAGMA journal_mode") == "wal"
        assert setting(engine, "PRAGMA synchronous") == 2
        assert setting(engine, "PRAGMA busy_timeout") == 30_000


def test_who_only_reads_leaves_a_file_as_it_was(sqlite: str) -> None:
    """Be it somebody else's, or one of ours that was copied."""
    path = Path(make_url(sqlite).database or "")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (n integer)")
    connection.close()
    before = path.read_bytes()
    with opened(sqlite) as engine:
        with pytest.raises(BadDatabase, match="no such table"):
            Suppression(engine).check(["jane@example.com"])
        assert setting(engine, "SELECT count(*) FROM theirs") == 0
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_reader_may_open_a_file_for_reading_alone(
    sqlite: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(make_url(sqlite).database or "")
    monkeypatch.chdir(path.parent)
    with opened(sqlite) as engine:
        migrate(engine)
        Suppression(engine).suppress("jane@example.com", "ana", "asked for it")
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.close()
    with opened("sqlite:///file:feedback.db?mode=ro&uri=true") as engine:
        verdicts = Suppression(engine).check(["jane@example.com"])
        assert not verdicts["jane@example.com"].may_send
        with pytest.raises(BadDatabase, match="may not be written"):
            Suppression(engine).lift("jane@example.com", "ana", "a mistake")


def test_times_of_postgresql_are_in_utc_wherever_the_server_is(
    postgresql: str, postgresql_server: PostgresServer
) -> None:
    name = make_url(postgresql).database
    postgresql_server.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    with opened(postgresql) as engine:
        assert setting(engine, "SHOW timezone") == "UTC"
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        found = setting(engine, "SELECT timestamptz '9999-12-31 23:59:59Z'")
        assert found == last


def test_the_url_has_the_last_word(sqlite: str, postgresql: str) -> None:
    with opened(f"{sqlite}?timeout=2.5") as engine:
        assert setting(engine, "PRAGMA busy_timeout") == 2_500
    with opened(postgresql) as engine:
        assert setting(engine, "SHOW application_name") == "ses-feedback-collector"
        assert setting(engine, "SHOW lock_timeout") == "30s"
    with opened(f"{postgresql}?application_name=mine") as engine:
        assert setting(engine, "SHOW application_name") == "mine"


def test_several_threads_write_at_once(database: str) -> None:
    with opened(database) as engine:
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE n (n integer)"))

        def write() -> None:
            for _ in range(20):
                with writing(engine) as connection:
                    # Reading first is what SQLite does not wait after.
                    connection.execute(text("SELECT count(*) FROM n")).all()
                    connection.execute(text("INSERT INTO n VALUES (1)"))

        with ThreadPoolExecutor(4) as pool:
            for each in [pool.submit(write) for _ in range(4)]:
                each.result()
        assert setting(engine, "SELECT count(*) FROM n") == 80


def test_who_reads_does_not_wait_for_who_writes(database: str) -> None:
    with opened(database) as engine:
        migrate(engine)
        with writing(engine) as connection:
            connection.execute(overrides.delete())
            assert setting(engine, "SELECT count(*) FROM suppression_overrides") == 0


def test_what_fails_leaves_nothing_not_even_tables(database: str) -> None:
    with opened(database) as engine:
        with pytest.raises(KeyError), writing(engine) as connection:
            connection.execute(text("CREATE TABLE n (n integer)"))
            connection.execute(text("INSERT INTO n VALUES (1)"))
            raise KeyError
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE n (n integer)"))
