"""SNS and an endpoint of this machine, over HTTP in both directions."""

import datetime
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from sandbox.http_delivery import RETRIES, HttpDelivery, is_on_loopback
from tests.emulated import ACCOUNT, admitting
from tests.served import Endpoint, Served, endpoint, error, served


@pytest.fixture
def desk() -> Iterator[Endpoint]:
    with endpoint() as desk:
        yield desk


def topic(account: Served, **attributes: str) -> str:
    sns = account.client("sns")
    arn: str = sns.create_topic(Name="topic", Attributes=attributes)["TopicArn"]
    return arn


def subscribe(account: Served, arn: str, desk: Endpoint, **attributes: str) -> Any:
    return account.client("sns").subscribe(
        TopicArn=arn,
        Protocol=desk.url.partition(":")[0],
        Endpoint=desk.url,
        Attributes=attributes,
    )["SubscriptionArn"]


def publish(account: Served, arn: str, message: str = "m", **more: Any) -> str:
    sent = account.client("sns").publish(TopicArn=arn, Message=message, **more)
    message_id: str = sent["MessageId"]
    return message_id


def listed(account: Served, arn: str) -> list[str]:
    sns = account.client("sns")
    by_topic = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert sns.list_subscriptions()["Subscriptions"] == by_topic
    return [one["SubscriptionArn"] for one in by_topic]


def test_nothing_is_delivered_before_the_endpoint_agrees(
    account: Served, desk: Endpoint
) -> None:
    arn = topic(account)
    assert subscribe(account, arn, desk) == "pending confirmation"
    assert listed(account, arn) == ["PendingConfirmation"]
    publish(account, arn, "too early")
    headers, body = desk.next()
    envelope = json.loads(body)
    assert headers["path"] == "/ses?from=sns"
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert headers["x-amz-sns-message-id"] == envelope["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == envelope["TopicArn"] == arn
    assert "x-amz-sns-subscription-arn" not in headers
    with urllib.request.urlopen(envelope["SubscribeURL"]):
        pass
    (subscription,) = listed(account, arn)
    message_id = publish(account, arn, "in time", Subject="s")
    headers, body = desk.next()
    envelope = json.loads(body)
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert headers["x-amz-sns-message-type"] == envelope["Type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == envelope["MessageId"] == message_id
    assert headers["x-amz-sns-subscription-arn"] == subscription
    assert (envelope["Message"], envelope["Subject"]) == ("in time", "s")
    with urllib.request.urlopen(envelope["UnsubscribeURL"]):
        pass
    assert listed(account, arn) == []


@pytest.mark.parametrize("way", ["link", "API"])
def test_who_is_unsubscribed_is_told_and_may_come_back(
    account: Served, desk: Endpoint, way: str
) -> None:
    arn, sns = topic(account), account.client("sns")
    subscribe(account, arn, desk, RawMessageDelivery="true")
    desk.confirm()
    (subscription,) = listed(account, arn)
    if way == "link":
        link = f"/?Action=Unsubscribe&SubscriptionArn={subscription}"
        with urllib.request.urlopen(account.endpoint + link):
            pass
    else:
        sns.unsubscribe(SubscriptionArn=subscription)
    assert listed(account, arn) == []
    publish(account, arn, "not heard")
    headers, body = desk.next()
    told = json.loads(body)
    assert headers["x-amz-sns-message-type"] == told["Type"]
    assert told["Type"] == "UnsubscribeConfirmation"
    assert headers["x-amz-sns-subscription-arn"] == subscription
    assert f"deactivate subscription {subscription}." in told["Message"]
    assert_signed(told, hashes.SHA1(), CONFIRMED)
    if way == "link":
        with urllib.request.urlopen(told["SubscribeURL"]):
            pass
    else:
        sns.confirm_subscription(TopicArn=arn, Token=told["Token"])
    assert listed(account, arn) == [subscription]
    publish(account, arn, "heard again")
    assert desk.next()[1] == "heard again"


def dismissed(account: Served, arn: str, desk: Endpoint) -> dict[str, Any]:
    """What an endpoint is told that was subscribed and is not any more."""
    subscribe(account, arn, desk)
    desk.confirm()
    found = listed(account, arn)[0]
    account.client("sns").unsubscribe(SubscriptionArn=found)
    told: dict[str, Any] = json.loads(desk.next()[1])
    return told


def test_who_comes_back_after_being_subscribed_anew_is_told_once(
    account: Served, desk: Endpoint
) -> None:
    arn, sns = topic(account), account.client("sns")
    told = dismissed(account, arn, desk)
    subscribe(account, arn, desk)
    desk.confirm()
    again = error(sns.confirm_subscription, TopicArn=arn, Token=told["Token"])
    assert again[0] == "InvalidParameter"
    assert len(listed(account, arn)) == 1


def test_nobody_comes_back_to_a_topic_that_is_gone(
    account: Served, desk: Endpoint
) -> None:
    arn, sns = topic(account), account.client("sns")
    told = dismissed(account, arn, desk)
    sns.delete_topic(TopicArn=arn)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(told["SubscribeURL"])
    with refused.value:
        assert refused.value.code == 400


def test_who_never_agreed_is_not_told_of_the_end(
    account: Served, desk: Endpoint
) -> None:
    arn = topic(account)
    found = account.client("sns").subscribe(
        TopicArn=arn, Protocol="http", Endpoint=desk.url, ReturnSubscriptionArn=True
    )
    desk.next()
    account.client("sns").unsubscribe(SubscriptionArn=found["SubscriptionArn"])
    subscribe(account, arn, desk)
    assert json.loads(desk.next()[1])["Type"] == "SubscriptionConfirmation"


def test_a_subscription_that_only_its_owner_may_end(
    account: Served, desk: Endpoint
) -> None:
    arn, sns = topic(account), account.client("sns")
    subscribe(account, arn, desk)
    token = json.loads(desk.next()[1])["Token"]
    found = sns.confirm_subscription(
        TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true"
    )["SubscriptionArn"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            f"{account.endpoint}/?Action=Unsubscribe&SubscriptionArn={found}"
        )
    with refused.value:
        assert b"AuthorizationError" in refused.value.read()
    assert listed(account, arn) == [found]
    sns.unsubscribe(SubscriptionArn=found)
    assert listed(account, arn) == []


def test_confirmed_through_the_api(account: Served, desk: Endpoint) -> None:
    arn = topic(account)
    subscribe(account, arn, desk)
    token = json.loads(desk.next()[1])["Token"]
    confirm = account.client("sns").confirm_subscription
    assert error(confirm, TopicArn=arn, Token="wrong")[0] == "InvalidParameter"
    assert listed(account, arn) == ["PendingConfirmation"]
    confirmed = confirm(TopicArn=arn, Token=token)["SubscriptionArn"]
    assert listed(account, arn) == [confirmed]


def test_a_wrong_token_in_a_link(account: Served) -> None:
    arn = topic(account)
    for token in ("", "wrong"):
        url = f"{account.endpoint}/?Action=ConfirmSubscription&TopicArn={arn}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}&Token={token}")
        with refused.value:
            assert refused.value.code == 400
            assert b"InvalidParameter" in refused.value.read()


def test_subscribing_again_asks_again_until_it_is_confirmed(
    account: Served, desk: Endpoint
) -> None:
    arn = topic(account)
    subscribe(account, arn, desk)
    desk.next()
    subscribe(account, arn, desk)
    desk.confirm()
    assert subscribe(account, arn, desk) == listed(account, arn)[0]
    publish(account, arn, "next")
    assert json.loads(desk.next()[1])["Message"] == "next"


@pytest.mark.parametrize(
    ("version", "digest"), [("1", hashes.SHA1()), ("2", hashes.SHA256())]
)
def test_both_kinds_of_message_are_signed(
    account: Served, desk: Endpoint, version: str, digest: hashes.HashAlgorithm
) -> None:
    """Checked as the SNS developer guide says, not as it was signed."""
    arn = topic(account, SignatureVersion=version)
    subscribe(account, arn, desk)
    asked = desk.confirm()
    publish(account, arn, "m\nn", Subject="s")
    told = json.loads(desk.next()[1])
    assert asked["SignatureVersion"] == told["SignatureVersion"] == version
    assert_signed(asked, digest, CONFIRMED)
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    assert_signed(told, digest, names)


CONFIRMED = [
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
]
"""What is signed of a message that asks to confirm."""


def assert_signed(
    envelope: dict[str, Any], digest: hashes.HashAlgorithm, names: list[str]
) -> None:
    with urllib.request.urlopen(envelope["SigningCertURL"]) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = b64decode(envelope["Signature"])
    key.verify(signature, text.encode(), padding.PKCS1v15(), digest)


def test_raw_delivery_and_filters(account: Served, desk: Endpoint) -> None:
    arn = topic(account)
    subscribe(
        account,
        arn,
        desk,
        RawMessageDelivery="true",
        FilterPolicyScope="MessageBody",
        FilterPolicy='{"kind": ["x"]}',
    )
    desk.confirm()
    publish(account, arn, '{"kind": "y"}')
    publish(account, arn, '{"kind": "x"}')
    headers, body = desk.next()
    assert body == '{"kind": "x"}'
    assert headers["x-amz-sns-rawdelivery"] == "true"
    assert headers["x-amz-sns-message-type"] == "Notification"


def test_a_failure_is_tried_again(account: Served, desk: Endpoint) -> None:
    arn = topic(account)
    subscribe(account, arn, desk)
    desk.confirm()
    desk.answers[:] = [500, 429, 503]
    publish(account, arn, "persistent")
    publish(account, arn, "next")
    bodies = [json.loads(desk.next()[1])["Message"] for _ in range(RETRIES + 2)]
    assert sorted(bodies) == ["next"] + ["persistent"] * (1 + RETRIES)


@pytest.mark.parametrize(
    ("answers", "calls"), [([500] * (1 + RETRIES), 1 + RETRIES), ([403], 1)]
)
def test_what_is_not_taken_becomes_a_dead_letter(
    account: Served, desk: Endpoint, answers: list[int], calls: int
) -> None:
    arn, sqs = topic(account), account.client("sqs")
    dead = f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:dead"
    url = sqs.create_queue(
        QueueName="dead",
        Attributes={"Policy": admitting("sns.amazonaws.com", dead, arn)},
    )["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": dead})
    subscribe(account, arn, desk, RedrivePolicy=redrive)
    desk.confirm()
    desk.answers[:] = answers
    publish(account, arn, "unwanted")
    for _ in range(calls):
        desk.next()
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"])["Message"] == "unwanted"
    assert desk.received.empty()


def test_an_endpoint_that_is_not_there_holds_up_nobody(
    account: Served, desk: Endpoint
) -> None:
    arn = topic(account)
    account.client("sns").subscribe(
        TopicArn=arn, Protocol="http", Endpoint="http://127.0.0.1:9/"
    )
    subscribe(account, arn, desk)
    desk.confirm()
    publish(account, arn, "through")
    assert json.loads(desk.next()[1])["Message"] == "through"


def test_feedback_of_a_mail(account: Served, desk: Endpoint) -> None:
    arn = topic(account)
    subscribe(account, arn, desk)
    desk.confirm()
    ses = account.client("sesv2")
    ses.create_email_identity(EmailIdentity="shop.example.com")
    account.client("ses").set_identity_notification_topic(
        Identity="shop.example.com", NotificationType="Bounce", SnsTopic=arn
    )
    assert "AmazonSnsSubscriptionSucceeded" in desk.next()[1]
    body = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
    ses.send_email(
        FromEmailAddress="a@shop.example.com",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Content={"Simple": body},
    )
    event = json.loads(json.loads(desk.next()[1])["Message"])
    assert event["notificationType"] == "Bounce"


def test_user_and_password_of_an_endpoint(account: Served, desk: Endpoint) -> None:
    arn = topic(account)
    desk.url = desk.url.replace("://", "://user:pass%40word@")
    subscribe(account, arn, desk)
    headers, _ = desk.next()
    kind, _, both = headers["authorization"].partition(" ")
    assert (kind, b64decode(both)) == ("Basic", b"user:pass@word")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost/x", True),
        ("https://desk.localhost:8443", True),
        ("http://127.0.0.2:80", True),
        ("http://[::1]:80", True),
        ("https://desk.example.com", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("http://localhost@example.com", False),
        ("http://0.0.0.0", False),
    ],
)
def test_what_is_on_this_machine(url: str, expected: bool) -> None:
    assert is_on_loopback(url) is expected


def test_an_endpoint_elsewhere_has_a_stand_in(account: Served) -> None:
    arn = topic(account)
    found = account.client("sns").subscribe(
        TopicArn=arn, Protocol="https", Endpoint="https://desk.example.com/"
    )
    assert found["SubscriptionArn"].startswith(arn)
    message_id = publish(account, arn)
    (delivery,) = account.cloud.sns.deliveries[message_id]
    assert delivery.endpoint == "https://desk.example.com/"


def authority(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate that is its own authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context, folder / "ca.pem"


def test_https_of_an_authority_that_is_trusted(tmp_path: Path) -> None:
    context, ca_file = authority(tmp_path)
    with (
        endpoint(context) as desk,
        served(http=HttpDelivery(str(ca_file))) as account,
    ):
        arn = topic(account)
        subscribe(account, arn, desk)
        desk.confirm()
        assert len(listed(account, arn)) == 1


def test_https_of_another_authority_is_not_called(tmp_path: Path) -> None:
    context, _ = authority(tmp_path)
    with endpoint(context) as desk, endpoint() as other, served() as account:
        arn = topic(account)
        subscribe(account, arn, desk)
        subscribe(account, arn, other)
        other.confirm()
        assert "PendingConfirmation" in listed(account, arn)
    assert desk.received.empty()


def test_an_authority_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(OSError):
            HttpDelivery(str(tmp_path / name))
