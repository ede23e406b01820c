"""SQS: queues, their policies and who may use them for dead letters."""

import json
from collections.abc import Mapping

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud

ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "redrivePolicy": "RedrivePolicy",
}
"""SQS's names of the properties; it takes their values as text."""


@applies("aws:sqs/queue:Queue")
def queue(resource: Resource, cloud: Cloud) -> Applied:
    inputs, sqs = resource.inputs, cloud.client("sqs")
    attributes = inputs.named(ATTRIBUTES)
    url = sqs.create_queue(
        QueueName=resource.physical_name,
        Attributes={name: _text(value) for name, value in attributes.items()},
        tags=inputs.take("tags", {}),
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    outputs = {
        "arn": arn["Attributes"]["QueueArn"],
        "url": url,
        "name": resource.physical_name,
    }
    return Applied(url, outputs)


@applies("aws:sqs/queuePolicy:QueuePolicy")
def queue_policy(resource: Resource, cloud: Cloud) -> Applied:
    return _set(resource, cloud, {"policy": "Policy"})


@applies("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def redrive_allow_policy(resource: Resource, cloud: Cloud) -> Applied:
    return _set(resource, cloud, {"redriveAllowPolicy": "RedriveAllowPolicy"})


def _set(resource: Resource, cloud: Cloud, names: Mapping[str, str]) -> Applied:
    url = resource.inputs.need("queueUrl")
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes=resource.inputs.named(names)
    )
    return Applied(url, {})


def _text(value: object) -> str:
    """Numbers come as floats over the wire: 60.0."""
    if isinstance(value, str):
        return value
    return json.dumps(int(value) if isinstance(value, float) else value)
