"""What an event becomes in the tables: a row for each recipient."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from ses_feedback_collector.addresses import normalised
from ses_feedback_collector.events import Event, EventType, Recipient

SUPPRESSION_LIST = "suppression-list"
AUTOMATIC_REPLY = "automatic-reply"

NOT_TRIED = {
    "Suppressed",
    "OnAccountSuppressionList",
    "OnTenantSuppressionList",
    "EmailValidationSuppressed",
    "UnsubscribedRecipient",
}
"""Subtypes of bounces that SES makes itself, since it has the address on a list. The
first two are in the developer guide, the others are met in practice."""

ROWS = UUID("5e5feedb-ac00-5000-8000-000000000001")
"""The namespace of the rows' ids. Another one would store every event again."""

_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_OUR_TOPIC = re.compile(r"(.+)-topic-[0-9a-f]{7}")


def rows(event: Event, received_at: datetime) -> list[dict[str, Any]]:
    """Rows for `TABLES[event.type]`, one for each address; always of the same columns.

    The same event makes the same ids, whoever told it and in whichever message: they
    are made of the recipient and of what the event is known by. A field that is not of
    the type that SES documents leaves its column null; `mail` and `event` keep it.
    """
    at, own, known_by = _KINDS[event.type]
    identity = [event.type, *known_by(event)]
    common = {
        at: event.at,
        "message_id": event.message_id,
        "source": _text(event.mail, "source"),
        "subject": _text(_part(event.mail, "commonHeaders"), "subject"),
        "configuration_set": _configuration_set(event.mail),
        "channel": _channel(event.topic_arn),
        "mail": event.mail,
        "event": {key: part for key, part in event.content.items() if key != "mail"},
        "received_at": received_at,
    }
    found = {}
    for recipient in event.recipients:
        id = str(uuid5(ROWS, json.dumps([*identity, recipient.email])))
        found[id] = {
            "id": id,
            "email": recipient.email,
            "address": normalised(recipient.email),
            **common,
            **own(event.details, recipient),
        }
    return list(found.values())


# What an event is known by, apart from its type and recipient.


def _by_feedback(event: Event) -> list[str | None]:
    """SES gives every bounce and complaint an id, the same to all whom it tells."""
    feedback = _text(event.details, "feedbackId")
    return [feedback] if feedback else _by_time(event)


def _by_mail(event: Event) -> list[str | None]:
    """What happens to a mail and recipient once."""
    return [event.message_id]


def _by_time(event: Event) -> list[str | None]:
    moment = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return [event.message_id, moment]


def _by_visit(event: Event) -> list[str | None]:
    """Of a mail to several SES does not say who opened it: these tell them apart."""
    fields = ("link", "ipAddress", "userAgent")
    return _by_time(event) + [_text(event.details, field) for field in fields]


def _by_list(event: Event) -> list[str | None]:
    return [*_by_time(event), _text(event.details, "contactList")]


# The columns that only one kind of event has.

_Columns = dict[str, Any]


def _bounce(details: Mapping[str, Any], recipient: Recipient) -> _Columns:
    type, subtype = _text(details, "bounceType"), _text(details, "bounceSubType")
    return {
        "type": type,
        "subtype": subtype,
        "status": recipient.status,
        "diagnostic": recipient.diagnostic,
        "cause": _cause(type, subtype, recipient.status),
    }


def _cause(type: str | None, subtype: str | None, status: str | None) -> str | None:
    if subtype in NOT_TRIED:
        return SUPPRESSION_LIST
    if (type, subtype) == ("Transient", "General"):
        return None if status and _STATUS.fullmatch(status) else AUTOMATIC_REPLY
    return None


def _complaint(details: Mapping[str, Any], _: Recipient) -> _Columns:
    subtype = _text(details, "complaintSubType")
    return {
        "type": _text(details, "complaintFeedbackType"),
        "subtype": subtype,
        "user_agent": _text(details, "userAgent"),
        "cause": SUPPRESSION_LIST if subtype in NOT_TRIED else None,
    }


def _delivery(details: Mapping[str, Any], _: Recipient) -> _Columns:
    return {
        "response": _text(details, "smtpResponse"),
        "mta": _text(details, "reportingMTA"),
    }


def _delay(details: Mapping[str, Any], recipient: Recipient) -> _Columns:
    return {
        "type": _text(details, "delayType"),
        "status": recipient.status,
        "diagnostic": recipient.diagnostic,
        "expires_at": _moment(details, "expirationTime"),
    }


def _send(_: Mapping[str, Any], __: Recipient) -> _Columns:
    return {}


def _reject(details: Mapping[str, Any], _: Recipient) -> _Columns:
    return {"reason": _text(details, "reason")}


def _rendering_failure(details: Mapping[str, Any], _: Recipient) -> _Columns:
    return {
        "template": _text(details, "templateName"),
        "reason": _text(details, "errorMessage"),
    }


def _open(details: Mapping[str, Any], _: Recipient) -> _Columns:
    return {
        "ip": _text(details, "ipAddress"),
        "user_agent": _text(details, "userAgent"),
    }


def _click(details: Mapping[str, Any], recipient: Recipient) -> _Columns:
    return {"link": _text(details, "link"), **_open(details, recipient)}


def _subscription(details: Mapping[str, Any], _: Recipient) -> _Columns:
    preferences = _part(details, "newTopicPreferences")
    stated = preferences.get("topicSubscriptionStatus")
    topics = [one for one in _listed(stated) if isinstance(one, Mapping)]
    all_of_them = preferences.get("unsubscribeAll")
    return {
        "contact_list": _text(details, "contactList"),
        "unsubscribed_all": all_of_them if isinstance(all_of_them, bool) else None,
        "opted_out": _names(topics, "OptOut"),
        "opted_in": _names(topics, "OptIn"),
    }


def _names(topics: list[Mapping[str, Any]], status: str) -> list[str]:
    found = [
        _text(one, "topicName")
        for one in topics
        if one.get("subscriptionStatus") == status
    ]
    return [name for name in found if name]


class _Kind(NamedTuple):
    """How the rows of one kind of event are made."""

    at: str
    """The column of when it happened."""
    own: Callable[[Mapping[str, Any], Recipient], _Columns]
    known_by: Callable[[Event], list[str | None]]


_KINDS = {
    EventType.BOUNCE: _Kind("bounced_at", _bounce, _by_feedback),
    EventType.COMPLAINT: _Kind("complained_at", _complaint, _by_feedback),
    EventType.DELIVERY: _Kind("delivered_at", _delivery, _by_mail),
    EventType.DELIVERY_DELAY: _Kind("delayed_at", _delay, _by_time),
    EventType.SEND: _Kind("sent_at", _send, _by_mail),
    EventType.REJECT: _Kind("rejected_at", _reject, _by_mail),
    EventType.RENDERING_FAILURE: _Kind("failed_at", _rendering_failure, _by_mail),
    EventType.OPEN: _Kind("opened_at", _open, _by_visit),
    EventType.CLICK: _Kind("clicked_at", _click, _by_visit),
    EventType.SUBSCRIPTION: _Kind("changed_at", _subscription, _by_list),
}


# Fields, whatever they hold.


def _part(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(holder: Mapping[str, Any], key: str) -> str | None:
    found = holder.get(key)
    return found if isinstance(found, str) else None


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _moment(holder: Mapping[str, Any], key: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(holder, key) or "")
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _configuration_set(mail: Mapping[str, Any]) -> str | None:
    for name in _listed(_part(mail, "tags").get("ses:configuration-set"))[:1]:
        return name if isinstance(name, str) else None
    return None


def _channel(topic_arn: str | None) -> str | None:
    """A channel's topic is `customer-service-topic-1a2b3c4`; another's name counts."""
    if not topic_arn:
        return None
    name = topic_arn.rpartition(":")[2]
    ours = _OUR_TOPIC.fullmatch(name)
    return ours[1] if ours else name
