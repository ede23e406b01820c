import json
from typing import Any

import pytest

from sandbox.access import ANONYMOUS, UNKNOWN, Caller, Limit, Request, admits, denial

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


USER = "arn:aws:iam::123456789012:user/u"
ROOT = "arn:aws:iam::123456789012:root"
ALLOW = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}
DENY = ALLOW | {"Effect": "Deny"}
BY_A_USER = Request("", "sns:Publish", TOPIC, {"aws:username": "u"})


def user(*policies: dict[str, Any], limits: tuple[str, ...] = ()) -> Caller:
    own = tuple(policy(one) for one in policies)
    within = tuple(Limit("permissions boundary", one) for one in limits)
    return Caller(USER, "123456789012", frozenset({USER}), own, within)


def named(principal: Any, effect: str = "Allow") -> str:
    return policy(ALLOW | {"Effect": effect, "Principal": principal})


@pytest.mark.parametrize(
    ("caller", "of_resource", "decides", "allowed"),
    [
        pytest.param(user(), (), False, False, id="nothing"),
        pytest.param(user(ALLOW), (), False, True, id="its own policy"),
        pytest.param(user(ALLOW, DENY), (), False, False, id="its own deny"),
        pytest.param(user(), (named({"AWS": USER}),), False, True, id="named"),
        pytest.param(user(), (named("*"),), False, True, id="everybody"),
        pytest.param(user(), (named({"AWS": "*"}),), False, True, id="every AWS"),
        pytest.param(
            user(ALLOW), (named("123456789012"),), True, False, id="no ARN, no dict"
        ),
        pytest.param(
            user(ALLOW), (named({"AWS": "123456789012"}),), True, True, id="account id"
        ),
        pytest.param(user(), (named({"AWS": ROOT}),), False, False, id="the account"),
        pytest.param(user(), (named({"Service": "x"}),), False, False, id="a service"),
        pytest.param(
            user(ALLOW), (named({"AWS": ROOT}, "Deny"),), False, False, id="its deny"
        ),
        pytest.param(
            user(ALLOW),
            (policy(DENY | {"NotPrincipal": {"AWS": [USER, ROOT]}}),),
            False,
            True,
            id="a deny of all others",
        ),
        pytest.param(
            user(ALLOW),
            (policy(DENY | {"NotPrincipal": {"AWS": USER}}),),
            False,
            False,
            id="a deny of all others that forgets the account",
        ),
        pytest.param(
            user(),
            (policy(ALLOW | {"NotPrincipal": {"AWS": USER + "2"}}),),
            False,
            True,
            id="all but another allowed",
        ),
        pytest.param(
            user(),
            (policy(ALLOW | {"NotPrincipal": {"AWS": "123456789012"}}),),
            False,
            False,
            id="all but the account allowed",
        ),
        pytest.param(
            user(ALLOW),
            (policy(DENY | {"NotPrincipal": {"AWS": USER + "2"}}),),
            False,
            False,
            id="a deny of all but another",
        ),
        pytest.param(user(ALLOW), (), True, False, id="the resource decides"),
        pytest.param(user(), (named({"AWS": USER}),), True, True, id="and names it"),
        pytest.param(user(), (named({"AWS": ROOT}),), True, False, id="or the account"),
        pytest.param(
            user(ALLOW), (named({"AWS": ROOT}),), True, True, id="which allows it"
        ),
        pytest.param(
            user(ALLOW, limits=(policy(ALLOW),)), (), False, True, id="within limits"
        ),
        pytest.param(
            user(ALLOW, limits=(policy(ALLOW | {"Action": "s3:*"}),)),
            (),
            False,
            False,
            id="beyond its limits",
        ),
        pytest.param(
            user(limits=(policy(),)),
            (named({"AWS": USER}),),
            False,
            True,
            id="named, beyond its limits",
        ),
        pytest.param(
            user(limits=(policy(DENY),)),
            (named({"AWS": USER}),),
            False,
            False,
            id="named, and denied by a limit",
        ),
    ],
)
def test_a_user_with_policies_on_both_sides(
    caller: Caller, of_resource: tuple[str, ...], decides: bool, allowed: bool
) -> None:
    found = denial(caller, BY_A_USER, of_resource, resource_decides=decides)
    assert (found is None) is allowed


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}, False),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, True),
        ({"NumericGreaterThanEquals": {"s3:max-keys": "10"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:EpochTime": "2026-01-01T00:00:00Z"}}, False),
        ({"StringEquals": {"aws:PrincipalArn": "user/${aws:username}"}}, True),
        ({"ForAllValues:StringLike": {"ses:Recipients": "*@a.example"}}, False),
        ({"ForAnyValue:StringLike": {"ses:Recipients": "*@a.example"}}, True),
        ({"ForAllValues:StringLike": {"ses:Absent": "*"}}, True),
        ({"ForAnyValue:StringLike": {"ses:Absent": "*"}}, False),
    ],
)
def test_conditions_on_a_user(condition: dict[str, Any], holds: bool) -> None:
    context = {
        "aws:SourceIp": "127.0.0.1",
        "s3:max-keys": "9",
        "aws:CurrentTime": "2026-02-01T00:00:00+00:00",
        "aws:EpochTime": "1770000000",
        "aws:PrincipalArn": "user/u",
        "aws:username": "u",
        "ses:Recipients": ["x@a.example", "x@b.example"],
    }
    request = Request("", "sns:Publish", TOPIC, context)
    found = denial(user(ALLOW | {"Condition": condition}), request)
    assert (found is None) is holds


ROLE = "arn:aws:iam::123456789012:role/r"
SESSION = "arn:aws:sts::123456789012:assumed-role/r/s"


@pytest.mark.parametrize(
    ("principals", "limit", "allowed"),
    [
        pytest.param([SESSION], ALLOW | {"Action": "s3:*"}, True, id="the session"),
        pytest.param([ROLE], ALLOW | {"Action": "s3:*"}, False, id="the role"),
        pytest.param([ROLE], ALLOW, True, id="the role, within its limits"),
        pytest.param(["*"], ALLOW | {"Action": "s3:*"}, True, id="everybody"),
    ],
)
def test_a_limit_counts_for_what_a_role_is_allowed_by_a_resource(
    principals: list[str], limit: dict[str, Any], allowed: bool
) -> None:
    caller = Caller(
        SESSION,
        "123456789012",
        frozenset({SESSION}),
        limits=(Limit("session policy", policy(limit)),),
        stands_for=frozenset({ROLE}),
    )
    found = denial(caller, BY_A_USER, [named({"AWS": principals})])
    assert (found is None) is allowed


@pytest.mark.parametrize("listed", [[ROLE, ROOT], [SESSION, ROOT], [ROLE, SESSION]])
def test_a_deny_of_all_others_has_to_list_a_session_by_all_its_names(
    listed: list[str],
) -> None:
    caller = Caller(
        SESSION,
        "123456789012",
        frozenset({SESSION}),
        (policy(ALLOW),),
        stands_for=frozenset({ROLE}),
    )
    for stated, allowed in ((listed, False), ([ROLE, SESSION, ROOT], True)):
        deny = policy(DENY | {"NotPrincipal": {"AWS": stated}})
        assert (denial(caller, BY_A_USER, [deny]) is None) is allowed


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([named("*")], True, id="everybody"),
        pytest.param([named({"AWS": "*"})], True, id="every AWS"),
        pytest.param([named({"AWS": ROOT})], False, id="the account"),
        pytest.param([named({"Service": "sns.amazonaws.com"})], False, id="a service"),
        pytest.param([named("*"), named("*", "Deny")], False, id="denied"),
        pytest.param(
            [named("*"), policy(DENY | {"NotPrincipal": {"AWS": [USER, ROOT]}})],
            False,
            id="denied to all but somebody",
        ),
    ],
)
def test_who_signs_nothing_is_everybody(policies: list[str], allowed: bool) -> None:
    assert (denial(ANONYMOUS, BY_A_USER, policies) is None) is allowed


@pytest.mark.parametrize(
    ("caller", "policies", "reason"),
    [
        (user(), (), "because no identity-based policy allows the sns:Publish action"),
        (
            user(ALLOW, limits=(policy(),)),
            (),
            "because no permissions boundary allows the sns:Publish action",
        ),
        (
            ANONYMOUS,
            (),
            "because no resource-based policy allows the sns:Publish action",
        ),
        (user(DENY), (), "with an explicit deny in an identity-based policy"),
        (
            user(ALLOW, limits=(policy(DENY),)),
            (),
            "with an explicit deny in a permissions boundary",
        ),
    ],
)
def test_a_denial_says_what_is_missing(
    caller: Caller, policies: tuple[str, ...], reason: str
) -> None:
    assert denial(caller, BY_A_USER, policies) == reason


def test_a_kind_of_principal_that_cannot_be_judged_is_named() -> None:
    for principal in ({"CanonicalUser": "79a5"}, {"AWS": f"{USER}*"}):
        with pytest.raises(ValueError, match="the principal"):
            denial(user(ALLOW), BY_A_USER, [named(principal, "Deny")])


def test_a_statement_on_a_resource_that_cannot_be_told_is_not_judged() -> None:
    unknown = Request("", "sns:Publish", UNKNOWN)
    assert denial(user(ALLOW | {"Resource": "*"}), unknown) is None
    with pytest.raises(ValueError, match=f"a statement is about {TOPIC}"):
        denial(user(ALLOW | {"Resource": "*"}, DENY), unknown)
    elsewhere = DENY | {"Action": "s3:*"}
    assert denial(user(ALLOW | {"Resource": "*"}, elsewhere), unknown) is None
