"""A dashboard as it is read back from the account."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.dashboard import (
    CannotDraw,
    dashboard_name,
)
from sandbox.pace import Pace
from sandbox.widgets import Alarms, Axis, Chart, Line, Note, Numbers, Widget
from tests.dashboards import (
    ALARMS,
    COMPLAINTS,
    NAME,
    SET,
    WIDGETS,
    alarms,
    drawn,
    mails,
    metric,
    text,
)
from tests.emulated import ACCOUNT

SEND = ["AWS/SES", "Send"]


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Cloud, Pace]]:
    with Cloud(ACCOUNT) as cloud:
        yield cloud, mails(cloud)


@pytest.fixture(scope="module")
def widgets(account: tuple[Cloud, Pace]) -> list[Widget]:
    return drawn(*account, *WIDGETS)[0]


def chart(account: tuple[Cloud, Pace], *metrics: Any, **more: Any) -> Chart:
    (widget,), _ = drawn(*account, metric(metrics, **more))
    assert isinstance(widget.content, Chart)
    return widget.content


def values(line: Line) -> list[float]:
    return [value for _, value in line.points]


def test_each_widget_stands_where_the_body_says(widgets: list[Widget]) -> None:
    places = [(one.x, one.y, one.width, one.height) for one in widgets]
    assert places == [
        tuple(stated[key] for key in ("x", "y", "width", "height"))
        for stated in WIDGETS
    ]
    kinds = [type(one.content) for one in widgets]
    assert kinds == [Note, Alarms, Chart, Chart, Chart, Chart, Numbers]


def test_alarms_have_the_states_of_the_account(widgets: list[Widget]) -> None:
    content = widgets[1].content
    assert isinstance(content, Alarms)
    assert content.states == dict.fromkeys(ALARMS, "INSUFFICIENT_DATA")


def test_a_chart_has_the_metrics_of_the_mail(
    account: tuple[Cloud, Pace], widgets: list[Widget]
) -> None:
    of_set = widgets[3].content
    assert isinstance(of_set, Chart)
    totals = {line.label: sum(values(line)) for line in of_set.lines}
    assert totals == {"send": 5, "delivery": 3, "reject": 0}
    _, pace = account
    moments = [moment for line in of_set.lines for moment, _ in line.points]
    assert min(moments) == pace.range.start
    assert max(moments) < pace.range.end
    assert {moment.minute for moment in moments} == {0}


def test_it_says_why_a_chart_has_no_points(widgets: list[Widget]) -> None:
    reputation, of_set = widgets[2].content, widgets[3].content
    assert isinstance(reputation, Chart)
    assert isinstance(of_set, Chart)
    assert reputation.why_empty is not None
    assert "does not affect the reputation" in reputation.why_empty
    assert of_set.why_empty is None


def test_lines_axes_and_thresholds_are_those_of_the_body(
    widgets: list[Widget],
) -> None:
    complaints, desk = widgets[2].content, widgets[4].content
    assert isinstance(complaints, Chart)
    assert isinstance(desk, Chart)
    assert [(one.value, one.label) for one in complaints.thresholds] == [*COMPLAINTS]
    assert complaints.axes == {"left": Axis("fraction of mails", 0, None)}
    assert desk.axes == {"left": Axis("messages"), "right": Axis("seconds")}
    assert [(line.side, line.color) for line in desk.lines] == [
        ("left", None),
        ("right", "#9467bd"),
    ]


def test_rows_of_metrics_may_repeat_the_one_above(account: tuple[Cloud, Pace]) -> None:
    found = chart(
        account,
        ["AWS/SES", "Send", "ses:configuration-set", SET],
        [".", "Delivery", ".", "."],
        ["...", "gone"],
    )
    assert [line.label for line in found.lines] == [
        f"Send {SET}",
        f"Delivery {SET}",
        "Delivery gone",
    ]
    assert [sum(values(line)) for line in found.lines] == [5, 3, 0]


def test_expressions_are_drawn_and_what_is_invisible_is_not(
    widgets: list[Widget],
) -> None:
    content = widgets[5].content
    assert isinstance(content, Chart)
    assert [line.label for line in content.lines] == [
        "NumberOfMessagesPublished shop",
        "of another topic",
        "held",
    ]
    # Ten mails, of which four bounced before they were delivered.
    assert sum(values(content.lines[2])) == 4
    assert content.stacked


def test_a_period_begins_before_the_first_mail(account: tuple[Cloud, Pace]) -> None:
    found = chart(account, [*SEND, {"period": 86_400}])
    assert (found.range.start.hour, found.range.start.minute) == (0, 0)
    assert sum(values(found.lines[0])) == 10


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        pytest.param(
            {"type": "log", "properties": {"title": "Logs", "query": ""}},
            "widgets[1] (Logs): found a widget of type log",
            id="log",
        ),
        pytest.param(metric([SEND], view="pie"), "the view pie", id="view"),
        pytest.param(metric([SEND], trend=True), "the property trend", id="property"),
        pytest.param(
            metric([SEND], region="us-east-1"), "expected eu-west-1", id="region"
        ),
        pytest.param(
            metric([SEND], annotations={"vertical": []}),
            "the annotations vertical",
            id="vertical",
        ),
        pytest.param(
            metric([SEND], annotations={"horizontal": [[{"value": 1}, {"value": 2}]]}),
            "a band of two lines",
            id="band",
        ),
        pytest.param(
            metric([[{"expression": "SEARCH('{AWS/SES}', 'Sum')"}]]),
            "does not search",
            id="search",
        ),
        pytest.param(
            metric([SEND, ["...", "ses:configuration-set", SET]]),
            "metrics[1]: ... stands for less than a name",
            id="repeats too little",
        ),
        pytest.param(alarms("gone"), "found no alarm gone", id="alarm"),
        pytest.param(
            {
                "type": "alarm",
                "properties": {
                    "alarms": [f"arn:aws:cloudwatch:::alarm:{ALARMS[0]}"],
                    "states": ["ALARM"],
                },
            },
            "the property states",
            id="states",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(
    account: tuple[Cloud, Pace], widget: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(CannotDraw, match=r"^widgets\[1\] \(") as caught:
        drawn(*account, text("first"), widget)
    assert said in str(caught.value)


def test_without_a_dashboard_it_says_which_key_to_add(
    account: tuple[Cloud, Pace],
) -> None:
    cloud, _ = account
    drawn(*account, text("t"))
    assert dashboard_name(cloud) == NAME
    cloud.client("cloudwatch").delete_dashboards(DashboardNames=[NAME])
    with pytest.raises(CannotDraw, match="ses-feedback:monitoring: found none"):
        dashboard_name(cloud)
