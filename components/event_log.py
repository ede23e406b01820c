"""EventLog: the events of configuration sets, kept in S3 and asked by Athena."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import event_table, policies
from components.event_queries import EventQueries
from components.ordering import once_there
from components.private_bucket import PrivateBucket

EVENTS = event_table.PREFIX
ERRORS = "errors/"
RESULTS = "results/"
"""What the keys of the bucket's objects begin with, by what they are."""

LOG_DAYS = 30
"""Days for which Firehose's own messages are kept."""

RESULT_DAYS = 30
"""Days for which the result of a query is kept."""

LARGEST_TRUST = 2_048
"""Characters of a role's trust policy (IAM quotas)."""


class EventLogArgs(TypedDict):
    """What an event log is made of."""

    account_id: str
    """The account whose SES may write."""
    publishers: Sequence[str]
    """ARNs of the exact configuration sets that write to it."""
    publisher_pattern: str
    """An ARN pattern that takes their place when the trust policy would grow too large."""
    database: str
    """The Glue database's name, unique in account and region."""
    expire_days: int
    """Days for which events are kept, and what Firehose could not write as one."""
    buffer_seconds: int
    """Seconds for which Firehose gathers the events of a file."""
    buffer_megabytes: int
    """Megabytes at which it writes a file before that."""
    query: NotRequired[bool]
    """Whether there is a table over the events, with saved queries."""
    permissions_boundary: NotRequired[str | None]
    """ARN of the policy beyond which no role of it may do anything."""
    protect: NotRequired[bool]
    """Whether the bucket is protected from deletion."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class EventLog(pulumi.ComponentResource):
    """A Firehose stream into a bucket of its own, with a table and saved queries.

    An event is a line of JSON in a gzipped file under `events/day=2026-05-04/`, by the
    day in UTC. Firehose delivers at least once, so an event may stand there twice. No
    partitions are added to the table: which days there are follows from the date.
    """

    bucket_name: pulumi.Output[str]
    """Where the events are."""
    stream_arn: pulumi.Output[str]
    """The stream that an event destination writes to."""
    stream_name: pulumi.Output[str]
    """By which CloudWatch tells the stream's metrics."""
    role_arn: pulumi.Output[str] | None
    """What SES writes as, once it may; absent where no set writes."""
    workgroup_name: pulumi.Output[str] | None
    """Where the saved queries are; absent without `query`."""

    def __init__(
        self,
        name: str,
        args: EventLogArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:EventLog", name, None, opts)
        self._name = name
        self._args = args
        self._tags = args.get("tags", {})
        self._child = pulumi.ResourceOptions(parent=self)

        bucket = self._bucket()
        stream = self._stream(bucket)
        self.bucket_name = bucket.bucket_name
        self.stream_arn = stream.arn
        self.stream_name = stream.name
        self.role_arn = self._publisher(stream) if args["publishers"] else None
        self.workgroup_name = None
        if args.get("query", True):
            self.workgroup_name = self._queries().workgroup_name

        self.register_outputs(
            {
                "bucket_name": self.bucket_name,
                "stream_arn": self.stream_arn,
                "stream_name": self.stream_name,
                "role_arn": self.role_arn,
                "workgroup_name": self.workgroup_name,
            }
        )

    def _bucket(self) -> PrivateBucket:
        days = self._args["expire_days"]
        return PrivateBucket(
            f"{self._name}-storage",
            {
                "expiries": {
                    "events": {"prefix": EVENTS, "days": days},
                    "errors": {"prefix": ERRORS, "days": days},
                    "results": {"prefix": RESULTS, "days": RESULT_DAYS},
                },
                "protect": self._args.get("protect", True),
                "tags": self._tags,
            },
            self._child,
        )

    def _stream(self, bucket: PrivateBucket) -> "aws.kinesis.FirehoseDeliveryStream":
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-log-group",
            retention_in_days=LOG_DAYS,
            tags=self._tags,
            opts=self._child,
        )
        messages = aws.cloudwatch.LogStream(
            f"{self._name}-log-stream", log_group_name=group.name, opts=self._child
        )
        role, policy = self._role(
            "stream-role",
            _trust_of_firehose(self._args["account_id"]),
            *_writing(bucket.bucket_arn, messages.arn),
        )
        return aws.kinesis.FirehoseDeliveryStream(
            f"{self._name}-stream",
            destination="extended_s3",
            extended_s3_configuration={
                "bucket_arn": bucket.bucket_arn,
                "role_arn": role.arn,
                "prefix": f"{EVENTS}day=!{{timestamp:yyyy-MM-dd}}/",
                "error_output_prefix": f"{ERRORS}!{{firehose:error-output-type}}/",
                "buffering_interval": self._args["buffer_seconds"],
                "buffering_size": self._args["buffer_megabytes"],
                "compression_format": "GZIP",
                "file_extension": ".json.gz",
                "cloudwatch_logging_options": {
                    "enabled": True,
                    "log_group_name": group.name,
                    "log_stream_name": messages.name,
                },
            },
            server_side_encryption={"enabled": True, "key_type": "AWS_OWNED_CMK"},
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

    def _publisher(
        self, stream: "aws.kinesis.FirehoseDeliveryStream"
    ) -> pulumi.Output[str]:
        """SES assumes the role when the destination is made, and may write by then."""
        role, policy = self._role(
            "publisher-role",
            _trust_of_ses(self._args),
            policies.allow("firehose:PutRecordBatch", stream.arn),
        )
        return once_there(role.arn, policy)

    def _queries(self) -> EventQueries:
        return EventQueries(
            f"{self._name}-athena",
            {
                "database": self._args["database"],
                "bucket_name": self.bucket_name,
                "results": RESULTS,
                "tags": self._tags,
            },
            self._child,
        )

    def _role(
        self, role: str, trust: pulumi.Output[str], *statements: policies.Statement
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        made = aws.iam.Role(
            f"{self._name}-{role}",
            assume_role_policy=trust,
            permissions_boundary=self._args.get("permissions_boundary"),
            tags=self._tags,
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-{role}-policy",
            role=made.name,
            policy=policies.document(*statements),
            opts=self._child,
        )
        return made, policy


def _trust_of_firehose(account_id: str) -> pulumi.Output[str]:
    """Firehose says by the external id for which account it asks.

    (Firehose developer guide, controlling access.)
    """
    return policies.document(
        policies.allow(
            "sts:AssumeRole",
            principal={"Service": "firehose.amazonaws.com"},
            condition={"StringEquals": {"sts:ExternalId": account_id}},
        )
    )


def _writing(
    bucket_arn: pulumi.Output[str], log_stream_arn: pulumi.Output[str]
) -> list[policies.Statement]:
    """What Firehose does with a bucket and with its own messages (the same guide)."""
    return [
        policies.allow(
            [
                "s3:GetBucketLocation",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
            ],
            bucket_arn,
        ),
        policies.allow(
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            bucket_arn.apply(lambda arn: f"{arn}/*"),
        ),
        policies.allow("logs:PutLogEvents", log_stream_arn),
    ]


def _trust_of_ses(args: EventLogArgs) -> pulumi.Output[str]:
    """SES may write for these sets (SES developer guide, Firehose destinations)."""

    def trusting(condition: Mapping[str, Any]) -> pulumi.Output[str]:
        return policies.document(
            policies.allow(
                "sts:AssumeRole",
                principal={"Service": "ses.amazonaws.com"},
                condition=condition,
            )
        )

    of_account = {"aws:SourceAccount": args["account_id"]}
    return policies.within(
        LARGEST_TRUST,
        trusting(
            {"StringEquals": of_account | {"aws:SourceArn": list(args["publishers"])}}
        ),
        trusting(
            {
                "StringEquals": of_account,
                "ArnLike": {"aws:SourceArn": args["publisher_pattern"]},
            }
        ),
    )
