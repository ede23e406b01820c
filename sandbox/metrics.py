"""What AWS's services tell CloudWatch of what happens in the sandbox.

Each function is called where its thing happens. Names, dimensions and units are those
of the services' own guides: "Monitoring Amazon SES with CloudWatch", "Available Amazon
SNS metrics", "Available CloudWatch metrics for Amazon SQS" and "Monitoring Amazon Data
Firehose with CloudWatch metrics".
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time_millis
from moto.sqs.models import Queue, sqs_backends

from sandbox.cloudwatch import CloudWatch, Dimensions, Metric, cloudwatch_of
from sandbox.messages import Sent, tags
from sandbox.simulator import DOMAIN

if TYPE_CHECKING:
    from sandbox.ses_state import Destination

COUNT, SECONDS, NONE = "Count", "Seconds", "None"
"""Units, as CloudWatch names them."""

RATES = ("Reputation.BounceRate", "Reputation.ComplaintRate")

SET = "ses:configuration-set"


def ses_event(
    region: str, sent: Sent, event_type: str, destinations: Iterable["Destination"]
) -> None:
    """SES counts an event of a mail: for the account, and for each destination of the
    mail's set that takes it, by this destination's dimensions alone."""
    name = event_type.replace(" ", "")
    published = cloudwatch_of(sent.account_id, region).publish
    published(Metric("AWS/SES", name), 1, COUNT)
    for destination in destinations:
        stated = destination.target.get("CloudWatchDestination")
        if stated is not None and destination.takes(event_type):
            dimensions = {
                one["DimensionName"]: _dimension(one, sent)
                for one in stated["DimensionConfigurations"]
            }
            published(Metric.of("AWS/SES", name, dimensions), 1, COUNT)


def _dimension(stated: Mapping[str, Any], sent: Sent) -> str:
    """By a tag or header of the mail; links are not followed here, so have no tags."""
    name, default = stated["DimensionName"], stated["DefaultDimensionValue"]
    match stated["DimensionValueSource"].replace("_", "").lower():
        case "messagetag":
            return tags(sent).get(name, default)
        case "emailheader":
            return sent.mail.header(name) or default
        case _:
            return str(default)


def reputation(region: str, sent: Sent, *, of_set: bool) -> None:
    """SES weighs a mail that was delivered; nothing here bounces but at the simulator,
    and mail to the simulator does not count (SES developer guide, "Using the mailbox
    simulator")."""
    recipients = sent.mail.recipients
    if all(one.rpartition("@")[2].lower() == DOMAIN for one in recipients):
        return
    published = cloudwatch_of(sent.account_id, region).publish
    for name in RATES:
        published(Metric("AWS/SES", name), 0, NONE)
        if of_set and sent.configuration_set:
            by_set = {SET: sent.configuration_set}
            published(Metric.of("AWS/SES", name, by_set), 0, NONE)


def topic_published(account_id: str, region: str, topic: str) -> None:
    """SNS took a message; of a topic in use it says that nothing failed, too."""
    _sns(account_id, region, topic, "NumberOfMessagesPublished", 1)
    for name in ("NumberOfNotificationsDelivered", "NumberOfNotificationsFailed"):
        _sns(account_id, region, topic, name, 0)


def topic_delivered(account_id: str, region: str, topic: str) -> None:
    _sns(account_id, region, topic, "NumberOfNotificationsDelivered", 1)


def topic_failed(account_id: str, region: str, topic: str) -> None:
    """A subscriber did not take a message, however often it was tried."""
    _sns(account_id, region, topic, "NumberOfNotificationsFailed", 1)


def topic_filtered(account_id: str, region: str, topic: str) -> None:
    """A subscription's filter let a message not through."""
    _sns(account_id, region, topic, "NumberOfNotificationsFilteredOut", 1)


def _sns(account_id: str, region: str, topic: str, name: str, value: int) -> None:
    dimensions = {"TopicName": topic}
    cloudwatch_of(account_id, region).publish(
        Metric.of("AWS/SNS", name, dimensions), value, COUNT
    )


def stream_took(account_id: str, region: str, stream: str, records: int) -> None:
    """Firehose took records."""
    published = cloudwatch_of(account_id, region).publish
    of: Dimensions = {"DeliveryStreamName": stream}
    published(Metric.of("AWS/Firehose", "IncomingRecords", of), records, COUNT)


def stream_wrote(account_id: str, region: str, stream: str, records: int) -> None:
    """Firehose wrote records to S3, as soon as it had them, so that none is old."""
    published = cloudwatch_of(account_id, region).publish
    of: Dimensions = {"DeliveryStreamName": stream}
    for name, value, unit in (
        ("DeliveryToS3.Records", records, COUNT),
        ("DeliveryToS3.Success", 1, COUNT),
        ("DeliveryToS3.DataFreshness", 0, SECONDS),
    ):
        published(Metric.of("AWS/Firehose", name, of), value, unit)


def queues(cloudwatch: CloudWatch) -> None:
    """SQS measures every queue."""
    backend = sqs_backends[cloudwatch.account_id][cloudwatch.region_name]
    for queue in backend.queues.values():
        _queue(cloudwatch, queue)


def _queue(cloudwatch: CloudWatch, queue: Queue) -> None:
    of: Dimensions = {"QueueName": queue.name}
    # Those in flight are nowhere else.
    held = queue._messages
    ages = [unix_time_millis() - float(message.sent_timestamp or 0) for message in held]
    for name, value, unit in (
        ("ApproximateNumberOfMessagesVisible", len(queue.messages), COUNT),
        ("ApproximateAgeOfOldestMessage", max(ages, default=0) // 1000, SECONDS),
    ):
        cloudwatch.publish(Metric.of("AWS/SQS", name, of), value, unit)
