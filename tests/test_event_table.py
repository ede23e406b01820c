import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from components import event_table
from sandbox import mail, messages, simulator
from ses_feedback_collector import EventType
from tests.athena import COLUMN_TYPES, Log
from tests.feedback import NAMES, event

DAY = "2026-05-04"

OF_SES = {kind.value: event(kind) for kind in EventType}
"""An event of each type, by the name that the stack file has for it."""


def of_sandbox() -> dict[str, dict[str, Any]]:
    """The events that the sandbox makes of a mail with every header."""
    addresses = {
        f"{key}Addresses": [f"{key.lower()}@example.org"] for key in ("To", "Cc", "Bcc")
    }
    sent = messages.Sent(
        mail=mail.simple(
            "Shop <no-reply@shop.example.com>",
            addresses,
            "Your order",
            tags={"campaign": "spring"},
            reply_to=["desk@shop.example.com"],
        ),
        message_id="0102-id-000000",
        time=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
        identity_arn="arn:aws:ses:eu-west-1:123456789012:identity/shop.example.com",
        account_id="123456789012",
        caller="app",
        source_ip="192.0.2.7",
        configuration_set="campaigns",
    )
    outcomes = [
        simulator.sent(),
        simulator.rejected(),
        simulator.not_rendered("order", "no name"),
        *simulator.outcomes(f"complaint@{simulator.DOMAIN}"),
        *simulator.outcomes(f"suppressionlist@{simulator.DOMAIN}"),
        *simulator.outcomes(f"ooto@{simulator.DOMAIN}"),
    ]
    return {
        f"sandbox, {number} {outcome.type}": json.loads(messages.event(sent, outcome))
        for number, outcome in enumerate(outcomes)
    }


EVENTS = OF_SES | of_sandbox()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Each of EVENTS as the table reads it."""
    log = Log(tmp_path_factory.mktemp("bucket"))
    log.write(DAY, EVENTS.values())
    return log.query("SELECT * FROM events", today=date(2026, 5, 5))


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_read_whole(rows: list[dict[str, Any]], name: str) -> None:
    """Every field in a column of its type: nothing of it is lost, nothing is text else."""
    expected = plain(EVENTS[name])
    if "send" in expected:
        expected["send"] = "{}"
    row = plain(rows[list(EVENTS).index(name)])
    assert row.pop(event_table.PARTITION_KEY) == DAY
    assert row == expected


def plain(value: Any) -> Any:
    """Without nulls, and with the case of keys that the SerDe leaves."""
    if isinstance(value, Mapping):
        return {
            key.lower(): plain(inner)
            for key, inner in value.items()
            if inner is not None
        }
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def test_there_is_a_column_for_the_object_of_every_event() -> None:
    objects = {key.lower() for _, key in NAMES.values()}
    assert objects | {"eventtype", "mail"} == set(event_table.COLUMNS)
    assert len(objects) == len(EventType) == 10


def test_a_field_that_ses_adds_one_day_is_passed_over(tmp_path: Path) -> None:
    new = event(EventType.BOUNCE, newField={"a": 1}) | {"another": True}
    new["mail"]["newest"] = ["b"]
    log = Log(tmp_path)
    log.write(DAY, [new])
    (row,) = log.query("SELECT * FROM events", today=date(2026, 5, 5))
    row.pop(event_table.PARTITION_KEY)
    assert plain(row) == plain(event(EventType.BOUNCE))


def test_tags_are_lists_of_values_by_name() -> None:
    tags = COLUMN_TYPES["mail"].fields["tags"]
    assert (tags.name, tags.of and tags.of.name) == ("map", "array")
    assert "tags:map<string,array<string>>" in event_table.COLUMNS["mail"]


def test_a_type_is_spelled_as_hive_takes_it() -> None:
    for name, spelled in event_table.COLUMNS.items():
        assert f"{name}{spelled}" == f"{name}{spelled}".lower()
        assert not set(spelled) & set(" \n`")


def test_the_days_there_are_follow_from_the_date() -> None:
    """Athena user guide, "Supported types for partition projection"."""
    assert event_table.location("log") == "s3://log/events/"
    assert event_table.parameters("log") == {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "gzip",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": "2026-01-01,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "storage.location.template": "s3://log/events/day=${day}/",
    }


def test_the_day_is_text_and_no_column() -> None:
    assert (event_table.PARTITION_KEY, event_table.PARTITION_TYPE) == ("day", "string")
    assert event_table.PARTITION_KEY not in event_table.COLUMNS
