import json
from xml.etree import ElementTree

import pytest

from sandbox.call import Call
from sandbox.refusals import RefusedCall, answer

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{}/aws4_request"
REFUSED = RefusedCall("AccessDenied", "<no>", json_code="AccessDeniedException")


def call(service: str, path: str = "/", **headers: str) -> Call:
    signed = ("Authorization", SIGNED.format(service))
    return Call("POST", path, "", (signed, *headers.items()), b"")


@pytest.mark.parametrize(
    ("service", "where"), [("sns", "Error/"), ("s3", ""), ("iam", "Error/")]
)
def test_in_xml(service: str, where: str) -> None:
    status, _, body = answer(call(service), REFUSED)
    root = ElementTree.fromstring(body)
    assert status == 403
    assert root.findtext(f"{where}Code") == "AccessDenied"
    assert root.findtext(f"{where}Message") == "<no>"


def test_in_json() -> None:
    for asked, older in (
        (call("ses", "/v2/email/identities"), None),
        (call("kms", **{"X-Amz-Target": "TrentService.ListKeys"}), None),
        (
            call("sqs", **{"X-Amz-Target": "AmazonSQS.ListQueues"}),
            "AccessDenied;Sender",
        ),
    ):
        _, headers, body = answer(asked, REFUSED)
        assert json.loads(body) == {
            "__type": "AccessDeniedException",
            "message": "<no>",
        }
        assert headers["x-amzn-ErrorType"] == "AccessDeniedException"
        assert headers.get("x-amzn-query-error") == older
