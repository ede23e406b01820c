"""Who may do what by the policies that the program declares, judged by sandbox/access.

policies = Recorded(declare(program))
policies.may(policies.user("app-consumer-user"), "sqs:ReceiveMessage", queue_arn)
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.access import Caller, Request, admits, denial
from tests.engine import ACCOUNT, Engine, Resource, arn_of

Change = Callable[[Resource, dict[str, Any]], None]
"""What changes a policy document before it is judged."""


@dataclass(frozen=True)
class Service:
    """A service of AWS that does something by itself."""

    name: str
    context: Mapping[str, str] = field(default_factory=dict)


def service(name: str, source: str = "", account: str = ACCOUNT.id) -> Service:
    """A service on behalf of a resource, which it names; of none where that is empty."""
    origin = {"aws:SourceArn": source, "aws:SourceAccount": account} if source else {}
    return Service(f"{name}.amazonaws.com", origin)


@dataclass(frozen=True)
class Recorded:
    """The policies of a program's resources."""

    engine: Engine
    change: Change = lambda resource, document: None

    def may(
        self,
        who: Service | Caller,
        action: str,
        arn: str,
        context: Mapping[str, str] | None = None,
    ) -> bool:
        """Whether somebody may do that with a resource, over TLS where nothing is said.

        A service needs the resource's own policy. So does a caller to use a key or to
        assume a role; otherwise either kind of policy will do.
        """
        policies = [
            policy
            for covered, policy in self._of_resources
            if arn == covered or arn.startswith(f"{covered}/")
        ]
        more = {"aws:SecureTransport": "true", **(context or {})}
        if isinstance(who, Service):
            request = Request(who.name, action, arn, {**who.context, **more})
            return any(admits(policy, request) for policy in policies)
        request = Request("", action, arn, {**who.context, **more})
        decides = action.startswith(("kms:", "sts:"))
        return denial(who, request, policies, resource_decides=decides) is None

    def user(self, name: str) -> Caller:
        """A user of the program, with its policies."""
        return self._caller("User", name)

    def role(self, name: str) -> Caller:
        """A role of the program, once somebody has assumed it."""
        return self._caller("Role", name)

    def _caller(self, kind: str, name: str) -> Caller:
        of = kind.lower()
        arn = arn_of(self.engine.one(f"iam/{of}:{kind}", name))
        policy = f"iam/{of}Policy:{kind}Policy"
        policies = tuple(
            json.dumps(self._document(each))
            for each in self.engine.all(policy)
            if each.inputs[of] == name
        )
        context = {"aws:PrincipalArn": arn}
        return Caller(arn, ACCOUNT.id, frozenset({arn}), policies, context=context)

    @cached_property
    def _of_resources(self) -> list[tuple[str, str]]:
        """By ARN, a resource's own policy; with a bucket's go its objects."""
        return [
            (arn, json.dumps(document))
            for each in self.engine.all()
            for arn, document in self._own_policy(each)
        ]

    def _own_policy(self, each: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
        match each.kind:
            case "sns/topicPolicy:TopicPolicy":
                yield each.inputs["arn"], self._document(each)
            case "sqs/queuePolicy:QueuePolicy":
                name = each.inputs["queueUrl"].rpartition("/")[2]
                arn = f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:{name}"
                yield arn, self._document(each)
            case "s3/bucketPolicy:BucketPolicy":
                arn = f"arn:aws:s3:::{each.inputs['bucket']}"
                yield arn, self._document(each)
            case "kms/key:Key":
                yield arn_of(each), self._document(each)
            case "iam/role:Role":
                yield arn_of(each), self._document(each, "assumeRolePolicy")
            case "lambda/permission:Permission":
                arn = _function(each)
                document = {"Statement": [_admitting(each, arn)]}
                self.change(each, document)
                yield arn, document

    def _document(self, resource: Resource, key: str = "policy") -> dict[str, Any]:
        document = resource.policy(key)
        self.change(resource, document)
        return document


def _function(permission: Resource) -> str:
    """The ARN of the function, its alias or version."""
    function = permission.inputs["function"]
    if not function.startswith("arn:"):
        of_account = f"arn:aws:lambda:{ACCOUNT.region}:{ACCOUNT.id}"
        function = f"{of_account}:function:{function}"
    qualifier = permission.inputs.get("qualifier")
    return f"{function}:{qualifier}" if qualifier else function


def _admitting(permission: Resource, function: str) -> dict[str, Any]:
    """The statement that Lambda makes of a permission (API reference, AddPermission)."""
    inputs = permission.inputs
    condition: dict[str, dict[str, str]] = {}
    if "sourceArn" in inputs:
        condition["ArnLike"] = {"aws:SourceArn": inputs["sourceArn"]}
    if "sourceAccount" in inputs:
        condition["StringEquals"] = {"aws:SourceAccount": inputs["sourceAccount"]}
    return {
        "Effect": "Allow",
        "Principal": {"Service": inputs["principal"]},
        "Action": inputs["action"],
        "Resource": function,
        "Condition": condition,
    }
