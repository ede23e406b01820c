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


EVERYBODY = "*"
"""How a policy names everybody, those without a name too."""

UNKNOWN = ""
"""In place of the ARN of a resource that the sandbox cannot tell."""


@dataclass(frozen=True)
class Request:
    """Somebody who wants to do something with a resource."""

    service: str
    """The AWS service that asks: ses.amazonaws.com; empty for a user or role."""
    action: str
    """sns:Publish"""
    resource: str
    """The ARN of what it is done with, or UNKNOWN."""
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Limit:
    """A policy that allows nothing by itself, but without which nothing is allowed."""

    kind: str
    """As denials name it: permissions boundary."""
    policy: str


@dataclass(frozen=True)
class Caller:
    """A user, the session of a role or user, or nobody known, with its policies."""

    arn: str
    account_id: str
    """Empty for somebody of no account."""
    names: frozenset[str]
    """The ARNs by which a policy may name it."""
    policies: tuple[str, ...] = ()
    """Its identity policies."""
    limits: tuple[Limit, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    stands_for: frozenset[str] = frozenset()
    """Of a session, the ARN of the role or user behind it. What a resource's policy
    allows to that one is still subject to the session's limits."""

    @property
    def account_names(self) -> frozenset[str]:
        """How a policy names the whole account."""
        if not self.account_id:
            return frozenset()
        partition = self.arn.split(":")[1]
        root = f"arn:{partition}:iam::{self.account_id}:root"
        return frozenset({self.account_id, root})


ANONYMOUS = Caller(
    "anonymous",
    "",
    frozenset(),
    context={
        "aws:PrincipalAccount": "anonymous",
        "aws:PrincipalType": "Anonymous",
        "aws:userid": "anonymous",
    },
)
"""Whoever does not sign a request; the context is that of the IAM user guide, "AWS
global condition context keys"."""

IDENTITY, RESOURCE = "identity-based policy", "resource-based policy"
"""What a policy is, as denials name it."""


def admits(policy: str, request: Request) -> bool:
    """Whether a resource policy lets a service's request pass.

    Raises ValueError for what cannot be judged here: an unknown condition operator.
    """
    found = _effects(
        policy,
        request,
        lambda one: _names(one, "Principal", lambda who: _is_asking(who, request)),
    )
    return "Allow" in found and "Deny" not in found


def denial(
    caller: Caller,
    request: Request,
    resource_policies: Iterable[str] = (),
    *,
    resource_decides: bool = False,
) -> str | None:
    """Why a caller may not use a resource of the account; None where it may.

    Either kind of policy can allow, but for a resource whose own policy decides (a
    role's trust, a key's policy): there the policy names the caller, or it names the
    account and the caller's own policies allow.

    Raises ValueError for what cannot be judged here: an unknown condition operator, a
    kind of principal that is not known, a statement on a resource that is UNKNOWN.
    """
    policies = tuple(resource_policies)

    def stated(names: frozenset[str]) -> set[str]:
        named = [
            _effects(one, request, lambda it: _concerns(it, caller, names))
            for one in policies
        ]
        return set[str]().union(*named)

    own = set[str]().union(*(_effects(one, request) for one in caller.policies))
    limits = [(one.kind, _effects(one.policy, request)) for one in caller.limits]
    everything = caller.names | caller.stands_for | caller.account_names
    for kind, found in ((IDENTITY, own), (RESOURCE, stated(everything)), *limits):
        if "Deny" in found:
            return f"with an explicit deny in {_article(kind)} {kind}"
    if "Allow" in stated(caller.names):
        return None
    if resource_decides and "Allow" not in stated(everything):
        return _missing(request, RESOURCE)
    if "Allow" not in own and "Allow" not in stated(caller.stands_for):
        return _missing(request, IDENTITY if caller.account_id else RESOURCE)
    for kind, found in limits:
        if "Allow" not in found:
            return _missing(request, kind)
    return None


def _article(kind: str) -> str:
    return "an" if kind == IDENTITY else "a"


def _missing(request: Request, kind: str) -> str:
    return f"because no {kind} allows the {request.action} action"


def _effects(
    policy: str,
    request: Request,
    concerns: Callable[[Mapping[str, Any]], bool] = lambda statement: True,
) -> set[str]:
    """The effects of the statements that apply, of those that concern the caller."""
    return {
        statement["Effect"]
        for statement in _listed(json.loads(policy).get("Statement", []))
        if concerns(statement) and _applies(statement, request)
    }


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    context = {name.lower(): value for name, value in request.context.items()}

    def is_resource(pattern: str) -> bool:
        if request.resource == UNKNOWN and pattern.strip("*"):
            raise ValueError(
                f"which resource {request.action} is about is not known here, and a"
                f" statement is about {pattern}"
            )
        return like(_filled_in(pattern, context), request.resource)

    return (
        _names(statement, "Action", lambda one: _is_action(one, request.action))
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


def _concerns(
    statement: Mapping[str, Any], caller: Caller, names: frozenset[str]
) -> bool:
    """Whether a resource policy's statement is about the caller by one of these names.

    NotPrincipal excepts from a deny only who is listed by every name: the account, and
    a session's own and its role's (IAM user guide, "AWS JSON policy elements:
    NotPrincipal").
    """
    if "NotPrincipal" not in statement:
        return "Principal" in statement and bool(_named(statement["Principal"], names))
    own = caller.names | caller.stands_for
    listed = _named(statement["NotPrincipal"], own | caller.account_names)
    if statement["Effect"] == "Allow":
        return not listed
    is_excepted = own and own <= listed and listed & caller.account_names
    return not (is_excepted or EVERYBODY in listed)


def _named(principal: Any, names: frozenset[str]) -> frozenset[str]:
    """Those of the names that a principal element has; everybody for `*`."""
    if not isinstance(principal, dict):
        return names | {EVERYBODY} if principal == EVERYBODY else frozenset()
    unknown = principal.keys() - {"AWS", "Service", "Federated"}
    if unknown:
        raise ValueError(f"the principal {min(unknown)} is not known here")
    found = frozenset[str]()
    for one in _listed(principal.get("AWS", [])):
        if one == EVERYBODY:
            return names | {EVERYBODY}
        if "*" in one:
            raise ValueError(f"the principal {one} has a wildcard, which AWS refuses")
        found |= names & {one}
    return found


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
