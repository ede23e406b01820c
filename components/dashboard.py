"""The body of the stack's CloudWatch dashboard.

Its grid is 24 wide. CloudWatch takes 500 widgets and 2,500 metrics in a dashboard, 500
metrics in a widget (CloudWatch user guide, service quotas) and 100 alarms in one (API
reference, dashboard body structure): what is more of a kind than MOST is left out, and
the heading says so. Each metric widget names its region, since dashboards have none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pulumi

from components.alarm import HOUR, MINUTE
from components.alarms import freshness_limit
from components.events import Event
from components.metrics import (
    ACCOUNT,
    EVENT_LOG,
    METRIC_NAMES,
    Rate,
    Subject,
    Watched,
    of_channel,
    of_queue,
    of_set,
)
from components.reputation import BOUNCES, COMPLAINTS, Reputation

Widget = dict[str, Any]
Named = Callable[[Subject], pulumi.Input[str]]
"""The value of a subject's dimension."""

T = TypeVar("T")

WIDTH = 24
HEIGHT = 6
HEADING_HEIGHT = 1

MOST = 75
"""Sets, channels, queues and subscriptions that have charts of their own."""

MOST_ALARMS = 500
ALARMS_IN_A_WIDGET = 100
LINES_IN_A_CHART = 12

SHORT = 5 * MINUTE
"""The period of what lies or waits: a short peak is not lost in a maximum by the hour."""

ACCOUNT_EVENTS = (
    Event.SEND,
    Event.REJECT,
    Event.BOUNCE,
    Event.COMPLAINT,
    Event.DELIVERY,
)
"""What SES counts of a whole account without a set (SES developer guide, monitoring
your sending activity)."""

MADE_BY = "Made by `pulumi up`, which overwrites what is changed here."

REVIEW_COLOR = "#ff7f0e"
PAUSE_COLOR = "#d62728"
WARNING_COLOR = "#bcbd22"
LIMIT_COLOR = "#8c564b"


def dashboard(
    watched: Watched,
    region: str,
    named: Named,
    alarm_arns: Sequence[pulumi.Input[str]],
) -> dict[str, Any]:
    """Everything that a stack watches, from the alarms down to single queues."""
    charts = _Charts(region, named)
    rows = [
        [_widget("text", WIDTH, HEADING_HEIGHT, {"markdown": MADE_BY})],
        *_alarm_rows(alarm_arns),
        *_mail_rows(charts, watched),
        *_channel_rows(charts, watched),
        *_queue_rows(charts, watched),
        *_event_log_rows(charts, watched),
    ]
    return {
        "start": "-P3D",
        "periodOverride": "inherit",
        "widgets": list(_placed(rows)),
    }


class _Charts:
    """Makes charts of metrics of one region."""

    def __init__(self, region: str, named: Named) -> None:
        self._region = region
        self._named = named

    def line(
        self, subject: Subject, metric: str, label: str, **more: Any
    ) -> list[pulumi.Input[Any]]:
        """A metric of a chart."""
        dimension = [subject.dimension, self._named(subject)] if subject.place else []
        return [subject.namespace, metric, *dimension, {"label": label, **more}]

    def chart(
        self,
        title: str,
        unit: str,
        lines: Sequence[list[pulumi.Input[Any]]],
        *,
        stat: str,
        period: int,
        limits: Sequence[tuple[float, str, str]] = (),
        width: int = WIDTH // 2,
    ) -> Widget:
        """Lines over time; `limits` are values with label and colour."""
        properties: dict[str, Any] = {
            "title": title,
            "view": "timeSeries",
            "stacked": False,
            "region": self._region,
            "stat": stat,
            "period": period,
            "metrics": list(lines),
            "yAxis": {"left": {"min": 0, "label": unit, "showUnits": False}},
        }
        if limits:
            properties["annotations"] = {
                "horizontal": [
                    {"value": value, "label": label, "color": color}
                    for value, label, color in limits
                ]
            }
        return _widget("metric", width, HEIGHT, properties)


def _alarm_rows(arns: Sequence[pulumi.Input[str]]) -> Iterator[list[Widget]]:
    yield [_heading("Alarms", len(arns), MOST_ALARMS)]
    for some in _chunks(arns[:MOST_ALARMS], ALARMS_IN_A_WIDGET):
        height = 2 + (len(some) + 3) // 4
        properties = {
            "title": "States of the alarms",
            "alarms": some,
            "sortBy": "stateUpdatedTimestamp",
        }
        yield [_widget("alarm", WIDTH, height, properties)]


def _mail_rows(charts: _Charts, watched: Watched) -> Iterator[list[Widget]]:
    sets = watched["sets"]
    shown = list(sets)[:MOST]
    yield [_heading("Mail", len(sets), MOST)]
    subjects = [(ACCOUNT, "whole account"), *((of_set(name), name) for name in shown)]
    for some in _chunks(subjects, LINES_IN_A_CHART):
        yield [
            _rates(charts, some, BOUNCES, watched["bounce_rate"]),
            _rates(charts, some, COMPLAINTS, watched["complaint_rate"]),
        ]
    charts_of_events = [
        charts.chart(
            "Mails of the whole account, by event",
            "mails an hour",
            [
                charts.line(ACCOUNT, METRIC_NAMES[event], event.value)
                for event in ACCOUNT_EVENTS
            ],
            stat="Sum",
            period=HOUR,
        )
    ]
    for name in shown:
        if events := sets[name]["metrics"]:
            lines = [
                charts.line(of_set(name), METRIC_NAMES[event], event.value)
                for event in METRIC_NAMES
                if event in events
            ]
            charts_of_events.append(
                charts.chart(
                    f"Set {name}: mails by event",
                    "mails an hour",
                    lines,
                    stat="Sum",
                    period=HOUR,
                    limits=_most_sends(sets[name].get("sends_per_hour")),
                )
            )
    yield from _chunks(charts_of_events, 2)


def _most_sends(limit: int | None) -> list[tuple[float, str, str]]:
    return [(limit, f"alarm above {limit:,} sends", LIMIT_COLOR)] if limit else []


def _rates(
    charts: _Charts,
    subjects: Sequence[tuple[Subject, str]],
    reputation: Reputation,
    rate: Rate,
) -> Widget:
    """A rate with our lines and AWS's; where two are one, so are their labels."""
    lines = (
        (rate["warning"], "warning", WARNING_COLOR),
        (rate["critical"], "critical", LIMIT_COLOR),
        (reputation.review, "AWS reviews", REVIEW_COLOR),
        (reputation.pause, "AWS may pause", PAUSE_COLOR),
    )
    limits: dict[float, tuple[str, str]] = {}
    for value, label, color in lines:
        first, _ = limits.get(value, ("", ""))
        limits[value] = (f"{first}, {label}" if first else label, color)
    return charts.chart(
        reputation.chart,
        "fraction of mails",
        [charts.line(subject, reputation.metric, name) for subject, name in subjects],
        stat="Maximum",
        period=HOUR,
        limits=[(value, *drawn) for value, drawn in limits.items()],
    )


def _channel_rows(charts: _Charts, watched: Watched) -> Iterator[list[Widget]]:
    names = watched["channels"]
    yield [_heading("Channels", len(names), MOST)]
    yield from _chunks(
        [
            charts.chart(
                f"Channel {name}",
                "messages an hour",
                [
                    charts.line(
                        of_channel(name), "NumberOfMessagesPublished", "published"
                    ),
                    charts.line(
                        of_channel(name), "NumberOfNotificationsFailed", "failed"
                    ),
                ],
                stat="Sum",
                period=HOUR,
                width=WIDTH // 3,
            )
            for name in names[:MOST]
        ],
        3,
    )
    undelivered = [
        (channel, name)
        for channel, subscriptions in watched["undelivered"].items()
        for name in subscriptions
    ]
    for some in _chunks(undelivered[:MOST], LINES_IN_A_CHART):
        yield [
            charts.chart(
                f"Dead letters of subscriptions{_left_out(len(undelivered), MOST)}",
                "messages",
                [
                    charts.line(
                        of_queue("undelivered", channel, name),
                        "ApproximateNumberOfMessagesVisible",
                        f"{channel}: {name}",
                    )
                    for channel, name in some
                ],
                stat="Maximum",
                period=SHORT,
                width=WIDTH,
            )
        ]


def _queue_rows(charts: _Charts, watched: Watched) -> Iterator[list[Widget]]:
    names, minutes = watched["queues"], watched["oldest_message_minutes"]
    if not names:
        return
    yield [_heading("Queues", len(names), MOST)]
    for name in names[:MOST]:
        waiting = "ApproximateNumberOfMessagesVisible"
        depth = charts.chart(
            f"Queue {name}: messages",
            "messages",
            [
                charts.line(of_queue("queue", name), waiting, "waiting"),
                charts.line(of_queue("dead-letters", name), waiting, "dead letters"),
            ],
            stat="Maximum",
            period=SHORT,
        )
        age = charts.chart(
            f"Queue {name}: age of the oldest message",
            "seconds",
            [
                charts.line(
                    of_queue("queue", name), "ApproximateAgeOfOldestMessage", "oldest"
                )
            ],
            stat="Maximum",
            period=SHORT,
            limits=[(minutes * MINUTE, f"alarm at {minutes} minutes", LIMIT_COLOR)],
        )
        yield [depth, age]


def _event_log_rows(charts: _Charts, watched: Watched) -> Iterator[list[Widget]]:
    buffered = watched.get("event_log_buffer_seconds")
    if buffered is None:
        return
    limit = freshness_limit(buffered)
    yield [_heading("Event log", 1, 1)]
    yield [
        charts.chart(
            "Event log: age of the oldest event not yet in S3",
            "seconds",
            [charts.line(EVENT_LOG, "DeliveryToS3.DataFreshness", "oldest")],
            stat="Maximum",
            period=SHORT,
            limits=[(limit, f"alarm at {limit // MINUTE} minutes", LIMIT_COLOR)],
            width=WIDTH,
        )
    ]


def _heading(text: str, number: int, most: int) -> Widget:
    markdown = f"## {text}{_left_out(number, most)}"
    return _widget("text", WIDTH, HEADING_HEIGHT, {"markdown": markdown})


def _left_out(number: int, most: int) -> str:
    if number <= most:
        return ""
    return f" (the first {most} of {number} are shown; alarms watch all)"


def _widget(
    kind: str, width: int, height: int, properties: Mapping[str, Any]
) -> Widget:
    return {"type": kind, "width": width, "height": height, "properties": properties}


def _placed(rows: Iterable[Sequence[Widget]]) -> Iterator[Widget]:
    """Widgets side by side in each row, the rows below each other."""
    y = 0
    for row in rows:
        x = 0
        for widget in row:
            yield {**widget, "x": x, "y": y}
            x += widget["width"]
        y += max(widget["height"] for widget in row)


def _chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
