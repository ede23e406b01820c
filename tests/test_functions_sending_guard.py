"""The guard's code, called with events as CloudWatch sends them, against the emulator."""

import json
import shlex
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.sending_guard import MOST_CHARACTERS, Alarm, handler, notice
from sandbox.cloud import Cloud
from tests.emulated import (
    ACCOUNT,
    SHOP,
    bodies,
    configuration_set,
    identity,
    queue,
    topic,
)
from tests.emulated import send as send_mail

SET = "ses-feedback-prod-campaigns"
OTHER = "ses-feedback-prod-transactional"
ALARM = "ses-feedback-prod-bounce-rate-critical_campaigns"


def event(
    state: str = "ALARM", configuration_set: str | None = SET, alarm: str = ALARM
) -> dict[str, Any]:
    """As in the CloudWatch user guide, "Invoke a Lambda function from an alarm"."""
    dimensions = {"ses:configuration-set": configuration_set}
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT.id}:alarm:{alarm}",
        "accountId": ACCOUNT.id,
        "time": "2026-05-04T03:02:03.490+0000",
        "region": ACCOUNT.region,
        "alarmData": {
            "alarmName": alarm,
            "state": {
                "value": state,
                "reason": "Threshold Crossed: 1 datapoint (0.07) was greater",
                "timestamp": "2026-05-04T03:02:03.490+0000",
            },
            "previousState": {
                "value": "OK",
                "reason": "Threshold Crossed: 1 datapoint (0.01) was not greater",
                "timestamp": "2026-05-04T01:02:03.490+0000",
            },
            "configuration": {
                "description": "Too many bounces",
                "metrics": [
                    {
                        "id": "1234e046-06f0-a3da-9534-example",
                        "metricStat": {
                            "metric": {
                                "namespace": "AWS/SES",
                                "name": "Reputation.BounceRate",
                                "dimensions": dimensions if configuration_set else {},
                            },
                            "period": 300,
                            "stat": "Maximum",
                        },
                        "returnData": True,
                    }
                ],
            },
        },
    }


class Guarded:
    """An account with two sets, and the queue of the channel that the guard tells."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        identity(cloud, SHOP)
        for name in (SET, OTHER):
            configuration_set(cloud, name)
        self.topic = topic(cloud, "alarms")
        self.queue = queue(cloud, "alarms", self.topic)

    def refuses(self, name: str) -> bool:
        """Whether SES refuses the mails of a set."""
        try:
            send_mail(self.cloud, f"news@{SHOP}", configuration_set=name)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "SendingPausedException"
            return True
        return False

    def notices(self) -> list[dict[str, Any]]:
        """What the channel heard since it was asked last."""
        texts = [json.loads(body)["Message"] for body in bodies(self.cloud, self.queue)]
        assert all(len(text) <= MOST_CHARACTERS for text in texts)
        return [json.loads(text) for text in texts]


@pytest.fixture
def guarded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    found = Guarded(cloud)
    monkeypatch.setenv("ALARM_TOPIC_ARN", found.topic)
    monkeypatch.setenv("CONFIGURATION_SETS", f"ses-feedback-prod-letters,{SET}")
    monkeypatch.setenv("AWS_REGION", ACCOUNT.region)
    return found


def test_a_critical_alarm_pauses_its_set_alone_and_the_channel_is_told(
    guarded: Guarded,
) -> None:
    handler(event())
    assert guarded.refuses(SET)
    assert not guarded.refuses(OTHER)
    assert guarded.notices() == [
        {
            "sesFeedbackGuard": 1,
            "configurationSet": SET,
            "alarm": ALARM,
            "action": "paused",
            "resume": "aws sesv2 put-configuration-set-sending-options"
            f" --sending-enabled --configuration-set-name {SET} --region eu-west-1",
            "rearm": f"aws cloudwatch set-alarm-state --alarm-name {ALARM}"
            " --state-value OK --state-reason 're-armed by hand' --region eu-west-1",
        }
    ]


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_any_other_state_is_ignored(
    guarded: Guarded, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    handler(event(state))
    assert not guarded.refuses(SET)
    assert guarded.notices() == []
    assert json.loads(capsys.readouterr().out)["reason"] == f"the state is {state}"


def test_a_set_that_is_paused_stays_so_when_the_alarm_ends(guarded: Guarded) -> None:
    handler(event())
    handler(event("OK"))
    assert guarded.refuses(SET)


def test_being_called_twice_does_the_same_twice(guarded: Guarded) -> None:
    handler(event())
    handler(event())
    assert guarded.refuses(SET)
    first, second = guarded.notices()
    assert first == second


MALFORMED: list[Any] = [
    {},
    None,
    [],
    "ALARM",
    {"alarmData": None},
    {"alarmData": {"alarmName": ALARM, "state": {"value": "ALARM"}}},
    {"Records": [{"Sns": {"Message": "{}"}}]},
]


@pytest.mark.parametrize("strange", MALFORMED)
def test_an_event_of_something_else_is_logged_and_no_failure(
    guarded: Guarded, capsys: pytest.CaptureFixture[str], strange: Any
) -> None:
    handler(strange)
    assert guarded.notices() == []
    logged = json.loads(capsys.readouterr().out)
    assert logged["message"] == "ignored"
    assert logged["reason"].startswith("this is no event of a metric alarm")


@pytest.mark.parametrize(
    ("other", "found"),
    [(OTHER, OTHER), (None, "None"), (SET + "-too", SET + "-too")],
)
def test_an_alarm_of_no_guarded_set_is_logged_and_no_failure(
    guarded: Guarded,
    capsys: pytest.CaptureFixture[str],
    other: str | None,
    found: str,
) -> None:
    handler(event(configuration_set=other))
    assert not guarded.refuses(OTHER)
    assert guarded.notices() == []
    logged = json.loads(capsys.readouterr().out)
    assert logged["reason"].startswith(f"the alarm {ALARM} watches {found} by")


def test_an_alarm_of_two_sets_pauses_neither(guarded: Guarded) -> None:
    of_two = event()
    metrics = of_two["alarmData"]["configuration"]["metrics"]
    metrics += event(configuration_set=OTHER)["alarmData"]["configuration"]["metrics"]
    handler(of_two)
    assert not guarded.refuses(SET)


def test_an_alarm_by_metric_math_has_its_set_in_its_metrics(guarded: Guarded) -> None:
    by_math = event()
    metrics = by_math["alarmData"]["configuration"]["metrics"]
    metrics.insert(0, {"id": "rate", "expression": "a / b", "returnData": True})
    handler(by_math)
    assert guarded.refuses(SET)


def test_a_set_that_cannot_be_paused_is_told_of_and_fails(guarded: Guarded) -> None:
    guarded.cloud.client("sesv2").delete_configuration_set(ConfigurationSetName=SET)
    with pytest.raises(ClientError, match="does not exist"):
        handler(event())
    (notice,) = guarded.notices()
    assert notice["action"].startswith("not paused: An error occurred (NotFound")
    assert notice["action"].endswith(
        "To pause it: aws sesv2 put-configuration-set-sending-options"
        f" --no-sending-enabled --configuration-set-name {SET} --region eu-west-1"
    )


def test_a_channel_that_cannot_be_told_fails_after_the_set_is_paused(
    guarded: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    guarded.cloud.client("sns").delete_topic(TopicArn=guarded.topic)
    with pytest.raises(ClientError, match="Endpoint does not exist"):
        handler(event())
    assert guarded.refuses(SET)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines] == ["paused", "not told"]


def test_when_neither_can_be_done_the_last_failure_is_raised(guarded: Guarded) -> None:
    guarded.cloud.client("sns").delete_topic(TopicArn=guarded.topic)
    guarded.cloud.client("sesv2").delete_configuration_set(ConfigurationSetName=SET)
    with pytest.raises(ClientError, match="Endpoint does not exist") as raised:
        handler(event())
    assert SET in str(raised.value.__context__)


ODD = 'it\'s $(reboot) `x` "100 %" -- \\ é'


def test_the_commands_are_quoted_for_a_shell() -> None:
    content = json.loads(notice(Alarm(ODD, "ALARM", SET), "eu-west-1", "paused"))
    words = shlex.split(content["rearm"])
    assert words[:3] == ["aws", "cloudwatch", "set-alarm-state"]
    assert words[words.index("--alarm-name") + 1] == ODD
    assert words[words.index("--region") + 1] == "eu-west-1"
    assert shlex.split(content["resume"])[:4] == [
        *("aws", "sesv2", "put-configuration-set-sending-options", "--sending-enabled"),
    ]


def test_a_long_reason_is_cut_short_and_the_commands_are_not() -> None:
    alarm = Alarm("a" * 255, "ALARM", "s" * 64)
    text = notice(alarm, "eu-west-1", 'not paused: "\\\n' * 999, ". To pause it: aws")
    assert 0 <= MOST_CHARACTERS - len(text) < 2
    content = json.loads(text)
    assert content["action"].startswith("not paused: ")
    assert content["action"].endswith(". To pause it: aws")
    assert content["alarm"] in content["rearm"]
