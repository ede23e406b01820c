"""A dead-letter queue, against a real queue server."""

import boto3
import pytest

from ses_feedback_collector.replay.dead_letters import DeadLetters, opened
from ses_feedback_collector.replay.sources import Failed, QueueArn, QueueUrl
from tests.queue_server import Gate, QueueServer


def through(dead: DeadLetters, stays: str = "bad") -> list[str]:
    """The bodies that were received, of which those stay that begin so."""
    seen = []
    for messages in dead.batches():
        seen += [one.body for one in messages]
        dead.leave([one for one in messages if one.body.startswith(stays)])
        dead.delete([one for one in messages if not one.body.startswith(stays)])
    return sorted(seen)


def test_what_stays_is_seen_once_and_the_rest_leaves(
    queue_server: QueueServer,
) -> None:
    queue = queue_server.queue(receives=1000)
    bodies = [f"good {number}" for number in range(35)] + ["bad 1", "bad 2"]
    queue.send(bodies)
    dead = DeadLetters(opened(QueueUrl(queue.url)))
    assert dead.size() == 37
    assert through(dead) == sorted(bodies)
    assert queue.size == 2
    assert dead.others() == 0


@pytest.mark.parametrize("can_put_off", [True, False])
def test_what_stays_and_comes_back_at_once_does_not_go_round_for_ever(
    queue_server: QueueServer, gate: Gate, can_put_off: bool
) -> None:
    """A visibility time-out of one second: it is over before the queue is empty."""
    queue = queue_server.queue(visibility=1, receives=1000)
    if not can_put_off:
        gate.fails["ChangeMessageVisibilityBatch"] = "access denied"
    bodies = [f"bad {number}" for number in range(30)] + ["good"]
    queue.send(bodies)
    url = queue.url.replace(queue_server.endpoint, gate.endpoint)
    assert through(DeadLetters(opened(QueueUrl(url)))) == sorted(bodies)
    assert queue.size == 30


def test_messages_in_other_hands_are_counted(queue_server: QueueServer) -> None:
    queue = queue_server.queue()
    queue.send(["one", "two"])
    queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=1)
    dead = DeadLetters(opened(QueueUrl(queue.url)))
    assert len(through(dead)) == 1
    assert dead.others() == 1


def test_a_queue_is_found_by_its_arn_without_asking_for_its_url(
    queue_server: QueueServer, gate: Gate
) -> None:
    queue = queue_server.queue()
    queue.send(["good"])
    name = queue.url.rpartition("/")[2]
    source = QueueArn("eu-west-1", "123456789012", name)
    dead = DeadLetters(opened(source))
    assert through(dead) == ["good"]
    assert dead.name == f"{gate.endpoint}/123456789012/{name}"
    assert set(gate.calls) == {"ReceiveMessage", "DeleteMessageBatch"}


def test_the_region_is_that_of_the_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    source = QueueArn("cn-north-1", "123456789012", "dead")
    dead = DeadLetters(opened(source))
    assert dead.name == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dead"


@pytest.mark.parametrize(
    "source",
    [
        QueueArn("eu-west-1", "123456789012", "dead"),
        QueueUrl("https://sqs.eu-west-1.amazonaws.com/123456789012/dead"),
    ],
)
def test_settings_that_cannot_work_are_said_alike(
    monkeypatch: pytest.MonkeyPatch, source: QueueArn | QueueUrl
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(Failed, match="The AWS settings cannot be used: .*absent"):
        opened(source)


@pytest.mark.parametrize(
    ("operation", "needed"),
    [
        ("ReceiveMessage", "sqs:ReceiveMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage "),
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ],
)
def test_the_right_that_is_missing_is_named(
    queue_server: QueueServer, gate: Gate, operation: str, needed: str
) -> None:
    queue = queue_server.queue()
    queue.send(["good"])
    gate.fails[operation] = "access denied"
    dead = DeadLetters(opened(QueueUrl(queue.url)))
    with pytest.raises(Failed) as raised:
        through(dead)
        dead.others()
    assert f"may not {needed}" in f"{raised.value} "


def test_what_was_not_deleted_is_said_to_be_stored(queue_server: QueueServer) -> None:
    queue = queue_server.queue()
    queue.send(["good"])
    dead = DeadLetters(opened(QueueUrl(queue.url)))
    (messages,) = dead.batches()
    boto3.Session().client("sqs").delete_queue(QueueUrl=queue.url)
    with pytest.raises(Failed, match="What it holds is stored already"):
        dead.delete(messages)


def test_a_queue_that_is_none_is_said_to_be(queue_server: QueueServer) -> None:
    url = f"{queue_server.endpoint}/123456789012/absent"
    with pytest.raises(Failed, match="absent"):
        through(DeadLetters(opened(QueueUrl(url))))
