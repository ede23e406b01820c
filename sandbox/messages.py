"""What SES tells a topic: both JSON shapes, and the messages that set a topic up.

Field by field as in the SES developer guide, "Amazon SNS notification contents" (an
identity's) and "Contents of event data" (a configuration set's).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Any

from sandbox.mail import Mail
from sandbox.simulator import Outcome

DESTINATION_ATTACHED = (
    "Successfully validated SNS topic for Amazon SES event publishing."
)
"""Plain text, which consumers of a topic have to tolerate."""

EVENT_SUBJECT = "Amazon SES Email Event Notification"

LARGEST_HEADERS = 10 * 1024
"""Bytes of headers from which on they are cut short."""

WITHOUT_HEADERS = ("DeliveryDelay", "Rendering Failure")
"""Events of a set that carry no headers; the others always do."""


@dataclass(frozen=True)
class Sent:
    """A mail that SES has taken."""

    mail: Mail
    message_id: str
    time: datetime
    identity_arn: str
    """The identity whose settings apply."""
    account_id: str
    caller: str
    """Who sent it, as IAM names them."""
    source_ip: str
    configuration_set: str | None
    """The set that applies, named or by default."""


def topic_attached(identity: str, notification_type: str, topic_arn: str) -> str:
    """What SES publishes when a topic is set for an identity."""
    message = (
        f"You have successfully subscribed your Amazon SNS topic '{topic_arn}' to"
        f" receive '{notification_type}' notifications from Amazon SES for identity"
        f" '{identity}'."
    )
    return json.dumps(
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": message}
    )


def notification(sent: Sent, outcome: Outcome, *, headers: bool) -> str:
    """What the topic of an identity is told; the mail's headers only where asked for."""
    mail = _mail(sent) | {"sourceIp": sent.source_ip, "callerIdentity": sent.caller}
    if headers:
        mail |= _headers(sent)
    return json.dumps(
        {"notificationType": outcome.type, "mail": mail}
        | {outcome.key: _details(sent, outcome)}
    )


def event(sent: Sent, outcome: Outcome) -> str:
    """What the topic of a configuration set is told."""
    mail = _mail(sent)
    if outcome.type not in WITHOUT_HEADERS:
        mail |= _headers(sent)
    mail["tags"] = {name: [value] for name, value in tags(sent).items()}
    return json.dumps(
        {"eventType": outcome.type, "mail": mail}
        | {outcome.key: _details(sent, outcome)}
    )


def new_id() -> str:
    """An id as SES gives them to mails and to feedback."""
    moment = int(datetime.now(UTC).timestamp() * 1000)
    return f"0102{moment:012x}-{uuid.uuid4()}-000000"


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _mail(sent: Sent) -> dict[str, Any]:
    return {
        "timestamp": timestamp(sent.time),
        "source": sent.mail.source,
        "sourceArn": sent.identity_arn,
        "sendingAccountId": sent.account_id,
        "messageId": sent.message_id,
        "destination": list(sent.mail.recipients),
    }


def _headers(sent: Sent) -> dict[str, Any]:
    kept: list[dict[str, str]] = []
    size = 0
    for name, value in sent.mail.headers:
        size += len(f"{name}: {value}\r\n".encode())
        if size >= LARGEST_HEADERS:
            break
        kept.append({"name": name, "value": value})
    return {
        "headersTruncated": size >= LARGEST_HEADERS,
        "headers": kept,
        "commonHeaders": _common_headers(sent),
    }


def _common_headers(sent: Sent) -> dict[str, Any]:
    mail = sent.mail
    common: dict[str, Any] = {
        "from": _addresses(mail.header("From") or mail.source),
        "messageId": mail.header("Message-ID") or sent.message_id,
    }
    for key, name in (("to", "To"), ("cc", "Cc"), ("replyTo", "Reply-To")):
        if value := mail.header(name):
            common[key] = _addresses(value)
    for key, name in (("date", "Date"), ("subject", "Subject")):
        if value := mail.header(name):
            common[key] = value
    return common


def _addresses(value: str) -> list[str]:
    return [
        f"{name} <{address}>" if name else address
        for name, address in getaddresses([value])
    ]


def tags(sent: Sent) -> Mapping[str, str]:
    """The mail's own tags and those that SES adds to it."""
    own = {
        "ses:source-ip": sent.source_ip,
        "ses:from-domain": sent.mail.sender.rpartition("@")[2].lower(),
        "ses:caller-identity": sent.caller,
    }
    if sent.configuration_set:
        own["ses:configuration-set"] = sent.configuration_set
    return {**sent.mail.tags, **own}


def _details(sent: Sent, outcome: Outcome) -> dict[str, Any]:
    now = timestamp(datetime.now(UTC))
    match outcome.key:
        case "bounce":
            return outcome.details | {"timestamp": now, "feedbackId": new_id()}
        case "complaint":
            return outcome.details | {
                "timestamp": now,
                "feedbackId": new_id(),
                "arrivalDate": timestamp(sent.time),
            }
        case "delivery":
            return outcome.details | {"timestamp": now}
        case _:
            return dict(outcome.details)
