"""How a topic's message reaches each kind of subscriber, and that none is called."""

import json
import socket
from typing import Any, NoReturn

import pytest

from sandbox.cloud import Cloud
from sandbox.deliveries import Delivery
from tests.emulated import ACCOUNT, admitting, bodies, queue, topic

ELSEWHERE = "arn:aws:sqs:eu-west-1:210987654321:elsewhere"


def publish(cloud: Cloud, arn: str, message: str = '{"a": 1}') -> list[Delivery]:
    made = cloud.client("sns").publish(TopicArn=arn, Message=message)
    return cloud.sns.deliveries[made["MessageId"]]


def subscribe(
    cloud: Cloud, arn: str, protocol: str, endpoint: str, **more: Any
) -> None:
    cloud.client("sns").subscribe(
        TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=more
    )


SUBSCRIBERS = {
    "http": "http://page.example.com/ses",
    "https": "https://desk.example.com/ses",
    "email": "qa@example.com",
    "email-json": "archive@example.com",
    "sms": "+15555550123",
    "lambda": "arn:aws:lambda:eu-west-1:123456789012:function:feedback:live",
    "firehose": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/feedback",
    "sqs": ELSEWHERE,
}


def test_nobody_outside_is_called(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever would open a connection or start a process fails the test."""
    arn = topic(cloud)
    for protocol, endpoint in SUBSCRIBERS.items():
        subscribe(cloud, arn, protocol, endpoint)

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(f"something left the machine: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    deliveries = publish(cloud, arn)
    assert {one.protocol: one.endpoint for one in deliveries} == SUBSCRIBERS
    assert all(json.loads(one.body)["Message"] == '{"a": 1}' for one in deliveries)


def test_a_queue_gets_the_envelope_or_the_bare_message(cloud: Cloud) -> None:
    arn = topic(cloud)
    wrapped = queue(cloud, "wrapped", arn)
    raw = queue(cloud, "raw", arn, RawMessageDelivery="true")
    publish(cloud, arn)
    (envelope,) = map(json.loads, bodies(cloud, wrapped))
    assert envelope["Type"] == "Notification"
    assert envelope["TopicArn"] == arn
    assert envelope["Message"] == '{"a": 1}'
    assert bodies(cloud, raw) == ['{"a": 1}']


def test_a_queue_that_does_not_admit_the_topic_gets_nothing(cloud: Cloud) -> None:
    admitted, other = topic(cloud, "admitted"), topic(cloud, "other")
    url = queue(cloud, "queue", admitted)
    queue_arn = f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:queue"
    subscribe(cloud, other, "sqs", queue_arn)
    assert publish(cloud, other) == []
    assert bodies(cloud, url) == []
    assert len(publish(cloud, admitted)) == 1


def test_a_queue_of_the_account_that_is_not_there_gets_nothing(cloud: Cloud) -> None:
    arn = topic(cloud)
    subscribe(cloud, arn, "sqs", f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:gone")
    assert publish(cloud, arn) == []


def test_what_a_queue_does_not_take_becomes_a_dead_letter(cloud: Cloud) -> None:
    arn = topic(cloud)
    dead_arn = f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:dead"
    dead = cloud.client("sqs").create_queue(
        QueueName="dead",
        Attributes={"Policy": admitting("sns.amazonaws.com", dead_arn, arn)},
    )["QueueUrl"]
    subscribe(
        cloud,
        arn,
        "sqs",
        f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:gone",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn}),
    )
    assert publish(cloud, arn) == []
    (body,) = bodies(cloud, dead)
    assert json.loads(body)["Message"] == '{"a": 1}'


def test_a_filter_is_heeded(cloud: Cloud) -> None:
    arn = topic(cloud)
    policy = json.dumps({"$or": [{"a": [1]}, {"b": [1]}]})
    more = {"FilterPolicyScope": "MessageBody", "FilterPolicy": policy}
    subscribe(cloud, arn, "https", SUBSCRIBERS["https"], **more)
    assert len(publish(cloud, arn, '{"b": 1}')) == 1
    assert publish(cloud, arn, '{"b": 2}') == []


def test_a_filter_on_attributes_is_heeded(cloud: Cloud) -> None:
    arn = topic(cloud)
    subscribe(cloud, arn, "email", "qa@example.com", FilterPolicy='{"kind": ["x"]}')
    assert publish(cloud, arn) == []
