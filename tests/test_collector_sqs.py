import os
from typing import Any

import pytest

from ses_feedback_collector import sqs
from ses_feedback_collector.sqs import Message, Queue, QueueTrouble, connect, region_of
from tests.queue_server import FreshQueue, Gate, QueueServer

AWS_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/feedback"


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No AWS settings at all."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def received(source: Queue, count: int) -> list[Message]:
    found: list[Message] = []
    while len(found) < count:
        some = source.receive(1)
        assert some
        found += some
    return found


def fault(call: Any, *arguments: Any) -> QueueTrouble:
    with pytest.raises(QueueTrouble) as raised:
        call(*arguments)
    return raised.value


def test_a_message_says_how_often_it_was_received(queue: FreshQueue) -> None:
    queue.send(["one"])
    source = connect(queue.url)
    (first,) = source.receive(1)
    assert (first.body, first.receives) == ("one", 1)
    source.extend([first], 0)
    (again,) = source.receive(1)
    assert (again.id, again.receives) == (first.id, 2)


def test_more_than_ten_are_deleted(queue: FreshQueue) -> None:
    queue.send([str(number) for number in range(25)])
    source = connect(queue.url)
    found = received(source, 25)
    assert {one.body for one in found} == set(map(str, range(25)))
    assert source.delete(found) == {}
    assert queue.size == 0


def test_what_is_not_deleted_is_told(queue: FreshQueue) -> None:
    queue.send(["one", "two"])
    source = connect(queue.url)
    one, two = received(source, 2)
    unknown = Message("unknown", "no-receipt#of-ours", "", 1)
    kept = source.delete([one, unknown, two])
    assert set(kept) == {unknown.receipt}
    assert queue.size == 0


def test_messages_are_handed_back_at_once(queue: FreshQueue) -> None:
    queue.send(["one"])
    source = connect(queue.url)
    found = received(source, 1)
    assert (queue.visible, source.depth()) == (0, (0, 1))
    assert source.extend(found, 0) == {}
    assert (queue.visible, source.depth()) == (1, (1, 0))


def test_messages_are_kept_for_longer(queue_server: QueueServer) -> None:
    queue = queue_server.queue(visibility=1)
    queue.send(["one"])
    source = connect(queue.url)
    found = received(source, 1)
    source.extend(found, 600)
    assert source.receive(2) == []


def test_the_time_out_is_the_queues_own(queue_server: QueueServer) -> None:
    assert connect(queue_server.queue(visibility=7).url).visibility_seconds() == 7


def test_a_queue_without_a_time_out_keeps_messages_all_the_same(
    queue_server: QueueServer,
) -> None:
    queue = queue_server.queue(visibility=0)
    queue.send(["one"])
    source = connect(queue.url)
    assert source.visibility_seconds() == sqs.LEAST_VISIBILITY
    assert len(source.receive(1)) == 1
    assert source.receive(1) == []


@pytest.mark.parametrize(
    ("failure", "kind", "passing", "said"),
    [
        ("internal error", "error", True, "InternalFailure"),
        ("unavailable", "error", True, "ServiceUnavailable"),
        ("throttled", "busy", True, "asks to go slower (RequestThrottled)"),
        ("drop", "unreachable", True, "cannot be reached"),
        ("access denied", "denied", False, "may not sqs:ReceiveMessage on"),
        ("no such queue", "missing", False, "There is no queue"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    queue: FreshQueue, gate: Gate, failure: str, kind: str, passing: bool, said: str
) -> None:
    source = connect(queue.url)
    gate.fails["*"] = failure
    found = fault(source.receive, 1)
    assert (found.kind, found.passing) == (kind, passing)
    assert said in str(found)
    assert "\n" not in str(found)
    del gate.fails["*"]
    assert source.receive(0) == []


def test_a_denied_deletion_names_the_right_that_is_missing(
    queue: FreshQueue, gate: Gate
) -> None:
    gate.fails["DeleteMessageBatch"] = "access denied"
    source = connect(queue.url)
    found = fault(source.delete, [Message("1", "2", "", 1)])
    assert "may not sqs:DeleteMessage on" in str(found)


def test_an_answer_that_says_nothing_is_no_success(
    queue: FreshQueue, gate: Gate
) -> None:
    queue.send(["one"])
    source = connect(queue.url)
    found = received(source, 1)
    gate.fails["*"] = "garbage"
    assert source.delete(found) == {found[0].receipt: "no answer"}
    assert fault(source.depth).passing
    assert queue.size == 1


def test_a_server_that_is_gone_may_come_back(
    queue: FreshQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = fault(connect(queue.url).receive, 1)
    assert found.passing
    assert str(found) == (
        "The queue's endpoint http://127.0.0.1:9 cannot be reached"
        " (EndpointConnectionError)."
    )


def test_a_queue_that_the_server_lacks(queue: FreshQueue) -> None:
    found = fault(connect(f"{queue.url}-none").visibility_seconds)
    assert (found.kind, found.passing) == ("missing", False)
    assert "Check --queue-url" in str(found)


def test_a_region_that_is_not_the_queues_is_told(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.fails["*"] = "no such queue"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    found = fault(connect(AWS_URL).receive, 1)
    assert "The URL is of eu-west-1, while AWS_REGION makes it us-east-1." in str(found)


def test_without_credentials_it_says_how_to_give_them(
    no_settings: pytest.MonkeyPatch,
) -> None:
    found = fault(connect(AWS_URL).receive, 1)
    assert (found.kind, found.passing) == ("credentials", False)
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_PROFILE", "nowhere", "nowhere"),
        ("AWS_ENDPOINT_URL", "not a url", "not a url"),
        ("AWS_REGION", "not a region", "not a region"),
    ],
)
def test_settings_that_cannot_work_are_told(
    no_settings: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    no_settings.setenv(name, value)
    found = fault(connect, AWS_URL)
    assert (found.kind, found.passing) == ("settings", False)
    assert said in str(found)


def test_a_region_has_to_come_from_somewhere(no_settings: pytest.MonkeyPatch) -> None:
    url = "http://localhost:4566/123456789012/feedback"
    assert "set AWS_REGION" in str(fault(connect, url))


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("sqs.eu-west-1.api.aws", "eu-west-1"),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1"),
        ("vpce-1a2b-3c.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("localhost:4566", None),
        ("sqs.example.com", None),
    ],
)
def test_the_region_is_in_the_urls_of_aws(host: str, region: str | None) -> None:
    assert region_of(f"https://{host}/123456789012/feedback") == region


@pytest.mark.parametrize(
    ("url", "settings", "region", "endpoint"),
    [
        (AWS_URL, {}, "eu-west-1", "https://sqs.eu-west-1.amazonaws.com"),
        (
            AWS_URL,
            {"AWS_DEFAULT_REGION": "us-east-1"},
            "us-east-1",
            "https://sqs.us-east-1.amazonaws.com",
        ),
        (
            AWS_URL,
            {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-west-2"},
            "us-east-1",
            "https://sqs.us-east-1.amazonaws.com",
        ),
        (
            AWS_URL,
            {"AWS_ENDPOINT_URL": "http://localhost:4566"},
            "eu-west-1",
            "http://localhost:4566",
        ),
        (
            "https://vpce-1a.sqs.eu-west-1.vpce.amazonaws.com/123456789012/feedback",
            {},
            "eu-west-1",
            "https://vpce-1a.sqs.eu-west-1.vpce.amazonaws.com",
        ),
        (
            "http://queues.example.com:9324/queue/feedback",
            {"AWS_REGION": "eu-west-1"},
            "eu-west-1",
            "http://queues.example.com:9324",
        ),
        (
            "http://queues.example.com:9324/queue/feedback",
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_SQS": "http://localhost:1"},
            "eu-west-1",
            "http://localhost:1",
        ),
    ],
)
def test_where_a_queue_is_called(
    no_settings: pytest.MonkeyPatch,
    url: str,
    settings: dict[str, str],
    region: str,
    endpoint: str,
) -> None:
    for name, value in settings.items():
        no_settings.setenv(name, value)
    meta = connect(url)._client.meta
    assert (meta.region_name, meta.endpoint_url) == (region, endpoint)


def test_a_url_alone_is_enough_for_a_server_elsewhere(
    queue: FreshQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.send(["one"])
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert [one.body for one in connect(queue.url).receive(1)] == ["one"]
