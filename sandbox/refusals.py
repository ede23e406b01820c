"""How a service says no before it has looked at what it was asked for."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4
from xml.sax.saxutils import escape

from sandbox.call import Call

FORMERLY_XML = ("cloudwatch", "sqs")
"""Services that have changed their protocol: SDKs go on showing the older code."""

CBOR = "rpc-v2-cbor"
"""The protocol in which some SDKs speak to CloudWatch."""

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


@dataclass
class RefusedCall(Exception):
    """A request that the service itself never sees."""

    code: str
    """As the service names it in its older, XML form: AccessDenied."""
    message: str
    status: int = HTTPStatus.FORBIDDEN
    json_code: str | None = None
    """As it names it in JSON, where that is another: AccessDeniedException."""


def answer(call: Call, refused: RefusedCall) -> Answer:
    """The refusal in the form that the caller's SDK reads."""
    request_id = str(uuid4())
    if call.header("Smithy-Protocol") == CBOR:
        return _cbor(refused, request_id)
    if _speaks_json(call):
        return _json(call, refused, request_id)
    is_s3 = call.scope is not None and call.service == "s3"
    error = (
        f"<Code>{escape(refused.code)}</Code>"
        f"<Message>{escape(refused.message)}</Message>"
    )
    request = f"<RequestId>{request_id}</RequestId>"
    if is_s3:
        text = f"<Error>{error}{request}</Error>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
            f"{request}</ErrorResponse>"
        )
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
    return refused.status, headers, f'<?xml version="1.0"?>\n{text}'.encode()


def _speaks_json(call: Call) -> bool:
    content_type = call.header("Content-Type") or ""
    return (
        call.header("X-Amz-Target") is not None
        or content_type.startswith("application/x-amz-json")
        or (call.scope is not None and call.service in ("sesv2", "lambda"))
    )


def _json(call: Call, refused: RefusedCall, request_id: str) -> Answer:
    code = refused.json_code or refused.code
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": code,
    }
    if call.scope is not None and call.service in FORMERLY_XML:
        headers["x-amzn-query-error"] = f"{refused.code};Sender"
    body = {"__type": code, "message": refused.message}
    return refused.status, headers, json.dumps(body).encode()


def _cbor(refused: RefusedCall, request_id: str) -> Answer:
    headers = {
        "Content-Type": "application/cbor",
        "Smithy-Protocol": CBOR,
        "x-amzn-RequestId": request_id,
        "x-amzn-query-error": f"{refused.code};Sender",
    }
    body = {"__type": refused.json_code or refused.code, "message": refused.message}
    # A map of texts alone (RFC 8949): its size, then each text after its length.
    texts = (text.encode() for pair in body.items() for text in pair)
    encoded = (b"\x7a" + len(text).to_bytes(4, "big") + text for text in texts)
    return refused.status, headers, bytes([0xA0 + len(body)]) + b"".join(encoded)
