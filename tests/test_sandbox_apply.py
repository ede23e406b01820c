"""What the emulated account is like after a resource was applied, asked by boto3."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.apply import APPLIERS, CannotApply, apply
from sandbox.apply.registry import Applied
from sandbox.cloud import Cloud
from tests.emulated import SHOP, admitting, topic
from tests.engine import declare
from tests.stacks import STACKS, program

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How Pulumi marks a secret on the wire."""


def made(
    cloud: Cloud, type_: str, inputs: Mapping[str, Any], name: str = "it"
) -> Applied:
    return apply(f"urn:pulumi:dev::p::{type_}::{name}", type_, name, inputs, cloud)


def test_it_knows_exactly_the_types_that_the_stacks_declare() -> None:
    declared = {
        resource.type
        for stack in STACKS
        for resource in declare(program(stack)).all()
        if not resource.is_component
    }
    assert set(APPLIERS) == declared


@pytest.mark.parametrize(
    ("type_", "inputs", "unknown"),
    [
        ("aws:sns/topic:Topic", {"fifoTopic": True}, "fifoTopic"),
        (
            "aws:sesv2/configurationSet:ConfigurationSet",
            {
                "configurationSetName": "one",
                "deliveryOptions": {"tlsPolicy": "REQUIRE", "sendingPoolName": "x"},
            },
            "deliveryOptions.sendingPoolName",
        ),
        ("aws:sns/topicPolicy:TopicPolicy", {"policy": "{}"}, "arn, which is required"),
    ],
)
def test_an_unknown_property_is_named(
    cloud: Cloud, type_: str, inputs: dict[str, Any], unknown: str
) -> None:
    with pytest.raises(CannotApply) as cannot:
        made(cloud, type_, inputs)
    assert str(cannot.value).startswith(f"{type_} it: ")
    assert unknown in str(cannot.value)


def test_a_property_of_an_entry_in_a_list_is_named(cloud: Cloud) -> None:
    kind = "aws:sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
    cloud.client("sesv2").create_configuration_set(ConfigurationSetName="one")
    dimension = {
        "dimensionName": "a",
        "dimensionValueSource": "MESSAGE_TAG",
        "defaultDimensionValue": "b",
        "unit": "c",
    }
    with pytest.raises(CannotApply, match=r"dimensionConfigurations\[0\]\.unit"):
        made(
            cloud,
            kind,
            {
                "configurationSetName": "one",
                "eventDestinationName": "metrics",
                "eventDestination": {
                    "enabled": True,
                    "matchingEventTypes": ["SEND"],
                    "cloudWatchDestination": {"dimensionConfigurations": [dimension]},
                },
            },
        )


def test_an_unknown_type_is_named(cloud: Cloud) -> None:
    with pytest.raises(CannotApply, match="aws:s3/bucket:Bucket it"):
        made(cloud, "aws:s3/bucket:Bucket", {})


def test_names_are_of_the_urn(cloud: Cloud) -> None:
    first = made(cloud, "aws:sns/topic:Topic", {}, "one")
    again = made(cloud, "aws:sns/topic:Topic", {}, "one")
    other = made(cloud, "aws:sns/topic:Topic", {}, "two")
    assert first.outputs["name"] == again.outputs["name"]
    prefix, _, suffix = first.outputs["name"].rpartition("-")
    assert prefix == "one"
    assert len(suffix) == 7
    assert not other.outputs["name"].endswith(suffix)


def test_inputs_are_outputs_too(cloud: Cloud) -> None:
    outputs = made(cloud, "aws:sns/topic:Topic", {"tags": {"a": "b"}}).outputs
    assert outputs["tags"] == {"a": "b"}


def test_a_topic_of_a_key(cloud: Cloud) -> None:
    policy = admitting("ses.amazonaws.com", "*")
    key = made(
        cloud,
        "aws:kms/key:Key",
        {
            "policy": policy,
            "description": "Topic",
            "enableKeyRotation": True,
            "tags": {"a": "b"},
        },
    )
    kms = cloud.client("kms")
    assert kms.get_key_rotation_status(KeyId=key.id)["KeyRotationEnabled"]
    assert json.loads(
        kms.get_key_policy(KeyId=key.id, PolicyName="default")["Policy"]
    ) == json.loads(policy)
    applied = made(
        cloud,
        "aws:sns/topic:Topic",
        {"kmsMasterKeyId": key.outputs["arn"], "signatureVersion": 2.0},
    )
    sns = cloud.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=applied.id)["Attributes"]
    assert attributes["KmsMasterKeyId"] == key.outputs["arn"]


def test_a_secret_endpoint_is_known_as_one(cloud: Cloud) -> None:
    url = "https://user:pass@crm.example.com/ses"
    made(
        cloud,
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": topic(cloud),
            "protocol": "https",
            "endpoint": {**SECRET, "value": url},
            "rawMessageDelivery": True,
            "filterPolicy": '{"eventType": ["Send"]}',
            "filterPolicyScope": "MessageBody",
        },
        "crm",
    )
    sns = cloud.client("sns")
    (found,) = sns.list_subscriptions()["Subscriptions"]
    assert found["Endpoint"] == url
    attributes = sns.get_subscription_attributes(
        SubscriptionArn=found["SubscriptionArn"]
    )["Attributes"]
    assert attributes["RawMessageDelivery"] == "true"
    assert attributes["FilterPolicyScope"] == "MessageBody"
    assert cloud.secret_endpoints == {url: "crm"}


def test_a_queue_with_its_dead_letters(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    dead = made(
        cloud, "aws:sqs/queue:Queue", {"messageRetentionSeconds": 1209600.0}, "dead"
    )
    redrive = {"deadLetterTargetArn": dead.outputs["arn"], "maxReceiveCount": 5}
    queue = made(
        cloud,
        "aws:sqs/queue:Queue",
        {
            "messageRetentionSeconds": 604800.0,
            "visibilityTimeoutSeconds": 60.0,
            "receiveWaitTimeSeconds": 20.0,
            "sqsManagedSseEnabled": True,
            "redrivePolicy": json.dumps(redrive),
            "tags": {"a": "b"},
        },
    )
    policy = admitting("sns.amazonaws.com", queue.outputs["arn"])
    made(
        cloud,
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": queue.id, "policy": policy},
    )
    allow = {"redrivePermission": "byQueue", "sourceQueueArns": [queue.outputs["arn"]]}
    made(
        cloud,
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        {"queueUrl": dead.id, "redriveAllowPolicy": json.dumps(allow)},
    )
    attributes = sqs.get_queue_attributes(QueueUrl=queue.id, AttributeNames=["All"])[
        "Attributes"
    ]
    assert attributes["MessageRetentionPeriod"] == "604800"
    assert attributes["VisibilityTimeout"] == "60"
    assert attributes["ReceiveMessageWaitTimeSeconds"] == "20"
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert json.loads(attributes["RedrivePolicy"]) == redrive
    assert json.loads(attributes["Policy"]) == json.loads(policy)
    assert sqs.list_queue_tags(QueueUrl=queue.id)["Tags"] == {"a": "b"}
    assert queue.outputs["url"] == queue.id


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sqs:ReceiveMessage",
            "Resource": "arn:aws:sqs:eu-west-1:123456789012:queue",
        }
    ],
}


def test_a_user_with_its_policy_and_key(cloud: Cloud) -> None:
    user = made(cloud, "aws:iam/user:User", {"tags": {"a": "b"}}).outputs["name"]
    made(
        cloud,
        "aws:iam/userPolicy:UserPolicy",
        {"user": user, "policy": json.dumps(POLICY)},
    )
    key = made(cloud, "aws:iam/accessKey:AccessKey", {"user": user})
    iam = cloud.client("iam")
    (name,) = iam.list_user_policies(UserName=user)["PolicyNames"]
    found = iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
    assert found == POLICY
    (kept,) = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert kept["AccessKeyId"] == key.id
    assert key.outputs["secret"]
    assert cloud.kept_secrets == {}


def test_the_secret_of_a_pgp_key_is_kept_aside(cloud: Cloud) -> None:
    user = made(cloud, "aws:iam/user:User", {}).outputs["name"]
    inputs = {"user": user, "pgpKey": "keybase:example"}
    key = made(cloud, "aws:iam/accessKey:AccessKey", inputs)
    secret = cloud.kept_secrets[key.id]
    assert "secret" not in key.outputs
    assert secret not in key.outputs["encryptedSecret"]


def test_a_role_with_its_policy(cloud: Cloud) -> None:
    trust = json.loads(admitting("ses.amazonaws.com", "*"))
    del trust["Statement"][0]["Resource"]
    trust["Statement"][0]["Action"] = "sts:AssumeRole"
    role = made(
        cloud,
        "aws:iam/role:Role",
        {"assumeRolePolicy": json.dumps(trust), "tags": {"a": "b"}},
    )
    made(
        cloud,
        "aws:iam/rolePolicy:RolePolicy",
        {"role": role.outputs["name"], "policy": json.dumps(POLICY)},
    )
    iam = cloud.client("iam")
    found = iam.get_role(RoleName=role.outputs["name"])["Role"]
    assert found["Arn"] == role.outputs["arn"]
    assert found["AssumeRolePolicyDocument"] == trust
    assert len(iam.list_role_policies(RoleName=found["RoleName"])["PolicyNames"]) == 1


def test_a_secret_with_its_version(cloud: Cloud) -> None:
    secret = made(
        cloud, "aws:secretsmanager/secret:Secret", {"description": "Access key"}
    )
    version = made(
        cloud,
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": secret.id, "secretString": '{"accessKeyId": "AKIA"}'},
    )
    arn = version.outputs["secretArn"]
    found = cloud.client("secretsmanager").get_secret_value(SecretId=arn)
    assert found["SecretString"] == '{"accessKeyId": "AKIA"}'


IDENTITY = "aws:sesv2/emailIdentity:EmailIdentity"


def test_an_identity_with_what_belongs_to_it(cloud: Cloud) -> None:
    arn = topic(cloud)
    made(
        cloud,
        "aws:sesv2/configurationSet:ConfigurationSet",
        {
            "configurationSetName": "one",
            "reputationOptions": {"reputationMetricsEnabled": True},
            "suppressionOptions": {"suppressedReasons": ["BOUNCE"]},
        },
    )
    identity = made(
        cloud, IDENTITY, {"emailIdentity": SHOP, "configurationSetName": "one"}
    )
    assert len(identity.outputs["dkimSigningAttributes"]["tokens"]) == 3
    made(
        cloud,
        "aws:ses/identityNotificationTopic:IdentityNotificationTopic",
        {
            "identity": SHOP,
            "notificationType": "Bounce",
            "topicArn": arn,
            "includeOriginalHeaders": True,
        },
    )
    made(
        cloud,
        "aws:sesv2/emailIdentityFeedbackAttributes:EmailIdentityFeedbackAttributes",
        {"emailIdentity": SHOP, "emailForwardingEnabled": False},
    )
    made(
        cloud,
        "aws:sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes",
        {
            "emailIdentity": SHOP,
            "mailFromDomain": f"bounce.{SHOP}",
            "behaviorOnMxFailure": "USE_DEFAULT_VALUE",
        },
    )
    found = cloud.client("sesv2").get_email_identity(EmailIdentity=SHOP)
    assert found["ConfigurationSetName"] == "one"
    assert found["FeedbackForwardingStatus"] is False
    assert found["MailFromAttributes"]["MailFromDomain"] == f"bounce.{SHOP}"
    notifications = cloud.client("ses").get_identity_notification_attributes(
        Identities=[SHOP]
    )["NotificationAttributes"][SHOP]
    assert notifications["BounceTopic"] == arn
    assert notifications["HeadersInBounceNotificationsEnabled"] is True


def test_an_address_has_no_dkim_tokens(cloud: Cloud) -> None:
    applied = made(cloud, IDENTITY, {"emailIdentity": f"a@{SHOP}"})
    assert applied.outputs["dkimSigningAttributes"]["tokens"] == []


def test_an_identity_topic_without_an_arn_clears_it(cloud: Cloud) -> None:
    made(cloud, IDENTITY, {"emailIdentity": SHOP})
    kind = "aws:ses/identityNotificationTopic:IdentityNotificationTopic"
    inputs = {
        "identity": SHOP,
        "notificationType": "Bounce",
        "includeOriginalHeaders": False,
    }
    made(cloud, kind, {**inputs, "topicArn": topic(cloud)})
    made(cloud, kind, inputs)
    found = cloud.client("ses").get_identity_notification_attributes(Identities=[SHOP])
    assert "BounceTopic" not in found["NotificationAttributes"][SHOP]
