"""Firehose: streams that deliver to S3."""

from sandbox.apply.inputs import Inputs, UnknownProperty
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud

DESTINATION = {
    "bucketArn": "BucketARN",
    "roleArn": "RoleARN",
    "prefix": "Prefix",
    "errorOutputPrefix": "ErrorOutputPrefix",
    "compressionFormat": "CompressionFormat",
    "fileExtension": "FileExtension",
}
"""Firehose's names of the properties of a destination in S3."""

BUFFER = {"bufferingSize": "SizeInMBs", "bufferingInterval": "IntervalInSeconds"}


@applies("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
def delivery_stream(resource: Resource, cloud: Cloud) -> Applied:
    inputs, firehose = resource.inputs, cloud.client("firehose")
    name = inputs.take("name", resource.physical_name)
    kind = inputs.need("destination")
    if kind != "extended_s3":
        raise UnknownProperty(f"destination with the value {kind}")
    destination = inputs.part("extendedS3Configuration") or Inputs({})
    stated = destination.named(DESTINATION)
    buffer = {aws: int(size) for aws, size in destination.named(BUFFER).items()}
    if buffer:
        stated["BufferingHints"] = buffer
    if (logging := destination.part("cloudwatchLoggingOptions")) is not None:
        stated["CloudWatchLoggingOptions"] = logging.capitalised(
            "enabled", "logGroupName", "logStreamName"
        )
    encryption = inputs.part("serverSideEncryption")
    arn = firehose.create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration=stated,
        **({"Tags": tags} if (tags := inputs.tags()) else {}),
    )["DeliveryStreamARN"]
    if encryption is not None and encryption.take("enabled", False):
        firehose.start_delivery_stream_encryption(
            DeliveryStreamName=name,
            DeliveryStreamEncryptionConfigurationInput={
                "KeyType": encryption.take("keyType", "AWS_OWNED_CMK")
            },
        )
    made = firehose.describe_delivery_stream(DeliveryStreamName=name)
    described = made["DeliveryStreamDescription"]
    outputs = {
        "arn": arn,
        "name": name,
        "destinationId": described["Destinations"][0]["DestinationId"],
        "versionId": described["VersionId"],
    }
    return Applied(arn, outputs)
