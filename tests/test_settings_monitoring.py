"""Monitoring; what is refused of it is in test_refusals.py."""

from pathlib import Path

import pytest

from components.settings import Refused, Settings, StackFile
from components.settings.monitoring import LONGEST_NAME
from tests.snippets import checked, refusals, stack_text, write

PAGER = "subscriptions: {pager: {protocol: email, endpoint: oncall@example.com}}"
ALARMS = (
    f"channels: {{app: {{}}, oncall: {{{PAGER}}}}}\nmonitoring: {{alarms: oncall%s}}"
)
SETS = "\nconfigurationSets: {s: {}, t: {}}"
SHOP = "\nidentities: {shop: {sender: shop.example.com, feedback: app%s}}"


def test_the_defaults_of_monitoring(tmp_path: Path) -> None:
    part = checked(tmp_path, ALARMS % "").monitoring
    assert part is not None
    assert (part.bounce_rate.warning, part.bounce_rate.critical) == (0.025, 0.05)
    rates = (part.complaint_rate.warning, part.complaint_rate.critical)
    assert rates == (0.0005, 0.001)
    assert part.oldest_message_minutes == 15
    assert part.sends_per_hour == {}
    assert part.account is None


def test_the_defaults_of_the_account(tmp_path: Path) -> None:
    part = checked(tmp_path, ALARMS % ", account: {}").monitoring
    assert part is not None and part.account is not None
    assert part.account.daily_quota is None
    assert part.account.other_configuration_sets == []


@pytest.mark.parametrize(
    "more",
    [
        ", bounceRate: {warning: 1.0e-9, critical: 0.0999}",
        ", bounceRate: {critical: 0.026}, complaintRate: {critical: 0.00499}",
        ", bounceRate: {}, complaintRate: {}",
        ", oldestMessageMinutes: 1",
        ", oldestMessageMinutes: 1440",
        ", sendsPerHour: {}",
        f", account: {{otherConfigurationSets: [a, A, {'x' * 64}, _-1]}}",
        ", account: {dailyQuota: 1}",
    ],
)
def test_bounds_that_are_allowed(tmp_path: Path, more: str) -> None:
    assert refusals(tmp_path, ALARMS % more) == []


def test_sends_are_counted_where_the_metrics_hold_them(tmp_path: Path) -> None:
    snippet = ALARMS % ", sendsPerHour: {s: 1, t: 2}" + SETS
    part = checked(tmp_path, snippet).monitoring
    assert part is not None
    assert part.sends_per_hour == {"s": 1, "t": 2}


def test_the_channel_for_alarms_needs_no_identity(tmp_path: Path) -> None:
    snippet = ALARMS % "" + "\nconfigurationSets: {s: {}}"
    assert refusals(tmp_path, snippet, "identities") == []


def test_a_queue_does_not_hear_alarms_unless_it_says_so(tmp_path: Path) -> None:
    settings = checked(
        tmp_path, ALARMS % "" + "\nqueues: {all: {}, some: {channels: [app, oncall]}}"
    )
    assert settings.heard_by(settings.queues["all"]) == ("app",)
    assert settings.heard_by(settings.queues["some"]) == ("app", "oncall")


def test_feedback_on_the_channel_for_alarms_is_mailed_where_no_queue_names_it(
    tmp_path: Path,
) -> None:
    """A queue that names no channel does not hear that one, so nobody reads it."""
    shop = "\nidentities: {shop: {sender: shop.example.com, feedback: oncall}}"
    settings = checked(tmp_path, ALARMS % "" + shop)
    assert settings.loop.forwarding(settings.identities["shop"])
    named = checked(
        tmp_path, ALARMS % "" + shop + "\nqueues: {q: {channels: [oncall]}}"
    )
    assert not named.loop.forwarding(named.identities["shop"])


def test_a_guarded_set_beside_monitoring(tmp_path: Path) -> None:
    guarded = "\nconfigurationSets: {s: {pauseOnCriticalAlarm: true}}"
    assert refusals(tmp_path, ALARMS % "" + guarded) == []


def test_the_name_of_the_dashboard_is_measured_with_project_and_stack(
    tmp_path: Path,
) -> None:
    """CloudWatch takes 255 characters in a name; the longest of an alarm is 75 and the
    prefix, the dashboard's 10. `ses-feedback-` and `-` are 14 of them."""
    text = stack_text(ALARMS % "")
    longest = "s" * (LONGEST_NAME - len("ses-feedback--monitoring"))
    assert Settings.check(
        StackFile.read(write(tmp_path, text, f"Pulumi.{longest}.yaml"))
    )
    for stack, length in ((f"{longest}s", 191), ("my.stack", 32)):
        path = write(tmp_path, text, f"Pulumi.{stack}.yaml")
        with pytest.raises(Refused) as refused:
            Settings.check(StackFile.read(path))
        assert str(refused.value) == (
            "ses-feedback:monitoring: found the name"
            f' "ses-feedback-{stack}-monitoring" of {length} characters of the dashboard,'
            f" expected at most {LONGEST_NAME} letters, digits, '_' and '-' with project"
            " and stack"
        )


# Warnings


def warnings(folder: Path, snippet: str) -> list[str]:
    return list(checked(folder, snippet).warnings)


ACCOUNT = ", account: {%s}"
DEFAULT = SHOP % ", configurationSet: s"


def test_what_is_watched_in_whole_causes_no_warning(tmp_path: Path) -> None:
    assert warnings(tmp_path, ALARMS % ACCOUNT % "" + SETS + DEFAULT) == []


def test_more_sets_than_an_alarm_can_take(tmp_path: Path) -> None:
    others = ", ".join(f"other{number}" for number in range(8))
    stated = ACCOUNT % f"otherConfigurationSets: [{others}]"
    assert warnings(tmp_path, ALARMS % stated + SETS + DEFAULT) == [
        "ses-feedback:monitoring.account: mail outside every set cannot be watched, for 10 sets are more than the 9 that an alarm can take"
    ]
    fewer = stated.replace("other0, ", "")
    assert warnings(tmp_path, ALARMS % fewer + SETS + DEFAULT) == []


def test_a_set_that_does_not_count_its_sends(tmp_path: Path) -> None:
    sets = "\nconfigurationSets: {s: {}, t: {metrics: [bounce]}}"
    assert warnings(tmp_path, ALARMS % ACCOUNT % "" + sets + DEFAULT) == [
        "ses-feedback:monitoring.account: mail outside every set cannot be watched, for the metrics of t lack send"
    ]


def test_no_set_at_all(tmp_path: Path) -> None:
    """And an identity is not promised an alarm that is not there."""
    assert warnings(tmp_path, ALARMS % ACCOUNT % "" + SHOP % "") == [
        "ses-feedback:monitoring.account: mail outside every set cannot be watched, for no set is known: this stack has none, and otherConfigurationSets names none",
        "ses-feedback:identities.shop: no default configurationSet; its mails that name none are outside every set, and no alarm tells of them",
    ]
    others = ACCOUNT % "otherConfigurationSets: [legacy]"
    assert warnings(tmp_path, ALARMS % others + SHOP % "") == [
        "ses-feedback:identities.shop: no default configurationSet; its mails that name none are outside every set, of which an alarm of monitoring.account tells"
    ]


NOBODY = "ses-feedback:monitoring.alarms: nobody hears of an alarm: channel oncall has no subscription, no topic of somebody else, and no queue that lists it"
HEARD = "channels: {app: {}, oncall: {%s}}\nmonitoring: {alarms: oncall}"


@pytest.mark.parametrize(
    ("channel", "listening", "expected"),
    [
        ("", "", [NOBODY]),
        ("encrypted: true, subscriptions: {}", "", [NOBODY]),
        ("", "\nqueues: {q: {}}", [NOBODY]),
        ("", "\nqueues: {q: {channels: [app]}}", [NOBODY]),
        ("", "\nqueues: {q: {channels: [oncall]}}", []),
        ("topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'", "", []),
        (PAGER, "", []),
    ],
)
def test_alarms_that_nobody_hears(
    tmp_path: Path, channel: str, listening: str, expected: list[str]
) -> None:
    assert warnings(tmp_path, HEARD % channel + listening) == expected


def test_an_identity_without_a_default_set(tmp_path: Path) -> None:
    assert warnings(tmp_path, ALARMS % ACCOUNT % "" + SETS + SHOP % "") == [
        "ses-feedback:identities.shop: no default configurationSet; its mails that name none are outside every set, of which an alarm of monitoring.account tells"
    ]


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(SHOP % ", configurationSet: none", id="that states none"),
        pytest.param(
            SHOP.replace("shop.ex", "ex") % ", existing: true", id="of others"
        ),
    ],
)
def test_an_identity_that_needs_no_default_set(tmp_path: Path, identity: str) -> None:
    assert warnings(tmp_path, ALARMS % ACCOUNT % "" + SETS + identity) == []


def test_without_the_account_nothing_is_said_of_mail_outside_the_sets(
    tmp_path: Path,
) -> None:
    sets = "\nconfigurationSets: {t: {metrics: []}}"
    assert warnings(tmp_path, ALARMS % "" + sets + SHOP % "") == []
