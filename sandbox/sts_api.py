"""STS's API, as an extension of moto's: who asks, and keys of users for a while."""

import json
from http import HTTPStatus
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.responses import TokenResponse

from sandbox.principals import calling, document_of
from sandbox.refusals import RefusedCall
from sandbox.sessions import Session, Sts, sts

HALF_A_DAY = 12 * 60 * 60
"""Seconds that a session lasts unless it is asked for otherwise."""


class StsApi(TokenResponse):
    """What is not here is moto's."""

    @property
    def backend(self) -> Sts:
        return sts(self.current_account, self.partition)

    def get_caller_identity(self) -> ActionResult:
        caller, account = calling.get(), self.current_account
        root = f"arn:{self.partition}:iam::{account}:root"
        return ActionResult(
            {
                "Account": account,
                "Arn": caller.arn if caller else root,
                "UserId": caller.context["aws:userid"] if caller else account,
            }
        )

    def get_session_token(self) -> ActionResult:
        return ActionResult({"Credentials": _credentials(self._begin())})

    def get_federation_token(self) -> ActionResult:
        name = self._get_param("Name")
        made = self._begin(name, self._policy())
        resource = f"federated-user/{name}"
        return ActionResult(
            {
                "Credentials": _credentials(made),
                "FederatedUser": {
                    "FederatedUserId": f"{self.current_account}:{name}",
                    "Arn": f"arn:{self.partition}:sts::{self.current_account}"
                    f":{resource}",
                },
            }
        )

    def assume_role(self) -> ActionResult:
        if self._get_param("Tags"):
            raise NotImplementedError("It has no session tags.")
        policy = self._policy()
        found = super().assume_role()
        session = cast(dict[str, Any], found.result)["Credentials"]
        session.policy = policy or ""
        return found

    def _begin(
        self, federated: str | None = None, policy: str | None = None
    ) -> Session:
        caller = calling.get()
        if caller is not None and "aws:MultiFactorAuthPresent" in caller.context:
            raise RefusedCall(
                "AccessDenied",
                f"Cannot call {self._get_action()} with session credentials",
            )
        user = caller.context["aws:username"] if caller else None
        seconds = self._get_int_param("DurationSeconds", HALF_A_DAY)
        return self.backend.begin(user, seconds, federated, policy)

    def _policy(self) -> str | None:
        """What a session is limited to: the policies that it was asked for with, which
        together allow what any of them does."""
        stated = [text] if (text := self._get_param("Policy")) else []
        known = iam_backends[self.current_account][self.partition].managed_policies
        for one in self._get_param("PolicyArns", []):
            policy = known.get(one["arn"])
            if policy is None:
                raise _malformed(f"The policy {one['arn']} does not exist.")
            stated.append(document_of(policy))
        return _merged(stated) if stated else None


def _merged(policies: list[str]) -> str:
    statements: list[Any] = []
    for text in policies:
        try:
            found = json.loads(text)["Statement"]
        except (ValueError, KeyError, TypeError):
            raise _malformed("The policy is not in the valid JSON format.") from None
        statements += found if isinstance(found, list) else [found]
    return json.dumps({"Statement": statements})


def _malformed(message: str) -> RefusedCall:
    return RefusedCall("MalformedPolicyDocument", message, HTTPStatus.BAD_REQUEST)


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.ends,
    }
