"""SNS: topics, their policies and subscriptions."""

import json

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:sns/topic:Topic")
def topic(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    attributes = inputs.capitalised("kmsMasterKeyId", "signatureVersion")
    if "SignatureVersion" in attributes:
        attributes["SignatureVersion"] = str(int(attributes["SignatureVersion"]))
    arn = cloud.client("sns").create_topic(
        Name=resource.physical_name, Attributes=attributes, Tags=inputs.tags()
    )["TopicArn"]
    owner = cloud.account.id
    return Applied(arn, {"arn": arn, "name": resource.physical_name, "owner": owner})


@applies("aws:sns/topicPolicy:TopicPolicy")
def topic_policy(resource: Resource, cloud: Cloud) -> Applied:
    arn = resource.inputs.need("arn")
    policy = resource.inputs.need("policy")
    cloud.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )
    return Applied(arn, {"owner": cloud.account.id})


@applies("aws:sns/topicSubscription:TopicSubscription")
def topic_subscription(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    is_secret = inputs.is_secret("endpoint")
    protocol, endpoint = inputs.need("protocol"), inputs.need("endpoint")
    if is_secret:
        cloud.secret_endpoints[endpoint] = resource.name
    attributes = inputs.capitalised(
        "rawMessageDelivery",
        "filterPolicyScope",
        "filterPolicy",
        "redrivePolicy",
        "subscriptionRoleArn",
    )
    if "RawMessageDelivery" in attributes:
        attributes["RawMessageDelivery"] = json.dumps(attributes["RawMessageDelivery"])
    arn = cloud.client("sns").subscribe(
        TopicArn=inputs.need("topic"),
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Applied(arn, {"arn": arn, "ownerId": cloud.account.id})
