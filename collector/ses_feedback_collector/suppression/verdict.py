"""What the evidence on an address amounts to: may mail be sent, and why not."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ses_feedback_collector.addresses import LONGEST

if TYPE_CHECKING:
    from ses_feedback_collector.advice import Advice

_SHAPE = re.compile(
    r'(?:[^\s@\x00-\x1f\x7f\ud800-\udfff]+|"[^\x00-\x1f\x7f\ud800-\udfff]+")'
    r"@[^\s@\x00-\x1f\x7f\ud800-\udfff]+"
)


class Reason(StrEnum):
    """Why no mail may be sent.

    Of several that hold, the one that lasts longest is the reason, so that `until` of
    a verdict is never too early; of those that last as long, the first in this order.
    """

    NOT_AN_ADDRESS = "not-an-address"
    """It has no @ with something on either side, holds blanks, or is too long."""
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    """A Permanent bounce."""
    SUPPRESSION_LIST = "suppression-list"
    """Only SES's own list kept the mail back, and nothing tells why it is on that."""
    OPTED_OUT = "opted-out"
    TOO_MANY_TRANSIENT_BOUNCES = "too-many-transient-bounces"
    BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided by hand, which holds now."""

    action: str
    """suppress or lift."""
    who: str
    why: str
    at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OptOut:
    """What the holder of an address does not want."""

    since: datetime
    topic: str | None
    """None: any mail."""


class Evidence(NamedTuple):
    """What is known of an address; of the time before a lift by hand nothing is."""

    complaints: int = 0
    """Those that no later not-spam report took back."""
    permanent_bounces: int = 0
    suppression_list: int = 0
    """Bounces and complaints that only say that a suppression list has the address."""
    transient_bounces: int = 0
    """Mails of the window that bounced so, automatic replies apart."""
    full_mailbox: int = 0
    """Those of them that found the mailbox full."""
    opt_outs: tuple[OptOut, ...] = ()
    """The one of any mail first, then by topic, then by their time."""
    decision: Decision | None = None

    def as_json(self) -> dict[str, Any]:
        by_hand = self.decision
        return {
            "complaints": self.complaints,
            "permanentBounces": self.permanent_bounces,
            "suppressionList": self.suppression_list,
            "transientBounces": self.transient_bounces,
            "fullMailbox": self.full_mailbox,
            "optOuts": [
                {"topic": one.topic, "since": one.since.isoformat()}
                for one in self.opt_outs
            ],
            "byHand": by_hand
            and {
                "action": by_hand.action,
                "who": by_hand.who,
                "why": by_hand.why,
                "at": by_hand.at.isoformat(),
                "until": by_hand.until and by_hand.until.isoformat(),
            },
        }


NOTHING = Evidence()


@dataclass(slots=True)
class Verdict:
    """Whether mail may be sent to an address."""

    email: str
    """As it was given."""
    reason: Reason | None = None
    """None: mail may be sent."""
    since: datetime | None = None
    """When the first of what counts against it happened."""
    until: datetime | None = None
    """From when on mail may be sent again if nothing more happens; None: for good."""
    topic: str | None = None
    """What was opted out of, where that is the reason; None: any mail."""
    evidence: Evidence = NOTHING

    @property
    def may_send(self) -> bool:
        return self.reason is None

    @property
    def sentence(self) -> str:
        """For the person who typed the address into a form."""
        if self.reason is None:
            return f"Mail can be sent to {self.email}."
        return _SENTENCES[self.reason](self)

    @property
    def warnings(self) -> "tuple[Advice, ...]":
        """What looks wrong with the address itself; it forbids nothing."""
        from ses_feedback_collector.advice import advice

        return advice(self.email)

    def as_json(self, warnings: "Iterable[Advice] | None" = None) -> dict[str, Any]:
        """As `check --json` prints it; `warnings` may be more, if DNS was asked."""
        told = self.warnings if warnings is None else warnings
        return {
            "email": self.email,
            "maySend": self.may_send,
            "reason": self.reason,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "topic": self.topic,
            "sentence": self.sentence,
            "evidence": self.evidence.as_json(),
            "warnings": [one.as_json() for one in told],
        }


class Found(NamedTuple):
    """A row of the query: what one table knows of an address."""

    address: str
    kind: str
    """complaint, bounce, list, transient, subscription, suppress or lift."""
    number: int | None
    """How many; of a subscription whether it ended all mail, as 0 or 1, or None where
    it does not say."""
    full: int | None
    """Of transient bounces those that found the mailbox full."""
    since: datetime | None
    """The first; of transient bounces the oldest of those that are too many, None
    where they are not."""
    until: datetime | None
    who: str | None
    """Of a subscription its contact list."""
    why: str | None
    opted_out: str | None
    """A list of topics, as JSON."""
    opted_in: str | None


def can_be_address(address: str) -> bool:
    """Whether mail could be sent to it at all, be its syntax sound or not."""
    return len(address) <= LONGEST and _SHAPE.fullmatch(address) is not None


def judged(
    email: str, rows: Iterable[Found], topic: str | None, window: timedelta
) -> Verdict:
    """The verdict on what the query found of an address."""
    against: list[_Against] = []
    subscriptions: list[Found] = []
    counts = {"complaint": 0, "bounce": 0, "list": 0, "transient": 0}
    full, decision = 0, None
    for row in rows:
        kind, since = row.kind, row.since
        if kind == "subscription":
            subscriptions.append(row)
        elif kind in counts:
            counts[kind] += row.number or 0
            full += row.full or 0
            if since:
                until = _end(since, window) if kind == "transient" else None
                against.append(_Against(_REASONS[kind], since, until))
        else:
            decision = _decision(row)
            if kind == "suppress":
                against.append(_Against(_REASONS[kind], decision.at, decision.until))
    out = opt_outs(subscriptions) if subscriptions else ()
    for one in out:
        if topic is None or one.topic in (None, topic):
            against.append(_Against(Reason.OPTED_OUT, one.since, topic=one.topic))
    evidence = Evidence(
        counts["complaint"],
        counts["bounce"],
        counts["list"],
        counts["transient"],
        full,
        out,
        decision,
    )
    if not against:
        return Verdict(email, evidence=evidence)
    first = against[0] if len(against) == 1 else min(against, key=_Against.rank)
    return Verdict(email, first.reason, first.since, first.until, first.topic, evidence)


def opt_outs(subscriptions: Sequence[Found]) -> tuple[OptOut, ...]:
    """What is opted out of after all these events, whose order does not matter.

    An event states the preferences as they stand after it, so that the last event
    which names a topic decides on it, and the last of a contact list that speaks of
    all its mail on that. Of two at the same moment the one that opts out decides.
    """
    changes: dict[tuple[str | None, str | None], list[tuple[datetime, bool]]] = {}
    for row in subscriptions:
        assert row.since
        stated: dict[str | None, bool] = {}
        if row.number is not None:
            stated[None] = bool(row.number)
        stated |= dict.fromkeys(_topics(row.opted_in), False)
        stated |= dict.fromkeys(_topics(row.opted_out), True)
        for topic, is_out in stated.items():
            changes.setdefault((row.who, topic), []).append((row.since, is_out))
    found = [
        OptOut(since, topic)
        for (_, topic), history in changes.items()
        if (since := _out_since(sorted(history)))
    ]
    return tuple(sorted(found, key=lambda one: (one.topic or "", one.since)))


@lru_cache(1024)
def _topics(text: str | None) -> tuple[str, ...]:
    return tuple(str(topic) for topic in json.loads(text or "[]"))


def _out_since(history: Sequence[tuple[datetime, bool]]) -> datetime | None:
    since = None
    for at, is_out in history:
        since = (since or at) if is_out else None
    return since


def _end(since: datetime, window: timedelta) -> datetime:
    try:
        return since + window
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _decision(row: Found) -> Decision:
    assert row.since
    return Decision(row.kind, row.who or "", row.why or "", row.since, row.until)


class _Against(NamedTuple):
    """Something that forbids to send."""

    reason: Reason
    since: datetime
    until: datetime | None = None
    topic: str | None = None

    def rank(self) -> tuple[float, int, bool, float]:
        """The first of several is the one to be told."""
        lasts = -self.until.timestamp() if self.until else float("-inf")
        named = self.topic is not None
        return lasts, _ORDER[self.reason], named, self.since.timestamp()


_REASONS = {
    "complaint": Reason.COMPLAINED,
    "bounce": Reason.BOUNCED,
    "list": Reason.SUPPRESSION_LIST,
    "transient": Reason.TOO_MANY_TRANSIENT_BOUNCES,
    "suppress": Reason.BY_HAND,
}
_ORDER = {reason: number for number, reason in enumerate(Reason)}


# What the holder of an address is told.


def _hint(verdict: Verdict) -> str:
    from ses_feedback_collector.advice import likely_address

    likely = likely_address(verdict.email)
    return f" Did you mean {likely}?" if likely else ""


def _not_an_address(verdict: Verdict) -> str:
    return (
        f"{verdict.email!r} is not an e-mail address; one looks like name@example.com."
    )


def _complained(verdict: Verdict) -> str:
    return (
        f"Our mail to {verdict.email} was reported as unwanted, so we send none there"
        " any more."
    )


def _bounced(verdict: Verdict) -> str:
    return (
        f"Our mail to {verdict.email} came back: there is no such mailbox, or it takes"
        f" no mail. Please look whether the address is spelt right.{_hint(verdict)}"
    )


def _on_a_list(verdict: Verdict) -> str:
    return (
        f"Our mail service holds back mail to {verdict.email}, since earlier mail came"
        " back or was reported as unwanted. Please look whether the address is spelt"
        f" right, or give another.{_hint(verdict)}"
    )


def _opted_out(verdict: Verdict) -> str:
    if verdict.topic is None:
        return f"{verdict.email} has unsubscribed from all our mail."
    return f"{verdict.email} has unsubscribed from {verdict.topic}."


def _bounced_for_now(verdict: Verdict) -> str:
    email, seen = verdict.email, verdict.evidence
    if 2 * seen.full_mailbox >= seen.transient_bounces:
        return (
            f"The mailbox of {email} seems to be full: our last mails came back. Please"
            f" make room in it, or give another address.{_again(verdict)}"
        )
    return (
        f"Our last mails to {email} could not be delivered. Please look whether the"
        f" mailbox works, or give another address.{_again(verdict)}{_hint(verdict)}"
    )


def _held_by_hand(verdict: Verdict) -> str:
    return f"We send no mail to {verdict.email} at present.{_again(verdict)}"


def _again(verdict: Verdict) -> str:
    if verdict.until is None:
        return ""
    day = f"{verdict.until.day} {verdict.until:%B %Y}"
    return f" We try again after {day}."


_SENTENCES: Mapping[Reason, Callable[[Verdict], str]] = {
    Reason.NOT_AN_ADDRESS: _not_an_address,
    Reason.COMPLAINED: _complained,
    Reason.BOUNCED: _bounced,
    Reason.SUPPRESSION_LIST: _on_a_list,
    Reason.OPTED_OUT: _opted_out,
    Reason.TOO_MANY_TRANSIENT_BOUNCES: _bounced_for_now,
    Reason.BY_HAND: _held_by_hand,
}
