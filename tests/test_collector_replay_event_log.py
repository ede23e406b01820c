"""The event log, against a server of S3 and with credentials that lack a right."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET
from ses_feedback_collector.replay.event_log import EventLog, connect
from ses_feedback_collector.replay.sources import Bucket, Failed, Part
from tests.queue_server import environment
from tests.served import Served, served

HERE: Any = {"LocationConstraint": "eu-west-1"}


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    with served() as account:
        yield account


@pytest.fixture
def s3(account: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client, and the same settings for whoever makes another; bucket `log`."""
    for name, value in environment(account.endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMINISTRATOR)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR_SECRET)
    client = account.client("s3")
    client.create_bucket(Bucket="log", CreateBucketConfiguration=HERE)
    yield client
    for found in client.get_paginator("list_objects_v2").paginate(Bucket="log"):
        for each in found.get("Contents", []):
            client.delete_object(Bucket="log", Key=each["Key"])
    client.delete_bucket(Bucket="log")


def content(part: Part) -> bytes:
    with part.open() as read:
        return b"".join(iter(lambda: read(3), b""))


def log(prefix: str = "", bucket: str = "log") -> EventLog:
    return EventLog(Bucket(bucket, prefix), connect())


def keys(prefix: str) -> list[str]:
    return [part.name.removeprefix("s3://log/") for part in log(prefix).parts()]


def test_objects_below_a_prefix_are_read_in_the_order_of_their_keys(s3: Any) -> None:
    for key in ("events/day=2/a", "events/day=1/b", "events/day=1/a", "errors/x"):
        s3.put_object(Bucket="log", Key=key, Body=key.encode())
    assert keys("events/") == ["events/day=1/a", "events/day=1/b", "events/day=2/a"]
    assert keys("events/day=2/a") == ["events/day=2/a"]
    assert len(keys("")) == 4
    assert log("events/").size() == 3 * len("events/day=2/a")
    part = next(log("errors/").parts())
    assert (part.source, part.size) == ("s3://log/errors/x", 8)
    assert content(part) == b"errors/x"


def test_more_objects_than_one_answer_holds_are_listed(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for number in range(5):
        s3.put_object(Bucket="log", Key=f"{number:04}", Body=b"x")
    assert s3.list_objects_v2(Bucket="log")["IsTruncated"]
    assert keys("") == [f"{number:04}" for number in range(5)]
    assert log("").size() == 5


def test_a_key_may_hold_anything(s3: Any) -> None:
    key = "day=1/ü +%2F\n&<>.gz"
    s3.put_object(Bucket="log", Key=key, Body=b"x")
    (part,) = log().parts()
    assert part.source == f"s3://log/{key}"
    assert "\n" not in part.name
    assert content(part) == b"x"


def test_what_stands_for_an_empty_folder_is_left_out(s3: Any) -> None:
    s3.put_object(Bucket="log", Key="events/", Body=b"")
    s3.put_object(Bucket="log", Key="events/a", Body=b"")
    assert keys("events/") == ["events/a"]


def test_another_content_has_another_fingerprint(s3: Any) -> None:
    found = []
    for body in (b"one", b"two", b"one"):
        s3.put_object(Bucket="log", Key="a", Body=body)
        found.append(next(log().parts()).fingerprint)
    assert found[0] == found[2] != found[1]


def test_an_object_that_is_replaced_meanwhile_is_not_read(s3: Any) -> None:
    s3.put_object(Bucket="log", Key="a", Body=b"one")
    (part,) = log().parts()
    s3.put_object(Bucket="log", Key="a", Body=b"two")
    with pytest.raises(Failed, match=r"s3://log/a: the object was replaced"):
        content(part)


def test_an_object_that_is_gone_meanwhile_is_said_to_be(s3: Any) -> None:
    s3.put_object(Bucket="log", Key="a", Body=b"one")
    (part,) = log().parts()
    s3.delete_object(Bucket="log", Key="a")
    with pytest.raises(Failed, match=r"s3://log/a: the object has been deleted"):
        content(part)


@pytest.mark.usefixtures("s3")
def test_a_prefix_without_objects_is_a_failure() -> None:
    with pytest.raises(Failed, match=r"s3://log/no/: there is no object below"):
        list(log("no/").parts())


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("bucket", "expected"),
    [("absent", "there is no such bucket"), ("No_Bucket!", "Invalid bucket name")],
)
def test_a_bucket_that_is_none_is_said_to_be(bucket: str, expected: str) -> None:
    with pytest.raises(Failed, match=expected):
        list(log("", bucket).parts())


def test_an_endpoint_that_does_not_answer_is_named(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Failed, match="http://127.0.0.1:9"):
        list(log().parts())


def test_absent_credentials_are_said(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Failed, match="there are no complete AWS credentials"):
        list(log().parts())


def test_a_profile_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Failed, match="AWS settings cannot be used: .*nobody"):
        connect()


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("allowed", "needed"),
    [
        ("s3:GetObject", "s3:ListBucket on arn:aws:s3:::log"),
        ("s3:ListBucket", "s3:GetObject on arn:aws:s3:::log/*"),
        ("s3:*", None),
    ],
)
def test_the_right_that_is_missing_is_named(
    account: Served, s3: Any, allowed: str, needed: str | None
) -> None:
    s3.put_object(Bucket="log", Key="a", Body=b"x")
    user = f"reader-{allowed.rpartition(':')[2].strip('*')}"
    client = account.client("s3", *account.user(user, policy(allowed)))
    source = EventLog(Bucket("log", ""), client)
    if needed is None:
        assert [content(part) for part in source.parts()] == [b"x"]
        return
    with pytest.raises(Failed) as raised:
        for part in source.parts():
            content(part)
    assert f"access denied; it needs {needed} (" in str(raised.value)
