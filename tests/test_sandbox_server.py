"""The endpoint as another program's SDK sees it."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Listener
from tests.served import Served, error, served


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    with served() as account:
        yield account


def test_a_queue_is_at_the_endpoint(account: Served) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url == f"{account.endpoint}/123456789012/orders"
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url
    sqs.send_message(QueueUrl=url, MessageBody="ü")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "ü"


def test_a_receive_that_waits_lets_others_send(account: Served) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    received: list[Any] = []

    def receive() -> None:
        received.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))

    waiting = threading.Thread(target=receive)
    waiting.start()
    account.client("sqs").send_message(QueueUrl=url, MessageBody="sent meanwhile")
    waiting.join()
    assert [one["Body"] for one in received[0]["Messages"]] == ["sent meanwhile"]


@pytest.mark.parametrize("key", ["plain", "a b/ü+x", "a//b", "100%"])
def test_objects_of_any_name(account: Served, key: str) -> None:
    s3, where = account.client("s3"), {"LocationConstraint": "eu-west-1"}
    if not s3.list_buckets()["Buckets"]:
        s3.create_bucket(Bucket="objects", CreateBucketConfiguration=where)
    s3.put_object(Bucket="objects", Key=key, Body=b"hello", Metadata={"my_key": "v"})
    assert s3.get_object(Bucket="objects", Key=key)["Body"].read() == b"hello"
    head = s3.head_object(Bucket="objects", Key=key)
    assert (head["ContentLength"], head["Metadata"]) == (5, {"my_key": "v"})


def test_the_services_that_the_loop_needs(account: Served) -> None:
    assert account.client("sns").create_topic(Name="topic")["TopicArn"]
    account.client("iam").create_user(UserName="somebody")
    assert account.client("sts").get_caller_identity()["Account"] == "123456789012"
    metric = {"MetricName": "sent", "Value": 1}
    cloudwatch = account.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="ours", MetricData=[metric])
    assert cloudwatch.list_metrics(Namespace="ours")["Metrics"]


def test_both_versions_of_ses(account: Served) -> None:
    account.client("sesv2").create_email_identity(EmailIdentity="shop.example.com")
    to = {"ToAddresses": ["bounce+x@simulator.amazonses.com"]}
    body = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
    first = account.client("ses").send_email(
        Source="a@shop.example.com", Destination=to, Message=body
    )
    second = account.client("sesv2").send_email(
        FromEmailAddress="a@SHOP.example.com", Destination=to, Content={"Simple": body}
    )
    raw = b"From: a@shop.example.com\r\nTo: b@example.net\r\n\r\nbody"
    third = account.client("ses").send_raw_email(RawMessage={"Data": raw})
    fourth = account.client("sesv2").send_email(Content={"Raw": {"Data": raw}})
    events = account.cloud.ses.events
    for sent in (first, second):
        types = [event.type for event in events[sent["MessageId"]]]
        assert types == ["Send", "Bounce"]
    for sent in (third, fourth):
        types = [event.type for event in events[sent["MessageId"]]]
        assert types == ["Send", "Delivery"]


@pytest.mark.parametrize(
    ("service", "code"), [("ses", "MessageRejected"), ("sesv2", "MessageRejected")]
)
def test_an_error_keeps_the_code_of_the_service(
    account: Served, service: str, code: str
) -> None:
    to = {"ToAddresses": ["b@example.net"]}
    body: Any = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
    send = account.client(service).send_email
    if service == "ses":
        found = error(send, Source="a@nope.example", Destination=to, Message=body)
    else:
        found = error(
            send,
            FromEmailAddress="a@nope.example",
            Destination=to,
            Content={"Simple": body},
        )
    assert found[0] == code
    assert "not verified" in found[1]


def test_what_the_emulator_cannot_is_said(account: Served) -> None:
    code, message = error(account.client("sesv2").get_account)
    assert code == "NotImplemented"
    assert "sesv2 GetAccount" in message


def test_a_request_that_nobody_signed(account: Served) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{account.endpoint}/?Action=ListTopics")
    with refused.value:
        assert refused.value.code == 403
        assert b"MissingAuthenticationToken" in refused.value.read()


def test_a_port_that_is_taken() -> None:
    with Listener(0) as taken:
        port = int(taken.endpoint.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Listener(port)


def test_a_failure_of_the_sandbox_itself_is_told_too(account: Served) -> None:
    sns = account.client("sns")
    arn = sns.create_topic(Name="odd")["TopicArn"]
    policy = json.dumps(
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Condition": {"StringSounds": {"aws:SourceArn": "x"}},
            }
        }
    )
    sns.set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )
    account.client("sesv2").create_email_identity(EmailIdentity="odd.example.com")
    code, message = error(
        account.client("ses").set_identity_notification_topic,
        Identity="odd.example.com",
        NotificationType="Bounce",
        SnsTopic=arn,
    )
    assert code == "InternalFailure"
    assert "StringSounds is not known" in message


@pytest.mark.parametrize(
    ("recipients", "configuration_set", "v1_code", "v2_code"),
    [
        (51, None, "InvalidParameterValue", "BadRequestException"),
        (1, "unknown", "ConfigurationSetDoesNotExist", "NotFoundException"),
        (
            1,
            "paused",
            "ConfigurationSetSendingPausedException",
            "SendingPausedException",
        ),
    ],
)
def test_what_ses_refuses(
    account: Served,
    recipients: int,
    configuration_set: str | None,
    v1_code: str,
    v2_code: str,
) -> None:
    old, new = account.client("ses"), account.client("sesv2")
    identity = f"{v2_code}{recipients}.example.com"
    new.create_email_identity(EmailIdentity=identity)
    if configuration_set == "paused":
        new.create_configuration_set(
            ConfigurationSetName="paused", SendingOptions={"SendingEnabled": False}
        )
    to = {"ToAddresses": [f"b{number}@example.net" for number in range(recipients)]}
    body = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
    which = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    sender = f"a@{identity}"
    found = error(old.send_email, Source=sender, Destination=to, Message=body, **which)
    assert found[0] == v1_code
    found = error(
        new.send_email,
        FromEmailAddress=sender,
        Destination=to,
        Content={"Simple": body},
        **which,
    )
    assert found[0] == v2_code
