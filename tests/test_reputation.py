"""The rates by which AWS judges an account, and the alarms on them."""

from itertools import product

from components.alarm import AT_LEAST
from components.alarms import alarms
from components.metrics import of_set
from components.reputation import BOUNCES, COMPLAINTS
from tests.test_alarms import a_set, a_stack, everything, named


def test_the_lines_of_aws() -> None:
    assert (BOUNCES.review, BOUNCES.pause) == (0.05, 0.10)
    assert (COMPLAINTS.review, COMPLAINTS.pause) == (0.001, 0.005)


def test_a_warning_stays_on_while_critical_is_on() -> None:
    """Each is an alarm of its own on the same metric, without an upper end."""
    found = named(everything())
    for kind, of in product(
        ("bounce-rate", "complaint-rate"), ("_campaigns", "-of-account")
    ):
        warning = found[f"{kind}-warning{of}"]
        critical = found[f"{kind}-critical{of}"]
        assert warning.metrics == critical.metrics
        assert warning.comparison == critical.comparison == AT_LEAST
        assert warning.threshold < critical.threshold


def test_the_rates_are_the_stated_ones() -> None:
    rates = {"warning": 0.01, "critical": 0.02}
    found = named(a_stack(sets={"a": a_set()}, bounce_rate=rates))
    assert found["bounce-rate-warning_a"].threshold == 0.01
    assert found["bounce-rate-critical_a"].threshold == 0.02
    assert found["complaint-rate-critical_a"].threshold == 0.001
    assert found["bounce-rate-warning_a"].metrics[0].name == "Reputation.BounceRate"
    assert found["complaint-rate-warning_a"].metrics[0].subject == of_set("a")
    assert "at least 2 % of the mails" in found["bounce-rate-critical_a"].description


def test_the_guard_is_called_by_the_critical_alarms_of_guarded_sets_alone() -> None:
    guarding = {alarm.name: alarm.guards for alarm in alarms(everything())}
    assert {name: guards for name, guards in guarding.items() if guards} == {
        "bounce-rate-critical_campaigns": "campaigns",
        "complaint-rate-critical_campaigns": "campaigns",
    }


def test_a_guarded_set_is_told_of_how_to_resume() -> None:
    for alarm in alarms(everything()):
        assert ("how to resume" in alarm.description) == bool(alarm.guards)
