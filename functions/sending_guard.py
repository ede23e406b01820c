"""The sending guard: pauses a configuration set when its critical alarm fires.

CloudWatch calls it directly at each change of such an alarm's state (CloudWatch user
guide, "Invoke a Lambda function from an alarm"). It never resumes a set. Being called
twice, or twice at once, does no harm: the set is paused again and told of again.

The environment:
ALARM_TOPIC_ARN     the topic that hears what the guard did
CONFIGURATION_SETS  the names in SES of the sets that it may pause, with commas
AWS_REGION          where set, alarm and topic are; Lambda states it
"""

import json
import os
import shlex
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

DIMENSION = "ses:configuration-set"

MOST_CHARACTERS = 1600
"""SNS delivers no longer text message by SMS (SNS developer guide, "Publish")."""

MOST_OF_SUBJECT = 100
"""Characters (Publish in the API reference of SNS)."""

PATIENCE = Config(
    connect_timeout=3,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""So that one call ends, and its failure is told of, before the function is ended."""


@dataclass(frozen=True)
class Alarm:
    """A change of an alarm's state."""

    name: str
    state: str
    """ALARM, OK or INSUFFICIENT_DATA."""
    configuration_set: str
    """The set whose metrics it watches."""


class NotOurs(Exception):
    """An event that the guard has nothing to do with; the text says why."""


def handler(event: Any, context: object = None) -> None:
    """Pauses the set of the alarm that the event tells of, and says so.

    Raises what went wrong, so that Lambda calls again: the alarm itself does not until
    its state changes.
    """
    try:
        alarm = alarm_of(event)
    except NotOurs as why:
        log("ignored", reason=str(why))
        return
    told = {"alarm": alarm.name, "configurationSet": alarm.configuration_set}
    if alarm.state != "ALARM":
        log("ignored", reason=f"the state is {alarm.state}", **told)
        return
    region = os.environ["AWS_REGION"]
    try:
        pause(alarm.configuration_set, region)
    except (BotoCoreError, ClientError) as error:
        log("not paused", error=str(error), **told)
        by_hand = sending(alarm.configuration_set, region, enabled=False)
        tell(alarm, region, f"not paused: {error}", f". To pause it: {by_hand}")
        raise
    log("paused", **told)
    tell(alarm, region, "paused")


def alarm_of(event: Any) -> Alarm:
    """The alarm of an event as CloudWatch sends it; raises NotOurs for another one."""
    try:
        data = event["alarmData"]
        name, state = str(data["alarmName"]), str(data["state"]["value"])
        named = {
            metric["metricStat"]["metric"].get("dimensions", {}).get(DIMENSION)
            for metric in data["configuration"]["metrics"]
            if "metricStat" in metric
        }
    except (KeyError, TypeError, AttributeError) as missing:
        raise NotOurs(
            "this is no event of a metric alarm as CloudWatch sends it to a function:"
            f" {type(missing).__name__} {missing}"
        ) from None
    guarded = os.environ["CONFIGURATION_SETS"].split(",")
    if len(named) != 1 or not named <= set(guarded):
        found = ", ".join(sorted(str(each) for each in named)) or "no metric"
        raise NotOurs(
            f"the alarm {name} watches {found} by the dimension {DIMENSION}, expected"
            f" one of {', '.join(guarded)}"
        )
    (configuration_set,) = named
    return Alarm(name, state, configuration_set)


def pause(configuration_set: str, region: str) -> None:
    """Has SES refuse the mails of this one set."""
    boto3.client(
        "sesv2", region_name=region, config=PATIENCE
    ).put_configuration_set_sending_options(
        ConfigurationSetName=configuration_set, SendingEnabled=False
    )


def tell(alarm: Alarm, region: str, action: str, more: str = "") -> None:
    """Publishes to the alarm channel what was done, or could not be."""
    try:
        boto3.client("sns", region_name=region, config=PATIENCE).publish(
            TopicArn=os.environ["ALARM_TOPIC_ARN"],
            Subject=f"Sending guard: {alarm.configuration_set}"[:MOST_OF_SUBJECT],
            Message=notice(alarm, region, action, more),
        )
    except (BotoCoreError, ClientError) as error:
        log("not told", error=str(error), alarm=alarm.name, action=action)
        raise


def notice(alarm: Alarm, region: str, action: str, more: str = "") -> str:
    """JSON of at most MOST_CHARACTERS, for which `action` is cut short but not `more`."""

    def written(action: str) -> str:
        content: Mapping[str, Any] = {
            "sesFeedbackGuard": 1,
            "configurationSet": alarm.configuration_set,
            "alarm": alarm.name,
            "action": action + more,
            "resume": sending(alarm.configuration_set, region, enabled=True),
            "rearm": command(
                "cloudwatch set-alarm-state",
                alarm_name=alarm.name,
                state_value="OK",
                state_reason="re-armed by hand",
                region=region,
            ),
        }
        return json.dumps(content, indent=1, ensure_ascii=False)

    action = action[:MOST_CHARACTERS]
    fitting = bisect_right(
        range(len(action) + 1),
        MOST_CHARACTERS,
        key=lambda length: len(written(action[:length])),
    )
    return written(action[: max(fitting - 1, 0)])


def sending(configuration_set: str, region: str, *, enabled: bool) -> str:
    """The command of AWS's CLI that resumes or pauses a set."""
    switch = "--sending-enabled" if enabled else "--no-sending-enabled"
    start = f"sesv2 put-configuration-set-sending-options {switch}"
    return command(start, configuration_set_name=configuration_set, region=region)


def command(start: str, **options: str) -> str:
    """A command of AWS's CLI, quoted for a shell."""
    stated = (
        f"--{name.replace('_', '-')} {shlex.quote(value)}"
        for name, value in options.items()
    )
    return " ".join(("aws", start, *stated))


def log(message: str, **fields: str) -> None:
    """One line of JSON; Lambda keeps it as it is."""
    print(json.dumps({"message": message, **fields}), flush=True)
