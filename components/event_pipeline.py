"""EventPipeline: a configuration set and where the events of its mails go."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.events import Event
from components.metrics import SET_DIMENSION

Destination = aws.sesv2.ConfigurationSetEventDestinationEventDestinationArgsDict
CloudWatchDestination = aws.sesv2.ConfigurationSetEventDestinationEventDestinationCloudWatchDestinationArgsDict
StreamDestination = aws.sesv2.ConfigurationSetEventDestinationEventDestinationKinesisFirehoseDestinationArgsDict
TopicDestination = (
    aws.sesv2.ConfigurationSetEventDestinationEventDestinationSnsDestinationArgsDict
)


class EventLogDestination(TypedDict):
    """The event log, as a set writes to it."""

    events: Sequence[Event]
    """Events that are kept."""
    stream_arn: pulumi.Input[str]
    """The event log's Firehose stream."""
    role_arn: pulumi.Input[str]
    """What SES writes as, once it may: SES tries it as soon as the destination is made."""


class EventPipelineArgs(TypedDict):
    """What a configuration set is made of."""

    set_name: str
    """The set's name in SES, unique in account and region."""
    topics: Mapping[str, pulumi.Input[str]]
    """By channel, the ARN of a topic that hears of events."""
    notify: Mapping[str, Sequence[Event]]
    """By channel, the events that it hears of."""
    metrics: Sequence[Event]
    """Events counted in CloudWatch."""
    suppress: Sequence[str]
    """What puts an address on SES's suppression list: bounce, complaint."""
    dimensions: NotRequired[Mapping[str, str]]
    """Message tags as further CloudWatch dimensions, with the value where one lacks."""
    event_log: NotRequired[EventLogDestination | None]
    """What is kept, and where."""
    require_tls: NotRequired[bool]
    """Deliver only to servers that offer TLS."""
    tracking_domain: NotRequired[str | None]
    """The domain of open and click links."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class EventPipeline(pulumi.ComponentResource):
    """A configuration set, its reputation metrics and its event destinations.

    Whether the set may send is deliberately not managed: a set that was paused stays
    paused until somebody resumes it.
    """

    set_name: pulumi.Output[str]
    """The set's name in SES, once the set is there."""

    def __init__(
        self,
        name: str,
        args: EventPipelineArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:EventPipeline", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        tracking_domain = args.get("tracking_domain")

        configuration_set = aws.sesv2.ConfigurationSet(
            f"{name}-set",
            configuration_set_name=args["set_name"],
            delivery_options={
                "tls_policy": "REQUIRE" if args.get("require_tls") else "OPTIONAL"
            },
            reputation_options={"reputation_metrics_enabled": True},
            suppression_options={
                "suppressed_reasons": [reason.upper() for reason in args["suppress"]]
            },
            tracking_options={"custom_redirect_domain": tracking_domain}
            if tracking_domain
            else None,
            tags=args.get("tags", {}),
            opts=self._child,
        )
        self.set_name = configuration_set.configuration_set_name

        own = {SET_DIMENSION: args["set_name"]}
        dimensions = args.get("dimensions", {})
        counted = _enabled(args["metrics"])
        if args["metrics"]:
            self._destination(
                "metrics", {**counted, "cloud_watch_destination": _counting(own)}
            )
        if dimensions:
            by_tag = _counting(own | dict(dimensions))
            self._destination(
                "dimensions", {**counted, "cloud_watch_destination": by_tag}
            )
        for channel, events in args["notify"].items():
            topic: TopicDestination = {"topic_arn": args["topics"][channel]}
            self._destination(
                f"channel_{channel}", {**_enabled(events), "sns_destination": topic}
            )
        if (kept := args.get("event_log")) is not None:
            stream: StreamDestination = {
                "delivery_stream_arn": kept["stream_arn"],
                "iam_role_arn": kept["role_arn"],
            }
            self._destination(
                "event-log",
                {**_enabled(kept["events"]), "kinesis_firehose_destination": stream},
            )

        self.register_outputs({"set_name": self.set_name})

    def _destination(self, name: str, destination: Destination) -> None:
        aws.sesv2.ConfigurationSetEventDestination(
            f"{self._name}-{name}",
            configuration_set_name=self.set_name,
            event_destination_name=name,
            event_destination=destination,
            opts=self._child,
        )


def _enabled(events: Sequence[Event]) -> Destination:
    """A destination that takes these events; SES creates one disabled by default.

    The provider answers event types in the order of the API, and compares lists.
    """
    types = [event.api_name for event in Event if event in events]
    return {"enabled": True, "matching_event_types": types}


def _counting(dimensions: Mapping[str, str]) -> CloudWatchDestination:
    """Counts events by these message tags, each with the value where a mail lacks it.

    A destination with two dimensions publishes no metric by the first alone.
    """
    return {
        "dimension_configurations": [
            {
                "dimension_name": name,
                "dimension_value_source": "MESSAGE_TAG",
                "default_dimension_value": value,
            }
            for name, value in dimensions.items()
        ]
    }
