"""What the sandbox's tests do with functions and alarms, by boto3 alone."""

import io
import json
import textwrap
import zipfile
from typing import Any

from sandbox.cloud import Cloud
from sandbox.functions import ALARMS, LAMBDA
from tests.emulated import ACCOUNT, bodies
from tests.served import policy


def alarm_arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{ACCOUNT.region}:{ACCOUNT.id}:alarm:{name}"


def alarm(cloud: Cloud, name: str, *actions: str, **more: Any) -> None:
    """An alarm on the bounces of a set, with these actions when it goes off."""
    stated: dict[str, Any] = {
        "AlarmDescription": "Too many bounces.",
        "AlarmActions": list(actions),
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 0.05,
        "TreatMissingData": "ignore",
    }
    if "Metrics" not in more:
        stated |= {
            "Namespace": "AWS/SES",
            "MetricName": "Reputation.BounceRate",
            "Dimensions": [{"Name": "ses:configuration-set", "Value": "campaigns"}],
            "Period": 300,
            "Statistic": "Maximum",
        }
    cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**stated, **more})


def set_state(cloud: Cloud, name: str, state: str, reason: str = "tried out") -> None:
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue=state, StateReason=reason
    )


def role(cloud: Cloud, name: str, *statements: dict[str, Any]) -> str:
    """A role of Lambda's that may do this; its ARN."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": LAMBDA},
        "Action": "sts:AssumeRole",
    }
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))[
        "Role"
    ]["Arn"]
    if statements:
        iam.put_role_policy(
            RoleName=name, PolicyName="may", PolicyDocument=policy(*statements)
        )
    return arn


def archive(code: str, path: str = "function.py") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        zipped.writestr(path, textwrap.dedent(code))
    return content.getvalue()


def function(
    cloud: Cloud,
    code: str,
    *statements: dict[str, Any],
    name: str = "function",
    alarms: tuple[str, ...] = ("bounces",),
    **variables: str,
) -> str:
    """A function with a handler `handle`, which these alarms may call; its ARN."""
    functions = cloud.client("lambda")
    arn: str = functions.create_function(
        FunctionName=name,
        Role=role(cloud, name, *statements),
        Runtime="python3.13",
        Handler="function.handle",
        Code={"ZipFile": archive(code)},
        Environment={"Variables": variables},
        LoggingConfig={"LogGroup": "logged"},
    )["FunctionArn"]
    for one in alarms:
        functions.add_permission(
            FunctionName=name,
            StatementId=one,
            Action="lambda:InvokeFunction",
            Principal=ALARMS,
            SourceAccount=ACCOUNT.id,
            SourceArn=alarm_arn(one),
        )
    return arn


LOGS = f"arn:aws:logs:{ACCOUNT.region}:{ACCOUNT.id}:log-group"

LOGGING = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": f"{LOGS}:logged:*",
}


def logged(cloud: Cloud, group: str = "logged") -> list[str]:
    """What functions logged there, a line each."""
    logs, found = cloud.client("logs"), []
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"]
        )["events"]
        found += [event["message"] for event in events]
    return found


def heard(cloud: Cloud, url: str) -> list[tuple[str, Any]]:
    """Subject and message, from JSON, of each envelope in a queue."""
    envelopes = [json.loads(body) for body in bodies(cloud, url)]
    return [(each.get("Subject"), json.loads(each["Message"])) for each in envelopes]
