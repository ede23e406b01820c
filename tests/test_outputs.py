"""The stack outputs, by their values over a stack with everything."""

from typing import Any

import pytest

from components.outputs import stack_outputs
from tests.engine import declare
from tests.stacks import declared, stack_of

QUEUES = "https://sqs.eu-west-1.amazonaws.com/123456789012"
TOPICS = "arn:aws:sns:eu-west-1:123456789012"

NAMES = ("everything", "rotating", "sealed", "shared", "bare")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "eu-west-1"),
        ("queueUrls", {name: f"{QUEUES}/{name}-queue" for name in NAMES}),
        ("deadLetterQueueUrls", {name: f"{QUEUES}/{name}-dead-letters" for name in NAMES}),
        (
            "subscriptionDeadLetterQueueUrls",
            {"everybody": {"crm": f"{QUEUES}/everybody-dlq_crm"}},
        ),
        (
            "topicArns",
            {
                "everybody": f"{TOPICS}:everybody-topic",
                "managers": f"{TOPICS}:managers-topic",
                "oncall": f"{TOPICS}:oncall-topic",
                "legacy": f"{TOPICS}:legacy",
                "quiet": f"{TOPICS}:quiet-topic",
            },
        ),
        (
            "configurationSetNames",
            {"plain": "ses-feedback-full-plain", "strict": "ses-feedback-full-strict"},
        ),
        (
            "consumerAccessKeyIds",
            {
                "everything": {"main": "AKIA-everything-consumer-key_main"},
                "rotating": {
                    "main": "AKIA-rotating-consumer-key_main",
                    "next": "AKIA-rotating-consumer-key_next",
                },
                "sealed": {"main": "AKIA-sealed-consumer-key_main"},
            },
        ),
        (
            "consumerSecretAccessKeys",
            {
                "everything": {"main": "secret-of-everything-consumer-key_main"},
                "rotating": {
                    "main": "secret-of-rotating-consumer-key_main",
                    "next": "secret-of-rotating-consumer-key_next",
                },
            },
        ),
        (
            "consumerEncryptedSecrets",
            {"sealed": {"main": "encrypted-sealed-consumer-key_main"}},
        ),
        (
            "consumerRoleArns",
            {"shared": "arn:aws:iam::123456789012:shared-consumer-role"},
        ),
        ("eventLogBucket", "event-log-storage-bucket"),
        (
            "dashboardUrl",
            "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/ses-feedback-full-monitoring",
        ),
    ],
)  # fmt: skip
def test_an_output_of_the_full_stack(name: str, value: Any) -> None:
    assert declared("full").exports[name] == value


def test_a_secret_in_secrets_manager_is_told_by_its_arn() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:qa-consumer-secret_main"
    assert declared("dev").exports["consumerSecretArns"] == {"qa": {"main": arn}}


def test_the_workgroup_is_told_where_the_event_log_can_be_asked() -> None:
    assert declared("prod").exports["athenaWorkgroup"] == "event-log-athena-workgroup"
    assert "athenaWorkgroup" not in declared("full").exports


def test_the_dns_records_are_by_our_name_of_the_identity() -> None:
    records = declared("full").exports["dnsRecords"]
    assert {name: len(found) for name, found in records.items()} == {
        "shop": 5,
        "blog": 3,
    }


def test_the_routes_say_by_which_way_each_channel_hears() -> None:
    heard = {
        name: {event: channels for event, channels in events.items() if channels}
        for name, events in declared("full").exports["routes"].items()
    }
    assert heard == {
        "shop": {
            "bounce": ["everybody (identity shop)"],
            "complaint": ["everybody (identity shop)"],
            "delivery": ["legacy (identity shop)"],
        },
        "newsletter": {
            "bounce": ["managers (identity newsletter)"],
            "complaint": ["oncall (identity newsletter)"],
        },
        "blog": {
            "bounce": ["everybody (configuration set strict)"],
            "complaint": ["legacy (configuration set strict)"],
            "delivery": ["everybody (identity blog)"],
            "open": ["everybody (configuration set strict)"],
        },
    }


def test_a_stack_of_one_identity_has_only_these_outputs() -> None:
    text = "identities: {shop: {sender: news@example.com, feedback: none}}"
    assert set(declare(stack_of(text)).exports) == {"region", "routes"}


def test_nothing_gives_nothing_but_the_region() -> None:
    outputs = stack_outputs(
        region="eu-west-1",
        channels={},
        configuration_sets={},
        identities={},
        queues={},
        event_log=None,
        monitoring=None,
        routes={},
    )
    assert outputs == {"region": "eu-west-1"}
