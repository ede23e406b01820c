"""SNS's envelopes, field by field; signatures are held against a real subscriber in
test_sandbox_http_delivery.py."""

from cryptography import x509

from sandbox.envelopes import (
    CERTIFICATE,
    Post,
    certificate,
    confirmation,
    notification,
    to_sign,
)

POST = Post("arn:t", "arn:t:s", "http://127.0.0.1:1", "2")


def test_a_notification() -> None:
    attributes = {"kind": {"Type": "String", "Value": "x"}}
    made = notification(POST, "m", "id", None, attributes)
    assert made.keys() == {
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    }
    assert made["MessageAttributes"] == attributes
    assert made["SigningCertURL"] == f"http://127.0.0.1:1/{CERTIFICATE}"
    assert made["UnsubscribeURL"] == (
        "http://127.0.0.1:1/?Action=Unsubscribe&SubscriptionArn=arn%3At%3As"
    )


def test_what_is_signed() -> None:
    made = notification(POST, "m", "id", "s")
    assert to_sign(made).decode() == (
        "Message\nm\nMessageId\nid\nSubject\ns\n"
        f"Timestamp\n{made['Timestamp']}\nTopicArn\narn:t\nType\nNotification\n"
    )


def test_a_confirmation() -> None:
    made = confirmation(POST, "token")
    assert made["Type"] == "SubscriptionConfirmation"
    assert made["SubscribeURL"] == (
        "http://127.0.0.1:1/?Action=ConfirmSubscription&TopicArn=arn%3At&Token=token"
    )
    assert made["Token"] == "token"
    assert "arn:t" in made["Message"]


def test_the_certificate_is_sns_s() -> None:
    found = x509.load_pem_x509_certificate(certificate())
    assert found.subject.rfc4514_string() == "CN=sns.amazonaws.com"
