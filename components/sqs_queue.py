"""What every queue here has: encryption, long polling, and who may send to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components import policies

DAY = 24 * 60 * 60
LONGEST_RETENTION_DAYS = 14
LONGEST_POLL_SECONDS = 20


def encrypted_queue(
    name: str,
    *,
    retention_days: int,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    **more: Any,
) -> aws.sqs.Queue:
    """A standard queue under SQS's own key, which needs no key policy."""
    return aws.sqs.Queue(
        name,
        message_retention_seconds=retention_days * DAY,
        receive_wait_time_seconds=LONGEST_POLL_SECONDS,
        sqs_managed_sse_enabled=True,
        tags=tags,
        opts=opts,
        **more,
    )


def admit_topics(
    name: str,
    queue: aws.sqs.Queue,
    topic_arns: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> aws.sqs.QueuePolicy:
    """The queue's one policy: SNS may send what these topics publish.

    A subscription has to wait for it, since SNS does not retry a denied delivery
    (SNS developer guide, message delivery retries).
    """
    statement = policies.allow(
        "sqs:SendMessage",
        queue.arn,
        principal={"Service": "sns.amazonaws.com"},
        condition={"ArnEquals": {"aws:SourceArn": list(topic_arns)}},
    )
    return aws.sqs.QueuePolicy(
        name, queue_url=queue.url, policy=policies.document(statement), opts=opts
    )
