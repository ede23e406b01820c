from datetime import datetime

import pytest

from sandbox.widgets import NO_DATA, NO_REPUTATION, Chart, Line, Range

NINE = datetime(2026, 3, 4, 9, 20)
SHOWN = Range(NINE, datetime(2026, 3, 4, 12, 0))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param([Line("a", [(NINE, 0)]), Line("b", [])], None, id="a point"),
        pytest.param([Line("a", [])], NO_DATA, id="none"),
        pytest.param([Line("a", [], is_reputation=True)], NO_REPUTATION, id="rate"),
        pytest.param(
            [Line("a", [], is_reputation=True), Line("b", [])], NO_DATA, id="both"
        ),
    ],
)
def test_a_chart_without_points_says_why(lines: list[Line], said: str | None) -> None:
    assert Chart("Title", SHOWN, lines, [], {}).why_empty == said


@pytest.mark.parametrize(
    ("seconds", "start"),
    [(300, NINE), (3600, datetime(2026, 3, 4, 9)), (86_400, datetime(2026, 3, 4))],
)
def test_a_range_from_where_a_period_begins(seconds: int, start: datetime) -> None:
    assert SHOWN.from_round(seconds) == Range(start, SHOWN.end)
