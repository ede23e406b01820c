"""Consumers in each form of credentials, seen by their resources and outputs."""

import json
from functools import cache
from typing import Any

import pytest

from components.credentials import Credentials
from tests.engine import Engine, declare, secret_of, texts
from tests.stacks import program, stack_of

KEY = "iam/accessKey:AccessKey"
ROLE = "iam/role:Role"
ROLE_POLICY = "iam/rolePolicy:RolePolicy"
SECRET = "secretsmanager/secret:Secret"
SECRET_VERSION = "secretsmanager/secretVersion:SecretVersion"
USER = "iam/user:User"
USER_POLICY = "iam/userPolicy:UserPolicy"

COMPONENT = "ses-feedback:index:ServiceUser"


@cache
def consumer(keys: str = "", more: str = "") -> Engine:
    """The consumer of the queue `app`."""
    return declare(
        stack_of(
            f"""
            channels: {{app: {{}}}}
            identities: {{shop: {{sender: shop.example.com, feedback: app}}}}
            queues: {{app: {{consumer: {{{keys}}}}}}}
            {more}
            """
        )
    )


def made(engine: Engine) -> list[tuple[str, str]]:
    """The kind and role of what is in the consumer."""
    return [
        (each.kind.partition(":")[2], each.name.removeprefix("app-consumer-"))
        for each in engine.all()
        if each.parent in engine.by_urn and engine.by_urn[each.parent].type == COMPONENT
    ]


def credentials(engine: Engine) -> dict[str, Any]:
    """The stack outputs on consumers."""
    return {
        name: value
        for name, value in engine.exports.items()
        if name.startswith("consumer")
    }


A_USER = [("User", "user"), ("UserPolicy", "user-policy")]
ARN = "arn:aws:iam::210987654321:role/worker"

FORMS: list[Any] = [
    pytest.param(
        "",
        [("AccessKey", "key_main"), *A_USER],
        {
            "consumerAccessKeyIds": {"app": {"main": "AKIA-app-consumer-key_main"}},
            "consumerSecretAccessKeys": {
                "app": {"main": secret_of("app-consumer-key_main")}
            },
        },
        id="stackOutput by default",
    ),
    pytest.param(
        "credentials: stackOutput, keys: [main, next]",
        [("AccessKey", "key_main"), ("AccessKey", "key_next"), *A_USER],
        {
            "consumerAccessKeyIds": {
                "app": {
                    "main": "AKIA-app-consumer-key_main",
                    "next": "AKIA-app-consumer-key_next",
                }
            },
            "consumerSecretAccessKeys": {
                "app": {
                    "main": secret_of("app-consumer-key_main"),
                    "next": secret_of("app-consumer-key_next"),
                }
            },
        },
        id="stackOutput with two keys",
    ),
    pytest.param(
        "credentials: pgp, pgpKey: 'keybase:example'",
        [("AccessKey", "key_main"), *A_USER],
        {
            "consumerAccessKeyIds": {"app": {"main": "AKIA-app-consumer-key_main"}},
            "consumerEncryptedSecrets": {
                "app": {"main": "encrypted-app-consumer-key_main"}
            },
        },
        id="pgp",
    ),
    pytest.param(
        "credentials: secretsManager, keys: [next]",
        [
            ("AccessKey", "key_next"),
            *A_USER,
            ("Secret", "secret_next"),
            ("SecretVersion", "secret-version_next"),
        ],
        {
            "consumerAccessKeyIds": {"app": {"next": "AKIA-app-consumer-key_next"}},
            "consumerSecretArns": {
                "app": {
                    "next": "arn:aws:secretsmanager:eu-west-1:123456789012:"
                    "app-consumer-secret_next"
                }
            },
        },
        id="secretsManager",
    ),
    pytest.param(
        f"credentials: role, trust: ['{ARN}']",
        [("Role", "role"), ("RolePolicy", "role-policy")],
        {"consumerRoleArns": {"app": "arn:aws:iam::123456789012:app-consumer-role"}},
        id="role",
    ),
    pytest.param("credentials: none", [], {}, id="none"),
]


@pytest.mark.parametrize(("keys", "resources", "outputs"), FORMS)
def test_a_form_of_credentials_makes_exactly_this(
    keys: str, resources: list[tuple[str, str]], outputs: dict[str, Any]
) -> None:
    engine = consumer(keys)
    assert made(engine) == resources
    assert credentials(engine) == outputs


def test_each_form_of_credentials_is_tested() -> None:
    written = " ".join(param.values[0] for param in FORMS)
    assert all(form in written for form in Credentials)


@pytest.mark.parametrize(
    "keys",
    [
        "credentials: pgp, pgpKey: 'keybase:example'",
        "credentials: secretsManager",
        f"credentials: role, trust: ['{ARN}']",
        "credentials: none",
    ],
)
def test_a_secret_is_at_one_place_only(keys: str) -> None:
    engine = consumer(keys)
    assert engine.secret_exports == frozenset()
    assert not any("secret-of-" in text for text in texts(engine.exports))


def test_a_user_has_a_policy_and_no_password() -> None:
    engine = consumer()
    assert dict(engine.one(USER).inputs) == {"tags": {}}
    assert engine.one(USER_POLICY).inputs["user"] == "app-consumer-user"
    assert engine.all("iam/userLoginProfile:UserLoginProfile") == []


def test_a_key_is_of_its_user_and_never_protected() -> None:
    engine = consumer("keys: [main, next]")
    assert [dict(each.inputs) for each in engine.all(KEY)] == [
        {"user": "app-consumer-user"},
        {"user": "app-consumer-user"},
    ]
    assert [each.protect for each in engine.all(KEY)] == [False, False]


def test_a_pgp_key_encrypts_the_secret() -> None:
    key = consumer("credentials: pgp, pgpKey: 'keybase:example'").one(KEY)
    assert key.inputs["pgpKey"] == "keybase:example"


def test_a_secret_of_secrets_manager_has_both_halves_of_the_key() -> None:
    engine = consumer("credentials: secretsManager, keys: [main, next]")
    assert [each.name for each in engine.all(SECRET)] == [
        "app-consumer-secret_main",
        "app-consumer-secret_next",
    ]
    for key in ("main", "next"):
        version = engine.one(SECRET_VERSION, f"app-consumer-secret-version_{key}")
        assert version.secret_inputs == {"secretString"}
        assert version.inputs["secretId"].endswith(f":app-consumer-secret_{key}")
        assert json.loads(version.inputs["secretString"]) == {
            "accessKeyId": f"AKIA-app-consumer-key_{key}",
            "secretAccessKey": secret_of(f"app-consumer-key_{key}"),
        }


def test_a_role_may_be_assumed_by_exactly_those_it_trusts() -> None:
    root = "arn:aws:iam::210987654321:root"
    trust = f"['{root}', lambda.amazonaws.com, '{ARN}']"
    engine = consumer(f"credentials: role, trust: {trust}")
    assert engine.one(ROLE).policy("assumeRolePolicy") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": [root, ARN], "Service": ["lambda.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }


@pytest.mark.parametrize(
    ("trust", "principal"),
    [
        (f"'{ARN}'", {"AWS": [ARN]}),
        ("ecs-tasks.amazonaws.com", {"Service": ["ecs-tasks.amazonaws.com"]}),
    ],
)
def test_a_kind_of_principal_that_is_not_trusted_is_absent(
    trust: str, principal: dict[str, list[str]]
) -> None:
    role = consumer(f"credentials: role, trust: [{trust}]").one(ROLE)
    assert role.statement("assumeRolePolicy")["Principal"] == principal


def test_a_role_may_do_what_a_user_may() -> None:
    user = consumer().one(USER_POLICY).policy()
    role = consumer(f"credentials: role, trust: ['{ARN}']").one(ROLE_POLICY)
    assert role.policy() == user
    assert role.inputs["role"] == "app-consumer-role"


def test_every_user_and_role_has_the_permissions_boundary() -> None:
    boundary = "arn:aws:iam::123456789012:policy/limit"
    engine = declare(program("full", permissionsBoundary=boundary))
    found = [*engine.all(USER), *engine.all(ROLE)]
    assert len(found) >= 4
    assert {each.inputs["permissionsBoundary"] for each in found} == {boundary}


@pytest.mark.parametrize("keys", ["", f"credentials: role, trust: ['{ARN}']"])
def test_there_is_no_boundary_where_none_is_stated(keys: str) -> None:
    engine = consumer(keys)
    for each in (*engine.all(USER), *engine.all(ROLE)):
        assert "permissionsBoundary" not in each.inputs


def test_a_rotation_touches_one_key_at_a_time() -> None:
    first, both, last = (
        set(consumer(f"keys: {keys}").urns)
        for keys in ("[main]", "[main, next]", "[next]")
    )
    assert {urn.rpartition("::")[2] for urn in both - first} == {
        "app-consumer-key_next"
    }
    assert {urn.rpartition("::")[2] for urn in both - last} == {"app-consumer-key_main"}
    assert first < both > last
