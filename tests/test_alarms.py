"""Which alarms there are, when they go off, and what they say."""

import re
import shlex
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from components.alarm import ABOVE, DAY, HOUR, Alarm
from components.alarms import alarms
from components.dashboard import dashboard
from components.events import Event
from components.metrics import EVENT_LOG, GUARD, Watched, WatchedSet, of_queue
from components.saved_queries import SAVED_QUERIES

COUNTED = [Event.SEND, Event.DELIVERY, Event.BOUNCE, Event.COMPLAINT]


def a_set(**more: Any) -> WatchedSet:
    watched: WatchedSet = {"metrics": COUNTED, "guarded": False}
    return {**watched, **more}  # type: ignore[typeddict-item]


def a_stack(**more: Any) -> Watched:
    watched: Watched = {
        "name_prefix": "ses-feedback-test-",
        "sets": {},
        "channels": [],
        "undelivered": {},
        "queues": [],
        "bounce_rate": {"warning": 0.025, "critical": 0.05},
        "complaint_rate": {"warning": 0.0005, "critical": 0.001},
        "oldest_message_minutes": 15,
    }
    return {**watched, **more}  # type: ignore[typeddict-item]


def everything() -> Watched:
    return a_stack(
        sets={
            "campaigns": a_set(guarded=True, sends_per_hour=20_000, kept=COUNTED),
            "transactional": a_set(metrics=[Event.SEND, Event.BOUNCE]),
        },
        channels=["marketing", "oncall"],
        undelivered={"marketing": ["hook"]},
        queues=["feedback"],
        event_log_buffer_seconds=300,
        account={"daily_quota": 50_000, "other_sets": ["legacy"]},
    )


def named(watched: Watched) -> dict[str, Alarm]:
    return {alarm.name: alarm for alarm in alarms(watched)}


def test_everything_that_is_watched_has_its_alarms() -> None:
    assert list(named(everything())) == [
        "bounce-rate-warning_campaigns",
        "bounce-rate-critical_campaigns",
        "complaint-rate-warning_campaigns",
        "complaint-rate-critical_campaigns",
        "sends-per-hour_campaigns",
        "no-feedback_campaigns",
        "bounce-rate-warning_transactional",
        "bounce-rate-critical_transactional",
        "complaint-rate-warning_transactional",
        "complaint-rate-critical_transactional",
        "bounce-rate-warning-of-account",
        "bounce-rate-critical-of-account",
        "complaint-rate-warning-of-account",
        "complaint-rate-critical-of-account",
        "daily-quota",
        "outside-every-set",
        "guard-failed",
        "failed-deliveries_marketing",
        "failed-deliveries_oncall",
        "undelivered_marketing_hook",
        "oldest-message_feedback",
        "dead-letters_feedback",
        "event-log-late",
        "event-log-blocked",
    ]


def test_nothing_to_watch_has_no_alarm() -> None:
    assert alarms(a_stack()) == []


def test_only_reputation_keeps_its_state_where_data_is_missing() -> None:
    for alarm in alarms(everything()):
        is_rate = "-rate-" in alarm.role
        assert alarm.missing == ("ignore" if is_rate else "notBreaching"), alarm.name


def test_more_sends_than_stated_go_off_and_as_many_do_not() -> None:
    alarm = named(everything())["sends-per-hour_campaigns"]
    assert (alarm.comparison, alarm.threshold, alarm.period) == (ABOVE, 20_000, HOUR)


@pytest.mark.parametrize("lacking", COUNTED)
def test_no_feedback_needs_each_of_the_four_counts(lacking: Event) -> None:
    metrics = [event for event in COUNTED if event is not lacking]
    found = named(a_stack(sets={"a": a_set(metrics=metrics)}))
    assert "no-feedback_a" not in found


def test_the_age_of_a_message_is_watched_in_seconds() -> None:
    alarm = named(everything())["oldest-message_feedback"]
    assert alarm.threshold == 900
    (metric,) = alarm.metrics
    assert metric[1:] == (
        "ApproximateAgeOfOldestMessage",
        "Maximum",
        of_queue("queue", "feedback"),
    )


def test_dead_letters_are_what_lies_there() -> None:
    """SQS does not count as sent what a redrive moves."""
    found = named(everything())
    for name, place in {
        "dead-letters_feedback": ("dead-letters", "feedback"),
        "undelivered_marketing_hook": ("undelivered", "marketing", "hook"),
    }.items():
        (metric,) = found[name].metrics
        assert metric.name == "ApproximateNumberOfMessagesVisible"
        assert metric.subject == of_queue(*place)
        assert found[name].threshold == 1


@pytest.mark.parametrize(("buffered", "limit"), [(0, 900), (300, 1500), (900, 2700)])
def test_how_late_the_event_log_may_be_follows_from_its_buffer(
    buffered: int, limit: int
) -> None:
    found = named(a_stack(event_log_buffer_seconds=buffered))
    assert found["event-log-late"].threshold == limit


def test_only_what_is_judged_by_days_goes_by_the_clock() -> None:
    """Over a day that slides, the first mail of a quiet set would go off at once."""
    by_clock = {alarm.role for alarm in alarms(everything()) if alarm.by_clock}
    assert by_clock == {"no-feedback", "outside-every-set"}
    for alarm in alarms(everything()):
        assert ("On a day (UTC)" in alarm.description) == alarm.by_clock, alarm.name
        assert not alarm.by_clock or alarm.period == DAY


def test_the_failures_of_the_guard_are_watched_where_there_is_one() -> None:
    alarm = named(everything())["guard-failed"]
    (metric,) = alarm.metrics
    assert metric[1:] == ("Errors", "Sum", GUARD)
    assert (alarm.threshold, alarm.missing) == (1, "notBreaching")
    assert "guard-failed" not in named(a_stack(sets={"a": a_set()}))


def test_a_failed_delivery_does_not_tell_its_end() -> None:
    """Told to a channel whose own delivery fails, it would go off without end."""
    ends = {alarm.role for alarm in alarms(everything()) if alarm.tells_its_end}
    assert ends == {
        "bounce-rate-critical",
        "bounce-rate-critical-of-account",
        "complaint-rate-critical",
        "complaint-rate-critical-of-account",
        "oldest-message",
        "event-log-late",
        "event-log-blocked",
    }


# Expressions


def value(alarm: Alarm, **counts: float) -> int:
    """What an expression comes to; a metric that is not named has no data.

    Of the grammar of metric math it knows IF, FILL, AND, arithmetic and comparison.
    """
    known = dict.fromkeys((metric.id for metric in alarm.metrics), 0.0)
    assert set(counts) <= set(known)
    text = re.sub(r"\bAND\b", "and", alarm.expression)
    functions = {
        "IF": lambda test, one, other: one if test else other,
        "FILL": lambda count, missing: count,
    }
    result = eval(text, {**functions, **known, **counts})
    assert isinstance(result, int)
    return result


def test_the_expression_on_feedback_is_as_agreed() -> None:
    assert named(everything())["no-feedback_campaigns"].expression == (
        "IF(FILL(send,0) > 0 AND"
        " FILL(delivery,0) + FILL(bounce,0) + FILL(complaint,0) == 0, 1, 0)"
    )


@pytest.mark.parametrize(
    ("counts", "goes_off"),
    [
        ({}, False),
        ({"send": 1}, True),
        ({"send": 1, "delivery": 1}, False),
        ({"send": 9, "bounce": 1}, False),
        ({"send": 9, "complaint": 1}, False),
        ({"delivery": 1}, False),
    ],
)
def test_sends_without_any_feedback_go_off(
    counts: dict[str, float], goes_off: bool
) -> None:
    alarm = named(everything())["no-feedback_campaigns"]
    assert (value(alarm, **counts) >= alarm.threshold) is goes_off


def test_the_expression_on_a_blocked_event_log_is_over_what_the_stream_counts() -> None:
    alarm = named(everything())["event-log-blocked"]
    assert alarm.expression == (
        "IF(FILL(incoming,0) > 0 AND FILL(delivered,0) == 0, 1, 0)"
    )
    assert [metric[:] for metric in alarm.metrics] == [
        ("incoming", "IncomingRecords", "Sum", EVENT_LOG),
        ("delivered", "DeliveryToS3.Records", "Sum", EVENT_LOG),
    ]
    assert (alarm.period, alarm.periods, alarm.threshold) == (HOUR, 2, 1)
    assert "event-log-blocked" not in named(a_stack())


@pytest.mark.parametrize(
    ("counts", "goes_off"),
    [
        ({}, False),
        ({"incoming": 1}, True),
        ({"incoming": 9, "delivered": 1}, False),
        ({"delivered": 9}, False),
    ],
)
def test_a_stream_that_takes_in_and_delivers_nothing_goes_off(
    counts: dict[str, float], goes_off: bool
) -> None:
    alarm = named(everything())["event-log-blocked"]
    assert (value(alarm, **counts) >= alarm.threshold) is goes_off


# What the texts lead to

COMMAND = re.compile(r"\baws [a-z0-9-]+ [a-z-]+(?: --[a-z-]+(?: (?!--)[\w-]+)?)*")
"""A command of AWS's CLI within a text."""

STACKS = [
    pytest.param(everything(), id="everything"),
    pytest.param(
        a_stack(
            sets={"quiet": a_set(sends_per_hour=5)},
            account={"daily_quota": 5},
            event_log_buffer_seconds=60,
        ),
        id="no saved query",
    ),
]


@pytest.mark.parametrize("watched", STACKS)
def test_every_command_is_one_of_awss_and_whole(watched: Watched) -> None:
    """It states each option that AWS requires, and no other than AWS has."""
    commands = {
        command
        for alarm in alarms(watched)
        for command in COMMAND.findall(alarm.description)
    }
    assert commands
    for alarm in alarms(watched):
        rest = COMMAND.sub("", alarm.description)
        assert not re.search(r"\baws [a-z]", rest), alarm.name
    for command in commands:
        _, service, operation, *words = shlex.split(command)
        model = botocore.session.get_session().get_service_model(service)
        names = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(names[operation]).input_shape
        assert shape is not None
        stated = {word.removeprefix("--") for word in words if word.startswith("--")}
        switches = {name.removeprefix("no-") for name in stated}
        options = {xform_name(name, "-") for name in shape.members}
        required = {xform_name(name, "-") for name in shape.required_members}
        assert required <= stated, command
        assert switches <= options, command


def test_the_command_names_the_set_as_ses_does() -> None:
    pausing = (
        "aws sesv2 put-configuration-set-sending-options --no-sending-enabled"
        " --configuration-set-name ses-feedback-test-"
    )
    found = named(everything())
    for name in ("campaigns", "transactional"):
        for role in ("bounce-rate-critical", "complaint-rate-critical"):
            description = found[f"{role}_{name}"].description
            assert description.endswith(f": {pausing}{name}")
    assert found["sends-per-hour_campaigns"].description.endswith(f"{pausing}campaigns")


def quoted(watched: Watched) -> set[str]:
    """What the texts name in quotes."""
    descriptions = [alarm.description for alarm in alarms(watched)]
    return {name for text in descriptions for name in re.findall('"([^"]+)"', text)}


def test_every_query_and_chart_that_is_named_is_there() -> None:
    queries = {query.name for query in SAVED_QUERIES}
    watched = everything()
    body = dashboard(watched, "eu-west-1", lambda subject: "x", [])
    charts = {each["properties"].get("title") for each in body["widgets"]}
    assert quoted(watched) == {
        "domains-that-bounce-most",
        "complaints-by-source-and-campaign",
        "senders-by-configuration-set",
        "Bounce rate",
        "Complaint rate",
    }
    assert quoted(watched) <= queries | charts


def test_no_query_is_named_where_it_would_find_nothing() -> None:
    names = {query.name for query in SAVED_QUERIES}
    nothing_kept = everything()
    nothing_kept["sets"]["campaigns"]["kept"] = []
    assert not quoted(nothing_kept) & names
    found = named(everything())
    assert "saved query" in found["bounce-rate-warning_campaigns"].description
    assert "saved query" not in found["bounce-rate-warning_transactional"].description
    some = everything()
    some["sets"]["campaigns"]["kept"] = [Event.BOUNCE]
    assert "domains-that-bounce-most" in quoted(some)
    assert "complaints-by-source-and-campaign" not in quoted(some)


# What CloudWatch takes (PutMetricAlarm; CloudWatch user guide, service quotas)


def longest() -> Watched:
    name = "n" * 31
    return a_stack(
        name_prefix="p" * 33,
        sets={name: a_set(guarded=True, sends_per_hour=10**9, kept=COUNTED)},
        channels=[name],
        undelivered={name: [name]},
        queues=[name],
        oldest_message_minutes=1440,
        event_log_buffer_seconds=900,
        account={"daily_quota": 10**9, "other_sets": []},
    )


@pytest.mark.parametrize("watched", [everything(), longest()], ids=["usual", "longest"])
def test_each_alarm_is_within_the_limits_of_cloudwatch(watched: Watched) -> None:
    for alarm in alarms(watched):
        assert len(alarm.description) <= 1024, alarm.name
        assert len(f"{'p' * 180}{alarm.name}") <= 255
        assert len(alarm.metrics) <= 10
        assert alarm.period % 60 == 0
        assert alarm.period * alarm.periods <= DAY
        assert not alarm.by_clock or alarm.period in (60, 300, 3600, 86_400, 604_800)
        assert len(alarm.expression) <= 1024


def test_each_alarm_says_what_it_means_and_what_to_do() -> None:
    for alarm in alarms(everything()):
        sentences = re.split(r"(?<=[.:;]) ", alarm.description)
        assert len(sentences) >= 2, alarm.name
        commands = COMMAND.findall(alarm.description)
        ends = (".", *commands)
        assert alarm.description.endswith(ends), alarm.name
        for ours in alarm.key.split("_"):
            assert ours in alarm.description, alarm.name


def test_a_role_holds_no_underscore() -> None:
    """It stands before the names of the user's."""
    assert not [alarm.role for alarm in alarms(everything()) if "_" in alarm.role]
