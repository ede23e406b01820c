"""What the sandbox's tests do with an emulated account, by boto3 alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.account import Account
from sandbox.cloud import Cloud

ACCOUNT = Account("123456789012", "eu-west-1", "aws")

SHOP = "shop.example.com"


def identity(cloud: Cloud, name: str, configuration_set: str | None = None) -> None:
    more = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    cloud.client("sesv2").create_email_identity(EmailIdentity=name, **more)


def topic(cloud: Cloud, name: str = "topic") -> str:
    """A topic with SNS's default policy."""
    arn: str = cloud.client("sns").create_topic(Name=name)["TopicArn"]
    return arn


def configuration_set(cloud: Cloud, name: str, *types: str, topic: str = "") -> None:
    """A set, with an event destination for these types if there are some."""
    ses = cloud.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName=name)
    if types:
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=name,
            EventDestinationName="destination",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": list(types),
                "SnsDestination": {"TopicArn": topic},
            },
        )


def notify(
    cloud: Cloud, name: str, topic: str | None, *types: str, headers: bool = False
) -> None:
    """Sets or clears the topic of an identity's notifications."""
    ses = cloud.client("ses")
    which = {"SnsTopic": topic} if topic else {}
    for kind in types or ("Bounce", "Complaint", "Delivery"):
        ses.set_identity_notification_topic(
            Identity=name, NotificationType=kind, **which
        )
        if topic:
            ses.set_identity_headers_in_notifications_enabled(
                Identity=name, NotificationType=kind, Enabled=headers
            )


def queue(cloud: Cloud, name: str, *topics: str, **attributes: Any) -> str:
    """A queue that admits these topics and is subscribed to them; its URL."""
    arn = f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:{name}"
    url: str = cloud.client("sqs").create_queue(
        QueueName=name,
        Attributes={"Policy": admitting("sns.amazonaws.com", arn, *topics)},
    )["QueueUrl"]
    for one in topics:
        cloud.client("sns").subscribe(
            TopicArn=one, Protocol="sqs", Endpoint=arn, Attributes=attributes
        )
    return url


def admitting(service: str, resource: str, *sources: str) -> str:
    """A policy that lets a service do anything in the name of these sources."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "*",
        "Resource": resource,
    }
    if sources:
        statement["Condition"] = {"ArnEquals": {"aws:SourceArn": list(sources)}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def send(
    cloud: Cloud,
    sender: str,
    recipient: str = "bounce@simulator.amazonses.com",
    configuration_set: str | None = None,
    **more: Any,
) -> str:
    """Sends a mail by SES v2; its id."""
    if configuration_set:
        more["ConfigurationSetName"] = configuration_set
    message_id: str = cloud.client("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [recipient]},
        Content={
            "Simple": {
                "Subject": {"Data": "Your order"},
                "Body": {"Text": {"Data": "It is on its way."}},
            }
        },
        **more,
    )["MessageId"]
    return message_id


def bodies(cloud: Cloud, url: str) -> list[str]:
    """Receives and deletes what is in a queue, as it is."""
    sqs, found = cloud.client("sqs"), []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def told(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    """SES's messages in a queue, out of their envelopes, without those of a set-up."""
    texts = [json.loads(body)["Message"] for body in bodies(cloud, url)]
    messages = [json.loads(text) for text in texts if text.startswith("{")]
    return [
        message
        for message in messages
        if message.get("notificationType") != "AmazonSnsSubscriptionSucceeded"
    ]


def forwarded(cloud: Cloud, message_id: str) -> list[tuple[str, str]]:
    """The events of a mail that SES mailed to somebody, with the address."""
    return [
        (event.type, event.forwarded_to)
        for event in cloud.ses.events[message_id]
        if event.forwarded_to is not None
    ]


LOG_SET = "arn:aws:ses:eu-west-1:123456789012:configuration-set/logged"
"""The set that may write to an event log."""


@dataclass(frozen=True)
class Log:
    """A stream into a bucket, with the role that SES has for it."""

    bucket: str
    stream_arn: str
    role_arn: str
    """SES's; Firehose's is `firehose`."""

    @property
    def stream(self) -> str:
        return self.stream_arn.rpartition("/")[2]

    @property
    def destination(self) -> dict[str, str]:
        """As an event destination of SES v2 has it."""
        return {"DeliveryStreamArn": self.stream_arn, "IamRoleArn": self.role_arn}


def event_log(cloud: Cloud, **destination: Any) -> Log:
    """An event log as a stack makes it, with changes of the stream's destination."""
    s3, logs = cloud.client("s3"), cloud.client("logs")
    s3.create_bucket(
        Bucket="log", CreateBucketConfiguration={"LocationConstraint": ACCOUNT.region}
    )
    logs.create_log_group(logGroupName="group")
    logs.create_log_stream(logGroupName="group", logStreamName="errors")
    where = f"{ACCOUNT.region}:{ACCOUNT.id}"
    stream_arn = f"arn:aws:firehose:{where}:deliverystream/stream"
    firehose = role(
        cloud,
        "firehose",
        trusting("firehose", {"StringEquals": {"sts:ExternalId": ACCOUNT.id}}),
        ("s3:PutObject", "arn:aws:s3:::log/*"),
        ("logs:PutLogEvents", f"arn:aws:logs:{where}:log-group:group:log-stream:*"),
    )
    source = {"aws:SourceAccount": ACCOUNT.id, "aws:SourceArn": LOG_SET}
    ses = role(
        cloud,
        "ses",
        trusting("ses", {"StringEquals": source}),
        ("firehose:PutRecordBatch", stream_arn),
    )
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="stream",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::log",
            "RoleARN": firehose,
            "Prefix": "events/day=!{timestamp:yyyy-MM-dd}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "CompressionFormat": "GZIP",
            "FileExtension": ".json.gz",
            "CloudWatchLoggingOptions": {
                "Enabled": True,
                "LogGroupName": "group",
                "LogStreamName": "errors",
            },
            **destination,
        },
    )
    return Log("log", stream_arn, ses)


def logged_set(cloud: Cloud, log: Log, *types: str) -> None:
    """The set LOG_SET, with a destination for these types in the event log."""
    ses = cloud.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="logged")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="logged",
        EventDestinationName="event-log",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(types),
            "KinesisFirehoseDestination": log.destination,
        },
    )


def role(cloud: Cloud, name: str, trust: str, *allowed: tuple[str, str]) -> str:
    """A role that may do this with these resources; its ARN."""
    iam = cloud.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    if allowed:
        allow(cloud, name, *allowed)
    arn: str = made["Arn"]
    return arn


def allow(cloud: Cloud, role: str, *allowed: tuple[str, str]) -> None:
    """Gives a role its one policy, of these actions and resources."""
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in allowed
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    cloud.client("iam").put_role_policy(
        RoleName=role, PolicyName="policy", PolicyDocument=json.dumps(policy)
    )


def trusting(service: str, condition: Mapping[str, Any] | None = None) -> str:
    """A policy by which a service may take a role."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def objects(cloud: Cloud, bucket: str = "log") -> dict[str, bytes]:
    """What is in a bucket, by key."""
    s3 = cloud.client("s3")
    return {
        found["Key"]: s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }


def error_log(cloud: Cloud) -> list[dict[str, Any]]:
    """What Firehose has logged of an event log."""
    events = cloud.client("logs").get_log_events(
        logGroupName="group", logStreamName="errors"
    )["events"]
    return [json.loads(event["message"]) for event in events]
