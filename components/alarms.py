"""Which alarms a stack has: their metrics, limits and texts, from plain values.

Names are known without any output, so that policies can name the alarms. Limits of
CloudWatch (PutMetricAlarm; user guide, service quotas): ten metrics in an expression, a
period of a day, 255 characters in a name, 1,024 in a description, five actions. A text
names saved queries and charts in quotes, and only where they are there.
"""

from collections.abc import Iterator

from components.account_alarms import account_alarms
from components.alarm import ABOVE, DAY, HOUR, MINUTE, Alarm
from components.events import Event
from components.metrics import (
    EVENT_LOG,
    GUARD,
    METRIC_NAMES,
    Metric,
    Watched,
    of_channel,
    of_queue,
    of_set,
)
from components.reputation import Judged, rate_alarms

FEEDBACK = (Event.DELIVERY, Event.BOUNCE, Event.COMPLAINT)
"""Events of which a sent mail has at least one, unless it was rejected."""


def alarms(watched: Watched) -> list[Alarm]:
    """The alarms of a stack, in the order of the data."""
    return [
        *_set_alarms(watched),
        *account_alarms(watched),
        *_guard_alarms(watched),
        *_channel_alarms(watched),
        *_queue_alarms(watched),
        *_event_log_alarms(watched),
    ]


def _set_alarms(watched: Watched) -> Iterator[Alarm]:
    for name, watched_set in watched["sets"].items():
        kept = watched_set.get("kept", ())
        pausing = _pausing(f"{watched['name_prefix']}{name}")
        judged = Judged(
            of_set(name),
            f"configuration set {name}",
            (
                "The sending guard pauses the set; its notice says how to resume, and how"
                f" to re-arm the alarm. Where the guard failed, pause it by hand: {pausing}"
                if watched_set["guarded"]
                else "If that takes time, pause the set before AWS pauses the account:"
                f" {pausing}"
            ),
            kept=kept,
            key=name,
            guarded_set=name if watched_set["guarded"] else "",
        )
        yield from rate_alarms(
            judged, watched["bounce_rate"], watched["complaint_rate"]
        )
        limit = watched_set.get("sends_per_hour")
        if limit is not None:
            who = (
                ' (saved query "senders-by-configuration-set")'
                if Event.SEND in kept
                else ""
            )
            yield Alarm(
                "sends-per-hour",
                (Metric("send", "Send", "Sum", of_set(name)),),
                limit,
                f"More than {limit:,} mails of configuration set {name} within an hour."
                " Somebody sends more than is usual: a loop, a campaign that nobody"
                f" announced, or a key in wrong hands. Find out which program sends{who}."
                f" To stop it: {pausing}",
                key=name,
                comparison=ABOVE,
                period=HOUR,
            )
        if {Event.SEND, *FEEDBACK} <= set(watched_set["metrics"]):
            yield _no_feedback(name)


def _pausing(name_in_ses: str) -> str:
    return (
        "aws sesv2 put-configuration-set-sending-options --no-sending-enabled"
        f" --configuration-set-name {name_in_ses}"
    )


def _no_feedback(name: str) -> Alarm:
    events = (Event.SEND, *FEEDBACK)
    return Alarm(
        "no-feedback",
        tuple(
            Metric(event.value, METRIC_NAMES[event], "Sum", of_set(name))
            for event in events
        ),
        1,
        f"On a day (UTC) mails of configuration set {name} were sent, and neither a"
        " delivery, a bounce nor a complaint was counted. Either SES delivers nothing (see"
        " the SES console and health.aws.amazon.com), or its events no longer arrive (see"
        " whether the set still has its event destinations; pulumi up --refresh restores"
        " them). A set with hardly any mail goes off also where its only mail of the day"
        " waits for a slow server, or went out just before midnight.",
        key=name,
        expression="IF(FILL(send,0) > 0 AND"
        " FILL(delivery,0) + FILL(bounce,0) + FILL(complaint,0) == 0, 1, 0)",
        period=DAY,
        by_clock=True,
    )


def _guard_alarms(watched: Watched) -> Iterator[Alarm]:
    if any(each["guarded"] for each in watched["sets"].values()):
        yield Alarm(
            "guard-failed",
            (Metric("errors", "Errors", "Sum", GUARD),),
            1,
            "The sending guard failed: a set whose critical alarm is on may still send, or"
            " was paused and nobody was told. Read the function's log (Lambda console,"
            " Monitor) for the reason, and see whether the set of each critical alarm that"
            " is on was paused; if not, pause it by hand, as that alarm's description says.",
        )


def _channel_alarms(watched: Watched) -> Iterator[Alarm]:
    for name in watched["channels"]:
        yield Alarm(
            "failed-deliveries",
            (Metric("failed", "NumberOfNotificationsFailed", "Sum", of_channel(name)),),
            1,
            f"SNS gave up delivering messages of channel {name} to a subscriber. What had"
            " no dead-letter queue is lost. See which endpoint is down or refuses, and"
            " whether the policy of a subscribed queue or function still admits the"
            " topic; give the subscription deadLetters: true.",
            key=name,
        )
    for channel, subscriptions in watched["undelivered"].items():
        for name in subscriptions:
            yield Alarm(
                "undelivered",
                (_waiting("undelivered", channel, name),),
                1,
                f"Messages of channel {channel} could not be delivered to subscription"
                f" {name} and lie in its dead-letter queue (output"
                " subscriptionDeadLetterQueueUrls), for 14 days at most. Mend the"
                " endpoint, then hand the messages over by hand, and delete them.",
                key=f"{channel}_{name}",
            )


def _queue_alarms(watched: Watched) -> Iterator[Alarm]:
    minutes = watched["oldest_message_minutes"]
    for name in watched["queues"]:
        yield Alarm(
            "oldest-message",
            (
                Metric(
                    "age",
                    "ApproximateAgeOfOldestMessage",
                    "Maximum",
                    of_queue("queue", name),
                ),
            ),
            minutes * MINUTE,
            f"A message has waited in queue {name} for {minutes} minutes or longer: its"
            " consumer is down, too slow, or fails at some message. Until it is caught up,"
            " mail goes on to addresses that bounced. See the consumer's log; start more"
            " workers where it is only slow.",
            key=name,
            tells_its_end=True,
        )
        yield Alarm(
            "dead-letters",
            (_waiting("dead-letters", name),),
            1,
            f"The consumer of queue {name} failed at messages as often as the queue"
            " allows; they lie in its dead-letter queue (output deadLetterQueueUrls)."
            " Read the consumer's log for the reason, mend it, and move them back (SQS"
            " console, the dead-letter queue, Start DLQ redrive). The collector takes them"
            " by replay.",
            key=name,
        )


def _waiting(*place: str) -> Metric:
    """Dead letters: what a redrive moves is not counted as sent, so what lies there."""
    return Metric(
        "waiting", "ApproximateNumberOfMessagesVisible", "Maximum", of_queue(*place)
    )


def freshness_limit(buffer_seconds: int) -> int:
    """Seconds after which an event should be in S3: twice the buffer, and some for S3."""
    return 2 * buffer_seconds + 15 * MINUTE


def _event_log_alarms(watched: Watched) -> Iterator[Alarm]:
    buffered = watched.get("event_log_buffer_seconds")
    if buffered is None:
        return
    limit = freshness_limit(buffered)
    yield Alarm(
        "event-log-late",
        (Metric("age", "DeliveryToS3.DataFreshness", "Maximum", EVENT_LOG),),
        limit,
        f"The oldest event on its way to the event log is {limit // MINUTE} minutes old or"
        f" older, where it should be in S3 after {buffered} seconds. {_UNDELIVERED} A stream"
        " that delivers nothing at all reports no age: of that tells event-log-blocked.",
        tells_its_end=True,
    )
    yield Alarm(
        "event-log-blocked",
        (
            Metric("incoming", "IncomingRecords", "Sum", EVENT_LOG),
            Metric("delivered", "DeliveryToS3.Records", "Sum", EVENT_LOG),
        ),
        1,
        "In each of two hours on end the event log's stream took in events and delivered"
        f" none to S3. {_UNDELIVERED}",
        expression="IF(FILL(incoming,0) > 0 AND FILL(delivered,0) == 0, 1, 0)",
        period=HOUR,
        periods=2,
        tells_its_end=True,
    )


_UNDELIVERED = (
    "Firehose gives up after 24 hours, and then events are lost. See the stream's log"
    " group, and whether its role may still write to the bucket."
)
