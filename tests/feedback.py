"""Messages as SES and its neighbours send them, for tests of the collector.

`event` and `notification` make a message of a configuration set and of an identity, as
a dict; `WRAPPINGS` has every way in which such a message travels, each a function that
makes the text that a queue (or a line of the event log) holds:

    body = in_sns(event(EventType.BOUNCE, to=["jane@example.com"]))

The same arguments make the same message. Fields are those of the SES developer guide,
"Amazon SNS notification contents" and "Contents of event data".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ses_feedback_collector import EventType

REGION = "eu-west-1"
ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:customer-service"
IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/shop.example.com"
JANE = "jane@example.com"
SENT_AT = datetime(2026, 5, 4, 3, 2, 1, 987_000, UTC)
"""When a mail was sent, where a test does not say."""

MAIL_ID = "0102018f4a1b2c3d-5e6f7a8b-9c0d-4e1f-a2b3-c4d5e6f7a8b9-000000"

NAMES = {
    EventType.SEND: ("Send", "send"),
    EventType.REJECT: ("Reject", "reject"),
    EventType.BOUNCE: ("Bounce", "bounce"),
    EventType.COMPLAINT: ("Complaint", "complaint"),
    EventType.DELIVERY: ("Delivery", "delivery"),
    EventType.OPEN: ("Open", "open"),
    EventType.CLICK: ("Click", "click"),
    EventType.RENDERING_FAILURE: ("Rendering Failure", "failure"),
    EventType.DELIVERY_DELAY: ("DeliveryDelay", "deliveryDelay"),
    EventType.SUBSCRIPTION: ("Subscription", "subscription"),
}
"""By event what SES calls it, and the key of its object."""

DETAIL_TYPES = {
    "Send": "Email Sent",
    "Reject": "Email Rejected",
    "Bounce": "Email Bounced",
    "Complaint": "Email Complaint Received",
    "Delivery": "Email Delivered",
    "Open": "Email Opened",
    "Click": "Email Clicked",
    "Rendering Failure": "Email Rendering Failed",
    "DeliveryDelay": "Email Delivery Delayed",
    "Subscription": "Email Subscribed",
}
"""By SES's name of an event what EventBridge calls it."""

OF_IDENTITIES = (EventType.BOUNCE, EventType.COMPLAINT, EventType.DELIVERY)
"""What an identity's topics can be told."""

WITHOUT_TIME = (EventType.SEND, EventType.REJECT, EventType.RENDERING_FAILURE)
"""Events whose object holds no time: they happen when the mail is sent."""

SETUP_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."
"""What a topic gets when a configuration set starts to use it; not JSON."""


def event(
    kind: EventType,
    to: Sequence[str] = (JANE,),
    at: datetime | None = None,
    message_id: str = MAIL_ID,
    configuration_set: str = "transactional",
    **details: Any,
) -> dict[str, Any]:
    """What a configuration set tells of one mail.

    `at` is when it happened, a second after the mail by default; `details` are put
    into the event's object in place of what it holds: `bounceType="Transient"`.
    """
    name, key = NAMES[kind]
    mail = _mail(kind, to, at, message_id)
    if kind not in (EventType.DELIVERY_DELAY, EventType.RENDERING_FAILURE):
        mail |= _headers(to, message_id)
    mail["tags"] = {
        "ses:configuration-set": [configuration_set],
        "ses:source-ip": ["192.0.2.7"],
        "ses:from-domain": ["shop.example.com"],
        "ses:caller-identity": ["shop"],
        "campaign": ["spring"],
    }
    return {
        "eventType": name,
        "mail": mail,
        key: _object(kind, to, at, message_id) | details,
    }


def notification(
    kind: EventType,
    to: Sequence[str] = (JANE,),
    at: datetime | None = None,
    message_id: str = MAIL_ID,
    headers: bool = False,
    **details: Any,
) -> dict[str, Any]:
    """What an identity's topic is told: of a bounce, a complaint or a delivery."""
    assert kind in OF_IDENTITIES
    name, key = NAMES[kind]
    mail = _mail(kind, to, at, message_id)
    mail |= {"sourceIp": "192.0.2.7", "callerIdentity": "shop"}
    if headers:
        mail |= _headers(to, message_id)
    return {
        "notificationType": name,
        "mail": mail,
        key: _object(kind, to, at, message_id) | details,
    }


def every_message() -> dict[str, dict[str, Any]]:
    """One of each kind, by a name: `event bounce`, `notification delivery`."""
    events = {f"event {kind}": event(kind) for kind in EventType}
    return events | {
        f"notification {kind}": notification(kind, headers=True)
        for kind in OF_IDENTITIES
    }


def timestamp(moment: datetime) -> str:
    """As SES writes it: 2026-05-04T03:02:01.987Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


# The ways in which a message travels.


def raw(message: Mapping[str, Any]) -> str:
    """As a queue gets it from a subscription with raw delivery."""
    return json.dumps(message)


def log_line(message: Mapping[str, Any]) -> str:
    """A line of the event log."""
    return json.dumps(message, separators=(",", ":")) + "\n"


def in_sns(message: Mapping[str, Any] | str, topic: str = TOPIC) -> str:
    """In the envelope of SNS: as a queue gets it from any other subscription."""
    text = message if isinstance(message, str) else json.dumps(message)
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": _id(text),
            "TopicArn": topic,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": "2026-05-04T03:02:03.123Z",
            "SignatureVersion": "1",
            "Signature": "c2lnbmF0dXJl" * 28,
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotification"
            "Service-5eca4d3b0a7f4c1e9f3a2b1c0d9e8f70.pem",
            "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe"
            f"&SubscriptionArn={topic}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
        }
    )


def in_event_bridge(message: Mapping[str, Any]) -> str:
    """As an event of the account's default bus."""
    name = message.get("eventType", message.get("notificationType", ""))
    return json.dumps(
        {
            "version": "0",
            "id": _id(json.dumps(message)),
            "detail-type": DETAIL_TYPES.get(name, "Email Sent"),
            "source": "aws.ses",
            "account": ACCOUNT,
            "time": "2026-05-04T03:02:03Z",
            "region": REGION,
            "resources": [
                f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/transactional"
            ],
            "detail": message,
        }
    )


def in_event_bridge_by_sns(message: Mapping[str, Any]) -> str:
    """As an event of the bus that a rule hands to a topic."""
    return in_sns(in_event_bridge(message))


WRAPPINGS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "raw": raw,
    "event log": log_line,
    "sns": in_sns,
    "eventbridge": in_event_bridge,
    "eventbridge by sns": in_event_bridge_by_sns,
}


# What belongs in a queue and tells nothing of a mail.


def notices() -> dict[str, str]:
    """Bodies that are accepted and dropped, by a name."""
    return {
        "set validated": SETUP_TEXT,
        "set validated, sns": in_sns(SETUP_TEXT),
        "identity subscribed": raw(_identity_subscribed()),
        "identity subscribed, sns": in_sns(_identity_subscribed()),
        "subscription": sns_request("SubscriptionConfirmation"),
        "unsubscription": sns_request("UnsubscribeConfirmation"),
        "alarm": raw(_alarm()),
        "alarm, sns": in_sns(_alarm()),
        "alarm, eventbridge": raw(_alarm_event()),
        "alarm, eventbridge by sns": in_sns(_alarm_event()),
        "guard": raw(_guard()),
        "guard, sns": in_sns(_guard()),
    }


def sns_request(kind: str) -> str:
    """What SNS itself asks or tells: a SubscriptionConfirmation ..."""
    return json.dumps(
        {
            "Type": kind,
            "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
            "Token": "2336412f37" * 10,
            "TopicArn": TOPIC,
            "Message": f"You have chosen to subscribe to the topic {TOPIC}.",
            "SubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Confirm",
            "Timestamp": "2026-05-04T03:02:03.123Z",
            "SignatureVersion": "1",
            "Signature": "c2lnbmF0dXJl",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/one.pem",
        }
    )


def _identity_subscribed() -> dict[str, Any]:
    return {
        "notificationType": "AmazonSnsSubscriptionSucceeded",
        "message": "You have successfully subscribed your Amazon SNS topic"
        f" '{TOPIC}' to receive 'Bounce' notifications from Amazon SES for identity"
        " 'shop.example.com'.",
    }


def _alarm() -> dict[str, Any]:
    return {
        "AlarmName": "ses-feedback-prod-bounce-rate",
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [0.06] was greater.",
        "StateChangeTime": "2026-05-04T03:02:03.123+0000",
        "Region": "EU (Ireland)",
        "OldStateValue": "OK",
        "Trigger": {"MetricName": "Reputation.BounceRate", "Threshold": 0.05},
    }


def _alarm_event() -> dict[str, Any]:
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": "2026-05-04T03:02:03Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "alarmName": "ses-feedback-prod-bounce-rate",
            "state": {"value": "ALARM"},
        },
    }


def _guard() -> dict[str, Any]:
    return {
        "sesFeedbackGuard": 1,
        "configurationSet": "campaigns",
        "alarm": "ses-feedback-prod-campaigns-critical",
        "action": "paused",
        "resume": "aws sesv2 put-configuration-set-sending-options ...",
        "rearm": "aws cloudwatch set-alarm-state ...",
    }


# The parts of a message.


def _id(text: str) -> str:
    """The same for the same text."""
    return str(uuid5(NAMESPACE_URL, ascii(text)))


def _mail(
    kind: EventType, to: Sequence[str], at: datetime | None, message_id: str
) -> dict[str, Any]:
    sent = _moment(kind, at) if kind in WITHOUT_TIME else SENT_AT
    return {
        "timestamp": timestamp(sent),
        "source": "Shop <no-reply@shop.example.com>",
        "sourceArn": IDENTITY,
        "sendingAccountId": ACCOUNT,
        "messageId": message_id,
        "destination": list(to),
    }


def _headers(to: Sequence[str], message_id: str) -> dict[str, Any]:
    return {
        "headersTruncated": False,
        "headers": [
            {"name": "From", "value": "Shop <no-reply@shop.example.com>"},
            {"name": "To", "value": ", ".join(to)},
            {"name": "Subject", "value": "Your order"},
            {"name": "MIME-Version", "value": "1.0"},
            {"name": "Content-Type", "value": "text/plain; charset=UTF-8"},
        ],
        "commonHeaders": {
            "from": ["Shop <no-reply@shop.example.com>"],
            "to": list(to),
            "date": "Mon, 04 May 2026 03:02:01 +0000",
            "messageId": message_id,
            "subject": "Your order",
        },
    }


def _moment(kind: EventType, at: datetime | None) -> datetime:
    if at is not None:
        return at
    return SENT_AT if kind in WITHOUT_TIME else SENT_AT + timedelta(seconds=1)


def _object(
    kind: EventType, to: Sequence[str], at: datetime | None, message_id: str
) -> dict[str, Any]:
    found = _OBJECTS[kind](list(to))
    if kind not in WITHOUT_TIME:
        found["timestamp"] = timestamp(_moment(kind, at))
    if kind in (EventType.BOUNCE, EventType.COMPLAINT):
        found["feedbackId"] = f"{_id(f'{message_id} {kind}')}-000000"
    return found


def _bounce(to: list[str]) -> dict[str, Any]:
    return {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": email,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
            for email in to
        ],
        "remoteMtaIp": "192.0.2.25",
        "reportingMTA": "dns; a7-31.smtp-out.eu-west-1.amazonses.com",
    }


def _complaint(to: list[str]) -> dict[str, Any]:
    return {
        "complainedRecipients": [{"emailAddress": email} for email in to],
        "complaintSubType": None,
        "complaintFeedbackType": "abuse",
        "userAgent": "Amazon SES Mailbox Simulator",
        "arrivalDate": timestamp(SENT_AT),
    }


def _delivery(to: list[str]) -> dict[str, Any]:
    return {
        "processingTimeMillis": 546,
        "recipients": to,
        "smtpResponse": "250 ok:  Message 64111812 accepted",
        "remoteMtaIp": "192.0.2.25",
        "reportingMTA": "a8-70.smtp-out.eu-west-1.amazonses.com",
    }


def _delay(to: list[str]) -> dict[str, Any]:
    return {
        "delayType": "MailboxFull",
        "delayedRecipients": [
            {
                "emailAddress": email,
                "status": "4.2.2",
                "diagnosticCode": "smtp; 452 4.2.2 the mailbox is full",
            }
            for email in to
        ],
        "expirationTime": timestamp(SENT_AT + timedelta(hours=14)),
        "reportingMTA": "a48-53.smtp-out.eu-west-1.amazonses.com",
    }


def _opened() -> dict[str, Any]:
    return {"ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0 (iPhone)"}


def _subscription() -> dict[str, Any]:
    def preferences(status: str) -> dict[str, Any]:
        return {
            "unsubscribeAll": False,
            "topicSubscriptionStatus": [
                {"topicName": "offers", "subscriptionStatus": status}
            ],
        }

    return {
        "contactList": "customers",
        "source": "UnsubscribeHeader",
        "newTopicPreferences": preferences("OptOut"),
        "oldTopicPreferences": preferences("OptIn"),
    }


_OBJECTS: dict[EventType, Callable[[list[str]], dict[str, Any]]] = {
    EventType.SEND: lambda to: {},
    EventType.REJECT: lambda to: {"reason": "Bad content"},
    EventType.BOUNCE: _bounce,
    EventType.COMPLAINT: _complaint,
    EventType.DELIVERY: _delivery,
    EventType.OPEN: lambda to: _opened(),
    EventType.CLICK: lambda to: (
        _opened()
        | {"link": "https://shop.example.com/offer", "linkTags": {"place": ["top"]}}
    ),
    EventType.RENDERING_FAILURE: lambda to: {
        "templateName": "order",
        "errorMessage": "Attribute 'name' is not present in the rendering data.",
    },
    EventType.DELIVERY_DELAY: _delay,
    EventType.SUBSCRIPTION: lambda to: _subscription(),
}
