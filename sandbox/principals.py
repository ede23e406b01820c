"""Whose key a request is signed with."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from sandbox.access import Caller, Limit
from sandbox.sessions import Session, sts

ADMINISTRATOR = "AKIASANDBOX0000ADMIN"
ADMINISTRATOR_SECRET = secrets.token_hex(20)
"""A key of the sandbox's own, which may do everything and opens nothing else; another
one in each process, so that only those whom it is given to have it."""

NOTHING = json.dumps({"Statement": []})
_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [_ALL]})


def _all_but(*actions: str) -> str:
    denied = {"Effect": "Deny", "Action": actions, "Resource": "*"}
    return json.dumps({"Statement": [_ALL, denied]})


OF_SESSION_TOKENS = Limit("session policy", _all_but("iam:*", "sts:GetFederationToken"))
OF_FEDERATION = Limit(
    "session policy",
    _all_but("iam:*", "sts:AssumeRole*", "sts:Decode*", "sts:GetAccess*"),
)
"""What such a session may not, whatever its user may (API reference of STS)."""


@dataclass(frozen=True)
class Signer:
    """Who has the key."""

    secret: str
    caller: Caller | None
    """None for the administrator, whom no policy is asked about."""
    session_token: str | None = None


calling: ContextVar[Caller | None] = ContextVar("calling", default=None)
"""Who is answered just now; None for the administrator, as within the process."""


def signer(account_id: str, partition: str, key_id: str) -> Signer | None:
    """Who has the access key of that id; None for a key that is not there, that is
    switched off or whose session has ended."""
    if key_id == ADMINISTRATOR:
        return Signer(ADMINISTRATOR_SECRET, None)
    iam = iam_backends[account_id][partition]
    for user in iam.users.values():
        for key in user.access_keys:
            if key.access_key_id == key_id and key.status == "Active":
                return Signer(key.secret_access_key, _user(iam, user))
    state = sts(account_id, partition)
    for role_session in state.assumed_roles:
        ends = role_session.expiration.replace(tzinfo=UTC)
        if role_session.access_key_id == key_id and datetime.now(UTC) < ends:
            return Signer(
                role_session.secret_access_key,
                _role_session(iam, role_session),
                role_session.session_token,
            )
    for session in state.sessions:
        if session.key_id == key_id and not session.has_ended:
            return _user_session(iam, partition, session)
    return None


def short_name(caller: Caller | None) -> str:
    """How SES names who sends: the user or role alone, without the session."""
    if caller is None:
        return "root"
    kind, *names = caller.arn.split(":", 5)[-1].split("/")
    return names[0] if kind == "assumed-role" else (names or [kind])[-1]


def _user(iam: IAMBackend, user: Any) -> Caller:
    groups = [group for group in iam.list_groups() if user in group.users]
    policies = [text for who in (user, *groups) for text in _policies(who)]
    tags = iam.tagger.get_tag_dict_for_resource(user.arn)
    return Caller(
        user.arn,
        iam.account_id,
        frozenset({user.arn}),
        tuple(policies),
        tuple(_boundary(iam, user)),
        context={
            "aws:PrincipalArn": user.arn,
            "aws:PrincipalType": "User",
            "aws:username": user.name,
            "aws:userid": user.id,
            **_tags(tags),
        },
    )


def _role_session(iam: IAMBackend, session: Any) -> Caller:
    """The role's policies, within its boundary and the session's own policy."""
    role = next((one for one in iam.get_roles() if one.arn == session.role_arn), None)
    limits = [Limit("session policy", session.policy)] if session.policy else []
    return _in_role(iam, role, session.role_arn, session.arn, session.user_id, limits)


def in_role(role_arn: str, session_name: str) -> Caller | None:
    """Whoever acts in a role just now, a service say; None where there is no such
    role."""
    parts = role_arn.split(":", 5)
    if len(parts) < 6:
        return None
    _, partition, _, _, account_id, name = parts
    if partition not in iam_backends[account_id]:
        return None
    iam = iam_backends[account_id][partition]
    role = next((one for one in iam.get_roles() if one.arn == role_arn), None)
    if role is None:
        return None
    session = f"{name.rpartition('/')[2]}/{session_name}"
    arn = f"arn:{partition}:sts::{account_id}:assumed-role/{session}"
    return _in_role(iam, role, role_arn, arn, f"{role.id}:{session_name}")


def _in_role(
    iam: IAMBackend,
    role: Any,
    role_arn: str,
    arn: str,
    user_id: str,
    limits: Sequence[Limit] = (),
) -> Caller:
    tags = {tag["Key"]: tag["Value"] for tag in (role.tags if role else ())}
    return Caller(
        arn,
        iam.account_id,
        frozenset({arn}),
        tuple(_policies(role)) if role else (),
        (*(_boundary(iam, role) if role else ()), *limits),
        {
            "aws:PrincipalArn": role_arn,
            "aws:PrincipalType": "AssumedRole",
            "aws:userid": user_id,
            "aws:MultiFactorAuthPresent": "false",
            **_tags(tags),
        },
        frozenset({role_arn}),
    )


def _user_session(iam: IAMBackend, partition: str, session: Session) -> Signer | None:
    """What GetSessionToken gives is the user; a federated session is somebody else,
    within the user's policies and its own."""
    user = iam.users.get(session.user or "")
    if session.user is not None and user is None:
        return None
    behind = _user(iam, user) if user else None
    context = {"aws:MultiFactorAuthPresent": "false"}
    if session.federated is None:
        caller = behind and Caller(
            behind.arn,
            behind.account_id,
            behind.names,
            behind.policies,
            (*behind.limits, OF_SESSION_TOKENS),
            {**behind.context, **context},
        )
        return Signer(session.secret, caller, session.token)
    where = f"arn:{partition}:sts::{iam.account_id}"
    arn = f"{where}:federated-user/{session.federated}"
    caller = Caller(
        arn,
        iam.account_id,
        frozenset({arn}),
        behind.policies if behind else (EVERYTHING,),
        (
            *(behind.limits if behind else ()),
            Limit("session policy", session.policy or NOTHING),
            OF_FEDERATION,
        ),
        {
            "aws:PrincipalArn": arn,
            "aws:PrincipalType": "FederatedUser",
            "aws:userid": f"{iam.account_id}:{session.federated}",
            **context,
        },
        behind.names if behind else frozenset(),
    )
    return Signer(session.secret, caller, session.token)


def _boundary(iam: IAMBackend, who: Any) -> Iterator[Limit]:
    """The permissions boundary of a user or role; one that is gone allows nothing."""
    arn = who.permissions_boundary_arn
    if arn:
        policy = iam.managed_policies.get(arn)
        yield Limit("permissions boundary", document_of(policy) if policy else NOTHING)


def _policies(who: Any) -> Iterator[str]:
    """The inline policies and the managed ones, of a user, group or role."""
    yield from who.policies.values()
    for policy in who.managed_policies.values():
        yield document_of(policy)


def document_of(policy: Any) -> str:
    """The version of a managed policy that counts."""
    text: str = next(one.document for one in policy.versions if one.is_default)
    return text


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"aws:PrincipalTag/{name}": value for name, value in tags.items()}
