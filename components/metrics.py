"""What a stack watches, and the metrics of it, by our names.

The dimensions' values (names of topics, queues and streams) are Pulumi's own and known
only once the resources are there: a metric names the place instead.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, NotRequired, TypedDict

from components.events import Event


class Rate(TypedDict):
    """From which fractions of the mails on alarms go off."""

    warning: float
    """Fraction of the mails: 0.025 is 2.5 %."""
    critical: float
    """Fraction of the mails, above `warning`."""


class WatchedSet(TypedDict):
    """A configuration set that is watched."""

    metrics: Sequence[Event]
    """Events counted in CloudWatch."""
    guarded: bool
    """Whether its critical alarms call the sending guard."""
    kept: NotRequired[Collection[Event]]
    """Events of it that the saved queries find."""
    sends_per_hour: NotRequired[int | None]
    """Mails an hour above which an alarm goes off."""


class WatchedAccount(TypedDict):
    """What is watched of the whole account."""

    daily_quota: NotRequired[int | None]
    """Mails that SES lets the account send in 24 hours."""
    other_sets: NotRequired[Sequence[str]]
    """Names in SES of the sets of other stacks."""


class Watched(TypedDict):
    """What a stack watches, by our names."""

    name_prefix: str
    """How the names of sets, alarms and dashboard begin: `ses-feedback-prod-`."""
    sets: Mapping[str, WatchedSet]
    """By set."""
    channels: Sequence[str]
    """Channels."""
    undelivered: Mapping[str, Sequence[str]]
    """By channel, the subscriptions that have a dead-letter queue."""
    queues: Sequence[str]
    """Queues."""
    bounce_rate: Rate
    """Hard bounces, as a fraction of the mails."""
    complaint_rate: Rate
    """Complaints, as a fraction of the mails."""
    oldest_message_minutes: int
    """Minutes that a message may wait in a queue."""
    event_log_buffer_seconds: NotRequired[int | None]
    """Seconds for which the event log gathers events; absent without one."""
    account: NotRequired[WatchedAccount | None]
    """The whole account, where this stack watches it."""


class Subject(NamedTuple):
    """What a metric is of."""

    namespace: str
    dimension: str = ""
    """The metric's one dimension, or none for the whole account."""
    place: tuple[str, ...] = ()
    """Whose name is the value of the dimension: its kind, and our names of it."""


ACCOUNT = Subject("AWS/SES")
EVENT_LOG = Subject("AWS/Firehose", "DeliveryStreamName", ("event-log",))
GUARD = Subject("AWS/Lambda", "FunctionName", ("guard",))

SET_DIMENSION = "ses:configuration-set"
"""Dimension of what SES counts of a set, and message tag of the set's name."""


def of_set(name: str) -> Subject:
    """A configuration set of the stack."""
    return Subject("AWS/SES", SET_DIMENSION, ("set", name))


def of_other_set(name: str) -> Subject:
    """A configuration set of another stack, by its name in SES."""
    return Subject("AWS/SES", SET_DIMENSION, ("other-set", name))


def of_channel(name: str) -> Subject:
    """A channel's topic."""
    return Subject("AWS/SNS", "TopicName", ("channel", name))


def of_queue(*place: str) -> Subject:
    """A queue: `queue`, `dead-letters` or `undelivered`, and our names of it."""
    return Subject("AWS/SQS", "QueueName", place)


METRIC_NAMES = {
    Event.SEND: "Send",
    Event.REJECT: "Reject",
    Event.BOUNCE: "Bounce",
    Event.COMPLAINT: "Complaint",
    Event.DELIVERY: "Delivery",
    Event.OPEN: "Open",
    Event.CLICK: "Click",
    Event.RENDERING_FAILURE: "Rendering Failure",
    Event.DELIVERY_DELAY: "DeliveryDelay",
    Event.SUBSCRIPTION: "Subscription",
}
"""How CloudWatch calls the count of each event."""


class Metric(NamedTuple):
    """A metric by the name that an expression calls it."""

    id: str
    name: str
    statistic: str
    subject: Subject
