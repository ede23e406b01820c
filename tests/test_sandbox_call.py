import io
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders

from sandbox.call import Call

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{}/aws4_request,"
    " SignedHeaders=host;x-amz-date, Signature=abc"
)


def call(service: str, path: str = "/", body: str = "", **headers: str) -> Call:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "REQUEST_URI": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body.encode() + b"of the next request"),
        "sandbox.headers": [
            ("Authorization", SIGNED.format(service)),
            *headers.items(),
        ],
    }
    return Call.of(environ, "eu-west-1")


def test_who_signed_it_for_what() -> None:
    scope = call("sqs").scope
    assert scope is not None
    assert (scope.key_id, scope.region, scope.service) == ("AKIA", "eu-west-1", "sqs")
    assert scope.signed_headers == ("host", "x-amz-date")
    assert scope.signature == "abc"
    assert not scope.in_query


@pytest.mark.parametrize("header", ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=a/b"])
def test_who_did_not(header: str) -> None:
    assert Call("GET", "/", "", (("Authorization", header),), b"").scope is None


@pytest.mark.parametrize(
    ("service", "path", "url"),
    [
        ("sqs", "/", "https://sqs.eu-west-1.amazonaws.com/"),
        ("ses", "/", "https://email.eu-west-1.amazonaws.com/"),
        (
            "ses",
            "/v2/email/a%40b",
            "https://email.eu-west-1.amazonaws.com/v2/email/a%40b",
        ),
        ("iam", "/", "https://iam.amazonaws.com/"),
        ("s3", "/b/k?acl", "https://s3.eu-west-1.amazonaws.com/b/k?acl"),
    ],
)
def test_the_url_in_aws(service: str, path: str, url: str) -> None:
    assert call(service, path).url == url


def test_the_operation_of_each_protocol() -> None:
    query = call(
        "sns",
        body="Action=Publish&TopicArn=t&Message=m&Version=2010-03-31",
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert query.operation == "Publish"
    assert query.parameters == {"TopicArn": "t", "Message": "m"}
    in_json = call(
        "sqs",
        body='{"QueueUrl": "u"}',
        **{"X-Amz-Target": "AmazonSQS.ReceiveMessage"},
        **{"Content-Type": "application/x-amz-json-1.0"},
    )
    assert in_json.operation == "ReceiveMessage"
    assert in_json.parameters["QueueUrl"] == "u"
    rest = call("ses", "/v2/email/identities/a%40b.example")
    assert (rest.service, rest.operation) == ("sesv2", "GetEmailIdentity")
    assert rest.parameters["EmailIdentity"] == "a@b.example"
    s3 = call("s3", "/bucket/a/b%20c?versionId=1")
    assert s3.operation == "GetObject"
    assert s3.parameters["Key"] == "a/b c"
    assert s3.parameters["VersionId"] == "1"


def test_an_operation_that_is_not_there() -> None:
    assert call("nothing").operation == ""
    assert call("ses", "/v2/nothing").operation == ""


@pytest.mark.parametrize(
    ("path", "body", "headers", "service"),
    [
        ("/bucket/key", "", {}, "s3"),
        ("/bucket?list-type=2", "", {}, "s3"),
        ("/", "{}", {"X-Amz-Target": "AmazonSQS.SendMessage"}, "sqs"),
        ("/1/q?Action=SendMessage&Version=2012-11-05", "", {}, "sqs"),
        (
            "/",
            "Action=Publish&Version=2010-03-31",
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            "sns",
        ),
        ("/v2/email/identities", "", {}, "sesv2"),
        ("/service/GraniteServiceVersion20100801/operation/x", "", {}, "cloudwatch"),
        ("/", "", {}, None),
        ("/?Action=ListTopics", "", {}, None),
        ("/", "{}", {"X-Amz-Target": "Nobody.Knows"}, None),
    ],
)
def test_the_service_of_what_nobody_signed(
    path: str, body: str, headers: dict[str, str], service: str | None
) -> None:
    where, _, query = path.partition("?")
    method = "POST" if body else "GET"
    found = Call(
        method, where, query, tuple(headers.items()), body.encode(), "eu-west-1"
    )
    assert not found.is_signed
    assert (found.service if found.scope else None) == service


def test_a_way_to_sign_that_is_not_known_is_no_missing_signature() -> None:
    old = Call("GET", "/b/k", "AWSAccessKeyId=a&Signature=b&Expires=1", (), b"")
    assert old.is_signed
    assert old.scope is None


def test_a_request_of_an_sdk_in_this_process() -> None:
    headers: Any = HTTPHeaders()
    headers["X-Amz-Date"] = "20260101T000000Z"
    headers["Authorization"] = SIGNED.format("sqs").encode()
    for body in ("{}", b"{}", io.BytesIO(b"{}")):
        request = AWSPreparedRequest(
            "POST", "https://sqs.eu-west-1.amazonaws.com?a=b", headers, body, False
        )
        found = Call.of_sdk(request)
        assert (found.method, found.path, found.query) == ("POST", "/", "a=b")
        assert found.header("host") == "sqs.eu-west-1.amazonaws.com"
        assert found.scope is not None
        assert found.body == b"{}"
