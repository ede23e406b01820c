"""Stands in for Pulumi's engine: applies each registration to the emulated account."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from components.account import Account
from sandbox.apply import CannotApply, apply
from sandbox.cloud import Cloud
from sandbox.program import NO_MOCKS

NOT_APPLIED = ("pulumi:pulumi:Stack", "ses-feedback:index:")
"""Beginnings of types that are only a place in the tree."""

T = TypeVar("T")


class Monitor(mocks.MockMonitor):
    """Answers the program with what the emulated account made of each resource.

    The first failure ends it: whatever is declared afterwards fails for the same
    reason.
    """

    failure: CannotApply | None = None
    """Why the program could not be applied, for a person."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(NO_MOCKS)
        self._cloud = cloud
        self._urns: set[str] = set()
        # Registrations come from several threads.
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type.startswith(NOT_APPLIED):
            return resource_pb2.RegisterResourceResponse(urn=urn)
        what = f"{request.type} {request.name}"
        inputs = rpc.deserialize_properties(request.object)
        with self._lock:
            if urn in self._urns:
                self._fail(f"{what}: declared twice")
            self._urns.add(urn)
            applied = self._attempt(
                what,
                lambda: apply(urn, request.type, request.name, inputs, self._cloud),
            )
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=applied.id, object=dict(applied.outputs)
        )

    def Invoke(self, request: Any) -> Any:
        answers = look_ups(self._cloud.account)
        if request.tok not in answers:
            self._fail(f"{request.tok}: the sandbox knows no such look-up")
        answer: dict[str, Any] = {"return": dict(answers[request.tok])}
        return resource_pb2.ResourceInvokeResponse(**answer)

    def _attempt(self, what: str, step: Callable[[], T]) -> T:
        """Does a step for the program, or says what AWS said against it."""
        if self.failure is not None:
            raise self.failure
        try:
            return step()
        except CannotApply as cannot:
            self._fail(str(cannot))
        except (ClientError, BotoCoreError) as error:
            self._fail(f"{what}: {error}")

    def _fail(self, message: str) -> NoReturn:
        if self.failure is None:
            self.failure = CannotApply(message)
        raise self.failure


def look_ups(account: Account) -> Mapping[str, Mapping[str, str]]:
    """The answers to what a program asks of AWS, by the function's token."""
    return {
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": account.id},
        "aws:index/getRegion:getRegion": {"region": account.region},
        "aws:index/getPartition:getPartition": {"partition": account.partition},
    }
