"""The dashboard's page, as a browser shows it."""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.dashboard import NO_UNIT
from sandbox.dashboard_page import X_AXIS, Heading, page
from sandbox.pace import Pace
from sandbox.widgets import Axis, Chart, Line, Range, Widget
from tests.dashboards import (
    COMPLAINTS,
    NAME,
    WIDGETS,
    alarms,
    drawn,
    mails,
    metric,
    text,
)
from tests.emulated import ACCOUNT
from tests.pictures import WIDTH, Measured, measure, photograph
from tests.stacks import ROOT

HEADING = Heading(NAME, "prod", ACCOUNT.region, 10, 3)

DARK = "--blink-settings=preferredColorScheme=0"


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Cloud, Pace]]:
    with Cloud(ACCOUNT) as cloud:
        yield cloud, mails(cloud)


@pytest.fixture(scope="module")
def whole(account: tuple[Cloud, Pace]) -> str:
    """The page of a dashboard with every form of widget."""
    return drawn(*account, *WIDGETS)[1]


@pytest.fixture(scope="module")
def measured(whole: str, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return measure(whole, tmp_path_factory.mktemp("page"))


class Tags(HTMLParser):
    """What a page is made of, without what stands in its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_it_loads_nothing_from_anywhere(whole: str) -> None:
    tags = Tags(whole).found
    assert not [tag for tag, _ in tags if tag in ("link", "img", "iframe", "object")]
    assert not [attributes for _, attributes in tags if "src" in attributes]
    style = whole.partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import", style)
    (policy,) = [
        attributes["content"] or ""
        for _, attributes in tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_the_script_that_draws_is_in_it_once(whole: str) -> None:
    assert whole.count("plotly.js v") == 1


def test_it_says_of_what_it_is(whole: str) -> None:
    words = " ".join(re.sub("<[^>]+>", "", whole.partition("<main>")[0]).split())
    assert NAME in words
    assert "Sandbox. Stack prod, region eu-west-1." in words
    assert "those of the 10 mails that ses-feedback sandbox sent" in words
    assert "spread them over 3 hours" in words


def test_text_is_escaped(account: tuple[Cloud, Pace]) -> None:
    evil = "</script><b>"
    _, page = drawn(
        *account,
        text(evil),
        metric([["AWS/SES", "Send", {"label": evil}]], evil, [(1, evil)], title=evil),
    )
    body = page.partition("<main>")[2].partition("<script>")[0]
    assert evil not in body
    assert "</script><b>" not in page
    assert "&lt;/script&gt;&lt;b&gt;" in body


@pytest.mark.needs("chromium")
def test_nothing_overlaps_or_is_cut_off(measured: Measured) -> None:
    assert list(measured.flaws()) == []
    assert measured.width == WIDTH


@pytest.mark.needs("chromium")
def test_every_axis_has_its_unit(measured: Measured) -> None:
    plots = measured.of("plot")
    assert len(plots) == 4
    for plot in plots:
        titles = [box.text for box in measured.in_card(plot.card, "axis title")]
        assert titles[-1] == X_AXIS
        assert len(titles) > 1
        assert all(titles)
    assert [box.text for box in measured.of("axis title") if box.text != X_AXIS] == [
        "fraction of mails",
        "mails an hour",
        "messages",
        "seconds",
        "messages an hour",
    ]
    ticks = measured.of("tick")
    assert {tick.card for tick in ticks} == {plot.card for plot in plots}


@pytest.mark.needs("chromium")
def test_every_line_has_its_label_and_no_label_is_over_another(
    measured: Measured,
) -> None:
    (card,) = [box.card for box in measured.of("title") if box.text == "Complaint rate"]
    labels = measured.in_card(card, "label")
    lines = measured.in_card(card, "line")
    assert sorted(label.text for label in labels) == sorted(
        label for _, label in COMPLAINTS
    )
    assert len(lines) >= len(COMPLAINTS)
    from_below = sorted(labels, key=lambda label: -label.bottom)
    assert [label.text for label in from_below] == [label for _, label in COMPLAINTS]


def card_of(measured: Measured, title: str) -> int:
    """The number of the card with that title."""
    (card,) = [box.card for box in measured.of("title") if box.text == title]
    return card


def height_of(measured: Measured, card: int, value: float) -> float:
    """Where a value stands on the left axis of a chart, by two of its ticks."""
    ticks = [
        (float(box.text.replace(",", "")), (box.top + box.bottom) / 2)
        for box in measured.in_card(card, "left tick")
    ]
    (low, bottom), (high, top) = min(ticks), max(ticks)
    assert low < high
    return bottom + (value - low) / (high - low) * (top - bottom)


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Complaint rate", [value for value, _ in COMPLAINTS]),
        ("Set campaigns", [20_000]),
    ],
)
def test_every_line_is_flat_and_stands_at_its_value(
    measured: Measured, title: str, values: list[float]
) -> None:
    card = card_of(measured, title)
    (plot,) = measured.in_card(card, "plot")
    wide = [
        line
        for line in measured.in_card(card, "line")
        if line.right - line.left > (plot.right - plot.left) / 2
    ]
    from_below = sorted(wide, key=lambda line: -line.bottom)
    assert len(from_below) == len(values)
    for line, value in zip(from_below, values, strict=True):
        assert line.bottom - line.top < 1
        assert (line.left, line.right) == pytest.approx((plot.left, plot.right), abs=2)
        middle = (line.top + line.bottom) / 2
        assert middle == pytest.approx(height_of(measured, card, value), abs=1.5)


@pytest.mark.needs("chromium")
def test_a_label_is_next_to_its_own_line(measured: Measured) -> None:
    card = card_of(measured, "Complaint rate")
    heights = {label: height_of(measured, card, value) for value, label in COMPLAINTS}
    for box in measured.in_card(card, "label"):
        middle = (box.top + box.bottom) / 2
        own, *others = sorted(heights, key=lambda one: abs(heights[one] - middle))
        assert own == box.text
        nearest = min(
            max(box.top - heights[one], heights[one] - box.bottom) for one in others
        )
        assert nearest > (box.bottom - box.top) / 2, f"{box.text} reads as another"


def counts(hours: Sequence[int], counted: int | None = 3600) -> list[Any]:
    """What is drawn of a line with a 1 in each of these hours."""
    start = datetime(2026, 3, 4)
    points = [(start + timedelta(hours=hour), 1.0) for hour in hours]
    shown = Range(start, start + timedelta(hours=9))
    line = Line("send", points, counted=counted)
    axes = {"left": Axis("mails an hour")}
    chart_of = Chart("Mails", shown, [line], [], axes)
    (chart,) = charts(page(HEADING, [Widget(0, 0, 6, 6, chart_of)]))
    (trace,) = chart["traces"]
    assert len(trace["x"]) == len(trace["y"])
    found: list[Any] = trace["y"]
    return found


def test_no_line_leads_over_hours_in_which_nothing_was_counted() -> None:
    assert counts([1, 2, 4, 7, 8]) == [1, 1, None, 1, None, 1, 1]
    assert counts([]) == []
    assert counts([1, 4], None) == [1, 1]


def test_a_line_of_sums_is_of_what_is_counted(account: tuple[Cloud, Pace]) -> None:
    send = ["AWS/SES", "Send"]
    widgets, _ = drawn(
        *account,
        metric([send, [*send, {"stat": "Maximum"}], [*send, {"period": 300}]]),
    )
    content = widgets[0].content
    assert isinstance(content, Chart)
    assert [line.counted for line in content.lines] == [3600, None, 300]


@pytest.mark.needs("chromium")
def test_single_values_are_written(measured: Measured) -> None:
    card = card_of(measured, "Mails of the last hour")
    # Of ten mails in three hours the last hour has the last three.
    shown = [box.text for box in measured.in_card(card, "text")]
    assert shown == ["sent", "3", "Reject", "-"]


@pytest.mark.needs("chromium")
def test_what_was_measured_is_drawn(measured: Measured) -> None:
    cards = {box.text: box.card for box in measured.of("title")}
    # The reputation has none, and SES rejected nothing.
    traces = {
        name: [trace for trace in measured.in_card(card, "trace") if not trace.is_empty]
        for name, card in cards.items()
    }
    assert [len(traces[name]) for name in ("Complaint rate", "Queue desk")] == [0, 2]
    shown = {box.text for box in measured.of("text")}
    assert (
        "No data points: mail to SES's simulator does not affect the reputation."
        in shown
    )
    assert {"send", "delivery", "reject (no data)"} <= shown


@pytest.mark.needs("chromium")
def test_a_picture_of_it_shows_all_of_it(
    whole: str, measured: Measured, tmp_path: Path
) -> None:
    for arguments in ((), (DARK,)):
        picture = photograph(whole, tmp_path, measured.height, *arguments)
        content = picture.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        size = struct.unpack(">II", content[16:24])
        assert size == (WIDTH, int(measured.height))
        picture.unlink()


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_dashboard_of_a_stack(stack: str, tmp_path: Path) -> None:
    """As the command draws it: no overlap, units on the axes, labels on the lines."""
    file = tmp_path / "page.html"
    command = ["sandbox", "--stack", stack, "--json", "--dashboard", str(file)]
    subprocess.run([sys.executable, "-m", "commands", *command], check=True, cwd=ROOT)
    page = file.read_text(encoding="utf-8")
    found = measure(page, tmp_path)
    assert list(found.flaws()) == []
    plots = found.of("plot")
    for plot, chart in zip(plots, charts(page), strict=True):
        titles = [box.text for box in found.in_card(plot.card, "axis title")]
        assert len(titles) == 2
        assert titles[1] == X_AXIS
        assert titles[0] not in ("", NO_UNIT)
        labels = sorted(box.text for box in found.in_card(plot.card, "label"))
        assert labels == sorted(one["label"] for one in chart["thresholds"])
        assert not any(label.replace(".", "").isdigit() for label in labels)
    picture = photograph(page, tmp_path, found.height).read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (WIDTH, int(found.height))


def charts(page: str) -> list[dict[str, Any]]:
    """What the page's script draws."""
    found = re.search(r'id="charts">(.*?)</script>', page)
    assert found is not None
    data: list[dict[str, Any]] = json.loads(found[1])
    return data


LINES = ((0.0005, "warning"), (0.00051, "a hair above it"), (0.000511, "critical"))

LONG = "Complaints-of-everybody-" * 8

SENDS = ["AWS/SES", "Send"]

HARD = [
    metric([SENDS], "mails", LINES, x=0, y=0, width=12, height=6),
    metric(
        [SENDS],
        "mails",
        LINES,
        x=12,
        y=0,
        width=12,
        height=4,
        yAxis={"left": {"label": "mails", "max": 5}},
    ),
    metric([SENDS], LONG, title=LONG, x=0, y=6, width=4, height=2),
    metric(
        [[*SENDS, {"label": f"{LONG}{number}"}] for number in range(9)],
        x=4,
        y=6,
        width=20,
        height=2,
    ),
    text(f"## {LONG}\n\n{LONG}", x=0, y=8, width=3, height=1),
    metric([SENDS], yAxis={}, x=0, y=9, width=6, height=1),
    text("below", x=0, y=10, width=24, height=1),
]
"""Widgets that are hard to lay out."""


@pytest.mark.needs("chromium")
def test_whatever_a_body_says_fits(account: tuple[Cloud, Pace], tmp_path: Path) -> None:
    _, page = drawn(*account, *HARD)
    assert list(measure(page, tmp_path).flaws()) == []


BROKEN = {
    "leaves its card": ("flex: 1 1 150px;", "flex: none; width: 200%; height: 300px;"),
    "overlaps label": (
        "const LABEL_HEIGHT = 15",
        "const LABEL_HEIGHT = 1",
    ),
    "overlaps tick": ("nticks: Math.max(2", "nticks: Math.max(90"),
    "is cut off": ("h2 {", "h2 { width: 60px; white-space: nowrap; overflow: hidden;"),
    "pixels wide": ("body {", "body { width: 1400px;"),
}
"""By the flaw that is found, what makes it."""


@pytest.mark.needs("chromium")
def test_a_page_that_is_broken_is_seen(
    account: tuple[Cloud, Pace], tmp_path: Path
) -> None:
    _, page = drawn(*account, *HARD, text("on another", x=0, y=0, width=12, height=1))
    for before, after in BROKEN.values():
        assert page.count(before) == 1
        page = page.replace(before, after)
    flaws = list(measure(page, tmp_path).flaws())
    for flaw in ("overlaps card", *BROKEN):
        assert [one for one in flaws if flaw in one], flaw


def test_alarms_are_shown_with_their_states(account: tuple[Cloud, Pace]) -> None:
    cloud, pace = account
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName="ses-feedback-prod-bounce-rate-critical_campaigns",
        StateValue="ALARM",
        StateReason="seen",
    )
    names = [
        f"ses-feedback-prod-bounce-rate-{level}_campaigns"
        for level in ("warning", "critical")
    ]
    _, page = drawn(cloud, pace, alarms(*names))
    assert "begin with ses-feedback-prod-bounce-rate-." in page
    assert '<li class="ALARM"><span>critical_campaigns</span> <b>In alarm</b>' in page
    assert '<li class="INSUFFICIENT_DATA"><span>warning_campaigns</span>' in page
