import json
import random
import re
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from ses_feedback_collector import (
    Event,
    EventType,
    Notice,
    Recipient,
    Unreadable,
    parse,
)
from ses_feedback_collector.parsing import DEEPEST, LONGEST_ADDRESS, MOST_RECIPIENTS
from ses_feedback_collector.tables import DOCUMENT
from tests.feedback import (
    JANE,
    MAIL_ID,
    NAMES,
    OF_IDENTITIES,
    SENT_AT,
    SETUP_TEXT,
    TOPIC,
    WITHOUT_TIME,
    WRAPPINGS,
    event,
    every_message,
    in_event_bridge,
    in_sns,
    notices,
    notification,
    raw,
)

MESSAGES = every_message()
BOUNCE = event(EventType.BOUNCE)

each_wrapping = pytest.mark.parametrize(
    "wrap", WRAPPINGS.values(), ids=[name.replace(" ", "-") for name in WRAPPINGS]
)


def read(body: str | bytes | Mapping[str, Any]) -> Event:
    found = parse(body)
    assert isinstance(found, Event), found
    return found


def refusal(body: Any) -> str:
    """Why it is unreadable; without anything of people in it."""
    with pytest.raises(Unreadable) as caught:
        parse(body)
    reason = str(caught.value)
    assert "@" not in reason and "jane" not in reason.lower()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return reason


def with_value(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with something else at `bounce.timestamp`."""
    changed = deepcopy(message)
    *above, last = path.split(".")
    place: Any = changed
    for key in above:
        place = place[int(key) if key.isdigit() else key]
    place[int(last) if last.isdigit() else last] = value
    return changed


def without(message: dict[str, Any], path: str) -> dict[str, Any]:
    changed = deepcopy(message)
    *above, last = path.split(".")
    place: Any = changed
    for key in above:
        place = place[int(key) if key.isdigit() else key]
    del place[last]
    return changed


# What SES tells, and the ways it comes.


@each_wrapping
@pytest.mark.parametrize("kind", EventType)
def test_every_event_of_a_set_is_read_in_every_wrapping(
    kind: EventType, wrap: Callable[[Mapping[str, Any]], str]
) -> None:
    message = event(kind)
    found = read(wrap(message))
    later = timedelta(0 if kind in WITHOUT_TIME else 1)
    assert found.type is kind
    assert found.at == SENT_AT + timedelta(seconds=later.days)
    assert found.at.tzinfo is UTC
    assert found.message_id == MAIL_ID
    assert [each.email for each in found.recipients] == [JANE]
    assert found.details == message[NAMES[kind][1]]
    assert found.mail == message["mail"]
    assert found.content == message
    assert found.by_set


@pytest.mark.parametrize(
    "wrap",
    [raw, in_sns, lambda message: raw(message).encode()],
    ids=["raw", "in_sns", "bytes"],
)
@pytest.mark.parametrize("kind", OF_IDENTITIES)
@pytest.mark.parametrize("headers", [True, False])
def test_every_notification_of_an_identity_is_read(
    kind: EventType, wrap: Callable[[Mapping[str, Any]], str | bytes], headers: bool
) -> None:
    message = notification(kind, headers=headers)
    found = read(wrap(message))
    assert found.type is kind
    assert found.at == SENT_AT + timedelta(seconds=1)
    assert [each.email for each in found.recipients] == [JANE]
    assert found.content == message
    assert not found.by_set


def test_the_topic_is_that_of_the_envelope() -> None:
    assert read(in_sns(BOUNCE)).topic_arn == TOPIC
    assert read(in_sns(in_event_bridge(BOUNCE))).topic_arn == TOPIC
    assert read(raw(BOUNCE)).topic_arn is None
    envelope = json.loads(in_sns(BOUNCE))
    del envelope["TopicArn"]
    assert read(json.dumps(envelope)).topic_arn is None


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_may_be_bytes_or_decoded(name: str) -> None:
    text = in_sns(MESSAGES[name])
    assert read(text) == read(text.encode())
    assert read(text) == read(json.loads(text))
    assert read(text) == read(MappingProxyType(json.loads(text)))


def test_recipients_are_those_of_the_feedback() -> None:
    both = [JANE, "joe@example.org"]
    for kind in (
        EventType.BOUNCE,
        EventType.COMPLAINT,
        EventType.DELIVERY,
        EventType.DELIVERY_DELAY,
    ):
        message = with_value(
            event(kind, to=both), "mail.destination", ["x@example.net"]
        )
        assert [each.email for each in read(raw(message)).recipients] == both
    for kind in (EventType.SEND, EventType.OPEN, EventType.SUBSCRIPTION):
        assert [each.email for each in read(raw(event(kind, both))).recipients] == both


def test_feedback_needs_no_destination_of_the_mail() -> None:
    assert read(raw(without(BOUNCE, "mail.destination"))).recipients


def test_what_the_mail_server_said_comes_with_the_recipient() -> None:
    assert read(raw(BOUNCE)).recipients == (
        Recipient(JANE, "5.1.1", "smtp; 550 5.1.1 user unknown", "failed"),
    )
    delay = read(raw(event(EventType.DELIVERY_DELAY))).recipients[0]
    assert (delay.status, delay.action) == ("4.2.2", None)
    odd = with_value(BOUNCE, "bounce.bouncedRecipients.0.status", 511)
    assert read(raw(odd)).recipients[0].status is None


def test_addresses_are_as_they_were_received() -> None:
    written = ['"Jané" <Jane@Example.COM> ', "jané@bücher.example"]
    found = read(in_sns(event(EventType.SEND, to=written)))
    assert [each.email for each in found.recipients] == written


def test_unknown_fields_are_kept() -> None:
    message = with_value(BOUNCE, "bounce.new", {"deep": [1, 2.5, None, True, "é"]})
    message["other"] = {"x": []}
    found = read(in_sns(message))
    assert found.content == message
    assert found.details["new"] == {"deep": [1, 2.5, None, True, "é"]}


def test_unknown_kinds_of_bounces_are_bounces() -> None:
    message = event(EventType.BOUNCE, bounceType="New", bounceSubType="Newer")
    assert read(raw(message)).details["bounceType"] == "New"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-04T03:02:01.987Z", datetime(2026, 5, 4, 3, 2, 1, 987_000)),
        ("2026-05-04T03:02:01Z", datetime(2026, 5, 4, 3, 2, 1)),
        ("2026-05-04T03:02:01.9Z", datetime(2026, 5, 4, 3, 2, 1, 900_000)),
        ("2026-05-04T03:02:01.987654321Z", datetime(2026, 5, 4, 3, 2, 1, 987_654)),
        ("2026-05-04T03:02:01", datetime(2026, 5, 4, 3, 2, 1)),
        ("2026-05-04 03:02:01.5", datetime(2026, 5, 4, 3, 2, 1, 500_000)),
        ("2026-05-04T03:02:01+02:00", datetime(2026, 5, 4, 1, 2, 1)),
        ("2026-05-04T03:02:01.000-0430", datetime(2026, 5, 4, 7, 32, 1)),
        ("20260504T030201Z", datetime(2026, 5, 4, 3, 2, 1)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
        ("2200-12-31T23:59:59.999Z", datetime(2200, 12, 31, 23, 59, 59, 999_000)),
    ],
)
def test_times_are_read_as_iso_writes_them(written: str, expected: datetime) -> None:
    found = read(raw(event(EventType.BOUNCE, timestamp=written))).at
    assert found == expected.replace(tzinfo=UTC)
    assert found.tzinfo is UTC


def test_a_time_without_an_offset_is_utc_wherever_this_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = event(EventType.BOUNCE, timestamp="2026-05-04T03:02:01")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert read(raw(message)).at == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_event_without_a_time_of_its_own_has_that_of_the_mail() -> None:
    at = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    for kind in WITHOUT_TIME:
        message = event(kind, at=at, timestamp="2001-01-01T00:00:00Z")
        assert read(raw(message)).at == at


# What tells nothing of a mail.


@pytest.mark.parametrize("body", notices().values(), ids=notices())
def test_notices_are_told_from_events(body: str) -> None:
    found = parse(body)
    assert isinstance(found, Notice)
    assert found == parse(body.encode())
    assert found.what.isascii() and found.what.isprintable()


def test_notices_say_what_they_are() -> None:
    what = {name: parse(body) for name, body in notices().items()}
    assert what["subscription"] == Notice(
        f"SNS asks to confirm a subscription to {TOPIC}; nobody did"
    )
    assert what["alarm"] == what["alarm, eventbridge by sns"]
    assert what["alarm"] == Notice(
        "the CloudWatch alarm ses-feedback-prod-bounce-rate has changed its state"
    )
    assert what["guard"] == Notice(
        "the sending guard tells of the configuration set campaigns"
    )


def test_the_setup_text_may_be_json() -> None:
    assert (
        parse(json.dumps(SETUP_TEXT)) == parse(SETUP_TEXT) == parse(f"{SETUP_TEXT}\n")
    )


def test_a_notice_holds_nothing_of_people() -> None:
    for body in (
        {"AlarmName": JANE, "NewStateValue": "OK"},
        {"sesFeedbackGuard": 1, "configurationSet": JANE},
        {"Type": "SubscriptionConfirmation", "Message": "", "TopicArn": JANE},
        {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": JANE}},
    ):
        found = parse(json.dumps(body))
        assert isinstance(found, Notice)
        assert "@" not in found.what


# What nobody can read.


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the message is not JSON: Expecting value at character 0 of 0"),
        ("Hello jane@example.com", "not JSON: Expecting value at character 0 of 22"),
        ('{"jane@example.com": 1', "not JSON: Expecting ',' delimiter at character 22"),
        ("[1]", "the message: found a list of 1, expected an object"),
        ('"jane@example.com"', "found a text of 16 characters, expected an object"),
        ("null", "found nothing, expected an object"),
        (b"\xff{}", "not UTF-8 at byte 0 of 3, expected JSON"),
        (None, "the message: found nothing, expected JSON"),
        ([], "the message: found an empty list, expected JSON"),
        (3, "the message: found a number, expected JSON"),
        (object(), "the message: found a Python object, expected JSON"),
        ({"a": object()}, "values that JSON does not have"),
        ({"a": float("nan")}, "values that JSON does not have"),
        ("{}", "an object but without eventType or notificationType"),
        (
            '{"Records": [], "jane@example.com": 1, "Jane Doe": 2}',
            "an object with Records but without eventType or notificationType",
        ),
        ('{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', "with a, b, c, d, e but without"),
        (in_sns("Hello"), "the Message in the SNS envelope is not JSON"),
        (in_sns("[]"), "the Message in the SNS envelope: found an empty list"),
        ('{"Type": "Notification", "Message": {}}', "found an object, expected JSON"),
        (
            '{"Type": "Other", "Message": "{}"}',
            "Type: found Other, expected Notification, as in an SNS envelope",
        ),
        ('{"Type": ["jane"], "Message": "{}"}', "Type: found a list of 1"),
        (
            '{"detail-type": "Email Bounced", "source": "own.app", "detail": {}}',
            "source of the EventBridge event: found own.app, expected aws.ses",
        ),
        (
            '{"detail-type": "Sending Status Disabled", "source": "aws.ses"}',
            "detail-type Sending Status Disabled has no detail.eventType",
        ),
        (
            '{"eventType": "New Kind"}',
            "eventType: found New Kind, expected one of Send, Reject, Bounce, Complai",
        ),
        (
            '{"eventType": "rendering failure"}',
            "Delivery, Open, Click, Rendering Failure, DeliveryDelay, Subscription",
        ),
        ('{"eventType": "jane@example.com"}', "eventType: found a text of 16 char"),
        ('{"eventType": ["Bounce"]}', "eventType: found a list of 1, expected one of"),
        (
            '{"notificationType": "Received"}',
            "notificationType: found Received, expected one of Bounce, Complaint, Deli",
        ),
        ('{"notificationType": "Open"}', "notificationType: found Open, expected"),
        ('{"notificationType": null}', "notificationType: found nothing, expected"),
    ],
)
def test_what_is_not_of_ses_says_what_was_found(body: Any, reason: str) -> None:
    assert reason in refusal(body)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("mail", None, "mail: found nothing, expected an object"),
        ("mail", [], "mail: found an empty list, expected an object"),
        ("mail.messageId", 7, "mail.messageId: found a number, expected a text"),
        ("mail.messageId", "", "mail.messageId: found an empty text, expected a text"),
        ("bounce", JANE, "bounce: found a text of 16 characters, expected an object"),
        (
            "bounce.bounceType",
            None,
            "bounce.bounceType: found nothing, expected a text",
        ),
        ("bounce.timestamp", None, "bounce.timestamp: found nothing, expected a time"),
        ("bounce.timestamp", 1, "bounce.timestamp: found a number, expected a time"),
        ("bounce.timestamp", "Jane", "found a text of 4 characters, expected a time"),
        ("bounce.timestamp", "2026-02-30T00:00:00Z", "expected a time like 2026-05-04"),
        (
            "bounce.timestamp",
            "0001-01-01T00:00:00+01:00",
            "between the years 1 and 2200",
        ),
        (
            "bounce.timestamp",
            "9999-12-31T23:59:59-01:00",
            "between the years 1 and 2200",
        ),
        (
            "bounce.timestamp",
            "2200-12-31T23:00:00-01:00",
            "found a time beyond the year 2200, expected a time like 2026-05-04",
        ),
        ("bounce.timestamp", "9999-12-31T23:59:59Z", "beyond the year 2200"),
        ("bounce.timestamp", "10000-01-01T00:00:00Z", "between the years 1 and 2200"),
        ("bounce.bouncedRecipients", None, "bounce.bouncedRecipients: found nothing"),
        ("bounce.bouncedRecipients", [], "found an empty list, expected a list of at"),
        (
            "bounce.bouncedRecipients",
            {"a": 1},
            "found an object, expected a list of at",
        ),
        ("bounce.bouncedRecipients", [None], "bouncedRecipients: found nothing among"),
        (
            "bounce.bouncedRecipients",
            [{}],
            "found nothing among them, expected an addr",
        ),
        (
            "bounce.bouncedRecipients.0.emailAddress",
            "",
            "found an empty text among them",
        ),
        (
            "bounce.bouncedRecipients.0.emailAddress",
            " \n",
            "a text of 2 characters among",
        ),
        ("bounce.bouncedRecipients.0.emailAddress", [JANE], "found a list of 1 among"),
        ("bounce.bouncedRecipients.0.emailAddress", True, "found true or false among"),
        (
            "bounce.bouncedRecipients.0.emailAddress",
            "j" * 989 + "@example.com",
            "found an address of 1,001 bytes, expected at most 1,000",
        ),
        (
            "bounce.bouncedRecipients.0.emailAddress",
            "é" * 500 + "@example.com",
            "found an address of 1,012 bytes, expected at most 1,000",
        ),
    ],
)
def test_a_broken_event_says_where(path: str, value: Any, reason: str) -> None:
    broken = with_value(BOUNCE, path, value)
    for wrap in WRAPPINGS.values():
        assert reason in refusal(wrap(broken))
    if value is None:
        assert reason in refusal(raw(without(BOUNCE, path)))


def test_one_recipient_without_an_address_refuses_the_message() -> None:
    message = event(EventType.COMPLAINT, to=[JANE, "", "joe@example.org"])
    assert "complaint.complainedRecipients: found an empty text" in refusal(
        raw(message)
    )
    assert "mail.destination: found an empty list" in refusal(
        raw(event(EventType.OPEN, to=[]))
    )


def test_a_mail_without_its_time_refuses_what_happens_when_it_is_sent() -> None:
    for kind in WITHOUT_TIME:
        assert "mail.timestamp" in refusal(raw(without(event(kind), "mail.timestamp")))
    assert read(raw(without(BOUNCE, "mail.timestamp")))


# What a database can hold.


def test_an_address_of_the_greatest_length_is_read() -> None:
    longest = "j" * (LONGEST_ADDRESS - len("@example.com")) + "@example.com"
    assert read(raw(event(EventType.BOUNCE, [longest]))).recipients[0].email == longest


@pytest.mark.parametrize("bad", ["\x00", chr(0xD800), chr(0xDFFF), "\ude00\ud83d"])
@each_wrapping
def test_what_no_database_takes_is_replaced(
    bad: str, wrap: Callable[[Mapping[str, Any]], str]
) -> None:
    message = event(EventType.BOUNCE, [f"j{bad}@example.com"], message_id=f"1{bad}")
    message["mail"]["tags"][f"k{bad}"] = [[{"v": bad}]]
    found = read(wrap(message))
    mark = "\ufffd" * len(bad)
    assert found.recipients[0].email == f"j{mark}@example.com"
    assert found.message_id == f"1{mark}"
    assert found.mail["tags"][f"k{mark}"] == [[{"v": mark}]]
    assert found.mail is found.content["mail"]
    assert_kept(found)


def test_surrogates_are_replaced_however_they_are_written() -> None:
    text = json.dumps(BOUNCE, ensure_ascii=False).replace("user", "\udc80")
    diagnostic = read(text).recipients[0].diagnostic
    assert diagnostic == "smtp; 550 5.1.1 \ufffd unknown"
    for escape in (r"\uD8AF", r"\uDFFF", r"\ud8aF", r"\u0000"):
        found = read(raw(BOUNCE).replace("user", escape)).recipients[0]
        assert found.diagnostic == "smtp; 550 5.1.1 \ufffd unknown"
    envelope = json.loads(in_sns(BOUNCE)) | {"TopicArn": "\ud800"}
    assert read(json.dumps(envelope)).topic_arn == "\ufffd"


def test_what_only_looks_like_an_escape_stays() -> None:
    for text in (r"\u0000", r"\ud800", "\U0001f600", r"\\u0000"):
        found = read(in_sns(event(EventType.BOUNCE, other=text)))
        assert found.details["other"] == text


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "1" * 310, "-" + "9" * 5_000]
    + ["1" * 1_000_000, "1" * 400 + ".5", "2" + "0" * 308],
)
@each_wrapping
def test_a_number_that_nothing_holds_refuses_the_message(
    number: str, wrap: Callable[[Mapping[str, Any]], str]
) -> None:
    body = wrap(event(EventType.BOUNCE, other=12_345)).replace("12345", number)
    assert "number" in refusal(body)


def test_numbers_as_great_as_a_double_are_kept() -> None:
    numbers = [1e308, -1e308, 5e-324, 10**308, -(10**300), 0, -0.0, 2**64]
    found = read(raw(event(EventType.BOUNCE, numbers=numbers)))
    assert found.details["numbers"] == numbers


def nested(levels: int) -> Any:
    """Lists and objects by turns, within details: the third level of a message."""
    found: Any = "x"
    for number in range(levels - 2):
        found = [found] if number % 2 else {"a": found}
    return found


def test_messages_are_read_to_a_depth() -> None:
    assert read(in_sns(event(EventType.BOUNCE, deep=nested(DEEPEST))))
    for levels in (DEEPEST + 1, 300):
        assert f"at most {DEEPEST} levels" in refusal(
            in_sns(event(EventType.BOUNCE, deep=nested(levels)))
        )


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_any_depth_is_refused_and_no_stack_ends(opening: str) -> None:
    for body in (opening * 100_000, in_sns(opening * 100_000)):
        assert refusal(body)
    for around in ("", '{"a":'):
        closing = {"[": "]", '{"a":': "}", '[{"a":': "}]"}[opening] * 10_000
        text = f"{around}{opening * 10_000}1{closing}{'}' if around else ''}"
        assert refusal(text)
    loop: dict[str, Any] = {}
    loop["a"] = loop
    assert "nested too deep" in refusal(loop)
    below: dict[str, Any] = {}
    for _ in range(100_000):
        below = {"a": below}
    assert "nested too deep" in refusal(below)


def test_of_a_key_twice_the_last_counts() -> None:
    twice = raw(BOUNCE).replace('"5.1.1"', '"5.1.1", "status": "4.0.0"')
    assert read(twice).recipients[0].status == "4.0.0"
    again = raw(BOUNCE)[:-1] + ', "eventType": "Open", "eventType": "Bounce"}'
    assert read(again).content == BOUNCE


@each_wrapping
def test_a_message_of_a_mebibyte_is_read(
    wrap: Callable[[Mapping[str, Any]], str],
) -> None:
    to = [f"recipient-{number}@example.com" for number in range(MOST_RECIPIENTS)]
    message = event(EventType.BOUNCE, to=to, padding="x" * 1_048_576)
    body = wrap(message)
    assert len(body) > 1_048_576
    found = read(body)
    assert [each.email for each in found.recipients] == to
    assert found.content == message


@each_wrapping
@pytest.mark.parametrize("kind", [EventType.BOUNCE, EventType.SEND])
def test_a_message_of_a_mebibyte_of_recipients_is_refused(
    wrap: Callable[[Mapping[str, Any]], str], kind: EventType
) -> None:
    to = [f"recipient-{number}@example.com" for number in range(40_000)]
    body = wrap(event(kind, to=to))
    assert len(body) > 1_048_576
    field = "bounce.bouncedRecipients" if kind == "bounce" else "mail.destination"
    assert refusal(body) == (
        f"{field}: found a list of 40,000, expected at most 1,000 recipients"
    )
    over = wrap(event(kind, to=to[: MOST_RECIPIENTS + 1]))
    assert "a list of 1,001" in refusal(over)


def test_databases_take_the_most_that_is_read(database: str) -> None:
    """Every extreme at once, in a document and in a column with an index."""
    scatter = random.Random(5)
    local = "".join(chr(scatter.randrange(0x10000, 0x30000)) for _ in range(246))
    message = event(
        EventType.BOUNCE,
        to=[f"{local}@example.com", "\x00\ud800@example.com"],
        message_id="\x00\udc00",
        numbers=[1e308, 5e-324, 10**308, -0.0],
        deep=nested(DEEPEST),
    )
    message["mail"]["\x00\ud800"] = "\x00\ud800"
    found = read(in_sns(message))
    metadata = sa.MetaData()
    table = sa.Table(
        "kept",
        metadata,
        sa.Column("email", sa.Text, index=True),
        sa.Column("content", DOCUMENT),
    )
    engine = sa.create_engine(database)
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            for each in found.recipients:
                row = {"email": each.email, "content": found.content}
                connection.execute(table.insert().values(row))
        with engine.connect() as connection:
            emails = set(connection.execute(sa.select(table.c.email)).scalars())
            contents = list(connection.execute(sa.select(table.c.content)).scalars())
    finally:
        engine.dispose()
    assert emails == {each.email for each in found.recipients}
    for content in contents:
        # PostgreSQL keeps 1e308 exactly, and hands it back as an integer.
        numbers = content["bounce"].pop("numbers")
        assert list(map(float, numbers)) == list(map(float, found.details["numbers"]))
    assert contents == [without(dict(found.content), "bounce.numbers")] * 2


# Anything at all.

EXAMPLES, BODIES = 2_000, 50
"""100,000 inputs."""

SAMPLES = [
    *(wrap(message) for message in MESSAGES.values() for wrap in WRAPPINGS.values()),
    *notices().values(),
]

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**63, 10**400, 1.5, 1e308),
    *(float("nan"), float("inf")),
    *("", " ", "\x00", "\ud800", "\udfff\ud800", "é" * 600, "j" * 1_001, "\U0001f600"),
    *([], [[]], [None], {}, {"": {}}, {"emailAddress": None}),
    *("Bounce", "Rendering Failure", "Received", "Notification", SETUP_TEXT),
    *("2026-05-04", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("2026-05-04T03:02:01.123456789+05:30", "2026-W19-1", "24:00"),
    nested(70),
]

PIECES = [
    *(b"\xff", b"\x00", b"\\u0000", b"\\ud83d", b"\\", b'"', b"{", b"}", b"[", b"]"),
    *(b",", b":", b"NaN", b"-Infinity", b"1e999", b"9" * 5_000, b"[" * 2_000),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n", b'"eventType": "Click",', b"null"),
]


def assert_kept(found: Event) -> None:
    """What every reader of an event relies on."""
    text = json.dumps(found.content, allow_nan=False, ensure_ascii=False)
    assert b"\x00" not in text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert json.loads(text) == found.content
    assert type(found.type) is EventType
    assert found.at.tzinfo is UTC
    assert found.message_id and isinstance(found.message_id, str)
    assert found.recipients
    for each in found.recipients:
        assert 0 < len(each.email.encode()) <= LONGEST_ADDRESS
        for said in (each.status, each.diagnostic, each.action):
            assert said is None or isinstance(said, str)
    assert found.mail is found.content["mail"]
    assert isinstance(found.mail, dict) and isinstance(found.details, dict)
    assert any(found.details is value for value in found.content.values())
    if found.topic_arn is not None:
        assert "\x00" not in found.topic_arn
        assert found.topic_arn.encode()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value, with each of its keys or positions."""
    if isinstance(value, dict):
        here: list[tuple[Any, Any]] = [(value, key) for key in value]
    elif isinstance(value, list):
        here = [(value, position) for position in range(len(value))]
    else:
        return []
    return here + [place for (at, key) in here for place in places(at[key])]


def mutate(value: Any, chance: random.Random) -> None:
    """Changes one thing in a decoded message, which stays one."""
    found = places(value)
    if not found:
        return
    container, key = chance.choice(found)
    other, other_key = chance.choice(found)
    match chance.randrange(6):
        case 0 | 1:
            container[key] = deepcopy(chance.choice(VALUES))
        case 2:
            del container[key]
        case 3 if isinstance(container, dict):
            container[chance.choice(["eventType", "Type", "mail", "\ud800"])] = (
                container.pop(key)
            )
        case 4:
            container[key] = deepcopy(other[other_key])
        case _ if isinstance(container[key], str):
            text = container[key]
            cut = chance.randrange(len(text) + 1)
            piece = str(chance.choice(["\x00", "\ud800", "é", "@", "\U0001f600"]))
            container[key] = text[:cut] + piece + text[cut:]


def garbled(body: str, chance: random.Random) -> str | bytes | Mapping[str, Any]:
    """A sample, changed somewhere: outside, within its Message, or in its bytes."""
    if chance.random() < 0.6 and body.startswith("{"):
        value = json.loads(body)
        inner = value.get("Message")
        if isinstance(inner, str) and inner.startswith("{") and chance.random() < 0.8:
            message = json.loads(inner)
            for _ in range(chance.randrange(1, 4)):
                mutate(message, chance)
            value["Message"] = json.dumps(message)
        else:
            for _ in range(chance.randrange(1, 4)):
                mutate(value, chance)
        if chance.random() < 0.1:
            return dict(value)
        body = json.dumps(value)
    if chance.random() < 0.5:
        return body
    data = bytearray(body.encode())
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        end = at + chance.choice([0, 0, 1, 1, 10, 1_000])
        data[at:end] = chance.choice([chance.choice(PIECES), chance.randbytes(1), b""])
    return (
        bytes(data) if chance.random() < 0.5 else data.decode(errors="surrogateescape")
    )


ADDRESS = re.compile(r"\S@\S")


def outcome(body: str | bytes | Mapping[str, Any]) -> str:
    """What became of an input; fails for anything that parse does not promise."""
    try:
        found = parse(body)
    except Unreadable as error:
        assert str(error)
        assert not ADDRESS.search(str(error))
        assert str(error).isprintable()
        return "unreadable"
    if isinstance(found, Notice):
        assert not ADDRESS.search(found.what)
        assert found.what.isprintable()
        return "notice"
    assert_kept(found)
    return "event"


def test_any_input_is_an_event_a_notice_or_unreadable() -> None:
    outcomes = {"event": 0, "notice": 0, "unreadable": 0}

    @settings(derandomize=True, deadline=None, max_examples=EXAMPLES, database=None)
    @given(st.sampled_from(SAMPLES), st.integers(0, 2**64))
    def try_out(body: str, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(BODIES):
            outcomes[outcome(garbled(body, chance))] += 1

    try_out()
    assert sum(outcomes.values()) >= EXAMPLES * BODIES
    assert min(outcomes.values()) > EXAMPLES, outcomes


@settings(derandomize=True, deadline=None, max_examples=1_000, database=None)
@given(st.text() | st.binary())
def test_any_text_and_bytes_are_read_or_refused(body: str | bytes) -> None:
    outcome(body)
