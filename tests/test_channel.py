"""Channels, seen by the resources that they declare."""

import json
from functools import cache
from typing import Any

import pytest

from components.account import Account
from tests.engine import Engine, declare
from tests.stacks import SECRET_ENDPOINT, declared, program, stack_of

DESTINATION = "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
NOTIFICATION = "ses/identityNotificationTopic:IdentityNotificationTopic"
PERMISSION = "lambda/permission:Permission"
SUBSCRIPTION = "sns/topicSubscription:TopicSubscription"
TOPIC = "sns/topic:Topic"
TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"

TOPICS = "arn:aws:sns:eu-west-1:123456789012"
SES = "arn:aws:ses:eu-west-1:123456789012"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:feedback"


@cache
def channel(subscription: str = "", more: str = "") -> Engine:
    """A channel `app` with a subscription `desk`, and an identity that tells it."""
    subscriptions = (
        f"subscriptions: {{desk: {{{subscription}}}}}" if subscription else ""
    )
    return declare(
        stack_of(
            f"""
            channels: {{app: {{{subscriptions}}}}}
            identities: {{shop: {{sender: shop.example.com, feedback: app}}}}
            {more}
            """
        )
    )


PUBLISHERS = """
    channels: {app: {}, other: {}}
    identities:
        shop: {sender: Shop.Example.com, feedback: app, delivery: none}
        news: {sender: News@Shop.example.com, feedback: none, delivery: app}
        blog: {sender: blog.example.com, feedback: other}
    configurationSets:
        letters: {notify: {app: [reject]}}
        notes: {notify: {other: [reject]}}
"""


def test_a_topic_admits_exactly_its_publishers() -> None:
    engine = declare(stack_of(PUBLISHERS))
    policy = engine.one(TOPIC_POLICY, "app-topic-policy")
    assert policy.inputs["arn"] == f"{TOPICS}:app-topic"
    assert policy.policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ses.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": f"{TOPICS}:app-topic",
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": "123456789012",
                        "aws:SourceArn": [
                            f"{SES}:identity/News@Shop.example.com",
                            f"{SES}:identity/shop.example.com",
                            f"{SES}:configuration-set/ses-feedback-test-letters",
                        ],
                    }
                },
            }
        ],
    }


def test_a_topic_policy_is_of_the_partition_of_its_account() -> None:
    account = Account("123456789012", "us-gov-west-1", "aws-us-gov")
    stack = stack_of(PUBLISHERS, region=account.region)
    engine = declare(stack, account=account)
    condition = engine.one(TOPIC_POLICY, "other-topic-policy").statement()["Condition"]
    ses = "arn:aws-us-gov:ses:us-gov-west-1:123456789012"
    assert condition["StringEquals"]["aws:SourceArn"] == [
        f"{ses}:identity/blog.example.com",
        f"{ses}:configuration-set/ses-feedback-test-notes",
    ]


def policy_text(engine: Engine) -> str:
    text = engine.one(TOPIC_POLICY).inputs["policy"]
    assert isinstance(text, str)
    return text


LONG_DOMAIN = ".".join([*["d" * 63] * 3, "d" * 61])


def many_identities(last: str) -> Engine:
    """A channel that hears of eighty long senders and of this last one."""
    senders = [*(f"a{number}@{LONG_DOMAIN}" for number in range(10, 90)), last]
    identities = {
        f"a{number}": {"sender": sender, "feedback": "none", "delivery": "app"}
        for number, sender in enumerate(senders)
    }
    keys = {"channels": {"app": {}}, "identities": identities}
    return declare(stack_of(json.dumps(keys)))


def test_a_policy_of_25_000_bytes_is_exact_and_a_longer_one_has_patterns() -> None:
    longest = f"{'z' * 16}@{LONG_DOMAIN}"

    exact = many_identities(longest)
    assert len(policy_text(exact)) == 25_000
    arns = exact.one(TOPIC_POLICY).statement()["Condition"]["StringEquals"]
    assert len(arns["aws:SourceArn"]) == 81

    broad = many_identities(f"z{longest}").one(TOPIC_POLICY).statement()
    assert broad["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {
            "aws:SourceArn": [
                f"{SES}:identity/*",
                f"{SES}:configuration-set/ses-feedback-test-*",
            ]
        },
    }
    assert broad["Principal"] == {"Service": "ses.amazonaws.com"}
    assert broad["Action"] == "sns:Publish"
    assert broad["Resource"] == f"{TOPICS}:app-topic"


ALARMED = """
    channels: {app: {}, oncall: {}}
    configurationSets: {letters: {notify: {%s: [reject]}, metrics: []}}
    monitoring: {alarms: oncall}
"""

ALARM_ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm"


def test_the_channel_for_alarms_admits_exactly_the_alarms() -> None:
    engine = declare(stack_of(ALARMED % "app"))
    assert engine.one(TOPIC_POLICY, "oncall-topic-policy").statement() == {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": f"{TOPICS}:oncall-topic",
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": "123456789012",
                "aws:SourceArn": [
                    f"{ALARM_ARN}:ses-feedback-test-{name}"
                    for name in (
                        "bounce-rate-warning_letters",
                        "bounce-rate-critical_letters",
                        "complaint-rate-warning_letters",
                        "complaint-rate-critical_letters",
                        "failed-deliveries_app",
                        "failed-deliveries_oncall",
                    )
                ],
            }
        },
    }


def test_the_alarms_that_a_topic_admits_are_those_that_publish_to_it() -> None:
    engine = declared("prod")
    policy = engine.one(TOPIC_POLICY, "oncall-topic-policy").statement()
    made = {
        each.inputs["name"] for each in engine.all("cloudwatch/metricAlarm:MetricAlarm")
    }
    assert set(policy["Condition"]["StringEquals"]["aws:SourceArn"]) == {
        f"{ALARM_ARN}:{name}" for name in made
    }


def test_a_channel_may_carry_feedback_and_alarms() -> None:
    engine = declare(stack_of(ALARMED % "oncall"))
    by_set, by_alarm = engine.one(TOPIC_POLICY).policy()["Statement"]
    assert by_set["Principal"] == {"Service": "ses.amazonaws.com"}
    assert by_alarm["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert engine.one(TOPIC_POLICY).name == "oncall-topic-policy"


def test_too_many_alarms_to_be_named_are_admitted_by_their_pattern() -> None:
    sets = ", ".join(f"s{number:02}: {{metrics: []}}" for number in range(80))
    text = f"""
        channels: {{oncall: {{}}}}
        configurationSets: {{{sets}}}
        monitoring: {{alarms: oncall}}
    """
    statement = declare(stack_of(text)).one(TOPIC_POLICY).statement()
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": [f"{ALARM_ARN}:ses-feedback-test-*"]},
    }


def test_an_encrypted_channel_tells_its_key() -> None:
    engine = declared("prod")
    keys = {
        each.name: engine.component_outputs[each.urn].get("key_arn")
        for each in engine.all()
        if each.type == "ses-feedback:index:Channel"
    }
    kms = "arn:aws:kms:eu-west-1:123456789012:key"
    assert keys == {
        "customer-service": f"{kms}/customer-service-key",
        "marketing": None,
        "oncall": f"{kms}/oncall-key",
    }


def test_cloudwatch_may_use_the_key_of_an_encrypted_channel_for_alarms() -> None:
    key = declared("prod").one("kms/key:Key", "oncall-key").policy()
    (services,) = [
        statement
        for statement in key["Statement"]
        if "Service" in statement["Principal"]
    ]
    assert "cloudwatch.amazonaws.com" in services["Principal"]["Service"]
    assert services["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        pytest.param(
            NOTIFICATION, "shop.example.com-bounce", "topicArn", id="identity"
        ),
        pytest.param(DESTINATION, "letters-channel_app", "eventDestination", id="set"),
        pytest.param(SUBSCRIPTION, "inbox-channel_app", "topic", id="queue"),
    ],
)
def test_whoever_uses_a_topic_waits_for_its_policy(
    kind: str, name: str, key: str
) -> None:
    more = "configurationSets: {letters: {notify: {app: [reject]}}}"
    engine = channel(more=f"{more}\n            queues: {{inbox: {{}}}}")
    policy = engine.one(TOPIC_POLICY).urn
    assert policy in engine.one(kind, name).input_dependencies[key]


def test_a_channel_that_nobody_publishes_to_has_no_policy() -> None:
    text = """
        channels: {quiet: {}}
        configurationSets: {letters: {}}
        queues: {inbox: {}}
    """
    engine = declare(stack_of(text))
    topic = engine.one(TOPIC)
    assert engine.all(TOPIC_POLICY) == []
    assert engine.exports["topicArns"] == {"quiet": f"{TOPICS}:quiet-topic"}
    listener = engine.one(SUBSCRIPTION)
    assert listener.inputs["topic"] == f"{TOPICS}:quiet-topic"
    assert listener.input_dependencies["topic"] == {topic.urn}


def test_a_topic_signs_by_sha256_and_has_no_key_of_its_own() -> None:
    topic = channel().one(TOPIC)
    assert dict(topic.inputs) == {"signatureVersion": 2, "tags": {}}
    assert channel().all("kms/key:Key") == []


def test_the_key_of_an_encrypted_channel_may_be_used_by_its_publishers() -> None:
    engine = declared("prod")
    key = engine.one("kms/key:Key", "customer-service-key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": [
                        "ses.amazonaws.com",
                        "sns.amazonaws.com",
                        "cloudwatch.amazonaws.com",
                    ]
                },
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
            },
        ],
    }
    topic = engine.one(TOPIC, "customer-service-topic")
    assert topic.inputs["kmsMasterKeyId"] == (
        "arn:aws:kms:eu-west-1:123456789012:key/customer-service-key"
    )
    assert "kmsMasterKeyId" not in engine.one(TOPIC, "marketing-topic").inputs


@pytest.mark.parametrize(
    ("stack", "name", "inputs"),
    [
        ("full", "everybody-subscription_page", ("http", "http://page.example.com/ses")),
        ("prod", "marketing-subscription_hook", ("https", "https://marketing.example.com/ses")),
        ("full", "managers-subscription_team", ("email", "managers@example.com")),
        ("full", "managers-subscription_archive", ("email-json", "archive@example.com")),
        ("full", "oncall-subscription_pager", ("sms", "+15555550123")),
        (
            "full",
            "everybody-subscription_function",
            ("lambda", "arn:aws:lambda:eu-west-1:123456789012:function:feedback:live"),
        ),
        (
            "full",
            "everybody-subscription_app",
            ("application", "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/5f0a"),
        ),
        (
            "full",
            "everybody-subscription_elsewhere",
            ("sqs", "arn:aws:sqs:eu-west-1:123456789012:elsewhere"),
        ),
        (
            "full",
            "everybody-subscription_stream",
            (
                "firehose",
                "arn:aws:firehose:eu-west-1:123456789012:deliverystream/feedback",
            ),
        ),
    ],
)  # fmt: skip
def test_a_subscription_reaches_its_endpoint(
    stack: str, name: str, inputs: tuple[str, str]
) -> None:
    found = declared(stack).one(SUBSCRIPTION, name).inputs
    assert (found["protocol"], found["endpoint"]) == inputs
    topic = name.partition("-subscription_")[0]
    assert found["topic"] == f"{TOPICS}:{topic}-topic"


def test_a_plain_subscription_states_nothing_more() -> None:
    subscription = channel("protocol: email, endpoint: desk@example.com").one(
        SUBSCRIPTION
    )
    assert dict(subscription.inputs) == {
        "topic": f"{TOPICS}:app-topic",
        "protocol": "email",
        "endpoint": "desk@example.com",
        "rawMessageDelivery": False,
    }
    assert subscription.depends_on == frozenset()
    assert subscription.ignore_changes == ()
    assert subscription.secret_inputs == frozenset()


HTTPS = "protocol: https, endpoint: https://desk.example.com/ses"


@pytest.mark.parametrize(
    ("written", "inputs"),
    [
        pytest.param("raw: true", {"rawMessageDelivery": True}, id="raw"),
        pytest.param(
            "filter: {bounce: {bounceType: [Permanent]}}",
            {
                "filterPolicy": '{"bounce": {"bounceType": ["Permanent"]}}',
                "filterPolicyScope": "MessageBody",
            },
            id="filter",
        ),
    ],
)
def test_a_subscription_is_as_it_is_written(
    written: str, inputs: dict[str, Any]
) -> None:
    found = channel(f"{HTTPS}, {written}").one(SUBSCRIPTION).inputs
    assert inputs.items() <= found.items()


def test_a_firehose_subscription_writes_by_its_role() -> None:
    found = declared("full").one(SUBSCRIPTION, "everybody-subscription_stream").inputs
    assert (
        found["subscriptionRoleArn"] == "arn:aws:iam::123456789012:role/sns-to-firehose"
    )


def test_what_a_subscription_could_not_take_has_a_queue_of_its_own() -> None:
    engine = channel(f"{HTTPS}, deadLetters: true")
    queue = engine.one("sqs/queue:Queue")
    assert queue.name == "app-dlq_desk"
    assert dict(queue.inputs) == {
        "messageRetentionSeconds": 14 * 86_400,
        "receiveWaitTimeSeconds": 20,
        "sqsManagedSseEnabled": True,
        "tags": {},
    }
    arn = "arn:aws:sqs:eu-west-1:123456789012:app-dlq_desk"
    policy = engine.one("sqs/queuePolicy:QueuePolicy", "app-dlq-policy_desk")
    assert policy.inputs["queueUrl"].endswith("/app-dlq_desk")
    assert policy.statement() == {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": [f"{TOPICS}:app-topic"]}},
    }
    subscription = engine.one(SUBSCRIPTION)
    assert json.loads(subscription.inputs["redrivePolicy"]) == {
        "deadLetterTargetArn": arn
    }
    assert subscription.depends_on == {policy.urn}
    assert engine.exports["subscriptionDeadLetterQueueUrls"] == {
        "app": {"desk": "https://sqs.eu-west-1.amazonaws.com/123456789012/app-dlq_desk"}
    }


@pytest.mark.parametrize(
    ("endpoint", "function", "qualifier"),
    [
        pytest.param("function:feedback", "function:feedback", None, id="function"),
        pytest.param("function:feedback:live", "function:feedback", "live", id="alias"),
        pytest.param("function:feedback:7", "function:feedback", "7", id="version"),
    ],
)
def test_sns_may_invoke_a_subscribed_function(
    endpoint: str, function: str, qualifier: str | None
) -> None:
    account = "arn:aws:lambda:eu-west-1:123456789012"
    engine = channel(f"protocol: lambda, endpoint: '{account}:{endpoint}'")
    permission = engine.one(PERMISSION)
    expected = {
        "action": "lambda:InvokeFunction",
        "function": f"{account}:{function}",
        "principal": "sns.amazonaws.com",
        "sourceArn": f"{TOPICS}:app-topic",
    }
    if qualifier is not None:
        expected["qualifier"] = qualifier
    assert dict(permission.inputs) == expected
    subscription = engine.one(SUBSCRIPTION)
    assert subscription.inputs["endpoint"] == f"{account}:{endpoint}"
    assert subscription.depends_on == {permission.urn}


SECRET = "protocol: https, secretEndpoint: crm"


def test_an_endpoint_with_a_password_is_secret_and_may_be_answered_masked() -> None:
    subscription = declared("full").one(SUBSCRIPTION, "everybody-subscription_crm")
    assert subscription.inputs["endpoint"] == SECRET_ENDPOINT
    assert subscription.secret_inputs == {"endpoint"}
    assert subscription.ignore_changes == ("endpoint",)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("{secure: Y2lwaGVydGV4dA==}", id="encrypted"),
        pytest.param("'https://crm:word@crm.example.com/'", id="in clear"),
    ],
)
def test_a_secret_endpoint_is_secret_however_it_is_stored(stored: str) -> None:
    engine = channel(SECRET, f"secretEndpoints: {{crm: {stored}}}")
    subscription = engine.one(SUBSCRIPTION)
    assert subscription.secret_inputs == {"endpoint"}
    assert subscription.ignore_changes == ("endpoint",)


def test_a_secret_endpoint_without_a_password_is_compared_as_usual() -> None:
    engine = channel(SECRET, "secretEndpoints: {crm: 'https://crm.example.com/t0ken'}")
    subscription = engine.one(SUBSCRIPTION)
    assert subscription.secret_inputs == {"endpoint"}
    assert subscription.ignore_changes == ()


@pytest.mark.parametrize("protect", [True, False])
def test_a_channels_topic_is_protected_as_stated(protect: bool) -> None:
    engine = declare(program("prod", protect=protect))
    for name in ("customer-service-topic", "marketing-topic"):
        assert engine.one(TOPIC, name).protect is protect
    for name in ("customer-service-key", "oncall-key"):
        assert engine.one("kms/key:Key", name).protect is protect
    assert engine.one("sqs/queue:Queue", "customer-service-dlq_desk").protect is protect


def test_a_topic_that_exists_stays_its_owners() -> None:
    legacy = f"{TOPICS}:legacy"
    engine = declare(
        stack_of(
            f"""
            channels:
                legacy:
                    topic: {legacy}
                    subscriptions:
                        desk: {{protocol: email, endpoint: desk@example.com}}
                        function: {{protocol: lambda, endpoint: '{FUNCTION}'}}
            identities: {{shop: {{sender: shop.example.com, feedback: legacy}}}}
            configurationSets: {{letters: {{notify: {{legacy: [reject]}}}}}}
            queues: {{inbox: {{}}}}
            """
        )
    )
    for kind in (TOPIC, TOPIC_POLICY, "kms/key:Key"):
        assert engine.all(kind) == []
    told = [
        *(each.inputs["topicArn"] for each in engine.all(NOTIFICATION)),
        *(each.inputs["topic"] for each in engine.all(SUBSCRIPTION)),
        engine.one(DESTINATION, "letters-channel_legacy").inputs["eventDestination"][
            "snsDestination"
        ]["topicArn"],
        engine.one(PERMISSION).inputs["sourceArn"],
        engine.exports["topicArns"]["legacy"],
    ]
    assert told == [legacy] * 8
    queue_policy = engine.one("sqs/queuePolicy:QueuePolicy").statement()
    assert queue_policy["Condition"] == {"ArnEquals": {"aws:SourceArn": [legacy]}}
