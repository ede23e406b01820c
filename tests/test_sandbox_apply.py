"""What the emulated account is like after a resource was applied, asked by boto3."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from botocore.exceptions import ClientError, ParamValidationError

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
    with pytest.raises(CannotApply, match="aws:ec2/instance:Instance it"):
        made(cloud, "aws:ec2/instance:Instance", {})


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


TRUST_OF_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def function(cloud: Cloud, **more: Any) -> Applied:
    trust = json.dumps(TRUST_OF_LAMBDA)
    role = made(cloud, "aws:iam/role:Role", {"assumeRolePolicy": trust}, "role")
    code = pulumi.AssetArchive(
        {"code.py": pulumi.StringAsset("def handle(event, context): ...")}
    )
    return made(
        cloud,
        "aws:lambda/function:Function",
        {
            "description": "Guards",
            "role": role.outputs["arn"],
            "runtime": "python3.13",
            "handler": "code.handle",
            "code": code,
            "memorySize": 192.0,
            "timeout": 60.0,
            "environment": {"variables": {"COLOUR": "red"}},
            "loggingConfig": {"logFormat": "JSON", "logGroup": "logged"},
            "tags": {"a": "b"},
            **more,
        },
    )


def test_a_function_with_its_code(cloud: Cloud) -> None:
    applied = function(cloud)
    found = cloud.client("lambda").get_function(FunctionName=applied.id)
    configuration = found["Configuration"]
    assert configuration["FunctionArn"] == applied.outputs["arn"]
    assert configuration["Description"] == "Guards"
    assert configuration["Runtime"] == "python3.13"
    assert configuration["Handler"] == "code.handle"
    assert configuration["MemorySize"] == 192
    assert configuration["Timeout"] == 60
    assert configuration["Environment"] == {"Variables": {"COLOUR": "red"}}
    assert found["Tags"] == {"a": "b"}
    assert configuration["CodeSize"] > 0
    assert "code" not in applied.outputs, "nobody reads a file back"


@pytest.mark.parametrize(
    ("code", "unknown"),
    [
        (pulumi.FileArchive("folder"), "code, as FileArchive"),
        (
            pulumi.AssetArchive({"a.py": pulumi.FileAsset("a.py")}),
            "code.a.py, as FileAsset",
        ),
    ],
)
def test_code_that_lies_elsewhere_is_not_known(
    cloud: Cloud, code: pulumi.Archive, unknown: str
) -> None:
    with pytest.raises(CannotApply, match=unknown):
        function(cloud, code=code)


def test_a_function_that_is_not_python_is_not_known(cloud: Cloud) -> None:
    with pytest.raises(CannotApply, match="the property runtime, as nodejs22.x"):
        function(cloud, runtime="nodejs22.x")
    assert cloud.client("lambda").list_functions()["Functions"] == []


def test_a_permission_with_all_its_conditions(cloud: Cloud) -> None:
    source = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:bounces"
    applied = function(cloud)
    made(
        cloud,
        "aws:lambda/permission:Permission",
        {
            "function": applied.id,
            "action": "lambda:InvokeFunction",
            "principal": "lambda.alarms.cloudwatch.amazonaws.com",
            "sourceAccount": "123456789012",
            "sourceArn": source,
        },
    )
    policy = cloud.client("lambda").get_policy(FunctionName=applied.id)["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == applied.outputs["arn"]
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": source},
        "StringEquals": {"AWS:SourceAccount": "123456789012"},
    }


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ACTION = "arn:aws:sns:eu-west-1:123456789012:alarms"


def alarm(cloud: Cloud, name: str) -> dict[str, Any]:
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])
    (found,) = alarms["MetricAlarms"]
    return dict(found)


def test_an_alarm_on_one_metric(cloud: Cloud) -> None:
    applied = made(
        cloud,
        ALARM,
        {
            "name": "bounces",
            "alarmDescription": "Too many bounces.",
            "actionsEnabled": True,
            "alarmActions": [ACTION],
            "okActions": [ACTION],
            "insufficientDataActions": [ACTION],
            "comparisonOperator": "GreaterThanThreshold",
            "datapointsToAlarm": 2.0,
            "dimensions": {"ses:configuration-set": "campaigns"},
            "evaluationPeriods": 3.0,
            "metricName": "Reputation.BounceRate",
            "namespace": "AWS/SES",
            "period": 300.0,
            "statistic": "Maximum",
            "threshold": 0.05,
            "treatMissingData": "ignore",
            "unit": "Count",
            "tags": {"a": "b"},
        },
    )
    found = alarm(cloud, "bounces")
    assert applied.outputs["arn"] == found["AlarmArn"]
    expected = {
        "AlarmDescription": "Too many bounces.",
        "ActionsEnabled": True,
        "AlarmActions": [ACTION],
        "OKActions": [ACTION],
        "InsufficientDataActions": [ACTION],
        "ComparisonOperator": "GreaterThanThreshold",
        "DatapointsToAlarm": 2,
        "Dimensions": [{"Name": "ses:configuration-set", "Value": "campaigns"}],
        "EvaluationPeriods": 3,
        "MetricName": "Reputation.BounceRate",
        "Namespace": "AWS/SES",
        "Period": 300,
        "Statistic": "Maximum",
        "Threshold": 0.05,
        "TreatMissingData": "ignore",
        "Unit": "Count",
    }
    assert found | expected == found
    tags = cloud.client("cloudwatch").list_tags_for_resource(
        ResourceARN=found["AlarmArn"]
    )
    assert tags["Tags"] == [{"Key": "a", "Value": "b"}]


def by_math(**more: Any) -> dict[str, Any]:
    metric = {
        "namespace": "AWS/SES",
        "metricName": "Send",
        "dimensions": {"ses:configuration-set": "campaigns"},
        "period": 86400.0,
        "stat": "Sum",
        **more,
    }
    return {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1.0,
        "threshold": 0.0,
        "metricQueries": [
            {"id": "half", "expression": "sent / 2", "returnData": True},
            {"id": "sent", "label": "Sent", "metric": metric},
        ],
    }


def test_an_alarm_by_metric_math(cloud: Cloud) -> None:
    applied = made(cloud, ALARM, by_math())
    sent = {
        "Metric": {
            "Namespace": "AWS/SES",
            "MetricName": "Send",
            "Dimensions": [{"Name": "ses:configuration-set", "Value": "campaigns"}],
        },
        "Period": 86400,
        "Stat": "Sum",
    }
    assert alarm(cloud, applied.id)["Metrics"] == [
        {"Id": "half", "Expression": "sent / 2", "ReturnData": True},
        {"Id": "sent", "Label": "Sent", "MetricStat": sent, "ReturnData": False},
    ]


def windowed(**clock: Any) -> dict[str, Any]:
    return {**by_math(), "evaluationWindow": {"wallClockWindow": clock}}


@pytest.mark.parametrize("clock", [{}, {"timezone": "UTC"}])
def test_an_alarm_by_the_clock(cloud: Cloud, clock: dict[str, str]) -> None:
    """The emulator takes it and does not tell it again: it evaluates no alarm."""
    applied = made(cloud, ALARM, windowed(**clock))
    assert alarm(cloud, applied.id)["AlarmName"] == applied.id


def test_the_window_of_an_alarm_is_asked_for(cloud: Cloud) -> None:
    with pytest.raises(ParamValidationError, match="WallClockWindow.Timezone"):
        made(cloud, ALARM, windowed(timezone=""))


def test_a_property_of_the_window_of_an_alarm_is_named(cloud: Cloud) -> None:
    with pytest.raises(CannotApply, match=r"evaluationWindow\.wallClockWindow\.zone"):
        made(cloud, ALARM, windowed(zone="UTC"))


def test_a_property_of_a_metric_of_an_alarm_is_named(cloud: Cloud) -> None:
    where = r"metricQueries\[1\]\.metric\.accountId"
    with pytest.raises(CannotApply, match=where):
        made(cloud, ALARM, by_math(accountId="123456789012"))


def test_a_dashboard(cloud: Cloud) -> None:
    widgets = [{"type": "text", "properties": {"markdown": "Mail"}}]
    body = json.dumps({"widgets": widgets})
    inputs = {"dashboardName": "board", "dashboardBody": body}
    applied = made(cloud, "aws:cloudwatch/dashboard:Dashboard", inputs)
    assert applied.id == "board"
    arn = f"arn:aws:cloudwatch::{cloud.account.id}:dashboard/board"
    assert applied.outputs["dashboardArn"] == arn
    found = cloud.client("cloudwatch").get_dashboard(DashboardName="board")
    assert found["DashboardBody"] == body


def test_a_dashboard_that_cloudwatch_refuses(cloud: Cloud) -> None:
    body = json.dumps({"widgets": [{"type": "text", "x": 24, "properties": {}}]})
    inputs = {"dashboardName": "board", "dashboardBody": body}
    with pytest.raises(ClientError, match=r"widgets\[0\].x: found 24"):
        made(cloud, "aws:cloudwatch/dashboard:Dashboard", inputs)
