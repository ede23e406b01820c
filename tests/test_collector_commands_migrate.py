"""`ses-feedback-collector migrate`: what it says, and where."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, inspect

from ses_feedback_collector.commands.migrate import migrate
from ses_feedback_collector.database import open_database, writing
from tests.databases import PostgresServer


def migrating(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        migrate, arguments, env=environment, catch_exceptions=False
    )


def test_tables_are_made_and_made_only_once(database: str) -> None:
    first = migrating("--database", database)
    assert (first.exit_code, first.output) == (0, "the tables are brought up to date\n")
    again = migrating("--database", database)
    assert (again.exit_code, again.output) == (0, "the tables are up to date already\n")
    engine = create_engine(database)
    assert "email_bounces" in inspect(engine).get_table_names()
    engine.dispose()


def test_json_says_whether_anything_was_done(sqlite: str) -> None:
    for changed in (True, False):
        result = migrating("--json", "--database", sqlite)
        assert (result.exit_code, result.stderr) == (0, "")
        assert json.loads(result.stdout) == {"changed": changed}


def test_the_environment_names_the_database(sqlite: str, tmp_path: Path) -> None:
    assert migrating(SES_FEEDBACK_DATABASE=sqlite).exit_code == 0
    assert (tmp_path / "feedback.db").is_file()


def test_a_url_that_is_none_is_a_usage_error() -> None:
    result = migrating("--database", "mysql://shop:hunter2@db.example.com/mail")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--database (SES_FEEDBACK_DATABASE): 'mysql' is no data" in result.stderr
    assert "hunter2" not in result.output


def test_a_file_that_is_no_database_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database. " * 100)
    result = migrating("--database", f"sqlite:///{path}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"the SQLite database {path} is a file of something else than SQLite; name"
        " another file\n"
    )


def test_a_database_that_is_locked_is_said_in_a_line(sqlite: str) -> None:
    engine = open_database(sqlite)
    with writing(engine):
        result = migrating("--database", f"{sqlite}?timeout=0.05")
    engine.dispose()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("feedback.db: database is locked\n")


@pytest.mark.parametrize("password", [None, "hunter2"])
def test_a_server_that_is_away_is_said_without_its_password(
    own_postgresql: PostgresServer, password: str | None
) -> None:
    url = own_postgresql.create()
    if password:
        url = url.replace(own_postgresql.password, password)
    else:
        own_postgresql.stop()
    result = migrating("--database", url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert (password or own_postgresql.password) not in result.stderr
