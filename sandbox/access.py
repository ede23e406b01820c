"""Who may do what: policies, evaluated by their text alone.

The rules are those of the IAM user guide, "Policy evaluation logic" and "IAM JSON
policy elements": an explicit deny wins, what nothing allows is denied. (moto's own
evaluation of statements knows neither service principals nor most conditions.)
"""

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

Context = Mapping[str, str | Sequence[str]]
"""Condition keys of a request: aws:SourceArn..."""


@dataclass(frozen=True)
class Request:
    """Somebody who wants to do something with a resource."""

    service: str
    """The AWS service that asks: ses.amazonaws.com; empty for a user or role."""
    action: str
    """sns:Publish"""
    resource: str
    """The ARN of what it is done with."""
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """A user or the session of a role, with the policies that go with it."""

    arn: str
    account_id: str
    names: frozenset[str]
    """The ARNs by which a policy may name it: of a session, the role's too."""
    policies: tuple[str, ...]
    """Its identity policies."""
    limits: tuple[str, ...] = ()
    """Policies each of which has to allow as well: of a session, a boundary."""
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_names(self) -> frozenset[str]:
        """How a policy names the whole account."""
        partition = self.arn.split(":")[1]
        root = f"arn:{partition}:iam::{self.account_id}:root"
        return frozenset({self.account_id, root})


IDENTITY, RESOURCE, LIMIT = "an identity-based", "a resource-based", "a limiting"
"""What a policy is, as denials name it."""


def admits(policy: str, request: Request) -> bool:
    """Whether a resource policy lets a service's request pass.

    Raises ValueError for a condition operator that is not known here.
    """
    found = _effects(policy, request, lambda one: _is_asking(one, request))
    return "Allow" in found and "Deny" not in found


def denial(
    caller: Caller,
    request: Request,
    resource_policies: Iterable[str] = (),
    *,
    resource_decides: bool = False,
) -> str | None:
    """Why a user or role of the resource's own account may not; None where it may.

    Either kind of policy can allow, but for a resource whose own policy decides (a
    role's trust, a key's policy): there the policy names the caller, or it names the
    account and the caller's own policies allow. Raises ValueError for a condition
    operator that is not known here.
    """
    policies = tuple(resource_policies)

    def stated(names: frozenset[str]) -> set[str]:
        named = [
            _effects(one, request, lambda who: _is_named(who, names))
            for one in policies
        ]
        return set[str]().union(*named)

    direct = stated(caller.names)
    by_account = stated(caller.account_names)
    own = set[str]().union(*(_effects(one, request) for one in caller.policies))
    limits = [_effects(one, request) for one in caller.limits]
    for found, kind in (
        (own, IDENTITY),
        (stated(caller.names | caller.account_names), RESOURCE),
        (set[str]().union(*limits), LIMIT),
    ):
        if "Deny" in found:
            return f"with an explicit deny in {kind} policy"
    allowed = "Allow" in own and all("Allow" in limit for limit in limits)
    if "Allow" in direct:
        return None
    if not resource_decides:
        return None if allowed else _missing(request, "no identity-based policy allows")
    if "Allow" not in by_account:
        return _missing(request, "no resource-based policy allows")
    return None if allowed else _missing(request, "no identity-based policy allows")


def _missing(request: Request, what: str) -> str:
    return f"because {what} the {request.action} action"


def _effects(
    policy: str,
    request: Request,
    is_principal: Callable[[Any], bool] | None = None,
) -> set[str]:
    """The effects of the statements that apply; an identity policy has no principal."""
    return {
        statement["Effect"]
        for statement in _listed(json.loads(policy).get("Statement", []))
        if _applies(statement, request, is_principal)
    }


def _applies(
    statement: Mapping[str, Any],
    request: Request,
    is_principal: Callable[[Any], bool] | None,
) -> bool:
    context = {name.lower(): value for name, value in request.context.items()}

    def is_resource(pattern: str) -> bool:
        return like(_filled_in(pattern, context), request.resource)

    return (
        (is_principal is None or _names(statement, "Principal", is_principal))
        and _names(statement, "Action", lambda one: _is_action(one, request.action))
        and _names(statement, "Resource", is_resource)
        and all(
            _holds(
                condition,
                context.get(key.lower()),
                [_filled_in(one, context) for one in _texts(expected)],
            )
            for condition, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _filled_in(text: str, context: Context) -> str:
    """With the policy variables in it: ${aws:username}."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("*", "?", "$"):
            return name
        found = context.get(name.lower())
        return found if isinstance(found, str) else match[0]

    return re.sub(r"\$\{([^}]+)\}", value, text)


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


def _is_named(principal: Any, names: frozenset[str]) -> bool:
    stated = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return any(one == "*" or one in names for one in _listed(stated))


def _is_action(pattern: str, action: str) -> bool:
    return like(pattern.lower(), action.lower())


def _holds(
    condition: str, value: str | Sequence[str] | None, expected: list[str]
) -> bool:
    """One key of one condition."""
    if condition == "Null":
        return (str(value is None).lower()) in expected
    quantifier, _, named = condition.rpartition(":")
    name = named.removesuffix("IfExists")
    if name not in _OPERATORS or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise ValueError(f"the condition operator {condition} is not known here")
    matches, negated = _OPERATORS[name]
    if value is None:
        if quantifier:
            return quantifier == "ForAllValues"
        return negated or name != named
    values = [value] if isinstance(value, str) else value
    holds = [
        any(matches(one, each) for one in expected) is not negated for each in values
    ]
    return any(holds) if quantifier == "ForAnyValue" else all(holds)


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


def _is_in_network(expected: str, value: str) -> bool:
    return ip_address(value) in ip_network(expected, strict=False)


def _number(compares: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda expected, value: compares(float(value), float(expected))


def _date(compares: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda expected, value: compares(_moment(value), _moment(expected))


def _moment(text: str) -> float:
    """Seconds since 1970, from these or from an ISO date."""
    if text.isdigit():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
    "BinaryEquals": (_equal, False),
    "IpAddress": (_is_in_network, False),
    "NotIpAddress": (_is_in_network, True),
    "NumericEquals": (_number(operator.eq), False),
    "NumericNotEquals": (_number(operator.eq), True),
    "NumericLessThan": (_number(operator.lt), False),
    "NumericLessThanEquals": (_number(operator.le), False),
    "NumericGreaterThan": (_number(operator.gt), False),
    "NumericGreaterThanEquals": (_number(operator.ge), False),
    "DateEquals": (_date(operator.eq), False),
    "DateNotEquals": (_date(operator.eq), True),
    "DateLessThan": (_date(operator.lt), False),
    "DateLessThanEquals": (_date(operator.le), False),
    "DateGreaterThan": (_date(operator.gt), False),
    "DateGreaterThanEquals": (_date(operator.ge), False),
}
"""Each operator's comparison, and whether it holds where nothing matches."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    return list(_as_text(_listed(value)))


def _as_text(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield str(value).lower() if isinstance(value, bool) else str(value)
