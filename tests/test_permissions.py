"""Who may do what in a stack with every part: stated in full, the rest is denied.

Each principal tries every action on every resource; what it may is in the table, and
nothing else is let through. Judged by `sandbox/access.py` over the policies that the
program declares.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from sandbox.access import Caller
from tests.engine import Resource, arn_of
from tests.permission_stack import engine, principals, resources
from tests.recorded_policies import Change, Recorded

ACTIONS = {
    "topic": "sns:Publish sns:Subscribe sns:SetTopicAttributes sns:DeleteTopic",
    "queue": "sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage"
    " sqs:ChangeMessageVisibility sqs:GetQueueAttributes sqs:GetQueueUrl"
    " sqs:PurgeQueue sqs:SetQueueAttributes sqs:DeleteQueue",
    "key": "kms:Decrypt kms:GenerateDataKey kms:Encrypt kms:PutKeyPolicy"
    " kms:ScheduleKeyDeletion",
    "bucket": "s3:ListBucket s3:GetBucketLocation s3:ListBucketMultipartUploads"
    " s3:PutBucketPolicy s3:DeleteBucket",
    "object": "s3:GetObject s3:PutObject s3:AbortMultipartUpload s3:DeleteObject"
    " s3:PutObjectAcl",
    "stream": "firehose:PutRecord firehose:PutRecordBatch firehose:DeleteDeliveryStream",
    "log": "logs:CreateLogStream logs:PutLogEvents logs:GetLogEvents logs:DeleteLogGroup",
    "set": "ses:PutConfigurationSetSendingOptions ses:SendEmail"
    " ses:DeleteConfigurationSet ses:PutConfigurationSetSuppressionOptions",
    "account": "ses:PutAccountSendingAttributes iam:CreateAccessKey",
    "function": "lambda:InvokeFunction lambda:UpdateFunctionCode lambda:AddPermission",
    "role": "sts:AssumeRole",
    "secret": "secretsmanager:GetSecretValue",
}
"""By kind of resource, what everybody tries."""

CONSUMING = (
    "sqs:ReceiveMessage sqs:DeleteMessage sqs:ChangeMessageVisibility"
    " sqs:GetQueueAttributes sqs:GetQueueUrl"
)
USING_A_KEY = "kms:Decrypt kms:GenerateDataKey"
NOTHING: dict[str, str] = {}

KEYS = {"key customer-service": USING_A_KEY, "key oncall": USING_A_KEY}
"""What SES, SNS and CloudWatch may with the key of any encrypted channel: which
conditions SES could be held to there is undocumented."""

EVERYTHING_THERE = {
    f"{kind} {name}": ACTIONS[kind]
    for kind, names in {
        "topic": "customer-service marketing oncall another",
        "queue": "desk marketing sealed vault bare desk-dead-letters undelivered another",
        "key": "customer-service oncall",
        "bucket": "event-log another",
        "object": "events results another",
        "stream": "event-log another",
        "log": "firehose firehose-other guard another",
        "set": "transactional campaigns another",
        "account": "all",
        "function": "guard feedback:live another",
        "secret": "vault another",
    }.items()
    for name in names.split()
}

MAY: dict[str, dict[str, str]] = {
    "SES for identity shop": {"topic customer-service": "sns:Publish", **KEYS},
    "SES for identity newsletter": {"topic marketing": "sns:Publish", **KEYS},
    "SES for identity of another stack": KEYS,
    "SES for set transactional": KEYS,
    "SES for set campaigns": {
        "topic marketing": "sns:Publish",
        "role event-log-publisher": "sts:AssumeRole",
        **KEYS,
    },
    "SES for a set of another account": KEYS,
    "SES for nobody": KEYS,
    "SNS for channel customer-service": {
        "queue desk": "sqs:SendMessage",
        "queue undelivered": "sqs:SendMessage",
        **KEYS,
    },
    "SNS for channel marketing": {
        **{
            f"queue {name}": "sqs:SendMessage"
            for name in ("marketing", "sealed", "vault", "bare")
        },
        "function feedback:live": "lambda:InvokeFunction",
        **KEYS,
    },
    "SNS for channel oncall": KEYS,
    "SNS for another topic": KEYS,
    "CloudWatch for a critical alarm": {"topic oncall": "sns:Publish", **KEYS},
    "CloudWatch for a warning": {"topic oncall": "sns:Publish", **KEYS},
    "CloudWatch for another alarm": KEYS,
    "CloudWatch for an alarm of another account": KEYS,
    "an action of the critical bounce alarm of campaigns": {
        "function guard": "lambda:InvokeFunction"
    },
    "an action of the critical complaint alarm of campaigns": {
        "function guard": "lambda:InvokeFunction"
    },
    "an action of the warning of campaigns": NOTHING,
    "an action of the critical bounce alarm of transactional": NOTHING,
    "an action of an alarm of another account": NOTHING,
    "Firehose for the account": {"role event-log-stream": "sts:AssumeRole"},
    "Firehose for another account": NOTHING,
    "Firehose for nobody": NOTHING,
    "Lambda": {"role sending-guard-function": "sts:AssumeRole"},
    "ECS": {"role marketing-consumer": "sts:AssumeRole"},
    "Athena": NOTHING,
    "Firehose's role": {
        "bucket event-log": "s3:ListBucket s3:GetBucketLocation"
        " s3:ListBucketMultipartUploads",
        "object events": "s3:GetObject s3:PutObject s3:AbortMultipartUpload",
        "object results": "s3:GetObject s3:PutObject s3:AbortMultipartUpload",
        "log firehose": "logs:PutLogEvents",
    },
    "Firehose's role without TLS": {"log firehose": "logs:PutLogEvents"},
    "SES's Firehose role": {"stream event-log": "firehose:PutRecordBatch"},
    "the guard's role": {
        "set campaigns": "ses:PutConfigurationSetSendingOptions",
        "topic oncall": "sns:Publish",
        "key oncall": USING_A_KEY,
        "log guard": "logs:CreateLogStream logs:PutLogEvents",
    },
    "the consumer of desk, a user": {"queue desk": CONSUMING},
    "the consumer of sealed, a user with a PGP key": {"queue sealed": CONSUMING},
    "the consumer of vault, a user with a secret": {"queue vault": CONSUMING},
    "the consumer of marketing, a role": {"queue marketing": CONSUMING},
    "a user of the account without rights": NOTHING,
    "the account's administrator": EVERYTHING_THERE,
    "the account's administrator without TLS": {
        name: actions
        for name, actions in EVERYTHING_THERE.items()
        if name not in ("bucket event-log", "object events", "object results")
    },
    "an administrator of another account": NOTHING,
    "somebody without a name": NOTHING,
}
"""By who, by resource, each action that is allowed."""


@cache
def recorded() -> Recorded:
    return Recorded(engine())


def allowed(who: str, policies: Recorded) -> dict[str, str]:
    """All that somebody may, by resource."""
    principal = principals(policies)[who]
    is_open = who.endswith("without TLS")
    context = {"aws:SecureTransport": "false"} if is_open else {}
    found = {
        name: " ".join(
            action
            for action in ACTIONS[name.partition(" ")[0]].split()
            if policies.may(principal, action, arn, context)
        )
        for name, arn in resources(policies).items()
    }
    return {name: actions for name, actions in found.items() if actions}


def in_order(rights: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: sorted(actions.split()) for name, actions in rights.items()}


@pytest.mark.parametrize("who", MAY)
def test_somebody_may_what_the_table_says_and_no_more(who: str) -> None:
    assert in_order(allowed(who, recorded())) == in_order(MAY[who])


def test_everybody_is_in_the_table() -> None:
    """Every user and role of the stack among them."""
    policies = recorded()
    found = principals(policies)
    assert set(found) == set(MAY)
    arns = {one.arn for one in found.values() if isinstance(one, Caller)}
    for kind in ("iam/user:User", "iam/role:Role"):
        assert {arn_of(each) for each in policies.engine.all(kind)} <= arns


def test_every_policy_takes_part() -> None:
    """Each one that is taken away changes what somebody may."""
    before = {who: allowed(who, recorded()) for who in MAY}
    policies = [
        each
        for each in recorded().engine.all()
        if "policy" in each.inputs
        or each.kind in ("iam/role:Role", "lambda/permission:Permission")
    ]
    assert policies
    for policy in policies:
        without = Recorded(engine(), emptied(policy))
        assert any(allowed(who, without) != before[who] for who in MAY), policy.urn


def emptied(policy: Resource) -> Change:
    def change(resource: Resource, document: dict[str, Any]) -> None:
        if resource.urn == policy.urn:
            document["Statement"] = []

    return change


# What a policy must not become.


def altered(kind: str, name: str, **more: Any) -> Change:
    """One policy with something else in each statement; None takes a part away."""

    def change(resource: Resource, document: dict[str, Any]) -> None:
        if (resource.kind, resource.name) == (kind, name):
            document["Statement"] = [
                {key: part for key, part in (each | more).items() if part is not None}
                for each in document["Statement"]
            ]

    return change


@pytest.mark.parametrize(
    ("change", "who"),
    [
        pytest.param(
            altered(
                "sns/topicPolicy:TopicPolicy", "marketing-topic-policy", Condition=None
            ),
            "SES for a set of another account",
            id="a topic without its condition",
        ),
        pytest.param(
            altered("sqs/queuePolicy:QueuePolicy", "desk-queue-policy", Condition=None),
            "SNS for another topic",
            id="a queue without its condition",
        ),
        pytest.param(
            altered("iam/role:Role", "event-log-publisher-role", Condition=None),
            "SES for set transactional",
            id="SES's role without its condition",
        ),
        pytest.param(
            altered("iam/role:Role", "event-log-stream-role", Condition=None),
            "Firehose for another account",
            id="Firehose's role without its condition",
        ),
        pytest.param(
            altered(
                "lambda/permission:Permission",
                "sending-guard-permission-bounce-rate-critical_campaigns",
                Condition=None,
            ),
            "an action of the warning of campaigns",
            id="a permission without its condition",
        ),
        pytest.param(
            altered(
                "iam/rolePolicy:RolePolicy",
                "sending-guard-function-role-policy",
                Resource="*",
            ),
            "the guard's role",
            id="a wildcard for the guard",
        ),
        pytest.param(
            altered(
                "iam/userPolicy:UserPolicy", "desk-consumer-user-policy", Action="sqs:*"
            ),
            "the consumer of desk, a user",
            id="a wildcard for a consumer",
        ),
        pytest.param(
            altered(
                "s3/bucketPolicy:BucketPolicy",
                "event-log-storage-bucket-policy",
                Condition={"Bool": {"aws:SecureTransport": "maybe"}},
            ),
            "Firehose's role without TLS",
            id="a bucket that takes plain HTTP",
        ),
        pytest.param(
            altered(
                "s3/bucketPolicy:BucketPolicy",
                "event-log-storage-bucket-policy",
                Effect="Allow",
                Condition=None,
            ),
            "somebody without a name",
            id="a bucket for everybody",
        ),
    ],
)
def test_a_policy_that_became_weaker_is_seen(change: Change, who: str) -> None:
    found = in_order(allowed(who, Recorded(engine(), change)))
    assert found != in_order(MAY[who])
    assert set(found) >= set(MAY[who])
