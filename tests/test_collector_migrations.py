"""The migrations against the tables, and migrating when not all goes well."""

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, event, inspect, text

from ses_feedback_collector.database import (
    MIGRATING,
    BadDatabase,
    migrate,
    writing,
)
from ses_feedback_collector.tables import metadata
from tests.databases import opened
from tests.stacks import ROOT

VERSION = "ses_feedback_version"


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def assert_up_to_date(engine: Engine) -> None:
    """Whether the tables are those of `tables`, to the last column and index."""

    def is_ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
        return kind != "table" or name in metadata.tables

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": VERSION, "include_object": is_ours},
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_what_the_tables_say(database: str) -> None:
    with opened(database) as engine:
        assert migrate(engine) is True
        assert tables(engine) == {*metadata.tables, VERSION}
        assert_up_to_date(engine)


def test_documents_and_times_are_postgresqls_own(postgresql: str) -> None:
    with opened(postgresql) as engine:
        migrate(engine)
        with engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT DISTINCT data_type FROM information_schema.columns WHERE"
                    " column_name IN ('mail', 'event', 'received_at', 'bounced_at')"
                )
            ).scalars()
            assert set(found) == {"jsonb", "timestamp with time zone"}


def holding_the_lock(connection: Connection) -> None:
    """What another process does while it migrates."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))


def test_up_to_date_there_is_nothing_to_do_nor_to_wait_for(database: str) -> None:
    with opened(database) as engine:
        migrate(engine)
        with writing(engine) as connection:
            holding_the_lock(connection)
            assert migrate(engine) is False


def test_rows_are_kept(database: str) -> None:
    with opened(database) as engine:
        migrate(engine)
        with writing(engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO replays VALUES ('a', 'b', 3, true,"
                    " '2026-05-04 03:02:01.000000')"
                )
            )
        migrate(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT position FROM replays")).all()


def test_a_database_of_a_newer_collector_is_left_alone(database: str) -> None:
    with opened(database) as engine:
        migrate(engine)
        with writing(engine) as connection:
            connection.execute(text(f"UPDATE {VERSION} SET version_num = '9999'"))
        with pytest.raises(BadDatabase) as caught:
            migrate(engine)
    assert "is of a newer collector: its tables are of revision 9999" in str(
        caught.value
    )


def test_what_somebody_took_away_is_named(database: str) -> None:
    with opened(database) as engine:
        migrate(engine)
        with writing(engine) as connection:
            connection.execute(text("DROP TABLE replays"))
            connection.execute(text("ALTER TABLE email_clicks DROP COLUMN link"))
            connection.execute(text("ALTER TABLE email_sends ADD COLUMN mine text"))
        with pytest.raises(BadDatabase) as caught:
            migrate(engine)
        assert "replays" not in tables(engine)
    assert " lacks email_clicks.link, replays, which somebody has removed" in str(
        caught.value
    )
    assert "restore it from a backup, or make a new database" in str(caught.value)


def test_an_applications_own_migrations_may_share_the_database(database: str) -> None:
    with opened(database) as engine:
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
        migrate(engine)
        assert_up_to_date(engine)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT * FROM alembic_version")).scalars()
            assert list(found) == ["theirs"]


def test_a_table_of_somebody_elses_by_one_of_our_names(database: str) -> None:
    with opened(database) as engine:
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE replays (mine text)"))
        with pytest.raises(BadDatabase) as caught:
            migrate(engine)
        said = str(caught.value)
        assert "holds something else by a name that is needed here" in said
        assert "replays" in said
        assert tables(engine) == {"replays"}


COMMAND = """
import sys
from ses_feedback_collector.__main__ import main
sys.stdin.readline()
main(["migrate"])
"""


def test_four_processes_at_once(database: str) -> None:
    with opened(database) as engine:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", COMMAND],
                env=os.environ | {"SES_FEEDBACK_DATABASE": database},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60) for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, said
        assert sorted(output for output, _ in said) == [
            "the tables are brought up to date\n",
            *["the tables are up to date already\n"] * 3,
        ]
        assert_up_to_date(engine)


KILLED = """
import os, signal, sys
from sqlalchemy import event
from ses_feedback_collector.database import migrate, open_database

engine = open_database(sys.argv[1])
left = int(sys.argv[2])

@event.listens_for(engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    global left
    if statement.lstrip().startswith(("CREATE", "INSERT")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

migrate(engine)
"""


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many statements make the tables, the indexes and the note of the revision."""
    seen: list[str] = []
    path = tmp_path_factory.mktemp("counted") / "feedback.db"
    with opened(f"sqlite:///{path}") as engine:
        event.listen(engine, "after_cursor_execute", lambda *call: seen.append(call[2]))
        migrate(engine)
    return sum(each.lstrip().startswith(("CREATE", "INSERT")) for each in seen)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_killed_half_way_it_leaves_nothing_half(
    database: str, statements: int, part: float
) -> None:
    after = max(1, int(statements * part))
    with opened(database) as engine:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, database, str(after)],
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        assert tables(engine) == set()
        assert migrate(engine) is True
        assert_up_to_date(engine)


def test_after_the_last_statement_nobody_is_killed(
    database: str, statements: int
) -> None:
    """So that the last of the kills above is just before the commit."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, database, str(statements + 1)],
        check=False,
        timeout=60,
    )
    assert done.returncode == 0


def test_a_wheel_has_the_migrations(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT / "collector",
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "SES_FEEDBACK_DATABASE": "sqlite:///a.db"},
        input="go\n",
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("the tables are brought up to date\n", "")
