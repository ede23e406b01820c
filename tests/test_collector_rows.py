"""What an event becomes: its rows, and ids by which it is known again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ses_feedback_collector import Event, EventType, Recipient
from ses_feedback_collector.parsing import parse
from ses_feedback_collector.rows import rows
from ses_feedback_collector.tables import TABLES
from tests.feedback import JANE, MAIL_ID, event, every_message, in_sns, notification

RECEIVED = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
AT = datetime(2026, 5, 4, 3, 2, 2, 987_000, UTC)
JUNK: list[Any] = [None, True, 5, 0.5, "", [], ["x"], {}, {"x": "y"}, [None], [{}]]


def read(message: dict[str, Any] | str) -> Event:
    found = parse(message if isinstance(message, str) else json.dumps(message))
    assert isinstance(found, Event)
    return found


def made(message: dict[str, Any] | str) -> list[dict[str, Any]]:
    return rows(read(message), RECEIVED)


def row(message: dict[str, Any] | str) -> dict[str, Any]:
    (only,) = made(message)
    return only


def by_hand(kind: EventType) -> Event:
    fields = ("feedbackId", "link", "ipAddress", "userAgent", "contactList")
    details = {field: field for field in fields}
    return Event(kind, AT, "mail", (Recipient(JANE),), details, {}, {}, by_set=True)


def own(found: dict[str, Any]) -> dict[str, Any]:
    """What a row holds besides the columns of every table."""
    every = {column.name for column in TABLES[EventType.SEND].columns} - {"sent_at"}
    return {name: value for name, value in found.items() if name not in every}


@pytest.mark.parametrize("name", every_message())
def test_a_row_has_each_column_of_its_table(name: str) -> None:
    found = read(every_message()[name])
    columns = {column.name for column in TABLES[found.type].columns}
    for each in rows(found, RECEIVED):
        assert set(each) == columns


@pytest.mark.parametrize("name", every_message())
def test_mail_and_event_hold_the_whole_message(name: str) -> None:
    message = every_message()[name] | {"unheardOf": {"a": [1]}}
    found = row(message)
    assert found["event"] | {"mail": found["mail"]} == message


def test_columns_of_every_event() -> None:
    found = row(in_sns(event(EventType.SEND)))
    assert {name: found[name] for name in found if name not in ("id", "mail")} == {
        "email": JANE,
        "address": JANE,
        "sent_at": AT - timedelta(seconds=1),
        "message_id": MAIL_ID,
        "source": "Shop <no-reply@shop.example.com>",
        "subject": "Your order",
        "configuration_set": "transactional",
        "channel": "customer-service",
        "event": {"eventType": "Send", "send": {}},
        "received_at": RECEIVED,
    }


OWN = {
    EventType.BOUNCE: {
        "bounced_at": AT,
        "type": "Permanent",
        "subtype": "General",
        "status": "5.1.1",
        "diagnostic": "smtp; 550 5.1.1 user unknown",
        "cause": None,
    },
    EventType.COMPLAINT: {
        "complained_at": AT,
        "type": "abuse",
        "subtype": None,
        "user_agent": "Amazon SES Mailbox Simulator",
        "cause": None,
    },
    EventType.DELIVERY: {
        "delivered_at": AT,
        "response": "250 ok:  Message 64111812 accepted",
        "mta": "a8-70.smtp-out.eu-west-1.amazonses.com",
    },
    EventType.DELIVERY_DELAY: {
        "delayed_at": AT,
        "type": "MailboxFull",
        "status": "4.2.2",
        "diagnostic": "smtp; 452 4.2.2 the mailbox is full",
        "expires_at": AT + timedelta(hours=14, seconds=-1),
    },
    EventType.REJECT: {
        "rejected_at": AT - timedelta(seconds=1),
        "reason": "Bad content",
    },
    EventType.RENDERING_FAILURE: {
        "failed_at": AT - timedelta(seconds=1),
        "template": "welcome",
        "reason": "Attribute 'name' is not present",
    },
    EventType.OPEN: {"opened_at": AT, "ip": "192.0.2.1", "user_agent": "Mozilla"},
    EventType.CLICK: {
        "clicked_at": AT,
        "link": "https://shop.example.com/",
        "ip": "192.0.2.1",
        "user_agent": "Mozilla",
    },
}
DETAILS: dict[EventType, dict[str, Any]] = {
    EventType.REJECT: {"reason": "Bad content"},
    EventType.RENDERING_FAILURE: {
        "templateName": "welcome",
        "errorMessage": "Attribute 'name' is not present",
    },
    EventType.OPEN: {"ipAddress": "192.0.2.1", "userAgent": "Mozilla"},
    EventType.CLICK: {
        "ipAddress": "192.0.2.1",
        "userAgent": "Mozilla",
        "link": "https://shop.example.com/",
    },
}


@pytest.mark.parametrize("kind", OWN)
def test_columns_of_one_kind_of_event(kind: EventType) -> None:
    assert own(row(event(kind, **DETAILS.get(kind, {})))) == OWN[kind]


def test_a_subscription_says_how_the_topics_stand_afterwards() -> None:
    topics = {"news": "OptOut", "offers": "OptIn", "events": "OptOut", "": "OptIn"}
    message = event(
        EventType.SUBSCRIPTION,
        contactList="customers",
        newTopicPreferences={
            "unsubscribeAll": False,
            "topicSubscriptionStatus": [
                {"topicName": name, "subscriptionStatus": status}
                for name, status in topics.items()
            ]
            + ["news", {"topicName": ["x"], "subscriptionStatus": "OptOut"}],
        },
        oldTopicPreferences={"unsubscribeAll": True},
    )
    assert own(row(message)) == {
        "changed_at": AT,
        "contact_list": "customers",
        "unsubscribed_all": False,
        "opted_out": ["news", "events"],
        "opted_in": ["offers"],
    }


def test_many_recipients_are_many_rows_each_with_its_own_status() -> None:
    message = event(EventType.BOUNCE, to=[JANE, "joe@example.net"])
    message["bounce"]["bouncedRecipients"][1] |= {"status": "5.2.2"}
    first, second = made(message)
    assert (first["email"], first["status"]) == (JANE, "5.1.1")
    assert (second["email"], second["status"]) == ("joe@example.net", "5.2.2")
    assert first["id"] != second["id"]


def test_recipients_are_those_that_bounced_not_those_of_the_mail() -> None:
    message = event(EventType.BOUNCE, to=[JANE])
    message["mail"]["destination"] = ["other@example.org", JANE]
    assert [each["email"] for each in made(message)] == [JANE]


def test_a_recipient_who_is_named_twice_is_one_row() -> None:
    assert len(made(event(EventType.BOUNCE, to=[JANE, JANE]))) == 1


def test_an_address_is_kept_as_received_and_looked_up_in_its_normal_form() -> None:
    found = row(event(EventType.BOUNCE, to=['"Jane" <Jane@Example.COM>']))
    assert found["email"] == '"Jane" <Jane@Example.COM>'
    assert found["address"] == JANE


# Ids


IDS = {
    EventType.SEND: "0ace246d-159e-5e4b-b197-19b3900f5bff",
    EventType.REJECT: "8ff732ed-7e7e-5159-abcc-dd4850fb24df",
    EventType.BOUNCE: "bdc7933a-6186-5c9b-afde-e6ce7da369fc",
    EventType.COMPLAINT: "953dc51c-09bd-51e5-827c-74e7a0dfd95c",
    EventType.DELIVERY: "cfcf214b-c1cd-5b47-8d86-1281485f5fd6",
    EventType.OPEN: "9bff8ce2-7dfc-5050-82c4-4a1550da02c2",
    EventType.CLICK: "f16ca810-d9b3-5800-a36e-bf51e579bee3",
    EventType.RENDERING_FAILURE: "d34f5bf9-e3e8-5215-85f8-0380aa349f8e",
    EventType.DELIVERY_DELAY: "0ea72051-45ce-5041-a4d0-2236fd08e247",
    EventType.SUBSCRIPTION: "2e50bc51-c0b5-5d36-b568-0f39a44e6b73",
}


@pytest.mark.parametrize("kind", EventType)
def test_ids_never_change(kind: EventType) -> None:
    """Else every event of the past would be stored again when it is replayed."""
    assert rows(by_hand(kind), RECEIVED)[0]["id"] == IDS[kind]


@pytest.mark.parametrize(
    "kind", [EventType.BOUNCE, EventType.COMPLAINT, EventType.DELIVERY]
)
def test_told_by_an_identity_and_by_a_set_it_is_one_row(kind: EventType) -> None:
    by_set = row(in_sns(event(kind), topic="arn:aws:sns:eu-west-1:123456789012:a"))
    by_identity = row(in_sns(notification(kind, headers=True)))
    assert by_set["id"] == by_identity["id"]


@pytest.mark.parametrize("kind", EventType)
def test_told_again_in_another_form_it_is_one_row(kind: EventType) -> None:
    message = event(kind)
    again = json.loads(json.dumps(message).replace("987Z", "987000+00:00"))
    again["mail"] |= {"destination": [JANE, "other@example.org"], "source": "x"}
    assert row(message)["id"] in {each["id"] for each in made(again)}


@pytest.mark.parametrize("kind", EventType)
def test_another_recipient_mail_or_kind_is_another_row(kind: EventType) -> None:
    messages = [
        event(kind),
        event(kind, to=["JANE@example.com"]),
        event(kind, message_id="0102-another-000000"),
        *(event(other) for other in EventType if other is not kind),
    ]
    assert len({row(message)["id"] for message in messages}) == len(messages)


@pytest.mark.parametrize("kind", [EventType.BOUNCE, EventType.COMPLAINT])
def test_feedback_is_known_by_its_id_alone(kind: EventType) -> None:
    first = row(event(kind, feedbackId="a"))["id"]
    assert row(event(kind, feedbackId="b"))["id"] != first
    later = AT + timedelta(seconds=1)
    assert row(event(kind, feedbackId="a", at=later))["id"] == first


@pytest.mark.parametrize("kind", [EventType.BOUNCE, EventType.COMPLAINT])
@pytest.mark.parametrize("missing", [None, "", 5, ["x"]])
def test_feedback_without_an_id_is_known_by_mail_and_time(
    kind: EventType, missing: Any
) -> None:
    first = row(event(kind, feedbackId=missing))["id"]
    assert row(event(kind, feedbackId=missing))["id"] == first
    later = AT + timedelta(milliseconds=1)
    assert row(event(kind, feedbackId=missing, at=later))["id"] != first
    assert row(event(kind, feedbackId=missing, message_id="x"))["id"] != first


@pytest.mark.parametrize(
    "kind",
    [
        EventType.SEND,
        EventType.DELIVERY,
        EventType.REJECT,
        EventType.RENDERING_FAILURE,
    ],
)
def test_what_happens_to_a_mail_once_is_known_by_the_mail(kind: EventType) -> None:
    later = AT + timedelta(hours=1)
    assert row(event(kind, at=later))["id"] == row(event(kind))["id"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (EventType.DELIVERY_DELAY, []),
        (EventType.OPEN, ["ipAddress", "userAgent"]),
        (EventType.CLICK, ["ipAddress", "userAgent", "link"]),
        (EventType.SUBSCRIPTION, ["contactList"]),
    ],
)
def test_what_may_happen_again_is_told_apart(
    kind: EventType, fields: list[str]
) -> None:
    messages = [event(kind), event(kind, at=AT + timedelta(milliseconds=1))]
    for field in fields:
        another: dict[str, Any] = {field: "another"}
        messages.append(event(kind, **another))
    assert len({row(message)["id"] for message in messages}) == len(messages)


def test_a_time_is_the_same_in_any_zone() -> None:
    here = read(event(EventType.OPEN))
    there = replace(here, at=here.at.astimezone(timezone(timedelta(hours=5))))
    assert rows(here, RECEIVED)[0]["id"] == rows(there, RECEIVED)[0]["id"]


# Causes


@pytest.mark.parametrize(
    ("type", "subtype", "status", "cause"),
    [
        ("Permanent", "General", "5.1.1", None),
        ("Permanent", "NoEmail", None, None),
        ("Permanent", "Suppressed", "5.1.1", "suppression-list"),
        ("Permanent", "OnAccountSuppressionList", None, "suppression-list"),
        ("Permanent", "OnTenantSuppressionList", None, "suppression-list"),
        ("Permanent", "EmailValidationSuppressed", None, "suppression-list"),
        ("Permanent", "UnsubscribedRecipient", None, "suppression-list"),
        ("Transient", "General", None, "automatic-reply"),
        ("Transient", "General", "", "automatic-reply"),
        ("Transient", "General", "2.0.0", "automatic-reply"),
        ("Transient", "General", "unknown", "automatic-reply"),
        ("Transient", "General", "14.4.7", "automatic-reply"),
        ("Transient", "General", "4.4.7", None),
        ("Transient", "General", "5.3.0", None),
        ("Transient", "MailboxFull", None, None),
        ("Undetermined", "Undetermined", None, None),
        ("Permanent", "General", None, None),
    ],
)
def test_the_cause_of_a_bounce_that_tells_nothing_of_the_address(
    type: str, subtype: str, status: str | None, cause: str | None
) -> None:
    message = event(EventType.BOUNCE, bounceType=type, bounceSubType=subtype)
    message["bounce"]["bouncedRecipients"][0]["status"] = status
    assert row(message)["cause"] == cause


def test_each_recipient_of_a_bounce_has_a_cause_of_its_own() -> None:
    message = event(
        EventType.BOUNCE, to=[JANE, "joe@example.net"], bounceType="Transient"
    )
    del message["bounce"]["bouncedRecipients"][0]["status"]
    assert [each["cause"] for each in made(message)] == ["automatic-reply", None]


@pytest.mark.parametrize(
    ("subtype", "cause"),
    [(None, None), ("OnAccountSuppressionList", "suppression-list"), ("new", None)],
)
def test_a_complaint_may_come_of_a_suppression_list(
    subtype: str | None, cause: str | None
) -> None:
    found = row(event(EventType.COMPLAINT, complaintSubType=subtype))
    assert (found["subtype"], found["cause"]) == (subtype, cause)


# Channels


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("customer-service-topic-1a2b3c4", "customer-service"),
        ("a-topic-topic-0000000", "a-topic"),
        ("legacy", "legacy"),
        ("legacy-topic", "legacy-topic"),
        ("customer-service-topic-1a2b3c", "customer-service-topic-1a2b3c"),
        ("customer-service-topic-1a2b3cZ", "customer-service-topic-1a2b3cZ"),
        ("-topic-1a2b3c4", "-topic-1a2b3c4"),
    ],
)
def test_a_channel_is_named_in_its_topics_name(name: str, channel: str) -> None:
    arn = f"arn:aws:sns:eu-west-1:123456789012:{name}"
    assert row(in_sns(event(EventType.BOUNCE), topic=arn))["channel"] == channel


def test_without_a_topic_there_is_no_channel() -> None:
    assert row(event(EventType.BOUNCE))["channel"] is None


# Junk within


def is_fitting(found: dict[str, Any], kind: EventType) -> bool:
    """Whether each value is of its column's Python type, or null where it may be."""
    return all(
        column.nullable
        if found[column.name] is None
        else isinstance(found[column.name], column.type.python_type | list)
        for column in TABLES[kind].columns
    )


@pytest.mark.parametrize("kind", EventType)
@pytest.mark.parametrize("junk", JUNK, ids=json.dumps)
def test_a_field_of_another_type_is_null_and_kept_in_the_json(
    kind: EventType, junk: Any
) -> None:
    whole = read(event(kind, **DETAILS.get(kind, {})))
    for field in [*whole.details, "newTopicPreferences", "feedbackId", "link"]:
        if field == "bounceType":
            continue  # Refused when it is parsed.
        found = replace(whole, details={**whole.details, field: junk})
        for each in rows(found, RECEIVED):
            assert is_fitting(each, kind), field
    for field in [*whole.mail, "commonHeaders", "tags"]:
        mail = {**whole.mail, field: junk}
        content = {**whole.content, "mail": mail}
        (each,) = rows(replace(whole, mail=mail, content=content), RECEIVED)
        assert is_fitting(each, kind), field
        assert each["mail"][field] == junk


@pytest.mark.parametrize("junk", JUNK, ids=json.dumps)
def test_junk_in_what_is_nested_is_null(junk: Any) -> None:
    message = event(EventType.BOUNCE)
    message["mail"]["commonHeaders"]["subject"] = junk
    message["mail"]["tags"]["ses:configuration-set"] = [junk]
    found = row(message)
    expected = junk if isinstance(junk, str) else None
    assert (found["subject"], found["configuration_set"]) == (expected, expected)


@pytest.mark.parametrize(
    "stated", ["soon", "2026-13-04T00:00:00Z", "0001-01-01T00:00:00+23:00", 5, None]
)
def test_an_expiry_that_is_no_time_is_null(stated: Any) -> None:
    found = row(event(EventType.DELIVERY_DELAY, expirationTime=stated))
    assert found["expires_at"] is None


def test_an_expiry_without_an_offset_is_utc() -> None:
    found = row(event(EventType.DELIVERY_DELAY, expirationTime="2026-05-04T03:02:01"))
    assert found["expires_at"] == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def test_an_event_that_was_made_by_hand_has_rows_too() -> None:
    found = replace(by_hand(EventType.SEND), recipients=(Recipient("\ud800"),))
    assert rows(found, RECEIVED)[0]["email"] == "\ud800"
