"""Settings as a whole; what they refuse is in test_refusals.py."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import ValidationError

from components.settings import Refused, Settings, StackFile
from components.settings.channels import Protocol
from sandbox.program import run
from tests.engine import ACCOUNT, Engine
from tests.snippets import PASSWORD, as_pulumi_hands_it, checked, write
from tests.stacks import FILES, FOUR_LINES

EVERYTHING = """
config:
  aws:region: eu-west-1
  ses-feedback:tags: {service: mail, environment: prod}
  ses-feedback:protect: true
  ses-feedback:permissionsBoundary: arn:aws:iam::123456789012:policy/limit

  ses-feedback:channels:
    customer-service:
      encrypted: true
      subscriptions:
        desk: {protocol: https, endpoint: "https://desk.example.com/ses", filter: {bounce: {bounceType: [Permanent]}}}
        crm:  {protocol: https, secretEndpoint: crm}
    marketing:
      subscriptions:
        hook: {protocol: https, endpoint: "https://marketing.example.com/ses"}
    managers:
      subscriptions:
        team: {protocol: email, endpoint: managers@example.com}
    oncall:
      subscriptions:
        pager: {protocol: sms, endpoint: "+15555550123"}
    legacy: {topic: "arn:aws:sns:eu-west-1:123456789012:legacy"}
  ses-feedback:secretEndpoints:
    crm: {secure: AAABAHNvbWUgY2lwaGVydGV4dA==}

  ses-feedback:identities:
    shop:
      sender: shop.example.com
      bounce: customer-service
      complaint: customer-service
      delivery: none
      originalHeaders: [bounce]
      configurationSet: transactional
      mailFrom: bounce.shop.example.com
      hostedZone: Z0123456789ABCDEFGHIJ
      forwarding: false
    newsletter:
      sender: news@shop.example.com
      feedback: marketing
      configurationSet: none
      existing: true

  ses-feedback:configurationSets:
    transactional: {}
    campaigns:
      notify: {marketing: [open, click]}
      metrics: [send, delivery, bounce, complaint]
      dimensions: {campaign: unnamed}
      suppress: [bounce, complaint]
      requireTls: true
      trackingDomain: track.shop.example.com

  ses-feedback:queues:
    feedback:
      channels: [customer-service, marketing]
      raw: false
      visibilitySeconds: 60
      retentionDays: 7
      deadLetters: {afterReceives: 5, retentionDays: 14}
      consumer: {credentials: stackOutput, keys: [main]}
"""
"""Every key with an example of its value."""


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


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "none",
            "app",
            "shop",
            "*",
            "a" * 300,
            "été",
            "\x00",
            "https://u:pw@x.example.com",
            "true",
            "+1",
            {"secure": "AAAA"},
            {"secure": 5},
            {},
            [],
            [None],
            [[]],
            {"": None},
            {"none": {}},
        ]
    ),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers() | st.none(), max_size=3),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything within a value."""
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = dict(enumerate(value)).items()
    else:
        return [at]
    return [at, *(path for key, inner in inside for path in places(inner, (*at, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A sound configuration in which a few places were changed at random."""
    source = draw(st.sampled_from([EVERYTHING, *map(Path.read_text, FILES.values())]))
    file: dict[str, Any] = yaml.safe_load(source)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(file["config"])[1:]))
        parent = file["config"]
        for step in path[:-1]:
            parent = parent[step]
        key = path[-1]
        match draw(st.sampled_from(["replace", "drop", "rename", "copy"])):
            case "replace":
                parent[key] = deepcopy(draw(ODD))
            case "drop":
                del parent[key]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=12))] = parent.pop(key)
            case "copy" if isinstance(parent, list):
                parent.append(parent[key])
            case _ if isinstance(parent, dict):
                parent[draw(st.text(max_size=12))] = parent[key]
    return file


@budget(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(mutated())
def test_whatever_is_written_is_either_sound_or_refused(
    tmp_path: Path, file: dict[str, Any]
) -> None:
    """Nothing else is raised, and each refusal is one line with a place and a reason."""
    path = write(tmp_path, json.dumps(file, ensure_ascii=False))
    (tmp_path / "tests").mkdir(exist_ok=True)
    (tmp_path / "tests/identities.yaml").write_text(
        FILES["full"].with_name("identities.yaml").read_text()
    )
    try:
        Settings.check(StackFile.read(path), ACCOUNT)
    except Refused as refused:
        assert refused.lines
        for line in refused.lines:
            assert ": found " in line
            assert ", expected " in line
            assert line.isprintable()
            assert "u:pw" not in line
