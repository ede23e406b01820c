"""What a stream was given, and the object that is in S3 then."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.firehose import Written
from tests.called import function
from tests.emulated import (
    allow,
    error_log,
    event_log,
    objects,
    role,
    trusting,
)
from tests.served import Served, error
from tests.served import allow as allowing
from tests.served import policy as policy_of

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def put(cloud: Cloud, *lines: str) -> list[str]:
    """Puts records with one call; their ids."""
    answer = cloud.client("firehose").put_record_batch(
        DeliveryStreamName="stream",
        Records=[{"Data": line.encode()} for line in lines],
    )
    assert answer["FailedPutCount"] == 0
    return [record["RecordId"] for record in answer["RequestResponses"]]


def test_records_of_one_call_are_one_gzipped_object(cloud: Cloud) -> None:
    event_log(cloud)
    before = datetime.now(UTC)
    first, second = put(cloud, '{"a": 1}\n', '{"b": 2}\n')
    after = datetime.now(UTC)
    ((key, body),) = objects(cloud).items()
    assert gzip.decompress(body) == b'{"a": 1}\n{"b": 2}\n'
    days = "|".join({f"{moment:%Y-%m-%d}" for moment in (before, after)})
    time = r"\d{4}(-\d\d){5}"
    assert re.fullmatch(rf"events/day=({days})/stream-1-{time}-{UUID}\.json\.gz", key)
    written = cloud.firehose.written
    assert written[first] == written[second] == [Written("log", key)]


def test_each_call_is_an_object_of_its_own(cloud: Cloud) -> None:
    event_log(cloud)
    put(cloud, "a")
    cloud.client("firehose").put_record(
        DeliveryStreamName="stream", Record={"Data": b"b"}
    )
    assert sorted(map(gzip.decompress, objects(cloud).values())) == [b"a", b"b"]


def test_a_stream_without_compression_and_prefix_writes_as_it_is(cloud: Cloud) -> None:
    plain = {"Prefix": "", "CompressionFormat": "UNCOMPRESSED", "FileExtension": ""}
    event_log(cloud, **plain)
    put(cloud, "a")
    ((key, body),) = objects(cloud).items()
    assert body == b"a"
    assert re.match(rf"\d{{4}}/\d\d/\d\d/\d\d/stream-1-.*{UUID}$", key)


def test_what_is_written_is_measured(cloud: Cloud) -> None:
    event_log(cloud)
    put(cloud, "a", "b")
    allow(cloud, "firehose", ("logs:PutLogEvents", "*"))
    put(cloud, "c")
    now = datetime.now(UTC)
    cloudwatch = cloud.client("cloudwatch")

    def total(name: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Firehose",
            MetricName=name,
            Dimensions=[{"Name": "DeliveryStreamName", "Value": "stream"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        # Two where a period begins just then.
        return float(sum(point["Sum"] for point in points))

    assert total("IncomingRecords") == 3
    assert total("DeliveryToS3.Records") == 2
    assert total("DeliveryToS3.DataFreshness") == 0


KIB = 1024


@pytest.mark.parametrize(
    ("sizes", "code"),
    [
        pytest.param([1] * 501, "ValidationException", id="records"),
        pytest.param([1000 * KIB + 1], "ValidationException", id="a record"),
        pytest.param([1000 * KIB] * 4 + [97 * KIB], "InvalidArgument", id="all"),
    ],
)
def test_a_call_has_its_limits(cloud: Cloud, sizes: list[int], code: str) -> None:
    event_log(cloud)
    with pytest.raises(ClientError, match=code):
        put(cloud, *("a" * size for size in sizes))
    assert objects(cloud) == {}


@pytest.mark.parametrize("sizes", [[1] * 500, [1000 * KIB] * 4 + [96 * KIB]])
def test_a_call_within_its_limits_is_written(cloud: Cloud, sizes: list[int]) -> None:
    event_log(cloud)
    put(cloud, *("a" * size for size in sizes))
    ((_, body),) = objects(cloud).items()
    assert len(gzip.decompress(body)) == sum(sizes)


def break_role(cloud: Cloud) -> str:
    allow(
        cloud,
        "firehose",
        ("s3:PutObject", "arn:aws:s3:::log/other/*"),
        ("logs:PutLogEvents", "*"),
    )
    return "because no identity-based policy allows the s3:PutObject action"


def break_bucket_policy(cloud: Cloud) -> str:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::log/*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    cloud.client("s3").put_bucket_policy(Bucket="log", Policy=policy_of(deny))
    return "with an explicit deny in a resource-based policy"


def break_bucket(cloud: Cloud) -> str:
    cloud.client("s3").delete_bucket(Bucket="log")
    return "The bucket log does not exist"


def break_boundary(cloud: Cloud) -> str:
    arn = cloud.client("iam").create_policy(
        PolicyName="boundary", PolicyDocument=policy_of(allowing("logs:*", "*"))
    )["Policy"]["Arn"]
    cloud.client("iam").put_role_permissions_boundary(
        RoleName="firehose", PermissionsBoundary=arn
    )
    return "because no permissions boundary allows the s3:PutObject action"


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        (break_role, "S3.AccessDenied"),
        (break_bucket_policy, "S3.AccessDenied"),
        (break_bucket, "S3.NoSuchBucket"),
        (break_boundary, "S3.AccessDenied"),
    ],
)
def test_what_may_not_be_written_is_in_the_error_log(
    cloud: Cloud, breaks: Any, code: str
) -> None:
    log = event_log(cloud)
    reason = breaks(cloud)
    (record_id,) = put(cloud, "a")
    assert cloud.firehose.written[record_id] == []
    if code != "S3.NoSuchBucket":
        assert objects(cloud) == {}
    (logged,) = error_log(cloud)
    assert logged["errorCode"] == code
    assert reason in logged["message"]
    assert logged["deliveryStreamARN"] == log.stream_arn
    assert logged["destination"] == "arn:aws:s3:::log"
    assert logged["deliveryStreamVersionId"] == 1


def break_trust(cloud: Cloud) -> None:
    cloud.client("iam").update_assume_role_policy(
        RoleName="firehose", PolicyDocument=trusting("lambda")
    )


def break_log(cloud: Cloud) -> None:
    cloud.client("logs").delete_log_group(logGroupName="group")
    break_role(cloud)


def break_all(cloud: Cloud) -> None:
    allow(cloud, "firehose", ("s3:PutObject", "arn:aws:s3:::log/other/*"))


@pytest.mark.parametrize("breaks", [break_trust, break_log, break_all])
def test_what_may_neither_be_written_nor_logged_is_lost(
    cloud: Cloud, breaks: Any
) -> None:
    event_log(cloud)
    breaks(cloud)
    (record_id,) = put(cloud, "a")
    assert cloud.firehose.written[record_id] == []
    assert objects(cloud) == {}
    if breaks is not break_log:
        assert error_log(cloud) == []


def test_what_becomes_of_the_error_log_breaks_no_mail(cloud: Cloud) -> None:
    """A log group that the program passes on to a function, which only alarms call."""
    event_log(cloud)
    cloud.client("logs").put_subscription_filter(
        logGroupName="group",
        filterName="all",
        filterPattern="",
        destinationArn=function(cloud, "def handle(event, context): ..."),
    )
    break_role(cloud)
    (record_id,) = put(cloud, "a")
    assert cloud.firehose.written[record_id] == []


def test_the_default_encryption_of_the_bucket_is_used(cloud: Cloud) -> None:
    event_log(cloud)
    s3 = cloud.client("s3")
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket="log", ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    put(cloud, "a")
    (key,) = objects(cloud)
    head = s3.head_object(Bucket="log", Key=key)
    assert head["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ({"ErrorOutputPrefix": ""}, "do not satisfy the following constraint: Error"),
        ({"Prefix": "!{timestamp:YYYY}/"}, "letter Y"),
        ({"RoleARN": "arn:aws:iam::123456789012:role/gone"}, "unable to assume role"),
        ({"RoleARN": "arn:none:iam::123456789012:role/gone"}, "unable to assume role"),
        ({"CompressionFormat": "Snappy"}, "does not do the compression Snappy"),
        ({"CustomTimeZone": "Asia/Tokyo"}, "does not do CustomTimeZone"),
        (
            {"ProcessingConfiguration": {"Enabled": True, "Processors": []}},
            "does not do ProcessingConfiguration",
        ),
    ],
)
def test_a_stream_that_is_refused_is_not_there(
    cloud: Cloud, destination: dict[str, Any], said: str
) -> None:
    firehose = cloud.client("firehose")
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match=said):
        event_log(cloud, **destination)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_the_role_has_to_trust_firehose_for_this_account(cloud: Cloud) -> None:
    other = {"StringEquals": {"sts:ExternalId": "210987654321"}}
    arn = role(cloud, "other", trusting("firehose", other))
    firehose = cloud.client("firehose")
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match="assume"):
        event_log(cloud, RoleARN=arn)


def test_a_stream_that_delivers_elsewhere_is_refused(cloud: Cloud) -> None:
    firehose = cloud.client("firehose")
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match="S3 only"):
        firehose.create_delivery_stream(
            DeliveryStreamName="page",
            HttpEndpointDestinationConfiguration={
                "EndpointConfiguration": {"Url": "https://desk.example.com/"},
                "S3Configuration": {
                    "RoleARN": "arn:aws:iam::123456789012:role/any",
                    "BucketARN": "arn:aws:s3:::log",
                },
            },
        )
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_a_changed_stream_counts_its_versions(cloud: Cloud) -> None:
    event_log(cloud)
    firehose = cloud.client("firehose")

    def change(version: str, **destination: str) -> None:
        firehose.update_destination(
            DeliveryStreamName="stream",
            CurrentDeliveryStreamVersionId=version,
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate=destination,
        )

    change("1", Prefix="all/!{timestamp:yyyy}/")
    put(cloud, "a")
    (key,) = objects(cloud)
    assert re.match(r"all/\d{4}/stream-2-", key)
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match="letter Y"):
        change("2", Prefix="all/!{timestamp:YYYY}/")
    put(cloud, "b")
    assert len(objects(cloud)) == 2


def test_a_producer_and_a_reader_at_the_endpoint(account: Served) -> None:
    """Each with a key that may do just this."""
    log = event_log(account.cloud)
    producer = account.user(
        "producer", policy_of(allowing("firehose:PutRecord*", log.stream_arn))
    )
    firehose = account.client("firehose", *producer)
    firehose.put_record(DeliveryStreamName="stream", Record={"Data": b"one\n"})
    batch = {"DeliveryStreamName": "stream", "Records": [{"Data": b"two\n"}]}
    firehose.put_record_batch(**batch)
    described = {"DeliveryStreamName": "stream"}
    code, said = error(firehose.describe_delivery_stream, **described)
    assert code == "AccessDeniedException"
    assert f"firehose:DescribeDeliveryStream on resource: {log.stream_arn}" in said
    assert error(firehose.list_delivery_streams)[0] == "AccessDeniedException"

    bucket = f"arn:aws:s3:::{log.bucket}"
    reader = account.user(
        "reader",
        policy_of(
            allowing("s3:ListBucket", bucket),
            allowing("s3:GetObject", f"{bucket}/events/*"),
        ),
    )
    s3 = account.client("s3", *reader)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="log")["Contents"]]
    found = {
        gzip.decompress(s3.get_object(Bucket="log", Key=key)["Body"].read())
        for key in keys
    }
    assert found == {b"one\n", b"two\n"}
    refused = {"Bucket": "log", "Key": keys[0], "Body": b""}
    assert error(s3.put_object, **refused)[0] == "AccessDenied"
