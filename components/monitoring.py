"""Monitoring: the alarms of a stack and its dashboard."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm
from components.alarms import alarms
from components.dashboard import dashboard
from components.metrics import Subject, Watched

CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Hosts of the AWS console by partition, where it is not that of the rest."""

BY_CLOCK: "aws.cloudwatch.MetricAlarmEvaluationWindowArgsDict" = {
    "wall_clock_window": {"timezone": "UTC"}
}
"""Whole periods by the clock, judged when they are over; else they slide (CloudWatch
user guide, alarm evaluation window)."""


class MonitoringArgs(TypedDict):
    """What monitoring is made of."""

    region: str
    """The region of the metrics."""
    partition: str
    """The partition, which decides on the console's address."""
    watched: Watched
    """What is watched, by our names."""
    alarm_topic: pulumi.Input[str]
    """ARN of the topic that is told."""
    topics: Mapping[str, pulumi.Input[str]]
    """By channel, the ARN of its topic."""
    queue_urls: Mapping[str, pulumi.Input[str]]
    """By queue, its URL."""
    dead_letter_queue_urls: Mapping[str, pulumi.Input[str]]
    """By queue, the URL of its dead-letter queue."""
    undelivered_queue_urls: Mapping[str, Mapping[str, pulumi.Input[str]]]
    """By channel and subscription, the URL of the queue of what was not delivered."""
    stream: NotRequired[pulumi.Input[str] | None]
    """Name of the event log's Firehose stream."""
    guard: NotRequired[pulumi.Input[str] | None]
    """ARN of the function that the critical alarms of guarded sets call."""
    guard_name: NotRequired[pulumi.Input[str] | None]
    """Its name, by which CloudWatch tells its metrics."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class Monitoring(pulumi.ComponentResource):
    """An alarm for whatever the stack watches, and one dashboard.

    Nothing is measured here: SES, SNS, SQS, Firehose and Lambda count by themselves, sets by
    their own event destinations.
    """

    dashboard_url: pulumi.Output[str]
    """The dashboard in the AWS console."""

    def __init__(
        self,
        name: str,
        args: MonitoringArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:Monitoring", name, None, opts)
        self._name = name
        self._args = args
        self._prefix = args["watched"]["name_prefix"]
        self._child = pulumi.ResourceOptions(parent=self)
        made = [self._alarm(alarm) for alarm in alarms(args["watched"])]
        body = dashboard(
            args["watched"],
            args["region"],
            self._value,
            [alarm.arn for alarm in made],
        )
        board = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=f"{self._prefix}{name}",
            dashboard_body=pulumi.Output.json_dumps(body),
            opts=self._child,
        )

        host = CONSOLES.get(args["partition"], "console.aws.amazon.com")
        self.dashboard_url = pulumi.Output.concat(
            f"https://{host}/cloudwatch/home?region={args['region']}",
            "#dashboards/dashboard/",
            board.dashboard_name,
        )
        self.register_outputs({"dashboard_url": self.dashboard_url})

    def _alarm(self, alarm: Alarm) -> "aws.cloudwatch.MetricAlarm":
        topic, guard = self._args["alarm_topic"], self._args.get("guard")
        actions = [topic] if guard is None or not alarm.guards else [topic, guard]
        measured = self._expression(alarm) if alarm.expression else self._metric(alarm)
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name}",
            name=f"{self._prefix}{alarm.name}",
            alarm_description=alarm.description,
            **measured,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            evaluation_window=BY_CLOCK if alarm.by_clock else None,
            treat_missing_data=alarm.missing,
            alarm_actions=actions,
            ok_actions=[topic] if alarm.tells_its_end else None,
            tags=self._args.get("tags", {}),
            opts=self._child,
        )

    def _metric(self, alarm: Alarm) -> dict[str, Any]:
        (metric,) = alarm.metrics
        return {
            "namespace": metric.subject.namespace,
            "metric_name": metric.name,
            "dimensions": self._dimensions(metric.subject),
            "statistic": metric.statistic,
            "period": alarm.period,
        }

    def _expression(self, alarm: Alarm) -> dict[str, Any]:
        result = {
            "id": "result",
            "label": alarm.name,
            "expression": alarm.expression,
            "return_data": True,
        }
        metrics = [
            {
                "id": metric.id,
                "metric": {
                    "namespace": metric.subject.namespace,
                    "metric_name": metric.name,
                    "dimensions": self._dimensions(metric.subject),
                    "stat": metric.statistic,
                    "period": alarm.period,
                },
            }
            for metric in alarm.metrics
        ]
        return {"metric_queries": [result, *metrics]}

    def _dimensions(self, subject: Subject) -> dict[str, pulumi.Input[str]] | None:
        return {subject.dimension: self._value(subject)} if subject.place else None

    def _value(self, subject: Subject) -> pulumi.Input[str]:
        """What the dimension of a subject is called in AWS."""
        args = self._args
        match subject.place:
            case ("set", name):
                return f"{self._prefix}{name}"
            case ("other-set", name):
                return name
            case ("channel", name):
                return _last(args["topics"][name], ":")
            case ("queue", name):
                return _last(args["queue_urls"][name], "/")
            case ("dead-letters", name):
                return _last(args["dead_letter_queue_urls"][name], "/")
            case ("undelivered", channel, name):
                return _last(args["undelivered_queue_urls"][channel][name], "/")
            case ("event-log",) if (stream := args.get("stream")) is not None:
                return stream
            case ("guard",) if (guard := args.get("guard_name")) is not None:
                return guard
        raise ValueError(f"nothing is called {subject.place}")


def _last(text: pulumi.Input[str], separator: str) -> pulumi.Output[str]:
    """The name at the end of an ARN or a URL."""
    return pulumi.Output.from_input(text).apply(
        lambda known: known.rpartition(separator)[2]
    )
