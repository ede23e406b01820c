"""The resources of an event log in the emulated account, asked by boto3."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.apply import CannotApply, apply
from sandbox.apply.registry import Applied
from sandbox.cloud import Cloud
from tests.emulated import ACCOUNT, event_log, role, trusting

WHERE = f"{ACCOUNT.region}:{ACCOUNT.id}"
TAGS = {"tags": {"service": "mail"}}


def made(cloud: Cloud, kind: str, inputs: Mapping[str, Any]) -> Applied:
    type_ = f"aws:{kind}"
    return apply(f"urn:pulumi:dev::p::{type_}::it", type_, "it", inputs, cloud)


def bucket(cloud: Cloud) -> str:
    name: str = made(cloud, "s3/bucket:Bucket", TAGS).outputs["bucket"]
    return name


def test_a_bucket_is_in_the_region_of_the_account(cloud: Cloud) -> None:
    applied = made(cloud, "s3/bucket:Bucket", TAGS)
    name = applied.id
    assert applied.outputs["bucket"] == name
    assert applied.outputs["arn"] == f"arn:aws:s3:::{name}"
    s3 = cloud.client("s3")
    where = s3.get_bucket_location(Bucket=name)["LocationConstraint"]
    assert where == applied.outputs["region"] == "eu-west-1"
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [
        {"Key": "service", "Value": "mail"}
    ]


def test_a_bucket_of_the_first_region_states_none() -> None:
    account = type(ACCOUNT)(ACCOUNT.id, "us-east-1", "aws")
    with Cloud(account) as cloud:
        assert bucket(cloud)


def test_a_bucket_is_closed_encrypted_and_emptied(cloud: Cloud) -> None:
    name, s3 = bucket(cloud), cloud.client("s3")
    closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls")
    made(
        cloud,
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": name,
            **dict.fromkeys(closed, True),
            "restrictPublicBuckets": False,
        },
    )
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": False,
    }
    made(
        cloud,
        "s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": name, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    )
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    default = {"sseAlgorithm": "AES256"}
    made(
        cloud,
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": name,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": default,
                    "blockedEncryptionTypes": ["SSE-C"],
                }
            ],
        },
    )
    (rule,) = s3.get_bucket_encryption(Bucket=name)[
        "ServerSideEncryptionConfiguration"
    ]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    made(
        cloud,
        "s3/bucketPolicy:BucketPolicy",
        {"bucket": name, "policy": json.dumps(policy)},
    )
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy


def test_a_bucket_forgets_after_days(cloud: Cloud) -> None:
    name = bucket(cloud)
    rules: list[dict[str, Any]] = [
        {
            "id": "abandoned",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
        },
        {
            "id": "events",
            "status": "Enabled",
            "filter": {"prefix": "events/"},
            "expiration": {"days": 400.0},
            "noncurrentVersionExpiration": {"noncurrentDays": 90.0},
        },
    ]
    made(
        cloud,
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": name, "rules": rules},
    )
    found = cloud.client("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert found == [
        {
            "ID": "abandoned",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "events",
            "Status": "Enabled",
            "Filter": {"Prefix": "events/"},
            "Expiration": {"Days": 400},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        },
    ]


def test_a_log_with_its_stream(cloud: Cloud) -> None:
    group = made(
        cloud, "cloudwatch/logGroup:LogGroup", {"retentionInDays": 30.0, **TAGS}
    ).outputs
    stream = made(
        cloud, "cloudwatch/logStream:LogStream", {"logGroupName": group["name"]}
    ).outputs
    logs = cloud.client("logs")
    (found,) = logs.describe_log_groups()["logGroups"]
    assert found["retentionInDays"] == 30
    assert found["arn"] == f"{group['arn']}:*"
    tags = logs.list_tags_for_resource(resourceArn=group["arn"])["tags"]
    assert tags == {"service": "mail"}
    (inner,) = logs.describe_log_streams(logGroupName=group["name"])["logStreams"]
    assert inner["logStreamName"] == stream["name"]
    expected = f"arn:aws:logs:{WHERE}:log-group:{group['name']}:log-stream:"
    assert stream["arn"] == expected + stream["name"]


def delivery(cloud: Cloud, **more: Any) -> dict[str, Any]:
    return {
        "destination": "extended_s3",
        "extendedS3Configuration": {
            "bucketArn": "arn:aws:s3:::log",
            "roleArn": role(cloud, "r", trusting("firehose")),
            "prefix": "events/day=!{timestamp:yyyy-MM-dd}/",
            "errorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "bufferingInterval": 300.0,
            "bufferingSize": 5.0,
            "compressionFormat": "GZIP",
            "fileExtension": ".json.gz",
            "cloudwatchLoggingOptions": {
                "enabled": True,
                "logGroupName": "g",
                "logStreamName": "s",
            },
            **more,
        },
        "serverSideEncryption": {"enabled": True, "keyType": "AWS_OWNED_CMK"},
        **TAGS,
    }


STREAM = "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"


def test_a_stream_into_a_bucket(cloud: Cloud) -> None:
    outputs = made(cloud, STREAM, delivery(cloud)).outputs
    name = outputs["name"]
    assert outputs["arn"] == f"arn:aws:firehose:{WHERE}:deliverystream/{name}"
    firehose = cloud.client("firehose")
    found = firehose.describe_delivery_stream(DeliveryStreamName=name)[
        "DeliveryStreamDescription"
    ]
    assert found["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED"
    destination = found["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert destination["BufferingHints"] == {"IntervalInSeconds": 300, "SizeInMBs": 5}
    assert destination["CompressionFormat"] == "GZIP"
    assert destination["CloudWatchLoggingOptions"] == {
        "Enabled": True,
        "LogGroupName": "g",
        "LogStreamName": "s",
    }
    tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
    assert tags == [{"Key": "service", "Value": "mail"}]


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"customTimeZone": "UTC"}, "extendedS3Configuration.customTimeZone"),
        (
            {"dynamicPartitioningConfiguration": {"enabled": True}},
            "extendedS3Configuration.dynamicPartitioningConfiguration",
        ),
    ],
)
def test_what_a_stream_cannot_do_here_is_named(
    cloud: Cloud, changes: dict[str, Any], unknown: str
) -> None:
    with pytest.raises(CannotApply, match=unknown):
        made(cloud, STREAM, delivery(cloud, **changes))


def test_a_stream_that_goes_elsewhere_is_refused(cloud: Cloud) -> None:
    with pytest.raises(CannotApply, match="destination with the value splunk"):
        made(cloud, STREAM, delivery(cloud) | {"destination": "splunk"})


def test_a_set_with_the_event_log_as_its_destination(cloud: Cloud) -> None:
    log = event_log(cloud)
    made(
        cloud,
        "sesv2/configurationSet:ConfigurationSet",
        {"configurationSetName": "logged"},
    )
    made(
        cloud,
        "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination",
        {
            "configurationSetName": "logged",
            "eventDestinationName": "event-log",
            "eventDestination": {
                "enabled": True,
                "matchingEventTypes": ["SEND"],
                "kinesisFirehoseDestination": {
                    "deliveryStreamArn": log.stream_arn,
                    "iamRoleArn": log.role_arn,
                },
            },
        },
    )
    (found,) = cloud.client("sesv2").get_configuration_set_event_destinations(
        ConfigurationSetName="logged"
    )["EventDestinations"]
    assert found["KinesisFirehoseDestination"] == log.destination


def table(cloud: Cloud) -> None:
    database = made(cloud, "glue/catalogDatabase:CatalogDatabase", {"name": "d"} | TAGS)
    assert database.outputs["arn"] == f"arn:aws:glue:{WHERE}:database/d"
    made(
        cloud,
        "glue/catalogTable:CatalogTable",
        {
            "name": "events",
            "databaseName": database.outputs["name"],
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"projection.enabled": "true"},
            "partitionKeys": [{"name": "day", "type": "string"}],
            "storageDescriptor": {
                "location": "s3://log/events/",
                "inputFormat": "in",
                "outputFormat": "out",
                "serDeInfo": {
                    "serializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                    "parameters": {"case.insensitive": "TRUE"},
                },
                "columns": [{"name": "eventtype", "type": "string"}],
            },
        },
    )


def test_a_table_over_the_events(cloud: Cloud) -> None:
    table(cloud)
    glue = cloud.client("glue")
    found = glue.get_table(DatabaseName="d", Name="events")["Table"]
    assert found["TableType"] == "EXTERNAL_TABLE"
    assert found["Parameters"] == {"projection.enabled": "true"}
    assert found["PartitionKeys"] == [{"Name": "day", "Type": "string"}]
    storage = found["StorageDescriptor"]
    assert storage["Location"] == "s3://log/events/"
    assert (storage["InputFormat"], storage["OutputFormat"]) == ("in", "out")
    assert storage["Columns"] == [{"Name": "eventtype", "Type": "string"}]
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "Parameters": {"case.insensitive": "TRUE"},
    }


def test_a_workgroup_with_a_saved_query(cloud: Cloud) -> None:
    workgroup = made(
        cloud,
        "athena/workgroup:Workgroup",
        {
            "forceDestroy": True,
            "configuration": {
                "enforceWorkgroupConfiguration": True,
                "bytesScannedCutoffPerQuery": 10737418240.0,
                "publishCloudwatchMetricsEnabled": True,
                "resultConfiguration": {
                    "outputLocation": "s3://log/results/",
                    "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
                },
            },
            **TAGS,
        },
    ).outputs
    name = workgroup["name"]
    assert workgroup["arn"] == f"arn:aws:athena:{WHERE}:workgroup/{name}"
    athena = cloud.client("athena")
    found = athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
    assert found["EnforceWorkGroupConfiguration"] is True
    assert found["BytesScannedCutoffPerQuery"] == 10737418240
    assert found["PublishCloudWatchMetricsEnabled"] is True
    assert found["ResultConfiguration"] == {
        "OutputLocation": "s3://log/results/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }
    query = made(
        cloud,
        "athena/namedQuery:NamedQuery",
        {
            "name": "bounces",
            "description": "Bounces by day",
            "database": "d",
            "query": "SELECT 1",
            "workgroup": name,
        },
    )
    saved = athena.get_named_query(NamedQueryId=query.id)["NamedQuery"]
    assert {key: saved[key] for key in ("Name", "Database", "QueryString")} == {
        "Name": "bounces",
        "Database": "d",
        "QueryString": "SELECT 1",
    }
    assert (saved["WorkGroup"], saved["Description"]) == (name, "Bounces by day")
