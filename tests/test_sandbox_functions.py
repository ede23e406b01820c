"""Functions of the sandbox: whose key they have, what becomes of what they raise."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.functions import function_of
from tests.called import (
    LOGGING,
    alarm_arn,
    archive,
    function,
    logged,
)
from tests.emulated import ACCOUNT, configuration_set, topic
from tests.served import Served, allow, error, policy

BOUNCES = alarm_arn("bounces")

ASKS = """
    import boto3, json
    def handle(event, context):
        print(json.dumps([event["a"], boto3.client("sts").get_caller_identity()["Arn"]]))
"""


@pytest.fixture(autouse=True)
def log_group(request: pytest.FixtureRequest) -> None:
    if "account" in request.fixturenames:
        cloud = request.getfixturevalue("account").cloud
    else:
        cloud = request.getfixturevalue("cloud")
    cloud.client("logs").create_log_group(logGroupName="logged")


def call(arn: str, event: dict[str, Any] | None = None) -> str | None:
    """Calls it as the alarm `bounces`; why nothing came of it, if so."""
    found = function_of(arn)
    assert found is not None
    return found.at_alarm(arn, BOUNCES, event or {})


def test_a_function_is_its_role_and_gets_the_event(cloud: Cloud) -> None:
    assert call(function(cloud, ASKS, LOGGING), {"a": "b"}) is None
    session = f"arn:aws:sts::{ACCOUNT.id}:assumed-role/function/function"
    assert logged(cloud) == [f'["b", "{session}"]']


def pausing(name: str) -> str:
    return f"""
        import boto3
        def handle(event, context):
            boto3.client("sesv2").put_configuration_set_sending_options(
                ConfigurationSetName="{name}", SendingEnabled=False)
    """


def test_it_may_do_what_its_role_may_and_nothing_else(cloud: Cloud) -> None:
    action = "ses:PutConfigurationSetSendingOptions"
    may = allow(action, ACCOUNT.configuration_set_arn("one"))
    for name in ("one", "two"):
        configuration_set(cloud, name)
    assert call(function(cloud, pausing("one"), may, name="a")) is None
    assert not cloud.ses.may_send("one")
    failure = call(function(cloud, pausing("two"), may, name="b"))
    assert failure is not None
    assert "AccessDeniedException" in failure
    assert f"perform: {action} on resource" in failure
    assert cloud.ses.may_send("two")


PUBLISHES = """
    import boto3, os
    def handle(event, context):
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message="once")
"""


def test_it_does_everything_once(cloud: Cloud) -> None:
    arn = topic(cloud)
    cloud.client("sns").subscribe(
        TopicArn=arn, Protocol="email", Endpoint="a@example.com"
    )
    assert (
        call(function(cloud, PUBLISHES, allow("sns:Publish", arn), TOPIC=arn)) is None
    )
    assert len(cloud.sns.deliveries) == 1


TELLS_ITS_KEY = """
    import json, os
    def handle(event, context):
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        print(json.dumps([os.environ["COLOUR"], *(os.environ[name] for name in names)]))
"""


def test_its_environment_and_key_are_gone_afterwards(account: Served) -> None:
    cloud = account.cloud
    before = dict(os.environ)
    assert call(function(cloud, TELLS_ITS_KEY, LOGGING, COLOUR="red")) is None
    assert dict(os.environ) == before
    (line,) = logged(cloud)
    colour, *key = json.loads(line)
    assert colour == "red"
    code, _ = error(account.client("sts", *key).get_caller_identity)
    assert code == "InvalidClientTokenId"


FAILS = """
    import os
    def handle(event, context):
        print("tried", event.pop("left"))
        if len(os.listdir(os.environ["FOLDER"])) < int(os.environ["FAILURES"]):
            open(os.path.join(os.environ["FOLDER"], context.aws_request_id), "w").close()
            raise KeyError("too few")
"""


@pytest.mark.parametrize(
    ("failures", "attempts", "failure"),
    [(0, 1, None), (2, 3, None), (9, 3, "KeyError: 'too few'")],
)
def test_what_fails_is_tried_three_times_in_all(
    cloud: Cloud, tmp_path: Path, failures: int, attempts: int, failure: str | None
) -> None:
    arn = function(cloud, FAILS, LOGGING, FOLDER=str(tmp_path), FAILURES=str(failures))
    assert call(arn, {"left": "an event"}) == failure
    assert logged(cloud).count("tried an event") == attempts


def test_a_function_that_exits_has_failed(cloud: Cloud) -> None:
    code = "import sys\ndef handle(event, context): sys.exit('no more')"
    assert call(function(cloud, code, LOGGING)) == "SystemExit: no more"
    assert logged(cloud).count("SystemExit: no more") == 3


def test_it_logs_what_it_raised(cloud: Cloud) -> None:
    call(function(cloud, "def handle(event, context): raise KeyError(1)", LOGGING))
    assert "KeyError: 1" in logged(cloud)


def test_what_its_role_may_not_log_is_lost(cloud: Cloud) -> None:
    assert call(function(cloud, "def handle(event, context): print('x')")) is None
    assert logged(cloud) == []


def test_it_logs_nothing_to_the_output(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    call(function(cloud, "def handle(event, context): print('x')", LOGGING))
    assert capsys.readouterr().out == ""
    assert logged(cloud) == ["x"]


def test_only_an_alarm_that_is_admitted_may_call(cloud: Cloud) -> None:
    arn = function(
        cloud, "def handle(event, context): print('x')", LOGGING, alarms=("others",)
    )
    assert call(arn) == f"CloudWatch may not invoke {arn}"
    assert logged(cloud) == []
    found = function_of(arn)
    assert found is not None
    assert found.at_alarm(arn, alarm_arn("others"), {}) is None
    assert logged(cloud) == ["x"]


def test_a_permission_is_of_the_function_itself_not_of_an_alias(cloud: Cloud) -> None:
    arn = function(cloud, "def handle(event, context): ...")
    cloud.client("lambda").publish_version(FunctionName="function")
    cloud.client("lambda").create_alias(
        FunctionName="function", Name="live", FunctionVersion="1"
    )
    assert call(f"{arn}:live") == f"CloudWatch may not invoke {arn}:live"


def test_a_function_that_is_not_here_is_none(cloud: Cloud) -> None:
    arn = function(cloud, "def handle(event, context): ...")
    assert function_of(f"{arn}2") is None
    assert function_of(f"{arn}:live") is None
    assert function_of(arn.replace("eu-west-1", "xx-nowhere-1")) is None
    assert function_of("arn:aws:lambda") is None


TRUST_OF_EC2 = policy(
    {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
)


def test_a_role_that_lambda_may_not_assume_is_refused(cloud: Cloud) -> None:
    made = cloud.client("iam").create_role(
        RoleName="other", AssumeRolePolicyDocument=TRUST_OF_EC2
    )
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        cloud.client("lambda").create_function(
            FunctionName="function",
            Role=made["Role"]["Arn"],
            Runtime="python3.13",
            Handler="function.handle",
            Code={"ZipFile": archive("")},
        )


def test_a_role_that_lambda_may_no_longer_assume_stops_the_function(
    cloud: Cloud,
) -> None:
    arn = function(cloud, "def handle(event, context): ...")
    cloud.client("iam").update_assume_role_policy(
        RoleName="function", PolicyDocument=TRUST_OF_EC2
    )
    failure = call(arn)
    assert failure == f"Lambda may not assume arn:aws:iam::{ACCOUNT.id}:role/function"


def test_nobody_else_calls_a_function(cloud: Cloud) -> None:
    function(cloud, "def handle(event, context): ...")
    with pytest.raises(NotImplementedError, match="called by alarms alone"):
        cloud.client("lambda").invoke(FunctionName="function", Payload=b"{}")
