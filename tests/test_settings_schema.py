"""The JSON Schema: what editors are told of a stack file."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from components.settings.schema import stack_schema
from components.settings.yaml_text import load
from tests.snippets import stack_text, write
from tests.stacks import FILES, ROOT
from tests.test_refusals import ALIKE, SECURE_VALUES

SCHEMA = stack_schema()

VALIDATOR = Draft7Validator(SCHEMA)

BEYOND_A_SCHEMA = {
    "application without a device",
    "lambda by its newest version",
    "filter with an unknown operator",
    "filter with a list in a list",
    "filter $or of one map",
    "tag twice but for its letter case",
    "tag with a letter that IAM does not take",
    "lambda of another region",
    "a collection of a misspelt namespace is no dangling reference",
    "namespace of another letter case",
    "namespace misspelt",
    "nothing to send from",
    "tag key of AWS",
    "tags too many",
    "name with line break",
    "topic FIFO",
    "topic of another region",
    "topic beside encrypted",
    "topic of two channels",
    "secretEndpoint dangling",
    "secretEndpoint dangling without any",
    "https endpoint http://x.example.com/",
    "https endpoint x.example.com",
    "https endpoint https://",
    "https endpoint https://x.example.com/a b",
    "https endpoint https://x.example.com:port/",
    "http endpoint https://x.example.com/",
    "email endpoint a.example.com",
    "email-json endpoint a@localhost",
    "sms endpoint 555-0123",
    "lambda endpoint feedback",
    "application endpoint arn:aws:sns:eu-west-1:123456789012:legacy",
    "sqs endpoint https://sqs.eu-west-1.amazonaws.com/123456789012/q",
    "sqs endpoint arn:aws:sqs:eu-west-1:123456789012:q.fifo",
    "firehose endpoint without its kind",
    "firehose without role",
    "role beside another protocol",
    "user and password in clear",
    "user in clear",
    "password with a slash in clear",
    "password without a scheme in clear",
    "raw for email",
    "raw for lambda",
    "same endpoint twice",
    "same secret endpoint twice",
    "filter empty",
    "filter of a key that no message has",
    "filter of a value without list",
    "filter deep without list",
    "filter of an empty list",
    "filter of six keys",
    "filter $or not a list",
    "filter $or empty",
    "filter $or of a key that no message has",
    "clear secret endpoint that does not fit",
    "feedback beside both",
    "feedback dangling",
    "routes dangling",
    "feedback of another letter case",
    "configurationSet dangling",
    "originalHeaders twice",
    "originalHeaders without a route",
    "originalHeaders of a route to none",
    "mailFrom not below",
    "mailFrom the domain itself",
    "mailFrom not at a label",
    "mailFrom and hostedZone on an address",
    "existing with what is its owner's",
    "same domain twice",
    "same address twice",
    "same domain twice, told twice by one",
    "address shadows delivery",
    "sub-domain shadows default set",
    "address shadows both",
    "labelled address shadows its address",
    "existing address shadows default set",
    "told twice by feedback",
    "told twice by delivery",
    "forwarding off without a route",
    "forwarding off with one route",
    "forwarding off where nobody listens",
    "forwarding off by a set without listener",
    "delivery to email",
    "opens to email-json",
    "send to sms",
    "headers to sms",
    "notify no event",
    "notify an event twice",
    "notify a dangling channel",
    "metrics twice",
    "dimensions beside no metrics",
    "ten dimensions",
    "suppress twice",
    "eleven destinations",
    "eleven destinations with the event log",
    "eventLog of a set without the part",
    "eventLog of a set twice",
    "alarms to no channel of the stack",
    "alarms to none",
    "critical below warning",
    "warning above the default of critical",
    "other sets twice, and one of the stack's own",
    "filter on the channel for alarms",
    "queue that could only hear alarms",
    "forwarding off where only alarms are heard",
    "pause without alarms",
    "more sets that pause than the guard has room for",
    "queue of no channel",
    "queue of a channel twice",
    "queue of a dangling channel",
    "queue of none",
    "queue without any channel",
    "dead letters kept no longer",
    "a key's name twice",
    "a key named none",
    "keys with role",
    "keys with none",
    "pgp without pgpKey",
    "pgpKey without pgp",
    "role without trust",
    "role with empty trust",
    "trust of everybody",
    "trust of every role",
    "trust of a bare account",
    "trust without role",
    "secure filter",
}
"""Refusals that take more than one value to see, or what no pattern can say."""


def test_it_is_a_schema_of_draft_7() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_the_schema_file_is_what_the_command_prints() -> None:
    assert json.loads((ROOT / "stack.schema.json").read_text()) == SCHEMA, (
        "write it anew: ses-feedback schema > stack.schema.json"
    )


@pytest.mark.parametrize("stack", FILES)
def test_the_stack_files_of_the_tree_are_valid_and_refer_to_it(stack: str) -> None:
    path = FILES[stack]
    content, _ = load(path, path.name)
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []
    first, *_ = path.read_text().splitlines()
    reference = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / reference).resolve() == ROOT / "stack.schema.json"


@pytest.mark.parametrize(("snippet", "without", "lines"), [*ALIKE, *SECURE_VALUES])
def test_a_refusal_is_seen_by_the_schema_or_beyond_it(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    snippet: str,
    without: str,
    lines: tuple[str, ...],
) -> None:
    content, _ = load(write(tmp_path, stack_text(snippet, without)), "stack")
    name = request.node.callspec.id
    assert VALIDATOR.is_valid(content) == (name in BEYOND_A_SCHEMA), lines


def test_what_is_beyond_the_schema_is_refused_all_the_same() -> None:
    assert {param.id for param in [*ALIKE, *SECURE_VALUES]} >= BEYOND_A_SCHEMA


@pytest.mark.parametrize(
    "snippet",
    [
        "protect: 'true'",
        "protect: false",
        "secretEndpoints: {crm: 'https://crm.example.com/'}",
        "secretEndpoints: {crm: {secure: AAAA}}",
        "configurationSets: {s: {metrics: [], suppress: [bounce]}}",
        "queues: {app: {consumer: {credentials: role, trust: [lambda.amazonaws.com]}}}",
        "other:key: 5",
    ],
)
def test_what_is_sound_is_valid(tmp_path: Path, snippet: str) -> None:
    content, _ = load(write(tmp_path, stack_text(snippet)), "stack")
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []


def test_more_of_a_stack_file_than_config_is_none_of_its_business(
    tmp_path: Path,
) -> None:
    text = stack_text("") + "encryptionsalt: v1:abc\nsecretsprovider: awskms://x\n"
    content, _ = load(write(tmp_path, text), "stack")
    assert VALIDATOR.is_valid(content)


@pytest.mark.parametrize("text", ["[]", "{}", "{config: }", "{config: {}}"])
def test_a_file_without_configuration_is_invalid(tmp_path: Path, text: str) -> None:
    content, _ = load(write(tmp_path, text), "stack")
    assert not VALIDATOR.is_valid(content)


def test_each_key_is_described_and_none_may_be_null() -> None:
    def look(at: str, schema: Any) -> None:
        if isinstance(schema, dict):
            assert schema.get("type") != "null", at
            assert "title" not in schema or at == "", at
            if at.endswith(".properties") and "oneOf" not in at:
                for name, key in schema.items():
                    described = "description" in key or name in UNDESCRIBED
                    assert described, f"{at}.{name}"
            for name, inner in schema.items():
                look(f"{at}.{name}", inner)
        elif isinstance(schema, list):
            for index, inner in enumerate(schema):
                look(f"{at}[{index}]", inner)

    look("", SCHEMA)


UNDESCRIBED = {"config", "aws:region", "secure"}
