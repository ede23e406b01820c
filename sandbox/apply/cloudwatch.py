"""CloudWatch: alarms and dashboards."""

from typing import Any

from sandbox.apply.inputs import Inputs
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:cloudwatch/dashboard:Dashboard")
def dashboard(resource: Resource, cloud: Cloud) -> Applied:
    account = cloud.account
    name = resource.inputs.need("dashboardName")
    cloud.client("cloudwatch").put_dashboard(
        DashboardName=name, DashboardBody=resource.inputs.need("dashboardBody")
    )
    # Dashboards are of no region.
    arn = f"arn:{account.partition}:cloudwatch::{account.id}:dashboard/{name}"
    return Applied(name, {"dashboardArn": arn})


@applies("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    name = inputs.take("name", resource.physical_name)
    stated = inputs.capitalised(
        "alarmDescription",
        "actionsEnabled",
        "alarmActions",
        "insufficientDataActions",
        "metricName",
        "namespace",
        "statistic",
        "extendedStatistic",
        "threshold",
        "treatMissingData",
        "unit",
    )
    stated |= inputs.named({"okActions": "OKActions"})
    for key in ("datapointsToAlarm", "evaluationPeriods", "period"):
        stated |= _whole(inputs, key)
    if (window := inputs.part("evaluationWindow")) is not None:
        stated["EvaluationWindow"] = _window(window)
    if (dimensions := inputs.take("dimensions")) is not None:
        stated["Dimensions"] = _dimensions(dimensions)
    if queries := inputs.parts("metricQueries"):
        stated["Metrics"] = [_query(query) for query in queries]
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        ComparisonOperator=inputs.need("comparisonOperator"),
        Tags=inputs.tags(),
        **stated,
    )
    (made,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return Applied(name, {"arn": made["AlarmArn"], "name": name})


def _window(window: Inputs) -> dict[str, Any]:
    """Which CloudWatch takes and the sandbox drops: no alarm is evaluated here."""
    clock = window.part("wallClockWindow")
    return {} if clock is None else {"WallClockWindow": clock.capitalised("timezone")}


def _query(query: Inputs) -> dict[str, Any]:
    """A metric or an expression; the provider returns data only where it is stated."""
    stated = query.capitalised("id", "expression", "label")
    stated |= _whole(query, "period")
    stated["ReturnData"] = query.take("returnData", False)
    metric = query.part("metric")
    if metric is not None:
        stated["MetricStat"] = {
            "Metric": {
                **metric.capitalised("namespace", "metricName"),
                "Dimensions": _dimensions(metric.take("dimensions", {})),
            },
            **_whole(metric, "period"),
            **metric.capitalised("stat", "unit"),
        }
    return stated


def _dimensions(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _whole(inputs: Inputs, key: str) -> dict[str, int]:
    """Numbers come as floats over the wire: 60.0."""
    return {name: int(value) for name, value in inputs.capitalised(key).items()}
