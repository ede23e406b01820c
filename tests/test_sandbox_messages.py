import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox import mail, simulator
from sandbox.messages import Sent, event, notification, timestamp
from tests.emulated import ACCOUNT, SHOP

SENT = Sent(
    mail=mail.simple(
        f"Shop <no-reply@{SHOP}>",
        {"ToAddresses": ["Jane <jane@example.org>"], "CcAddresses": ["j@example.org"]},
        "Your order",
        tags={"campaign": "spring"},
    ),
    message_id="0102-id-000000",
    time=datetime(2026, 5, 4, 3, 2, 1, 987_654, UTC),
    identity_arn=ACCOUNT.identity_arn(SHOP),
    account_id=ACCOUNT.id,
    caller="app",
    source_ip="127.0.0.1",
    configuration_set=None,
)
BOUNCE = simulator.outcomes("bounce@simulator.amazonses.com")[0]


def read(text: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(text)
    return message


def test_times_are_in_milliseconds_of_utc() -> None:
    assert timestamp(SENT.time) == "2026-05-04T03:02:01.987Z"


def test_feedback_has_an_id_and_a_time_of_its_own() -> None:
    first = read(notification(SENT, BOUNCE, headers=False))["bounce"]
    second = read(notification(SENT, BOUNCE, headers=False))["bounce"]
    assert first["feedbackId"] != second["feedbackId"]
    assert first["timestamp"].endswith("Z")


def test_common_headers_are_lists_where_there_may_be_several() -> None:
    found = read(notification(SENT, BOUNCE, headers=True))["mail"]["commonHeaders"]
    assert found["from"] == [f"Shop <no-reply@{SHOP}>"]
    assert found["to"] == ["Jane <jane@example.org>"]
    assert found["cc"] == ["j@example.org"]
    assert found["subject"] == "Your order"
    assert found["messageId"] == SENT.message_id


def test_long_headers_are_cut() -> None:
    long = replace(SENT.mail, headers=(("X-First", "1"), ("X-Long", "x" * 10_240)))
    found = read(event(replace(SENT, mail=long), BOUNCE))["mail"]
    assert found["headersTruncated"] is True
    assert found["headers"] == [{"name": "X-First", "value": "1"}]


def test_the_tag_of_the_set_comes_with_the_set() -> None:
    tags = read(event(SENT, BOUNCE))["mail"]["tags"]
    assert "ses:configuration-set" not in tags
    assert tags["campaign"] == ["spring"]
    with_set = replace(SENT, configuration_set="one")
    tags = read(event(with_set, BOUNCE))["mail"]["tags"]
    assert tags["ses:configuration-set"] == ["one"]
