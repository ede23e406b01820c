"""Credentials of a consumer or an uploader."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from components.credentials import Credentials
from components.settings.refusals import Fault, shown
from components.settings.shapes import A_NAME, NAME, Expected, Model
from components.settings.values import ARN, Text

PRINCIPAL = (
    "the ARN of an account (arn:aws:iam::123456789012:root), user or role,"
    " or a service name such as lambda.amazonaws.com"
)

A_PGP_KEY = "a PGP key (keybase:NAME or base64)"


class ServiceUser(Model):
    """The user or role of an application, and where the secret of its keys goes."""

    credentials: Annotated[
        Credentials,
        Field(strict=False, description="The form of the credentials."),
        Expected(f"one of {', '.join(Credentials)}"),
    ] = Credentials.STACK_OUTPUT
    keys: list[Annotated[str, Field(pattern=NAME), Expected(A_NAME)]] = Field(
        ["main"],
        description="Names of the access keys, one or two.",
        json_schema_extra={"minItems": 1, "maxItems": 2},
    )
    pgp_key: (
        Annotated[
            str,
            Field(pattern=r"^(?:keybase:\w+|[A-Za-z0-9+/=\s]+)$"),
            Expected(A_PGP_KEY),
        ]
        | None
    ) = Field(None, description="For `pgp`: `keybase:NAME` or a public key in base64.")
    trust: list[Annotated[Text, Expected(PRINCIPAL)]] = Field(
        [], description="For `role`: who may assume it, by ARN or service name."
    )

    @classmethod
    def lacking(cls, raw: Mapping[str, Any]) -> Iterator[Fault]:
        form = raw.get("credentials")
        if form == Credentials.PGP and "pgpKey" not in raw:
            yield Fault(("pgpKey",), "nothing", f"{A_PGP_KEY} beside pgp")
        if form == Credentials.ROLE and "trust" not in raw:
            yield Fault(("trust",), "nothing", f"beside role a list with {PRINCIPAL}")

    def rules(self) -> Iterator[Fault]:
        form = self.credentials
        if self.states("keys") and not form.has_keys:
            yield _beside("keys", form, "stackOutput, pgp or secretsManager")
        elif not 1 <= len(self.keys) <= 2:
            yield Fault(("keys",), f"{len(self.keys)} names", "one or two")
        elif len(set(self.keys)) < len(self.keys):
            yield Fault(
                ("keys",), f"{shown(self.keys[0])} twice", "two different names"
            )
        for index, key in enumerate(self.keys):
            if key == "none":
                yield Fault(("keys", index), f"the name {shown(key)}", A_NAME)
        if self.states("pgp_key") and form is not Credentials.PGP:
            yield _beside("pgpKey", form, "pgp")
        if self.states("trust") and form is not Credentials.ROLE:
            yield _beside("trust", form, "role")
        elif form is Credentials.ROLE and not self.trust:
            yield Fault(("trust",), "an empty list", f"a list with {PRINCIPAL}")
        for index, principal in enumerate(self.trust):
            if not _is_principal(principal):
                yield Fault(("trust", index), shown(principal), PRINCIPAL)


def _beside(key: str, form: Credentials, wanted: str) -> Fault:
    return Fault(
        (key,), f"{key} beside credentials {form}", f"{key} only with {wanted}"
    )


def _is_principal(text: str) -> bool:
    return bool(
        re.fullmatch(
            rf"{ARN}:iam::[0-9]{{12}}:(?:root|user/[^*\s]+|role/[^*\s]+)", text
        )
        or re.fullmatch(r"[a-z][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?", text)
    )
