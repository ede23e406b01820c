"""What a message of a queue, or a line of the event log, says of a mail.

Shapes as in the SES developer guide, "Amazon SNS notification contents" (an identity's)
and "Contents of event data" (a configuration set's); the SNS developer guide, "Amazon
SNS message and JSON formats"; the EventBridge reference, "Amazon SES events".
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isinf
from typing import Any, NamedTuple, NoReturn

from ses_feedback_collector.events import (
    Event,
    EventType,
    Notice,
    Recipient,
    Unreadable,
)

LONGEST_ADDRESS = 1_000
"""Bytes in UTF-8, and so at most as many characters: PostgreSQL's indexes take 2,704."""

MOST_RECIPIENTS = 1_000
"""Of an event, each of which becomes a row with all of the mail. SES sends a message to
50 at most (developer guide, "Service quotas")."""

LATEST = datetime(2201, 1, 1, tzinfo=UTC)
"""No event happened then or later, and no decision by hand ends then: neither a window
that is added to a time nor a time zone leads out of the years that Python has."""

DEEPEST = 64
"""Levels of objects and lists in a message; SES's own has some six."""

SET_VALIDATED = "Successfully validated SNS topic for Amazon SES"
"""How the text begins that a topic gets when a configuration set starts to use it."""

IDENTITY_SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"


class _Shape(NamedTuple):
    """Where an event has what."""

    type: EventType
    key: str
    """Of the event's object."""
    recipients: str = ""
    """The list in that object; without one, the mail's destinations count."""
    has_time: bool = True
    """Whether the object has a timestamp; otherwise the mail's counts."""


_EVENTS = {
    "Send": _Shape(EventType.SEND, "send", has_time=False),
    "Reject": _Shape(EventType.REJECT, "reject", has_time=False),
    "Bounce": _Shape(EventType.BOUNCE, "bounce", "bouncedRecipients"),
    "Complaint": _Shape(EventType.COMPLAINT, "complaint", "complainedRecipients"),
    "Delivery": _Shape(EventType.DELIVERY, "delivery", "recipients"),
    "Open": _Shape(EventType.OPEN, "open"),
    "Click": _Shape(EventType.CLICK, "click"),
    "Rendering Failure": _Shape(EventType.RENDERING_FAILURE, "failure", has_time=False),
    "DeliveryDelay": _Shape(
        EventType.DELIVERY_DELAY, "deliveryDelay", "delayedRecipients"
    ),
    "Subscription": _Shape(EventType.SUBSCRIPTION, "subscription"),
}
"""By `eventType`."""

_NOTIFICATIONS = {name: _EVENTS[name] for name in ("Bounce", "Complaint", "Delivery")}
"""By `notificationType`."""


def parse(body: str | bytes | Mapping[str, Any]) -> Event | Notice:
    """What a message says, whichever way it came.

    `body` is what a queue holds, a line of the event log, or either decoded already: a
    notification of an identity or an event of a configuration set, by itself, in the
    envelope of SNS, as an event of EventBridge, or that in an envelope. A Notice is
    what belongs in the queue besides: setup messages of SES and SNS, CloudWatch alarms,
    notices of the sending guard.

    An Event can be stored as it is: NUL and lone surrogates, which PostgreSQL does not
    take, are replaced by U+FFFD throughout. Of a key that an object has twice the last
    counts.

    Raises Unreadable for anything else, with what was found and what was expected.
    """
    text = _text(body)
    topic_arn = None
    if text.startswith((SET_VALIDATED, f'"{SET_VALIDATED}')):
        return _TOPIC_VALIDATED
    content = _object(text, "the message")
    if "Type" in content and "Message" in content:
        if notice := _request(content):
            return notice
        text, topic_arn = _message(content), _topic(content)
        if text.startswith(SET_VALIDATED):
            return _TOPIC_VALIDATED
        content = _object(text, "the Message in the SNS envelope")
    if "detail-type" in content:
        if content["detail-type"] == "CloudWatch Alarm State Change":
            return _alarm(content.get("detail"), "alarmName")
        content = _detail(content)
    if "eventType" in content:
        shape = _shape(content, "eventType", _EVENTS)
    elif "notificationType" in content:
        if content["notificationType"] == IDENTITY_SUBSCRIBED:
            return _TOPIC_SUBSCRIBED
        shape = _shape(content, "notificationType", _NOTIFICATIONS)
    else:
        return _other(content)
    return _event(shape, _storable(content, text), topic_arn)


def _event(shape: _Shape, content: dict[str, Any], topic_arn: str | None) -> Event:
    mail = _part(content, "mail")
    details = _part(content, shape.key)
    if shape.has_time:
        at = _moment(details, shape.key)
    else:
        at = _moment(mail, "mail")
    if shape.recipients:
        recipients = _recipients(details, shape.key, shape.recipients)
    else:
        recipients = _recipients(mail, "mail", "destination")
    if shape.type is EventType.BOUNCE:
        _name(details, "bounce", "bounceType")
    return Event(
        type=shape.type,
        at=at,
        message_id=_name(mail, "mail", "messageId"),
        recipients=recipients,
        details=details,
        mail=mail,
        content=content,
        by_set="eventType" in content,
        topic_arn=topic_arn,
    )


# The parts of an event.


def _part(content: dict[str, Any], key: str) -> dict[str, Any]:
    found = content.get(key)
    if not isinstance(found, dict):
        _refuse(key, _kind(found), "an object")
    return found


def _name(part: dict[str, Any], key: str, field: str) -> str:
    found = part.get(field)
    if not isinstance(found, str) or not found:
        _refuse(f"{key}.{field}", _kind(found), "a text")
    return found


def _moment(part: dict[str, Any], key: str) -> datetime:
    """When it happened, in UTC; a time without an offset is UTC."""
    found = part.get("timestamp")
    if not isinstance(found, str):
        _refuse(f"{key}.timestamp", _kind(found), _TIME)
    try:
        moment = datetime.fromisoformat(found)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        _refuse(f"{key}.timestamp", _kind(found), _TIME)
    if moment >= LATEST:
        _refuse(f"{key}.timestamp", "a time beyond the year 2200", _TIME)
    return moment


def _recipients(part: dict[str, Any], key: str, field: str) -> tuple[Recipient, ...]:
    found = part.get(field)
    if not isinstance(found, list) or not found:
        expected = "a list of at least one recipient"
        _refuse(f"{key}.{field}", _kind(found), expected)
    if len(found) > MOST_RECIPIENTS:
        expected = f"at most {MOST_RECIPIENTS:,} recipients"
        _refuse(f"{key}.{field}", _kind(found), expected)
    try:
        return tuple([_recipient(each) for each in found])
    except _NoAddress as error:
        reason = str(error)
    raise Unreadable(f"{key}.{field}: found {reason}")


class _NoAddress(ValueError):
    """What stands in place of an address; which list it is in, the caller knows."""


def _recipient(found: Any) -> Recipient:
    """An address, or an object with one: deliveries and mails have the former."""
    if not isinstance(found, dict):
        return Recipient(_address(found))
    return Recipient(
        _address(found.get("emailAddress")),
        _text_or_none(found.get("status")),
        _text_or_none(found.get("diagnosticCode")),
        _text_or_none(found.get("action")),
    )


def _address(found: Any) -> str:
    if not isinstance(found, str) or not found or found.isspace():
        raise _NoAddress(f"{_kind(found)} among them, expected an address of each")
    if len(found) * 4 > LONGEST_ADDRESS and len(found.encode()) > LONGEST_ADDRESS:
        raise _NoAddress(
            f"an address of {len(found.encode()):,} bytes, expected at most"
            f" {LONGEST_ADDRESS:,}"
        )
    return found


def _text_or_none(found: Any) -> str | None:
    return found if isinstance(found, str) else None


# What a message travels in.


def _text(body: str | bytes | Mapping[str, Any]) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, bytes):
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            reason = f"byte {error.start:,} of {len(body):,}"
        raise Unreadable(f"the message is not UTF-8 at {reason}, expected JSON")
    if not isinstance(body, Mapping):
        _refuse("the message", _kind(body), "JSON")
    try:
        return json.dumps(dict(body), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Unreadable(
            "the message is an object with values that JSON does not have, or nested"
            " too deep"
        ) from None


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at character {error.pos:,} of {len(text):,}"
    except RecursionError:
        _too_deep()
    else:
        if not isinstance(found, dict):
            _refuse(what, _kind(found), "an object")
        return found
    raise Unreadable(f"{what} is not JSON: {reason}")


def _request(envelope: dict[str, Any]) -> Notice | None:
    """What SNS itself asks; none where it hands on somebody's message."""
    kind = envelope["Type"]
    if kind == "Notification":
        return None
    topic = envelope.get("TopicArn")
    named = topic if isinstance(topic, str) and _TOPIC.fullmatch(topic) else "a topic"
    if kind == "SubscriptionConfirmation":
        return Notice(f"SNS asks to confirm a subscription to {named}; nobody did")
    if kind == "UnsubscribeConfirmation":
        return Notice(f"SNS has ended a subscription to {named}")
    _refuse("Type", _named(kind), "Notification, as in an SNS envelope")


def _message(envelope: dict[str, Any]) -> str:
    found = envelope["Message"]
    if not isinstance(found, str):
        _refuse("the Message in the SNS envelope", _kind(found), "JSON as a text")
    return found


def _topic(envelope: dict[str, Any]) -> str | None:
    found = envelope.get("TopicArn")
    return _mended_text(found) if isinstance(found, str) and found else None


def _detail(event: dict[str, Any]) -> dict[str, Any]:
    """What an event of EventBridge tells."""
    if event.get("source") != "aws.ses":
        found = _named(event.get("source"))
        _refuse("source of the EventBridge event", found, "aws.ses")
    detail = event.get("detail")
    if not isinstance(detail, dict) or "eventType" not in detail:
        kind = _named(event["detail-type"])
        raise Unreadable(
            f"the EventBridge event of detail-type {kind} has no detail.eventType,"
            " expected an event of a mail"
        )
    return detail


def _shape(content: dict[str, Any], field: str, shapes: Mapping[str, _Shape]) -> _Shape:
    name = content[field]
    shape = shapes.get(name) if isinstance(name, str) else None
    if shape is None:
        _refuse(field, _named(name), f"one of {', '.join(shapes)}")
    return shape


# What tells nothing of a mail.

_TOPIC_VALIDATED = Notice("SES validated the topic for a configuration set")
_TOPIC_SUBSCRIBED = Notice("SES subscribed the topic to an identity's feedback")


def _other(content: dict[str, Any]) -> Notice:
    if "AlarmName" in content and "NewStateValue" in content:
        return _alarm(content, "AlarmName")
    if "sesFeedbackGuard" in content:
        name = _named(content.get("configurationSet"))
        return Notice(f"the sending guard tells of the configuration set {name}")
    plain = [key for key in content if _KEY.fullmatch(key)][:5]
    keys = f" with {', '.join(plain)}" if plain else ""
    raise Unreadable(
        f"the message is an object{keys} but without eventType or notificationType,"
        " expected an event or a notification of SES"
    )


def _alarm(alarm: Any, field: str) -> Notice:
    name = alarm.get(field) if isinstance(alarm, dict) else None
    return Notice(f"the CloudWatch alarm {_named(name)} has changed its state")


# Texts for people, without what a message says of people.

_TIME = "a time like 2026-05-04T03:02:01.987Z between the years 1 and 2200"
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 ._:-]{0,99}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def _refuse(where: str, found: str, expected: str) -> NoReturn:
    raise Unreadable(f"{where}: found {found}, expected {expected}") from None


def _named(value: Any) -> str:
    """A name that AWS or the operator gave, as far as it looks like one."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return _kind(value)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case "":
            return "an empty text"
        case str():
            return f"a text of {len(value):,} characters"
        case []:
            return "an empty list"
        case list():
            return f"a list of {len(value):,}"
        case dict():
            return "an object"
        case _:
            return f"a Python {type(value).__name__}"


# What a database can hold.

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _storable(content: dict[str, Any], text: str) -> dict[str, Any]:
    """The content of a text as jsonb and JSON can hold it."""
    if text.count("{") + text.count("[") > DEEPEST and _is_deep(content):
        _too_deep()
    if _may_be_unstorable(text):
        mended: dict[str, Any] = _mended(content)
        return mended
    return content


def _is_deep(content: dict[str, Any]) -> bool:
    level: list[Any] = [content]
    for _ in range(DEEPEST):
        level = [
            below
            for each in level
            for below in (each.values() if type(each) is dict else each)
            if type(below) is dict or type(below) is list
        ]
        if not level:
            return False
    return True


def _too_deep() -> NoReturn:
    raise Unreadable(
        f"the message is nested too deep, expected at most {DEEPEST} levels"
    ) from None


def _may_be_unstorable(text: str) -> bool:
    if "\\u" in text and _ESCAPED_UNSTORABLE.search(text):
        return True
    return not text.isascii() and _UNSTORABLE.search(text) is not None


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _mended_text(value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended_text(key): _mended(each) for key, each in value.items()}
    return value


def _mended_text(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def _whole(digits: str) -> int:
    if len(digits) > 300:
        _fraction(digits)
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise Unreadable("the message has a number beyond 1.8e308, expected less")
    return number


def _no_number(name: str) -> NoReturn:
    raise Unreadable(f"the message has the number {name}, which JSON does not have")


_DECODER = json.JSONDecoder(
    parse_int=_whole, parse_float=_fraction, parse_constant=_no_number
)
