"""The JSON body of a dashboard, as CloudWatch takes it.

As in the CloudWatch API reference, "Dashboard body structure and syntax". Widgets may
overlap: CloudWatch takes that too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

COLUMNS = 24
"""Of the grid that widgets stand on."""

MOST_WIDGETS = 500
MOST_ALARMS = 100

VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")

WIDGETS = ("metric", "text", "alarm", "log", "explorer", "custom")

SHORT_PERIODS = (1, 5, 10, 20, 30)
"""Seconds; every other period is of whole minutes."""

NO_OBJECT = "found no object"


def faults(name: str, body: str) -> list[str]:
    """What CloudWatch would refuse in a dashboard, each with its path."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        return [f"DashboardName: found {name}, expected letters, digits, - and _"]
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return ["DashboardBody: found no JSON"]
    widgets = content.get("widgets") if isinstance(content, dict) else None
    if not isinstance(widgets, list):
        return ["widgets: found no list"]
    if len(widgets) > MOST_WIDGETS:
        return [f"widgets: found {len(widgets)}, expected at most {MOST_WIDGETS}"]
    return [
        f"widgets[{index}].{fault}"
        for index, widget in enumerate(widgets)
        for fault in _widget(widget)
    ]


def _widget(widget: Any) -> Iterator[str]:
    if not isinstance(widget, Mapping):
        yield "type: found no widget"
        return
    kind, properties = widget.get("type"), widget.get("properties")
    if kind not in WIDGETS:
        yield f"type: found {kind}, expected one of {', '.join(WIDGETS)}"
        return
    yield from _place(widget)
    if not isinstance(properties, Mapping):
        yield "properties: found none"
        return
    check = {"metric": _metric, "text": _text, "alarm": _alarm}.get(kind)
    for fault in check(properties) if check else ():
        yield f"properties.{fault}"


def _place(widget: Mapping[str, Any]) -> Iterator[str]:
    for key, least, most in (
        ("x", 0, COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, COLUMNS),
        ("height", 1, 1000),
    ):
        value = widget.get(key)
        if value is None:
            continue
        if not _is_whole(value) or value < least or value > (most or value):
            yield f"{key}: found {value}, expected {least} to {most or 'any'}"
    x, width = widget.get("x", 0), widget.get("width", 6)
    if isinstance(x, int) and isinstance(width, int) and x < COLUMNS < x + width:
        yield f"width: found {width} from {x}, expected to end by {COLUMNS}"


def _text(properties: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(properties.get("markdown"), str):
        yield "markdown: found no text"


def _alarm(properties: Mapping[str, Any]) -> Iterator[str]:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not 1 <= len(alarms) <= MOST_ALARMS:
        yield f"alarms: expected 1 to {MOST_ALARMS} ARNs"
        return
    for index, arn in enumerate(alarms):
        if not isinstance(arn, str) or ":alarm:" not in arn:
            yield f"alarms[{index}]: found {arn}, expected the ARN of an alarm"


def _metric(properties: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(properties.get("region"), str):
        yield "region: found none"
    if properties.get("view", "timeSeries") not in VIEWS:
        yield f"view: found {properties['view']}, expected one of {', '.join(VIEWS)}"
    yield from _texts("", properties, "title", "stat")
    yield from _period("period", properties)
    annotations = properties.get("annotations", {})
    if not isinstance(annotations, Mapping):
        yield f"annotations: {NO_OBJECT}"
        annotations = {}
    metrics = properties.get("metrics")
    if not isinstance(metrics, list) or not metrics:
        if not annotations.get("alarms"):
            yield "metrics: found none, expected some, or annotations with an alarm"
        metrics = []
    for index, metric in enumerate(metrics):
        for fault in _row(metric):
            yield f"metrics[{index}]{fault}"
    for fault in _axes(properties.get("yAxis", {})):
        yield f"yAxis{fault}"
    for fault in _lines(annotations.get("horizontal", [])):
        yield f"annotations.horizontal{fault}"


def _axes(axes: Any) -> Iterator[str]:
    if not isinstance(axes, Mapping):
        yield f": {NO_OBJECT}"
        return
    for side, axis in axes.items():
        if side not in ("left", "right"):
            yield f".{side}: expected left or right"
        elif not isinstance(axis, Mapping):
            yield f".{side}: {NO_OBJECT}"
        else:
            yield from _limits(f".{side}", axis)
            yield from _texts(f".{side}.", axis, "label")


def _limits(path: str, axis: Mapping[str, Any]) -> Iterator[str]:
    for key in ("min", "max"):
        if key in axis and not _is_number(axis[key]):
            yield f"{path}.{key}: found no number"
            return
    if axis.get("min", 0) >= axis.get("max", float("inf")):
        yield f"{path}.min: expected less than max"


def _lines(lines: Any) -> Iterator[str]:
    if not isinstance(lines, list):
        yield ": found no list"
        return
    for index, line in enumerate(lines):
        # A band is a list of two lines.
        for one in line if isinstance(line, list) else [line]:
            if not isinstance(one, Mapping):
                yield f"[{index}]: {NO_OBJECT}"
                continue
            if not _is_number(one.get("value")):
                yield f"[{index}].value: found no number"
            yield from _texts(f"[{index}].", one, "label", "color")
            yield from _side(f"[{index}]", one)


def _row(metric: Any) -> Iterator[str]:
    if not isinstance(metric, list) or not metric:
        yield ": found no list"
        return
    *names, last = metric
    options = last if isinstance(last, Mapping) else {}
    if not isinstance(last, Mapping):
        names.append(last)
    if not all(isinstance(name, str) for name in names):
        yield ": expected texts, and options at the end"
    elif names and "..." not in names and len(names) % 2:
        yield ": expected namespace, name, and pairs of dimension and value"
    elif not names and "expression" not in options:
        yield ": found neither a metric nor an expression"
    yield from _period(".period", options)
    yield from _texts(".", options, "id", "label", "expression", "stat", "color")
    yield from _side("", options)


def _side(path: str, options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("yAxis", "left") not in ("left", "right"):
        yield f"{path}.yAxis: found {options['yAxis']}, expected left or right"


def _texts(path: str, options: Mapping[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        if key in options and not isinstance(options[key], str):
            yield f"{path}{key}: found no text"


def _is_whole(value: Any) -> bool:
    """JSON's true is an int of Python's."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float) and isfinite(value)


def _period(path: str, options: Mapping[str, Any]) -> Iterator[str]:
    period = options.get("period", 300)
    whole = _is_whole(period) and period > 0 and period % 60 == 0
    if not whole and not (_is_whole(period) and period in SHORT_PERIODS):
        yield f"{path}: found {period}, expected whole minutes, in seconds"
