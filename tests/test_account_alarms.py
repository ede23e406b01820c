"""The alarms of the whole account."""

from typing import Any

import pytest

from components.account_alarms import why_outside_is_not_watched
from components.alarm import AT_LEAST, DAY, Alarm
from components.events import Event
from tests.test_alarms import a_set, a_stack, everything, named, value


def test_the_quota_is_told_of_at_eighty_percent_of_24_hours() -> None:
    alarm = named(everything())["daily-quota"]
    assert (alarm.comparison, alarm.threshold, alarm.period) == (AT_LEAST, 40_000, DAY)
    assert "40,000 mails" in alarm.description
    assert "80 % of its quota of 50,000" in alarm.description


@pytest.mark.parametrize(
    ("counts", "goes_off"),
    [
        ({}, False),
        ({"all": 100, "set1": 50, "set2": 30, "set3": 20}, False),
        ({"all": 100, "set1": 98}, False),
        ({"all": 100, "set1": 97}, True),
        ({"all": 1}, True),
        ({"set1": 5}, False),
    ],
)
def test_mail_outside_every_set_goes_off(
    counts: dict[str, float], goes_off: bool
) -> None:
    """Two in a hundred may be the imprecision of the account's own count."""
    alarm = named(everything())["outside-every-set"]
    assert (value(alarm, **counts) >= alarm.threshold) is goes_off


def outside(sets: int, others: int, **of_last: Any) -> Alarm | None:
    every = {f"s{number}": a_set() for number in range(sets)}
    if of_last:
        every[f"s{sets - 1}"] = a_set(**of_last)
    account = {"other_sets": [f"other{number}" for number in range(others)]}
    return named(a_stack(sets=every, account=account)).get("outside-every-set")


@pytest.mark.parametrize(("sets", "others"), [(1, 0), (0, 1), (9, 0), (4, 5)])
def test_nine_sets_can_be_watched_together(sets: int, others: int) -> None:
    alarm = outside(sets, others)
    assert alarm is not None
    assert len(alarm.metrics) == sets + others + 1 <= 10
    assert alarm.expression.count("FILL(") == len(alarm.metrics)


@pytest.mark.parametrize(("sets", "others"), [(0, 0), (10, 0), (5, 5)])
def test_ten_sets_cannot_be_watched_together_and_none_need_not(
    sets: int, others: int
) -> None:
    assert outside(sets, others) is None


def test_a_set_that_does_not_count_its_sends_cannot_be_watched() -> None:
    assert outside(2, 0, metrics=[Event.BOUNCE]) is None


def test_mail_outside_every_set_is_watched_only_with_the_account() -> None:
    assert "outside-every-set" not in named(a_stack(sets={"a": a_set()}))


NO_SET = "no set is known: this stack has none, and otherConfigurationSets names none"


@pytest.mark.parametrize(
    ("metrics", "others", "reasons"),
    [
        (
            {},
            [],
            [NO_SET],
        ),
        ({}, ["legacy"], []),
        ({"a": [Event.SEND]}, [], []),
        (
            {"a": [Event.BOUNCE], "b": []},
            [],
            ["the metrics of a lack send", "the metrics of b lack send"],
        ),
        (
            {"a": []},
            ["x"] * 9,
            [
                "10 sets are more than the 9 that an alarm can take",
                "the metrics of a lack send",
            ],
        ),
    ],
)
def test_why_mail_outside_every_set_is_not_watched(
    metrics: dict[str, list[Event]], others: list[str], reasons: list[str]
) -> None:
    assert why_outside_is_not_watched(metrics, others) == reasons
