"""Settings as a whole; what they refuse is in test_refusals.py."""

from pathlib import Path

import pulumi
import pytest
from pydantic import ValidationError

from components.settings import Settings, StackFile
from components.settings.channels import Protocol
from sandbox.program import run
from tests.engine import ACCOUNT, Engine
from tests.snippets import PASSWORD, as_pulumi_hands_it, checked, write
from tests.stacks import EVERYTHING, FILES, FOUR_LINES


def test_the_simplest_stack_is_sound(tmp_path: Path) -> None:
    path = write(tmp_path, f"config:{FOUR_LINES}")
    settings = Settings.check(StackFile.read(path), ACCOUNT)
    assert (settings.project, settings.stack) == ("ses-feedback", "dev")
    assert settings.region == "eu-west-1"
    assert (settings.warnings, settings.left_out) == ((), ())
    table = settings.routing.table()
    assert table["shop"]["bounce"] == ["app (identity shop)"]
    assert table["shop"]["delivery"] == []


def test_a_stack_with_every_key_is_sound(tmp_path: Path) -> None:
    settings = Settings.check(StackFile.read(write(tmp_path, EVERYTHING)), ACCOUNT)
    assert settings.warnings == ()
    assert settings.left_out == (
        "whether the values of secretEndpoints (crm) fit their protocols",
    )
    assert settings.tags == {"service": "mail", "environment": "prod"}
    subscriptions = settings.channels["customer-service"].subscriptions
    assert subscriptions["desk"].filter == {"bounce": {"bounceType": ["Permanent"]}}
    assert subscriptions["crm"].secret_endpoint == "crm"
    pager = settings.channels["oncall"].subscriptions["pager"]
    assert (pager.protocol, pager.endpoint) == (Protocol.SMS, "+15555550123")
    assert settings.channels["legacy"].topic is not None
    assert settings.identities["shop"].default_set == "transactional"
    assert settings.identities["newsletter"].default_set is None
    assert settings.configuration_sets["campaigns"].notify == {
        "marketing": ["open", "click"]
    }
    assert settings.queues["feedback"].channels == ["customer-service", "marketing"]


@pytest.mark.parametrize("stack", FILES)
def test_the_stack_files_of_the_tree_cause_no_warning(stack: str) -> None:
    settings = Settings.check(StackFile.read(FILES[stack]), ACCOUNT)
    assert settings.warnings == () or stack == "full"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = checked(tmp_path, "")
    with pytest.raises(ValidationError):
        settings.protect = False
    with pytest.raises(ValidationError):
        settings.queues["app"].raw = True


def test_a_secret_is_not_in_what_settings_look_like(tmp_path: Path) -> None:
    snippet = f"secretEndpoints: {{crm: 'https://crm:{PASSWORD}@crm.example.com/'}}"
    settings = checked(tmp_path, snippet)
    assert PASSWORD not in f"{settings!r} {settings} {settings.warnings}"
    secret = settings.secret_endpoints["crm"].get_secret_value()
    assert secret == f"https://crm:{PASSWORD}@crm.example.com/"


def test_rules_that_need_an_account_are_named_where_there_is_none(
    tmp_path: Path,
) -> None:
    snippet = "channels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:a'}, b: {topic: 'arn:aws:sns:eu-west-1:123456789012:b'}}"
    assert checked(tmp_path, snippet).left_out == (
        "whether the topic of app, b is of the stack's account",
    )
    assert checked(tmp_path, snippet, account=ACCOUNT).left_out == ()


def test_the_program_logs_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", logged.append)
    snippet = f"configurationSets: {{s: {{metrics: [click]}}}}\nsecretEndpoints: {{crm: 'https://crm:{PASSWORD}@crm.example.com/'}}"
    run(as_pulumi_hands_it(tmp_path, snippet), Engine())
    assert logged == [
        "ses-feedback:secretEndpoints: stored in clear; store it by `pulumi config set --secret --path 'ses-feedback:secretEndpoints.NAME'`",
        "ses-feedback:configurationSets.s: click without trackingDomain; links in the mails will lead to a domain of AWS",
    ]


def test_the_program_logs_nothing_of_a_sound_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", logged.append)
    snippet = "secretEndpoints: {crm: {secure: AAAA}}"
    run(as_pulumi_hands_it(tmp_path, snippet), Engine())
    assert logged == []
