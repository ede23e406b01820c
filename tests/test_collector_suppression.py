import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy import event as engine_event

from ses_feedback_collector.database import Away, BadDatabase, open_database
from ses_feedback_collector.events import Event, EventType
from ses_feedback_collector.parsing import parse
from ses_feedback_collector.store import Store
from ses_feedback_collector.suppression import Decision, OptOut, Reason, Suppression
from ses_feedback_collector.suppression.query import BY_INDEX
from ses_feedback_collector.tables import overrides
from tests import feedback
from tests.feedback import JANE

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Message = dict[str, Any]
numbers = count()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def told(kind: EventType, days: float, to: str = JANE, **details: Any) -> Message:
    """An event of a mail of its own, so many days ago."""
    mail = details.pop("mail", f"mail-{next(numbers)}")
    if kind in (EventType.BOUNCE, EventType.COMPLAINT):
        details.setdefault("feedbackId", f"feedback-{next(numbers)}")
    return feedback.event(kind, [to], ago(days), mail, **details)


def permanent(days: float, to: str = JANE, **details: Any) -> Message:
    return told(EventType.BOUNCE, days, to, **details)


def transient(
    days: float, to: str = JANE, status: str | None = "4.2.2", **details: Any
) -> Message:
    recipient = {"emailAddress": to, "action": "failed"}
    if status:
        recipient["status"] = status
    given: Message = {
        "bounceType": "Transient",
        "bounceSubType": "MailboxFull",
        "bouncedRecipients": [recipient],
    }
    return told(EventType.BOUNCE, days, to, **given | details)


def listed(days: float, to: str = JANE) -> Message:
    return permanent(days, to, bounceSubType="OnAccountSuppressionList")


def complaint(days: float, to: str = JANE, **details: Any) -> Message:
    return told(EventType.COMPLAINT, days, to, **details)


def not_spam(days: float, to: str = JANE) -> Message:
    return complaint(days, to, complaintFeedbackType="not-spam")


def delivery(days: float, to: str = JANE, **details: Any) -> Message:
    return told(EventType.DELIVERY, days, to, **details)


def subscription(
    days: float,
    to: str = JANE,
    every: bool = False,
    contact_list: str = "customers",
    mail: str | None = None,
    **topics: str,
) -> Message:
    """Preferences as they stand afterwards: offers="OptOut"."""
    statuses = [
        {"topicName": topic, "subscriptionStatus": status}
        for topic, status in topics.items()
    ]
    stands = {"unsubscribeAll": every, "topicSubscriptionStatus": statuses}
    return told(
        EventType.SUBSCRIPTION,
        days,
        to,
        mail=mail or f"mail-{next(numbers)}",
        contactList=contact_list,
        newTopicPreferences=stands,
    )


def store(engine: Engine, *messages: Message) -> None:
    Store(engine).save(parsed(*messages))


def parsed(*messages: Message) -> Mapping[str, Event]:
    found = {}
    for number, message in enumerate(messages):
        event = parse(json.dumps(message))
        assert isinstance(event, Event)
        found[str(number)] = event
    return found


def reason(engine: Engine, email: str = JANE, topic: str | None = None) -> str | None:
    return Suppression(engine).check([email], topic, NOW)[email].reason


def test_a_stranger_may_be_sent_to(engine: Engine) -> None:
    store(engine, permanent(1, "john@example.com"), delivery(1))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.may_send
    assert (found.reason, found.since, found.until) == (None, None, None)
    assert found.email == JANE


def test_a_complainer_is_never_sent_to(engine: Engine) -> None:
    store(engine, complaint(900), complaint(3), delivery(1))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert not found.may_send
    assert found.reason is Reason.COMPLAINED
    assert (found.since, found.until) == (ago(900), None)
    assert found.evidence.complaints == 2


def test_a_complaint_without_a_feedback_type_is_one(engine: Engine) -> None:
    store(engine, complaint(3, complaintFeedbackType=None))
    assert reason(engine) == Reason.COMPLAINED


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param([complaint(3), not_spam(2)], None, id="lifted"),
        pytest.param([not_spam(2), complaint(3)], None, id="told first"),
        pytest.param([not_spam(2)], None, id="alone"),
        pytest.param([not_spam(3), complaint(2)], "complained", id="before it"),
        pytest.param([not_spam(3), complaint(3)], "complained", id="at once"),
        pytest.param(
            [complaint(3), not_spam(2), permanent(5)], "bounced", id="not the bounce"
        ),
        pytest.param(
            [
                complaint(3, complaintSubType="OnAccountSuppressionList"),
                not_spam(2),
            ],
            "suppression-list",
            id="not the list",
        ),
        pytest.param(
            [complaint(3), not_spam(2, "john@example.com")],
            "complained",
            id="of somebody else",
        ),
    ],
)
def test_a_not_spam_report_after_a_complaint_takes_it_back(
    engine: Engine, messages: list[Message], expected: str | None
) -> None:
    store(engine, *messages)
    assert reason(engine) == expected


def test_a_complaint_after_the_report_counts_from_its_own_time(engine: Engine) -> None:
    store(engine, complaint(9), not_spam(8), complaint(7), complaint(6))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert (found.since, found.evidence.complaints) == (ago(7), 2)


def test_after_a_permanent_bounce_nothing_is_sent(engine: Engine) -> None:
    store(engine, permanent(700), permanent(2), delivery(1))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.reason is Reason.BOUNCED
    assert (found.since, found.until) == (ago(700), None)
    assert found.evidence.permanent_bounces == 2


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(listed(2), id="the account's"),
        pytest.param(permanent(2, bounceSubType="Suppressed"), id="SES's"),
        pytest.param(
            complaint(2, complaintSubType="OnAccountSuppressionList"), id="complaint"
        ),
    ],
)
def test_what_a_suppression_list_kept_back_is_labelled_so(
    engine: Engine, message: Message
) -> None:
    store(engine, message, listed(1))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.reason is Reason.SUPPRESSION_LIST
    assert (found.since, found.until) == (ago(2), None)
    assert found.evidence.suppression_list == 2
    assert found.evidence.permanent_bounces == found.evidence.complaints == 0


@pytest.mark.parametrize("real", [permanent, complaint])
def test_the_list_does_not_count_beside_the_real_thing(
    engine: Engine, real: Any
) -> None:
    store(engine, listed(9), real(5), listed(2))
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.reason in (Reason.BOUNCED, Reason.COMPLAINED)
    assert found.since == ago(5)
    assert found.evidence.permanent_bounces + found.evidence.complaints == 1
    assert found.evidence.suppression_list == 2


@pytest.mark.parametrize("kind", ["Undetermined"])
def test_an_undetermined_bounce_forbids_nothing(engine: Engine, kind: str) -> None:
    store(engine, *(permanent(n, bounceType=kind) for n in range(1, 9)))
    assert reason(engine) is None


@pytest.mark.parametrize(
    ("messages", "topic", "expected"),
    [
        pytest.param([subscription(3, offers="OptOut")], None, "offers", id="any"),
        pytest.param([subscription(3, offers="OptOut")], "offers", "offers", id="it"),
        pytest.param([subscription(3, offers="OptOut")], "news", "may", id="another"),
        pytest.param([subscription(3, offers="OptIn")], None, "may", id="in"),
        pytest.param([subscription(3, every=True)], None, "all", id="all"),
        pytest.param([subscription(3, every=True)], "news", "all", id="all of it"),
        pytest.param(
            [subscription(3, every=True), subscription(2, news="OptIn")],
            "news",
            "may",
            id="all no longer",
        ),
        pytest.param(
            [subscription(2, every=True), subscription(3, news="OptIn")],
            "news",
            "all",
            id="all later",
        ),
        pytest.param(
            [
                subscription(3, every=True, contact_list="old"),
                subscription(2, news="OptIn"),
            ],
            "news",
            "all",
            id="of another list",
        ),
        pytest.param(
            [subscription(3, offers="OptOut"), subscription(2, offers="OptIn")],
            None,
            "may",
            id="in again",
        ),
        pytest.param(
            [subscription(3, offers="OptOut"), subscription(2, news="OptIn")],
            None,
            "offers",
            id="in to another",
        ),
        pytest.param(
            [subscription(2, offers="OptOut"), subscription(2, offers="OptIn")],
            None,
            "offers",
            id="at once",
        ),
        pytest.param(
            [subscription(3, offers="OptOut"), subscription(5, news="OptOut")],
            None,
            "news",
            id="the first is named",
        ),
        pytest.param(
            [subscription(3, every=True, offers="OptOut"), subscription(5, a="OptOut")],
            None,
            "all",
            id="all is named before a topic",
        ),
    ],
)
def test_who_opted_out_is_sent_nothing_of_it(
    engine: Engine, messages: list[Message], topic: str | None, expected: str
) -> None:
    store(engine, *messages)
    found = Suppression(engine).check([JANE], topic, NOW)[JANE]
    if expected == "may":
        assert found.may_send
    else:
        assert found.reason is Reason.OPTED_OUT
        assert found.topic == (None if expected == "all" else expected)
        assert found.until is None


@pytest.mark.parametrize(
    "preferences", [None, [], {}, {"unsubscribeAll": "no"}, {"unsubscribeAll": None}]
)
def test_a_broken_event_takes_back_no_opt_out(engine: Engine, preferences: Any) -> None:
    broken = subscription(1)
    broken["subscription"]["newTopicPreferences"] = preferences
    store(engine, subscription(3, every=True, offers="OptOut"), broken)
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.evidence.opt_outs == (OptOut(ago(3), None), OptOut(ago(3), "offers"))


def test_an_opt_out_is_since_the_first_that_no_opt_in_followed(engine: Engine) -> None:
    store(
        engine,
        subscription(9, offers="OptOut"),
        subscription(8, offers="OptIn"),
        subscription(7, offers="OptOut"),
        subscription(6, offers="OptOut"),
    )
    found = Suppression(engine).check([JANE], now=NOW)[JANE]
    assert found.since == ago(7)
    assert found.evidence.opt_outs == (OptOut(ago(7), "offers"),)


def test_five_transient_bounces_in_a_month_are_too_many(engine: Engine) -> None:
    store(engine, *(transient(days) for days in (25, 20, 15, 10, 5)))
    suppression = Suppression(engine)
    found = suppression.check([JANE], now=NOW)[JANE]
    assert found.reason is Reason.TOO_MANY_TRANSIENT_BOUNCES
    until = ago(25) + 30 * DAY
    assert (found.since, found.until) == (ago(25), until)
    assert found.evidence.transient_bounces == 5
    assert found.evidence.full_mailbox == 5
    just_before = until - timedelta(milliseconds=1)
    assert not suppression.check([JANE], now=just_before)[JANE].may_send
    assert suppression.check([JANE], now=until)[JANE].may_send


def test_with_more_of_them_it_lasts_until_fewer_than_five_are_left(
    engine: Engine,
) -> None:
    store(engine, *(transient(days) for days in (29, 28, 25, 20, 15, 10, 5)))
    suppression = Suppression(engine)
    found = suppression.check([JANE], now=NOW)[JANE]
    assert found.evidence.transient_bounces == 7
    assert found.until == ago(25) + 30 * DAY
    assert suppression.check([JANE], now=found.until)[JANE].may_send


FOUR = [transient(days) for days in (20, 15, 10, 5)]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="four"),
        pytest.param([transient(30)], id="one before the window"),
        pytest.param(
            [transient(3, status=None, bounceSubType="General")], id="automatic reply"
        ),
        pytest.param(
            [FOUR[0] | {"bounce": FOUR[0]["bounce"] | {"feedbackId": "again"}}],
            id="one mail twice",
        ),
        pytest.param([transient(3), delivery(4)], id="a delivery between"),
        pytest.param([transient(3), delivery(1)], id="a delivery after"),
        pytest.param([transient(3), delivery(19.9)], id="a delivery after the first"),
        pytest.param([transient(3, "john@example.com")], id="somebody else's"),
        pytest.param([transient(3, bounceType="Undetermined")], id="undetermined"),
    ],
)
def test_fewer_in_a_row_are_not_too_many(engine: Engine, others: list[Message]) -> None:
    store(engine, *FOUR, *others)
    assert reason(engine) is None


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([delivery(21)], id="before the first"),
        pytest.param([delivery(8, "john@example.com")], id="to somebody else"),
        pytest.param(
            [delivery(3.1, mail="late")], id="of a mail that came back after all"
        ),
        pytest.param([transient(3, status=None)], id="without status, but full"),
        pytest.param([transient(3, status="5.3.4", bounceSubType="General")], id="5"),
    ],
)
def test_what_does_not_break_the_row(engine: Engine, others: list[Message]) -> None:
    store(engine, *FOUR, transient(3, mail="late"), *others)
    assert reason(engine) == Reason.TOO_MANY_TRANSIENT_BOUNCES


def test_a_delivery_that_drew_an_automatic_reply_is_one(engine: Engine) -> None:
    reply = transient(3, status=None, bounceSubType="General", mail="read")
    store(engine, *FOUR, transient(2), delivery(3.1, mail="read"), reply)
    assert reason(engine) is None


def test_how_many_in_which_time_is_a_setting(engine: Engine) -> None:
    store(engine, transient(3), transient(1))
    for bounces, days, may_send in ((2, 4, False), (2, 3, True), (3, 4, True)):
        asked = Suppression(engine, bounces, timedelta(days=days))
        assert asked.check([JANE], now=NOW)[JANE].may_send is may_send
    with pytest.raises(ValueError, match="transient_bounces: 0"):
        Suppression(engine, transient_bounces=0)
    with pytest.raises(ValueError, match="window: 0:00:00"):
        Suppression(engine, window=timedelta(0))
    Suppression(engine, window=timedelta(days=3_653)).check([JANE])
    with pytest.raises(ValueError, match="window: 3654 days.* longer than ten years"):
        Suppression(engine, window=timedelta(days=3_654))


def test_by_hand_nothing_is_sent_for_good_or_until_a_time(engine: Engine) -> None:
    suppression = Suppression(engine)
    suppression.suppress(JANE, "ana", "asked by phone", now=ago(3))
    found = suppression.check([JANE], now=NOW)[JANE]
    assert (found.reason, found.since, found.until) == (Reason.BY_HAND, ago(3), None)
    assert found.evidence.decision == Decision(
        "suppress", "ana", "asked by phone", ago(3), None
    )
    john, until = "john@example.com", NOW + DAY
    suppression.suppress(john, "ana", "moves house", until, now=ago(2))
    assert suppression.check([john], now=NOW)[john].until == until
    assert suppression.check([john], now=until)[john].may_send


def test_a_lift_makes_what_was_before_not_count(engine: Engine) -> None:
    store(
        engine,
        *(transient(days) for days in (15, 14, 13, 12, 11)),
        complaint(9),
        permanent(8),
        listed(7),
        subscription(6, every=True, offers="OptOut"),
    )
    suppression = Suppression(engine)
    suppression.suppress(JANE, "ana", "to be sure", now=ago(5))
    suppression.lift(JANE, "bob", "spoke to her", now=ago(4))
    found = suppression.check([JANE], now=NOW)[JANE]
    assert found.may_send
    assert found.evidence.decision == Decision(
        "lift", "bob", "spoke to her", ago(4), None
    )
    assert found.evidence.complaints == found.evidence.permanent_bounces == 0


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([complaint(3)], "complained"),
        ([permanent(3)], "bounced"),
        ([listed(3)], "suppression-list"),
        ([subscription(3, every=True)], "opted-out"),
        ([transient(3 - n / 10) for n in range(5)], "too-many-transient-bounces"),
    ],
)
def test_what_comes_after_a_lift_counts(
    engine: Engine, messages: list[Message], expected: str
) -> None:
    store(engine, *messages)
    Suppression(engine).lift(JANE, "bob", "spoke to her", now=ago(4))
    assert reason(engine) == expected


def test_transient_bounces_before_a_lift_do_not_make_up_the_number(
    engine: Engine,
) -> None:
    store(engine, *FOUR, transient(3))
    Suppression(engine).lift(JANE, "bob", "spoke to her", now=ago(17))
    assert reason(engine) is None


def test_the_last_decision_counts_and_when_it_ends_the_one_before(
    engine: Engine,
) -> None:
    store(engine, complaint(9))
    suppression = Suppression(engine)
    suppression.lift(JANE, "bob", "a trial", NOW + DAY, now=ago(1))
    suppression.suppress(JANE, "ana", "asked by phone", now=ago(2))
    assert suppression.check([JANE], now=NOW)[JANE].may_send
    later = suppression.check([JANE], now=NOW + DAY)[JANE]
    assert later.reason is Reason.COMPLAINED
    assert later.evidence.decision
    assert later.evidence.decision.action == "suppress"


def test_of_two_decisions_at_once_the_one_that_forbids_holds(engine: Engine) -> None:
    for address, actions in (("a", ["lift", "suppress"]), ("b", ["suppress", "lift"])):
        for action in actions:
            getattr(Suppression(engine), action)(
                f"{address}@example.com", "ana", "why", now=ago(1)
            )
        assert reason(engine, f"{address}@example.com") == Reason.BY_HAND


def test_decisions_are_recorded_and_never_changed(engine: Engine) -> None:
    suppression = Suppression(engine)
    until = NOW + 10 * DAY
    suppression.suppress(" Jane <JANE@example.com>", "ana ", " by phone", until, NOW)
    suppression.lift("jane@example.com", "bob", "a mistake", now=NOW + DAY)
    with engine.connect() as connection:
        rows = connection.execute(select(overrides).order_by("decided_at")).all()
    assert [row[1:] for row in rows] == [
        (
            " Jane <JANE@example.com>",
            JANE,
            "suppress",
            "ana",
            "by phone",
            NOW,
            until,
        ),
        (JANE, JANE, "lift", "bob", "a mistake", NOW + DAY, None),
    ]


@pytest.mark.parametrize("action", ["suppress", "lift"])
@pytest.mark.parametrize(
    ("email", "who", "why", "until", "message"),
    [
        ("jane", "ana", "why", None, "'jane' is not an e-mail address"),
        (JANE, " ", "why", None, "who is empty"),
        (JANE, "ana", "", None, "why is empty"),
        (JANE, "ana", "nul\0", None, "why holds bytes that are no text"),
        (JANE, "ana\udce4", "why", None, "who holds bytes that are no text"),
        (JANE, "ana", "why", NOW, "is past"),
        (JANE, "ana", "why", datetime(2030, 1, 1), "has no time zone"),
        (
            JANE,
            "ana",
            "why",
            datetime(2201, 1, 1, tzinfo=UTC),
            "2201.* is beyond the year 2200; expected a time before, or none for good",
        ),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    engine: Engine,
    action: str,
    email: str,
    who: str,
    why: str,
    until: datetime | None,
    message: str,
) -> None:
    decide = getattr(Suppression(engine), action)
    with pytest.raises(ValueError, match=message):
        decide(email, who, why, until, NOW)
    with engine.connect() as connection:
        assert connection.execute(select(overrides)).all() == []


def test_the_reason_is_what_lasts_longest_and_then_the_first_of_the_list(
    engine: Engine,
) -> None:
    suppression = Suppression(engine)

    def now() -> str | None:
        return suppression.check([JANE], now=NOW)[JANE].reason

    store(engine, *FOUR, transient(3))
    suppression.suppress(JANE, "ana", "for a day", NOW + DAY, now=ago(9))
    assert now() == Reason.TOO_MANY_TRANSIENT_BOUNCES
    suppression.suppress(JANE, "ana", "for long", NOW + 99 * DAY, now=ago(8))
    assert now() == Reason.BY_HAND
    suppression.suppress(JANE, "ana", "for good", now=ago(7))
    assert now() == Reason.BY_HAND
    for message, expected in (
        (subscription(1, offers="OptOut"), Reason.OPTED_OUT),
        (listed(1), Reason.SUPPRESSION_LIST),
        (permanent(1), Reason.BOUNCED),
        (complaint(1), Reason.COMPLAINED),
    ):
        store(engine, message)
        assert now() == expected


@pytest.mark.parametrize(
    "email",
    [
        "jane",
        "@example.com",
        "jane@",
        "",
        " ",
        "jane doe@example.com",
        "jane@exa mple.com",
        "jane@example.com\0",
        "jane\udce4@example.com",
        f"{'j' * 320}@example.com",
        "jane@john@example.com",
    ],
)
def test_what_cannot_be_an_address_may_not_be_sent_to(
    engine: Engine, email: str
) -> None:
    found = Suppression(engine).check([email, JANE], now=NOW)
    assert found[email].reason is Reason.NOT_AN_ADDRESS
    assert not found[email].may_send
    assert found[JANE].may_send


def test_bad_syntax_is_a_warning_and_no_refusal(engine: Engine) -> None:
    for email in ("jane..doe@example.com", "jane@example", '"jane doe"@example.com'):
        assert Suppression(engine).check([email], now=NOW)[email].may_send
    found = Suppression(engine).check(["jane..doe@gmial.com"], now=NOW)
    kinds = [one.kind for one in found["jane..doe@gmial.com"].warnings]
    assert kinds == ["syntax", "misspelt-domain"]


def test_verdicts_are_by_the_address_as_given_however_it_is_written(
    engine: Engine,
) -> None:
    store(engine, permanent(1, "Jos\u00e9@B\u00fccher.example"), permanent(1))
    given = [
        JANE,
        "JANE@Example.COM",
        ' "Jane" <jane@example.com> ',
        JANE,
        "JOSE\u0301@xn--bcher-kva.EXAMPLE",
        "john@example.com",
    ]
    found = Suppression(engine).check(iter(given), now=NOW)
    assert list(found) == list(dict.fromkeys(given))
    assert [verdict.email for verdict in found.values()] == list(found)
    assert [verdict.may_send for verdict in found.values()] == [False] * 4 + [True]


@dataclass
class Asked:
    statements: list[str]


@pytest.fixture
def asked(engine: Engine) -> Iterator[Asked]:
    """What the database is asked."""
    found = Asked([])

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement not in ("BEGIN", "SELECT 1", str(BY_INDEX)):
            found.statements.append(statement)

    engine_event.listen(engine, "before_cursor_execute", note)
    yield found
    engine_event.remove(engine, "before_cursor_execute", note)


def test_a_thousand_addresses_are_one_query_and_more_are_chunks(
    engine: Engine, asked: Asked
) -> None:
    suppression = Suppression(engine)
    store(engine, *(permanent(1, f"user{n}@example.com") for n in (0, 999, 1000, 2000)))
    for number, queries in ((0, 0), (1, 1), (1000, 1), (1001, 2), (2001, 3)):
        emails = [f"user{n}@example.com" for n in range(number)]
        asked.statements.clear()
        found = suppression.check([*emails, *map(str.upper, emails)], now=NOW)
        assert len(asked.statements) == queries
        assert all(one.startswith("WITH asked") for one in asked.statements)
        refused = [email for email in emails if not found[email].may_send]
        expected = [n for n in (0, 999, 1000, 2000) if n < number]
        assert refused == [f"user{n}@example.com" for n in expected]
        assert len(found) == 2 * number


def test_now_is_the_clock_where_it_is_not_given_and_has_a_zone(engine: Engine) -> None:
    store(engine, permanent(1))
    assert not Suppression(engine).check([JANE])[JANE].may_send
    with pytest.raises(ValueError, match="now .* has no time zone"):
        Suppression(engine).check([JANE], now=datetime(2026, 1, 1))


@pytest.mark.parametrize("emails", [JANE, JANE.encode()])
def test_one_address_alone_is_told_from_a_list(engine: Engine, emails: Any) -> None:
    with pytest.raises(TypeError, match="expected a list of addresses"):
        Suppression(engine).check(emails)


def test_without_its_tables_the_database_is_told_of(database: str) -> None:
    engine = open_database(database)
    suppression = Suppression(engine)
    with pytest.raises((Away, BadDatabase)):
        suppression.check([JANE])
    with pytest.raises((Away, BadDatabase)):
        suppression.suppress(JANE, "ana", "why")
    engine.dispose()


# The rules once more, in plain Python, and whatever order events come in.

ENOUGH, WINDOW = 3, 10 * DAY
SMALL = st.integers(0, 3)


@dataclass(frozen=True)
class Told:
    """An event of `days` ago about the mail `mail`, or a decision by hand."""

    what: str
    days: int
    mail: int = 0

    def message(self, to: str) -> Message:
        id = f"{self.what}-{self.days}-{self.mail}"
        mail: Message = {"mail": f"{self.mail}"}
        feedback_id = mail | {"feedbackId": id}
        match self.what:
            case "complaint":
                return complaint(self.days, to, **feedback_id)
            case "not-spam":
                return complaint(
                    self.days, to, complaintFeedbackType="not-spam", **feedback_id
                )
            case "list complaint":
                return complaint(
                    self.days,
                    to,
                    complaintSubType="OnAccountSuppressionList",
                    **feedback_id,
                )
            case "permanent":
                return permanent(self.days, to, **feedback_id)
            case "list":
                return permanent(
                    self.days, to, bounceSubType="Suppressed", **feedback_id
                )
            case "transient":
                return transient(self.days, to, **feedback_id)
            case "reply":
                return transient(
                    self.days, to, None, bounceSubType="General", **feedback_id
                )
            case "delivery":
                return delivery(self.days, to, **mail)
            case "out" | "in":
                status = "OptOut" if self.what == "out" else "OptIn"
                topic: Message = {f"topic{self.mail % 2}": status}
                return subscription(self.days, to, mail=id, **topic)
            case other:
                return subscription(self.days, to, other == "all out", mail=id)


FEEDBACK = ["complaint", "not-spam", "list complaint", "permanent", "list", "reply"] + [
    "delivery",
    "out",
    "in",
    "all out",
    "none out",
]
events = st.one_of(
    st.builds(Told, st.sampled_from(FEEDBACK), st.integers(0, 12), SMALL),
    st.builds(Told, st.just("transient"), st.integers(0, 12), st.integers(0, 6)),
)


@dataclass(frozen=True)
class Ruling:
    action: str
    days: int
    lasts: int | None


rulings = st.builds(
    Ruling,
    st.sampled_from(["suppress", "lift"]),
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(1, 14)),
)


def is_told_once(told: Told) -> object:
    """SES tells of one delivery of a mail to an address."""
    return told.mail if told.what == "delivery" else told


def expected(
    told: set[Told], ruled: list[Ruling], topic: str | None
) -> tuple[str | None, datetime | None, datetime | None]:
    """The rules, with none of the code's ways: reason, since and until."""
    holding = [
        one
        for one in ruled
        if one.lasts is None or ago(one.days) + one.lasts * DAY > NOW
    ]
    newest = min((one.days for one in holding), default=None)
    last = {one.action for one in holding if one.days == newest}
    lifted = newest is not None and last == {"lift"}
    seen = [one for one in told if not lifted or one.days < (newest or 0)]

    def days(what: str) -> list[int]:
        return [one.days for one in seen if one.what == what]

    against: list[tuple[str, datetime, datetime | None]] = []
    forgiven = min(days("not-spam"), default=1000)
    if standing := [day for day in days("complaint") if day <= forgiven]:
        against.append(("complained", ago(max(standing)), None))
    if days("permanent"):
        against.append(("bounced", ago(max(days("permanent"))), None))
    if found := days("list") + days("list complaint"):
        against.append(("suppression-list", ago(max(found)), None))
    if (out := _outs(seen, topic)) is not None:
        against.append(("opted-out", ago(out), None))
    if "suppress" in last:
        lasting = [
            one for one in holding if one.days == newest and one.action == "suppress"
        ]
        [one] = lasting[:1]
        until = None if one.lasts is None else ago(one.days) + one.lasts * DAY
        against.append(("by-hand", ago(one.days), until))
    if (oldest := _too_many(seen, told)) is not None:
        against.append(
            ("too-many-transient-bounces", ago(oldest), ago(oldest) + WINDOW)
        )
    order = [str(reason) for reason in Reason]
    against.sort(key=lambda one: order.index(one[0]))
    for_good = [one for one in against if one[2] is None]
    if for_good:
        return for_good[0]
    if against:
        return max(against, key=lambda one: one[2] or NOW)
    return None, None, None


def _outs(seen: list[Told], topic: str | None) -> int | None:
    """Days ago; of all mail before that of a topic."""
    by_all = {"all out": True, "none out": False, "out": False, "in": False}
    histories: list[list[tuple[int, bool]]] = [
        [(-one.days, by_all[one.what]) for one in seen if one.what in by_all]
    ]
    topics = [f"topic{number}" for number in (0, 1)]
    named = [
        [
            (-one.days, one.what == "out")
            for one in seen
            if one.what in ("out", "in") and f"topic{one.mail % 2}" == name
        ]
        for name in topics
        if topic in (None, name)
    ]
    outs: list[list[int]] = [[], []]
    for place, history in [(0, histories[0]), *((1, one) for one in named)]:
        start = None
        for minus, is_out in sorted(history):
            if not is_out:
                start = None
            elif start is None:
                start = -minus
        if start is not None:
            outs[place].append(start)
    found = outs[0] or outs[1]
    return max(found) if found else None


def _too_many(seen: list[Told], told: set[Told]) -> int | None:
    real = ("permanent", "transient")
    arrived = [
        one.days
        for one in told
        if one.what == "delivery"
        and not any(
            other.what in real and other.mail == one.mail and other.days <= one.days
            for other in told
        )
    ]
    last_bounce: dict[int, int] = {}
    for one in seen:
        if one.what == "transient" and one.days < 10:
            last_bounce[one.mail] = min(one.days, last_bounce.get(one.mail, 99))
    row = sorted(
        day for day in last_bounce.values() if all(day <= came for came in arrived)
    )
    return row[ENOUGH - 1] if len(row) >= ENOUGH else None


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    told=st.lists(events, max_size=9, unique_by=is_told_once),
    ruled=st.lists(rulings, max_size=2, unique_by=lambda one: one.days),
    topic=st.sampled_from([None, "topic0", "topic1"]),
    shuffled=st.randoms(use_true_random=False),
)
def test_verdicts_follow_the_rules_in_whatever_order_and_however_often_told(
    engine: Engine,
    told: list[Told],
    ruled: list[Ruling],
    topic: str | None,
    shuffled: random.Random,
) -> None:
    suppression = Suppression(engine, ENOUGH, WINDOW)
    first, second = (f"{uuid4()}@example.com" for _ in range(2))
    store(engine, *(one.message(first) for one in told))
    again = [*told, *shuffled.choices(told, k=2)] if told else []
    shuffled.shuffle(again)
    for one in again:
        store(engine, one.message(second))
    for email, rulings in ((first, ruled), (second, ruled[::-1])):
        for ruling in rulings:
            decide = getattr(suppression, ruling.action)
            at = ago(ruling.days)
            until = None if ruling.lasts is None else at + ruling.lasts * DAY
            decide(email, "ana", "why", until, at)
    found = suppression.check([second, first], topic, NOW)
    reason, since, until = expected(set(told), ruled, topic)
    for verdict in found.values():
        assert (verdict.reason, verdict.since, verdict.until) == (reason, since, until)
    assert found[first].evidence == found[second].evidence
