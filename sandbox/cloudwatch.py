"""CloudWatch's metrics: what services published, and what is asked of it.

moto keeps the metrics and answers for them; here dimensions are matched exactly, a
period begins at a round time, and metric math is done, as CloudWatch has it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, ClassVar, cast

import moto.cloudwatch.urls
from moto.cloudwatch.exceptions import (
    DashboardInvalidInputError,
    InvalidParameterValue,
    ValidationError,
)
from moto.cloudwatch.models import (
    Dashboard,
    MetricAggregatedDatum,
    MetricDatumBase,
    Statistics,
    cloudwatch_backends,
)
from moto.core.utils import utcnow

from sandbox.alarms import Alarms
from sandbox.dashboard_body import faults
from sandbox.metric_math import Series, UnknownExpression, evaluate

RESERVED = "AWS/"
"""Begins the namespaces that only services publish into."""

STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")

Dimensions = Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """A metric by what CloudWatch knows it by."""

    namespace: str
    """AWS/SES"""
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Dimensions) -> "Metric":
        return cls(namespace, name, frozenset(dimensions.items()))


class CloudWatch(Alarms):
    """CloudWatch in one account and region."""

    gauges: ClassVar[Sequence[Callable[["CloudWatch"], None]]] = ()
    """What publishes the values that services take once a minute."""

    clock: Callable[[], datetime]
    """The time of what is published now, UTC, without a zone as moto keeps it."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clock = utcnow
        self._minutes: dict[tuple[Metric, datetime], MetricAggregatedDatum] = {}
        self._sampled: datetime | None = None

    @property
    def _url_module(self) -> ModuleType:
        return moto.cloudwatch.urls

    def publish(self, metric: Metric, value: float, unit: str) -> None:
        """Keeps what a service measured, one set of statistics a minute."""
        minute = self.clock().replace(second=0, microsecond=0)
        known = self._minutes.get((metric, minute))
        if known is None:
            known = self._minutes[metric, minute] = MetricAggregatedDatum(
                metric.namespace,
                metric.name,
                min_stat=value,
                max_stat=value,
                sample_count=0,
                sum_stat=0,
                dimensions=[
                    {"Name": name, "Value": text} for name, text in metric.dimensions
                ],
                timestamp=minute,
                unit=unit,
            )
            self.metric_data.append(known)
        known.min = min(known.min, value)
        known.max = max(known.max, value)
        known.sample_count += 1
        known.sum += value

    def begin(self, clock: Callable[[], datetime]) -> None:
        """Forgets what was measured, and goes by this clock from now on."""
        self.metric_data.clear()
        self._minutes.clear()
        self._sampled = None
        self.clock = clock

    def sample(self, *, again: bool = False) -> None:
        """Takes the gauges, if this minute has none of them yet or `again`."""
        minute = self.clock().replace(second=0, microsecond=0)
        if again or minute != self._sampled:
            self._sampled = minute
            for gauge in self.gauges:
                gauge(self)

    def put_metric_data(
        self, namespace: str, metric_data: list[dict[str, Any]]
    ) -> None:
        if namespace.startswith(RESERVED):
            raise InvalidParameterValue(
                f"The value {RESERVED} for parameter Namespace is invalid."
            )
        super().put_metric_data(namespace, metric_data)

    def put_dashboard(self, name: str, body: str) -> Dashboard:
        if found := faults(name, body):
            raise DashboardInvalidInputError(
                "The field DashboardBody must be a valid dashboard: " + "; ".join(found)
            )
        return super().put_dashboard(name, body)

    def get_metric_statistics(
        self,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[Statistics]:
        start, end = _without_zone(start_time), _without_zone(end_time)
        if start >= end:
            raise InvalidParameterValue(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        if not stats:
            raise InvalidParameterValue(
                "The sandbox does not know ExtendedStatistics, only Statistics:"
                f" {', '.join(STATISTICS)}."
            )
        metric = Metric.of(namespace, metric_name, _by_name(dimensions))
        buckets = self._buckets(metric, period, start, end, unit)
        answer = []
        for moment, data in buckets.items():
            statistics = Statistics(stats, moment, data[0].unit)
            statistics.metric_data = data
            answer.append(statistics)
        return answer

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampDescending",
    ) -> list[dict[str, Any]]:
        start, end = _without_zone(start_time), _without_zone(end_time)
        if start >= end:
            raise ValidationError(
                "The parameter EndTime must be greater than StartTime."
            )
        for query in queries:
            if sum(other["Id"] == query["Id"] for other in queries) > 1:
                raise ValidationError(
                    f"The values for parameter id in MetricDataQueries are not unique:"
                    f" {query['Id']}."
                )
        series = self._series(queries, start, end)
        backwards = scan_by == "TimestampDescending"
        answer = []
        for query in queries:
            if not query.get("ReturnData", True):
                continue
            points = sorted(series[query["Id"]].points.items(), reverse=backwards)
            answer.append(
                {
                    "id": query["Id"],
                    "label": query.get("Label") or _label(query),
                    "values": [value for _, value in points],
                    "timestamps": [moment for moment, _ in points],
                    "status_code": "Complete",
                }
            )
        return answer

    def _series(
        self, queries: Sequence[dict[str, Any]], start: datetime, end: datetime
    ) -> dict[str, Series]:
        """Of all queries, by their ids; an expression may name a later one."""
        found = {
            query["Id"]: self._metric_series(query["MetricStat"], start, end)
            for query in queries
            if "MetricStat" in query
        }
        metrics = list(found)
        waiting = [query for query in queries if "MetricStat" not in query]
        while waiting:
            known = len(found)
            for query in list(waiting):
                try:
                    found[query["Id"]] = evaluate(query["Expression"], found, metrics)
                except UnknownExpression as unknown:
                    reason = unknown
                else:
                    waiting.remove(query)
            if len(found) == known:
                raise ValidationError(
                    f"Error in expression '{waiting[-1]['Id']}': {reason}"
                )
        return found

    def _metric_series(
        self, query: Mapping[str, Any], start: datetime, end: datetime
    ) -> Series:
        stated, period, statistic = query["Metric"], query["Period"], query["Stat"]
        if statistic not in STATISTICS:
            raise ValidationError(
                f"The sandbox does not know the statistic {statistic}."
            )
        metric = Metric.of(
            stated["Namespace"],
            stated["MetricName"],
            _by_name(stated.get("Dimensions", [])),
        )
        points = {}
        for moment, data in self._buckets(
            metric, period, start, end, query.get("Unit")
        ).items():
            statistics = Statistics([statistic], moment)
            statistics.metric_data = data
            value = statistics.get_statistics_for_type(statistic)
            assert value is not None
            points[moment] = float(value)
        return Series(points, list(_periods(period, start, end)))

    def _buckets(
        self,
        metric: Metric,
        period: int,
        start: datetime,
        end: datetime,
        unit: str | None,
    ) -> dict[datetime, list[MetricDatumBase]]:
        """What is known of exactly this metric, by the period that it is of."""
        buckets: dict[datetime, list[MetricDatumBase]] = {}
        first = period_start(start, period)
        for datum in sorted(self.get_all_metrics(), key=lambda one: one.timestamp):
            if (
                first <= datum.timestamp < end
                and _metric(datum) == metric
                and unit in (None, datum.unit)
            ):
                buckets.setdefault(period_start(datum.timestamp, period), []).append(
                    datum
                )
        return buckets

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """With the gauges as they are now."""
        self.sample(again=True)
        return super().get_all_metrics()


def cloudwatch_of(account_id: str, region: str) -> CloudWatch:
    """CloudWatch's state, where a service publishes what it measures."""
    return cast(CloudWatch, cloudwatch_backends[account_id][region])


def _metric(datum: MetricDatumBase) -> Metric:
    pairs = frozenset((str(one.name), str(one.value)) for one in datum.dimensions)
    return Metric(datum.namespace, datum.name, pairs)


def _label(query: Mapping[str, Any]) -> str:
    if "MetricStat" in query:
        return str(query["MetricStat"]["Metric"]["MetricName"])
    return str(query["Id"])


def _by_name(dimensions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in dimensions}


def _without_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def period_start(moment: datetime, period: int) -> datetime:
    """The round time at which the period of this moment began."""
    midnight = datetime(1970, 1, 1)
    return midnight + (moment - midnight) // timedelta(seconds=period) * timedelta(
        seconds=period
    )


def _periods(period: int, start: datetime, end: datetime) -> Iterator[datetime]:
    moment = period_start(start, period)
    while moment < end:
        yield moment
        moment += timedelta(seconds=period)
