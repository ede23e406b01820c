"""Requests, answered without a server in between."""

import json
from http import HTTPStatus

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.call import Call
from sandbox.cloud import Cloud
from sandbox.dispatch import answer
from sandbox.permissions import left_out
from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET, calling
from tests.emulated import queue


def unsigned(path: str, body: bytes = b"", region: str = "eu-west-1") -> Call:
    headers = (
        ("Host", "localhost"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "AmazonSQS.SendMessage"),
    )
    return Call("POST", path, "", headers, body, home=region)


def test_who_was_answered_before_is_answered_again_afterwards(cloud: Cloud) -> None:
    """A request may lead to another one, of somebody else."""
    url = queue(cloud, "inbox")
    body = json.dumps({"QueueUrl": url, "MessageBody": "x"}).encode()
    assert calling.get() is None
    status, _, text = answer(unsigned("/", body), cloud)
    assert status == HTTPStatus.FORBIDDEN
    assert b"AccessDenied" in text
    assert calling.get() is None


def test_what_another_request_leaves_out_is_left_out_again_afterwards(
    cloud: Cloud,
) -> None:
    """One that leads to another goes on with what it may not delete."""
    before = frozenset({"arn:aws:s3:::bucket/kept"})
    token = left_out.set(before)
    try:
        answer(unsigned("/", b"{}"), cloud)
        assert left_out.get() == before
        answer(Call("GET", "/", "", (), b""), cloud)
        assert left_out.get() == before
        key = Credentials(ADMINISTRATOR, ADMINISTRATOR_SECRET)
        request = AWSRequest("GET", "http://localhost/", headers={"Host": "localhost"})
        S3SigV4Auth(key, "s3", cloud.account.region).add_auth(request)
        signed = Call("GET", "/", "", tuple(request.headers.items()), b"")
        assert answer(signed, cloud)[0] == HTTPStatus.OK
        assert left_out.get() == before
    finally:
        left_out.reset(token)


def test_a_request_that_could_not_be_read_is_refused(cloud: Cloud) -> None:
    call = Call("POST", "/", "", (), b"", unread="It has no end.")
    status, _, text = answer(call, cloud)
    assert (status, b"It has no end." in text) == (HTTPStatus.BAD_REQUEST, True)
