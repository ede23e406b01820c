"""A dashboard as CloudWatch would show it: its body, with the metrics of the account.

Everything is asked of CloudWatch by its API: GetDashboard, GetMetricData and
DescribeAlarms.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sandbox.cloud import Cloud
from sandbox.widgets import (
    Alarms,
    Axis,
    Chart,
    Line,
    Note,
    Numbers,
    Range,
    Threshold,
    Widget,
)

PERIOD = 300
"""Seconds of a widget that states none."""

VIEWS = ("timeSeries", "singleValue")

KNOWN = frozenset(
    ("metrics", "region", "title", "view", "stacked", "stat", "period", "yAxis")
    + ("annotations", "legend", "liveData", "setPeriodToTimeRange", "sparkline")
    + ("singleValueFullPrecision", "timezone")
)
"""Properties of a metric widget that are drawn, or that a page without a running clock
has no use for."""

COUNTS = ("Sum", "SampleCount")
"""Statistics of which a period without any has no value."""

NO_UNIT = "no unit stated"


class CannotDraw(Exception):
    """A dashboard that cannot be shown here; the text is for a person."""


def dashboard_name(cloud: Cloud) -> str:
    """The name of the account's dashboard; raises CannotDraw where there is none."""
    entries = cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]
    if not entries:
        raise CannotDraw(
            "ses-feedback:monitoring: found none, so there is no dashboard to draw; add"
            " the key to the stack file, with the channel for its alarms:"
            " ses-feedback:monitoring: {alarms: oncall}"
        )
    name: str = entries[0]["DashboardName"]
    return name


def read(cloud: Cloud, name: str, shown: Range) -> list[Widget]:
    """The widgets of a dashboard, in the order of its body.

    Raises CannotDraw for what the sandbox does not draw.
    """
    answer = cloud.client("cloudwatch").get_dashboard(DashboardName=name)
    body = json.loads(answer["DashboardBody"])
    reader = _Reader(cloud, shown)
    return [
        reader.widget(index, widget) for index, widget in enumerate(body["widgets"])
    ]


@dataclass(frozen=True)
class _Reader:
    cloud: Cloud
    shown: Range

    def widget(self, index: int, stated: Mapping[str, Any]) -> Widget:
        properties = stated["properties"]
        where = f"widgets[{index}] ({properties.get('title', stated['type'])})"
        make = {"metric": self._metrics, "text": _note, "alarm": self._alarms}
        if stated["type"] not in make:
            raise CannotDraw(
                f"{where}: found a widget of type {stated['type']}; the sandbox draws"
                " metric, text and alarm"
            )
        try:
            content = make[stated["type"]](properties)
        except CannotDraw as cannot:
            raise CannotDraw(f"{where}: {cannot}") from None
        # The place and size of a widget that states none are CloudWatch's.
        return Widget(
            stated.get("x", 0),
            stated.get("y", 0),
            stated.get("width", 6),
            stated.get("height", 6),
            content,
        )

    def _metrics(self, properties: Mapping[str, Any]) -> Chart | Numbers:
        for key in properties.keys() - KNOWN:
            raise CannotDraw(f"the sandbox does not draw the property {key}")
        view = properties.get("view", "timeSeries")
        if view not in VIEWS:
            raise CannotDraw(f"the sandbox does not draw the view {view}")
        region = self.cloud.account.region
        if properties["region"] != region:
            raise CannotDraw(
                f"found region {properties['region']}, expected {region}: the sandbox"
                " has no other"
            )
        queries = list(_queries(properties))
        longest = max((query["period"] for query in queries), default=PERIOD)
        shown = self.shown.from_round(longest)
        lines = self._lines(queries, shown)
        title = properties.get("title", "")
        if view == "singleValue":
            return Numbers(title, lines)
        axes = properties.get("yAxis", {})
        thresholds = list(_thresholds(properties))
        sides = {line.side for line in lines} | {one.side for one in thresholds}
        return Chart(
            title,
            shown,
            lines,
            thresholds,
            {side: _axis(axes.get(side, {})) for side in sorted(sides) or ["left"]},
            properties.get("stacked", False),
        )

    def _lines(self, queries: Sequence[Mapping[str, Any]], shown: Range) -> list[Line]:
        visible = [one for one in queries if one["options"].get("visible", True)]
        if not visible:
            return []
        wanted = [_asked(query) for query in queries]
        answer = self.cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=wanted,
            StartTime=shown.start.replace(tzinfo=UTC),
            EndTime=shown.end.replace(tzinfo=UTC),
            ScanBy="TimestampAscending",
        )
        results = {one["Id"]: one for one in answer["MetricDataResults"]}
        return [
            Line(
                query["label"],
                [
                    (moment.astimezone(UTC).replace(tzinfo=None), value)
                    for moment, value in zip(
                        results[query["id"]]["Timestamps"],
                        results[query["id"]]["Values"],
                        strict=True,
                    )
                ],
                query["options"].get("yAxis", "left"),
                query["options"].get("color"),
                query["name"].startswith("Reputation."),
                query["period"] if query["stat"] in COUNTS else None,
            )
            for query in visible
        ]

    def _alarms(self, properties: Mapping[str, Any]) -> Alarms:
        for key in properties.keys() - {"title", "alarms", "sortBy"}:
            raise CannotDraw(f"the sandbox does not draw the property {key}")
        names = [arn.partition(":alarm:")[2] for arn in properties["alarms"]]
        cloudwatch = self.cloud.client("cloudwatch")
        found: dict[str, str] = {}
        for page in cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=names
        ):
            for alarm in (*page["MetricAlarms"], *page.get("CompositeAlarms", [])):
                found[alarm["AlarmName"]] = alarm["StateValue"]
        for name in names:
            if name not in found:
                raise CannotDraw(f"found no alarm {name} in the account")
        return Alarms(
            properties.get("title", "Alarms"), {name: found[name] for name in names}
        )


def _note(properties: Mapping[str, Any]) -> Note:
    return Note(properties["markdown"])


def _axis(stated: Mapping[str, Any]) -> Axis:
    title = stated.get("label", NO_UNIT)
    return Axis(title, stated.get("min"), stated.get("max"))


def _thresholds(properties: Mapping[str, Any]) -> Iterator[Threshold]:
    annotations = properties.get("annotations", {})
    for key in annotations.keys() - {"horizontal"}:
        raise CannotDraw(f"the sandbox does not draw the annotations {key}")
    for line in annotations.get("horizontal", []):
        if not isinstance(line, Mapping):
            raise CannotDraw("the sandbox does not draw a band of two lines")
        if line.get("visible", True):
            yield Threshold(
                line["value"],
                line.get("label", ""),
                line.get("yAxis", "left"),
                line.get("color"),
            )


def _queries(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each row of `metrics`, written out: "." repeats the field of the row above, "..."
    all of them that are not stated anew at the end."""
    before: list[str] = []
    for index, row in enumerate(properties.get("metrics", [])):
        *names, last = row
        options = last if isinstance(last, Mapping) else {}
        if not isinstance(last, Mapping):
            names.append(last)
        if names[:1] == ["..."]:
            kept = len(before) - len(names) + 1
            if kept < 2:
                raise CannotDraw(f"metrics[{index}]: ... stands for less than a name")
            names = before[:kept] + names[1:]
        else:
            names = [
                before[place] if name == "." else name
                for place, name in enumerate(names)
            ]
        before = names or before
        yield {
            "id": options.get("id", f"row{index}"),
            "names": names,
            "name": names[1] if names else "",
            "options": options,
            "label": options.get("label") or _default_label(names, options),
            "stat": options.get("stat", properties.get("stat", "Average")),
            "period": options.get("period", properties.get("period", PERIOD)),
        }


def _default_label(names: Sequence[str], options: Mapping[str, Any]) -> str:
    if not names:
        return str(options.get("id", options["expression"]))
    return " ".join((names[1], *names[3::2]))


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query as GetMetricData takes it."""
    options = query["options"]
    shown = {"Id": query["id"], "ReturnData": options.get("visible", True)}
    if "expression" in options:
        if re.match(r"\s*(SELECT|SEARCH)\b", options["expression"]):
            raise CannotDraw(f"the sandbox does not search: {options['expression']}")
        expression = {"Expression": options["expression"], "Period": query["period"]}
        return {**shown, **expression}
    namespace, name, *pairs = query["names"]
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [
            {"Name": key, "Value": value}
            for key, value in zip(pairs[::2], pairs[1::2], strict=True)
        ],
    }
    stat = {"Metric": metric, "Period": query["period"], "Stat": query["stat"]}
    return {**shown, "MetricStat": stat}
