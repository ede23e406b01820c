"""The databases that tests/databases.py makes, and what happens where they are not."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from tests.databases import PostgresServer

pytest_plugins = ["pytester"]


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.execute(text("SELECT count(*) FROM kept")).scalar_one()
        return found


def keep(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (id integer)"))
        connection.execute(text("INSERT INTO kept VALUES (1)"))


@pytest.mark.parametrize("again", [1, 2])
def test_a_database_is_empty_and_can_be_written(database: str, again: int) -> None:
    engine = create_engine(database)
    assert inspect(engine).get_table_names() == []
    keep(engine)
    assert count(engine) == 1
    engine.dispose()


def test_the_server_is_as_shipped(postgresql: str) -> None:
    engine = create_engine(postgresql)
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(text(f"SHOW {setting}")).scalar_one() == "on"
    engine.dispose()


@pytest.mark.parametrize("crash", [False, True])
def test_a_server_of_ones_own_stops_and_keeps_its_data(
    own_postgresql: PostgresServer, crash: bool
) -> None:
    engine = create_engine(own_postgresql.create())
    keep(engine)
    own_postgresql.stop(crash=crash)
    engine.dispose()
    with pytest.raises(OperationalError, match="refused"):
        count(engine)
    own_postgresql.start()
    assert count(engine) == 1
    engine.dispose()


@pytest.mark.parametrize(
    "fixture", ["postgresql", "own_postgresql", "postgresql_server", "database"]
)
def test_without_the_commands_a_test_is_left_out(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fixture: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    conftest = Path(__file__).with_name("conftest.py").read_text()
    databases = Path(__file__).with_name("databases.py").read_text()
    pytester.makeconftest(conftest.replace("tests.databases", "databases_without"))
    missing = databases.replace('"initdb", "postgres"', '"initdb", "no-such-server"')
    pytester.makepyfile(databases_without=missing)
    pytester.makepyfile(f"def test_it({fixture}): assert 'sqlite' in {fixture}")
    pytester.syspathinsert()
    result = pytester.runpytest()
    result.assert_outcomes(skipped=1, passed=int(fixture == "database"))
    result.stdout.fnmatch_lines(["left out: *needs no-such-server on the PATH"])
