"""The program as a whole, over the stack files and the simplest stack."""

import difflib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import pulumi
import pytest

from components.credentials import Credentials
from components.events import Event
from components.settings import Configuration, StackFile
from components.settings.channels import Protocol
from components.settings.configuration_sets import Reason
from components.settings.shapes import Entries, Model
from components.settings.yaml_text import load
from sandbox.program import run
from tests.engine import UNKNOWN, Engine, declare, texts
from tests.stacks import (
    FILES,
    PROJECT,
    ROOT,
    SECRET_ENDPOINT,
    STACKS,
    configurations,
    declared,
    program,
    stack_of,
)

URNS = Path(__file__).with_name("urns")
SHIPPED = ("dev", "prod")

each_stack = pytest.mark.parametrize("stack", STACKS)


@each_stack
def test_a_stack_declares_the_reviewed_resources(stack: str) -> None:
    reviewed = URNS / f"{stack}.txt"
    found = declared(stack).urns
    if os.environ.get("REWRITE_URNS") == "1":
        reviewed.write_text("".join(f"{urn}\n" for urn in found))
    expected = reviewed.read_text().splitlines() if reviewed.exists() else []
    difference = "\n".join(
        difflib.unified_diff(expected, found, "reviewed", "declared", n=0, lineterm="")
    )
    assert not difference, (
        f"stack {stack} declares other resources than tests/urns/{stack}.txt.\n"
        "A URN that is gone is deleted by the next `pulumi up`, a new one created. If\n"
        "that is meant, write the lists anew and review their diff:\n"
        "  REWRITE_URNS=1 .venv/bin/python -m pytest tests/test_program.py\n"
        f"{difference}"
    )


def test_each_reviewed_list_is_of_a_stack() -> None:
    assert {path.name for path in URNS.iterdir()} == {f"{name}.txt" for name in STACKS}


@each_stack
def test_a_first_preview_declares_what_the_update_does(stack: str) -> None:
    preview = declared(stack, preview=True)
    assert preview.urns == declared(stack).urns
    assert "queueUrls" not in preview.exports, "the outputs of a preview are unknown"


@each_stack
def test_a_preview_knows_what_the_update_declares(stack: str) -> None:
    """But for what is made of an output: nothing branches on one."""
    update, preview = declared(stack), declared(stack, preview=True)
    for foreseen in preview.all():
        made = update.by_urn[foreseen.urn]
        known = {
            key: made.inputs[key] if value == UNKNOWN else value
            for key, value in foreseen.inputs.items()
        }
        if not any(value == UNKNOWN for value in texts(known)):
            assert replace(foreseen, inputs=known) == made


SHAPES: Mapping[str, Any] = {
    "region": str,
    "queueUrls": {str: str},
    "deadLetterQueueUrls": {str: str},
    "subscriptionDeadLetterQueueUrls": {str: {str: str}},
    "topicArns": {str: str},
    "configurationSetNames": {str: str},
    "consumerAccessKeyIds": {str: {str: str}},
    "consumerSecretAccessKeys": {str: {str: str}},
    "consumerEncryptedSecrets": {str: {str: str}},
    "consumerSecretArns": {str: {str: str}},
    "consumerRoleArns": {str: str},
    "dnsRecords": {str: [{"name": str, "type": str, "value": str}]},
    "routes": {str: {event.value: [str] for event in Event}},
    "eventLogBucket": str,
    "athenaWorkgroup": str,
    "dashboardUrl": str,
}
"""Of each stack output: a map of any names, one of these keys, or a list."""

MAY_BE_EMPTY = "routes"


def misfits(value: Any, shape: Any, at: str, may_be_empty: bool) -> Iterator[str]:
    """Where a value is not of its shape."""
    if shape is str:
        if not isinstance(value, str) or not value:
            yield f"{at}: {value!r}"
    elif isinstance(shape, list):
        if not isinstance(value, list) or not (value or may_be_empty):
            yield f"{at}: {value!r}"
        else:
            for item in value:
                yield from misfits(item, shape[0], at, may_be_empty)
    elif not isinstance(value, dict) or not (value or may_be_empty):
        yield f"{at}: {value!r}"
    elif str in shape:
        for key, inner in value.items():
            yield from misfits(inner, shape[str], f"{at}.{key}", may_be_empty)
    elif list(value) != list(shape):
        yield f"{at}: {list(value)}"
    else:
        for key, inner in value.items():
            yield from misfits(inner, shape[key], f"{at}.{key}", may_be_empty)


@each_stack
def test_the_stack_outputs_have_their_shapes(stack: str) -> None:
    exports = declared(stack).exports
    assert set(exports) <= set(SHAPES)
    wrong = [
        line
        for name, value in exports.items()
        for line in misfits(value, SHAPES[name], name, name == MAY_BE_EMPTY)
    ]
    assert not wrong


ALWAYS = {
    *("region", "queueUrls", "deadLetterQueueUrls", "topicArns", "routes"),
    *("consumerAccessKeyIds", "consumerSecretAccessKeys"),
}


@pytest.mark.parametrize(
    ("stack", "more"),
    [
        ("simplest", {"dnsRecords"}),
        ("dev", {"configurationSetNames", "consumerSecretArns", "dashboardUrl"}),
        (
            "prod",
            {
                *("configurationSetNames", "consumerRoleArns", "dnsRecords"),
                *("subscriptionDeadLetterQueueUrls", "eventLogBucket"),
                *("athenaWorkgroup", "dashboardUrl"),
            },
        ),
        (
            "full",
            {
                *("configurationSetNames", "consumerRoleArns", "dnsRecords"),
                *("subscriptionDeadLetterQueueUrls", "consumerEncryptedSecrets"),
                *("eventLogBucket", "dashboardUrl"),
            },
        ),
    ],
)
def test_an_output_that_would_be_empty_is_absent(stack: str, more: set[str]) -> None:
    assert set(declared(stack).exports) == ALWAYS | more


def test_each_output_is_one_of_some_stack() -> None:
    assert {name for stack in STACKS for name in declared(stack).exports} == set(SHAPES)


def test_the_simplest_stack_has_exactly_these_outputs() -> None:
    queues = "https://sqs.eu-west-1.amazonaws.com/123456789012"
    heard = ["app (identity shop)"]
    assert declared("simplest").exports == {
        "region": "eu-west-1",
        "queueUrls": {"app": f"{queues}/app-queue"},
        "deadLetterQueueUrls": {"app": f"{queues}/app-dead-letters"},
        "topicArns": {"app": "arn:aws:sns:eu-west-1:123456789012:app-topic"},
        "consumerAccessKeyIds": {"app": {"main": "AKIA-app-consumer-key_main"}},
        "consumerSecretAccessKeys": {
            "app": {"main": "secret-of-app-consumer-key_main"}
        },
        "dnsRecords": {
            "shop": [
                {
                    "name": f"token{number}._domainkey.shop.example.com",
                    "type": "CNAME",
                    "value": f"token{number}.dkim.amazonses.com",
                }
                for number in (1, 2, 3)
            ]
        },
        "routes": {
            "shop": {
                event.value: heard if event in ("bounce", "complaint") else []
                for event in Event
            }
        },
    }


@each_stack
def test_the_secret_outputs_are_marked_secret(stack: str) -> None:
    assert declared(stack).secret_exports == {"consumerSecretAccessKeys"}


@each_stack
def test_no_secret_is_in_a_plain_input_or_output(stack: str) -> None:
    engine = declared(stack)
    plain: list[tuple[str, Any]] = [
        *(
            (f"output {name}", value)
            for name, value in engine.exports.items()
            if name not in engine.secret_exports
        ),
        *(
            (f"{each.name} {key}", value)
            for each in engine.all()
            for key, value in each.inputs.items()
            if key not in each.secret_inputs
        ),
        *(
            (f"{urn} {key}", value)
            for urn, outputs in engine.component_outputs.items()
            for key, value in outputs.items()
            if key not in engine.secret_outputs[urn]
        ),
    ]
    told = [
        where
        for where, value in plain
        for text in texts(value)
        if SECRET_ENDPOINT in text or "secret-of-" in text
    ]
    assert not told


def test_the_secrets_are_where_they_belong() -> None:
    """The test above can find them: the same texts are in the secret places."""
    secret = {
        (each.name, key)
        for stack in STACKS
        for each in declared(stack).all()
        for key in each.secret_inputs
        for text in texts(each.inputs[key])
        if SECRET_ENDPOINT in text or "secret-of-" in text
    }
    assert secret == {
        ("everybody-subscription_crm", "endpoint"),
        ("qa-consumer-secret-version_main", "secretString"),
    }


@pytest.mark.parametrize("stack", ["simplest", *SHIPPED])
def test_a_shipped_stack_causes_no_warning(
    stack: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        declare(program(stack))
    assert caplog.messages == []


def test_a_warning_of_the_settings_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    text = """
        channels: {app: {}}
        configurationSets: {letters: {notify: {app: [click]}}}
    """
    with caplog.at_level(logging.WARNING):
        declare(stack_of(text))
    (message,) = caplog.messages
    assert message.startswith("ses-feedback:configurationSets.letters: click without")


@pytest.mark.parametrize("stack", SHIPPED)
@pytest.mark.parametrize(
    "needle", ["secure:", "arn:", "hostedZone", "keybase", "permissionsBoundary"]
)
def test_a_shipped_stack_works_in_every_account(stack: str, needle: str) -> None:
    assert needle not in FILES[stack].read_text()


def test_the_shipped_stacks_show_the_four_teams() -> None:
    dev, prod = (configurations()[stack] for stack in SHIPPED)
    key = "ses-feedback:channels"
    assert set(dev[key]) == {"developers", "qa"}
    assert set(prod[key]) == {"customer-service", "marketing", "oncall"}


def test_the_shipped_stacks_route_each_sender_to_its_team() -> None:
    bounces = {
        name: routes["bounce"]
        for stack in SHIPPED
        for name, routes in declared(stack).exports["routes"].items()
    }
    assert bounces == {
        "dev": ["developers (identity dev)"],
        "staging": ["qa (identity staging)"],
        "shop": ["customer-service (identity shop)"],
        "newsletter": ["marketing (identity newsletter)"],
    }


@pytest.mark.parametrize("stack", SHIPPED)
def test_a_shipped_stack_has_a_default_set_and_one_chosen_per_mail(stack: str) -> None:
    config = configurations()[stack]
    identities = config["ses-feedback:identities"].values()
    default = {each.get("configurationSet", "none") for each in identities} - {"none"}
    chosen = set(config["ses-feedback:configurationSets"]) - default
    assert len(default) == 1
    assert len(chosen) == 1


@pytest.mark.parametrize("stack", SHIPPED)
def test_the_queues_of_a_shipped_stack_have_different_credentials(stack: str) -> None:
    queues = configurations()[stack]["ses-feedback:queues"].values()
    forms = [
        queue.get("consumer", {}).get("credentials", "stackOutput") for queue in queues
    ]
    assert len(forms) == len(set(forms)) == 2


def test_the_stack_files_use_every_key() -> None:
    stated = {place for config in all_configurations() for place in used(config)}
    known = {
        (model, info.alias)
        for model in models(Configuration)
        for info in model.model_fields.values()
    }
    assert known - stated == set()


@pytest.mark.parametrize("forms", [Protocol, Credentials, Event, Reason])
def test_the_stack_files_use_every_form(forms: type[StrEnum]) -> None:
    written = {text for config in all_configurations() for text in texts(config)}
    if forms is Credentials:
        written.add(
            Credentials.STACK_OUTPUT
        )  # the default, which nobody needs to state
    assert set(forms) - written == set()


def all_configurations() -> Iterator[dict[str, Any]]:
    """Our keys of each stack file, with the identities that stand in another file."""
    for path in FILES.values():
        file = StackFile.read(path)
        ours = {key.partition(":")[2]: value for key, value in file.config.items()}
        if "identitiesFile" in ours:
            ours["identities"], _ = load(file.folder / ours["identitiesFile"], "")
        del ours["region"]
        yield ours


def models(kind: type[Model]) -> Iterator[type[Model]]:
    """A model and those of its keys."""
    yield kind
    for info in kind.model_fields.values():
        for inner in models_in(info.annotation):
            yield from models(inner)


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """The models within a type, outermost first."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def used(raw: Any, kind: type[Model] = Configuration) -> Iterator[tuple[Any, str]]:
    """The keys of the models that a configuration states."""
    for info in kind.model_fields.values():
        key = info.alias or ""
        if key not in raw:
            continue
        yield kind, key
        many = get_origin(info.annotation) is Entries
        for inner in models_in(info.annotation):
            for entry in raw[key].values() if many else [raw[key]]:
                yield from used(entry, inner)


@pytest.mark.parametrize(
    ("text", "components"),
    [
        pytest.param(
            "identities: {shop: {sender: shop.example.com, feedback: none}}",
            ["SendingIdentity"],
            id="identities",
        ),
        pytest.param("configurationSets: {letters: {}}", ["EventPipeline"], id="sets"),
        pytest.param(
            "{channels: {app: {}}, configurationSets: {letters: {}}}",
            ["Channel", "EventPipeline"],
            id="channels",
        ),
        pytest.param(
            "{configurationSets: {letters: {eventLog: [send]}}, eventLog: {query: false}}",
            ["EventLog", "EventPipeline", "PrivateBucket"],
            id="event log",
        ),
        pytest.param(
            "{channels: {app: {}}, configurationSets: {letters: {}}, monitoring: {alarms: app}}",
            ["Channel", "EventPipeline", "Monitoring"],
            id="monitoring",
        ),
    ],
)
def test_a_part_that_is_absent_builds_nothing(text: str, components: list[str]) -> None:
    engine = declare(stack_of(text))
    found = [each.type.split(":")[-1] for each in engine.all() if each.is_component]
    assert found == components


def test_a_refused_stack_declares_nothing() -> None:
    engine = Engine()
    stack = stack_of(
        """
        channels: {app: {}}
        identities: {shop: {sender: shop.example.com, feedback: ap}}
        queues: {app: {retentionDays: 14}}
        """
    )
    with pytest.raises(pulumi.RunError) as refused:
        run(stack, engine)
    assert len(str(refused.value).splitlines()) == 2
    assert engine.urns == []


LOOP = """
    channels:
        app: {}
        qa: {subscriptions: {team: {protocol: email, endpoint: qa@example.com}}}
    identities: {shop: {sender: shop.example.com, feedback: app}}
    configurationSets: {letters: {notify: {app: [reject]}}}
    queues: {app: {channels: [app]}}
"""


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        pytest.param("app: {}\n", "app: {}\n        a: {}\n", "a", id="channel"),
        pytest.param(
            "{team: ",
            "{b: {protocol: email, endpoint: b@example.com}, team: ",
            "qa-subscription_b",
            id="subscription",
        ),
        pytest.param(
            "{shop: ",
            "{a: {sender: a.example.com, feedback: qa}, shop: ",
            "a.example.com",
            id="identity",
        ),
        pytest.param("{letters: ", "{a: {}, letters: ", "a", id="set"),
        pytest.param("{app: [rej", "{qa: [reject], app: [rej", "letters-channel_qa"),
        pytest.param(
            "{app: {channels", "{a: {channels: [app]}, app: {channels", "a", id="queue"
        ),
        pytest.param("[app]}", "[qa, app]}", "app-channel_qa", id="channel of a queue"),
        pytest.param(
            "[app]}",
            "[app], consumer: {keys: [next, main]}}",
            "app-consumer-key_next",
            id="key",
        ),
    ],
)
def test_an_entry_comes_and_goes_alone(before: str, after: str, added: str) -> None:
    """Before or after the others in its map: their URNs stay as they are."""
    assert LOOP.count(before) == 1
    old, new = (declare(stack_of(LOOP)), declare(stack_of(LOOP.replace(before, after))))
    assert set(old.urns) < set(new.urns)
    policies = {"qa-topic-policy"}  # a channel's first publisher brings its policy
    names = {new.by_urn[urn].name for urn in set(new.urns) - set(old.urns)} - policies
    assert all(name == added or name.startswith(f"{added}-") for name in names), names


@pytest.mark.parametrize("stack", FILES)
def test_a_stack_file_belongs_to_the_project(stack: str) -> None:
    file = StackFile.read(FILES[stack])
    assert (file.project, file.stack, file.folder) == (PROJECT, stack, ROOT)


def test_the_program_is_short_enough_to_be_a_map() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 80


def test_the_simplest_stack_does_without_the_modules_of_other_services() -> None:
    """Each takes up to a second of every run, and S3's 16 MiB."""
    used = """
import sys
from tests.stacks import program
from tests.engine import declare

declare(program("simplest"))
loaded = (name.split(".") for name in sys.modules if name.startswith("pulumi_aws."))
print(*sorted({name[1] for name in loaded if len(name) > 2 and name[1][0] != "_"}))
"""
    run_alone = subprocess.run(
        [sys.executable, "-c", used],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run_alone.stdout.split())
    assert "sqs" in loaded
    assert not loaded & {"athena", "cloudwatch", "glue", "kinesis", "s3"}
