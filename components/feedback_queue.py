"""FeedbackQueue: an SQS queue that listens to channels, and its one consumer."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import policies
from components.service_user import ServiceUser, ServiceUserArgs
from components.sqs_queue import admit_topics, encrypted_queue

CONSUMING = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
)
"""What a consumer may do, on its own queue alone."""


class FeedbackQueueArgs(TypedDict):
    """What a queue is made of."""

    topics: Mapping[str, pulumi.Input[str]]
    """By channel, the ARN of the topic that the queue listens to."""
    visibility_seconds: int
    """Seconds for which a received message is hidden from other receives."""
    retention_days: int
    """Days for which a message is kept."""
    dead_letter_after_receives: int
    """Receives of a message before it becomes a dead letter."""
    dead_letter_retention_days: int
    """Days for which a dead letter is kept, counted from its first arrival."""
    consumer: ServiceUserArgs
    """The application that empties the queue; its statements are added here."""
    raw: NotRequired[bool]
    """Messages without SNS's envelope."""
    protect: NotRequired[bool]
    """Whether the queues are protected from deletion."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class FeedbackQueue(pulumi.ComponentResource):
    """A queue with its dead-letter queue, subscriptions and least-privilege consumer.

    Messages of both shapes arrive in it: identity notifications say
    `notificationType`, events of a configuration set say `eventType`.
    """

    url: pulumi.Output[str]
    """Where the consumer receives."""
    dead_letter_url: pulumi.Output[str]
    """Where messages go that were not taken."""
    consumer: ServiceUser
    """The user or role that may empty the queue."""

    def __init__(
        self,
        name: str,
        args: FeedbackQueueArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:FeedbackQueue", name, None, opts)
        tags = args.get("tags", {})
        child = pulumi.ResourceOptions(parent=self)
        protected = pulumi.ResourceOptions(
            parent=self, protect=args.get("protect", True)
        )

        dead_letters = encrypted_queue(
            f"{name}-dead-letters",
            retention_days=args["dead_letter_retention_days"],
            tags=tags,
            opts=protected,
        )
        queue = encrypted_queue(
            f"{name}-queue",
            retention_days=args["retention_days"],
            visibility_timeout_seconds=args["visibility_seconds"],
            redrive_policy=pulumi.Output.json_dumps(
                {
                    "deadLetterTargetArn": dead_letters.arn,
                    "maxReceiveCount": args["dead_letter_after_receives"],
                }
            ),
            tags=tags,
            opts=protected,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow-policy",
            queue_url=dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=child,
        )
        policy = admit_topics(
            f"{name}-queue-policy", queue, list(args["topics"].values()), child
        )
        for channel, topic_arn in args["topics"].items():
            aws.sns.TopicSubscription(
                f"{name}-channel_{channel}",
                topic=topic_arn,
                protocol="sqs",
                endpoint=queue.arn,
                raw_message_delivery=args.get("raw", False),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
            )
        self.consumer = ServiceUser(
            f"{name}-consumer",
            {
                **args["consumer"],
                "statements": [policies.allow(list(CONSUMING), queue.arn)],
            },
            child,
        )

        self.url = queue.url
        self.dead_letter_url = dead_letters.url
        self.register_outputs(
            {"url": self.url, "dead_letter_url": self.dead_letter_url}
        )
