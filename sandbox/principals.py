"""Whose key a request is signed with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import sts_backends

from sandbox.access import Caller

ADMINISTRATOR = "AKIASANDBOX0000ADMIN"
ADMINISTRATOR_SECRET = "sandbox"
"""A key of the sandbox's own, which may do everything and opens nothing else."""


@dataclass(frozen=True)
class Signer:
    """Who has the key."""

    secret: str
    caller: Caller | None
    """None for the administrator, whom no policy is asked about."""
    session_token: str | None = None


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
    for session in sts_backends[account_id][partition].assumed_roles:
        ends = session.expiration.replace(tzinfo=UTC)
        if session.access_key_id == key_id and datetime.now(UTC) < ends:
            return Signer(
                session.secret_access_key, _session(iam, session), session.session_token
            )
    return None


def _user(iam: IAMBackend, user: Any) -> Caller:
    groups = [group for group in iam.list_groups() if user in group.users]
    policies = [text for who in (user, *groups) for text in _policies(who)]
    tags = iam.tagger.get_tag_dict_for_resource(user.arn)
    return Caller(
        user.arn,
        iam.account_id,
        frozenset({user.arn}),
        tuple(policies),
        context={
            "aws:PrincipalArn": user.arn,
            "aws:PrincipalType": "User",
            "aws:username": user.name,
            "aws:userid": user.id,
            **_tags(tags),
        },
    )


def _session(iam: IAMBackend, session: Any) -> Caller:
    """The role's policies, within its boundary and the session's own policy."""
    role = next((one for one in iam.get_roles() if one.arn == session.role_arn), None)
    limit = role.permissions_boundary_arn if role else None
    boundary = iam.managed_policies.get(limit or "")
    limits = [_text(boundary)] if boundary else []
    if session.policy:
        limits.append(session.policy)
    tags = {tag["Key"]: tag["Value"] for tag in (role.tags if role else ())}
    return Caller(
        session.arn,
        iam.account_id,
        frozenset({session.arn, session.role_arn}),
        tuple(_policies(role)) if role else (),
        tuple(limits),
        {
            "aws:PrincipalArn": session.role_arn,
            "aws:PrincipalType": "AssumedRole",
            "aws:userid": session.user_id,
            **_tags(tags),
        },
    )


def _policies(who: Any) -> Iterator[str]:
    """The inline policies and the managed ones, of a user, group or role."""
    yield from who.policies.values()
    for policy in who.managed_policies.values():
        yield _text(policy)


def _text(policy: Any) -> str:
    """The version of a managed policy that counts."""
    text: str = next(one.document for one in policy.versions if one.is_default)
    return text


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"aws:PrincipalTag/{name}": value for name, value in tags.items()}
