"""Signatures as botocore makes them, and changed by a hair."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.call import Call
from sandbox.signatures import has_expired, is_signed

SECRET = "secret"


def signed(auth: Any, url: str, body: bytes = b"", **headers: str) -> Call:
    method = "POST" if body else "GET"
    request = AWSRequest(method, url, data=body, headers={"host": "h", **headers})
    auth.add_auth(request)
    parts = urlsplit(str(request.url))
    return Call(method, parts.path, parts.query, tuple(request.headers.items()), body)


def v4(service: str) -> SigV4Auth:
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    return kind(Credentials("AKIA", SECRET), service, "eu-west-1")


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("sqs", "/"),
        ("sns", "/?Action=ListTopics&Version=2010-03-31&Note=a%20b%2Fc"),
        ("ses", "/v2/email/identities/a%40shop.example.com"),
        ("s3", "/bucket/a%20b/%C3%BC%2Bx?versionId=1&prefix"),
    ],
)
def test_what_botocore_signs(service: str, path: str) -> None:
    call = signed(v4(service), f"http://h{path}", b"body", **{"X-Amz-Note": " a  b "})
    assert is_signed(call, SECRET)
    assert not is_signed(call, SECRET + "x")
    assert not is_signed(replace(call, method="PUT"), SECRET)
    assert not is_signed(replace(call, path=call.path + "x"), SECRET)
    assert not is_signed(replace(call, query=call.query + "&x=1"), SECRET)
    assert not is_signed(replace(call, body=b"other"), SECRET)


def test_a_header_that_was_signed_cannot_change() -> None:
    call = signed(v4("sqs"), "http://h/", b"body", **{"X-Amz-Target": "a"})
    others = tuple(
        (name, "b" if name == "X-Amz-Target" else value) for name, value in call.headers
    )
    assert not is_signed(replace(call, headers=others), SECRET)


def presigned(seconds: int) -> Call:
    auth = S3SigV4QueryAuth(
        Credentials("AKIA", SECRET, "token"), "s3", "eu-west-1", expires=seconds
    )
    return signed(auth, "http://h/bucket/key?versionId=1")


def test_a_presigned_url() -> None:
    call = presigned(60)
    assert is_signed(call, SECRET)
    assert not is_signed(replace(call, path="/bucket/other"), SECRET)
    assert not has_expired(call)
    assert has_expired(presigned(-1))


def test_what_is_not_signed() -> None:
    assert not is_signed(Call("GET", "/", "", (), b""), SECRET)
