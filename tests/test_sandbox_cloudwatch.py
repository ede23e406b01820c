"""CloudWatch's metrics, as any client asks for them."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.cloudwatch import Metric
from tests.emulated import queue

START = datetime(2026, 3, 4, 10, 0)


def publish(cloud: Cloud, minute: int, value: float, name: str = "Send") -> None:
    cloud.cloudwatch.clock = lambda: START + timedelta(minutes=minute)
    by_set = Metric.of("AWS/SES", name, {"ses:configuration-set": "shop"})
    cloud.cloudwatch.publish(by_set, value, "Count")


def query(name: str, **dimensions: str) -> dict[str, Any]:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {
        "Namespace": "AWS/SES",
        "MetricName": name,
        "Dimensions": [{**one, "Name": f"ses:{one['Name']}"} for one in listed],
    }


def stat(id_: str, name: str, **more: Any) -> dict[str, Any]:
    metric = query(name, **{"configuration-set": "shop"})
    stated = {"Metric": metric, "Period": 300, "Stat": more.pop("Stat", "Sum")}
    return {"Id": id_, "MetricStat": stated, **more}


def ask(cloud: Cloud, *queries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=more.pop("start", START),
        EndTime=START + timedelta(hours=1),
        **more,
    )
    found: list[dict[str, Any]] = answer["MetricDataResults"]
    return found


@pytest.mark.parametrize(
    ("statistic", "values"),
    [
        ("Sum", [7.0, 1.0]),
        ("Average", [3.5, 1.0]),
        ("Minimum", [2.0, 1.0]),
        ("Maximum", [5.0, 1.0]),
        ("SampleCount", [2.0, 1.0]),
    ],
)
def test_periods_begin_at_round_times(
    cloud: Cloud, statistic: str, values: list[float]
) -> None:
    publish(cloud, 1, 2)
    publish(cloud, 1, 5)
    publish(cloud, 9, 1)
    (found,) = ask(
        cloud,
        stat("m", "Send", Stat=statistic),
        start=START + timedelta(minutes=2),
        ScanBy="TimestampAscending",
    )
    assert found["Values"] == values
    minutes = [moment.minute for moment in found["Timestamps"]]
    assert minutes == [0, 5]
    (found,) = ask(cloud, stat("m", "Send", Stat=statistic))
    assert found["Values"] == values[::-1]


def test_what_was_measured_can_be_forgotten(cloud: Cloud) -> None:
    publish(cloud, 1, 2)
    cloud.cloudwatch.begin(lambda: START)
    (found,) = ask(cloud, stat("m", "Send"))
    assert found["Values"] == []
    publish(cloud, 1, 3)
    (found,) = ask(cloud, stat("m", "Send"))
    assert found["Values"] == [3.0]


def test_gauges_are_taken_anew_after_that(cloud: Cloud) -> None:
    """In the same minute too."""
    queue(cloud, "inbox")
    cloudwatch = cloud.cloudwatch
    cloudwatch.begin(lambda: START)
    cloudwatch.sample()
    cloudwatch.begin(lambda: START)
    cloudwatch.sample()
    cloudwatch.clock = lambda: START + timedelta(minutes=5)
    (found,) = ask(
        cloud,
        {
            "Id": "m",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": "inbox"}],
                },
                "Period": 300,
                "Stat": "SampleCount",
            },
        },
        ScanBy="TimestampAscending",
    )
    assert found["Timestamps"][0].minute == 0


def test_a_metric_is_of_exactly_these_dimensions(cloud: Cloud) -> None:
    publish(cloud, 1, 2)
    cloudwatch = cloud.client("cloudwatch")

    def points(**dimensions: str) -> list[Any]:
        answer = cloudwatch.get_metric_statistics(
            **query("Send", **dimensions),
            StartTime=START,
            EndTime=START + timedelta(hours=1),
            Period=300,
            Statistics=["Sum"],
        )
        return [point["Sum"] for point in answer["Datapoints"]]

    assert points(**{"configuration-set": "shop"}) == [2.0]
    assert points() == []
    assert points(**{"configuration-set": "other"}) == []
    assert points(**{"configuration-set": "shop", "campaign": "spring"}) == []


def test_expressions_of_metrics_and_of_each_other(cloud: Cloud) -> None:
    publish(cloud, 1, 4)
    publish(cloud, 6, 1, "Bounce")
    found = ask(
        cloud,
        {"Id": "twice", "Expression": "all * 2", "Label": "Twice"},
        {"Id": "all", "Expression": "FILL(s, 0) + FILL(b, 0)", "ReturnData": False},
        stat("s", "Send", ReturnData=False),
        stat("b", "Bounce", ReturnData=False),
        ScanBy="TimestampAscending",
    )
    assert [(one["Id"], one["Label"]) for one in found] == [("twice", "Twice")]
    assert found[0]["Values"][:3] == [8.0, 2.0, 0.0]
    assert len(found[0]["Values"]) == 12


@pytest.mark.parametrize(
    "queries",
    [
        pytest.param([{"Id": "e", "Expression": "gone + 1"}], id="unknown metric"),
        pytest.param([{"Id": "e", "Expression": "e + 1"}], id="of itself"),
        pytest.param([stat("m", "Send", Stat="p99")], id="percentile"),
        pytest.param([stat("m", "Send"), stat("m", "Bounce")], id="one id twice"),
        pytest.param(
            [stat("m", "Send"), {"Id": "m", "Expression": "1 * m"}], id="id of both"
        ),
        pytest.param([{"Id": "e", "Expression": "1 / 0"}], id="by zero"),
        pytest.param([{"Id": "e", "Expression": "MAX([])"}], id="of nothing"),
        pytest.param(
            [stat("m", "Send"), {"Id": "e", "Expression": "if(m > 1, 1, 0)"}],
            id="lower case",
        ),
        pytest.param([{"Id": "e", "Expression": "MAX(METRICS())"}], id="no metrics"),
    ],
)
def test_what_it_cannot_answer_is_said(
    cloud: Cloud, queries: list[dict[str, Any]]
) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ask(cloud, *queries)


def test_all_metrics_are_without_expressions(cloud: Cloud) -> None:
    """Whatever the order in which they are stated."""
    publish(cloud, 1, 4)
    (found,) = ask(
        cloud,
        {"Id": "ten", "Expression": "send * 10", "ReturnData": False},
        {"Id": "most", "Expression": "MAX(METRICS())"},
        stat("send", "Send", ReturnData=False),
    )
    assert found["Values"] == [4.0]


def test_a_percentile_is_refused_in_statistics_too(cloud: Cloud) -> None:
    publish(cloud, 1, 4)
    with pytest.raises(ClientError, match="does not know ExtendedStatistics"):
        cloud.client("cloudwatch").get_metric_statistics(
            **query("Send", **{"configuration-set": "shop"}),
            StartTime=START,
            EndTime=START + timedelta(hours=1),
            Period=300,
            ExtendedStatistics=["p99"],
        )


def test_the_end_is_not_of_the_time_that_is_asked_for(cloud: Cloud) -> None:
    publish(cloud, 59, 2)
    publish(cloud, 60, 5)
    (found,) = ask(cloud, stat("m", "Send"))
    assert found["Values"] == [2.0]
    answer = cloud.client("cloudwatch").get_metric_statistics(
        **query("Send", **{"configuration-set": "shop"}),
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        Period=300,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in answer["Datapoints"]] == [2.0]


def test_an_end_before_its_start_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="EndTime must be greater"):
        ask(cloud, stat("m", "Send"), start=START + timedelta(hours=2))


def test_only_services_publish_into_their_namespaces(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    data = [{"MetricName": "Send", "Value": 1.0}]
    with pytest.raises(ClientError, match="The value AWS/ for parameter Namespace is"):
        cloudwatch.put_metric_data(Namespace="AWS/SES", MetricData=data)
    assert cloudwatch.list_metrics(Namespace="AWS/SES")["Metrics"] == []
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    assert cloudwatch.list_metrics(Namespace="Shop")["Metrics"]


def test_a_dashboard_that_is_none_is_refused(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    widgets: list[Any] = [{"type": "text", "properties": {}}]
    with pytest.raises(ClientError, match=r"widgets\[0\].properties.markdown"):
        cloudwatch.put_dashboard(
            DashboardName="board", DashboardBody=json.dumps({"widgets": widgets})
        )
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
