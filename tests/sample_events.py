"""Events of every type, for the event log's queries: what each is to find, and its like.

Domains that look like a mailbox provider's, whom nobody mails here, are for the query
that finds slips.
"""

from datetime import UTC, datetime
from typing import Any

from ses_feedback_collector import EventType
from tests.feedback import event

SHOP = "Shop <no-reply@shop.example.com>"
DESK = "desk@shop.example.com"
STORY = "story-000000"
"""The message of which there is an event of each type."""


def at(text: str) -> datetime:
    """A time in UTC: 3 10:00 is ten in the morning of 2026-05-03."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-05-0{day}T{clock}").replace(tzinfo=UTC)


def noted(text: str) -> datetime:
    """The same in an answer, which tells no zone."""
    return at(text).replace(tzinfo=None)


def told(
    kind: EventType,
    message: str,
    when: str,
    *to: str,
    sender: str = SHOP,
    by: str = "transactional",
    campaign: str | None = "spring",
    subject: str = "Your order",
    **details: Any,
) -> dict[str, Any]:
    """An event of a mail, which was sent at that time if the event has none itself."""
    recipients = to or ("jane@example.com",)
    found = event(kind, recipients, at(when), message, by, **details)
    found["mail"]["source"] = sender
    found["mail"]["timestamp"] = found["mail"]["timestamp"].replace(".987Z", ".000Z")
    if campaign is None:
        del found["mail"]["tags"]["campaign"]
    else:
        found["mail"]["tags"]["campaign"] = [campaign]
    if headers := found["mail"].get("commonHeaders"):
        headers["subject"] = subject
    return found


def bounced(message: str, when: str, *to: str, **details: Any) -> dict[str, Any]:
    return told(EventType.BOUNCE, message, when, *to, **details)


def recipient(
    email: str, status: str | None, diagnosis: str = "smtp"
) -> dict[str, Any]:
    found = {"emailAddress": email, "status": status, "diagnosticCode": diagnosis}
    return {key: value for key, value in found.items() if value}


def sample() -> dict[str, list[dict[str, Any]]]:
    """By day of arrival, the events of some mails."""
    send, delivery = EventType.SEND, EventType.DELIVERY
    story = [
        told(kind, STORY, f"4 08:00:{number:02}", sender=DESK, by="campaigns")
        for number, kind in enumerate(EventType)
    ]
    bounces = [
        # Known to nobody; two recipients of one mail, at the last second of a day.
        bounced("b1", "3 23:59:59", "ann@example.org", "Bob <BOB@Example.ORG>"),
        bounced("b2", "4 00:00:00", "ann@example.org"),
        bounced("b3", "4 00:00:01", "ann@example.org", bounceSubType="Suppressed"),
        bounced(
            "b4",
            "4 00:00:02",
            "ooto@example.net",
            bounceType="Transient",
            bouncedRecipients=[recipient("ooto@example.net", None)],
        ),
    ]
    slips = [
        bounced("s1", "4 01:00:00", "ann@gmial.com"),
        bounced("s2", "4 01:00:01", "ANN@GMIAL.com"),
        bounced("s3", "4 01:00:02", "bob@gmail.con"),
        bounced(
            "s4",
            "4 01:00:03",
            "eve@hotmial.com",
            bounceType="Transient",
            bouncedRecipients=[
                recipient("eve@hotmial.com", "4.4.7", "Unable to lookup DNS for it")
            ],
        ),
        # Neither of these: a full mailbox, a provider, one abroad, a neighbour, and a
        # domain that took another mail.
        bounced("s5", "4 01:00:04", "a@yaho.com", bounceType="Transient"),
        bounced("s6", "4 01:00:05", "a@gmail.com"),
        bounced("s7", "4 01:00:06", "a@yahoo.ca"),
        bounced("s8", "4 01:00:07", "a@ymail.com"),
        bounced("s9", "4 01:00:08", "a@icloud.co"),
        told(delivery, "s0", "4 01:00:09", "b@icloud.co"),
    ]
    full = [
        told(EventType.DELIVERY_DELAY, "f1", "4 02:00:00", "full@example.net"),
        bounced(
            "f1",
            "4 16:00:00",
            "full@example.net",
            bounceType="Transient",
            bounceSubType="MailboxFull",
            bouncedRecipients=[recipient("Full <Full@example.net>", None)],
        ),
        bounced(
            "f2",
            "4 17:00:00",
            "fuller@example.net",
            "none@example.net",
            bouncedRecipients=[
                recipient("fuller@example.net", "5.2.2"),
                recipient("none@example.net", "5.1.1"),
            ],
        ),
        told(
            EventType.DELIVERY_DELAY,
            "f3",
            "4 18:00:00",
            "slow@example.net",
            delayType="General",
            delayedRecipients=[recipient("slow@example.net", "4.4.1")],
        ),
    ]
    complaint = EventType.COMPLAINT
    complaints = [
        told(complaint, "c1", "4 03:00:00"),
        told(complaint, "c2", "4 03:00:01", "a@example.org", "b@example.org"),
        told(complaint, "c3", "4 03:00:02", campaign=None),
        told(complaint, "c4", "4 03:00:03", complaintFeedbackType="not-spam"),
        told(
            complaint,
            "c5",
            "4 03:00:04",
            complaintFeedbackType=None,
            complaintSubType="OnAccountSuppressionList",
        ),
    ]
    repeated = [
        told(send, "r1", "4 10:00:00", "eve@example.com", subject="Reset"),
        told(send, "r2", "4 10:30:00", "Eve <Eve@Example.com>", subject="Reset"),
        told(send, "r3", "4 11:00:00", "eve@example.com", subject="Reset"),
        told(send, "r4", "4 11:15:00", "eve@example.com", subject="Reset"),
        told(send, "ra", "4 10:00:00", "ray@example.com", subject="Reset"),
        told(send, "rb", "4 10:30:00", "ray@example.com", subject="Reset"),
        told(send, "rc", "4 11:00:00", "ray@example.com", subject="Reset"),
        # Neither of these: two of one subject, three within more than an hour.
        told(send, "r5", "4 10:01:00", "eve@example.com", subject="Welcome"),
        told(send, "r6", "4 10:02:00", "eve@example.com", subject="Welcome"),
        told(send, "r7", "4 10:00:00", "joe@example.com", subject="Reset"),
        told(send, "r8", "4 10:30:00", "joe@example.com", subject="Reset"),
        told(send, "r9", "4 11:00:01", "joe@example.com", subject="Reset"),
    ]
    seen = [
        told(EventType.OPEN, "o1", "4 12:00:00"),
        told(EventType.OPEN, "o1", "4 12:00:01"),
        told(EventType.OPEN, "o2", "4 12:00:00"),
        told(EventType.OPEN, "o3", "4 12:00:00", campaign=None),
        told(EventType.CLICK, "o1", "4 12:00:02"),
        told(EventType.CLICK, "o1", "4 12:00:03", link="https://shop.example.com/b"),
        told(EventType.CLICK, "o2", "3 23:59:59"),
    ]
    return {
        "2026-05-03": bounces[:1],
        "2026-05-04": [
            *bounces[1:],
            *slips,
            *full,
            *complaints,
            *repeated,
            *seen,
            *story,
        ],
    }
