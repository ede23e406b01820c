"""Each saved query over a log with events of every type, by DuckDB."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from components import saved_queries
from components.events import Event
from components.saved_queries import SAVED_QUERIES, SavedQuery
from components.settings import StackFile
from sandbox.stack import applied
from tests.athena import Log
from tests.emulated import objects, send
from tests.feedback import NAMES
from tests.sample_events import DESK, SHOP, STORY, noted, sample
from tests.sql_forms import refusals
from tests.stacks import FILES

TODAY = date(2026, 5, 5)
QUERIES = {query.name: query for query in SAVED_QUERIES}
each_query = pytest.mark.parametrize("query", SAVED_QUERIES, ids=list(QUERIES))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return written(tmp_path_factory.mktemp("bucket"))


def written(
    bucket: Path,
    changed: Callable[[dict[str, Any]], dict[str, Any]] = lambda one: one,
) -> Log:
    log = Log(bucket)
    for day, events in sample().items():
        log.write(day, map(changed, events))
    return log


def answer(
    log: Log, query: SavedQuery, *, today: date = TODAY, **more: Any
) -> list[tuple[Any, ...]]:
    parameters = [STORY] if "?" in query.sql else []
    rows = log.query(query.sql, parameters, today=today, **more)
    return [tuple(row.values()) for row in rows]


JANE = "jane@example.com"
CAMPAIGNS = (DESK, "campaigns")
OFFER = "https://shop.example.com/offer"

EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "bounces-by-type-and-day": [
        (date(2026, 5, 4), "Permanent", "General", 11),
        (date(2026, 5, 4), "Transient", "General", 3),
        (date(2026, 5, 4), "Permanent", "Suppressed", 1),
        (date(2026, 5, 4), "Transient", "MailboxFull", 1),
        (date(2026, 5, 3), "Permanent", "General", 2),
    ],
    "complaints-by-source-and-campaign": [
        (SHOP, "spring", 2, 2, noted("4 03:00:01")),
        (SHOP, None, 1, 1, noted("4 03:00:02")),
        (DESK, "spring", 1, 1, noted("4 08:00:03")),
    ],
    "domains-that-bounce-most": [
        # bounces, permanent, transient, suppressed, recipients
        ("example.net", 4, 2, 2, 0, 4),
        ("example.org", 4, 3, 0, 1, 2),
        ("gmial.com", 2, 2, 0, 0, 1),
        ("example.com", 1, 1, 0, 0, 1),
        ("gmail.com", 1, 1, 0, 0, 1),
        ("gmail.con", 1, 1, 0, 0, 1),
        ("hotmial.com", 1, 0, 1, 0, 1),
        ("icloud.co", 1, 1, 0, 0, 1),
        ("yaho.com", 1, 0, 1, 0, 1),
        ("yahoo.ca", 1, 1, 0, 0, 1),
        ("ymail.com", 1, 1, 0, 0, 1),
    ],
    "likely-misspelt-domains": [
        ("gmial.com", "gmail.com", 2, 2, 1),
        ("gmail.con", "gmail.com", 1, 1, 1),
        ("hotmial.com", "hotmail.com", 2, 1, 1),
    ],
    "full-mailboxes": [
        # bounces, delays, mails
        ("fuller@example.net", 1, 0, 1, noted("4 17:00:00"), noted("4 17:00:00")),
        ("full@example.net", 1, 1, 1, noted("4 02:00:00"), noted("4 16:00:00")),
        (JANE, 0, 1, 1, noted("4 08:00:08"), noted("4 08:00:08")),
    ],
    "senders-by-configuration-set": [
        (
            *("campaigns", DESK, "shop.example.com", "shop", 1),
            *(noted("4 03:02:01"), noted("4 08:00:07")),
        ),
        (
            *("transactional", SHOP, "shop.example.com", "shop", 37),
            *(noted("4 03:02:01"), noted("4 11:15:00")),
        ),
    ],
    "same-subject-within-an-hour": [
        ("eve@example.com", "Reset", 3, noted("4 11:15:00")),
        ("ray@example.com", "Reset", 3, noted("4 11:00:00")),
    ],
    "opens-and-clicks": [
        (date(2026, 5, 4), "spring", "Open", None, 4, 3),
        (date(2026, 5, 4), "spring", "Click", OFFER, 2, 2),
        (date(2026, 5, 4), "spring", "Click", "https://shop.example.com/b", 1, 1),
        (date(2026, 5, 4), None, "Open", None, 1, 1),
        (date(2026, 5, 3), "spring", "Click", OFFER, 1, 1),
    ],
    "story-of-a-message": [
        (noted(f"4 08:00:0{number}"), kind, JANE, details, *CAMPAIGNS)
        for number, (kind, details) in enumerate(
            {
                "Send": None,
                "Reject": "Bad content",
                "Bounce": "Permanent, General, smtp; 550 5.1.1 user unknown",
                "Complaint": "abuse",
                "Delivery": "250 ok:  Message 64111812 accepted",
                "Open": "Mozilla/5.0 (iPhone)",
                "Click": OFFER,
                "Rendering Failure": "order: Attribute 'name' is not present in the"
                " rendering data.",
                "DeliveryDelay": "MailboxFull, smtp; 452 4.2.2 the mailbox is full",
                "Subscription": "customers, UnsubscribeHeader",
            }.items()
        )
    ],
}


def test_there_is_an_event_of_every_type_in_the_log(log: Log) -> None:
    types = {each["eventType"] for each in log.events()}
    assert types == {name for name, _ in NAMES.values()}


def test_every_query_has_an_expected_answer() -> None:
    assert list(EXPECTED) == list(QUERIES)
    assert all(EXPECTED.values())


@each_query
def test_the_answer_is_the_expected_one(log: Log, query: SavedQuery) -> None:
    assert answer(log, query) == EXPECTED[query.name]


@each_query
def test_what_firehose_writes_twice_counts_once(
    log: Log, query: SavedQuery, tmp_path: Path
) -> None:
    """In one file, in another of that day, and in one of the next day."""
    twice = Log(tmp_path)
    for path in log.files:
        day = path.parent.name.removeprefix("day=")
        events = Log.read(path)
        twice.write(day, events + events, "1")
        twice.write(day, events, "2")
        twice.write("2026-05-05", events, day)
    assert len(twice.events()) == 4 * len(log.events())
    assert answer(twice, query) == EXPECTED[query.name]


IN_INDIA = timezone(timedelta(hours=5, minutes=30))
ISO_FORMS: dict[str, Callable[[datetime], str]] = {
    "an offset of none": lambda moment: moment.isoformat(timespec="milliseconds"),
    "an offset": lambda moment: moment.astimezone(IN_INDIA).isoformat(),
    "a negative offset": lambda moment: moment.astimezone(
        timezone(-timedelta(hours=7))
    ).isoformat(),
    "no fraction": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "microseconds": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
}


@each_query
@pytest.mark.parametrize("form", ISO_FORMS)
def test_a_time_is_read_in_every_form_of_iso_8601(
    form: str, query: SavedQuery, tmp_path: Path
) -> None:
    changes: list[str] = []

    def written_anew(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: written_anew(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [written_anew(inner) for inner in value]
        if isinstance(value, str) and re.fullmatch(r"2026-.+T.+\.\d{3}Z", value):
            changes.append(value)
            return ISO_FORMS[form](datetime.fromisoformat(value))
        return value

    log = written(tmp_path, written_anew)
    assert len(changes) > len(log.events())
    assert answer(log, query) == EXPECTED[query.name]


@each_query
def test_a_day_is_that_of_utc_wherever_the_session_is(
    log: Log, query: SavedQuery
) -> None:
    assert answer(log, query, time_zone="Asia/Tokyo") == EXPECTED[query.name]
    assert answer(log, query, time_zone="Pacific/Honolulu") == EXPECTED[query.name]


DAYS = {"same-subject-within-an-hour": 7, "story-of-a-message": 90}
"""How many days a query looks back, where it is not 30."""


@each_query
def test_only_recent_days_are_read(log: Log, query: SavedQuery) -> None:
    """A day is a folder, and so the day on which an event came in."""
    days = timedelta(DAYS.get(query.name, 30))
    found = answer(log, query, today=date(2026, 5, 4) + days)
    assert found
    assert answer(log, query, today=date(2026, 5, 5) + days) == []
    assert f"last {days.days} days" in query.description


@each_query
def test_a_line_that_is_no_event_counts_nowhere(
    query: SavedQuery, tmp_path: Path
) -> None:
    """The SerDe makes a row of nulls of it."""
    log = written(tmp_path)
    log.write("2026-05-04", [{}], "2")
    assert answer(log, query) == EXPECTED[query.name]


@each_query
def test_the_sql_means_the_same_in_athena(query: SavedQuery) -> None:
    assert refusals(query.sql) == []


@each_query
def test_a_query_is_one_that_athena_saves(query: SavedQuery) -> None:
    """Athena API reference, "CreateNamedQuery"; the name ends a logical name, too."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", query.name)
    assert len(query.name) <= 128
    assert 1 <= len(query.description) <= 1_024
    assert 1 <= len(query.sql.encode()) <= 262_144


def test_only_the_story_of_a_message_asks_for_something() -> None:
    assert [query.name for query in SAVED_QUERIES if "?" in query.sql] == [
        "story-of-a-message"
    ]
    assert "execution parameter" in QUERIES["story-of-a-message"].description


def test_the_story_is_of_no_other_message(log: Log) -> None:
    sql = QUERIES["story-of-a-message"].sql
    (only,) = log.query(sql, ["r1"], today=TODAY)
    assert only["event"] == "Send"
    assert log.query(sql, ["' OR 'a' = 'a"], today=TODAY) == []


def test_every_file_of_sql_is_a_saved_query() -> None:
    folder = Path(saved_queries.__file__).with_name("queries")
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.sql" for name in QUERIES
    }


def test_what_a_stack_keeps_of_its_mail_is_found_by_its_own_queries(
    tmp_path: Path,
) -> None:
    """SES, Firehose and S3 by the sandbox, and the queries that Athena was given."""
    file = StackFile.read(FILES["dev"])
    ours = {
        "ses-feedback:eventLog": {},
        "ses-feedback:configurationSets": {"staging": {"eventLog": list(Event)}},
    }
    with applied(replace(file, config={**file.config, **ours})) as stack:
        cloud, sender = stack.cloud, "staging@shop.example.com"
        campaign = [{"Name": "campaign", "Value": "spring"}]
        bounced = send(cloud, sender, EmailTags=campaign)
        send(cloud, sender, "complaint@simulator.amazonses.com", EmailTags=campaign)
        for key, body in objects(cloud, stack.outputs["eventLogBucket"]).items():
            (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / key).write_bytes(body)
        athena, workgroup = cloud.client("athena"), stack.outputs["athenaWorkgroup"]
        saved = {
            query["Name"]: query["QueryString"]
            for query_id in athena.list_named_queries(WorkGroup=workgroup)[
                "NamedQueryIds"
            ]
            for query in [athena.get_named_query(NamedQueryId=query_id)["NamedQuery"]]
        }
        (name,) = stack.outputs["configurationSetNames"].values()
    log = Log(tmp_path)
    # Two where midnight passes meanwhile.
    days = sorted(
        {
            date.fromisoformat(path.parent.name.removeprefix("day="))
            for path in log.files
        }
    )

    def rows(query: str, *parameters: str) -> list[tuple[Any, ...]]:
        found = log.query(saved[query], parameters, today=days[-1])
        return [tuple(row.values()) for row in found]

    assert sorted(saved) == sorted(QUERIES)
    (bounce,) = rows("bounces-by-type-and-day")
    assert bounce[0] in days
    assert bounce[1:] == ("Permanent", "General", 1)
    (complaint,) = rows("complaints-by-source-and-campaign")
    assert complaint[:4] == (sender, "spring", 1, 1)
    (seen,) = rows("senders-by-configuration-set")
    assert seen[:3] == (name, sender, sender)
    assert seen[4] == 2
    story = [event for _, event, *_ in rows("story-of-a-message", bounced)]
    assert sorted(story) == ["Bounce", "Send"]
