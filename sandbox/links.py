"""What anybody may ask for without a signature: the links in SNS's messages, and what
this is."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl
from uuid import uuid4

from moto.sns.models import sns_backends

from sandbox.call import Call
from sandbox.deliveries import Sns, Subscription
from sandbox.envelopes import CERTIFICATE, certificate
from sandbox.refusals import Answer, RefusedCall

FRONT_PAGE = """\
This is the sandbox of ses-feedback, an AWS account on this machine. It is for AWS SDKs:
set AWS_ENDPOINT_URL to this address, and the other variables that
`ses-feedback sandbox serve` printed when it began.
"""

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


def follow(call: Call, account_id: str) -> Answer | None:
    """The answer to a link that SNS has given out, or to a look at the endpoint itself;
    None for any other request."""
    if call.path == "/" and not call.query and call.method in ("GET", "HEAD"):
        return 200, {"Content-Type": "text/plain"}, FRONT_PAGE.encode()
    if call.path == f"/{CERTIFICATE}":
        return 200, {"Content-Type": "application/x-pem-file"}, certificate()
    arguments = dict(parse_qsl(call.query or call.body.decode(errors="replace")))
    match arguments.get("Action"):
        case "ConfirmSubscription":
            return _confirmed(arguments, account_id)
        case "Unsubscribe":
            return _unsubscribed(arguments, account_id)
    return None


def _unsubscribed(arguments: Mapping[str, str], account_id: str) -> Answer:
    arn = arguments.get("SubscriptionArn", "")
    sns = _sns(arn, account_id)
    found = sns.subscriptions.get(arn)
    if isinstance(found, Subscription) and found.needs_signature:
        raise RefusedCall(
            "AuthorizationError",
            "The subscription was confirmed with AuthenticateOnUnsubscribe: only a"
            " signed request ends it.",
        )
    sns.unsubscribe(arn)
    return _answer("Unsubscribe", "")


def _confirmed(arguments: Mapping[str, str], account_id: str) -> Answer:
    topic_arn = arguments.get("TopicArn", "")
    found = _sns(topic_arn, account_id).confirm(topic_arn, arguments.get("Token", ""))
    if found is None:
        raise _wrong("Invalid parameter: Token")
    return _answer(
        "ConfirmSubscription",
        "<ConfirmSubscriptionResult>"
        f"<SubscriptionArn>{found.arn}</SubscriptionArn>"
        "</ConfirmSubscriptionResult>",
    )


def _sns(arn: str, account_id: str) -> Sns:
    parts = arn.split(":")
    if len(parts) < 6 or parts[4] != account_id:
        raise _wrong("Invalid parameter: TopicArn or SubscriptionArn")
    return cast(Sns, sns_backends[account_id][parts[3]])


def _wrong(message: str) -> RefusedCall:
    return RefusedCall("InvalidParameter", message, HTTPStatus.BAD_REQUEST)


def _answer(action: str, result: str) -> Answer:
    text = (
        f'<{action}Response xmlns="{NAMESPACE}">{result}'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    )
    return 200, {"Content-Type": "text/xml"}, text.encode()
