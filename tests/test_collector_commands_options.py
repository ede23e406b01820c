from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ses_feedback_collector.commands import options

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/feedback"


@click.command()
@options.queue_url
@options.database
def command(queue_url: str, database_url: str) -> None:
    engine = options.opened(database_url)
    click.echo(f"{queue_url} {engine.url.render_as_string()}")
    engine.dispose()


def run(*arguments: str, **environment: str) -> Result:
    unset = {"SES_FEEDBACK_QUEUE_URL": None, "SES_FEEDBACK_DATABASE": None}
    return CliRunner().invoke(command, arguments, env={**unset, **environment})


def test_both_may_be_variables() -> None:
    answer = run(
        SES_FEEDBACK_QUEUE_URL=URL,
        SES_FEEDBACK_DATABASE="postgresql://collector:pw@db.example.com/feedback",
    )
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith(f"{URL} postgresql+psycopg://collector:***@")


def test_an_option_goes_before_its_variable(sqlite: str) -> None:
    answer = run(
        *("--queue-url", URL, "--database", sqlite),
        SES_FEEDBACK_QUEUE_URL="https://other.example.com/queue",
        SES_FEEDBACK_DATABASE="sqlite:///other.db",
    )
    assert answer.output.startswith(f"{URL} sqlite")
    assert "other" not in answer.output


def test_the_database_is_a_file_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run("--queue-url", f" {URL} ")
    assert answer.output == f"{URL} sqlite+pysqlite:///ses-feedback.db\n"


def test_a_missing_queue_names_its_variable() -> None:
    answer = run()
    assert answer.exit_code == 2
    assert "Missing option '--queue-url'" in answer.output
    assert "SES_FEEDBACK_QUEUE_URL" in answer.output


@pytest.mark.parametrize(
    "url",
    [
        "feedback",
        "arn:aws:sqs:eu-west-1:123456789012:feedback",
        "https://sqs.eu-west-1.amazonaws.com/",
        "https:///123456789012/feedback",
        "ftp://sqs.eu-west-1.amazonaws.com/123456789012/feedback",
        "https://sqs.example.com:port/123456789012/feedback",
        "https://[::1/123456789012/feedback",
    ],
)
def test_what_is_no_queue_url_is_told(url: str) -> None:
    answer = run("--queue-url", url)
    assert answer.exit_code == 2
    (sentence,) = [line for line in answer.output.splitlines() if "Error" in line]
    assert sentence == (
        "Error: Invalid value for '--queue-url' (env var: 'SES_FEEDBACK_QUEUE_URL'):"
        f" {url!r} is no queue URL; expected one such as {URL}."
    )


def test_a_password_in_a_queue_url_is_not_repeated() -> None:
    answer = run("--queue-url", "https://me:hunter2@sqs.example.com/1/feedback")
    assert answer.exit_code == 2
    assert "credentials come from the standard AWS settings" in answer.output
    assert "hunter2" not in answer.output


@pytest.mark.parametrize(
    "url", ["mysql://me:hunter2@db.example.com/x", "sqlite:/x", "", "sqlite:////no/x"]
)
def test_what_is_no_database_is_told_without_its_password(url: str) -> None:
    answer = run("--queue-url", URL, "--database", url)
    assert answer.exit_code == 2
    assert "--database (SES_FEEDBACK_DATABASE): " in answer.output
    assert "hunter2" not in answer.output
    assert "Traceback" not in answer.output


def test_an_option_of_the_url_that_is_unknown_is_told_in_a_sentence(
    sqlite: str,
) -> None:
    answer = run("--queue-url", URL, "--database", f"{sqlite}?journal=wal")
    assert answer.exit_code == 2
    assert "--database (SES_FEEDBACK_DATABASE): Query string argument" in answer.output
    assert "'journal'" in answer.output
    assert "SAWarning" not in answer.output


def test_stop_is_a_sentence_and_an_exit_code() -> None:
    @click.command()
    def stopping() -> None:
        options.stop("It cannot go on.")

    answer = CliRunner().invoke(stopping)
    assert (answer.exit_code, answer.stderr) == (1, "It cannot go on.\n")
