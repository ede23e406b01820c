"""Metric math on small series."""

from datetime import datetime, timedelta

import pytest

from sandbox.metric_math import Series, UnknownExpression, evaluate

START = datetime(2026, 1, 1)
MOMENTS = [START + timedelta(minutes=5 * number) for number in range(3)]


def series(*values: float | None) -> Series:
    """A value for each of MOMENTS, None where it has none."""
    pairs = zip(MOMENTS, values, strict=True)
    return Series(
        {moment: value for moment, value in pairs if value is not None}, MOMENTS
    )


SEND, BOUNCE = series(4, None, 2), series(1, 3, 2)

NO_FEEDBACK = (
    "IF(FILL(send,0) > 0 AND FILL(delivery,0) + FILL(bounce,0) + FILL(complaint,0) == 0,"
    " 1, 0)"
)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        pytest.param("send + bounce", (5, None, 4), id="where both have a value"),
        pytest.param("FILL(send, 0)", (4, 0, 2), id="filled"),
        pytest.param("FILL(send, bounce)", (4, 3, 2), id="filled from another"),
        pytest.param("-send * 2", (-8, None, -4), id="with a number"),
        pytest.param("100 * bounce / send", (25, None, 100), id="a percentage"),
        pytest.param("bounce / (send - 2)", (0.5, None, None), id="division by zero"),
        pytest.param("bounce >= 2", (0, 1, 1), id="compared"),
        pytest.param("bounce > 1 && bounce < 3", (0, 0, 1), id="and"),
        pytest.param("bounce == 1 OR bounce == 3", (1, 1, 0), id="or"),
        pytest.param("IF(bounce > 1, bounce, 0)", (0, 3, 2), id="if"),
        pytest.param("IF(send > 2, 1)", None, id="if without otherwise"),
        pytest.param("SUM([send, bounce])", (5, 3, 4), id="over a list"),
        pytest.param("MAX(METRICS())", (4, 3, 2), id="over all"),
        pytest.param("AVG([bounce, 3])", (2, 3, 2.5), id="list with a number"),
        pytest.param("bounce / MAX(bounce)", (1 / 3, 1, 2 / 3), id="over one series"),
    ],
)
def test_what_an_expression_makes(
    expression: str, values: tuple[float | None, ...] | None
) -> None:
    known = {"send": SEND, "bounce": BOUNCE}
    if values is None:
        with pytest.raises(UnknownExpression):
            evaluate(expression, known)
    else:
        assert evaluate(expression, known) == series(*values)


def test_metrics_are_not_the_results_of_expressions() -> None:
    known = {"send": SEND, "bounce": BOUNCE, "twice": series(20, 20, 20)}
    assert evaluate("MAX(METRICS())", known, ["send", "bounce"]) == series(4, 3, 2)
    with pytest.raises(UnknownExpression, match="empty list"):
        evaluate("MAX(METRICS())", known, [])


@pytest.mark.parametrize(
    ("delivery", "is_on"),
    [
        pytest.param((None, None, None), (1, 0, 1), id="nothing came back"),
        pytest.param((4, None, None), (0, 0, 1), id="something did at first"),
    ],
)
def test_the_alarm_on_mail_without_feedback(
    delivery: tuple[float | None, ...], is_on: tuple[float, ...]
) -> None:
    nothing = series(None, None, None)
    known = {
        "send": SEND,
        "delivery": series(*delivery),
        "bounce": nothing,
        "complaint": nothing,
    }
    assert evaluate(NO_FEEDBACK, known) == series(*is_on)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "send +",
        "gone + 1",
        "RATE(send)",
        "1 + 1",
        "'text'",
        "send[0]",
        "FILL(1, 0)",
        "FILL(send, [1])",
        "IF(send, [1], 0)",
        "if(send > 1, 1, 0)",
        "send + 1 / 0",
        "MAX([])",
        "MAX([[send]])",
        "AVG([[1]])",
        "MAX(send, key=1)",
        "send + 1e400 * 'a'",
        "\0",
        "-" * 5000 + "send",
    ],
)
def test_what_is_not_known_is_said(expression: str) -> None:
    with pytest.raises(UnknownExpression):
        evaluate(expression, {"send": SEND})
