"""The rates by which AWS judges an account, and the alarms on them."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from components.alarm import Alarm, percent
from components.events import Event
from components.metrics import Metric, Rate, Subject


class Reputation(NamedTuple):
    """A rate by which AWS judges an account (SES FAQ on enforcement)."""

    role: str
    """How the roles of its alarms begin."""
    event: Event
    metric: str
    chart: str
    """Its title on the dashboard."""
    what: str
    """What became of the mails that it counts."""
    review: float
    """Fraction of the mails at which AWS reviews the account."""
    pause: float
    """Fraction of the mails at which AWS may pause the account."""
    cause: str
    """What to look for."""
    shown: str
    """What a saved query shows of that."""
    remedy: str


BOUNCES = Reputation(
    role="bounce-rate",
    event=Event.BOUNCE,
    metric="Reputation.BounceRate",
    chart="Bounce rate",
    what="bounced for good",
    review=0.05,
    pause=0.10,
    cause="what sends to addresses that do not exist",
    shown='to which domains: saved query "domains-that-bounce-most"',
    remedy="stop it, and mail no address again that bounced",
)
COMPLAINTS = Reputation(
    role="complaint-rate",
    event=Event.COMPLAINT,
    metric="Reputation.ComplaintRate",
    chart="Complaint rate",
    what="were reported as spam",
    review=0.001,
    pause=0.005,
    cause="the mailing that people complain of",
    shown='saved query "complaints-by-source-and-campaign"',
    remedy="stop it, mail only who asked for it, and make it easy to unsubscribe",
)


class Judged(NamedTuple):
    """Whose mails a rate is of."""

    subject: Subject
    whose: str
    """As a sentence has it: the whole account."""
    at_critical: str
    """What to do at the critical limit besides, as sentences."""
    kept: Collection[Event] = ()
    """Events of these mails that the saved queries find."""
    key: str = ""
    """The set's name; without one it is the account."""
    guarded_set: str = ""
    """The set, where the sending guard pauses it."""


def rate_alarms(
    judged: Judged, bounce_rate: Rate, complaint_rate: Rate
) -> Iterator[Alarm]:
    """Warning and critical of both rates; a warning stays on while critical is on."""
    for reputation, rate in ((BOUNCES, bounce_rate), (COMPLAINTS, complaint_rate)):
        yield _warning(judged, reputation, rate["warning"])
        yield _critical(judged, reputation, rate["critical"])


def _warning(judged: Judged, reputation: Reputation, threshold: float) -> Alarm:
    return Alarm(
        _role(judged, reputation, "warning"),
        (_metric(judged, reputation),),
        threshold,
        f"Warning: {_meaning(judged, reputation, threshold)}"
        f" {_advice(judged, reputation)}",
        key=judged.key,
        missing="ignore",
    )


def _critical(judged: Judged, reputation: Reputation, threshold: float) -> Alarm:
    return Alarm(
        _role(judged, reputation, "critical"),
        (_metric(judged, reputation),),
        threshold,
        f"Critical: {_meaning(judged, reputation, threshold)}"
        f" {_advice(judged, reputation)} {judged.at_critical}",
        key=judged.key,
        missing="ignore",
        tells_its_end=True,
        guards=judged.guarded_set,
    )


def _role(judged: Judged, reputation: Reputation, level: str) -> str:
    role = f"{reputation.role}-{level}"
    return role if judged.key else f"{role}-of-account"


def _metric(judged: Judged, reputation: Reputation) -> Metric:
    return Metric("rate", reputation.metric, "Maximum", judged.subject)


def _meaning(judged: Judged, reputation: Reputation, threshold: float) -> str:
    return (
        f"at least {percent(threshold)} of the mails of {judged.whose}"
        f" {reputation.what}. AWS reviews an account at {percent(reputation.review)} and"
        f" may pause it at {percent(reputation.pause)}."
    )


def _advice(judged: Judged, reputation: Reputation) -> str:
    """Names the saved query only where it would find something."""
    shown = f" ({reputation.shown})" if reputation.event in judged.kept else ""
    return f"Find {reputation.cause}{shown}, {reputation.remedy}."
