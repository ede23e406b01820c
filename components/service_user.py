"""ServiceUser: the user or role of an application, its keys and their secrets."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import policies
from components.credentials import Credentials


class ServiceUserArgs(TypedDict):
    """What an application signs in with."""

    credentials: Credentials
    """The form of the credentials, and so where the secret is."""
    keys: Sequence[str]
    """Names of the access keys; an IAM user holds two at most."""
    statements: NotRequired[Sequence[policies.Statement]]
    """What the application may do; without any, another policy says so."""
    pgp_key: NotRequired[str | None]
    """For pgp: `keybase:NAME` or a public key in base64."""
    trust: NotRequired[Sequence[str]]
    """For role: ARNs and service names of who may assume it."""
    permissions_boundary: NotRequired[str | None]
    """ARN of the policy beyond which nothing is allowed."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class ServiceUser(pulumi.ComponentResource):
    """An IAM user without a password, or a role without any key, for one application.

    The policy is inline, so that it lives and dies with its user. The secret of a
    key is at one place only: a secret output, encrypted to a PGP key, or in Secrets
    Manager. A key is never protected from deletion, since rotation deletes it.
    """

    access_key_ids: dict[str, pulumi.Output[str]]
    """By key, its public half."""
    secret_access_keys: dict[str, pulumi.Output[str]]
    """By key, its secret, for stackOutput."""
    encrypted_secrets: dict[str, pulumi.Output[str]]
    """By key, its secret encrypted to the PGP key, for pgp."""
    secret_arns: dict[str, pulumi.Output[str]]
    """By key, the Secrets Manager secret, for secretsManager."""
    role_arn: pulumi.Output[str] | None
    """What is assumed, for role."""

    def __init__(
        self,
        name: str,
        args: ServiceUserArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:ServiceUser", name, None, opts)
        self._name = name
        self._args = args
        self._tags = args.get("tags", {})
        self._child = pulumi.ResourceOptions(parent=self)

        self.access_key_ids = {}
        self.secret_access_keys = {}
        self.encrypted_secrets = {}
        self.secret_arns = {}
        self.role_arn = None
        if args["credentials"].has_keys:
            self._user()
        elif args["credentials"] is Credentials.ROLE:
            self.role_arn = self._role()

        self.register_outputs(
            {
                "access_key_ids": self.access_key_ids,
                "secret_access_keys": self.secret_access_keys,
                "encrypted_secrets": self.encrypted_secrets,
                "secret_arns": self.secret_arns,
                "role_arn": self.role_arn,
            }
        )

    def _user(self) -> None:
        user = aws.iam.User(
            f"{self._name}-user",
            permissions_boundary=self._args.get("permissions_boundary"),
            tags=self._tags,
            opts=self._child,
        )
        if statements := self._args.get("statements"):
            aws.iam.UserPolicy(
                f"{self._name}-user-policy",
                user=user.name,
                policy=policies.document(*statements),
                opts=self._child,
            )
        for key in self._args["keys"]:
            self._access_key(user, key)

    def _access_key(self, user: aws.iam.User, name: str) -> None:
        credentials = self._args["credentials"]
        pgp_key = self._args.get("pgp_key")
        key = aws.iam.AccessKey(
            f"{self._name}-key_{name}",
            user=user.name,
            pgp_key=pgp_key if credentials is Credentials.PGP else None,
            opts=self._child,
        )
        self.access_key_ids[name] = key.id
        if credentials is Credentials.PGP:
            self.encrypted_secrets[name] = key.encrypted_secret
        elif credentials is Credentials.SECRETS_MANAGER:
            self.secret_arns[name] = self._secret(key, name)
        else:
            self.secret_access_keys[name] = pulumi.Output.secret(key.secret)

    def _secret(self, key: aws.iam.AccessKey, name: str) -> pulumi.Output[str]:
        secret = aws.secretsmanager.Secret(
            f"{self._name}-secret_{name}",
            description=f"Access key {name} of {self._name}",
            tags=self._tags,
            opts=self._child,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{self._name}-secret-version_{name}",
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps(
                {
                    "accessKeyId": key.id,
                    "secretAccessKey": pulumi.Output.secret(key.secret),
                }
            ),
            opts=self._child,
        )
        return version.secret_arn

    def _role(self) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._name}-role",
            assume_role_policy=_trust(self._args.get("trust", ())),
            permissions_boundary=self._args.get("permissions_boundary"),
            tags=self._tags,
            opts=self._child,
        )
        if statements := self._args.get("statements"):
            aws.iam.RolePolicy(
                f"{self._name}-role-policy",
                role=role.name,
                policy=policies.document(*statements),
                opts=self._child,
            )
        return role.arn


def _trust(principals: Sequence[str]) -> pulumi.Output[str]:
    """Who may assume the role: accounts, users and roles by ARN, services by name."""
    by_kind = {
        "AWS": [principal for principal in principals if principal.startswith("arn:")],
        "Service": [
            principal for principal in principals if not principal.startswith("arn:")
        ],
    }
    return policies.document(
        policies.allow(
            "sts:AssumeRole",
            principal={kind: names for kind, names in by_kind.items() if names},
        )
    )
