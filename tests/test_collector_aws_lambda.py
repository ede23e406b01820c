import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ses_feedback_collector import aws_lambda
from ses_feedback_collector.aws_lambda import handler
from ses_feedback_collector.database import BadDatabase
from tests import feedback
from tests.databases import PostgresServer
from tests.queue_server import FreshQueue, QueueServer
from tests.workers import POISON, bounce, bounced, stored


@pytest.fixture(autouse=True)
def cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An instance of the function that has not run yet, and leaves nothing behind."""
    monkeypatch.setattr(aws_lambda, "configure_logging", lambda style: None)
    aws_lambda._store.cache_clear()
    yield
    if aws_lambda._store.cache_info().currsize:
        aws_lambda._store()._engine.dispose()
    aws_lambda._store.cache_clear()


def shaped(message: dict[str, Any]) -> dict[str, Any]:
    """A record as Lambda makes it (Lambda developer guide, "Example Amazon SQS message
    event")."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:feedback",
        "awsRegion": "eu-west-1",
    }


def mapped(queue: FreshQueue) -> int:
    """What an event source mapping does with what it received; how much that was.

    With ReportBatchItemFailures: all is deleted but what the answer names.
    """
    received = queue.sqs.receive_message(
        QueueUrl=queue.url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        WaitTimeSeconds=1,
    ).get("Messages", [])
    if not received:
        return 0
    answer = handler({"Records": [shaped(one) for one in received]}, None)
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    assert failed <= {one["MessageId"] for one in received}
    for one in received:
        if one["MessageId"] not in failed:
            queue.sqs.delete_message(
                QueueUrl=queue.url, ReceiptHandle=one["ReceiptHandle"]
            )
    return len(received)


def test_only_the_poison_stays(
    queue_server: QueueServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SES_FEEDBACK_DATABASE", database)
    queue = queue_server.queue(visibility=1, receives=2)
    queue.send([*bounced(12), POISON, feedback.SETUP_TEXT])
    while queue.size:
        mapped(queue)
    assert queue.dead_letters() == [POISON]
    assert stored(database) == 12


def test_all_stay_while_the_database_is_away(
    queue: FreshQueue,
    own_postgresql: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = own_postgresql.create()
    monkeypatch.setenv("SES_FEEDBACK_DATABASE", url)
    own_postgresql.stop()
    queue.send([bounce(1), feedback.SETUP_TEXT])
    assert mapped(queue) > 0
    assert queue.size == 2
    own_postgresql.start()
    queue.send([bounce(2)])
    assert mapped(queue) == 1
    assert stored(url) == 1
    own_postgresql.stop()
    queue.send([bounce(3)])
    assert mapped(queue) == 1
    assert queue.size == 3


def test_the_answer_names_what_failed(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SES_FEEDBACK_DATABASE", sqlite)
    records = [
        {"messageId": str(number), "receiptHandle": "r", "body": body}
        for number, body in enumerate([bounce(1), POISON, bounce(2)])
    ]
    assert handler({"Records": records}, None) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]
    }


def test_the_database_is_opened_once(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SES_FEEDBACK_DATABASE", sqlite)
    record = {"messageId": "1", "receiptHandle": "r", "body": bounce(1)}
    for _ in range(2):
        handler({"Records": [record]}, None)
    assert aws_lambda._store.cache_info().misses == 1
    assert stored(sqlite) == 1


@pytest.mark.parametrize("url", [None, "", "mysql://db.example.com/feedback"])
def test_without_a_database_the_whole_batch_fails_with_a_sentence(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SES_FEEDBACK_DATABASE", raising=False)
    if url is not None:
        monkeypatch.setenv("SES_FEEDBACK_DATABASE", url)
    with pytest.raises(BadDatabase, match="SES_FEEDBACK_DATABASE|expected"):
        handler({"Records": []}, None)


def test_its_lines_are_json_in_a_fresh_process(sqlite: str) -> None:
    program = (
        "from ses_feedback_collector.aws_lambda import handler;"
        "handler({'Records': [{'messageId': '1', 'receiptHandle': 'r',"
        " 'body': 'secret@example.com'}]}, None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SES_FEEDBACK_DATABASE": sqlite},
        capture_output=True,
        text=True,
        check=True,
    )
    first, batch = done.stderr.splitlines()
    assert first.startswith('{"time": ')
    assert '"message_id": "1"' in first
    assert '"unreadable": 1' in batch
    assert "secret@example.com" not in done.stderr
