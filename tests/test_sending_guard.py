"""The sending guard: what is declared, and what it does in the sandbox."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pulumi
import pytest
import yaml
from botocore.exceptions import ClientError

from components.account import Account
from components.sending_guard import CODE
from components.settings import StackFile
from components.settings.configuration_sets import MOST_GUARDED
from sandbox.cloud import Cloud
from sandbox.functions import LAMBDA
from sandbox.roles import Acting, assume
from sandbox.stack import applied
from tests.called import alarm_arn, heard, logged, set_state
from tests.emulated import ACCOUNT, SHOP, send
from tests.engine import Engine, declare
from tests.stacks import PROJECT, ROOT, declared, stack_of

ALARM = "cloudwatch/metricAlarm:MetricAlarm"
FUNCTION = "lambda/function:Function"
PERMISSION = "lambda/permission:Permission"
POLICY = "iam/rolePolicy:RolePolicy"

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms-topic"
GUARD = "arn:aws:lambda:eu-west-1:123456789012:function:sending-guard-function"

KEYS = """
    permissionsBoundary: arn:aws:iam::123456789012:policy/limit
    channels: {app: {}, alarms: {encrypted: %s}}
    identities: {shop: {sender: shop.example.com, feedback: app}}
    configurationSets:
        letters: {pauseOnCriticalAlarm: true}
        campaigns: {pauseOnCriticalAlarm: true}
        plain: {}
    queues: {all: {}, oncall: {channels: [alarms]}}
    monitoring: {alarms: alarms, account: {}}
"""


@cache
def guarded(encrypted: str = "false") -> Engine:
    """A stack with two sets that are guarded and one that is not."""
    return declare(stack_of(KEYS % encrypted))


def test_its_role_is_lambdas_within_the_boundary() -> None:
    role = guarded().one("iam/role:Role", "sending-guard-function-role")
    assert role.inputs["permissionsBoundary"].endswith(":policy/limit")
    assert role.statement("assumeRolePolicy") == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


PAUSE = {
    "Effect": "Allow",
    "Action": "ses:PutConfigurationSetSendingOptions",
    "Resource": [
        f"arn:aws:ses:eu-west-1:123456789012:configuration-set/ses-feedback-test-{name}"
        for name in ("letters", "campaigns")
    ],
}
TELL = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}
USE_KEY = {
    "Effect": "Allow",
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "arn:aws:kms:eu-west-1:123456789012:key/alarms-key",
}
LOG = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:logs:eu-west-1:123456789012"
    ":log-group:sending-guard-log-group:*",
}


@pytest.mark.parametrize(
    ("encrypted", "statements"),
    [("false", [PAUSE, TELL, LOG]), ("true", [PAUSE, TELL, USE_KEY, LOG])],
)
def test_its_role_may_pause_these_sets_tell_and_log(
    encrypted: str, statements: list[Any]
) -> None:
    policy = guarded(encrypted).one(POLICY, "sending-guard-function-role-policy")
    assert policy.policy()["Statement"] == statements


def test_the_function_is_what_its_file_says() -> None:
    """And no path of the machine stands in the state."""
    inputs = dict(guarded().one(FUNCTION).inputs)
    code = inputs.pop("code")
    assert isinstance(code, pulumi.AssetArchive)
    ((name, asset),) = code.assets.items()
    assert isinstance(asset, pulumi.StringAsset)
    assert (name, asset.text) == ("sending_guard.py", CODE.read_text())
    assert inputs == {
        "description": "Pauses a configuration set when its critical alarm fires",
        "role": "arn:aws:iam::123456789012:sending-guard-function-role",
        "runtime": "python3.13",
        "handler": "sending_guard.handler",
        "memorySize": 128.0,
        "timeout": 60.0,
        "environment": {
            "variables": {
                "ALARM_TOPIC_ARN": TOPIC,
                "CONFIGURATION_SETS": "ses-feedback-test-letters"
                ",ses-feedback-test-campaigns",
            }
        },
        "loggingConfig": {"logFormat": "JSON", "logGroup": "sending-guard-log-group"},
        "tags": {},
    }


def test_its_log_is_not_kept_for_ever() -> None:
    group = guarded().one("cloudwatch/logGroup:LogGroup", "sending-guard-log-group")
    assert group.inputs["retentionInDays"] == 30


def test_the_function_waits_for_what_its_role_may() -> None:
    function = guarded().one(FUNCTION)
    policy = guarded().one(POLICY, "sending-guard-function-role-policy").urn
    assert policy in function.input_dependencies["role"]


CRITICAL = [
    f"ses-feedback-test-{rate}-rate-critical_{name}"
    for rate in ("bounce", "complaint")
    for name in ("campaigns", "letters")
]
"""The alarms that pause."""


def test_exactly_the_critical_alarms_of_guarded_sets_call_it() -> None:
    alarms = guarded().all(ALARM)
    calling = [each for each in alarms if GUARD in each.inputs["alarmActions"]]
    assert sorted(each.inputs["name"] for each in calling) == CRITICAL
    for each in alarms:
        assert TOPIC in each.inputs["alarmActions"]
        assert GUARD not in each.inputs.get("okActions", [])
        assert "insufficientDataActions" not in each.inputs


def test_exactly_those_alarms_may_call_it() -> None:
    permissions = guarded().all(PERMISSION)
    assert sorted(each.inputs["sourceArn"] for each in permissions) == [
        alarm_arn(name) for name in CRITICAL
    ]
    for each in permissions:
        assert {**each.inputs, "sourceArn": ""} == {
            "action": "lambda:InvokeFunction",
            "function": "sending-guard-function",
            "principal": "lambda.alarms.cloudwatch.amazonaws.com",
            "sourceAccount": "123456789012",
            "sourceArn": "",
        }


def test_an_alarm_waits_until_it_may_call() -> None:
    urns = {each.urn for each in guarded().all(PERMISSION)}
    alarm = guarded().one(ALARM, "monitoring-bounce-rate-critical_letters")
    assert urns <= alarm.input_dependencies["alarmActions"]


def test_whether_a_guarded_set_may_send_is_nobodys_to_declare() -> None:
    """Else the next update would resume what was paused."""
    for each in guarded().all("sesv2/configurationSet:ConfigurationSet"):
        assert "sendingOptions" not in each.inputs


@pytest.mark.parametrize("keys", ["", "monitoring: {alarms: app}"])
def test_without_a_guarded_set_there_is_no_guard(keys: str) -> None:
    engine = declare(
        stack_of(f"""
            channels: {{app: {{}}}}
            configurationSets: {{letters: {{}}}}
            {keys}
        """)
    )
    assert engine.all(FUNCTION) == []


MOST_OF_POLICY = 20_480
"""Bytes of a function's policy (Lambda quotas)."""


def test_the_policy_of_the_function_has_room_for_the_most_sets() -> None:
    """With names as long as they may be, in the partition with the longest ARNs."""
    account = Account("123456789012", "us-gov-west-1", "aws-us-gov")
    keys = {
        "channels": {"app": {}},
        "configurationSets": {"n" * 31: {"pauseOnCriticalAlarm": True}},
        "monitoring": {"alarms": "app"},
    }
    stack = stack_of(json.dumps(keys), region=account.region)
    # A set's name in SES has 64 characters at most.
    longer = "p" * (64 - len("ses-feedback-test-") - 31)
    function = f"arn:aws-us-gov:lambda:ap-southeast-1:{account.id}:function:{'f' * 31}"
    statements = [
        {
            "Sid": f"{each.name}-{'x' * 7}",
            "Effect": "Allow",
            "Principal": {"Service": each.inputs["principal"]},
            "Action": each.inputs["action"],
            "Resource": function,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": account.id},
                "ArnLike": {"AWS:SourceArn": each.inputs["sourceArn"] + longer},
            },
        }
        for each in declare(stack, account=account).all(PERMISSION)
    ]
    policy = {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": statements * MOST_GUARDED,
    }
    assert len(json.dumps(policy, separators=(",", ":"))) <= MOST_OF_POLICY


# In the sandbox

LETTERS, CAMPAIGNS, PLAIN = (
    f"ses-feedback-test-{name}" for name in ("letters", "campaigns", "plain")
)
BOUNCES = "ses-feedback-test-bounce-rate-critical_letters"


class Applied:
    """The stack, applied, with the queue of the alarm channel."""

    def __init__(self, cloud: Cloud, outputs: Any) -> None:
        self.cloud = cloud
        self.queue = outputs["queueUrls"]["oncall"]

    def told(self) -> list[tuple[str, Any]]:
        """Subject and message of what the alarm channel heard since it was asked."""
        return heard(self.cloud, self.queue)

    def refused(self) -> set[str]:
        """The sets whose mails SES refuses, by sending with each."""
        found = set()
        for name in (LETTERS, CAMPAIGNS, PLAIN):
            try:
                send(self.cloud, f"news@{SHOP}", configuration_set=name)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "SendingPausedException"
                found.add(name)
        return found

    def resume(self, name: str) -> None:
        self.cloud.client("sesv2").put_configuration_set_sending_options(
            ConfigurationSetName=name, SendingEnabled=True
        )

    def set_state(self, state: str, name: str = BOUNCES) -> None:
        set_state(self.cloud, name, state)

    def logged(self) -> list[Any]:
        return [json.loads(line) for line in logged(self.cloud, self._log_group)]

    @property
    def role(self) -> str:
        """The ARN of the guard's role."""
        roles = self.cloud.client("iam").list_roles()["Roles"]
        (arn,) = (
            one["Arn"] for one in roles if one["RoleName"].startswith("sending-guard")
        )
        return str(arn)

    @property
    def policy(self) -> dict[str, Any]:
        """What the role may."""
        found = self.cloud.client("iam").get_role_policy(**self._policy)
        document: dict[str, Any] = found["PolicyDocument"]
        return document

    @policy.setter
    def policy(self, document: dict[str, Any]) -> None:
        self.cloud.client("iam").put_role_policy(
            **self._policy, PolicyDocument=json.dumps(document)
        )

    @property
    def _policy(self) -> dict[str, str]:
        role = self.role.partition("/")[2]
        iam = self.cloud.client("iam")
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {"RoleName": role, "PolicyName": name}

    @property
    def _log_group(self) -> str:
        (group,) = self.cloud.client("logs").describe_log_groups(
            logGroupNamePrefix="sending-guard"
        )["logGroups"]
        return str(group["logGroupName"])

    def reset(self) -> None:
        """No alarm is on, every set may send, and nothing was told or logged."""
        alarms = self.cloud.client("cloudwatch").describe_alarms(StateValue="ALARM")
        for alarm in alarms["MetricAlarms"]:
            self.set_state("OK", alarm["AlarmName"])
        for name in (LETTERS, CAMPAIGNS, PLAIN):
            self.resume(name)
        self.told()
        logs = self.cloud.client("logs")
        for stream in logs.describe_log_streams(logGroupName=self._log_group)[
            "logStreams"
        ]:
            logs.delete_log_stream(
                logGroupName=self._log_group, logStreamName=stream["logStreamName"]
            )


@pytest.fixture(scope="module")
def applied_once() -> Iterator[Applied]:
    """The stack, with an encrypted alarm channel."""
    config = {
        "aws:region": "eu-west-1",
        **{
            f"ses-feedback:{key}": value
            for key, value in yaml.safe_load(KEYS % "true").items()
        },
    }
    file = StackFile(ROOT / "Pulumi.test.yaml", PROJECT, "test", ROOT, config)
    with applied(file) as stack:
        yield Applied(stack.cloud, stack.outputs)


@pytest.fixture
def stack(applied_once: Applied) -> Iterator[Applied]:
    """The same as if it were new."""
    before = applied_once.policy
    applied_once.reset()
    yield applied_once
    applied_once.policy = before


def test_a_critical_alarm_pauses_and_tells_once_until_it_is_rearmed(
    stack: Applied,
) -> None:
    assert stack.refused() == set()

    stack.set_state("ALARM")
    (alarm_subject, alarm), (guard_subject, notice) = stack.told()
    assert alarm_subject.startswith(f'ALARM: "{BOUNCES}" in EU (Ireland)')
    assert alarm["NewStateValue"] == "ALARM"
    assert guard_subject == f"Sending guard: {LETTERS}"
    assert (notice["sesFeedbackGuard"], notice["action"]) == (1, "paused")
    assert (notice["configurationSet"], notice["alarm"]) == (LETTERS, BOUNCES)
    assert stack.refused() == {LETTERS}
    assert stack.logged() == [
        {"message": "paused", "alarm": BOUNCES, "configurationSet": LETTERS}
    ]

    stack.set_state("ALARM")
    assert stack.told() == []

    stack.resume(LETTERS)
    stack.set_state("ALARM")
    assert stack.refused() == set(), "an alarm that stays on pauses no second time"
    assert stack.told() == []

    stack.set_state("OK")
    ((subject, _),) = stack.told()
    assert subject.startswith("OK: ")
    assert stack.refused() == set()

    stack.set_state("ALARM")
    assert stack.refused() == {LETTERS}
    assert [message.get("action") for _, message in stack.told()] == [None, "paused"]


def test_the_end_of_the_alarm_resumes_nothing(stack: Applied) -> None:
    for state in ("ALARM", "OK", "INSUFFICIENT_DATA"):
        stack.set_state(state)
        assert stack.refused() == {LETTERS}


def test_an_alarm_of_a_set_that_is_not_guarded_is_told_and_pauses_nothing(
    stack: Applied,
) -> None:
    stack.set_state("ALARM", "ses-feedback-test-bounce-rate-critical_plain")
    stack.set_state("ALARM", "ses-feedback-test-bounce-rate-warning_letters")
    stack.set_state("ALARM", "ses-feedback-test-bounce-rate-critical-of-account")
    assert [message["NewStateValue"] for _, message in stack.told()] == ["ALARM"] * 3
    assert stack.refused() == set()
    assert stack.logged() == []


def test_each_critical_alarm_pauses_its_own_set(stack: Applied) -> None:
    stack.set_state("ALARM", "ses-feedback-test-complaint-rate-critical_campaigns")
    assert stack.refused() == {CAMPAIGNS}


def without(stack: Applied, action: str) -> None:
    """Takes what begins so from what the guard's role may."""
    left = [
        each
        for each in stack.policy["Statement"]
        if not str(each["Action"]).startswith(action)
    ]
    assert len(left) == len(stack.policy["Statement"]) - 1
    stack.policy = {**stack.policy, "Statement": left}


def test_a_set_that_it_may_not_pause_is_told_of_at_each_attempt(
    stack: Applied,
) -> None:
    without(stack, "ses:")
    stack.set_state("ALARM")
    _, *notices = stack.told()
    assert len(notices) == 3, "Lambda tries three times"
    for _, notice in notices:
        assert notice["action"].startswith("not paused: ")
        assert "ses:PutConfigurationSetSendingOptions on resource" in notice["action"]
    assert stack.refused() == set()


@pytest.mark.parametrize("action", ["sns:", "['kms:Decrypt"])
def test_a_channel_that_it_may_not_tell_leaves_the_set_paused(
    stack: Applied, action: str
) -> None:
    without(stack, action)
    stack.set_state("ALARM")
    assert [message.get("action") for _, message in stack.told()] == [None]
    assert stack.refused() == {LETTERS}
    failure = stack.cloud.cloudwatch.actions[-1].failure
    assert failure is not None
    assert "AuthorizationError" in failure


MAY = [
    ("ses:PutConfigurationSetSendingOptions", "ses", f"configuration-set/{LETTERS}"),
    ("ses:PutConfigurationSetSendingOptions", "ses", f"configuration-set/{CAMPAIGNS}"),
    ("sns:Publish", "sns", "ALARMS"),
]
MAY_NOT = [
    ("ses:PutConfigurationSetSendingOptions", "ses", f"configuration-set/{PLAIN}"),
    ("ses:PutConfigurationSetSendingOptions", "ses", "configuration-set/other"),
    ("ses:PutAccountSendingAttributes", "ses", ""),
    ("ses:UpdateAccountSendingEnabled", "ses", ""),
    ("ses:DeleteConfigurationSet", "ses", f"configuration-set/{LETTERS}"),
    ("ses:SendEmail", "ses", f"identity/{SHOP}"),
    ("sns:Publish", "sns", "APP"),
    ("sns:SetTopicAttributes", "sns", "ALARMS"),
    ("cloudwatch:SetAlarmState", "cloudwatch", f"alarm:{BOUNCES}"),
    ("logs:CreateLogGroup", "logs", "log-group:other"),
    ("logs:PutLogEvents", "logs", "log-group:other:log-stream:one"),
]


def test_what_its_role_may_and_may_not(stack: Applied) -> None:
    topics = {
        arn.rpartition(":")[2].partition("-")[0].upper(): arn
        for arn in (
            one["TopicArn"] for one in stack.cloud.client("sns").list_topics()["Topics"]
        )
    }
    guard = assume(stack.role, LAMBDA, {})
    assert isinstance(guard, Acting)
    for expected, table in ((True, MAY), (False, MAY_NOT)):
        for action, service, resource in table:
            arn = topics.get(
                resource,
                f"arn:aws:{service}:{ACCOUNT.region}:{ACCOUNT.id}:{resource}",
            )
            reason = guard.denial(action, arn)
            assert (reason is None) is expected, (action, arn, reason)


def test_only_lambda_may_be_the_guard(stack: Applied) -> None:
    for service in ("ses.amazonaws.com", "cloudwatch.amazonaws.com"):
        assert assume(stack.role, service, {}) is None


def test_prod_guards_the_set_of_campaigns() -> None:
    function = declared("prod").one(FUNCTION)
    variables = function.inputs["environment"]["variables"]
    assert variables["CONFIGURATION_SETS"] == "ses-feedback-prod-campaigns"
