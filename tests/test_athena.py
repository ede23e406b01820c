from datetime import date
from pathlib import Path

import pytest

from ses_feedback_collector import EventType
from tests.athena import Log, Type, type_of
from tests.feedback import event

TODAY = date(2026, 5, 5)


def test_a_type_of_hive_is_read() -> None:
    text = "struct<a:array<map<string,bigint>>,b_c:struct<d:boolean>>"
    assert type_of(text) == Type(
        "struct",
        fields={
            "a": Type("array", Type("map", Type("bigint"))),
            "b_c": Type("struct", fields={"d": Type("boolean")}),
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        "text",
        "string>",
        "array<string",
        "array",
        "map<bigint,string>",
        "map<string>",
        "struct<a>",
        "struct<a:string;b:string>",
        "struct<>",
        "array< string>",
    ],
)
def test_any_other_text_is_no_type(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        type_of(text)


def test_a_day_of_the_table_is_a_folder_of_gzipped_lines(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write("2026-05-03", [event(EventType.SEND), event(EventType.BOUNCE)])
    log.write("2026-05-04", [event(EventType.OPEN)])
    assert [str(path.relative_to(tmp_path)) for path in log.files] == [
        "events/day=2026-05-03/1.json.gz",
        "events/day=2026-05-04/1.json.gz",
    ]
    rows = log.query("SELECT day, eventtype FROM events ORDER BY 1, 2", today=TODAY)
    assert rows == [
        {"day": "2026-05-03", "eventType": "Bounce"},
        {"day": "2026-05-03", "eventType": "Send"},
        {"day": "2026-05-04", "eventType": "Open"},
    ]


def test_today_is_the_day_that_the_test_says(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write("2026-05-04", [event(EventType.SEND)])
    yesterday = "SELECT current_date - INTERVAL '1' DAY AS yesterday FROM events"
    (row,) = log.query(yesterday, today=TODAY)
    assert row["yesterday"].date() == date(2026, 5, 4)
