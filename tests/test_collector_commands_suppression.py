from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from ses_feedback_collector.commands.suppression import suppression
from ses_feedback_collector.database import migrate, open_database
from tests.databases import PostgresServer

JANE = "jane@example.com"


def test_a_database_with_its_tables_is_opened(database: str) -> None:
    engine = open_database(database)
    migrate(engine)
    engine.dispose()
    with suppression(database) as found:
        assert found.check([JANE])[JANE].may_send


def test_a_file_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "feedback.db"
    with pytest.raises(SystemExit) as stopped, suppression(f"sqlite:///{path}"):
        pass
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert f"{path} is not there; `migrate` or `run` makes it" in said
    assert not path.exists()


def test_tables_that_are_not_there_are_not_made(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = create_engine(open_database(database).url)
    with engine.connect():
        pass
    with pytest.raises(SystemExit) as stopped, suppression(database) as found:
        found.check([JANE])
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.endswith("); run `migrate` on it, or `run`, which does so first\n")
    assert said.count("\n") == 1
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_server_that_is_away_is_told_of_without_its_password(
    own_postgresql: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    url = own_postgresql.create()
    own_postgresql.stop()
    with pytest.raises(SystemExit) as stopped, suppression(url) as found:
        found.check([JANE])
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "PostgreSQL database" in said
    assert own_postgresql.password not in said
    assert JANE not in said
