"""The dashboard's body: what it shows, where, and that CloudWatch takes it."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from components.dashboard import MOST, dashboard
from components.events import Event
from components.metrics import Subject, Watched
from tests.test_alarms import a_set, a_stack, everything

REGION = "eu-central-1"
ALARM = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm"


def name_of(subject: Subject) -> str:
    return "-".join(subject.place)


def widgets(watched: Watched, alarms: int = 3) -> list[dict[str, Any]]:
    arns = [f"{ALARM}:a{number}" for number in range(alarms)]
    found: list[dict[str, Any]] = dashboard(watched, REGION, name_of, arns)["widgets"]
    return found


def charts(watched: Watched) -> dict[str, dict[str, Any]]:
    """The properties of each chart, by its title."""
    found = [
        each["properties"] for each in widgets(watched) if each["type"] == "metric"
    ]
    titles = Counter(each["title"] for each in found)
    assert set(titles.values()) == {1}
    return {each["title"]: each for each in found}


def lines(chart: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The metrics of a chart: namespace, name, value of the dimension, label."""
    return [
        (line[0], line[1], *line[3:-1], line[-1]["label"]) for line in chart["metrics"]
    ]


def limits(chart: dict[str, Any]) -> dict[float, str]:
    return {
        line["value"]: line["label"]
        for line in chart.get("annotations", {}).get("horizontal", [])
    }


def many(number: int) -> Watched:
    names = [f"n{index:04}" for index in range(number)]
    every_event = a_set(metrics=list(Event), sends_per_hour=5)
    return a_stack(
        sets=dict.fromkeys(names, every_event),
        channels=names,
        undelivered={name: ["x", "y"] for name in names},
        queues=names,
        event_log_buffer_seconds=60,
    )


def test_every_chart_of_a_stack() -> None:
    assert list(charts(everything())) == [
        "Bounce rate",
        "Complaint rate",
        "Mails of the whole account, by event",
        "Set campaigns: mails by event",
        "Set transactional: mails by event",
        "Channel marketing",
        "Channel oncall",
        "Dead letters of subscriptions",
        "Queue feedback: messages",
        "Queue feedback: age of the oldest message",
        "Event log: age of the oldest event not yet in S3",
    ]


def test_the_rates_are_of_the_account_and_of_each_set() -> None:
    rate = charts(everything())["Bounce rate"]
    name = "Reputation.BounceRate"
    assert lines(rate) == [
        ("AWS/SES", name, "whole account"),
        ("AWS/SES", name, "set-campaigns", "campaigns"),
        ("AWS/SES", name, "set-transactional", "transactional"),
    ]
    assert rate["yAxis"]["left"]["label"] == "fraction of mails"


def test_the_lines_of_aws_are_drawn_in_and_ours() -> None:
    """Where two are at one value they share a label."""
    found = charts(everything())
    assert limits(found["Bounce rate"]) == {
        0.025: "warning",
        0.05: "critical, AWS reviews",
        0.10: "AWS may pause",
    }
    assert limits(found["Complaint rate"]) == {
        0.0005: "warning",
        0.001: "critical, AWS reviews",
        0.005: "AWS may pause",
    }
    stated = {"warning": 0.01, "critical": 0.02}
    other = charts(a_stack(bounce_rate=stated))["Bounce rate"]
    assert limits(other) == {
        0.01: "warning",
        0.02: "critical",
        0.05: "AWS reviews",
        0.10: "AWS may pause",
    }


def test_the_account_shows_what_ses_counts_without_a_set() -> None:
    found = charts(everything())["Mails of the whole account, by event"]
    assert [name for _, name, _ in lines(found)] == [
        *("Send", "Reject", "Bounce", "Complaint", "Delivery")
    ]


def test_mails_are_counted_by_event_for_each_set() -> None:
    found = charts(everything())
    of_set = found["Set transactional: mails by event"]
    assert lines(of_set) == [
        ("AWS/SES", "Send", "set-transactional", "send"),
        ("AWS/SES", "Bounce", "set-transactional", "bounce"),
    ]
    assert (of_set["stat"], of_set["period"]) == ("Sum", 3600)
    assert limits(found["Set campaigns: mails by event"]) == {
        20_000: "alarm above 20,000 sends"
    }


def test_a_set_that_counts_nothing_has_no_chart_of_events() -> None:
    found = charts(a_stack(sets={"quiet": a_set(metrics=[])}))
    assert "Set quiet: mails by event" not in found
    assert "quiet" in [line[-1] for line in lines(found["Bounce rate"])]


def test_a_channel_shows_what_was_published_and_what_failed() -> None:
    assert lines(charts(everything())["Channel marketing"]) == [
        ("AWS/SNS", "NumberOfMessagesPublished", "channel-marketing", "published"),
        ("AWS/SNS", "NumberOfNotificationsFailed", "channel-marketing", "failed"),
    ]


def test_a_queue_shows_depth_age_and_dead_letters() -> None:
    found = charts(everything())
    depth = "ApproximateNumberOfMessagesVisible"
    assert lines(found["Queue feedback: messages"]) == [
        ("AWS/SQS", depth, "queue-feedback", "waiting"),
        ("AWS/SQS", depth, "dead-letters-feedback", "dead letters"),
    ]
    age = found["Queue feedback: age of the oldest message"]
    assert lines(age) == [
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "queue-feedback", "oldest")
    ]
    assert limits(age) == {900: "alarm at 15 minutes"}
    assert lines(found["Dead letters of subscriptions"]) == [
        ("AWS/SQS", depth, "undelivered-marketing-hook", "marketing: hook")
    ]


def test_the_event_log_shows_how_late_it_is() -> None:
    chart = charts(everything())["Event log: age of the oldest event not yet in S3"]
    assert lines(chart) == [
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "event-log", "oldest")
    ]
    assert limits(chart) == {1500: "alarm at 25 minutes"}


def test_what_a_stack_does_not_have_is_not_shown() -> None:
    assert list(charts(a_stack())) == [
        "Bounce rate",
        "Complaint rate",
        "Mails of the whole account, by event",
    ]


def test_the_alarms_are_shown_by_their_state() -> None:
    (found,) = [each for each in widgets(everything()) if each["type"] == "alarm"]
    assert found["properties"]["alarms"] == [
        f"{ALARM}:a{number}" for number in (0, 1, 2)
    ]


SIZES = [
    pytest.param(everything(), 22, id="usual"),
    pytest.param(a_stack(), 0, id="nothing"),
    pytest.param(many(MOST), 500, id="as many as are shown"),
    pytest.param(many(1000), 6000, id="more than are shown"),
]

each_size = pytest.mark.parametrize(("watched", "alarms"), SIZES)


@each_size
def test_no_two_widgets_overlap_and_none_leaves_the_grid(
    watched: Watched, alarms: int
) -> None:
    found = widgets(watched, alarms)
    for each in found:
        assert each["x"] >= 0
        assert each["x"] + each["width"] <= 24
        assert each["height"] >= 1
    for one, other in combinations(found, 2):
        assert (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )


@each_size
def test_the_body_is_within_the_limits_of_cloudwatch(
    watched: Watched, alarms: int
) -> None:
    """500 widgets, 2,500 metrics, 500 in a widget; 100 alarms in a widget."""
    found = widgets(watched, alarms)
    metrics = [len(each["properties"].get("metrics", [])) for each in found]
    assert len(found) <= 500
    assert sum(metrics) <= 2500
    assert max(metrics) <= 500
    assert all(len(each["properties"].get("alarms", [])) <= 100 for each in found)


@each_size
def test_each_chart_has_region_unit_and_a_label_at_every_line(
    watched: Watched, alarms: int
) -> None:
    for each in widgets(watched, alarms):
        if each["type"] == "metric":
            chart = each["properties"]
            assert chart["region"] == REGION
            assert chart["yAxis"]["left"]["label"]
            assert all(line[-1]["label"] for line in chart["metrics"])
            assert all(limits(chart).values())


def texts_of(watched: Watched) -> Iterator[str]:
    for each in widgets(watched, 6000):
        if each["type"] == "text":
            yield each["properties"]["markdown"]


def test_what_is_left_out_is_said() -> None:
    left_out = "(the first 75 of 1000 are shown; alarms watch all)"
    found = list(texts_of(many(1000)))
    for heading in ("Mail", "Channels", "Queues"):
        assert f"## {heading} {left_out}" in found
    assert not any(
        "shown" in text for text in texts_of(many(MOST)) if "Alarms" not in text
    )
