"""IAM's API, as an extension of moto's: permissions boundaries of users too."""

from typing import Any, cast

import moto.iam.models
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import NoSuchEntity
from moto.iam.responses import IamResponse


class User(moto.iam.models.User):
    """A user, with the boundary that moto keeps of roles alone."""

    permissions_boundary_arn: str | None = None

    @property
    def permissions_boundary(self) -> dict[str, str] | None:
        """As the API answers it."""
        if self.permissions_boundary_arn is None:
            return None
        return {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": self.permissions_boundary_arn,
        }


class IamApi(IamResponse):
    """What is not here is moto's."""

    def create_user(self) -> ActionResult:
        boundary = self._boundary()
        found = super().create_user()
        made = cast(dict[str, Any], found.result)["User"]
        made.permissions_boundary_arn = boundary
        return found

    def create_role(self) -> ActionResult:
        self._boundary()
        return super().create_role()

    def put_user_permissions_boundary(self) -> ActionResult:
        return self._bound(self._boundary())

    def delete_user_permissions_boundary(self) -> ActionResult:
        return self._bound(None)

    def put_role_permissions_boundary(self) -> ActionResult:
        self._boundary()
        return super().put_role_permissions_boundary()

    def _bound(self, boundary: str | None) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        assert isinstance(user, User)
        user.permissions_boundary_arn = boundary
        return EmptyResult()

    def _boundary(self) -> str | None:
        """The boundary that is asked for, which has to be there."""
        arn: str | None = self._get_param("PermissionsBoundary")
        if arn is not None and arn not in self.backend.managed_policies:
            raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
        return arn
