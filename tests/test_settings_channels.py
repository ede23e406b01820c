"""Channels; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from components.settings.channels import Protocol, misfit
from tests.snippets import checked, refusals

SOUND = [
    (Protocol.HTTP, "http://desk.example.com"),
    (Protocol.HTTPS, "https://desk.example.com:8443/ses?to=a@example.com#x"),
    (Protocol.HTTPS, "https://10.0.0.1/"),
    (Protocol.EMAIL, "managers@example.com"),
    (Protocol.EMAIL_JSON, "Managers+ses@mail.example.com"),
    (Protocol.SMS, "+15555550123"),
    (Protocol.LAMBDA, "arn:aws:lambda:eu-west-1:123456789012:function:feedback"),
    (Protocol.LAMBDA, "arn:aws:lambda:eu-west-1:123456789012:function:feedback:live"),
    (Protocol.APPLICATION, "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/mail/5f0a"),
    (Protocol.SQS, "arn:aws-cn:sqs:cn-north-1:123456789012:else_where-1"),
    (
        Protocol.FIREHOSE,
        "arn:aws:firehose:eu-west-1:123456789012:deliverystream/feedback.1",
    ),
]


@pytest.mark.parametrize(("protocol", "endpoint"), SOUND)
def test_an_endpoint_that_fits(protocol: Protocol, endpoint: str) -> None:
    assert misfit(protocol, endpoint) is None


def test_every_protocol_is_tried() -> None:
    assert {protocol for protocol, _ in SOUND} == set(Protocol)


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    "endpoint", ["", " ", "x", "é@example.com", "+1", "arn:", "\0"]
)
def test_an_endpoint_that_fits_nothing(protocol: Protocol, endpoint: str) -> None:
    assert misfit(protocol, endpoint)


@pytest.mark.parametrize(("protocol", "endpoint"), SOUND)
def test_an_endpoint_fits_with_a_line_break_no_more(
    protocol: Protocol, endpoint: str
) -> None:
    assert misfit(protocol, f"{endpoint}\n")


def test_the_defaults_of_a_channel_and_a_subscription(tmp_path: Path) -> None:
    settings = checked(
        tmp_path,
        "channels: {app: {}, qa: {subscriptions: {a: {protocol: email, endpoint: a@example.com}}}}",
    )
    channel = settings.channels["app"]
    assert (channel.encrypted, channel.topic) == (False, None)
    assert channel.subscriptions == {}
    subscription = settings.channels["qa"].subscriptions["a"]
    assert subscription.protocol is Protocol.EMAIL
    assert (subscription.raw, subscription.dead_letters) == (False, False)
    assert (subscription.filter, subscription.role) == (None, None)


def test_the_same_endpoint_may_stand_in_two_channels(tmp_path: Path) -> None:
    one = "{subscriptions: {a: {protocol: email, endpoint: a@example.com}}}"
    assert refusals(tmp_path, f"channels: {{app: {one}, qa: {one}}}") == []


def test_the_same_host_may_be_told_by_two_protocols(tmp_path: Path) -> None:
    snippet = "channels: {app: {subscriptions: {a: {protocol: email, endpoint: a@example.com}, b: {protocol: email-json, endpoint: a@example.com}}}}"
    assert refusals(tmp_path, snippet) == []


@pytest.mark.parametrize(
    "policy",
    [
        "{bounce: {bounceType: [Permanent]}}",
        "{eventType: [{prefix: B}, {anything-but: [Click]}]}",
        "{mail: {tags: {campaign: [{exists: true}]}, commonHeaders: {subject: [a]}}}",
        "{$or: [{notificationType: [Bounce]}, {eventType: [Bounce]}], mail: {source: [a]}}",
        "{send: {a: [1]}, open: {a: [1]}, click: {a: [1]}, failure: {a: [1]}, deliveryDelay: {a: [null]}}",
    ],
)
def test_filters_that_are_allowed(tmp_path: Path, policy: str) -> None:
    snippet = f"channels: {{app: {{subscriptions: {{a: {{protocol: https, endpoint: 'https://a.example.com', filter: {policy}}}}}}}}}"
    assert refusals(tmp_path, snippet) == []


def test_a_topic_that_exists_may_have_subscriptions_of_the_stack(
    tmp_path: Path,
) -> None:
    snippet = "channels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy', subscriptions: {a: {protocol: email, endpoint: a@example.com}}}}"
    assert refusals(tmp_path, snippet) == []


def test_deliveries_may_go_to_a_topic_whose_listeners_are_its_owners(
    tmp_path: Path,
) -> None:
    snippet = "channels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'}}\nidentities: {shop: {sender: shop.example.com, feedback: app, delivery: app, forwarding: false}}\nqueues: {}"
    assert refusals(tmp_path, snippet) == []
