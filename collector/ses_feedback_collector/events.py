"""What SES tells of a mail, whichever way it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """The events of SES, by the names that the stack file has for them."""

    SEND = "send"
    REJECT = "reject"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELIVERY = "delivery"
    OPEN = "open"
    CLICK = "click"
    RENDERING_FAILURE = "renderingFailure"
    DELIVERY_DELAY = "deliveryDelay"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address that an event is about, with what its mail server said."""

    email: str
    """As SES wrote it."""
    status: str | None = None
    """An enhanced status code: 5.1.1."""
    diagnostic: str | None = None
    """The mail server's own words: smtp; 550 5.1.1 user unknown."""
    action: str | None = None
    """failed, delayed ..."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of SES about one mail, and one or more of its recipients."""

    type: EventType
    at: datetime
    """When it happened, in UTC."""
    message_id: str
    """SES's own id of the mail."""
    recipients: tuple[Recipient, ...]
    """Of a bounce, complaint, delivery or delay those that it names; of any other
    event the mail's destinations."""
    details: Mapping[str, Any]
    """The object that is named like the event, with whatever it holds."""
    mail: Mapping[str, Any]
    """SES's description of the mail."""
    content: Mapping[str, Any]
    """The whole message, fields that are not known here included."""
    by_set: bool
    """Whether a configuration set told it; otherwise a notification of an identity."""
    topic_arn: str | None = None
    """The SNS topic it came by, where the message says so."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that belongs in the queue and tells nothing of a mail."""

    what: str
    """Fit for a log line: SES validated the topic."""


class Unreadable(ValueError):
    """A message that cannot be understood; its text says why.

    It holds nothing of the message's content but names and types, so that it may be
    logged.
    """
