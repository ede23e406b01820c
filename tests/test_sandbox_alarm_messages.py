"""What CloudWatch says, in the forms of messages and events that were received."""

import json
from datetime import datetime
from typing import Any

import pytest
from moto.cloudwatch.models import Alarm

from sandbox.alarm_messages import MOST_OF_SUBJECT, Change, State, region_name
from sandbox.cloud import Cloud
from tests.called import alarm, alarm_arn

BEFORE = State(
    "OK", "Threshold not crossed", '{"version": "1.0"}', datetime(2026, 5, 4, 1, 2, 3)
)
AFTER = State("ALARM", "Threshold crossed", None, datetime(2026, 5, 4, 3, 2, 3, 49_999))


def change(cloud: Cloud, name: str = "bounces", **more: Any) -> Change:
    alarm(cloud, name, **more)
    found: Alarm = cloud.cloudwatch.alarms[name]
    found.configuration_updated_timestamp = datetime(2026, 5, 1)
    return Change(found, "123456789012", BEFORE, AFTER)


ACTIONS = [f"arn:aws:sns:eu-west-1:123456789012:{name}" for name in ("one", "two")]


def test_a_message_of_an_alarm_on_one_metric(cloud: Cloud) -> None:
    found = change(cloud, AlarmActions=ACTIONS, OKActions=ACTIONS[:1])
    assert json.loads(found.message()) == {
        "AlarmName": "bounces",
        "AlarmDescription": "Too many bounces.",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-05-01T00:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold crossed",
        "StateChangeTime": "2026-05-04T03:02:03.049+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": alarm_arn("bounces"),
        "OldStateValue": "OK",
        "OKActions": ACTIONS[:1],
        "AlarmActions": ACTIONS,
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Reputation.BounceRate",
            "Namespace": "AWS/SES",
            "StatisticType": "Statistic",
            "Statistic": "MAXIMUM",
            "Unit": None,
            "Dimensions": [{"value": "campaigns", "name": "ses:configuration-set"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 0.05,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


SEND = {
    "Namespace": "AWS/SES",
    "MetricName": "Send",
    "Dimensions": [{"Name": "ses:configuration-set", "Value": "campaigns"}],
}
BY_MATH: list[dict[str, Any]] = [
    {"Id": "rate", "Expression": "send / 2", "Label": "half", "ReturnData": True},
    {
        "Id": "send",
        "MetricStat": {"Metric": SEND, "Period": 3600, "Stat": "Sum"},
        "ReturnData": False,
    },
]


def test_a_message_of_an_alarm_by_metric_math(cloud: Cloud) -> None:
    found = change(cloud, Metrics=BY_MATH, DatapointsToAlarm=1)
    dimensions = [{"value": "campaigns", "name": "ses:configuration-set"}]
    assert json.loads(found.message())["Trigger"] == {
        "Period": 3600,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 0.05,
        "TreatMissingData": "ignore",
        "EvaluateLowSampleCountPercentile": "",
        "Metrics": [
            {
                "Id": "rate",
                "Expression": "send / 2",
                "Label": "half",
                "ReturnData": True,
            },
            {
                "Id": "send",
                "MetricStat": {
                    "Metric": {
                        "Dimensions": dimensions,
                        "MetricName": "Send",
                        "Namespace": "AWS/SES",
                    },
                    "Period": 3600,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            },
        ],
    }


def test_an_event_of_an_alarm_on_one_metric(cloud: Cloud) -> None:
    event = change(cloud).event()
    (metric,) = event["alarmData"]["configuration"]["metrics"]
    assert isinstance(metric.pop("id"), str)
    assert event == {
        "source": "aws.cloudwatch",
        "alarmArn": alarm_arn("bounces"),
        "accountId": "123456789012",
        "time": "2026-05-04T03:02:03.049+0000",
        "region": "eu-west-1",
        "alarmData": {
            "alarmName": "bounces",
            "state": {
                "value": "ALARM",
                "reason": "Threshold crossed",
                "timestamp": "2026-05-04T03:02:03.049+0000",
            },
            "previousState": {
                "value": "OK",
                "reason": "Threshold not crossed",
                "reasonData": '{"version": "1.0"}',
                "timestamp": "2026-05-04T01:02:03.000+0000",
            },
            "configuration": {
                "description": "Too many bounces.",
                "metrics": [
                    {
                        "metricStat": {
                            "metric": {
                                "namespace": "AWS/SES",
                                "name": "Reputation.BounceRate",
                                "dimensions": {"ses:configuration-set": "campaigns"},
                            },
                            "period": 300,
                            "stat": "Maximum",
                        },
                        "returnData": True,
                    }
                ],
            },
        },
    }


def test_an_event_of_an_alarm_by_metric_math(cloud: Cloud) -> None:
    event = change(cloud, Metrics=BY_MATH).event()
    assert event["alarmData"]["configuration"]["metrics"] == [
        {
            "id": "rate",
            "expression": "send / 2",
            "label": "half",
            "returnData": True,
        },
        {
            "id": "send",
            "metricStat": {
                "metric": {
                    "namespace": "AWS/SES",
                    "name": "Send",
                    "dimensions": {"ses:configuration-set": "campaigns"},
                },
                "period": 3600,
                "stat": "Sum",
            },
            "returnData": False,
        },
    ]


def test_an_alarm_by_a_percentile_has_no_statistic(cloud: Cloud) -> None:
    alarm(
        cloud,
        "slow",
        Namespace="AWS/SNS",
        MetricName="Age",
        Period=60,
        ExtendedStatistic="p99",
        Metrics=[],
    )
    slow = Change(cloud.cloudwatch.alarms["slow"], "123456789012", BEFORE, AFTER)
    trigger = json.loads(slow.message())["Trigger"]
    assert trigger["StatisticType"] == "ExtendedStatistic"
    assert trigger["ExtendedStatistic"] == "p99"
    (metric,) = slow.event()["alarmData"]["configuration"]["metrics"]
    assert metric["metricStat"]["stat"] == "p99"


def test_a_long_name_is_cut_short_in_the_subject(cloud: Cloud) -> None:
    assert change(cloud).subject() == 'ALARM: "bounces" in EU (Ireland)'
    subject = change(cloud, "b" * 255).subject()
    assert len(subject) == MOST_OF_SUBJECT
    assert subject.endswith('bbb..." in EU (Ireland)')


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eu-central-1", "EU (Frankfurt)"),
        ("us-east-1", "US East (N. Virginia)"),
        ("cn-north-1", "China (Beijing)"),
        ("xx-nowhere-1", "xx-nowhere-1"),
    ],
)
def test_a_region_is_named_for_people(region: str, name: str) -> None:
    assert region_name(region) == name
