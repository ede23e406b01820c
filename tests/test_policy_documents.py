"""Every policy of every stack of the tests: by parliament, by its wildcards, by its trust.

parliament holds a document to the service authorization reference: unknown actions,
resources that an action has not, conditions that an action has not, values of another
type than the condition's.
"""

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.engine import ACCOUNT, Resource, texts
from tests.stacks import PROJECT, STACKS, configurations, declared

with warnings.catch_warnings():
    # It leaves its files open, and has patterns that Python warns of.
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string  # type: ignore[import-untyped]

KEY, ROLE = "kms/key:Key", "iam/role:Role"

KINDS = {
    "iam/rolePolicy:RolePolicy",
    "iam/userPolicy:UserPolicy",
    "s3/bucketPolicy:BucketPolicy",
    "sns/topicPolicy:TopicPolicy",
    "sqs/queuePolicy:QueuePolicy",
    KEY,
    ROLE,
}
"""What has a policy document."""

Document = Mapping[str, Any]

each_stack = pytest.mark.parametrize("stack", STACKS)


def documents(stack: str) -> Iterator[tuple[Resource, Document]]:
    for resource in declared(stack).all():
        for text in texts(dict(resource.inputs)):
            if '"Statement"' in text:
                yield resource, json.loads(text)


def findings(resource: Resource, document: Document) -> list[str]:
    """What parliament has against a policy, but for what it cannot know.

    A trust policy names no resource, since it is about its own role, and parliament
    1.6.4 calls it MALFORMED: it gets the role's ARN here, so that the rest is looked
    at. `*` in a key's policy, RESOURCE_STAR, is that key.
    """
    if resource.kind == ROLE:
        own = f"arn:aws:iam::{ACCOUNT.id}:role/{resource.name}"
        statements = [{**each, "Resource": own} for each in document["Statement"]]
        document = {**document, "Statement": statements}
    known = {"RESOURCE_STAR"} if resource.kind == KEY else set[str]()
    found = analyze_policy_string(json.dumps(document)).findings
    return [f"{each.issue} {each.detail}" for each in found if each.issue not in known]


def wildcards(resource: Resource, document: Document) -> list[str]:
    """Resources that are more than one thing, where they may not be.

    May be: `*` in a key's policy, the objects of a bucket, the streams of a log group,
    and anything that is denied. A trust policy is about its role; whatever else names
    nothing is taken for `*`.
    """
    trust = resource.kind == ROLE
    return [
        target
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for target in texts([statement.get("Resource", [] if trust else "*")])
        if "*" in target or "?" in target
        if not (resource.kind == KEY and target == "*")
        if not re.fullmatch(r"arn:aws:s3:::[a-z0-9.-]+/\*", target)
        if not re.fullmatch(r"arn:aws:logs:[^*?]+:log-group:[^*?:]+:\*", target)
    ]


def strangers(document: Document) -> list[Mapping[str, Any]]:
    """Statements that let everybody in, or all of some kind."""
    return [
        statement
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        if any("*" in name for name in texts([statement.get("Principal", [])]))
    ]


def all_but_some(document: Document) -> list[str]:
    """Elements by which a statement is about all but what it names."""
    return [
        element
        for statement in document["Statement"]
        for element in ("NotPrincipal", "NotAction", "NotResource")
        if element in statement
    ]


SOURCED = ("sns/topicPolicy:TopicPolicy", "sqs/queuePolicy:QueuePolicy")
"""Policies in which a service is admitted for single resources of this account: those
of keys are not, since what services send along to KMS is undocumented, nor is Lambda's
trust; Firehose's has an external id, and those of roles are below in full."""

EXACTLY = ("ArnEquals", "StringEquals", "ArnLike")


def without_source(document: Document) -> list[Mapping[str, Any]]:
    """Statements that admit a service on behalf of whoever."""
    return [
        statement
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        if "Service" in statement["Principal"]
        if not any(
            source != "*"
            for operator in EXACTLY
            for source in texts(
                [statement.get("Condition", {}).get(operator, {}).get("aws:SourceArn")]
            )
        )
    ]


PERMISSION = "lambda/permission:Permission"


def broad_actions(resource: Resource, document: Document) -> list[str]:
    """Actions that are more than one, where they may not be.

    May be: the account's rights on its own key, without which IAM has no say on it (KMS
    developer guide, "Default key policy"), and the forms of GenerateDataKey.
    """
    return [
        action
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in texts([statement.get("Action", "*")])
        if "*" in action and action != "kms:GenerateDataKey*"
        if not (
            (resource.kind, action) == (KEY, "kms:*")
            and statement["Principal"] == {"AWS": ACCOUNT.root_arn}
        )
    ]


def test_every_kind_of_policy_is_among_those_of_the_stacks() -> None:
    found = {each.kind for stack in STACKS for each, _ in documents(stack)}
    assert found == KINDS


@each_stack
def test_parliament_has_nothing_against_any(stack: str) -> None:
    for resource, document in documents(stack):
        assert findings(resource, document) == [], resource.urn


@each_stack
def test_each_is_about_single_resources_and_actions(stack: str) -> None:
    for resource, document in documents(stack):
        assert wildcards(resource, document) == [], resource.urn
        assert broad_actions(resource, document) == [], resource.urn


@each_stack
def test_none_lets_everybody_in(stack: str) -> None:
    for resource, document in documents(stack):
        assert strangers(document) == [], resource.urn
        assert all_but_some(document) == [], resource.urn


@each_stack
def test_a_service_is_admitted_for_single_sources(stack: str) -> None:
    for resource, document in documents(stack):
        if resource.kind in SOURCED:
            assert without_source(document) == [], resource.urn
    for permission in declared(stack).all(PERMISSION):
        assert permission.inputs["sourceArn"].startswith("arn:"), permission.urn
        assert "*" not in permission.inputs["sourceArn"], permission.urn


def test_services_are_admitted_by_topics_queues_and_functions() -> None:
    found = {
        resource.kind
        for stack in STACKS
        for resource, document in documents(stack)
        if any("Service" in one.get("Principal", {}) for one in document["Statement"])
    }
    assert found >= {*SOURCED}
    assert any(declared(stack).all(PERMISSION) for stack in STACKS)


# What a policy must not become.

BUCKET = "arn:aws:s3:::event-log-storage-bucket"
SET = ACCOUNT.configuration_set_arn("ses-feedback-prod-campaigns")


TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"
QUEUE_POLICY = "sqs/queuePolicy:QueuePolicy"
USER_POLICY = "iam/userPolicy:UserPolicy"


def changed(kind: str, **more: Any) -> tuple[Resource, Document]:
    """A policy of that kind, with something else in its first statement."""
    resource = declared("prod").all(kind)[0]
    document = resource.policy()
    document["Statement"][0] |= more
    return resource, document


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        (TOPIC_POLICY, {"Action": "sns:Publis"}, "UNKNOWN_ACTION"),
        (TOPIC_POLICY, {"Action": "sqs:SendMessage"}, "RESOURCE_MISMATCH"),
        (TOPIC_POLICY, {"Resource": "*"}, "RESOURCE_STAR"),
        (
            TOPIC_POLICY,
            {"Condition": {"StringEquals": {"aws:SourceAcount": ACCOUNT.id}}},
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        (
            TOPIC_POLICY,
            {"Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT.id}}},
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        (
            QUEUE_POLICY,
            {"Condition": {"ArnEqual": {"aws:SourceArn": SET}}},
            "UNKNOWN_OPERATOR",
        ),
        (
            QUEUE_POLICY,
            {"Condition": {"ArnEquals": {"aws:SourceArn": "a"}}},
            "MISMATCHED_TYPE",
        ),
        (USER_POLICY, {"Resource": BUCKET}, "RESOURCE_MISMATCH"),
        (KEY, {"Action": "kms:Decript"}, "UNKNOWN_ACTION"),
    ],
)
def test_parliament_sees_a_mistake(
    kind: str, change: Mapping[str, Any], expected: str
) -> None:
    found = findings(*changed(kind, **change))
    assert any(text.startswith(expected) for text in found), found


@pytest.mark.parametrize(
    "target",
    [
        "*",
        "arn:aws:sqs:eu-west-1:123456789012:*",
        "arn:aws:sqs:*:123456789012:app-queue",
        "arn:aws:sqs:eu-west-1:123456789012:app-queu?",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/*",
        f"{BUCKET}/events/*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:*:*",
        "arn:aws:logs:eu-west-1:123456789012:*",
    ],
)
def test_a_wildcard_is_seen(target: str) -> None:
    assert wildcards(*changed(USER_POLICY, Resource=target)) == [target]
    assert wildcards(*changed(USER_POLICY, Resource=[BUCKET, target])) == [target]


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": [ACCOUNT.root_arn, "*"]}},
        {"Principal": {"AWS": "arn:aws:iam::*:root"}},
        {"Principal": {"Service": "*.amazonaws.com"}},
    ],
)
def test_whoever_is_let_in_is_seen(change: Mapping[str, Any]) -> None:
    assert strangers(changed(TOPIC_POLICY, **change)[1])


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("NotPrincipal", {"AWS": ACCOUNT.root_arn}),
        ("NotAction", "sns:Subscribe"),
        ("NotResource", BUCKET),
    ],
)
def test_all_but_some_is_seen(element: str, value: Any) -> None:
    document = changed(TOPIC_POLICY, **{element: value})[1]
    assert all_but_some(document) == [element]


@pytest.mark.parametrize("kind", SOURCED)
@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT.id}},
        {"ArnNotEquals": {"aws:SourceArn": SET}},
        {"ArnEqualsIfExists": {"aws:SourceArn": SET}},
        {"ArnEquals": {"aws:SourceArn": []}},
        {"ArnLike": {"aws:SourceArn": "*"}},
    ],
)
def test_a_service_for_whoever_is_seen(kind: str, condition: Mapping[str, Any]) -> None:
    _, document = changed(kind, Condition=condition)
    assert without_source(document) == document["Statement"][:1]


def test_a_statement_about_nothing_stated_is_seen() -> None:
    resource, document = changed(USER_POLICY)
    del document["Statement"][0]["Resource"]
    assert wildcards(resource, document) == ["*"]


@pytest.mark.parametrize("action", ["*", "sqs:*", "sqs:Get*"])
def test_a_broad_action_is_seen(action: str) -> None:
    found = broad_actions(*changed(USER_POLICY, Action=[action, "sqs:GetQueueUrl"]))
    assert found == [action]


def test_rights_on_a_key_for_anybody_but_the_account_are_seen() -> None:
    somebody = {"AWS": f"arn:aws:iam::{ACCOUNT.id}:user/somebody"}
    assert broad_actions(*changed(KEY, Principal=somebody)) == ["kms:*"]


# Who may assume a role, in full.


def trusting(kind: str, *names: str, **condition: Any) -> Document:
    """A trust policy of one statement, with its condition on equal texts."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {kind: sorted(names)},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = {"StringEquals": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def expected_trusts(stack: str) -> dict[str, Document]:
    """By role, its trust policy as the stack file has it."""
    config = {
        key.partition(":")[2]: value for key, value in configurations()[stack].items()
    }
    sets = config.get("configurationSets", {})
    found: dict[str, Document] = {}
    for name, queue in config.get("queues", {}).items():
        if trust := queue.get("consumer", {}).get("trust"):
            kind = {
                one: "AWS" if one.startswith("arn:") else "Service" for one in trust
            }
            document = trusting("AWS")
            document["Statement"][0]["Principal"] = {
                each: sorted(one for one in trust if kind[one] == each)
                for each in sorted(set(kind.values()))
            }
            found[f"{name}-consumer-role"] = document
    if "eventLog" in config:
        found["event-log-stream-role"] = trusting(
            "Service", "firehose.amazonaws.com", **{"sts:ExternalId": ACCOUNT.id}
        )
    logged = [name for name, one in sets.items() if one.get("eventLog")]
    if logged:
        found["event-log-publisher-role"] = trusting(
            "Service",
            "ses.amazonaws.com",
            **{
                "aws:SourceAccount": ACCOUNT.id,
                "aws:SourceArn": [
                    ACCOUNT.configuration_set_arn(f"{PROJECT}-{stack}-{name}")
                    for name in logged
                ],
            },
        )
    if any(one.get("pauseOnCriticalAlarm") for one in sets.values()):
        found["sending-guard-function-role"] = trusting(
            "Service", "lambda.amazonaws.com"
        )
    return found


def in_order(document: Document) -> Document:
    """With principals as sorted lists, whether one or more."""
    for statement in document["Statement"]:
        principal = statement["Principal"]
        statement["Principal"] = {
            kind: sorted(texts([principal[kind]])) for kind in sorted(principal)
        }
    return document


@each_stack
def test_a_role_is_assumed_by_whom_it_is_for_and_by_nobody_else(stack: str) -> None:
    found = {
        role.name: in_order(role.policy("assumeRolePolicy"))
        for role in declared(stack).all(ROLE)
    }
    assert found == expected_trusts(stack)


def test_there_are_roles_of_every_kind() -> None:
    roles = {
        name.removeprefix("marketing-").removeprefix("shared-")
        for stack in STACKS
        for name in expected_trusts(stack)
    }
    assert roles == {
        "consumer-role",
        "event-log-publisher-role",
        "event-log-stream-role",
        "sending-guard-function-role",
    }
