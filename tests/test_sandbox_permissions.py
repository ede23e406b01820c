"""What a request needs, by service: actions on resources."""

import json
from typing import Any

import pytest

from sandbox.access import UNKNOWN
from sandbox.call import Call
from sandbox.permissions import needs

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{}/aws4_request"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}"


def call(
    method: str, service: str, url: str = "/", body: str = "", **headers: str
) -> Call:
    path, _, query = url.partition("?")
    signed = ("Authorization", SIGNED.format(service))
    return Call(method, path, query, (signed, *headers.items()), body.encode())


def asked(found: Call) -> list[tuple[str, str]]:
    return [(need.action, need.resource) for need in needs(found, ACCOUNT)]


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /", [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]),
        ("HEAD /b", [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GET /b?list-type=2", [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GET /b?versions", [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
        ("GET /b/k/l", [("s3:GetObject", "arn:aws:s3:::b/k/l")]),
        ("GET /b/k?versionId=1", [("s3:GetObjectVersion", "arn:aws:s3:::b/k")]),
        ("HEAD /b/k", [("s3:GetObject", "arn:aws:s3:::b/k")]),
        (
            "GET /b/k?tagging&versionId=1",
            [("s3:GetObjectVersionTagging", "arn:aws:s3:::b/k")],
        ),
        ("DELETE /b?tagging", [("s3:PutBucketTagging", "arn:aws:s3:::b")]),
        ("POST /b/k?uploads", [("s3:PutObject", "arn:aws:s3:::b/k")]),
        ("DELETE /b/k", [("s3:DeleteObject", "arn:aws:s3:::b/k")]),
        ("PUT /b?lifecycle", [("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")]),
    ],
)
def test_s3(request_line: str, expected: list[tuple[str, str]]) -> None:
    method, url = request_line.split(" ")
    assert asked(call(method, "s3", url)) == expected


def test_s3_copies_from_somewhere_and_may_set_more() -> None:
    copy = call("PUT", "s3", "/b/k", **{"x-amz-copy-source": "/a/b%20c"})
    assert asked(copy) == [
        ("s3:PutObject", "arn:aws:s3:::b/k"),
        ("s3:GetObject", "arn:aws:s3:::a/b c"),
    ]
    tagged = call("PUT", "s3", "/b/k", "x", **{"x-amz-tagging": "a=b"})
    assert ("s3:PutObjectTagging", "arn:aws:s3:::b/k") in asked(tagged)


def test_s3_copies_one_version() -> None:
    copy = call("PUT", "s3", "/b/k", **{"x-amz-copy-source": "/a/b?versionId=1"})
    assert ("s3:GetObjectVersion", "arn:aws:s3:::a/b") in asked(copy)


def test_each_object_of_several_counts_alone() -> None:
    body = (
        "<Delete><Object><Key>k</Key></Object>"
        "<Object><Key>l</Key><VersionId>1</VersionId></Object></Delete>"
    )
    delete = call("POST", "s3", "/b?delete", body)
    assert asked(delete) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/k"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/l"),
    ]
    assert all(need.alone for need in needs(delete, ACCOUNT))


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        (
            "StartMessageMoveTask",
            {"SourceArn": f"{QUEUE}:dead", "DestinationArn": f"{QUEUE}:q"},
            [
                ("sqs:ReceiveMessage", f"{QUEUE}:dead"),
                ("sqs:DeleteMessage", f"{QUEUE}:dead"),
                ("sqs:GetQueueAttributes", f"{QUEUE}:dead"),
                ("sqs:SendMessage", f"{QUEUE}:q"),
                ("sqs:StartMessageMoveTask", f"{QUEUE}:dead"),
            ],
        ),
        ("ListQueues", {}, [("sqs:ListQueues", "*")]),
        (
            "CancelMessageMoveTask",
            {"TaskHandle": "x"},
            [("sqs:CancelMessageMoveTask", UNKNOWN)],
        ),
        (
            "SendMessageBatch",
            {"QueueUrl": "http://127.0.0.1:4566/123456789012/q", "Entries": []},
            [("sqs:SendMessage", f"{QUEUE}:q")],
        ),
    ],
)
def test_sqs(
    operation: str, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AmazonSQS.{operation}",
    }
    assert asked(call("POST", "sqs", "/", json.dumps(body), **headers)) == expected


def test_the_names_of_keys_in_s3() -> None:
    put = call("PUT", "s3", "/b/k", "x", **{"If-None-Match": "*"})
    (need,) = needs(put, ACCOUNT)
    assert need.context["s3:if-none-match"] == "*"
    assert need.context["aws:SecureTransport"] == "true"
    listed = call("GET", "s3", "/b?list-type=2&prefix=a%2F")
    (need,) = needs(listed, ACCOUNT)
    assert need.context["s3:prefix"] == "a/"


@pytest.mark.parametrize(
    ("service", "body", "expected"),
    [
        (
            "sns",
            "Action=Publish&TopicArn=arn:aws:sns:eu-west-1:1:t",
            ("sns:Publish", "arn:aws:sns:eu-west-1:1:t"),
        ),
        (
            "sns",
            "Action=Unsubscribe&SubscriptionArn=arn:aws:sns:eu-west-1:1:t:x",
            ("sns:Unsubscribe", "arn:aws:sns:eu-west-1:1:t"),
        ),
        (
            "sns",
            "Action=CreateTopic&Name=t",
            ("sns:CreateTopic", "arn:aws:sns:eu-west-1:123456789012:t"),
        ),
        ("sns", "Action=ListTopics", ("sns:ListTopics", "*")),
        (
            "iam",
            "Action=CreateUser&UserName=u",
            ("iam:CreateUser", "arn:aws:iam::123456789012:user/u"),
        ),
        (
            "sts",
            "Action=AssumeRole&RoleArn=arn:aws:iam::1:role/r&RoleSessionName=session",
            ("sts:AssumeRole", "arn:aws:iam::1:role/r"),
        ),
    ],
)
def test_query_services(service: str, body: str, expected: tuple[str, str]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert asked(call("POST", service, "/", body, **form)) == [expected]


def test_who_one_is_everybody_may_ask() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert asked(call("POST", "sts", "/", "Action=GetCallerIdentity", **form)) == []
