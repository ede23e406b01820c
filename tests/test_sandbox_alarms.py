"""Alarms of the sandbox: what a change of state does, and to whom."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from tests.called import LOGGING, alarm, alarm_arn, function, heard, logged, set_state
from tests.emulated import ACCOUNT, admitting, configuration_set, queue, topic
from tests.served import Served, allow

PRINTS = "def handle(event, context): print(event['alarmData']['state']['value'])"


def state(cloud: Cloud, name: str = "bounces") -> str:
    found = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])
    value: str = found["MetricAlarms"][0]["StateValue"]
    return value


def test_an_alarm_begins_without_data_and_keeps_its_state(cloud: Cloud) -> None:
    alarm(cloud, "bounces")
    assert state(cloud) == "INSUFFICIENT_DATA"
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName="bounces",
        StateValue="ALARM",
        StateReason="too many",
        StateReasonData='{"a": 1}',
    )
    alarm(cloud, "bounces", Threshold=0.06)
    (found,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert found["Threshold"] == 0.06
    assert found["StateValue"] == "ALARM"
    assert found["StateReason"] == "too many"
    assert found["StateReasonData"] == '{"a": 1}'


def test_a_change_of_state_reaches_the_queue_of_its_channel(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    alarm(cloud, "bounces", arn)
    set_state(cloud, "bounces", "ALARM", "too many")
    ((subject, message),) = heard(cloud, url)
    assert subject == 'ALARM: "bounces" in EU (Ireland)'
    assert message["NewStateValue"] == "ALARM"
    assert message["NewStateReason"] == "too many"
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"


def test_actions_run_at_a_change_of_state_only(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    alarm(cloud, "bounces", arn, OKActions=[arn])
    states = ["OK", "ALARM", "ALARM", "OK", "OK", "ALARM", "INSUFFICIENT_DATA"]
    for each in states:
        set_state(cloud, "bounces", each)
    told = [message["NewStateValue"] for _, message in heard(cloud, url)]
    assert told == ["OK", "ALARM", "OK", "ALARM"]


def test_each_state_has_its_own_actions(cloud: Cloud) -> None:
    topics = {name: topic(cloud, name) for name in ("alarm", "ok", "unknown")}
    urls = {name: queue(cloud, name, arn) for name, arn in topics.items()}
    alarm(
        cloud,
        "bounces",
        topics["alarm"],
        OKActions=[topics["ok"]],
        InsufficientDataActions=[topics["unknown"]],
    )
    for each in ("ALARM", "OK", "INSUFFICIENT_DATA"):
        set_state(cloud, "bounces", each)
    told = {
        name: [message["NewStateValue"] for _, message in heard(cloud, url)]
        for name, url in urls.items()
    }
    assert told == {"alarm": ["ALARM"], "ok": ["OK"], "unknown": ["INSUFFICIENT_DATA"]}


def test_an_alarm_whose_actions_are_off_does_nothing(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    alarm(cloud, "bounces", arn, ActionsEnabled=False)
    set_state(cloud, "bounces", "ALARM")
    assert state(cloud) == "ALARM"
    assert heard(cloud, url) == []


def close(cloud: Cloud, arn: str, policy: str) -> None:
    cloud.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )


@pytest.mark.parametrize(
    ("service", "source", "is_told"),
    [
        ("cloudwatch.amazonaws.com", alarm_arn("bounces"), True),
        ("cloudwatch.amazonaws.com", alarm_arn("bounces*"), True),
        ("cloudwatch.amazonaws.com", alarm_arn("complaints"), False),
        ("ses.amazonaws.com", alarm_arn("bounces"), False),
    ],
)
def test_the_topic_has_to_admit_the_alarm(
    cloud: Cloud, service: str, source: str, is_told: bool
) -> None:
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    close(cloud, arn, admitting(service, arn, source))
    alarm(cloud, "bounces", arn)
    set_state(cloud, "bounces", "ALARM")
    assert bool(heard(cloud, url)) is is_told
    (action,) = cloud.cloudwatch.actions
    failure = None if is_told else f"CloudWatch may not publish to {arn}"
    assert action.failure == failure


@pytest.mark.parametrize(
    ("service", "is_told"),
    [("cloudwatch.amazonaws.com", True), ("ses.amazonaws.com", False)],
)
def test_the_key_of_an_encrypted_topic_has_to_admit_cloudwatch(
    cloud: Cloud, service: str, is_told: bool
) -> None:
    key = cloud.client("kms").create_key(Policy=admitting(service, "*"))
    attributes = {"KmsMasterKeyId": key["KeyMetadata"]["Arn"]}
    arn = cloud.client("sns").create_topic(Name="sealed", Attributes=attributes)[
        "TopicArn"
    ]
    url = queue(cloud, "alarms", arn)
    alarm(cloud, "bounces", arn)
    set_state(cloud, "bounces", "ALARM")
    assert bool(heard(cloud, url)) is is_told


@pytest.fixture
def log_group(cloud: Cloud) -> None:
    cloud.client("logs").create_log_group(logGroupName="logged")


@pytest.mark.usefixtures("log_group")
def test_a_function_is_called_at_a_change_of_state_only(cloud: Cloud) -> None:
    arn = function(cloud, PRINTS, LOGGING)
    alarm(cloud, "bounces", arn, OKActions=[arn])
    for each in ("ALARM", "ALARM", "OK", "ALARM"):
        set_state(cloud, "bounces", each)
    assert logged(cloud) == ["ALARM", "OK", "ALARM"]


@pytest.mark.usefixtures("log_group")
def test_each_action_runs_whatever_becomes_of_the_others(cloud: Cloud) -> None:
    fails = function(
        cloud, "def handle(event, context): raise ValueError('no')", name="fails"
    )
    prints = function(cloud, PRINTS, LOGGING, name="prints")
    alarm(cloud, "bounces", f"{fails}-not", fails, prints, prints)
    set_state(cloud, "bounces", "ALARM")
    assert logged(cloud) == ["ALARM"]
    assert [(each.target, each.failure) for each in cloud.cloudwatch.actions] == [
        (f"{fails}-not", f"there is no function {fails}-not"),
        (fails, "ValueError: no"),
        (prints, None),
    ]


@pytest.mark.usefixtures("log_group")
def test_an_action_that_the_sandbox_cannot_do_is_one_that_failed(cloud: Cloud) -> None:
    """The topic's policy holds a condition that nobody knows."""
    arn, prints = topic(cloud), function(cloud, PRINTS, LOGGING)
    odd = json.loads(admitting("cloudwatch.amazonaws.com", arn))
    odd["Statement"][0]["Condition"] = {"StringSounds": {"aws:SourceArn": "x"}}
    close(cloud, arn, json.dumps(odd))
    alarm(cloud, "bounces", arn, prints)
    set_state(cloud, "bounces", "ALARM")
    told, called = cloud.cloudwatch.actions
    assert told.failure is not None
    assert "StringSounds" in told.failure
    assert (called.target, called.failure) == (prints, None)
    assert logged(cloud) == ["ALARM"]


def test_an_action_of_another_kind_is_refused_and_changes_nothing(cloud: Cloud) -> None:
    target = f"arn:aws:ssm:{ACCOUNT.region}:{ACCOUNT.id}:opsitem:1"
    alarm(cloud, "bounces", target)
    with pytest.raises(NotImplementedError, match=target):
        set_state(cloud, "bounces", "ALARM")
    assert state(cloud) == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("unknown", "ALARM", "ResourceNotFound"),
        ("bounces", "BROKEN", "ValidationError"),
    ],
)
def test_a_wrong_request_is_refused(
    cloud: Cloud, name: str, value: str, code: str
) -> None:
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    alarm(cloud, "bounces", arn)
    with pytest.raises(ClientError) as raised:
        set_state(cloud, name, value)
    assert raised.value.response["Error"]["Code"] == code
    assert heard(cloud, url) == []


def event_of(cloud: Cloud, **more: Any) -> dict[str, Any]:
    """The event that a function gets of an alarm."""
    code = "import json\ndef handle(event, context): print(json.dumps(event))"
    arn = function(cloud, code, LOGGING)
    alarm(cloud, "bounces", arn, **more)
    set_state(cloud, "bounces", "ALARM", "too many")
    (line,) = logged(cloud)
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.usefixtures("log_group")
def test_a_function_gets_the_alarm_with_its_metrics(cloud: Cloud) -> None:
    event = event_of(cloud)
    assert event["alarmArn"] == alarm_arn("bounces")
    (metric,) = event["alarmData"]["configuration"]["metrics"]
    assert metric["metricStat"]["metric"] == {
        "namespace": "AWS/SES",
        "name": "Reputation.BounceRate",
        "dimensions": {"ses:configuration-set": "campaigns"},
    }


PAUSES = """
    import boto3
    def handle(event, context):
        boto3.client("sesv2").put_configuration_set_sending_options(
            ConfigurationSetName="campaigns", SendingEnabled=False)
"""


def test_a_served_account_runs_them_too(account: Served) -> None:
    cloud, client = account.cloud, account.client
    configuration_set(cloud, "campaigns")
    arn = topic(cloud)
    url = queue(cloud, "alarms", arn)
    action = "ses:PutConfigurationSetSendingOptions"
    may = allow(action, ACCOUNT.configuration_set_arn("campaigns"))
    alarm(cloud, "bounces", arn, function(cloud, PAUSES, may))
    change = {"AlarmName": "bounces", "StateValue": "ALARM", "StateReason": "seen"}
    client("cloudwatch").set_alarm_state(**change)
    found = client("sesv2").get_configuration_set(ConfigurationSetName="campaigns")
    assert found["SendingOptions"]["SendingEnabled"] is False
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["AlarmName"] == "bounces"
