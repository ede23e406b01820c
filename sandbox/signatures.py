"""Whether a request was signed with a secret: AWS's Signature Version 4.

As in the IAM user guide, "Create a signed AWS API request". How old a signature is
does not matter here, but for a presigned URL, which says so itself.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from sandbox.call import ALGORITHM, Call, Scope

_UNRESERVED = "-_.~"


def is_signed(call: Call, secret: str) -> bool:
    """Whether the request's signature was made with the secret, for this body."""
    scope = call.scope
    if scope is None or not _is_of_body(call):
        return False
    moment = _moment(call, scope)
    texts = (
        ALGORITHM,
        moment,
        f"{scope.date}/{scope.region}/{scope.service}/aws4_request",
        hashlib.sha256(_canonical(call, scope).encode()).hexdigest(),
    )
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, "\n".join(texts).encode(), "sha256").hex()
    return hmac.compare_digest(expected, scope.signature)


def has_expired(call: Call) -> bool:
    """Whether a presigned URL is past the time it was signed for."""
    scope = call.scope
    if scope is None or not scope.in_query:
        return False
    seconds = call.arguments.get("X-Amz-Expires", "0")
    try:
        signed = datetime.strptime(_moment(call, scope), "%Y%m%dT%H%M%SZ")
        ends = signed.replace(tzinfo=UTC) + timedelta(seconds=int(seconds))
    except ValueError:
        return True
    return datetime.now(UTC) > ends


def _moment(call: Call, scope: Scope) -> str:
    if scope.in_query:
        return call.arguments.get("X-Amz-Date", "")
    return call.header("X-Amz-Date") or ""


def _is_of_body(call: Call) -> bool:
    """A body that is signed with its digest has to have it."""
    stated = call.header("X-Amz-Content-SHA256") or ""
    if len(stated) != 64:
        return True
    return hmac.compare_digest(stated, hashlib.sha256(call.body).hexdigest())


def _canonical(call: Call, scope: Scope) -> str:
    headers = "".join(
        f"{name}:{_value(call, name)}\n" for name in sorted(scope.signed_headers)
    )
    return "\n".join(
        (
            call.method,
            call.path if scope.service == "s3" else quote(call.path, safe="/~"),
            _query(call),
            headers,
            ";".join(sorted(scope.signed_headers)),
            _payload(call, scope),
        )
    )


def _payload(call: Call, scope: Scope) -> str:
    stated = call.header("X-Amz-Content-SHA256")
    if stated is None and scope.in_query and scope.service == "s3":
        return "UNSIGNED-PAYLOAD"
    return stated or hashlib.sha256(call.body).hexdigest()


def _value(call: Call, name: str) -> str:
    values = (value for found, value in call.headers if found.lower() == name)
    return ",".join(" ".join(value.split()) for value in values)


def _query(call: Call) -> str:
    pairs = []
    for part in call.query.split("&") if call.query else ():
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            encoded = (quote(unquote(text), safe=_UNRESERVED) for text in (name, value))
            pairs.append(tuple(encoded))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
