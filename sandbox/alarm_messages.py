"""What CloudWatch says of an alarm that has changed its state: to topics, to functions.

As in the CloudWatch user guide, "Invoke a Lambda function from an alarm"; the message to
a topic is documented nowhere, and is as it is received.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from moto.cloudwatch.models import Alarm, Dimension, MetricDataQuery

Telling = Callable[[str, str, list[Dimension]], dict[str, Any]]
"""How a metric is told, of its namespace, name and dimensions."""

MOST_OF_SUBJECT = 100
"""Characters (Publish in the API reference of SNS)."""


@dataclass(frozen=True)
class State:
    """In which state an alarm is, and why."""

    value: str
    """ALARM, OK or INSUFFICIENT_DATA."""
    reason: str
    reason_data: str | None
    """JSON."""
    since: datetime
    """UTC."""

    @classmethod
    def of(cls, alarm: Alarm) -> "State":
        return cls(
            alarm.state_value,
            alarm.state_reason,
            alarm.state_reason_data,
            alarm.state_updated_timestamp,
        )

    def as_json(self) -> dict[str, str]:
        data = {"reasonData": self.reason_data} if self.reason_data else {}
        return {
            "value": self.value,
            "reason": self.reason,
            **data,
            "timestamp": _moment(self.since),
        }


@dataclass(frozen=True)
class Change:
    """An alarm's change of state."""

    alarm: Alarm
    account_id: str
    before: State
    after: State

    def subject(self) -> str:
        """Of the message to a topic; a long name is cut short."""

        def written(name: str) -> str:
            region = region_name(self.alarm.region_name)
            return f'{self.after.value}: "{name}" in {region}'

        name = self.alarm.name
        too_much = len(written(name)) - MOST_OF_SUBJECT
        if too_much > 0:
            name = f"{name[: -too_much - 3]}..."
        return written(name)

    def message(self) -> str:
        """JSON, for a topic."""
        alarm = self.alarm
        return json.dumps(
            {
                "AlarmName": alarm.name,
                "AlarmDescription": alarm.description,
                "AWSAccountId": self.account_id,
                "AlarmConfigurationUpdatedTimestamp": _moment(
                    alarm.configuration_updated_timestamp
                ),
                "NewStateValue": self.after.value,
                "NewStateReason": self.after.reason,
                "StateChangeTime": _moment(self.after.since),
                "Region": region_name(alarm.region_name),
                "AlarmArn": alarm.alarm_arn,
                "OldStateValue": self.before.value,
                "OKActions": alarm.ok_actions,
                "AlarmActions": alarm.alarm_actions,
                "InsufficientDataActions": alarm.insufficient_data_actions,
                "Trigger": _trigger(alarm),
            }
        )

    def event(self) -> dict[str, Any]:
        """For a function."""
        alarm = self.alarm
        return {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.alarm_arn,
            "accountId": self.account_id,
            "time": _moment(self.after.since),
            "region": alarm.region_name,
            "alarmData": {
                "alarmName": alarm.name,
                "state": self.after.as_json(),
                "previousState": self.before.as_json(),
                "configuration": {
                    "description": alarm.description or "",
                    "metrics": list(_metrics(alarm)),
                },
            },
        }


@cache
def region_name(region: str) -> str:
    """How CloudWatch names a region to people: EU (Ireland)."""
    endpoints = botocore.session.get_session().get_data("endpoints")
    for partition in endpoints["partitions"]:
        if region in partition["regions"]:
            description: str = partition["regions"][region]["description"]
            return description.replace("Europe (", "EU (")
    return region


def _trigger(alarm: Alarm) -> dict[str, Any]:
    common: dict[str, Any] = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile
        or "",
    }
    if alarm.datapoints_to_alarm:
        common["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    if alarm.metric_data_queries:
        queries = alarm.metric_data_queries
        periods = [one.metric_stat.period for one in queries if one.metric_stat]
        metrics = [_capitalised(_query(one, _metric_of_topic)) for one in queries]
        return {"Period": max(periods), **common, "Metrics": metrics}
    if alarm.extended_statistic:
        statistic = {
            "StatisticType": "ExtendedStatistic",
            "ExtendedStatistic": alarm.extended_statistic,
        }
    else:
        statistic = {
            "StatisticType": "Statistic",
            "Statistic": _statistic(alarm.statistic),
        }
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **statistic,
        "Unit": alarm.unit,
        "Dimensions": _listed(alarm.dimensions),
        "Period": alarm.period,
        **common,
    }


def _query(query: MetricDataQuery, told: Telling) -> dict[str, Any]:
    """One of an alarm's queries as an event has it, but for how its metric is told."""
    found: dict[str, Any] = {"id": query.id}
    if query.expression:
        found["expression"] = query.expression
    if query.label:
        found["label"] = query.label
    if query.metric_stat:
        metric = query.metric_stat.metric
        found["metricStat"] = {
            "metric": told(metric.namespace, metric.metric_name, metric.dimensions),
            "period": query.metric_stat.period,
            "stat": query.metric_stat.stat,
        }
    return {**found, "returnData": str(query.return_data).lower() != "false"}


def _capitalised(value: dict[str, Any]) -> dict[str, Any]:
    """The same as a message to a topic spells it."""
    return {
        key[0].upper() + key[1:]: _capitalised(inner)
        if isinstance(inner, dict)
        else inner
        for key, inner in value.items()
    }


def _metrics(alarm: Alarm) -> Iterator[dict[str, Any]]:
    """An alarm's metrics as an event has them; the id of the only one is made up."""
    if not alarm.metric_data_queries:
        digest = hashlib.sha256(alarm.alarm_arn.encode()).hexdigest()
        statistic = alarm.extended_statistic or alarm.statistic
        yield {
            "id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}",
            "metricStat": {
                "metric": _metric(alarm.namespace, alarm.metric_name, alarm.dimensions),
                "period": alarm.period,
                "stat": statistic,
                **({"unit": alarm.unit} if alarm.unit else {}),
            },
            "returnData": True,
        }
    for query in alarm.metric_data_queries:
        yield _query(query, _metric)


def _metric(namespace: str, name: str, dimensions: list[Dimension]) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "dimensions": {str(one.name): one.value for one in dimensions},
    }


def _metric_of_topic(
    namespace: str, name: str, dimensions: list[Dimension]
) -> dict[str, Any]:
    return {
        "Dimensions": _listed(dimensions),
        "MetricName": name,
        "Namespace": namespace,
    }


def _listed(dimensions: list[Dimension]) -> list[dict[str, str | None]]:
    return [{"value": one.value, "name": one.name} for one in dimensions]


def _statistic(name: str) -> str:
    """SAMPLE_COUNT of SampleCount."""
    return "SAMPLE_COUNT" if name == "SampleCount" else name.upper()


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}+0000"
