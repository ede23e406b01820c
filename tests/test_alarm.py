"""An alarm, as plain values."""

import pytest

from components.alarm import Alarm, percent
from components.metrics import ACCOUNT, Metric

SENT = Metric("send", "Send", "Sum", ACCOUNT)


@pytest.mark.parametrize(
    ("key", "name"), [("", "late"), ("feedback", "late_feedback"), ("a_b", "late_a_b")]
)
def test_it_is_named_by_its_role_and_what_it_is_of(key: str, name: str) -> None:
    assert Alarm("late", (SENT,), 1, "Late.", key=key).name == name


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.05, "5 %"), (0.025, "2.5 %"), (0.0005, "0.05 %"), (1 - 0.98, "2 %")],
)
def test_a_fraction_is_told_in_percent(fraction: float, text: str) -> None:
    assert percent(fraction) == text
