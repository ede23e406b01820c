"""Queues with their dead letters and subscriptions, seen by their resources."""

import json
from functools import cache

import pytest

from tests.engine import Engine, declare
from tests.stacks import declared, program, stack_of

POLICY = "sqs/queuePolicy:QueuePolicy"
QUEUE = "sqs/queue:Queue"
REDRIVE = "sqs/redriveAllowPolicy:RedriveAllowPolicy"
SUBSCRIPTION = "sns/topicSubscription:TopicSubscription"
TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"

QUEUES = "arn:aws:sqs:eu-west-1:123456789012"
TOPICS = "arn:aws:sns:eu-west-1:123456789012"
URLS = "https://sqs.eu-west-1.amazonaws.com/123456789012"

DAY = 86_400


@cache
def queue(keys: str = "") -> Engine:
    """A queue `inbox` of a stack with the channels `app` and `qa`."""
    return declare(
        stack_of(
            f"""
            channels: {{app: {{}}, qa: {{}}}}
            identities:
                shop: {{sender: shop.example.com, bounce: app, complaint: qa}}
            queues: {{inbox: {{{keys}}}}}
            """
        )
    )


def test_a_queue_is_encrypted_and_polled_long_and_has_dead_letters() -> None:
    engine = queue()
    inputs = dict(engine.one(QUEUE, "inbox-queue").inputs)
    assert json.loads(inputs.pop("redrivePolicy")) == {
        "deadLetterTargetArn": f"{QUEUES}:inbox-dead-letters",
        "maxReceiveCount": 5,
    }
    assert inputs == {
        "messageRetentionSeconds": 7 * DAY,
        "receiveWaitTimeSeconds": 20,
        "sqsManagedSseEnabled": True,
        "visibilityTimeoutSeconds": 60,
        "tags": {},
    }


def test_a_dead_letter_queue_is_encrypted_and_keeps_longest() -> None:
    assert dict(queue().one(QUEUE, "inbox-dead-letters").inputs) == {
        "messageRetentionSeconds": 14 * DAY,
        "receiveWaitTimeSeconds": 20,
        "sqsManagedSseEnabled": True,
        "tags": {},
    }


def test_a_queue_is_as_it_is_written() -> None:
    engine = declared("full")
    inputs = engine.one(QUEUE, "rotating-queue").inputs
    assert inputs["visibilityTimeoutSeconds"] == 300
    assert inputs["messageRetentionSeconds"] == DAY
    assert json.loads(inputs["redrivePolicy"])["maxReceiveCount"] == 3
    dead_letters = engine.one(QUEUE, "rotating-dead-letters").inputs
    assert dead_letters["messageRetentionSeconds"] == 10 * DAY


def test_a_dead_letter_queue_admits_just_its_source() -> None:
    policy = queue().one(REDRIVE)
    assert policy.inputs["queueUrl"] == f"{URLS}/inbox-dead-letters"
    assert json.loads(policy.inputs["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"{QUEUES}:inbox-queue"],
    }


def test_sns_may_send_what_the_channels_of_the_queue_publish() -> None:
    engine = queue()
    policy = engine.one(POLICY)
    assert policy.inputs["queueUrl"] == f"{URLS}/inbox-queue"
    assert policy.policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"{QUEUES}:inbox-queue",
                "Condition": {
                    "ArnEquals": {
                        "aws:SourceArn": [f"{TOPICS}:app-topic", f"{TOPICS}:qa-topic"]
                    }
                },
            }
        ],
    }


def test_sns_may_not_send_what_other_channels_publish() -> None:
    condition = queue("channels: [qa]").one(POLICY).statement()["Condition"]
    assert condition == {"ArnEquals": {"aws:SourceArn": [f"{TOPICS}:qa-topic"]}}


@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        pytest.param("", ["app", "qa"], id="every channel by default"),
        pytest.param("channels: [qa]", ["qa"], id="one"),
        pytest.param("channels: [qa, app]", ["app", "qa"], id="two"),
    ],
)
def test_a_queue_is_subscribed_to_its_channels(keys: str, heard: list[str]) -> None:
    engine = queue(keys)
    assert {each.name: dict(each.inputs) for each in engine.all(SUBSCRIPTION)} == {
        f"inbox-channel_{channel}": {
            "topic": f"{TOPICS}:{channel}-topic",
            "protocol": "sqs",
            "endpoint": f"{QUEUES}:inbox-queue",
            "rawMessageDelivery": False,
        }
        for channel in heard
    }


def test_a_raw_queue_gets_the_messages_without_an_envelope() -> None:
    subscriptions = queue("raw: true").all(SUBSCRIPTION)
    assert [each.inputs["rawMessageDelivery"] for each in subscriptions] == [True, True]


def test_a_subscription_waits_for_the_policies_of_queue_and_topic() -> None:
    engine = queue()
    for channel in ("app", "qa"):
        subscription = engine.one(SUBSCRIPTION, f"inbox-channel_{channel}")
        assert subscription.depends_on == {engine.one(POLICY).urn}
        topic_policy = engine.one(TOPIC_POLICY, f"{channel}-topic-policy")
        assert subscription.input_dependencies["topic"] >= {topic_policy.urn}


@pytest.mark.parametrize("protect", [True, False])
def test_both_queues_are_protected_as_stated(protect: bool) -> None:
    engine = declare(program("simplest", protect=protect))
    assert [each.protect for each in engine.all(QUEUE)] == [protect, protect]


def test_the_consumer_may_empty_its_own_queue_and_nothing_else() -> None:
    engine = queue()
    policy = engine.one("iam/userPolicy:UserPolicy")
    assert policy.policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                    "sqs:ChangeMessageVisibility",
                    "sqs:GetQueueAttributes",
                    "sqs:GetQueueUrl",
                ],
                "Resource": f"{QUEUES}:inbox-queue",
            }
        ],
    }
    consumer = engine.by_urn[policy.parent]
    assert consumer.name == "inbox-consumer"
    assert engine.by_urn[consumer.parent].name == "inbox"


def test_each_queue_has_a_consumer_of_its_own() -> None:
    policies = {
        **{
            each.name: each.statement()["Resource"]
            for each in declared("full").all("iam/userPolicy:UserPolicy")
        },
        **{
            each.name: each.statement()["Resource"]
            for each in declared("full").all("iam/rolePolicy:RolePolicy")
            if "-consumer-" in each.name
        },
    }
    assert policies == {
        "everything-consumer-user-policy": f"{QUEUES}:everything-queue",
        "rotating-consumer-user-policy": f"{QUEUES}:rotating-queue",
        "sealed-consumer-user-policy": f"{QUEUES}:sealed-queue",
        "shared-consumer-role-policy": f"{QUEUES}:shared-queue",
    }
