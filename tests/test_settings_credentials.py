"""Credentials of a consumer; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from components.credentials import Credentials
from components.settings.credentials import ServiceUser
from tests.snippets import checked, refusals


def consumer(folder: Path, text: str) -> ServiceUser:
    queues = checked(folder, f"queues: {{app: {{consumer: {text}}}}}").queues
    return queues["app"].consumer


def test_by_default_one_key_in_a_stack_output(tmp_path: Path) -> None:
    for settings in (checked(tmp_path, ""), checked(tmp_path, "queues: {app: {}}")):
        user = settings.queues["app"].consumer
        assert user.credentials is Credentials.STACK_OUTPUT
        assert user.keys == ["main"]
        assert (user.pgp_key, user.trust) == (None, [])


@pytest.mark.parametrize(
    ("text", "form", "keys"),
    [
        ("{keys: [main, next]}", "stackOutput", ["main", "next"]),
        ("{credentials: secretsManager, keys: [a]}", "secretsManager", ["a"]),
        ("{credentials: pgp, pgpKey: 'keybase:example'}", "pgp", ["main"]),
        ("{credentials: role, trust: [lambda.amazonaws.com]}", "role", ["main"]),
        ("{credentials: none}", "none", ["main"]),
    ],
)
def test_each_form(tmp_path: Path, text: str, form: str, keys: list[str]) -> None:
    user = consumer(tmp_path, text)
    assert user.credentials.value == form
    assert user.keys == keys


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:user/path/somebody",
        "arn:aws-us-gov:iam::123456789012:role/app",
        "lambda.amazonaws.com",
        "ecs-tasks.amazonaws.com",
        "ec2.amazonaws.com.cn",
    ],
)
def test_who_may_be_trusted(tmp_path: Path, principal: str) -> None:
    user = consumer(tmp_path, f"{{credentials: role, trust: ['{principal}']}}")
    assert user.trust == [principal]


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        "arn:aws:iam::*:root",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:iam::123456789012:group/readers",
        "arn:aws:sts::123456789012:assumed-role/app/session",
        "amazonaws.com",
        "lambda.amazonaws.com.evil.example",
        "*.amazonaws.com",
        "lambda.amazonaws.com ",
    ],
)
def test_who_may_not_be_trusted(tmp_path: Path, principal: str) -> None:
    text = f"{{credentials: role, trust: ['{principal}']}}"
    (line,) = refusals(tmp_path, f"queues: {{app: {{consumer: {text}}}}}")
    assert line.startswith("ses-feedback:queues.app.consumer.trust[0]: found ")
