"""The endpoint as another program's SDK sees it."""

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.server import Listener
from tests.emulated import admitting
from tests.served import Served, error, served
from tests.stacks import ROOT


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    """One for all of these tests."""
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


def test_iam_and_sts(account: Served) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="somebody")
    assert iam.get_user(UserName="somebody")["User"]["Arn"].endswith("user/somebody")
    assert account.client("sts").get_caller_identity() | {"ResponseMetadata": {}} == {
        "Account": "123456789012",
        "Arn": "arn:aws:iam::123456789012:root",
        "UserId": "123456789012",
        "ResponseMetadata": {},
    }


def test_a_topic_to_a_queue(account: Served) -> None:
    sns, sqs = account.client("sns"), account.client("sqs")
    arn = sns.create_topic(Name="to-queue")["TopicArn"]
    queue = "arn:aws:sqs:eu-west-1:123456789012:of-topic"
    url = sqs.create_queue(
        QueueName="of-topic",
        Attributes={"Policy": admitting("sns.amazonaws.com", queue, arn)},
    )["QueueUrl"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=arn, Message="m")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "m"


PROTOCOLS = "botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS"
"""Those that botocore chooses from, the first that a service has."""


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_metrics_and_alarms(
    account: Served, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """By either protocol that botocore may choose."""
    monkeypatch.setattr(PROTOCOLS, [protocol, "query"])
    cloudwatch = account.client("cloudwatch")
    assert cloudwatch.meta.service_model.resolved_protocol == protocol
    which = {"Namespace": f"ours-{protocol}", "MetricName": "sent"}
    for value in (1.0, 3.0):
        data = [{"MetricName": "sent", "Value": value}]
        cloudwatch.put_metric_data(Namespace=which["Namespace"], MetricData=data)
    assert cloudwatch.list_metrics(Namespace=which["Namespace"])["Metrics"]
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        **which,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum", "Maximum"],
    )["Datapoints"]
    assert [(point["Sum"], point["Maximum"]) for point in points] == [(4.0, 3.0)]
    cloudwatch.put_metric_alarm(
        AlarmName=protocol,
        **which,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(
        AlarmName=protocol, StateValue="ALARM", StateReason="seen"
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[protocol])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "seen")
    code, _ = error(
        cloudwatch.set_alarm_state,
        AlarmName="gone",
        StateValue="OK",
        StateReason="r",
    )
    assert code == "ResourceNotFound"
    key = account.user(f"no-metrics-{protocol}")
    denied = error(account.client("cloudwatch", *key).list_metrics)
    assert denied[0] == "AccessDenied"


def test_a_protocol_that_the_emulator_does_not_speak_is_said_in_it(
    account: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PROTOCOLS, ["smithy-rpc-v2-cbor"])
    code, message = error(account.client("cloudwatch").list_metrics)
    assert code == "NotImplemented"
    assert "does not speak rpc-v2-cbor" in message


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


SIMPLE: Any = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}


def raw(sender: str, to: list[str], header: str | None) -> dict[str, bytes]:
    named = f"X-SES-CONFIGURATION-SET: {header}\r\n" if header else ""
    text = f"From: {sender}\r\nTo: {', '.join(to)}\r\n{named}\r\nbody"
    return {"Data": text.encode()}


def send(
    account: Served,
    way: str,
    sender: str,
    to: list[str],
    field: str | None = None,
    header: str | None = None,
) -> str:
    """Sends one mail in one of the ways that SES has; its id."""
    v1, v2 = account.client("ses"), account.client("sesv2")
    named = {"ConfigurationSetName": field} if field else {}
    old: Any = {"Source": sender, **named}
    new: Any = {"FromEmailAddress": sender, **named}
    addressed = {"Destination": {"ToAddresses": to}}
    answer: Any
    match way:
        case "v2 simple":
            answer = v2.send_email(**new, **addressed, Content={"Simple": SIMPLE})
        case "v2 raw":
            answer = v2.send_email(**new, Content={"Raw": raw(sender, to, header)})
        case "v2 template":
            template = {"TemplateName": "order", "TemplateData": "{}"}
            answer = v2.send_email(**new, **addressed, Content={"Template": template})
        case "v2 bulk":
            (answer,) = v2.send_bulk_email(
                **new,
                DefaultContent={
                    "Template": {"TemplateName": "order", "TemplateData": "{}"}
                },
                BulkEmailEntries=[addressed],
            )["BulkEmailEntryResults"]
        case "v1 simple":
            answer = v1.send_email(**old, **addressed, Message=SIMPLE)
        case "v1 raw":
            answer = v1.send_raw_email(**old, RawMessage=raw(sender, to, header))
        case "v1 template":
            answer = v1.send_templated_email(
                **old, **addressed, Template="order", TemplateData="{}"
            )
        case "v1 bulk":
            (answer,) = v1.send_bulk_templated_email(
                **old,
                Template="order",
                DefaultTemplateData="{}",
                Destinations=[addressed],
            )["Status"]
    return str(answer.get("MessageId") or answer["Status"])


RAW = ("v2 raw", "v1 raw")
WAYS = (
    "v2 simple",
    "v2 raw",
    "v2 template",
    "v2 bulk",
    "v1 simple",
    "v1 raw",
    "v1 template",
    "v1 bulk",
)


@pytest.fixture(scope="module")
def shop(account: Served) -> Served:
    """With a template, sets and an identity of each kind."""
    ses = account.client("sesv2")
    ses.create_email_template(
        TemplateName="order", TemplateContent={"Subject": "s", "Text": "t"}
    )
    for name in ("field", "header", "default", "paused"):
        ses.create_configuration_set(
            ConfigurationSetName=name,
            SendingOptions={"SendingEnabled": name != "paused"},
        )
    ses.create_email_identity(EmailIdentity="plain.example.com")
    for name in ("default", "paused"):
        ses.create_email_identity(
            EmailIdentity=f"{name}.example.com", ConfigurationSetName=name
        )
    return account


@pytest.mark.parametrize("way", WAYS)
def test_a_mail_takes_part_however_it_names_its_set(shop: Served, way: str) -> None:
    """The field before the header, and both before the identity's default."""
    for identity, field, header, expected in (
        ("plain", None, None, None),
        ("plain", "field", None, "field"),
        ("plain", None, "header", "header"),
        ("plain", "field", "header", "field"),
        ("default", None, None, "default"),
        ("default", None, "header", "header"),
        ("default", "field", None, "field"),
        ("default", "field", "header", "field"),
        ("paused", "field", None, "field"),
    ):
        if header and way not in RAW:
            continue
        sender = f"a@{identity}.example.com"
        mail = send(shop, way, sender, ["b@example.net"], field, header)
        (sent, *_) = shop.cloud.ses.events[mail]
        assert sent.sent.configuration_set == expected


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("sender", "named", "recipients", "v1", "v2"),
    [
        pytest.param(
            "a@nope.example", None, 1, "MessageRejected", "MessageRejected", id="sender"
        ),
        pytest.param(
            "a@plain.example.com",
            "unknown",
            1,
            "ConfigurationSetDoesNotExist",
            "NotFoundException",
            id="set",
        ),
        pytest.param(
            "a@plain.example.com",
            "paused",
            1,
            "ConfigurationSetSendingPausedException",
            "SendingPausedException",
            id="paused set",
        ),
        pytest.param(
            "a@paused.example.com",
            None,
            1,
            "ConfigurationSetSendingPausedException",
            "SendingPausedException",
            id="paused default set",
        ),
        pytest.param(
            "a@plain.example.com",
            None,
            51,
            "InvalidParameterValue",
            "BadRequestException",
            id="recipients",
        ),
    ],
)
def test_what_ses_refuses(
    shop: Served,
    way: str,
    sender: str,
    named: str | None,
    recipients: int,
    v1: str,
    v2: str,
) -> None:
    to = [f"b{number}@example.net" for number in range(recipients)]
    if way.endswith("bulk") and recipients > 1:
        # What is wrong with one mail of many is no error of the request.
        status = {"v1": "InvalidParameterValue", "v2": "INVALID_PARAMETER"}[way[:2]]
        assert send(shop, way, sender, to, named) == status
        return
    code, message = error(
        send, account=shop, way=way, sender=sender, to=to, field=named
    )
    assert code == (v1 if way.startswith("v1") else v2)
    if sender == "a@nope.example":
        assert message.endswith("in region EU-WEST-1: a@nope.example")
    if named and way in RAW:
        by_header = error(
            send, account=shop, way=way, sender=sender, to=to, header=named
        )
        assert by_header == (code, message)


@pytest.mark.parametrize("service", ["ses", "sesv2"])
def test_more_than_fifty_mails_at_once_are_too_many(shop: Served, service: str) -> None:
    entry = {"Destination": {"ToAddresses": ["b@example.net"]}}
    sender = "a@plain.example.com"
    if service == "ses":
        code, _ = error(
            shop.client("ses").send_bulk_templated_email,
            Source=sender,
            Template="order",
            DefaultTemplateData="{}",
            Destinations=[entry] * 51,
        )
    else:
        code, _ = error(
            shop.client("sesv2").send_bulk_email,
            FromEmailAddress=sender,
            DefaultContent={"Template": {"TemplateName": "order"}},
            BulkEmailEntries=[entry] * 51,
        )
    assert code in ("InvalidParameterValue", "BadRequestException")


def test_events_name_who_really_sent(shop: Served) -> None:
    def names(service: str, *key: Any) -> tuple[str, str]:
        if service == "ses":
            answer = shop.client(service, *key).send_email(
                Source="a@plain.example.com",
                Destination={"ToAddresses": ["b@example.net"]},
                Message=SIMPLE,
            )
        else:
            answer = shop.client(service, *key).send_email(
                FromEmailAddress="a@plain.example.com",
                Destination={"ToAddresses": ["b@example.net"]},
                Content={"Simple": SIMPLE},
            )
        sent = shop.cloud.ses.events[answer["MessageId"]][0].sent
        return sent.caller, sent.source_ip

    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    everything = json.dumps({"Version": "2012-10-17", "Statement": statement})
    key = shop.user("mailer", everything)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    }
    iam = shop.client("iam")
    role = iam.create_role(
        RoleName="mailers",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": trust}
        ),
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="mailers", PolicyName="p", PolicyDocument=everything)
    session = shop.client("sts", *key).assume_role(
        RoleArn=role, RoleSessionName="tonight"
    )["Credentials"]
    assert names("sesv2") == ("root", "127.0.0.1")
    assert names("ses", *key) == ("mailer", "127.0.0.1")
    assert names(
        "sesv2",
        session["AccessKeyId"],
        session["SecretAccessKey"],
        session["SessionToken"],
    ) == ("mailers", "127.0.0.1")
    assert names("sesv2") == ("root", "127.0.0.1")


def answered(account: Served, request: bytes) -> bytes:
    """What the endpoint answers to these bytes."""
    host, _, port = account.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", b" 200 ", b"SDKs", id="HTTP/1.0"),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b" 400 ",
            b"Content-Length is x",
            id="no length",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b" 400 ",
            b"Content-Length is -1",
            id="negative length",
        ),
        pytest.param(
            b"PUT /b/k HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\nx",
            b" 400 ",
            b"at most 256 MiB",
            id="enormous body",
        ),
        pytest.param(b"\x16\x03\x01 hello\r\n\r\n", b"", b"Bad", id="no HTTP"),
    ],
)
def test_odd_requests_are_answered_without_a_traceback(
    account: Served,
    capfd: pytest.CaptureFixture[str],
    request_: bytes,
    status: bytes,
    said: bytes,
) -> None:
    found = answered(account, request_)
    assert status in found
    assert said in found
    assert "Traceback" not in capfd.readouterr().err


def get(account: Served, *headers: str, path: str = "/") -> bytes:
    """What the endpoint answers to a request with these headers."""
    lines = [f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]
    return answered(account, "\r\n".join(lines).encode())


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            ["Host: {own}", "Origin: https://shop.example.com"], id="a page elsewhere"
        ),
        pytest.param(["Host: {own}", "Origin: null"], id="a file"),
        pytest.param(["Host: {own}", "Origin: http://{own}"], id="a page of its own"),
        pytest.param(["Host: shop.example.com:{port}"], id="a name that leads here"),
        pytest.param(["Host: 127.0.0.1.example.com:{port}"], id="one like its own"),
        pytest.param(["Host: 127.0.0.1:1"], id="another port"),
        pytest.param(["Host: 127.0.0.1"], id="no port"),
    ],
)
def test_a_page_in_a_browser_is_refused(
    account: Served, capfd: pytest.CaptureFixture[str], headers: list[str]
) -> None:
    own = account.endpoint.removeprefix("http://")
    port = own.partition(":")[2]
    found = get(account, *(one.format(own=own, port=port) for one in headers))
    status, _, _ = found.partition(b"\r\n")
    assert b" 403 " in status
    assert b"\r\nContent-Type: text/plain" in found
    assert b"Access-Control" not in found
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("refused: ")


def test_a_signed_request_of_a_page_does_nothing(account: Served) -> None:
    sqs = account.client("sqs")

    def as_a_page(request: Any, **_: Any) -> None:
        request.headers["Origin"] = "https://shop.example.com"

    sqs.meta.events.register("before-sign.sqs", as_a_page)
    code, _ = error(sqs.create_queue, QueueName="by-a-page")
    assert code == "403"
    assert "by-a-page" not in str(account.client("sqs").list_queues())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_machine_has_several_names(account: Served, name: str) -> None:
    port = account.endpoint.rpartition(":")[2]
    assert b" 200 OK" in get(account, f"Host: {name}:{port}")


def test_a_secret_that_is_known_beforehand_opens_nothing(account: Served) -> None:
    code, _ = error(account.client("sqs", secret="sandbox").list_queues)
    assert code == "SignatureDoesNotMatch"


def test_each_process_has_a_secret_of_its_own() -> None:
    program = "from sandbox.principals import ADMINISTRATOR_SECRET as s; print(s)"
    told = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told[0] != told[1]
    assert all(len(one) >= 32 for one in told)
