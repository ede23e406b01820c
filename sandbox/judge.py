"""Judges a request by who signs it, in each service's own words."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.access import ANONYMOUS, Caller, Request, denial
from sandbox.call import Call
from sandbox.permissions import (
    Need,
    is_closed_to_the_public,
    needs,
    resource_policies,
)
from sandbox.principals import Signer, signer
from sandbox.refusals import RefusedCall
from sandbox.signatures import has_expired, is_signed

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

FOR_EVERYBODY = ("s3", "sns", "sqs")
"""Services that answer requests which nobody signed, where a policy admits them."""

IN_EVERY_REGION = ("cloudfront", "iam", "route53", "s3", "sts")
"""Services that are signed for with another region too."""


@dataclass(frozen=True)
class Judgement:
    """Who asks, and what of the request is not done."""

    caller: Caller | None
    """None for the administrator."""
    left_out: frozenset[str] = frozenset()
    """The ARNs of single entries of a batch."""


def judge(call: Call, cloud: "Cloud") -> Judgement:
    """Raises RefusedCall unless the request is by somebody who may do it."""
    caller = _caller(call, cloud)
    _check_region(call, cloud.account.region)
    if caller is None:
        return Judgement(None)
    left_out = set()
    for need in needs(call, cloud.account.id):
        reason = _reason(need, caller, cloud.account.id)
        if reason is not None and not need.alone:
            raise _denied(call, caller, need, reason)
        if reason is not None:
            left_out.add(need.resource)
    return Judgement(caller, frozenset(left_out))


def _reason(need: Need, caller: Caller, account_id: str) -> str | None:
    """Why not; None for what the caller may do."""
    policies = resource_policies(account_id, need.resource)
    if caller is ANONYMOUS and is_closed_to_the_public(account_id, need.resource):
        policies = []
    context = {**need.context, **caller.context}
    request = Request("", need.action, need.resource, context)
    try:
        return denial(
            caller, request, policies, resource_decides=_keeps_to_itself(need)
        )
    except ValueError as unknown:
        raise RefusedCall(
            "NotImplemented",
            f"A policy cannot be judged: {unknown}",
            HTTPStatus.NOT_IMPLEMENTED,
        ) from None


def _keeps_to_itself(need: Need) -> bool:
    """Whether a resource's own policy decides: a role's trust, a key's policy."""
    return need.action.startswith("sts:AssumeRole") or (
        need.action.startswith("kms:") and ":key/" in need.resource
    )


def _caller(call: Call, cloud: "Cloud") -> Caller | None:
    if call.scope is None or not call.is_signed:
        if call.is_signed:
            raise RefusedCall(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please"
                " use AWS4-HMAC-SHA256 (Signature Version 4).",
                HTTPStatus.BAD_REQUEST,
            )
        if call.scope is None or call.service not in FOR_EVERYBODY:
            raise _unsigned()
        return ANONYMOUS
    return _signer(call, cloud).caller


def _signer(call: Call, cloud: "Cloud") -> Signer:
    assert call.scope is not None
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


def _check_region(call: Call, region: str) -> None:
    assert call.scope is not None
    if call.service not in IN_EVERY_REGION and call.scope.region != region:
        raise RefusedCall(
            "SignatureDoesNotMatch",
            f"Credential should be scoped to a valid region: this sandbox is of"
            f" {region}, the request is signed for {call.scope.region}. Set"
            f" AWS_REGION={region}, or the region of the client.",
            json_code="InvalidSignatureException",
        )


def _unsigned() -> RefusedCall:
    return RefusedCall(
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
        json_code="MissingAuthenticationTokenException",
    )


def _denied(call: Call, caller: Caller, need: Need, reason: str) -> RefusedCall:
    message = (
        f"User: {caller.arn} is not authorized to perform: {need.action} on resource:"
        f" {need.resource or '*'} {reason}"
    )
    code = "AuthorizationError" if call.service == "sns" else "AccessDenied"
    return RefusedCall(code, message, json_code="AccessDeniedException")
