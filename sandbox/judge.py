"""Judges a request by who signs it, in each service's own words."""

from http import HTTPStatus

from sandbox.access import Request, denial
from sandbox.call import Call
from sandbox.cloud import Cloud
from sandbox.permissions import Need, needs, resource_policies
from sandbox.principals import Signer, signer
from sandbox.refusals import RefusedCall
from sandbox.signatures import has_expired, is_signed

KEEPS_TO_ITSELF = ("sts:AssumeRole", "kms:")
"""Actions on resources whose own policy decides: a role's trust, a key's policy."""


def judge(call: Call, cloud: Cloud) -> None:
    """Raises RefusedCall unless the request is signed by somebody who may do it."""
    who = _signer(call, cloud)
    if who.caller is None:
        return
    for need in needs(call, cloud.account.id):
        context = {**need.context, **who.caller.context}
        request = Request("", need.action, need.resource, context)
        try:
            reason = denial(
                who.caller,
                request,
                resource_policies(cloud.account.id, need.resource),
                resource_decides=need.action.startswith(KEEPS_TO_ITSELF),
            )
        except ValueError as unknown:
            raise RefusedCall(
                "NotImplemented",
                f"A policy cannot be judged: {unknown}",
                HTTPStatus.NOT_IMPLEMENTED,
            ) from None
        if reason is not None:
            raise _denied(call, who.caller.arn, need, reason)


def _signer(call: Call, cloud: Cloud) -> Signer:
    if call.scope is None:
        raise _unsigned(call)
    account = cloud.account
    who = signer(account.id, account.partition, call.scope.key_id)
    is_s3 = call.service == "s3"
    token = call.header("X-Amz-Security-Token") or call.arguments.get(
        "X-Amz-Security-Token"
    )
    if who is None or who.session_token is not None and token != who.session_token:
        if is_s3:
            raise RefusedCall(
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )
        raise RefusedCall(
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            json_code="UnrecognizedClientException",
        )
    if not is_signed(call, who.secret):
        raise RefusedCall(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you"
            " provided. Check your AWS Secret Access Key and signing method.",
            json_code="InvalidSignatureException",
        )
    if has_expired(call):
        raise RefusedCall("AccessDenied", "Request has expired")
    return who


def _unsigned(call: Call) -> RefusedCall:
    return RefusedCall(
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
        json_code="MissingAuthenticationTokenException",
    )


def _denied(call: Call, caller: str, need: Need, reason: str) -> RefusedCall:
    message = (
        f"User: {caller} is not authorized to perform: {need.action} on resource:"
        f" {need.resource} {reason}"
    )
    code = "AuthorizationError" if call.service == "sns" else "AccessDenied"
    return RefusedCall(code, message, json_code="AccessDeniedException")
