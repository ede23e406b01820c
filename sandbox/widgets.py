"""What a dashboard shows: its widgets, with their data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.cloudwatch import period_start

NO_REPUTATION = (
    "No data points: mail to SES's simulator does not affect the reputation."
)
NO_DATA = "No data points: nothing of this happened to the mail that was sent."


@dataclass(frozen=True)
class Range:
    """The time that is shown, UTC, without a zone."""

    start: datetime
    end: datetime

    def from_round(self, seconds: int) -> "Range":
        """The same from where a period of so many seconds begins."""
        return Range(period_start(self.start, seconds), self.end)


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    label: str
    points: Sequence[tuple[datetime, float]]
    side: str = "left"
    color: str | None = None
    is_reputation: bool = False
    counted: int | None = None
    """Of what is counted, the seconds that each point is of: where there is none,
    nothing was."""


@dataclass(frozen=True)
class Threshold:
    """A horizontal line, which means something."""

    value: float
    label: str
    side: str = "left"
    color: str | None = None


@dataclass(frozen=True)
class Axis:
    """A vertical axis; without limits it takes those of its lines."""

    title: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over time."""

    title: str
    range: Range
    lines: Sequence[Line]
    thresholds: Sequence[Threshold]
    axes: Mapping[str, Axis]
    """By side: left, right."""
    stacked: bool = False

    @property
    def why_empty(self) -> str | None:
        """What to say where no line has a point."""
        if any(line.points for line in self.lines):
            return None
        of_reputation = all(line.is_reputation for line in self.lines)
        return NO_REPUTATION if of_reputation else NO_DATA


@dataclass(frozen=True)
class Numbers:
    """The last value of each of a few metrics."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Alarms:
    """The state of alarms, by name: OK, ALARM or INSUFFICIENT_DATA."""

    title: str
    states: Mapping[str, str]


@dataclass(frozen=True)
class Note:
    """A text."""

    markdown: str


@dataclass(frozen=True)
class Widget:
    """One part of a dashboard, at its place in a grid of 24 columns."""

    x: int
    y: int
    width: int
    height: int
    content: Chart | Numbers | Alarms | Note
