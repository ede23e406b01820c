"""The grammar of a policy document, by what documents come out of it."""

import ast
from typing import Any

import pytest

from components import policies
from tests.engine import UNKNOWN
from tests.stacks import ROOT, declared

PRINCIPAL = {"Service": "sns.amazonaws.com"}
CONDITION = {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param(
            policies.allow("sns:Publish", "arn:topic"),
            {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:topic"},
            id="of a user or role",
        ),
        pytest.param(
            policies.allow(["a:B", "a:C"], ["arn:one", "arn:two"]),
            {
                "Effect": "Allow",
                "Action": ["a:B", "a:C"],
                "Resource": ["arn:one", "arn:two"],
            },
            id="several",
        ),
        pytest.param(
            policies.allow(
                "sqs:SendMessage",
                "arn:queue",
                principal=PRINCIPAL,
                condition=CONDITION,
            ),
            {
                "Effect": "Allow",
                "Principal": PRINCIPAL,
                "Action": "sqs:SendMessage",
                "Resource": "arn:queue",
                "Condition": CONDITION,
            },
            id="of a resource",
        ),
        pytest.param(
            policies.deny("s3:*", ["arn:one"], principal={"AWS": "*"}),
            {
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "s3:*",
                "Resource": ["arn:one"],
            },
            id="of what may not be done",
        ),
        pytest.param(
            policies.allow("sts:AssumeRole", principal=PRINCIPAL),
            {"Effect": "Allow", "Principal": PRINCIPAL, "Action": "sts:AssumeRole"},
            id="of trust",
        ),
    ],
)
def test_a_statement_has_what_is_said_and_nothing_more(
    statement: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert statement == expected


def test_a_document_waits_for_the_arns_in_it() -> None:
    engine = declared("simplest")
    user_policy = engine.one("iam/userPolicy:UserPolicy")
    queue = engine.one("sqs/queue:Queue", "app-queue")
    assert user_policy.input_dependencies["policy"] == {queue.urn}
    assert user_policy.statement()["Resource"].endswith(":app-queue")
    preview = declared("simplest", preview=True)
    assert preview.one("iam/userPolicy:UserPolicy").inputs["policy"] == UNKNOWN


def test_every_document_is_made_by_this_grammar() -> None:
    """One place writes the version; a policy without it makes SQS hang."""
    for path in (ROOT / "components").glob("*.py"):
        words = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant)
        }
        assert ("2012-10-17" in words) == (path.name == "policies.py"), path.name
