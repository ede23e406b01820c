"""SendingGuard: the function that pauses a set when its critical alarm fires."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import policies
from components.ordering import once_there

CODE = Path(__file__).parent.parent / "functions" / "sending_guard.py"
"""What runs in Lambda; it documents its environment itself."""

RUNTIME = "python3.13"

MEMORY_MEGABYTES = 128

TIMEOUT_SECONDS = 60
"""Beyond the longest time that its two calls of AWS can take."""

LOG_DAYS = 30
"""Days for which what the function logs is kept."""

ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"
"""CloudWatch as a caller of functions (CloudWatch user guide, "Invoke a Lambda function
from an alarm")."""


class SendingGuardArgs(TypedDict):
    """What the sending guard is made of."""

    account_id: str
    """The account whose alarms may call it."""
    sets: Sequence[str]
    """ARNs of the configuration sets that it may pause."""
    alarms: Mapping[str, str]
    """ARNs of their critical alarms, by key: bounce-rate-critical_campaigns."""
    alarm_topic: pulumi.Input[str]
    """ARN of the topic that is told what it did."""
    alarm_key: NotRequired[pulumi.Input[str] | None]
    """ARN of the key of an encrypted topic."""
    permissions_boundary: NotRequired[str | None]
    """ARN of the policy beyond which its role may do nothing."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class SendingGuard(pulumi.ComponentResource):
    """A function that exactly these alarms may call, and what it may do.

    It may pause these sets, tell the alarm channel of it and write its own log. It
    cannot be told by its permissions not to resume, since SES has one action for both;
    its code never does.
    """

    function_arn: pulumi.Output[str]
    """What an alarm calls, once the alarms may."""
    function_name: pulumi.Output[str]
    """By which CloudWatch tells the function's metrics."""

    def __init__(
        self,
        name: str,
        args: SendingGuardArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:SendingGuard", name, None, opts)
        tags = args.get("tags", {})
        child = pulumi.ResourceOptions(parent=self)

        log_group = aws.cloudwatch.LogGroup(
            f"{name}-log-group", retention_in_days=LOG_DAYS, tags=tags, opts=child
        )
        role = aws.iam.Role(
            f"{name}-function-role",
            assume_role_policy=_trust(),
            permissions_boundary=args.get("permissions_boundary"),
            tags=tags,
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-function-role-policy",
            role=role.name,
            policy=policies.document(*_statements(args, log_group.arn)),
            opts=child,
        )
        function = aws.lambda_.Function(
            f"{name}-function",
            description="Pauses a configuration set when its critical alarm fires",
            role=once_there(role.arn, policy),
            runtime=RUNTIME,
            handler=f"{CODE.stem}.handler",
            code=pulumi.AssetArchive(
                {CODE.name: pulumi.StringAsset(CODE.read_text(encoding="utf-8"))}
            ),
            memory_size=MEMORY_MEGABYTES,
            timeout=TIMEOUT_SECONDS,
            environment={
                "variables": {
                    "ALARM_TOPIC_ARN": args["alarm_topic"],
                    "CONFIGURATION_SETS": ",".join(map(_name, args["sets"])),
                }
            },
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            tags=tags,
            opts=child,
        )
        permissions = [
            aws.lambda_.Permission(
                f"{name}-permission-{key}",
                action="lambda:InvokeFunction",
                function=function.name,
                principal=ALARMS,
                source_account=args["account_id"],
                source_arn=alarm,
                opts=child,
            )
            for key, alarm in args["alarms"].items()
        ]
        self.function_arn = once_there(function.arn, *permissions)
        self.function_name = function.name

        self.register_outputs(
            {"function_arn": self.function_arn, "function_name": self.function_name}
        )


def _name(set_arn: str) -> str:
    return set_arn.rpartition("/")[2]


def _trust() -> pulumi.Output[str]:
    return policies.document(
        policies.allow("sts:AssumeRole", principal={"Service": "lambda.amazonaws.com"})
    )


def _statements(
    args: SendingGuardArgs, log_group_arn: pulumi.Output[str]
) -> Iterator[policies.Statement]:
    yield policies.allow("ses:PutConfigurationSetSendingOptions", list(args["sets"]))
    yield policies.allow("sns:Publish", args["alarm_topic"])
    key = args.get("alarm_key")
    if key is not None:
        yield policies.allow(["kms:Decrypt", "kms:GenerateDataKey*"], key)
    # Streams of a group are named below it, after a colon.
    yield policies.allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        log_group_arn.apply(lambda arn: f"{arn}:*"),
    )
