"""The forms of credentials that a service user can have."""

from enum import StrEnum


class Credentials(StrEnum):
    """What is made for an application, and so where its secret is."""

    STACK_OUTPUT = "stackOutput"
    PGP = "pgp"
    SECRETS_MANAGER = "secretsManager"
    ROLE = "role"
    NONE = "none"

    @property
    def has_keys(self) -> bool:
        """Whether an IAM user with access keys is made."""
        return self not in (Credentials.ROLE, Credentials.NONE)
