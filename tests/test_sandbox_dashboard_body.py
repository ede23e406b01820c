import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.dashboard_body import faults
from tests.dashboards import WIDGETS, alarms, metric, text

SEND = ["AWS/SES", "Send"]


def found(*widgets: Any, name: str = "board", **more: Any) -> list[str]:
    return faults(name, json.dumps({"widgets": widgets, **more}))


def test_what_a_dashboard_may_be() -> None:
    assert found(*WIDGETS, start="-P3D", periodOverride="inherit") == []
    assert found() == []
    widget = metric([SEND, [".", "Bounce", {"period": 30}], ["..."]], x=23, width=1)
    assert found(widget, widget) == []
    band = {"horizontal": [[{"value": 1, "label": "from"}, {"value": 2}]]}
    assert found(metric([SEND], annotations=band)) == []
    alarm = {"alarms": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]}
    assert found(metric([], annotations=alarm)) == []


@pytest.mark.parametrize(
    ("widget", "fault"),
    [
        pytest.param("text", "type: found no widget", id="no widget"),
        pytest.param({"type": "chart"}, "type: found chart", id="unknown type"),
        pytest.param({"type": "text"}, "properties: found none", id="no properties"),
        pytest.param(text("t", x=24), "x: found 24", id="beyond the grid"),
        pytest.param(text("t", x=20, width=6), "width: found 6 from 20", id="over it"),
        pytest.param(text("t", height=0), "height: found 0", id="no height"),
        pytest.param(text("t", y=-1), "y: found -1", id="above the page"),
        pytest.param(
            {"type": "text", "properties": {}}, "properties.markdown: ", id="no text"
        ),
        pytest.param(alarms(), "properties.alarms: expected 1 to 100", id="no alarm"),
        pytest.param(
            {"type": "alarm", "properties": {"alarms": ["name"]}},
            "properties.alarms[0]: found name",
            id="alarm by name",
        ),
        pytest.param(
            metric([SEND], region=None), "properties.region: found none", id="no region"
        ),
        pytest.param(
            metric([SEND], view="map"), "properties.view: found map", id="view"
        ),
        pytest.param(metric([SEND], period=90), "properties.period: found 90", id="90"),
        pytest.param(metric([]), "properties.metrics: found none", id="no metrics"),
        pytest.param(metric([[]]), "properties.metrics[0]: found no list", id="empty"),
        pytest.param(
            metric([[*SEND, "a"]]),
            "properties.metrics[0]: expected namespace",
            id="half a dimension",
        ),
        pytest.param(
            metric([[*SEND, 1, "b"]]),
            "properties.metrics[0]: expected texts",
            id="a number among texts",
        ),
        pytest.param(
            metric([[{"label": "l"}]]),
            "properties.metrics[0]: found neither",
            id="options alone",
        ),
        pytest.param(
            metric([[*SEND, {"period": 61}]]),
            "properties.metrics[0].period: found 61",
            id="period of a row",
        ),
        pytest.param(
            metric([SEND], yAxis={"left": {"min": 2, "max": 1}}),
            "properties.yAxis.left.min: ",
            id="limits",
        ),
        pytest.param(
            metric([SEND], yAxis={"top": {}}), "properties.yAxis.top: ", id="axis"
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": [{"label": "l"}]}),
            "properties.annotations.horizontal[0].value: ",
            id="line",
        ),
        pytest.param(
            metric([SEND], annotations=[]), "properties.annotations: ", id="a list"
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": {"value": 1}}),
            "properties.annotations.horizontal: found no list",
            id="no list of lines",
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": [1]}),
            "properties.annotations.horizontal[0]: found no object",
            id="a number for a line",
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": [{"value": True}]}),
            "properties.annotations.horizontal[0].value: ",
            id="true for a number",
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": [{"value": 1, "label": 1}]}),
            "properties.annotations.horizontal[0].label: found no text",
            id="label of a line",
        ),
        pytest.param(
            metric([SEND], yAxis=[]), "properties.yAxis: found no object", id="axes"
        ),
        pytest.param(
            metric([SEND], yAxis={"left": 1}),
            "properties.yAxis.left: found no object",
            id="a number for an axis",
        ),
        pytest.param(
            metric([SEND], yAxis={"left": {"min": "0"}}),
            "properties.yAxis.left.min: found no number",
            id="a text for a limit",
        ),
        pytest.param(
            metric([SEND], yAxis={"left": {"label": 1}}),
            "properties.yAxis.left.label: found no text",
            id="label of an axis",
        ),
        pytest.param(
            metric([SEND], title=1), "properties.title: found no text", id="title"
        ),
        pytest.param(
            metric([[*SEND, {"id": 1}]]),
            "properties.metrics[0].id: found no text",
            id="id of a row",
        ),
        pytest.param(
            metric([[*SEND, {"yAxis": ["left"]}]]),
            "properties.metrics[0].yAxis: found ['left']",
            id="side of a row",
        ),
        pytest.param(
            metric([SEND], period=[]), "properties.period: found []", id="no period"
        ),
        pytest.param(
            metric([SEND], period=True), "properties.period: found True", id="true"
        ),
        pytest.param(text("t", x=True), "x: found True", id="true for a place"),
    ],
)
def test_what_is_refused(widget: Mapping[str, Any] | str, fault: str) -> None:
    (only,) = found(text("first"), widget)
    assert only.startswith(f"widgets[1].{fault}")


@pytest.mark.parametrize(
    ("name", "body", "fault"),
    [
        ("a.b", "{}", "DashboardName: found a.b"),
        ("board", "{", "DashboardBody: found no JSON"),
        ("board", "[" * 100_000, "DashboardBody: found no JSON"),
        ("board", "[]", "widgets: found no list"),
        ("board", "{}", "widgets: found no list"),
        ("board", json.dumps({"widgets": [{}] * 501}), "widgets: found 501"),
    ],
)
def test_what_is_no_dashboard_at_all(name: str, body: str, fault: str) -> None:
    (only,) = faults(name, body)
    assert only.startswith(fault)
