"""An alarm, as plain values, and the units of its limits."""

from dataclasses import dataclass

from components.metrics import Metric

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

AT_LEAST = "GreaterThanOrEqualToThreshold"
ABOVE = "GreaterThanThreshold"


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric, or on an expression of several."""

    role: str
    metrics: tuple[Metric, ...]
    threshold: float
    description: str
    """What it means and what to do."""
    key: str = ""
    """Our names of what it is of, with `_` between them."""
    expression: str = ""
    comparison: str = AT_LEAST
    period: int = 5 * MINUTE
    """Seconds over which it is measured, up to now."""
    periods: int = 1
    """Periods in a row in which the limit has to be reached."""
    by_clock: bool = False
    """Whether the period begins and ends by the clock (UTC): a day at midnight."""
    missing: str = "notBreaching"
    """What a missing data point counts as."""
    tells_its_end: bool = False
    """Whether it also tells when it is over."""
    guards: str = ""
    """The set that the sending guard pauses when it goes off."""

    @property
    def name(self) -> str:
        """Its name in the stack: `bounce-rate-critical_campaigns`."""
        return f"{self.role}_{self.key}" if self.key else self.role


def percent(fraction: float) -> str:
    """A fraction for the reader: 0.025 is 2.5 %."""
    return f"{fraction * 100:.10g} %"
