import os
import signal

import pytest

from ses_feedback_collector.replay.interruption import Interrupted, Interruption


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_breaks_off_what_is_under_way(number: int, code: int) -> None:
    done = []
    with Interruption(), pytest.raises(Interrupted) as raised:
        send(number)
        done.append("more")
    assert raised.value.exit_code == code
    assert done == []


def test_a_signal_waits_for_the_end_of_what_is_held() -> None:
    done = []
    with Interruption() as interruption, pytest.raises(Interrupted):
        with interruption.held():
            send(signal.SIGINT)
            done.append("the whole")
        done.append("more")
    assert done == ["the whole"]


def test_a_second_signal_does_not_wait() -> None:
    done = []
    with Interruption() as interruption:
        with pytest.raises(Interrupted), interruption.held():
            send(signal.SIGINT)
            done.append("half")
            send(signal.SIGINT)
            done.append("whole")
        with interruption.held():
            done.append("the last")
    assert done == ["half", "the last"]


def test_what_is_held_may_fail_by_itself() -> None:
    with Interruption() as interruption:
        with pytest.raises(ValueError, match="mine"), interruption.held():
            send(signal.SIGINT)
            raise ValueError("mine")
        with interruption.held():
            pass


def test_afterwards_signals_do_what_they_did() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
