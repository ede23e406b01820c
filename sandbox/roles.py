"""A service that acts in a role of the account: may it take it, and what may it then?"""

from dataclasses import dataclass

from sandbox.access import Caller, Context, Request, admits, denial
from sandbox.permissions import conditions, resource_policies
from sandbox.principals import in_role


@dataclass(frozen=True)
class Acting:
    """A service in a role."""

    caller: Caller

    def denial(self, action: str, resource: str) -> str | None:
        """Why it may not do this with a resource; None where it may."""
        account_id = self.caller.account_id
        context = {**conditions(account_id), **self.caller.context}
        request = Request("", action, resource, context)
        try:
            reason = denial(
                self.caller, request, resource_policies(account_id, resource)
            )
        except ValueError as unknown:
            reason = f"because a policy cannot be judged: {unknown}"
        if reason is None:
            return None
        return (
            f"User: {self.caller.arn} is not authorized to perform: {action} on"
            f" resource: {resource} {reason}"
        )


def assume(
    role_arn: str, service: str, context: Context, session_name: str = "sandbox"
) -> Acting | None:
    """The service in the role, where there is such a role and its trust policy admits
    the service under these condition keys."""
    caller = in_role(role_arn, session_name)
    if caller is None:
        return None
    request = Request(service, "sts:AssumeRole", role_arn, context)
    try:
        trusted = any(
            admits(policy, request)
            for policy in resource_policies(caller.account_id, role_arn)
        )
    except ValueError:
        # What cannot be judged here admits nobody.
        return None
    return Acting(caller) if trusted else None
