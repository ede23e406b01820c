"""SNS's own JSON around a message, signed.

As in the SNS developer guide, "HTTP/HTTPS notification JSON format" and "Verifying the
signatures of Amazon SNS messages".
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

CERTIFICATE = "SimpleNotificationService-5eca4d3b0a7f4c1e9f3a2b1c0d9e8f70.pem"
"""The name of the certificate's file at SNS's address."""

DIGESTS: Mapping[str, type[hashes.HashAlgorithm]] = {
    "1": hashes.SHA1,
    "2": hashes.SHA256,
}
"""By the topic's SignatureVersion."""

_SIGNED = (
    "Message",
    "MessageId",
    "Subject",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
"""What a signature covers, of what there is, in this order."""


@dataclass(frozen=True)
class Post:
    """Who writes to whom."""

    topic_arn: str
    subscription_arn: str
    address: str
    """Where SNS itself is reached."""
    signature_version: str = "1"


def notification(
    post: Post,
    message: str,
    message_id: str,
    subject: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A message of a topic."""
    links = {"Action": "Unsubscribe", "SubscriptionArn": post.subscription_arn}
    envelope = _signed(
        post,
        {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": post.topic_arn,
            **({"Subject": subject} if subject else {}),
            "Message": message,
        },
    )
    envelope["UnsubscribeURL"] = f"{post.address}/?{urlencode(links)}"
    if attributes:
        envelope["MessageAttributes"] = dict(attributes)
    return envelope


def confirmation(post: Post, token: str) -> dict[str, Any]:
    """What asks an endpoint whether it wants what was subscribed for it."""
    text = (
        f"You have chosen to subscribe to the topic {post.topic_arn}.\nTo confirm the"
        " subscription, visit the SubscribeURL included in this message."
    )
    return _with_token(post, "SubscriptionConfirmation", text, token)


def dismissal(post: Post, token: str) -> dict[str, Any]:
    """What tells an endpoint that it is not subscribed any more, and how to undo it."""
    text = (
        f"You have chosen to deactivate subscription {post.subscription_arn}.\nTo cancel"
        " this operation and restore the subscription, visit the SubscribeURL included"
        " in this message."
    )
    return _with_token(post, "UnsubscribeConfirmation", text, token)


def _with_token(post: Post, kind: str, text: str, token: str) -> dict[str, Any]:
    links = {
        "Action": "ConfirmSubscription",
        "TopicArn": post.topic_arn,
        "Token": token,
    }
    return _signed(
        post,
        {
            "Type": kind,
            "MessageId": str(uuid4()),
            "Token": token,
            "TopicArn": post.topic_arn,
            "Message": text,
            "SubscribeURL": f"{post.address}/?{urlencode(links)}",
        },
    )


def _signed(post: Post, content: Mapping[str, str]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    envelope = {**content, "Timestamp": now}
    digest = DIGESTS[post.signature_version]()
    signature = _key().sign(to_sign(envelope), padding.PKCS1v15(), digest)
    return {
        **envelope,
        "SignatureVersion": post.signature_version,
        "Signature": b64encode(signature).decode(),
        "SigningCertURL": f"{post.address}/{CERTIFICATE}",
    }


def to_sign(envelope: Mapping[str, Any]) -> bytes:
    """The bytes that the signature of an envelope is of."""
    lines = (f"{key}\n{envelope[key]}\n" for key in _SIGNED if key in envelope)
    return "".join(lines).encode()


@cache
def certificate() -> bytes:
    """SNS's certificate, of its own making, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
