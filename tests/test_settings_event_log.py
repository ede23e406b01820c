"""The event log's keys; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from components.settings import Settings, StackFile
from tests.snippets import checked, refusals, stack_text, write

LETTERS = "configurationSets: {letters: {eventLog: [send]}}"


def test_the_defaults_of_an_event_log(tmp_path: Path) -> None:
    event_log = checked(tmp_path, f"eventLog: {{}}\n{LETTERS}").event_log
    assert event_log is not None
    assert event_log.expire_days == 400
    assert (event_log.buffer_seconds, event_log.buffer_megabytes) == (300, 5)
    assert event_log.query is True


def test_a_stack_has_none_unless_it_says_so(tmp_path: Path) -> None:
    assert checked(tmp_path, "").event_log is None


@pytest.mark.parametrize(
    "event_log",
    [
        "{expireDays: 1, bufferSeconds: 0, bufferMegabytes: 1}",
        "{expireDays: 36500, bufferSeconds: 900, bufferMegabytes: 128}",
        "{query: false}",
    ],
)
def test_bounds_that_are_allowed(tmp_path: Path, event_log: str) -> None:
    assert refusals(tmp_path, f"eventLog: {event_log}\n{LETTERS}") == []


@pytest.mark.parametrize(
    ("stack", "database"),
    [
        ("prod", "ses_feedback_prod_events"),
        ("EU-1.blue", "ses_feedback_eu_1_blue_events"),
    ],
)
def test_the_database_is_named_as_athena_takes_it(
    tmp_path: Path, stack: str, database: str
) -> None:
    path = write(tmp_path, stack_text(""), f"Pulumi.{stack}.yaml")
    assert Settings.check(StackFile.read(path)).event_database == database


@pytest.mark.parametrize(
    "sets", ["", "configurationSets: {a: {}, b: {eventLog: []}}\n"]
)
def test_an_event_log_that_no_set_writes_to_is_warned_of(
    tmp_path: Path, sets: str
) -> None:
    assert checked(tmp_path, f"{sets}eventLog: {{}}").warnings == (
        "ses-feedback:eventLog: no set writes to it; list events under configurationSets.NAME.eventLog",
    )


def test_an_event_log_that_some_set_writes_to_is_not(tmp_path: Path) -> None:
    sets = "configurationSets: {a: {}, b: {eventLog: [send]}}"
    assert checked(tmp_path, f"{sets}\neventLog: {{}}").warnings == ()


def test_opens_that_are_kept_need_a_tracking_domain_too(tmp_path: Path) -> None:
    sets = "configurationSets: {s: {eventLog: [open, click]}}"
    assert checked(tmp_path, f"{sets}\neventLog: {{}}").warnings == (
        "ses-feedback:configurationSets.s: open and click without trackingDomain; links in the mails will lead to a domain of AWS",
    )
