import io

import pytest
from rich.console import Console

from sandbox.collected import Answer
from sandbox.report import Place, Row
from sandbox.table import PIPE_WIDTH, print_answers, print_table
from ses_feedback_collector import Reason, Verdict

BOUNCE = "bounce@simulator.amazonses.com"
SENDER = "no-reply@shop.example.com"
PLACES = (Place("queue", "desk"), Place("subscription", "https https://x.example/[a]"))
ROWS = [
    Row(SENDER, BOUNCE, None, "send", None, None, ()),
    Row(SENDER, BOUNCE, None, "complaint", None, None, ()),
    Row(SENDER, BOUNCE, None, "bounce", "identity", "qa", PLACES, "shop.example.com"),
    Row(SENDER, BOUNCE, None, "bounce", "identity", "qa", PLACES, "example.com"),
    Row(SENDER, BOUNCE, None, "bounce", "set", "oncall", (), "basic"),
    Row(SENDER, BOUNCE, "trial", "bounce", "set", "legacy", (), "trial"),
    Row(
        SENDER,
        BOUNCE,
        "trial",
        "bounce",
        "forwarding",
        None,
        (Place("e-mail", SENDER),),
        "shop.example.com",
    ),
]


def printed(width: int, terminal: bool) -> list[str]:
    output = io.StringIO()
    console = Console(
        file=output, width=width, force_terminal=terminal, color_system=None
    )
    print_table(ROWS, console, frozenset({"legacy"}))
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_in_a_pipe_each_line_is_complete() -> None:
    header, *lines, summary = printed(PIPE_WIDTH, terminal=False)
    assert header.split("  ")[0] == "sender"
    assert header.split() == (
        [
            "sender",
            "recipient",
            "configuration",
            "set",
            "event",
            "how",
            "it",
            "went",
            "channel",
            "places",
        ]
    )
    assert len(lines) == len(ROWS) - 1
    assert all(line.startswith(SENDER) and " bounce " in line for line in lines)
    assert lines[1].endswith("queue desk, https://x.example/[a]")
    assert "simulator.amazonses.com" in summary


def test_events_that_nobody_asked_for_are_counted_and_lost_feedback_is_shown() -> None:
    _, lost, *_, summary = printed(PIPE_WIDTH, terminal=False)
    assert lost.split()[3:] == ["complaint", "nobody", "is", "told", "-", "-"]
    assert "events that nobody asked for: 1 send." in summary


@pytest.mark.parametrize("width", [100, 200])
def test_a_terminal_is_not_too_narrow(width: int) -> None:
    lines = printed(width, terminal=True)
    assert all(len(line) <= width for line in lines)
    text = "".join("".join(line.split()) for line in lines)
    assert text.count("".join(SENDER.split())) or width == 100
    assert "[a]" in text, "what looks like markup is shown"


def test_the_event_log_is_shown_by_its_keys() -> None:
    key = "events/day=2026-05-04/log-1.json.gz"
    places = (Place("object", key),)
    rows = [
        Row(SENDER, BOUNCE, "one", "send", "set", None, places, "one", is_kept=True),
        Row(SENDER, BOUNCE, "one", "bounce", "set", None, (), "one", is_kept=True),
        Row(SENDER, BOUNCE, "one", "bounce", "set", "qa", (), "one"),
    ]
    output = io.StringIO()
    print_table(rows, Console(file=output, width=PIPE_WIDTH))
    _, kept, lost, unheard, summary = output.getvalue().splitlines()
    assert kept.split()[3:] == ["send", "set", "one", "-", "object", key]
    assert lost.rstrip().endswith(
        "-       not written: see the log of the event log's stream"
    )
    assert unheard.rstrip().endswith("nobody listens")
    assert "1 times a channel was told to which nobody listens" in summary


def test_what_decided_is_shown() -> None:
    text = "\n".join(printed(PIPE_WIDTH, terminal=False))
    for how in (
        "nobody is told",
        "identity  ",
        "identity example.com",
        "default set basic",
        "set trial",
        "feedback e-mail",
    ):
        assert how in text


def test_a_channel_without_listeners_is_pointed_out() -> None:
    lines = printed(PIPE_WIDTH, terminal=False)
    assert "nobody listens" in lines[4]
    assert "nobody listens" not in lines[5]
    assert "whoever its owner subscribed" in lines[5]


def test_the_collector_s_answers() -> None:
    output = io.StringIO()
    answers = [
        Answer(Verdict(BOUNCE, Reason.BOUNCED), {"email_bounces": 2, "email_sends": 1}),
        Answer(Verdict("success@simulator.amazonses.com"), {}),
    ]
    print_answers(answers, Console(file=output, width=PIPE_WIDTH))
    lines = [" ".join(line.split()) for line in output.getvalue().splitlines()]
    assert lines[-2:] == [
        "bounce 2 email_bounces, 1 email_sends no bounced",
        "success - yes -",
    ]
