import json

import pytest

from sandbox.cloud import Cloud
from sandbox.roles import assume
from tests.emulated import role, trusting

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:queue"


def test_a_service_takes_a_role_that_trusts_it(cloud: Cloud) -> None:
    arn = role(cloud, "r", trusting("lambda"), ("sqs:SendMessage", QUEUE))
    assert assume(arn, "ses.amazonaws.com", {}) is None
    acting = assume(arn, "lambda.amazonaws.com", {}, "function")
    assert acting is not None
    assert acting.denial("sqs:SendMessage", QUEUE) is None
    assert acting.denial("sqs:ReceiveMessage", QUEUE) == (
        "User: arn:aws:sts::123456789012:assumed-role/r/function is not authorized to"
        f" perform: sqs:ReceiveMessage on resource: {QUEUE} because no identity-based"
        " policy allows the sqs:ReceiveMessage action"
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/gone",
        "arn:aws:iam::210987654321:role/r",
        "arn:other:iam::123456789012:role/r",
        "r",
    ],
)
def test_a_role_that_is_not_there_is_taken_by_nobody(cloud: Cloud, arn: str) -> None:
    role(cloud, "r", trusting("lambda"))
    assert assume(arn, "lambda.amazonaws.com", {}) is None


def test_the_trust_policy_may_have_conditions(cloud: Cloud) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "1"}}
    arn = role(cloud, "r", trusting("lambda", condition))
    service = "lambda.amazonaws.com"
    assert assume(arn, service, {"sts:ExternalId": "1"}) is not None
    assert assume(arn, service, {"sts:ExternalId": "2"}) is None
    assert assume(arn, service, {}) is None


def test_what_cannot_be_judged_is_denied_and_said(cloud: Cloud) -> None:
    arn = role(cloud, "r", trusting("lambda"))
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"NumericEquals": {"aws:EpochTime": "soon"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("iam").put_role_policy(
        RoleName="r", PolicyName="p", PolicyDocument=policy
    )
    acting = assume(arn, "lambda.amazonaws.com", {})
    assert acting is not None
    denial = acting.denial("sqs:SendMessage", QUEUE)
    assert denial is not None
    assert "because a policy cannot be judged: could not convert" in denial


def test_a_role_with_a_path_has_a_session_without_it(cloud: Cloud) -> None:
    made = cloud.client("iam").create_role(
        Path="/mail/", RoleName="r", AssumeRolePolicyDocument=trusting("lambda")
    )["Role"]
    acting = assume(made["Arn"], "lambda.amazonaws.com", {}, "s")
    assert acting is not None
    assert acting.caller.arn == "arn:aws:sts::123456789012:assumed-role/r/s"
    assert acting.caller.context["aws:PrincipalArn"] == made["Arn"]
