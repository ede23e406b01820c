"""SES writes the events of a set to a stream, in a role that has to let it."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from tests.emulated import (
    SHOP,
    Log,
    allow,
    event_log,
    identity,
    logged_set,
    objects,
    queue,
    send,
    told,
    topic,
    trusting,
)


def events(cloud: Cloud) -> list[dict[str, Any]]:
    """What is in the event log, by time."""
    lines = [
        line
        for key, body in objects(cloud).items()
        for line in gzip.decompress(body).splitlines(keepends=True)
    ]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    found = [json.loads(line) for line in lines]
    order = ["Send", "Delivery", "Bounce", "Complaint"]
    return sorted(found, key=lambda event: order.index(event["eventType"]))


def attach(cloud: Cloud, name: str, destination: dict[str, str]) -> None:
    ses = cloud.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName=name)
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="event-log",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "KinesisFirehoseDestination": destination,
        },
    )


def test_an_event_of_the_set_is_a_line_in_the_event_log(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    logged_set(cloud, event_log(cloud), "SEND", "BOUNCE")
    assert events(cloud) == [], "nothing is written when the destination is made"
    message_id = send(cloud, f"a@{SHOP}", configuration_set="logged")
    first, second = events(cloud)
    assert (first["eventType"], second["eventType"]) == ("Send", "Bounce")
    assert first["send"] == {}
    assert second["mail"]["messageId"] == message_id
    assert second["mail"]["tags"]["ses:configuration-set"] == ["logged"]
    assert second["mail"]["commonHeaders"]["subject"] == "Your order"


def test_other_mail_and_other_events_are_not_kept(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    logged_set(cloud, event_log(cloud), "COMPLAINT")
    send(cloud, f"a@{SHOP}")
    send(cloud, f"a@{SHOP}", configuration_set="logged")
    assert events(cloud) == []


def test_a_channel_and_the_event_log_are_told_of_the_same_event(cloud: Cloud) -> None:
    """By the same feedback id, so that whoever has both counts it once."""
    identity(cloud, SHOP)
    logged_set(cloud, event_log(cloud), "BOUNCE")
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    cloud.client("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName="logged",
        EventDestinationName="channel",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": arn},
        },
    )
    send(cloud, f"a@{SHOP}", configuration_set="logged")
    assert told(cloud, url) == events(cloud)


def no_role(cloud: Cloud, log: Log) -> dict[str, str]:
    return log.destination | {"IamRoleArn": f"{log.role_arn}-gone"}


def no_arn(cloud: Cloud, log: Log) -> dict[str, str]:
    return log.destination | {"IamRoleArn": "a-role"}


def other_service(cloud: Cloud, log: Log) -> dict[str, str]:
    cloud.client("iam").update_assume_role_policy(
        RoleName="ses", PolicyDocument=trusting("firehose")
    )
    return log.destination


def unreadable_condition(cloud: Cloud, log: Log) -> dict[str, str]:
    condition = {"NumericEquals": {"aws:SourceAccount": "many"}}
    cloud.client("iam").update_assume_role_policy(
        RoleName="ses", PolicyDocument=trusting("ses", condition)
    )
    return log.destination


def no_policy(cloud: Cloud, log: Log) -> dict[str, str]:
    cloud.client("iam").delete_role_policy(RoleName="ses", PolicyName="policy")
    return log.destination


def only_single_records(cloud: Cloud, log: Log) -> dict[str, str]:
    allow(cloud, "ses", ("firehose:PutRecord", log.stream_arn))
    return log.destination


def no_stream(cloud: Cloud, log: Log) -> dict[str, str]:
    allow(cloud, "ses", ("firehose:*", "*"))
    return log.destination | {"DeliveryStreamArn": f"{log.stream_arn}-gone"}


def stream_of_another_account(cloud: Cloud, log: Log) -> dict[str, str]:
    allow(cloud, "ses", ("firehose:*", "*"))
    arn = log.stream_arn.replace("123456789012", "210987654321")
    return log.destination | {"DeliveryStreamArn": arn}


ROLE, STREAM = (
    "Could not assume IAM role <",
    "Could not access Kinesis Firehose Stream <",
)


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (no_role, ROLE),
        (no_arn, ROLE),
        (other_service, ROLE),
        (unreadable_condition, ROLE),
        (no_policy, STREAM),
        (only_single_records, STREAM),
        (no_stream, STREAM),
        (stream_of_another_account, STREAM),
    ],
)
def test_a_destination_that_ses_may_not_use_is_refused(
    cloud: Cloud, breaks: Callable[[Cloud, Log], dict[str, str]], said: str
) -> None:
    destination = breaks(cloud, event_log(cloud))
    with pytest.raises(ClientError) as refused:
        attach(cloud, "logged", destination)
    error = refused.value.response["Error"]
    assert error["Code"] == "BadRequestException"
    assert error["Message"].startswith(said)
    assert cloud.ses.destinations.get("logged", {}) == {}


def test_another_set_than_the_role_trusts_is_refused(cloud: Cloud) -> None:
    log = event_log(cloud)
    with pytest.raises(ClientError, match="Could not assume IAM role"):
        attach(cloud, "other", log.destination)


def test_the_first_api_of_ses_has_its_own_error_and_the_same_events(
    cloud: Cloud,
) -> None:
    identity(cloud, SHOP)
    log, ses = event_log(cloud), cloud.client("ses")
    ses.create_configuration_set(ConfigurationSet={"Name": "logged"})

    def create(stream: str) -> None:
        ses.create_configuration_set_event_destination(
            ConfigurationSetName="logged",
            EventDestination={
                "Name": "event-log",
                "Enabled": True,
                "MatchingEventTypes": ["bounce"],
                "KinesisFirehoseDestination": {
                    "IAMRoleARN": log.role_arn,
                    "DeliveryStreamARN": stream,
                },
            },
        )

    with pytest.raises(ses.exceptions.InvalidFirehoseDestinationException):
        create(f"{log.stream_arn}-gone")
    create(log.stream_arn)
    send(cloud, f"a@{SHOP}", configuration_set="logged")
    assert len(events(cloud)) == 1
    (found,) = cloud.client("sesv2").get_configuration_set_event_destinations(
        ConfigurationSetName="logged"
    )["EventDestinations"]
    assert found["KinesisFirehoseDestination"] == log.destination


def test_a_right_that_is_lost_later_loses_events_alone(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    log = event_log(cloud)
    logged_set(cloud, log, "BOUNCE")
    no_policy(cloud, log)
    message_id = send(cloud, f"a@{SHOP}", configuration_set="logged")
    assert [event.records for event in cloud.ses.events[message_id]] == [(), ()]
    assert events(cloud) == []
