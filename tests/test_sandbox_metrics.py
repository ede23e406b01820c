"""What services tell CloudWatch of mail and messages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from sandbox.cloud import Cloud
from tests.dashboards import by_tags
from tests.emulated import (
    SHOP,
    bodies,
    configuration_set,
    event_log,
    identity,
    logged_set,
    queue,
    send,
    topic,
)
from tests.served import endpoint, served

SENDER = f"no-reply@{SHOP}"


def total(
    cloud: Cloud,
    namespace: str,
    name: str,
    statistic: str = "Sum",
    **dimensions: str,
) -> float | None:
    """A metric's statistic over the last hour; None where it has no data point."""
    now = datetime.now(UTC)
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": text} for key, text in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=86_400,
        Statistics=[statistic],
    )["Datapoints"]
    found = [point[statistic] for point in points]
    # An hour around midnight is of two periods.
    return sum(found) if found else None


def ses(cloud: Cloud, name: str, **tags: str) -> float | None:
    dimensions = {key.replace("__", ":").replace("_", "-"): tags[key] for key in tags}
    return total(cloud, "AWS/SES", name, **dimensions)


def metered(cloud: Cloud, name: str, *types: str, **defaults: str) -> None:
    """A set with an event destination in CloudWatch."""
    client = cloud.client("sesv2")
    client.create_configuration_set(
        ConfigurationSetName=name,
        ReputationOptions={"ReputationMetricsEnabled": True},
    )
    client.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="metrics",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(types),
            "CloudWatchDestination": by_tags(**defaults),
        },
    )


@pytest.fixture
def shop(cloud: Cloud) -> Iterator[Cloud]:
    identity(cloud, SHOP)
    yield cloud


def test_the_account_counts_every_event_of_every_mail(shop: Cloud) -> None:
    for mailbox in ("bounce", "complaint", "success", "ooto"):
        send(shop, SENDER, f"{mailbox}@simulator.amazonses.com")
    counts = {
        name: ses(shop, name) for name in ("Send", "Delivery", "Bounce", "Complaint")
    }
    assert counts == {"Send": 4, "Delivery": 3, "Bounce": 2, "Complaint": 1}
    assert ses(shop, "Reject") is None


def test_a_set_counts_what_its_destination_takes(shop: Cloud) -> None:
    metered(shop, "shop", "SEND", "BOUNCE", **{"ses:configuration-set": "shop"})
    configuration_set(shop, "silent")
    for name in ("shop", "silent", None):
        send(shop, SENDER, configuration_set=name)
    assert ses(shop, "Send") == 3
    assert ses(shop, "Send", ses__configuration_set="shop") == 1
    assert ses(shop, "Bounce", ses__configuration_set="shop") == 1
    send(shop, SENDER, "success@simulator.amazonses.com", "shop")
    assert ses(shop, "Delivery") == 1
    assert ses(shop, "Delivery", ses__configuration_set="shop") is None
    assert ses(shop, "Send", ses__configuration_set="silent") is None


def test_two_dimensions_are_no_metric_of_one(shop: Cloud) -> None:
    by_set = {"ses:configuration-set": "shop"}
    metered(shop, "shop", "SEND", **by_set, campaign="unnamed")
    send(shop, SENDER, configuration_set="shop")
    tags = [{"Name": "campaign", "Value": "spring"}]
    send(shop, SENDER, configuration_set="shop", EmailTags=tags)

    def sent(**more: str) -> float | None:
        return ses(shop, "Send", **more)

    of_set = {"ses__configuration_set": "shop"}
    assert sent(**of_set) is None
    assert sent(campaign="spring") is None
    assert sent(**of_set, campaign="spring") == 1
    assert sent(**of_set, campaign="unnamed") == 1


def test_a_dimension_by_a_header_of_the_mail(shop: Cloud) -> None:
    client = shop.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="shop")
    dimension = {
        "DimensionName": "priority",
        "DimensionValueSource": "EMAIL_HEADER",
        "DefaultDimensionValue": "normal",
    }
    client.create_configuration_set_event_destination(
        ConfigurationSetName="shop",
        EventDestinationName="metrics",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND"],
            "CloudWatchDestination": {"DimensionConfigurations": [dimension]},
        },
    )
    send(shop, SENDER, configuration_set="shop")
    raw = f"From: {SENDER}\r\nTo: bounce@simulator.amazonses.com\r\npriority: high\r\n\r\n"
    client.send_email(
        Content={"Raw": {"Data": raw.encode()}}, ConfigurationSetName="shop"
    )
    assert (
        ses(shop, "Send", priority="normal"),
        ses(shop, "Send", priority="high"),
    ) == (
        1,
        1,
    )


def test_mail_to_the_simulator_does_not_affect_the_reputation(shop: Cloud) -> None:
    metered(shop, "shop", "SEND", **{"ses:configuration-set": "shop"})
    configuration_set(shop, "unmeasured")
    rates = ("Reputation.BounceRate", "Reputation.ComplaintRate")
    for mailbox in ("bounce", "complaint", "success"):
        send(shop, SENDER, f"{mailbox}@simulator.amazonses.com", "shop")
    assert [ses(shop, rate) for rate in rates] == [None, None]
    for name in ("shop", "unmeasured"):
        send(shop, SENDER, "anna@example.net", name)
    for rate in rates:
        assert ses(shop, rate) == 0
        assert ses(shop, rate, ses__configuration_set="shop") == 0
        assert ses(shop, rate, ses__configuration_set="unmeasured") is None


def sns(cloud: Cloud) -> list[float | None]:
    return [
        total(cloud, "AWS/SNS", name, TopicName="topic")
        for name in (
            "NumberOfMessagesPublished",
            "NumberOfNotificationsDelivered",
            "NumberOfNotificationsFailed",
            "NumberOfNotificationsFilteredOut",
        )
    ]


def test_a_topic_counts_messages_and_what_became_of_them(cloud: Cloud) -> None:
    arn, client = topic(cloud), cloud.client("sns")
    assert sns(cloud) == [None] * 4
    queue(cloud, "open", arn)
    queue(cloud, "shut", arn)
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=cloud.client("sqs").get_queue_url(QueueName="shut")["QueueUrl"],
        Attributes={"Policy": ""},
    )
    client.subscribe(
        TopicArn=arn,
        Protocol="https",
        Endpoint="https://desk.example.com",
        Attributes={
            "FilterPolicy": '{"kind": ["other"]}',
            "FilterPolicyScope": "MessageBody",
        },
    )
    client.publish(TopicArn=arn, Message='{"kind": "this"}')
    assert sns(cloud) == [1, 1, 1, 1]
    client.publish(TopicArn=arn, Message='{"kind": "other"}')
    assert sns(cloud) == [2, 3, 2, 1]


def test_what_sns_refuses_is_not_counted(cloud: Cloud) -> None:
    arn = topic(cloud)
    with pytest.raises(ClientError, match="Message too long"):
        cloud.client("sns").publish(TopicArn=arn, Message="a" * (256 * 1024 + 1))
    assert sns(cloud) == [None] * 4


def sqs(cloud: Cloud, name: str, statistic: str = "Maximum") -> list[float | None]:
    return [
        total(cloud, "AWS/SQS", metric, statistic, QueueName=name)
        for metric in (
            "ApproximateNumberOfMessagesVisible",
            "ApproximateAgeOfOldestMessage",
        )
    ]


def test_a_queue_is_measured_when_mail_has_been_sent_and_when_it_is_asked_for(
    shop: Cloud,
) -> None:
    arn = topic(shop)
    url = queue(shop, "desk", arn)
    assert sqs(shop, "desk") == [0, 0]
    configuration_set(shop, "shop", "SEND", "BOUNCE", topic=arn)
    bodies(shop, url)
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=10)
    shop.cloudwatch.begin(lambda: later)
    send(shop, SENDER, configuration_set="shop")
    bodies(shop, url)
    assert sqs(shop, "desk")[0] == 2
    assert sqs(shop, "desk", "Minimum")[0] == 0


def test_the_age_of_a_message_counts_while_somebody_works_on_it(cloud: Cloud) -> None:
    url = queue(cloud, "desk")
    client = cloud.client("sqs")
    client.send_message(QueueUrl=url, MessageBody="old")
    (message,) = _messages(cloud, "desk")
    message.sent_timestamp -= 90_000
    assert client.receive_message(QueueUrl=url)["Messages"]
    visible, age = sqs(cloud, "desk")
    assert visible == 0
    assert age is not None
    assert 90 <= age < 120


def _messages(cloud: Cloud, name: str) -> list[Any]:
    found: list[Any] = (
        sqs_backends[cloud.account.id][cloud.account.region].queues[name]._messages
    )
    return found


def test_a_stream_counts_its_records_and_says_how_fresh_they_are(shop: Cloud) -> None:
    log = event_log(shop)
    logged_set(shop, log, "SEND", "BOUNCE")
    send(shop, SENDER, configuration_set="logged")

    def firehose(name: str) -> float | None:
        return total(shop, "AWS/Firehose", name, DeliveryStreamName=log.stream)

    assert firehose("IncomingRecords") == 2
    assert firehose("DeliveryToS3.DataFreshness") == 0
    shop.client("iam").delete_role_policy(RoleName="firehose", PolicyName="policy")
    send(shop, SENDER, configuration_set="logged")
    assert firehose("IncomingRecords") == 4
    assert firehose("DeliveryToS3.Records") == 2


@pytest.mark.parametrize(
    ("answers", "counts"), [(200, (1, 0)), (400, (0, 1))], ids=["takes", "refuses"]
)
def test_an_endpoint_of_this_machine_counts_once_it_has_answered(
    answers: int, counts: tuple[float, float]
) -> None:
    with served() as account, endpoint() as desk:
        cloud = account.cloud
        arn = topic(cloud)
        account.client("sns").subscribe(
            TopicArn=arn, Protocol="http", Endpoint=desk.url
        )
        desk.confirm()
        desk.answers.append(answers)
        account.client("sns").publish(TopicArn=arn, Message="m")

        def counted() -> bool:
            return tuple(sns(cloud)[1:3]) == counts

        with cloud.changed:
            assert cloud.changed.wait_for(counted, timeout=60)
