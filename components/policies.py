"""The grammar of an IAM policy document."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Text = pulumi.Input[str]
Texts = Text | Sequence[Text]
Statement = dict[str, Any]


def allow(
    actions: Texts,
    resources: Texts | None = None,
    *,
    principal: Mapping[str, Texts] | None = None,
    condition: Mapping[str, Mapping[str, Texts]] | None = None,
) -> Statement:
    """What may be done to which resources; in a resource's own policy, by whom.

    A trust policy has no resources.
    """
    return _statement("Allow", actions, resources, principal, condition)


def deny(
    actions: Texts,
    resources: Texts,
    *,
    principal: Mapping[str, Texts] | None = None,
    condition: Mapping[str, Mapping[str, Texts]] | None = None,
) -> Statement:
    """What may not be done, whatever else allows it."""
    return _statement("Deny", actions, resources, principal, condition)


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy as JSON, once every ARN in it is known."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": list(statements)}
    )


def within(
    most: int, exact: pulumi.Output[str], broad: pulumi.Output[str]
) -> pulumi.Output[str]:
    """The exact document, or the broad one where it has more than so many characters."""
    return pulumi.Output.all(exact, broad).apply(
        lambda both: both[0] if len(both[0]) <= most else both[1]
    )


def _statement(
    effect: str,
    actions: Texts,
    resources: Texts | None,
    principal: Mapping[str, Texts] | None,
    condition: Mapping[str, Mapping[str, Texts]] | None,
) -> Statement:
    parts = {
        "Effect": effect,
        "Principal": principal,
        "Action": actions,
        "Resource": resources,
        "Condition": condition,
    }
    return {key: part for key, part in parts.items() if part is not None}
