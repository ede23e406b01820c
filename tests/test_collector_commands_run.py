"""`ses-feedback-collector run` in processes of its own, and as a person types it."""

import json
import signal
import socket
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner, Result

from ses_feedback_collector.__main__ import main
from ses_feedback_collector.database import migrate, open_database
from tests.databases import PostgresServer
from tests.queue_server import FreshQueue, Gate, QueueServer
from tests.workers import POISON, Process, bounce, bounced, running, stored, until


def refused(*arguments: str, **environment: str | None) -> Result:
    unset = {"SES_FEEDBACK_QUEUE_URL": None, "SES_FEEDBACK_DATABASE": None}
    return CliRunner().invoke(main, ["run", *arguments], env={**unset, **environment})


def drained(queue: FreshQueue, database: str) -> None:
    with running(queue.url, database, "--drain") as process:
        assert process.end() == 0


def page(process: Process, path: str) -> tuple[int, str]:
    (line,) = process.lines("listening")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{line['port']}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_drain_empties_the_queue_and_ends(
    queue_server: QueueServer, database: str
) -> None:
    queue = queue_server.queue(receives=1)
    queue.send([*bounced(120), POISON])
    with running(queue.url, database, "--drain") as process:
        assert process.end() == 0
        (end,) = process.lines("stopped")
    assert (end["received"], end["stored"], end["unreadable"]) == (121, 120, 1)
    assert stored(database) == 120
    assert queue.size == 1


def test_its_lines_are_json_and_hold_no_content(queue: FreshQueue, sqlite: str) -> None:
    queue.send([bounce(1), POISON, "not JSON: secret@example.com"])
    with running(queue.url, sqlite, "--drain") as process:
        process.end()
        lines = process.lines()
        left = [one for one in lines if one.get("outcome") == "unreadable"]
        text = "\n".join(process.text)
    assert {(one["receives"], one["level"]) for one in left} == {(1, "warning")}
    assert len(left) == 2
    assert all({"message_id", "reason"} <= set(one) for one in left)
    assert any(one["message"] == "batch" for one in lines)
    assert "example.com" not in text


def test_text_lines_are_for_people(queue: FreshQueue, sqlite: str) -> None:
    with running(queue.url, sqlite, "--drain", "--log-format", "text") as process:
        process.end()
        assert process.text[-1].partition(" ")[2].startswith("INFO stopped")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_before_its_long_poll_does(
    queue: FreshQueue, gate: Gate, sqlite: str, number: int
) -> None:
    with running(queue.url, sqlite) as process:
        until(lambda: gate.calls["ReceiveMessage"] == 1)
        process.signal(number)
        assert process.end() == 0
        assert gate.calls["ReceiveMessage"] == 1
        assert process.lines("stopped")


def test_a_signal_in_the_middle_loses_nothing(queue: FreshQueue, database: str) -> None:
    queue.send(bounced(600))
    with running(queue.url, database) as process:
        until(lambda: process.lines("batch"))
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        (end,) = process.lines("stopped")
    assert end["received"] < 600
    assert queue.in_hand == 0
    assert stored(database) == end["rows"] == 600 - queue.size
    drained(queue, database)
    assert stored(database) == 600
    assert queue.size == 0
    assert queue.dead == 0


def test_a_signal_waits_for_the_batch_in_hand_and_a_second_one_does_not(
    queue: FreshQueue, postgresql: str
) -> None:
    drained(queue, postgresql)
    engine = open_database(postgresql)
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
    queue.send([bounce(1)])
    with engine.connect() as connection, running(queue.url, postgresql) as process:
        connection.exec_driver_sql("LOCK TABLE email_bounces")
        until(lambda: connection.exec_driver_sql(waits).first())
        process.signal(signal.SIGTERM)
        connection.rollback()
        assert process.end() == 0
    assert (stored(postgresql), queue.size) == (1, 0)
    queue.send([bounce(2)])
    with engine.connect() as connection, running(queue.url, postgresql) as process:
        connection.exec_driver_sql("LOCK TABLE email_bounces")
        until(lambda: connection.exec_driver_sql(waits).first())
        process.signal(signal.SIGTERM)
        until(lambda: _is_ignoring_no_more(process, signal.SIGTERM))
        process.signal(signal.SIGTERM)
        assert process.end() == -signal.SIGTERM
    engine.dispose()
    assert (stored(postgresql), queue.in_hand) == (1, 1)


def _is_ignoring_no_more(process: Process, number: int) -> bool:
    """Whether the process has no handler of its own for a signal any more (Linux)."""
    with open(f"/proc/{process.pid}/status") as status:
        (caught,) = [line.split()[1] for line in status if line.startswith("SigCgt")]
    return not int(caught, 16) & (1 << (number - 1))


def test_settings_come_from_the_environment(queue: FreshQueue, sqlite: str) -> None:
    queue.send([bounce(1)])
    process = Process(
        "run",
        "--drain",
        SES_FEEDBACK_QUEUE_URL=queue.url,
        SES_FEEDBACK_DATABASE=sqlite,
    )
    assert process.end() == 0
    assert stored(sqlite) == 1


def test_several_start_at_once_on_an_empty_database(
    queue: FreshQueue, database: str
) -> None:
    queue.send(bounced(100))
    processes = [
        Process("run", "--drain", "--queue-url", queue.url, "--database", database)
        for _ in range(3)
    ]
    assert [process.end() for process in processes] == [0, 0, 0]
    assert stored(database) == 100
    assert queue.size == 0


def test_metrics_and_health_are_served(
    queue_server: QueueServer, own_postgresql: PostgresServer
) -> None:
    queue, url = queue_server.queue(), own_postgresql.create()
    queue.send([bounce(1)])
    own_postgresql.stop()
    with running(queue.url, url, "--listen", "127.0.0.1:0") as process:
        until(lambda: process.lines("the database does not do what it is asked"))
        status, text = page(process, "/health")
        assert status == 503
        assert "database" in json.loads(text)["reasons"]
        own_postgresql.start()
        until(lambda: page(process, "/health")[0] == 200)
        until(
            lambda: (
                'ses_feedback_messages_total{outcome="stored"} 1.0'
                in page(process, "/metrics")[1]
            )
        )
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        password = own_postgresql.password
        assert not any(password in line for line in process.text)
        assert password not in text


# What is refused.


def test_a_port_that_is_taken_is_a_sentence(queue: FreshQueue, sqlite: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with running(queue.url, sqlite, "--listen", address) as process:
            assert process.end() == 1
            (sentence,) = process.text
            assert sentence == (
                f"--listen {address}: Address already in use. Take another, or port 0"
                " for any that is free."
            )


def test_a_host_that_is_none_is_a_sentence(queue: FreshQueue, sqlite: str) -> None:
    with running(queue.url, sqlite, "--listen", "no-host.test:9464") as process:
        assert process.end() == 1
        (sentence,) = process.text
        assert sentence.startswith("--listen no-host.test:9464: ")


@pytest.mark.parametrize("address", ["9464", "localhost", "localhost:x", ":70000"])
def test_an_address_that_is_none_is_a_usage_error(address: str) -> None:
    answer = refused("--queue-url", "https://sqs.example.com/1/q", "--listen", address)
    assert answer.exit_code == 2
    assert f"{address!r} is no address; expected HOST:PORT" in answer.output


def test_without_a_queue_it_is_a_usage_error() -> None:
    answer = refused()
    assert answer.exit_code == 2
    assert "Missing option '--queue-url'" in answer.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWS_PROFILE": "nowhere"}, "nowhere"),
        ({"AWS_ACCESS_KEY_ID": ""}, "There are no complete AWS credentials"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "nonsense"),
    ],
)
def test_settings_that_cannot_work_are_one_sentence(
    queue: FreshQueue, sqlite: str, change: dict[str, str], said: str
) -> None:
    with running(queue.url, sqlite, **change) as process:
        assert process.end() == 1
        (sentence,) = process.text
        assert said in sentence


def test_a_queue_that_is_not_there_is_one_sentence(
    queue: FreshQueue, sqlite: str
) -> None:
    with running(f"{queue.url}-none", sqlite) as process:
        assert process.end() == 1
        (sentence,) = process.text
        assert sentence.startswith(f"There is no queue {queue.url}-none at ")


def test_a_password_that_is_wrong_is_one_sentence_without_it(
    queue: FreshQueue, postgresql: str
) -> None:
    wrong = postgresql.replace("postgres:", "postgres:hunter2")
    with running(queue.url, wrong) as process:
        assert process.end() == 1
        (sentence,) = process.text
        assert "refuses the user or the password" in sentence
        assert "hunter2" not in sentence


def test_a_database_of_a_newer_collector_is_left_alone(
    queue: FreshQueue, database: str
) -> None:
    engine = open_database(database)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ses_feedback_version SET version_num = 'x'")
    engine.dispose()
    with running(queue.url, database) as process:
        assert process.end() == 1
        (sentence,) = process.text
        assert "newer collector" in sentence


def test_an_error_of_its_own_is_one_line_without_content(
    queue: FreshQueue, sqlite: str
) -> None:
    """Something that nobody foresaw, here by a broken installation."""
    program = (
        "from ses_feedback_collector import worker\n"
        "from ses_feedback_collector.__main__ import main\n"
        "def broken(*_): raise ZeroDivisionError('secret@example.com')\n"
        "worker.Store = broken\n"
        "main()\n"
    )
    process = Process(
        *("run", "--queue-url", queue.url, "--database", sqlite), program=program
    )
    assert process.end() == 1
    (line,) = process.lines()
    assert (line["level"], line["error"]) == ("critical", "ZeroDivisionError")
    assert any("worker.py" in place for place in line["trace"])
    assert "secret@example.com" not in str(line)
