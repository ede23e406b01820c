"""Filter policies on the message body, with `$or`.

moto compares single conditions as SNS does, but fails at `$or` in a body (SNS developer
guide, "OR operator"). So a policy with `$or` becomes several without.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from moto.sns.utils import FilterPolicyMatcher

OR = "$or"


def lets_through(policy: Mapping[str, Any], message: str) -> bool:
    """Whether a subscriber with this filter on the body is told."""
    return any(
        FilterPolicyMatcher(alternative, "MessageBody").matches(None, message)
        for alternative in alternatives(policy)
    )


def alternatives(policy: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Policies without `$or` of which one has to match."""
    choices = []
    for key, value in policy.items():
        if key == OR:
            choices.append([one for part in value for one in alternatives(part)])
        elif isinstance(value, Mapping):
            choices.append([{key: one} for one in alternatives(value)])
        else:
            choices.append([{key: value}])
    for parts in product(*choices):
        merged: dict[str, Any] = {}
        for part in parts:
            merged = _merged(merged, part)
        yield merged


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            value = _merged(merged[key], value)
        merged[key] = value
    return merged
