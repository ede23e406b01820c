from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ses_feedback_collector.suppression.verdict import (
    Decision,
    Evidence,
    Found,
    OptOut,
    Reason,
    Verdict,
    can_be_address,
    judged,
    opt_outs,
)

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ROW = Found("jane@example.com", "", 1, None, AT, None, None, None, None, None)
REFUSED = Verdict("jane@example.com", Reason.BOUNCED, AT)


def test_every_reason_has_a_sentence_with_the_address() -> None:
    for reason in Reason:
        sentence = replace(REFUSED, reason=reason).sentence
        assert "jane@example.com" in sentence
        assert sentence.endswith(".")
    assert "can be sent" in Verdict("jane@example.com").sentence


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.NOT_AN_ADDRESS, "not an e-mail address"),
        (Reason.COMPLAINED, "reported as unwanted"),
        (Reason.BOUNCED, "no such mailbox"),
        (Reason.SUPPRESSION_LIST, "holds back"),
        (Reason.OPTED_OUT, "unsubscribed from all our mail"),
        (Reason.BY_HAND, "no mail to jane@example.com at present"),
    ],
)
def test_the_sentence_says_what_is_the_matter(reason: Reason, words: str) -> None:
    assert words in replace(REFUSED, reason=reason).sentence


def test_the_sentence_names_the_topic() -> None:
    found = replace(REFUSED, reason=Reason.OPTED_OUT, topic="offers")
    assert found.sentence == "jane@example.com has unsubscribed from offers."


@pytest.mark.parametrize(
    ("full", "words"),
    [(5, "seems to be full"), (3, "seems to be full"), (2, "could not be delivered")],
)
def test_a_mailbox_that_was_mostly_full_is_told_to_be_full(
    full: int, words: str
) -> None:
    found = replace(
        REFUSED,
        reason=Reason.TOO_MANY_TRANSIENT_BOUNCES,
        until=AT + 30 * DAY,
        evidence=Evidence(transient_bounces=5, full_mailbox=full),
    )
    assert words in found.sentence
    assert "We try again after 3 June 2026." in found.sentence


def test_a_misspelt_domain_is_asked_about_where_mail_came_back() -> None:
    for reason in (Reason.BOUNCED, Reason.SUPPRESSION_LIST):
        found = Verdict("jane@gmial.com", reason, AT)
        assert found.sentence.endswith("Did you mean jane@gmail.com?")
    assert "Did you" not in Verdict("jane@gmial.com", Reason.COMPLAINED, AT).sentence


def test_a_verdict_for_programs_holds_all_of_it() -> None:
    decision = Decision("suppress", "ana", "by phone", AT, AT + DAY)
    found = Verdict(
        "jane@gmial.com",
        Reason.OPTED_OUT,
        AT,
        None,
        "offers",
        Evidence(1, 2, 3, 4, 5, (OptOut(AT, "offers"),), decision),
    )
    assert found.as_json() == {
        "email": "jane@gmial.com",
        "maySend": False,
        "reason": "opted-out",
        "since": "2026-05-04T03:02:01+00:00",
        "until": None,
        "topic": "offers",
        "sentence": "jane@gmial.com has unsubscribed from offers.",
        "evidence": {
            "complaints": 1,
            "permanentBounces": 2,
            "suppressionList": 3,
            "transientBounces": 4,
            "fullMailbox": 5,
            "optOuts": [{"topic": "offers", "since": "2026-05-04T03:02:01+00:00"}],
            "byHand": {
                "action": "suppress",
                "who": "ana",
                "why": "by phone",
                "at": "2026-05-04T03:02:01+00:00",
                "until": "2026-05-05T03:02:01+00:00",
            },
        },
        "warnings": [
            {
                "kind": "misspelt-domain",
                "sentence": "Did you mean jane@gmail.com?",
                "suggestion": "jane@gmail.com",
            }
        ],
    }
    nothing = Verdict("jane@example.com").as_json()
    assert nothing["maySend"] is True
    assert nothing["since"] is nothing["evidence"]["byHand"] is None


def test_rows_that_forbid_nothing_are_evidence_all_the_same() -> None:
    rows = [ROW._replace(kind="transient", number=4, full=2, since=None)]
    found = judged("jane@example.com", rows, None, 30 * DAY)
    assert found.may_send
    assert found.evidence == Evidence(transient_bounces=4, full_mailbox=2)


def test_the_list_of_bounces_and_of_complaints_is_added_up() -> None:
    rows = [
        ROW._replace(kind="list", number=2),
        ROW._replace(kind="list", number=1, since=AT - DAY),
    ]
    found = judged("jane@example.com", rows, None, 30 * DAY)
    assert found.evidence.suppression_list == 3
    assert found.since == AT - DAY


def test_what_opts_out_decides_over_what_opts_in_within_one_event() -> None:
    row = ROW._replace(
        kind="subscription", number=0, opted_out='["a"]', opted_in='["a", "b"]'
    )
    assert opt_outs([row]) == (OptOut(AT, "a"),)


def test_the_opt_out_of_all_mail_comes_first() -> None:
    rows = [
        ROW._replace(number=0, opted_out='["b", "a"]', since=AT - DAY),
        ROW._replace(number=1, opted_out=None),
    ]
    found = opt_outs(rows)
    assert found[0] == OptOut(AT, None)
    assert {one.topic for one in found} == {None, "a", "b"}


@pytest.mark.parametrize(
    ("address", "can"),
    [
        ("jane@example.com", True),
        ('"jane doe"@example.com', True),
        ("jane..doe@example", True),
        ("jane@[192.0.2.7]", True),
        (f"{'j' * 308}@example.com", True),
        (f"{'j' * 309}@example.com", False),
        ("jane doe@example.com", False),
        ("jane@", False),
        ("jane", False),
        ('"jane\n"@example.com', False),
        ("jane@example.com\ud800", False),
    ],
)
def test_an_address_has_an_at_with_something_on_either_side(
    address: str, can: bool
) -> None:
    assert can_be_address(address) is can


def test_a_subscription_that_does_not_speak_of_all_mail_states_nothing_of_it() -> None:
    out = ROW._replace(number=1, since=AT - DAY)
    silent = ROW._replace(number=None, opted_out='["a"]')
    assert opt_outs([out, silent]) == (OptOut(AT - DAY, None), OptOut(AT, "a"))
    assert opt_outs([silent._replace(opted_out="[]")]) == ()


def test_a_window_ends_with_time_itself() -> None:
    late = datetime(9999, 12, 30, tzinfo=UTC)
    rows = [ROW._replace(kind="transient", number=5, full=5, since=late)]
    found = judged("jane@example.com", rows, None, 30 * DAY)
    assert found.until == datetime.max.replace(tzinfo=UTC)
    assert found.sentence.endswith("We try again after 31 December 9999.")
