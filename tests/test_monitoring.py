"""Alarms and dashboard, seen by their resources."""

import json
from functools import cache
from typing import Any

import pytest

from components.account import Account
from components.settings import StackFile
from sandbox.stack import applied
from ses_feedback_collector import Notice, parse
from tests.engine import UNKNOWN, Engine, Resource, declare
from tests.stacks import PROJECT, ROOT, declared, stack_of

ALARM = "cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "cloudwatch/dashboard:Dashboard"

TOPIC = "arn:aws:sns:eu-west-1:123456789012:oncall-topic"
LEGACY = "arn:aws:sns:eu-west-1:123456789012:legacy"

STACK = f"""
    tags: {{team: mail}}
    channels:
        app: {{}}
        desk:
            subscriptions:
                hook: {{protocol: https, endpoint: https://desk.example.com/, deadLetters: true}}
        legacy: {{topic: "{LEGACY}"}}
        oncall: {{}}
    identities: {{shop: {{sender: shop.example.com, feedback: app, configurationSet: letters}}}}
    configurationSets:
        letters: {{}}
        campaigns: {{pauseOnCriticalAlarm: true, eventLog: [send]}}
    queues: {{inbox: {{}}}}
    eventLog: {{bufferSeconds: 60}}
    monitoring:
        alarms: oncall
        sendsPerHour: {{campaigns: 20000}}
        account: {{dailyQuota: 50000, otherConfigurationSets: [elsewhere]}}
"""


@cache
def monitored(*, preview: bool = False) -> Engine:
    return declare(stack_of(STACK), preview=preview)


def alarm(name: str, engine: Engine | None = None) -> Resource:
    return (engine or monitored()).one(ALARM, f"monitoring-{name}")


def body(engine: Engine) -> dict[str, Any]:
    found = json.loads(engine.one(DASHBOARD).inputs["dashboardBody"])
    assert isinstance(found, dict)
    return found


def test_an_alarm_on_a_metric() -> None:
    inputs = dict(alarm("bounce-rate-critical_letters").inputs)
    assert inputs.pop("alarmDescription").startswith("Critical: at least 5 % of the")
    assert inputs == {
        "name": "ses-feedback-test-bounce-rate-critical_letters",
        "namespace": "AWS/SES",
        "metricName": "Reputation.BounceRate",
        "dimensions": {"ses:configuration-set": "ses-feedback-test-letters"},
        "statistic": "Maximum",
        "period": 300,
        "evaluationPeriods": 1,
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "threshold": 0.05,
        "treatMissingData": "ignore",
        "alarmActions": [TOPIC],
        "okActions": [TOPIC],
        "tags": {"team": "mail"},
    }


def test_an_alarm_on_an_expression() -> None:
    inputs = dict(alarm("outside-every-set").inputs)
    assert "account" in inputs.pop("alarmDescription")

    def sent(id_: str, set_name: str = "") -> dict[str, Any]:
        metric = {
            "namespace": "AWS/SES",
            "metricName": "Send",
            "stat": "Sum",
            "period": 86_400,
        }
        if set_name:
            metric["dimensions"] = {"ses:configuration-set": set_name}
        return {"id": id_, "metric": metric}

    assert inputs == {
        "name": "ses-feedback-test-outside-every-set",
        "metricQueries": [
            {
                "id": "result",
                "label": "outside-every-set",
                "expression": "IF(FILL(set1,0) + FILL(set2,0) + FILL(set3,0)"
                " < 0.98 * FILL(all,0), 1, 0)",
                "returnData": True,
            },
            sent("all"),
            sent("set1", "ses-feedback-test-letters"),
            sent("set2", "ses-feedback-test-campaigns"),
            sent("set3", "elsewhere"),
        ],
        "evaluationPeriods": 1,
        "evaluationWindow": {"wallClockWindow": {"timezone": "UTC"}},
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "threshold": 1,
        "treatMissingData": "notBreaching",
        "alarmActions": [TOPIC],
        "tags": {"team": "mail"},
    }


def test_a_blocked_event_log_takes_two_hours_of_the_stream() -> None:
    inputs = alarm("event-log-blocked").inputs
    assert (inputs["evaluationPeriods"], inputs.get("datapointsToAlarm")) == (2, None)
    assert "evaluationWindow" not in inputs
    stream = {"DeliveryStreamName": "event-log-stream"}
    for query in inputs["metricQueries"][1:]:
        assert query["metric"]["dimensions"] == stream
        assert query["metric"]["period"] == 3600


@pytest.mark.parametrize(
    ("name", "namespace", "dimensions"),
    [
        ("failed-deliveries_app", "AWS/SNS", {"TopicName": "app-topic"}),
        ("failed-deliveries_legacy", "AWS/SNS", {"TopicName": "legacy"}),
        ("oldest-message_inbox", "AWS/SQS", {"QueueName": "inbox-queue"}),
        ("dead-letters_inbox", "AWS/SQS", {"QueueName": "inbox-dead-letters"}),
        ("undelivered_desk_hook", "AWS/SQS", {"QueueName": "desk-dlq_hook"}),
        ("event-log-late", "AWS/Firehose", {"DeliveryStreamName": "event-log-stream"}),
        ("guard-failed", "AWS/Lambda", {"FunctionName": "sending-guard-function"}),
        ("daily-quota", "AWS/SES", None),
    ],
)
def test_an_alarm_watches_the_resource_by_its_name_in_aws(
    name: str, namespace: str, dimensions: dict[str, str] | None
) -> None:
    found = alarm(name).inputs
    assert (found["namespace"], found.get("dimensions")) == (namespace, dimensions)


def test_every_alarm_tells_the_channel_for_alarms() -> None:
    found = monitored().all(ALARM)
    assert len(found) == 27
    for each in found:
        assert each.inputs["alarmActions"][0] == TOPIC
        assert set(each.inputs.get("okActions", [])) <= {TOPIC}


def test_the_names_of_the_alarms_are_known_in_a_preview() -> None:
    for each in monitored(preview=True).all(ALARM):
        name = each.name.removeprefix("monitoring-")
        assert each.inputs["name"] == f"ses-feedback-test-{name}"


def test_a_stack_has_no_two_alarms_of_one_name() -> None:
    names = [each.inputs["name"] for each in monitored().all(ALARM)]
    assert len(names) == len(set(names))


def test_an_alarm_waits_for_the_policy_that_admits_it() -> None:
    policy = monitored().one("sns/topicPolicy:TopicPolicy", "oncall-topic-policy").urn
    for each in monitored().all(ALARM):
        assert policy in each.input_dependencies["alarmActions"]


def test_the_critical_alarms_of_a_guarded_set_call_the_guard_as_well() -> None:
    engine = monitored()
    guard = engine.one("lambda/function:Function")
    calling = {
        each.name: each.inputs["alarmActions"][1:]
        for each in engine.all(ALARM)
        if len(each.inputs["alarmActions"]) > 1
    }
    (arn,) = calling["monitoring-bounce-rate-critical_campaigns"]
    assert arn.startswith("arn:aws:lambda:") and guard.name in arn
    assert calling == {
        "monitoring-bounce-rate-critical_campaigns": [arn],
        "monitoring-complaint-rate-critical_campaigns": [arn],
    }


@pytest.mark.parametrize(
    ("event_log", "names_it"),
    [
        ("eventLog: {}", True),
        ("eventLog: {query: false}", False),
    ],
)
def test_a_saved_query_is_named_where_the_event_log_has_some(
    event_log: str, names_it: bool
) -> None:
    engine = declare(
        stack_of(f"""
            channels: {{oncall: {{}}}}
            configurationSets: {{s: {{eventLog: [bounce]}}}}
            {event_log}
            monitoring: {{alarms: oncall}}
        """)
    )
    text = alarm("bounce-rate-warning_s", engine).inputs["alarmDescription"]
    assert ('saved query "domains-that-bounce-most"' in text) is names_it


def test_what_the_stack_file_states_becomes_what_is_watched() -> None:
    text = """
        channels: {app: {}, oncall: {}}
        configurationSets: {s: {eventLog: [send]}}
        queues: {inbox: {}}
        eventLog: {bufferSeconds: 60}
        monitoring:
            alarms: oncall
            bounceRate: {warning: 0.01, critical: 0.02}
            complaintRate: {warning: 0.0001, critical: 0.0002}
            oldestMessageMinutes: 20
            sendsPerHour: {s: 500}
            account: {dailyQuota: 1000}
    """
    engine = declare(stack_of(text))
    stated = {
        "bounce-rate-warning_s": 0.01,
        "bounce-rate-critical_s": 0.02,
        "complaint-rate-warning_s": 0.0001,
        "complaint-rate-critical_s": 0.0002,
        "bounce-rate-critical-of-account": 0.02,
        "oldest-message_inbox": 1200,
        "sends-per-hour_s": 500,
        "daily-quota": 800,
        "event-log-late": 1020,
    }
    for name, threshold in stated.items():
        assert alarm(name, engine).inputs["threshold"] == threshold


def test_without_the_account_only_sets_are_watched() -> None:
    engine = declare(
        stack_of(
            """
            channels: {oncall: {}}
            configurationSets: {letters: {metrics: [send]}}
            monitoring: {alarms: oncall}
            """
        )
    )
    assert [each.name for each in engine.all(ALARM)] == [
        "monitoring-bounce-rate-critical_letters",
        "monitoring-bounce-rate-warning_letters",
        "monitoring-complaint-rate-critical_letters",
        "monitoring-complaint-rate-warning_letters",
        "monitoring-failed-deliveries_oncall",
    ]


def test_a_stack_without_monitoring_has_none_of_it() -> None:
    engine = declared("simplest")
    assert engine.all(ALARM) == engine.all(DASHBOARD) == []
    assert "dashboardUrl" not in engine.exports


def test_the_dashboard_shows_every_alarm() -> None:
    engine = monitored()
    (shown,) = [each for each in body(engine)["widgets"] if each["type"] == "alarm"]
    account = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm"
    names = {f"{account}:{each.inputs['name']}" for each in engine.all(ALARM)}
    assert set(shown["properties"]["alarms"]) == names


def test_the_dashboard_names_topics_queues_and_stream_as_aws_does() -> None:
    values = {
        line[3]
        for each in body(monitored())["widgets"]
        for line in each["properties"].get("metrics", [])
        if len(line) > 3
    }
    assert values == {
        *("ses-feedback-test-letters", "ses-feedback-test-campaigns"),
        *("app-topic", "desk-topic", "legacy", "oncall-topic"),
        *("inbox-queue", "inbox-dead-letters", "desk-dlq_hook", "event-log-stream"),
    }


def test_a_preview_declares_the_dashboard_without_knowing_its_body() -> None:
    assert monitored(preview=True).one(DASHBOARD).inputs["dashboardBody"] == UNKNOWN


@pytest.mark.parametrize(
    ("region", "partition", "host"),
    [
        ("eu-west-1", "aws", "console.aws.amazon.com"),
        ("us-gov-west-1", "aws-us-gov", "console.amazonaws-us-gov.com"),
        ("cn-north-1", "aws-cn", "console.amazonaws.cn"),
    ],
)
def test_the_url_of_the_dashboard_is_of_the_console_of_its_partition(
    region: str, partition: str, host: str
) -> None:
    text = """
        channels: {oncall: {}}
        configurationSets: {letters: {}}
        monitoring: {alarms: oncall}
    """
    account = Account("123456789012", region, partition)
    engine = declare(stack_of(text, region=region), account=account)
    assert engine.one(DASHBOARD).inputs["dashboardName"] == (
        "ses-feedback-test-monitoring"
    )
    assert engine.exports["dashboardUrl"] == (
        f"https://{host}/cloudwatch/home?region={region}"
        "#dashboards/dashboard/ses-feedback-test-monitoring"
    )


# In the sandbox

ALARMED: dict[str, Any] = {
    "aws:region": "eu-west-1",
    "ses-feedback:protect": False,
    "ses-feedback:channels": {"app": {}, "oncall": {"encrypted": True}},
    "ses-feedback:identities": {
        "shop": {"sender": "shop.example.com", "feedback": "app"}
    },
    "ses-feedback:configurationSets": {"letters": {}},
    "ses-feedback:queues": {"feedback": {}, "pager": {"channels": ["oncall"]}},
    "ses-feedback:monitoring": {"alarms": "oncall"},
}


def test_an_alarm_reaches_an_encrypted_channel_and_no_queue_that_did_not_ask() -> None:
    """A collector that hears it nevertheless takes note of it and stores nothing."""
    file = StackFile(ROOT / "Pulumi.alarmed.yaml", PROJECT, "alarmed", ROOT, ALARMED)
    with applied(file) as stack:
        stack.cloud.client("cloudwatch").set_alarm_state(
            AlarmName="ses-feedback-alarmed-complaint-rate-critical_letters",
            StateValue="ALARM",
            StateReason="tried",
        )
        found = {
            name: [
                message["Body"]
                for message in stack.cloud.client("sqs")
                .receive_message(QueueUrl=url, MaxNumberOfMessages=10)
                .get("Messages", [])
            ]
            for name, url in stack.outputs["queueUrls"].items()
        }
    assert not any("AlarmName" in body for body in found["feedback"])
    (body,) = found["pager"]
    message = json.loads(json.loads(body)["Message"])
    assert message["AlarmName"] == (
        "ses-feedback-alarmed-complaint-rate-critical_letters"
    )
    assert message["AlarmDescription"].startswith("Critical: at least 0.1 % of the")
    assert parse(body) == Notice(
        "the CloudWatch alarm ses-feedback-alarmed-complaint-rate-critical_letters has"
        " changed its state"
    )
