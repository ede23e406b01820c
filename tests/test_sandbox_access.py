import json
from typing import Any

import pytest

from sandbox.access import Request, admits

TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"
IDENTITY = "arn:aws:ses:eu-west-1:123456789012:identity/shop.example.com"
ASKED = Request(
    "ses.amazonaws.com",
    "sns:Publish",
    TOPIC,
    {"aws:SourceArn": IDENTITY, "aws:SourceAccount": "123456789012"},
)


def statement(**more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
    } | more


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="named exactly"),
        pytest.param({"Principal": "*"}, id="everybody"),
        pytest.param({"Principal": {"AWS": "*"}}, id="everybody, as AWS"),
        pytest.param(
            {"Principal": {"Service": ["s3.amazonaws.com", "ses.amazonaws.com"]}},
            id="a list of services",
        ),
        pytest.param({"Action": ["SNS:publish"]}, id="an action has no case"),
        pytest.param({"Action": "sns:*"}, id="a wildcard in the action"),
        pytest.param({"Resource": "arn:aws:sns:*:*:top?c"}, id="in the resource"),
    ],
)
def test_a_statement_admits(changed: dict[str, Any]) -> None:
    assert admits(policy(statement(**changed)), ASKED)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"Principal": {"Service": "s3.amazonaws.com"}}, id="service"),
        pytest.param(
            {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, id="account"
        ),
        pytest.param({"Action": "sns:Subscribe"}, id="action"),
        pytest.param({"Action": "sns:Publis"}, id="part of the action"),
        pytest.param({"Resource": TOPIC + "2"}, id="resource"),
        pytest.param({"NotAction": "sns:Publish", "Action": "sns:*"}, id="NotAction"),
        pytest.param({"Effect": "Deny"}, id="effect"),
    ],
)
def test_a_statement_about_something_else_admits_nobody(
    changed: dict[str, Any],
) -> None:
    assert not admits(policy(statement(**changed)), ASKED)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"AWS:sourceaccount": "123456789012"}}, True),
        ({"StringEquals": {"aws:SourceArn": [IDENTITY + "x", IDENTITY]}}, True),
        ({"StringEquals": {"aws:SourceArn": IDENTITY.upper()}}, False),
        ({"StringEqualsIgnoreCase": {"aws:SourceArn": IDENTITY.upper()}}, True),
        ({"StringEquals": {"aws:PrincipalTag": "x"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalTag": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "x"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "123456789012"}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag": "x"}}, True),
        ({"StringLike": {"aws:SourceArn": "*/shop.example.com"}}, True),
        ({"StringLike": {"aws:SourceArn": "*/shopXexample.com?"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ses:*:*:identity/*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ses:*:configuration-set/*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:*:identity/*"}}, False),
        ({"ArnEquals": {"aws:SourceArn": IDENTITY}}, True),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:ses:*:*:identity/*"}}, False),
        ({"Null": {"aws:SourceArn": "false"}}, True),
        ({"Null": {"aws:SourceArn": True}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        (
            {
                "StringEquals": {"aws:SourceAccount": "123456789012"},
                "ArnLike": {"aws:SourceArn": "arn:aws:ses:*:*:configuration-set/*"},
            },
            False,
        ),
    ],
)
def test_a_condition_holds_or_not(condition: dict[str, Any], holds: bool) -> None:
    assert admits(policy(statement(Condition=condition)), ASKED) is holds


def test_an_explicit_deny_wins() -> None:
    deny = statement(Effect="Deny", Action="sns:*")
    assert not admits(policy(statement(), deny), ASKED)


def test_a_deny_whose_condition_does_not_hold_is_no_deny() -> None:
    condition = {"StringNotEquals": {"aws:SourceAccount": "123456789012"}}
    assert admits(
        policy(statement(), statement(Effect="Deny", Condition=condition)), ASKED
    )


def test_a_single_statement_need_not_be_in_a_list() -> None:
    assert admits(json.dumps({"Statement": statement()}), ASKED)


def test_an_unknown_operator_is_named() -> None:
    condition = {"StringSounds": {"aws:SourceIp": "10.0.0.0/8"}}
    with pytest.raises(ValueError, match="StringSounds"):
        admits(policy(statement(Condition=condition)), ASKED)
