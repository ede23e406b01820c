"""Configuration sets and their event destinations, seen by their resources."""

from functools import cache
from typing import Any

import pytest

from components.events import Event
from tests.engine import Engine, declare
from tests.stacks import declared, stack_of

DESTINATION = "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
SET = "sesv2/configurationSet:ConfigurationSet"

TOPICS = "arn:aws:sns:eu-west-1:123456789012"


@cache
def configuration_set(keys: str = "", more: str = "") -> Engine:
    """A set `letters` of a stack with the channels `app` and `qa`."""
    channels = "{app: {}, qa: {}}"
    return declare(
        stack_of(
            f"""
            channels: {channels}
            configurationSets: {{letters: {{{keys}}}}}
            {more}
            """
        )
    )


def destination(engine: Engine, role: str) -> dict[str, Any]:
    """What an event destination of the set does, by its role in the set."""
    resource = engine.one(DESTINATION, f"letters-{role}")
    found = resource.inputs["eventDestination"]
    assert isinstance(found, dict)
    return found


def test_a_set_has_its_metrics_and_leaves_open_whether_it_may_send() -> None:
    assert dict(configuration_set().one(SET).inputs) == {
        "configurationSetName": "ses-feedback-test-letters",
        "deliveryOptions": {"tlsPolicy": "OPTIONAL"},
        "reputationOptions": {"reputationMetricsEnabled": True},
        "suppressionOptions": {"suppressedReasons": ["BOUNCE", "COMPLAINT"]},
        "tags": {},
    }


@pytest.mark.parametrize("stack", ["dev", "prod", "full"])
def test_no_set_manages_whether_it_may_send(stack: str) -> None:
    for each in declared(stack).all(SET):
        assert "sendingOptions" not in each.inputs


@pytest.mark.parametrize(
    ("keys", "inputs"),
    [
        pytest.param(
            "requireTls: true", {"deliveryOptions": {"tlsPolicy": "REQUIRE"}}, id="TLS"
        ),
        pytest.param(
            "suppress: [complaint]",
            {"suppressionOptions": {"suppressedReasons": ["COMPLAINT"]}},
            id="suppression",
        ),
        pytest.param(
            "trackingDomain: Track.shop.example.com",
            {"trackingOptions": {"customRedirectDomain": "track.shop.example.com"}},
            id="tracking domain",
        ),
    ],
)
def test_a_set_is_as_it_is_written(keys: str, inputs: dict[str, Any]) -> None:
    found = configuration_set(keys).one(SET).inputs
    assert inputs.items() <= found.items()


def test_a_set_is_named_for_project_and_stack() -> None:
    engine = declared("prod")
    assert engine.exports["configurationSetNames"] == {
        "transactional": "ses-feedback-prod-transactional",
        "campaigns": "ses-feedback-prod-campaigns",
    }


def test_the_default_metrics_count_by_the_set_alone() -> None:
    engine = configuration_set()
    assert engine.names(DESTINATION) == ["letters-metrics"]
    assert destination(engine, "metrics") == {
        "enabled": True,
        "matchingEventTypes": ["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY"],
        "cloudWatchDestination": {
            "dimensionConfigurations": [
                {
                    "dimensionName": "ses:configuration-set",
                    "dimensionValueSource": "MESSAGE_TAG",
                    "defaultDimensionValue": "ses-feedback-test-letters",
                }
            ]
        },
    }


def test_further_dimensions_have_a_destination_of_their_own() -> None:
    """Two dimensions at once would publish no metric by the set alone."""
    engine = configuration_set(
        "metrics: [click, send], dimensions: {campaign: unnamed, shop: main},"
        " trackingDomain: track.example.com"
    )
    assert engine.names(DESTINATION) == ["letters-dimensions", "letters-metrics"]
    alone = destination(engine, "metrics")["cloudWatchDestination"]
    assert len(alone["dimensionConfigurations"]) == 1
    assert destination(engine, "dimensions") == {
        "enabled": True,
        "matchingEventTypes": ["SEND", "CLICK"],
        "cloudWatchDestination": {
            "dimensionConfigurations": [
                {
                    "dimensionName": name,
                    "dimensionValueSource": "MESSAGE_TAG",
                    "defaultDimensionValue": value,
                }
                for name, value in (
                    ("ses:configuration-set", "ses-feedback-test-letters"),
                    ("campaign", "unnamed"),
                    ("shop", "main"),
                )
            ]
        },
    }


def test_without_metrics_nothing_is_counted() -> None:
    engine = configuration_set("metrics: []")
    assert engine.all(DESTINATION) == []
    reputation = engine.one(SET).inputs["reputationOptions"]
    assert reputation == {"reputationMetricsEnabled": True}


def test_each_channel_has_a_destination_with_its_events() -> None:
    engine = configuration_set("metrics: [], notify: {app: [reject], qa: [bounce]}")
    assert engine.names(DESTINATION) == ["letters-channel_app", "letters-channel_qa"]
    for channel, event in (("app", "REJECT"), ("qa", "BOUNCE")):
        assert destination(engine, f"channel_{channel}") == {
            "enabled": True,
            "matchingEventTypes": [event],
            "snsDestination": {"topicArn": f"{TOPICS}:{channel}-topic"},
        }


def test_the_event_log_has_a_destination_with_its_events() -> None:
    engine = configuration_set(
        "metrics: [], eventLog: [send, delivery]", "eventLog: {}"
    )
    assert engine.names(DESTINATION) == ["letters-event-log"]
    assert destination(engine, "event-log") == {
        "enabled": True,
        "matchingEventTypes": ["SEND", "DELIVERY"],
        "kinesisFirehoseDestination": {
            "deliveryStreamArn": "arn:aws:firehose:eu-west-1:123456789012:"
            "deliverystream/event-log-stream",
            "iamRoleArn": "arn:aws:iam::123456789012:event-log-publisher-role",
        },
    }


def test_a_set_that_keeps_nothing_does_not_write_to_the_event_log() -> None:
    engine = configuration_set("eventLog: []", "eventLog: {}")
    assert engine.names(DESTINATION) == ["letters-metrics"]


def test_a_destination_is_named_by_its_role_and_belongs_to_its_set() -> None:
    engine = configuration_set(
        "notify: {app: [reject]}, dimensions: {campaign: none}, eventLog: [send]",
        "eventLog: {}",
    )
    for role in ("metrics", "dimensions", "channel_app", "event-log"):
        found = engine.one(DESTINATION, f"letters-{role}")
        assert found.inputs["eventDestinationName"] == role
        assert found.inputs["configurationSetName"] == "ses-feedback-test-letters"
        belongs = found.input_dependencies["configurationSetName"]
        assert belongs == {engine.one(SET).urn}


API_TYPES = [
    *("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY"),
    *("OPEN", "CLICK", "RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"),
]


def test_event_types_are_in_the_order_of_the_api_however_they_are_written() -> None:
    """The provider answers them so, and compares lists."""
    backwards = ", ".join(reversed(Event))
    engine = configuration_set(
        f"notify: {{app: [{backwards}]}}, metrics: [{backwards}],"
        f" eventLog: [{backwards}], trackingDomain: track.example.com",
        "eventLog: {}",
    )
    for role in ("channel_app", "metrics", "event-log"):
        assert destination(engine, role)["matchingEventTypes"] == API_TYPES
