"""A dashboard as one HTML page, which asks nothing of any network."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from sandbox import markdown
from sandbox.widgets import (
    NO_DATA,
    Alarms,
    Axis,
    Chart,
    Line,
    Note,
    Numbers,
    Threshold,
    Widget,
)

COLORS = ("#2f7ed8", "#e07b00", "#2a9d5c", "#c2417c", "#8a63d2", "#1597a5", "#9a7b2f")
"""Of lines that state none; told apart on white and on black."""

THRESHOLD_COLOR = "#d13212"

HEADROOM = 1.2
"""How far an axis goes beyond its highest value, for the label of a line there."""

FEW = 8
"""Up to so many whole numbers an axis shows each."""

X_AXIS = "time (UTC, hours:minutes)"

NOT_EVALUATED = (
    "The sandbox evaluates no alarm: only aws cloudwatch set-alarm-state changes one."
)

STATES = {
    "OK": "OK",
    "ALARM": "In alarm",
    "INSUFFICIENT_DATA": "Insufficient data",
}

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Heading:
    """What a page says of itself."""

    dashboard: str
    stack: str
    region: str
    mails: int
    hours: int
    """Over which they are spread on the time axes."""


def page(heading: Heading, widgets: Sequence[Widget]) -> str:
    """The page, complete: its script, its style and its data are in it."""
    charts: list[dict[str, Any]] = []
    cards = [_card(widget, charts) for widget in widgets]
    style = (_FOLDER / "dashboard_page.css").read_text(encoding="utf-8")
    script = (_FOLDER / "dashboard_page.js").read_text(encoding="utf-8")
    title = escape(heading.dashboard)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} in the sandbox</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p><strong>Sandbox.</strong> Stack {escape(heading.stack)}, region \
{escape(heading.region)}. The metrics are those of the {heading.mails} mails that \
<code>ses-feedback sandbox</code> sent to SES's mailbox simulator on this machine, all \
within seconds; the time axes spread them over {_hours(heading.hours)}, so that there \
is something to see. Nothing here comes from an AWS account.</p>
</header>
<main>
{"".join(cards)}</main>
<script type="application/json" id="charts">{_in_script(charts)}</script>
<script>{get_plotlyjs()}</script>
<script>
{script}</script>
</body>
</html>
"""


def _hours(number: int) -> str:
    return "an hour" if number == 1 else f"{number} hours"


def _in_script(data: object) -> str:
    """JSON that no browser takes for the end of the script."""
    return json.dumps(data).replace("<", "\\u003c")


def _card(widget: Widget, charts: list[dict[str, Any]]) -> str:
    """A widget's part of the page; a chart's data goes to `charts`."""
    place = (
        f"grid-column: {widget.x + 1} / span {widget.width};"
        f" grid-row: {widget.y + 1} / span {widget.height}"
    )
    match widget.content:
        case Chart() as chart:
            kind, content = "chart", "".join(_chart(chart, charts))
        case Numbers() as numbers:
            kind, content = "numbers", "".join(_numbers(numbers))
        case Alarms() as alarms:
            kind, content = "alarms", "".join(_alarms(alarms))
        case Note() as note:
            kind, content = "text", markdown.html(note.markdown)
    return f'<section class="card {kind}" style="{place}">\n{content}\n</section>\n'


def _title(text: str) -> str:
    return f"<h2>{escape(text)}</h2>\n"


def _chart(chart: Chart, charts: list[dict[str, Any]]) -> Iterator[str]:
    yield _title(chart.title)
    titles = "".join(
        f'<span class="axis {side}">{escape(axis.title)}</span>'
        for side, axis in chart.axes.items()
    )
    yield f'<p class="axes">{titles}</p>\n'
    yield f'<div class="plot" id="chart-{len(charts)}"></div>\n'
    yield f'<p class="axes"><span class="axis time">{X_AXIS}</span></p>\n'
    if chart.why_empty:
        yield f'<p class="empty">{escape(chart.why_empty)}</p>\n'
    lines = list(zip(chart.lines, _colors(chart.lines), strict=True))
    entries = "".join(
        f'<li><i style="background: {escape(color)}"></i>{escape(line.label)}'
        f"{'' if line.points or chart.why_empty else ' (no data)'}</li>"
        for line, color in lines
    )
    yield f'<ul class="legend">{entries}</ul>'
    charts.append(_plot(chart, lines))


def _plot(chart: Chart, lines: Sequence[tuple[Line, str]]) -> dict[str, Any]:
    """What the page's script draws: traces and a layout as Plotly has them, and the
    thresholds, whose labels it sets apart."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [_time(moment) for moment, _ in points],
            "y": [value for _, value in points],
            "name": line.label,
            "yaxis": "y2" if line.side == "right" else "y",
            "line": {"color": color, "width": 2},
            "marker": {"size": 6},
            "cliponaxis": False,
            **({"stackgroup": line.side} if chart.stacked else {}),
        }
        for line, color in lines
        for points in [list(_with_gaps(line))]
    ]
    layout: dict[str, Any] = {
        "xaxis": {
            "type": "date",
            "range": _padded(chart.range.start, chart.range.end),
            "tickformat": "%H:%M",
        }
    }
    for side, axis in chart.axes.items():
        key = "yaxis2" if side == "right" else "yaxis"
        layout[key] = _axis(chart, side, axis)
    if "left" not in chart.axes:
        # Plotly lays the right axis over a left one.
        layout["yaxis"] = {"visible": False, "range": [0, 1]}
    return {
        "traces": traces,
        "layout": layout,
        "thresholds": [_threshold(one) for one in chart.thresholds],
    }


def _with_gaps(line: Line) -> Iterator[tuple[datetime, float | None]]:
    """The points of a line, and one without a value where the line is not to be drawn:
    between counts that do not follow upon each other."""
    before: datetime | None = None
    for moment, value in line.points:
        if before is not None and line.counted is not None:
            following = before + timedelta(seconds=line.counted)
            if following < moment:
                yield following, None
        yield moment, value
        before = moment


def _threshold(threshold: Threshold) -> dict[str, Any]:
    return {
        "value": threshold.value,
        "label": threshold.label or f"{threshold.value:g}",
        "axis": "y2" if threshold.side == "right" else "y",
        "color": threshold.color or THRESHOLD_COLOR,
    }


def _axis(chart: Chart, side: str, axis: Axis) -> dict[str, Any]:
    """From 0 or lower, to what is highest or as the body says."""
    values = [
        *(one.value for one in chart.thresholds if one.side == side),
        *_heights([line for line in chart.lines if line.side == side], chart.stacked),
    ]
    most = max([value for value in values if value > 0], default=1.0)
    least = axis.minimum if axis.minimum is not None else min([0.0, *values])
    top = axis.maximum if axis.maximum is not None else most * HEADROOM
    whole = all(float(value).is_integer() for value in values)
    layout: dict[str, Any] = {"range": [least, top]}
    if whole and layout["range"][1] - least <= FEW:
        layout["dtick"] = 1
    if side == "right":
        layout |= {"overlaying": "y", "side": "right", "showgrid": False}
    return layout


def _heights(lines: Sequence[Line], stacked: bool) -> list[float]:
    """The values as they are drawn: stacked ones stand on each other."""
    if not stacked:
        return [value for line in lines for _, value in line.points]
    sums: dict[datetime, float] = {}
    for line in lines:
        for moment, value in line.points:
            sums[moment] = sums.get(moment, 0) + value
    return list(sums.values())


def _padded(start: datetime, end: datetime) -> list[str]:
    """So that a point at an end is drawn whole."""
    rest = (end - start) / 40
    return [_time(start - rest), _time(end + rest)]


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _colors(lines: Sequence[Line]) -> list[str]:
    free = cycle(COLORS)
    return [line.color or next(free) for line in lines]


def _numbers(numbers: Numbers) -> Iterator[str]:
    yield _title(numbers.title)
    yield '<dl class="values">'
    for line in numbers.lines:
        value = f"{line.points[-1][1]:,g}" if line.points else "-"
        yield f"<div><dt>{escape(line.label)}</dt><dd>{value}</dd></div>"
    yield "</dl>"
    if not any(line.points for line in numbers.lines):
        yield f'<p class="empty">{NO_DATA}</p>'


def _alarms(alarms: Alarms) -> Iterator[str]:
    yield _title(alarms.title)
    common = _common_prefix(alarms.states)
    note = f"Their names begin with {common}. " if common else ""
    yield f'<p class="note">{escape(note + NOT_EVALUATED)}</p>\n'
    yield '<ul class="states">'
    for name, state in alarms.states.items():
        yield (
            f'<li class="{escape(state)}"><span>{escape(name[len(common) :])}</span>'
            f" <b>{escape(STATES.get(state, state))}</b></li>"
        )
    yield "</ul>"


def _common_prefix(names: Mapping[str, str]) -> str:
    """With which all of several names begin, up to a `-`: the stack's part of them."""
    if len(names) < 2:
        return ""
    prefix = os.path.commonprefix(list(names))
    return prefix[: prefix.rfind("-") + 1]
