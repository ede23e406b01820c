"""What SES keeps, and which topics it takes."""

import json

import pytest

from sandbox.cloud import Cloud
from sandbox.ses_state import api_name, canonical
from tests.emulated import (
    ACCOUNT,
    SHOP,
    admitting,
    bodies,
    configuration_set,
    forwarded,
    identity,
    notify,
    queue,
    send,
    topic,
)


def close(cloud: Cloud, arn: str, *admitted: str) -> None:
    policy = admitting("ses.amazonaws.com", arn, *admitted)
    cloud.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )


IDENTITY_ARN = ACCOUNT.identity_arn(SHOP)
SET_ARN = ACCOUNT.configuration_set_arn("one")


def test_a_topic_is_told_when_it_is_attached(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    notify(cloud, SHOP, arn, "Bounce")
    configuration_set(cloud, "one", "SEND", topic=arn)
    first, second = [json.loads(body)["Message"] for body in bodies(cloud, url)]
    assert json.loads(first)["notificationType"] == "AmazonSnsSubscriptionSucceeded"
    assert second == "Successfully validated SNS topic for Amazon SES event publishing."


def test_a_topic_that_admits_the_set_alone_is_refused_to_the_identity(
    cloud: Cloud,
) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    close(cloud, arn, SET_ARN)
    with pytest.raises(cloud.client("ses").exceptions.ClientError) as refused:
        notify(cloud, SHOP, arn, "Bounce")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert arn in refused.value.response["Error"]["Message"]
    assert forwarded(cloud, send(cloud, f"a@{SHOP}")), "and nothing is attached"
    close(cloud, arn, SET_ARN, IDENTITY_ARN)
    notify(cloud, SHOP, arn, "Bounce")


def test_a_topic_that_admits_the_identity_alone_is_refused_to_the_set(
    cloud: Cloud,
) -> None:
    arn = topic(cloud)
    close(cloud, arn, IDENTITY_ARN)
    ses = cloud.client("sesv2")
    with pytest.raises(ses.exceptions.BadRequestException) as refused:
        configuration_set(cloud, "one", "SEND", topic=arn)
    message = refused.value.response["Error"]["Message"]
    assert message == f"Could not publish message to SNS topic <{arn}>."
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="one")
    assert found["EventDestinations"] == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Shop.Example.com", "shop.example.com"),
        ("News@Shop.Example.com", "News@Shop.Example.com"),
        (ACCOUNT.identity_arn("Shop.Example.com"), "shop.example.com"),
    ],
)
def test_an_identity_is_kept_in_its_canonical_form(written: str, kept: str) -> None:
    assert canonical(written) == kept


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Rendering Failure", "RENDERING_FAILURE"),
        ("renderingFailure", "RENDERING_FAILURE"),
        ("DeliveryDelay", "DELIVERY_DELAY"),
        ("Bounce", "BOUNCE"),
    ],
)
def test_event_types_have_one_name_in_the_api(written: str, name: str) -> None:
    assert api_name(written) == name
