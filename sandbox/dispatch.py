"""A request of an SDK: who asks, may it, and what the emulated service answers."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from moto.core.botocore_stubber import BotocoreStubber

from sandbox.call import Call
from sandbox.judge import judge
from sandbox.links import follow
from sandbox.not_served import check_served
from sandbox.permissions import left_out
from sandbox.principals import calling
from sandbox.refusals import CBOR, Answer, RefusedCall
from sandbox.refusals import answer as refusal

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

NOT_PASSED_ON = ("status", "server", "date")
"""Headers of moto's answers that a server itself writes, or nobody."""

_MOTO = BotocoreStubber()


def answer(call: Call, cloud: "Cloud") -> Answer:
    """What the service that the request was signed for answers, or why it does not.

    Requests are answered one at a time, since moto's state knows no locks; one that
    waits for messages lets others pass meanwhile. One that the answer to another leads
    to is answered within it.
    """
    try:
        if call.unread:
            raise RefusedCall("InvalidRequest", call.unread, HTTPStatus.BAD_REQUEST)
        with cloud.changed:
            before = calling.get(), left_out.get()
            try:
                if not call.is_signed:
                    followed = follow(call, cloud.account.id)
                    if followed is not None:
                        return followed
                judgement = judge(call, cloud)
                calling.set(judgement.caller)
                left_out.set(judgement.left_out)
                return _dispatched(call)
            finally:
                calling.set(before[0])
                left_out.set(before[1])
                cloud.changed.notify_all()
    except RefusedCall as refused:
        return refusal(call, refused)
    except Exception as error:  # noqa: BLE001
        # Whatever it was, the caller's SDK can only show what it is told.
        service = f"{call.service} " if call.scope else ""
        failure = RefusedCall(
            "InternalFailure",
            f"The sandbox failed at {service}{call.method} {call.path}: {error!r}",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )
        return refusal(call, failure)


def _dispatched(call: Call) -> Answer:
    if call.header("Smithy-Protocol") == CBOR:
        raise RefusedCall(
            "NotImplemented",
            f"The sandbox does not speak {CBOR}, only the older protocols of"
            f" {call.service}: set the SDK to JSON or query.",
            HTTPStatus.NOT_IMPLEMENTED,
        )
    if not call.operation:
        raise RefusedCall(
            "InvalidAction",
            f"The sandbox knows no such operation of {call.service}.",
            HTTPStatus.BAD_REQUEST,
            "UnknownOperationException",
        )
    check_served(call)
    try:
        found = _MOTO.process_request(call.for_aws())
    except NotImplementedError as missing:
        raise RefusedCall(
            "NotImplemented",
            f"The sandbox does not do this: {call.service} {call.operation}. {missing}",
            HTTPStatus.NOT_IMPLEMENTED,
        ) from None
    if found is None:
        raise RefusedCall(
            "NotImplemented",
            f"The sandbox has no service {call.service}.",
            HTTPStatus.NOT_IMPLEMENTED,
        )
    status, headers, body = found
    texts = {str(name): str(value) for name, value in headers.items()}
    return (
        int(status),
        {name: texts[name] for name in texts if name.lower() not in NOT_PASSED_ON},
        body.encode() if isinstance(body, str) else body or b"",
    )
