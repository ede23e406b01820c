"""Channel: one SNS topic, named for the people who act on what it tells."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import policies
from components.ordering import once_there
from components.sqs_queue import LONGEST_RETENTION_DAYS, admit_topics, encrypted_queue

LARGEST_EXACT_POLICY = 25_000
"""Bytes up to which a topic policy names each publisher; SNS ends at 30,720."""


class SubscriptionArgs(TypedDict):
    """Somebody who is told what is published to the channel."""

    protocol: str
    """How SNS delivers: https, email, lambda..."""
    endpoint: pulumi.Input[str]
    """Where to; a secret where it carries one."""
    masked: NotRequired[bool]
    """Whether the endpoint has a user and password, which SNS answers as `****`."""
    raw: NotRequired[bool]
    """The bare message without SNS's envelope."""
    filter: NotRequired[Mapping[str, Any] | None]
    """A filter policy on the message body."""
    dead_letters: NotRequired[bool]
    """A queue of its own for what could not be delivered."""
    role: NotRequired[str | None]
    """For firehose: the ARN of the role by which SNS writes."""


class ChannelArgs(TypedDict):
    """What a channel is made of."""

    account_id: str
    """The account whose SES may publish."""
    account_root: str
    """ARN of the account's root, which administers the key of an encrypted channel."""
    publishers: Sequence[str]
    """ARNs of the exact identities and configuration sets that publish here."""
    publisher_patterns: Sequence[str]
    """ARN patterns that take their place when the policy would grow too large."""
    alarms: NotRequired[Sequence[str]]
    """ARNs of the exact CloudWatch alarms that publish here."""
    alarm_pattern: NotRequired[str]
    """An ARN pattern that takes their place when the policy would grow too large."""
    subscriptions: NotRequired[Mapping[str, SubscriptionArgs]]
    """By name, who is told."""
    topic: NotRequired[str | None]
    """ARN of a topic that exists; its policy and encryption stay its owner's."""
    encrypted: NotRequired[bool]
    """Whether the topic has a customer-managed key."""
    protect: NotRequired[bool]
    """Whether topic, key and queues are protected from deletion."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class Channel(pulumi.ComponentResource):
    """A topic, the policy that admits its exact publishers, and its subscriptions.

    SES publishes a test message when a topic is attached, so whatever attaches it
    has to wait for the policy: `topic_arn` comes out of the policy. A queue of the
    stack is not subscribed here; it lists its channels itself.
    """

    topic_arn: pulumi.Output[str]
    """The topic, once it admits its publishers."""
    key_arn: pulumi.Output[str] | None
    """The key of an encrypted topic of the stack's own."""
    dead_letter_queue_urls: dict[str, pulumi.Output[str]]
    """By subscription, the queue of what could not be delivered."""

    def __init__(
        self, name: str, args: ChannelArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ses-feedback:index:Channel", name, None, opts)
        self._name = name
        self._tags = args.get("tags", {})
        self._child = pulumi.ResourceOptions(parent=self)
        self._protected = pulumi.ResourceOptions(
            parent=self, protect=args.get("protect", True)
        )

        self.key_arn = None
        existing = args.get("topic")
        if existing is not None:
            topic_arn = self.topic_arn = pulumi.Output.from_input(existing)
        else:
            topic = self._topic(args)
            topic_arn = topic.arn
            self.topic_arn = self._admit_publishers(topic, args)

        self.dead_letter_queue_urls = {}
        for key, subscription in args.get("subscriptions", {}).items():
            self._subscribe(key, topic_arn, subscription)

        self.register_outputs(
            {
                "topic_arn": self.topic_arn,
                "key_arn": self.key_arn,
                "dead_letter_queue_urls": self.dead_letter_queue_urls,
            }
        )

    def _topic(self, args: ChannelArgs) -> aws.sns.Topic:
        if args.get("encrypted"):
            key = aws.kms.Key(
                f"{self._name}-key",
                description=f"Topic of channel {self._name}",
                enable_key_rotation=True,
                policy=_key_policy(args["account_root"]),
                tags=self._tags,
                opts=self._protected,
            )
            self.key_arn = key.arn
        return aws.sns.Topic(
            f"{self._name}-topic",
            kms_master_key_id=self.key_arn,
            signature_version=2,
            tags=self._tags,
            opts=self._protected,
        )

    def _admit_publishers(
        self, topic: aws.sns.Topic, args: ChannelArgs
    ) -> pulumi.Output[str]:
        if not args["publishers"] and not args.get("alarms"):
            return topic.arn
        policy = aws.sns.TopicPolicy(
            f"{self._name}-topic-policy",
            arn=topic.arn,
            policy=_topic_policy(topic.arn, args),
            opts=self._child,
        )
        return once_there(topic.arn, policy)

    def _subscribe(
        self, key: str, topic_arn: pulumi.Output[str], args: SubscriptionArgs
    ) -> None:
        waits_for: list[pulumi.Resource] = []
        redrive = None
        if args.get("dead_letters"):
            queue = encrypted_queue(
                f"{self._name}-dlq_{key}",
                retention_days=LONGEST_RETENTION_DAYS,
                tags=self._tags,
                opts=self._protected,
            )
            waits_for.append(
                admit_topics(
                    f"{self._name}-dlq-policy_{key}", queue, [topic_arn], self._child
                )
            )
            redrive = pulumi.Output.json_dumps({"deadLetterTargetArn": queue.arn})
            self.dead_letter_queue_urls[key] = queue.url
        if args["protocol"] == "lambda":
            waits_for.append(self._permission(key, topic_arn, args["endpoint"]))
        policy = args.get("filter")
        aws.sns.TopicSubscription(
            f"{self._name}-subscription_{key}",
            topic=topic_arn,
            protocol=args["protocol"],
            endpoint=args["endpoint"],
            raw_message_delivery=args.get("raw", False),
            filter_policy=json.dumps(policy) if policy else None,
            filter_policy_scope="MessageBody" if policy else None,
            redrive_policy=redrive,
            subscription_role_arn=args.get("role"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=waits_for,
                ignore_changes=["endpoint"] if args.get("masked") else None,
            ),
        )

    def _permission(
        self,
        key: str,
        topic_arn: pulumi.Output[str],
        endpoint: pulumi.Input[str],
    ) -> aws.lambda_.Permission:
        """SNS may invoke the function, by its alias or version where one is named."""
        parts = pulumi.Output.from_input(endpoint).apply(lambda arn: arn.split(":"))
        return aws.lambda_.Permission(
            f"{self._name}-permission_{key}",
            action="lambda:InvokeFunction",
            function=parts.apply(lambda parts: ":".join(parts[:7])),
            qualifier=parts.apply(lambda parts: parts[7] if len(parts) > 7 else None),
            principal="sns.amazonaws.com",
            source_arn=topic_arn,
            opts=self._child,
        )


def _topic_policy(
    topic_arn: pulumi.Output[str], args: ChannelArgs
) -> pulumi.Output[str]:
    """Who may publish: SES for these identities and sets, CloudWatch for these alarms.

    (SES developer guide, SNS topics; CloudWatch user guide, confused deputy.)
    """
    admitted = {
        "ses.amazonaws.com": (args["publishers"], args["publisher_patterns"]),
        "cloudwatch.amazonaws.com": (
            args.get("alarms", ()),
            [args.get("alarm_pattern", "")],
        ),
    }
    of_account = {"aws:SourceAccount": args["account_id"]}

    def admitting(service: str, condition: Mapping[str, Any]) -> policies.Statement:
        return policies.allow(
            "sns:Publish",
            topic_arn,
            principal={"Service": service},
            condition=condition,
        )

    exact = policies.document(
        *(
            admitting(
                service, {"StringEquals": of_account | {"aws:SourceArn": list(arns)}}
            )
            for service, (arns, _) in admitted.items()
            if arns
        )
    )
    broad = policies.document(
        *(
            admitting(
                service,
                {
                    "StringEquals": of_account,
                    "ArnLike": {"aws:SourceArn": list(patterns)},
                },
            )
            for service, (arns, patterns) in admitted.items()
            if arns
        )
    )
    return policies.within(LARGEST_EXACT_POLICY, exact, broad)


def _key_policy(account_root: str) -> pulumi.Output[str]:
    """The services that publish to an encrypted topic may use its key.

    Which conditions SES could be held to here is undocumented.
    """
    services = ["ses.amazonaws.com", "sns.amazonaws.com", "cloudwatch.amazonaws.com"]
    return policies.document(
        policies.allow("kms:*", "*", principal={"AWS": account_root}),
        policies.allow(
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            "*",
            principal={"Service": services},
        ),
    )
