"""When the mail of a report was sent, for those who measure it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.cloudwatch import period_start
from sandbox.widgets import Range

MAILS_AN_HOUR = 4
MOST_HOURS = 12


@dataclass
class Pace:
    """A clock for what services measure, which goes on with each mail.

    The sandbox sends its mail within seconds, of which a chart would show one point.
    """

    mails: int
    sent: int = 0
    hours: int = field(init=False)
    """Over which the mail is spread: four mails an hour, or more."""
    range: Range = field(init=False)

    def __post_init__(self) -> None:
        self.hours = min(-(-max(self.mails, 1) // MAILS_AN_HOUR), MOST_HOURS)
        end = period_start(datetime.now(UTC).replace(tzinfo=None), 3600)
        self.range = Range(end - timedelta(hours=self.hours), end)

    def __call__(self) -> datetime:
        passed = self.sent / max(self.mails, 1)
        return self.range.start + timedelta(hours=self.hours) * passed

    def go_on(self) -> None:
        """A mail has been sent; after the last one the clock stands."""
        self.sent = min(self.sent + 1, self.mails - 1)
