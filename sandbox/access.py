"""What a resource policy allows whom: pure, on the text of the policy alone.

The rules are those of the IAM user guide, "Policy evaluation logic" and "IAM JSON
policy elements": an explicit deny wins, what nothing allows is denied. (moto's own
evaluation of statements knows neither service principals nor conditions on them.)
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """Somebody who wants to do something with a resource."""

    service: str
    """The AWS service that asks: ses.amazonaws.com."""
    action: str
    """sns:Publish"""
    resource: str
    """The ARN of what it is done with."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys of the request: aws:SourceArn..."""


def admits(policy: str, request: Request) -> bool:
    """Whether a resource policy lets the request pass.

    Raises ValueError for a condition operator that is not known here.
    """
    effects = {
        statement["Effect"]
        for statement in _listed(json.loads(policy)["Statement"])
        if _applies(statement, request)
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _names(statement, "Principal", lambda one: _is_asking(one, request))
        and _names(statement, "Action", lambda one: _is_action(one, request.action))
        and _names(statement, "Resource", lambda one: like(one, request.resource))
        and all(
            _holds(operator, key, _texts(expected), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _names(
    statement: Mapping[str, Any], element: str, matches: Callable[[Any], bool]
) -> bool:
    """Whether an element, or its `Not` form, has the request in it.

    A statement of a resource policy that names no resource is about its own.
    """
    if f"Not{element}" in statement:
        return not any(map(matches, _listed(statement[f"Not{element}"])))
    if element in statement:
        return any(map(matches, _listed(statement[element])))
    return element == "Resource"


def _is_asking(principal: Any, request: Request) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == "*")
    return "*" in _listed(principal.get("AWS", [])) or any(
        name in ("*", request.service) for name in _listed(principal.get("Service", []))
    )


def _is_action(pattern: str, action: str) -> bool:
    return like(pattern.lower(), action.lower())


def _holds(
    operator: str, key: str, expected: list[str], context: Mapping[str, str]
) -> bool:
    """One key of one condition; the names of keys have no case, values do."""
    value = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator == "Null":
        return (str(value is None).lower()) in expected
    name = operator.removesuffix("IfExists")
    if name not in _OPERATORS:
        raise ValueError(f"the condition operator {operator} is not known here")
    matches, negated = _OPERATORS[name]
    if value is None:
        return negated or name != operator
    return any(matches(one, value) for one in expected) is not negated


def like(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` for any run of characters, `?` for one."""
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    """Wildcards that do not reach beyond a colon, but in the last part of an ARN."""
    expected, found = pattern.split(":", 5), arn.split(":", 5)
    return len(expected) == len(found) == 6 and all(map(like, expected, found))


def _equal(expected: str, value: str) -> bool:
    return expected == value


def _equal_without_case(expected: str, value: str) -> bool:
    return expected.lower() == value.lower()


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_without_case, False),
    "StringNotEqualsIgnoreCase": (_equal_without_case, True),
    "StringLike": (like, False),
    "StringNotLike": (like, True),
    "ArnEquals": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnLike": (_arn_like, False),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_equal_without_case, False),
}
"""Each operator's comparison, and whether it holds where nothing matches."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    return list(_as_text(_listed(value)))


def _as_text(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield str(value).lower() if isinstance(value, bool) else str(value)
