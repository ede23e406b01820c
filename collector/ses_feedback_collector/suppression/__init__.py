"""May I send? What stored feedback, and decisions by hand, say of an address.

    verdicts = Suppression(open_database(url)).check(["jane@example.com"])
    verdicts["jane@example.com"].may_send

Only the times of events count, not the order in which they were stored:

- A complaint forbids for good, until a not-spam report of a later time.
- A Permanent bounce forbids for good.
- A bounce or complaint that says that a suppression list has the address forbids too,
  but counts as neither.
- Who unsubscribed from all mail, or from the topic in question (from any, where none
  is), is sent nothing until an opt-in of a later time into the same.
- So many transient bounces within a window, each of another mail, and no delivery
  after the oldest of them: until that one leaves the window. Automatic replies do not
  count, nor does a delivery of a mail that then came back.
- By hand: the last decision whose `until` is not past holds. `suppress` forbids;
  `lift` makes everything up to it not count. When it ends, the decision before it and
  all feedback count again.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, insert

from ses_feedback_collector.addresses import normalised
from ses_feedback_collector.database import explaining, writing
from ses_feedback_collector.parsing import LATEST
from ses_feedback_collector.suppression.query import BY_INDEX, evidence
from ses_feedback_collector.suppression.verdict import (
    Decision,
    Evidence,
    Found,
    OptOut,
    Reason,
    Verdict,
    can_be_address,
    judged,
)
from ses_feedback_collector.tables import overrides

__all__ = ["Decision", "Evidence", "OptOut", "Reason", "Suppression", "Verdict"]

AT_ONCE = 1_000
"""Addresses that one query asks for."""

LONGEST_WINDOW = timedelta(days=3_653)
"""Ten years."""


class Suppression:
    """What a database of feedback says of addresses, and what people decided on them.

    `transient_bounces` within `window` without a delivery are too many. Raises
    ValueError for settings that make no sense.
    """

    def __init__(
        self,
        engine: Engine,
        transient_bounces: int = 5,
        window: timedelta = timedelta(days=30),
    ) -> None:
        if transient_bounces < 1:
            raise ValueError(f"transient_bounces: {transient_bounces} is not 1 or more")
        if window <= timedelta(0):
            raise ValueError(f"window: {window} is not longer than nothing")
        if window > LONGEST_WINDOW:
            raise ValueError(f"window: {window} is longer than ten years")
        self._engine = engine
        self._enough = transient_bounces
        self._window = window
        self._as_array = engine.dialect.name == "postgresql"
        self._query = evidence(engine.dialect.name)

    def check(
        self,
        emails: Iterable[str],
        topic: str | None = None,
        now: datetime | None = None,
    ) -> dict[str, Verdict]:
        """A verdict on each address, by the address as it was given.

        However they are written, addresses that are one to the collector get the same
        verdict. What cannot be an address may not be sent to; an address of bad syntax
        may, and `warnings` tells of it. With `topic` an opt-out from another topic
        does not count. Nothing is written.

        Asks the database once for every thousand addresses. Raises Away when it
        cannot be reached, BadDatabase when it is not what it should be (without its
        tables, for one), ValueError for a `now` without a time zone, TypeError for a
        single address that is not in a list.
        """
        if isinstance(emails, str | bytes):
            raise TypeError(
                "emails is a single text; expected a list of addresses, such as [email]"
            )
        now = _aware(now, "now") or datetime.now(UTC)
        addresses = {email: normalised(email) for email in emails}
        known = {each for each in set(addresses.values()) if can_be_address(each)}
        found = self._found(sorted(known), now)
        verdicts = dict[str, Verdict]()
        for email, address in addresses.items():
            if address not in known:
                verdicts[email] = Verdict(email, Reason.NOT_AN_ADDRESS)
            elif rows := found.get(address):
                verdicts[email] = judged(email, rows, topic, self._window)
            else:
                verdicts[email] = Verdict(email)
        return verdicts

    def suppress(
        self,
        email: str,
        who: str,
        why: str,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> None:
        """Forbids to send to an address, until a time or for good.

        It is recorded with who decided it and why, and never changed afterwards; what
        is decided later counts instead. Raises ValueError, with a sentence, for what
        is no address, an empty `who` or `why`, or an `until` that is past or beyond
        the year 2200; Away and BadDatabase as `check` does.
        """
        self._decide("suppress", email, who, why, until, now)

    def lift(
        self,
        email: str,
        who: str,
        why: str,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> None:
        """Makes feedback up to now, and a `suppress` before, not count.

        Feedback after it counts. Recorded and raises as `suppress`.
        """
        self._decide("lift", email, who, why, until, now)

    def _found(self, addresses: Sequence[str], now: datetime) -> dict[str, list[Found]]:
        found = dict[str, list[Found]]()
        with explaining(self._engine), self._engine.connect() as connection:
            if self._as_array:
                connection.execute(BY_INDEX)
            for batch in _batches(addresses):
                parameters: dict[str, Any] = {
                    "addresses": batch if self._as_array else json.dumps(batch),
                    "now": now,
                    "window_start": now - self._window,
                    "enough": self._enough,
                }
                rows = connection.execute(self._query, parameters).all()
                for row in map(Found._make, rows):
                    found.setdefault(row.address, []).append(row)
        return found

    def _decide(
        self,
        action: str,
        email: str,
        who: str,
        why: str,
        until: datetime | None,
        now: datetime | None,
    ) -> None:
        now = _aware(now, "now") or datetime.now(UTC)
        address = normalised(email)
        if not can_be_address(address):
            raise ValueError(
                f"{email!r} is not an e-mail address; one looks like name@example.com"
            )
        if (_aware(until, "until") or datetime.max.replace(tzinfo=UTC)) <= now:
            raise ValueError(
                f"until {until} is past; expected a time to come, or none for good"
            )
        if until and until >= LATEST:
            raise ValueError(
                f"until {until} is beyond the year 2200; expected a time before, or"
                " none for good"
            )
        row = {
            "id": str(uuid4()),
            "email": email,
            "address": address,
            "action": action,
            "who": _text(who, "who", "the name of whoever decides it"),
            "why": _text(why, "why", "the reason, for those who look it up later"),
            "decided_at": now,
            "until": until,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(overrides), row)


def _batches(addresses: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(addresses), AT_ONCE):
        yield list(addresses[start : start + AT_ONCE])


def _aware(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{name} {moment} has no time zone; expected one such as UTC")
    return moment


def _text(value: str, name: str, expected: str) -> str:
    text = value.strip()
    if not text:
        raise ValueError(f"{name} is empty; expected {expected}")
    if "\0" in text or not _is_unicode(text):
        raise ValueError(f"{name} holds bytes that are no text; expected {expected}")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
