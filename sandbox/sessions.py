"""STS's temporary keys of users, which moto answers with one fixed key for all."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import cast

import moto.sts.urls
from moto.sts.models import STSBackend, sts_backends


def _key_id() -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "ASIA" + "".join(secrets.choice(letters) for _ in range(16))


@dataclass(frozen=True)
class Session:
    """What somebody may do for a while with a key of GetSessionToken or of
    GetFederationToken."""

    user: str | None
    """The name of the user who asked for it; None for the administrator."""
    ends: datetime
    federated: str | None = None
    """The name that GetFederationToken was given; None for GetSessionToken."""
    policy: str | None = None
    """What the session is limited to; without one, a federated one may do nothing that
    its own ARN is not allowed."""
    key_id: str = field(default_factory=_key_id)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(120))

    @property
    def has_ended(self) -> bool:
        return datetime.now(UTC) >= self.ends


class Sts(STSBackend):
    """moto's state of STS, with the sessions of users."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.sessions: list[Session] = []

    @property
    def _url_module(self) -> ModuleType:
        return moto.sts.urls

    def begin(
        self,
        user: str | None,
        seconds: int,
        federated: str | None = None,
        policy: str | None = None,
    ) -> Session:
        """A new session; those that have ended are forgotten."""
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        made = Session(user, ends, federated, policy)
        self.sessions = [one for one in self.sessions if not one.has_ended]
        self.sessions.append(made)
        return made


def sts(account_id: str, partition: str) -> Sts:
    """STS's state in an account."""
    return cast(Sts, sts_backends[account_id][partition])
