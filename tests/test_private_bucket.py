"""What every bucket of a stack has, whichever component makes it."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.program import Program
from tests.engine import Engine, declare
from tests.stacks import PROJECT, STACKS, declared

BUCKET = "s3/bucket:Bucket"
ACCESS = "s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = (
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OWNERSHIP = "s3/bucketOwnershipControls:BucketOwnershipControls"
POLICY = "s3/bucketPolicy:BucketPolicy"
VERSIONING = "s3/bucketVersioning:BucketVersioning"

ABANDONED = {
    "id": "abandoned-uploads",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
}

NOT_TLS = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::store-bucket", "arn:aws:s3:::store-bucket/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

each_stack = pytest.mark.parametrize("stack", STACKS)
each_kind = pytest.mark.parametrize(
    "kind", [ACCESS, ENCRYPTION, LIFECYCLE, OWNERSHIP, POLICY]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def bucket(folder: Path, args: str = "{}") -> Engine:
    """A program of one bucket, `store`, with these arguments."""
    (folder / "__main__.py").write_text(
        "from components.private_bucket import PrivateBucket\n"
        f"PrivateBucket('store', {args})\n"
    )
    return declare(Program.of(PROJECT, "test", {}, folder=folder))


def test_a_bucket_is_private_encrypted_and_owns_its_objects(folder: Path) -> None:
    engine = bucket(folder)
    assert dict(engine.one(BUCKET).inputs) == {"tags": {}}
    assert dict(engine.one(ACCESS).inputs) == {
        "bucket": "store-bucket",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = engine.one(OWNERSHIP).inputs["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = engine.one(ENCRYPTION).inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
        "blockedEncryptionTypes": ["SSE-C"],
    }


def test_its_policy_denies_what_comes_without_tls(folder: Path) -> None:
    assert bucket(folder).one(POLICY).statement() == NOT_TLS


def test_its_policy_denies_what_is_asked_for_as_well(folder: Path) -> None:
    condition = {"Null": {"s3:if-none-match": "true"}}
    denial = {"actions": ("s3:PutObject",), "condition": condition}
    policy = bucket(folder, f"{{'denials': [{denial}]}}").one(POLICY).policy()
    assert policy["Statement"] == [
        NOT_TLS,
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["s3:PutObject"],
            "Resource": "arn:aws:s3:::store-bucket/*",
            "Condition": condition,
        },
    ]


def test_uploads_that_were_never_completed_are_deleted(folder: Path) -> None:
    assert bucket(folder).one(LIFECYCLE).inputs["rules"] == [ABANDONED]


@pytest.mark.parametrize(
    ("expiry", "rule"),
    [
        pytest.param(
            {"prefix": "events/", "days": 400},
            {"filter": {"prefix": "events/"}, "expiration": {"days": 400}},
            id="days",
        ),
        pytest.param(
            {"prefix": "", "old_versions_days": 90},
            {
                "filter": {"prefix": ""},
                "noncurrentVersionExpiration": {"noncurrentDays": 90},
            },
            id="old versions",
        ),
        pytest.param(
            {"prefix": "", "days": None, "old_versions_days": None},
            {"filter": {"prefix": ""}},
            id="neither",
        ),
    ],
)
def test_objects_expire_as_it_is_asked_for(
    folder: Path, expiry: dict[str, Any], rule: dict[str, Any]
) -> None:
    engine = bucket(folder, f"{{'expiries': {{'some': {expiry}}}}}")
    first, second = engine.one(LIFECYCLE).inputs["rules"]
    assert first == ABANDONED
    assert second == {"id": "some", "status": "Enabled", **rule}


def test_versions_are_kept_only_where_it_is_asked_for(folder: Path) -> None:
    assert bucket(folder).all(VERSIONING) == []
    versioning = bucket(folder, "{'versioning': True}").one(VERSIONING)
    assert dict(versioning.inputs) == {
        "bucket": "store-bucket",
        "versioningConfiguration": {"status": "Enabled"},
    }


@pytest.mark.parametrize(
    ("args", "protect"), [("{}", True), ("{'protect': False}", False)]
)
def test_the_bucket_alone_is_protected(folder: Path, args: str, protect: bool) -> None:
    engine = bucket(folder, args)
    for each in engine.all():
        assert each.protect == (protect and each.kind == BUCKET), each.urn


def test_it_carries_its_tags(folder: Path) -> None:
    tags = bucket(folder, "{'tags': {'a': 'b'}}").one(BUCKET).inputs["tags"]
    assert tags == {"a": "b"}


def test_changes_that_s3_takes_only_one_at_a_time_follow_each_other(
    folder: Path,
) -> None:
    engine = bucket(folder)
    access, ownership, policy = map(engine.one, (ACCESS, OWNERSHIP, POLICY))
    assert ownership.input_dependencies["bucket"] == {access.urn}
    assert policy.input_dependencies["bucket"] == {ownership.urn}


def test_who_uses_the_bucket_waits_for_its_policy(folder: Path) -> None:
    engine = declared("prod")
    policy = engine.one(POLICY, "event-log-storage-bucket-policy").urn
    stream = engine.one("kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
    assert policy in stream.dependencies
    table = engine.one("glue/catalogTable:CatalogTable")
    assert policy in table.dependencies


@each_stack
@each_kind
def test_every_bucket_has_one_of_each(stack: str, kind: str) -> None:
    """S3 keeps one policy and one lifecycle: a second would replace the first."""
    engine = declared(stack)
    found = [each.inputs["bucket"] for each in engine.all(kind)]
    assert sorted(found) == engine.names(BUCKET)


@each_stack
def test_no_bucket_is_deleted_with_what_is_in_it(stack: str) -> None:
    for each in declared(stack).all(BUCKET):
        assert "forceDestroy" not in each.inputs, each.urn


def test_there_are_buckets_to_look_at() -> None:
    assert all(declared(stack).all(BUCKET) for stack in ("prod", "full"))
