"""A dashboard with every form of widget, over an account where mail was sent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloud import Cloud
from sandbox.dashboard import read
from sandbox.dashboard_page import Heading, page
from sandbox.pace import Pace
from sandbox.widgets import Widget
from tests.emulated import ACCOUNT, SHOP, bodies, identity, queue, send, topic

NAME = "ses-feedback-prod-monitoring"
SET = "ses-feedback-prod-campaigns"

ALARMS = [
    f"ses-feedback-prod-{rate}-{level}_{name}"
    for name in ("campaigns", "transactional")
    for rate in ("bounce-rate", "complaint-rate")
    for level in ("warning", "critical")
]

MAILBOXES = ("bounce", "complaint", "success", "ooto", "suppressionlist")

Lines = Sequence[tuple[float, str]]


def metric(
    metrics: Sequence[Any], unit: str = "messages", lines: Lines = (), **more: Any
) -> dict[str, Any]:
    """A metric widget; `lines` are horizontal ones, each with its label."""
    keys: tuple[str, ...] = ("x", "y", "width", "height")
    place = {key: more.pop(key) for key in keys if key in more}
    properties = {
        "region": ACCOUNT.region,
        "title": "Title",
        "view": "timeSeries",
        "stat": "Sum",
        "period": 3600,
        "metrics": list(metrics),
        "yAxis": {"left": {"label": unit, "min": 0, "showUnits": False}},
        "annotations": {
            "horizontal": [
                {"value": value, "label": label, "color": "#d13212"}
                for value, label in lines
            ]
        },
        **more,
    }
    return {"type": "metric", **place, "properties": properties}


def text(markdown: str, **place: int) -> dict[str, Any]:
    return {"type": "text", **place, "properties": {"markdown": markdown}}


def alarms(*names: str, **place: int) -> dict[str, Any]:
    arn = f"arn:aws:cloudwatch:{ACCOUNT.region}:{ACCOUNT.id}:alarm"
    properties = {"title": "Alarms", "alarms": [f"{arn}:{name}" for name in names]}
    return {"type": "alarm", **place, "properties": properties}


COMPLAINTS: Lines = (
    (0.0005, "warning"),
    (0.001, "critical, AWS reviews"),
    (0.005, "AWS may pause"),
)
"""Lines that are close to each other."""

OF_SET = ("ses:configuration-set", SET)

WIDGETS = [
    text("# Mail\n\nSee `set-alarm-state`, **<b>**.", x=0, y=0, width=24, height=2),
    alarms(*ALARMS, x=0, y=2, width=24, height=3),
    metric(
        [
            ["AWS/SES", "Reputation.ComplaintRate", {"label": "whole account"}],
            [".", ".", *OF_SET, {"label": "campaigns"}],
        ],
        "fraction of mails",
        COMPLAINTS,
        title="Complaint rate",
        x=0,
        y=5,
        width=12,
        height=6,
    ),
    metric(
        [
            ["AWS/SES", "Send", *OF_SET, {"label": "send"}],
            [".", "Delivery", ".", ".", {"label": "delivery"}],
            [".", "Reject", ".", ".", {"label": "reject"}],
        ],
        "mails an hour",
        [(20_000, "alarm above 20,000 sends")],
        title="Set campaigns",
        x=12,
        y=5,
        width=12,
        height=6,
    ),
    metric(
        [
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "desk"],
            [
                *(".", "ApproximateAgeOfOldestMessage", ".", "."),
                {"label": "oldest", "yAxis": "right", "color": "#9467bd"},
            ],
        ],
        title="Queue desk",
        yAxis={"left": {"label": "messages"}, "right": {"label": "seconds"}},
        stat="Maximum",
        period=300,
        x=0,
        y=11,
        width=8,
        height=6,
    ),
    metric(
        [
            ["AWS/SNS", "NumberOfMessagesPublished", "TopicName", "shop"],
            ["...", "gone", {"label": "of another topic"}],
            ["AWS/SES", "Send", {"id": "send", "visible": False}],
            [".", "Delivery", {"id": "delivery", "visible": False}],
            [{"expression": "FILL(send, 0) - FILL(delivery, 0)", "label": "held"}],
        ],
        "messages an hour",
        stacked=True,
        title="Channel shop",
        x=8,
        y=11,
        width=8,
        height=6,
    ),
    metric(
        [["AWS/SES", "Send", {"label": "sent"}], [".", "Reject"]],
        view="singleValue",
        title="Mails of the last hour",
        x=16,
        y=11,
        width=8,
        height=3,
    ),
]


def mails(cloud: Cloud) -> Pace:
    """Sends mail in an account with a set, a channel, a queue and alarms."""
    identity(cloud, SHOP)
    shop = topic(cloud, "shop")
    url = queue(cloud, "desk", shop)
    ses, cloudwatch = cloud.client("sesv2"), cloud.client("cloudwatch")
    ses.create_configuration_set(ConfigurationSetName=SET)
    for name, target in (
        ("channel", {"SnsDestination": {"TopicArn": shop}}),
        ("metrics", {"CloudWatchDestination": by_tags(**{OF_SET[0]: SET})}),
    ):
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=SET,
            EventDestinationName=name,
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"],
                **target,
            },
        )
    for alarm in ALARMS:
        cloudwatch.put_metric_alarm(
            AlarmName=alarm,
            Namespace="AWS/SES",
            MetricName="Reputation.BounceRate",
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    pace = Pace(2 * len(MAILBOXES))
    cloud.cloudwatch.begin(pace)
    for mailbox in MAILBOXES:
        for named in (None, SET):
            recipient = f"{mailbox}@simulator.amazonses.com"
            send(cloud, f"no-reply@{SHOP}", recipient, named)
            pace.go_on()
        bodies(cloud, url)
    return pace


def by_tags(**defaults: str) -> dict[str, Any]:
    """A CloudWatch destination with these message tags as dimensions."""
    return {
        "DimensionConfigurations": [
            {
                "DimensionName": name,
                "DimensionValueSource": "MESSAGE_TAG",
                "DefaultDimensionValue": value,
            }
            for name, value in defaults.items()
        ]
    }


def drawn(
    cloud: Cloud, pace: Pace, *widgets: Mapping[str, Any]
) -> tuple[list[Widget], str]:
    """A dashboard of these widgets, as it is read back, and its page."""
    cloud.client("cloudwatch").put_dashboard(
        DashboardName=NAME, DashboardBody=json.dumps({"widgets": widgets})
    )
    found = read(cloud, NAME, pace.range)
    heading = Heading(NAME, "prod", ACCOUNT.region, pace.mails, pace.hours)
    return found, page(heading, found)
