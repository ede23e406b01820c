"""What every queue of a stack has, whichever component makes it."""

import pytest

from tests.stacks import STACKS, declared

QUEUE = "sqs/queue:Queue"
POLICY = "sqs/queuePolicy:QueuePolicy"
SUBSCRIPTION = "sns/topicSubscription:TopicSubscription"

each_stack = pytest.mark.parametrize("stack", STACKS)


@each_stack
def test_every_queue_is_encrypted_by_sqs_itself(stack: str) -> None:
    queues = declared(stack).all(QUEUE)
    assert queues
    for queue in queues:
        assert queue.inputs["sqsManagedSseEnabled"] is True, queue.name
        assert "kmsMasterKeyId" not in queue.inputs, "SQS takes one encryption only"


@each_stack
def test_every_queue_polls_long_and_keeps_at_most_14_days(stack: str) -> None:
    for queue in declared(stack).all(QUEUE):
        assert queue.inputs["receiveWaitTimeSeconds"] == 20, queue.name
        assert 0 < queue.inputs["messageRetentionSeconds"] <= 1_209_600, queue.name


@each_stack
def test_a_queue_has_one_policy_at_most_and_none_in_itself(stack: str) -> None:
    """SQS keeps one: a second resource would replace the first."""
    engine = declared(stack)
    queues = [policy.inputs["queueUrl"] for policy in engine.all(POLICY)]
    assert len(queues) == len(set(queues))
    assert not [queue.name for queue in engine.all(QUEUE) if "policy" in queue.inputs]


@each_stack
def test_what_sns_sends_to_has_a_policy_that_admits_it(stack: str) -> None:
    engine = declared(stack)
    admitted = {
        (statement["Resource"], topic)
        for statement in (policy.statement() for policy in engine.all(POLICY))
        for topic in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    }
    ours = {queue.name for queue in engine.all(QUEUE)}
    sent = {
        (each.inputs["endpoint"], each.inputs["topic"])
        for each in engine.all(SUBSCRIPTION)
        if each.inputs["protocol"] == "sqs"
        and each.inputs["endpoint"].rpartition(":")[2] in ours
    }
    assert sent
    assert sent <= admitted
