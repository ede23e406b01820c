"""Which identity and which set a mail is of, and who is told of what becomes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.cloud import Cloud
from tests.emulated import (
    ACCOUNT,
    SHOP,
    admitting,
    configuration_set,
    forwarded,
    identity,
    notify,
    queue,
    send,
    told,
    topic,
)

COMPLAINT = "complaint@simulator.amazonses.com"


@pytest.fixture
def by_identity(cloud: Cloud) -> dict[str, str]:
    """Identities, each with a queue that hears of its bounces."""
    urls = {}
    names = [SHOP, "news.shop.example.com", f"boss@{SHOP}", "example.org"]
    for index, name in enumerate(names):
        identity(cloud, name)
        arn = topic(cloud, f"topic-{index}")
        urls[name] = queue(cloud, f"queue-{index}", arn)
        notify(cloud, name, arn, "Bounce")
    return urls


def heard(cloud: Cloud, urls: dict[str, str]) -> list[str]:
    return [name for name, url in urls.items() if told(cloud, url)]


@pytest.mark.parametrize(
    ("sender", "heard_by"),
    [
        pytest.param(f"no-reply@{SHOP}", SHOP, id="its domain"),
        pytest.param(f"Boss <boss@{SHOP}>", f"boss@{SHOP}", id="the address itself"),
        pytest.param(f"boss+label@{SHOP}", f"boss@{SHOP}", id="without its label"),
        pytest.param(f"Boss@{SHOP}", SHOP, id="the case of an address counts"),
        pytest.param("boss@SHOP.example.com", SHOP, id="also that of its domain"),
        pytest.param("a@SHOP.Example.COM", SHOP, id="a domain has no case"),
        pytest.param(
            "a@news.shop.example.com", "news.shop.example.com", id="the sub-domain"
        ),
        pytest.param(
            "a@x.news.shop.example.com",
            "news.shop.example.com",
            id="the nearest wider domain",
        ),
        pytest.param("a@old.shop.example.com", SHOP, id="a wider domain"),
    ],
)
def test_the_most_specific_identity_applies(
    cloud: Cloud, by_identity: dict[str, str], sender: str, heard_by: str
) -> None:
    send(cloud, sender)
    assert heard(cloud, by_identity) == [heard_by]


def test_a_more_specific_identity_without_topics_hears_nothing_of_the_wider(
    cloud: Cloud, by_identity: dict[str, str]
) -> None:
    identity(cloud, f"quiet@{SHOP}")
    send(cloud, f"quiet@{SHOP}")
    assert heard(cloud, by_identity) == []


def test_a_domain_is_the_same_whatever_its_case(cloud: Cloud) -> None:
    identity(cloud, "Shop.Example.com")
    ses = cloud.client("sesv2")
    assert ses.get_email_identity(EmailIdentity=SHOP)["VerifiedForSendingStatus"]
    with pytest.raises(ses.exceptions.AlreadyExistsException):
        identity(cloud, SHOP)


def test_a_topic_changed_by_hand_changes_where_the_next_feedback_goes(
    cloud: Cloud,
) -> None:
    identity(cloud, SHOP)
    topics = [topic(cloud, "first"), topic(cloud, "second")]
    urls = {
        name: queue(cloud, name, arn) for name, arn in zip("ab", topics, strict=True)
    }
    notify(cloud, SHOP, topics[0], "Bounce")
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, urls) == ["a"]
    notify(cloud, SHOP, topics[1], "Bounce")
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, urls) == ["b"]
    notify(cloud, SHOP, None, "Bounce")
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, urls) == []


def test_only_the_types_that_have_a_topic_are_told(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    notify(cloud, SHOP, arn, "Complaint")
    send(cloud, f"a@{SHOP}", COMPLAINT)
    assert [message["notificationType"] for message in told(cloud, url)] == [
        "Complaint"
    ]


# Configuration sets


@pytest.fixture
def by_set(cloud: Cloud) -> dict[str, str]:
    """Sets, each with a queue that hears of bounces."""
    urls = {}
    for name in ("one", "two"):
        arn = topic(cloud, name)
        urls[name] = queue(cloud, name, arn)
        configuration_set(cloud, name, "BOUNCE", topic=arn)
    return urls


RAW = (
    "From: a@shop.example.com\r\nTo: bounce@simulator.amazonses.com\r\n"
    "Subject: Hello\r\n{header}\r\n\r\nHello"
)


def send_raw(cloud: Cloud, header: str, **more: Any) -> None:
    data = RAW.format(header=header).encode()
    cloud.client("sesv2").send_email(Content={"Raw": {"Data": data}}, **more)


def test_a_mail_without_a_set_has_none(cloud: Cloud, by_set: dict[str, str]) -> None:
    identity(cloud, SHOP)
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, by_set) == []


def test_the_default_set_is_of_mails_that_name_none(
    cloud: Cloud, by_set: dict[str, str]
) -> None:
    identity(cloud, SHOP, "one")
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, by_set) == ["one"]


def test_a_named_set_takes_the_place_of_the_default(
    cloud: Cloud, by_set: dict[str, str]
) -> None:
    identity(cloud, SHOP, "one")
    send(cloud, f"a@{SHOP}", configuration_set="two")
    assert heard(cloud, by_set) == ["two"]


def test_the_header_names_a_set(cloud: Cloud, by_set: dict[str, str]) -> None:
    identity(cloud, SHOP, "one")
    send_raw(cloud, "X-SES-CONFIGURATION-SET: two")
    assert heard(cloud, by_set) == ["two"]


def test_the_field_of_the_request_comes_before_the_header(
    cloud: Cloud, by_set: dict[str, str]
) -> None:
    identity(cloud, SHOP)
    send_raw(cloud, "X-SES-CONFIGURATION-SET: two", ConfigurationSetName="one")
    assert heard(cloud, by_set) == ["one"]


def test_an_address_has_not_the_default_set_of_its_domain(
    cloud: Cloud, by_set: dict[str, str]
) -> None:
    identity(cloud, SHOP, "one")
    identity(cloud, f"a@{SHOP}")
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, by_set) == []


def test_the_default_set_can_be_changed(cloud: Cloud, by_set: dict[str, str]) -> None:
    identity(cloud, SHOP, "one")
    cloud.client("sesv2").put_email_identity_configuration_set_attributes(
        EmailIdentity=SHOP, ConfigurationSetName="two"
    )
    send(cloud, f"a@{SHOP}")
    assert heard(cloud, by_set) == ["two"]


def test_a_destination_that_is_not_enabled_hears_nothing(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    configuration_set(cloud, "one", "SEND", topic=arn)
    cloud.client("sesv2").update_configuration_set_event_destination(
        ConfigurationSetName="one",
        EventDestinationName="destination",
        EventDestination={
            "Enabled": False,
            "MatchingEventTypes": ["SEND"],
            "SnsDestination": {"TopicArn": arn},
        },
    )
    send(cloud, f"a@{SHOP}", configuration_set="one")
    assert told(cloud, url) == []


def test_identity_and_set_each_tell_of_the_same_bounce(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    notify(cloud, SHOP, arn, "Bounce")
    configuration_set(cloud, "one", "SEND", "BOUNCE", topic=arn)
    send(cloud, f"a@{SHOP}", configuration_set="one")
    types = [
        (message.get("notificationType"), message.get("eventType"))
        for message in told(cloud, url)
    ]
    assert types == [(None, "Send"), ("Bounce", None), (None, "Bounce")]


def test_a_mail_with_a_virus_is_rejected(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    configuration_set(cloud, "one", "SEND", "REJECT", "BOUNCE", topic=arn)
    send_raw(cloud, "X: EICAR-STANDARD-ANTIVIRUS-TEST-FILE", ConfigurationSetName="one")
    messages = told(cloud, url)
    assert [message["eventType"] for message in messages] == ["Send", "Reject"]
    assert messages[1]["reject"] == {"reason": "Bad content"}


# Feedback by e-mail


def test_feedback_is_mailed_to_the_sender_at_first(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    mail = send(cloud, f"Shop <a@{SHOP}>", COMPLAINT)
    assert forwarded(cloud, mail) == [("Complaint", f"a@{SHOP}")]


def test_feedback_goes_to_the_return_path(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    mail = send(
        cloud, f"a@{SHOP}", FeedbackForwardingEmailAddress="back@shop.example.com"
    )
    assert forwarded(cloud, mail) == [("Bounce", "back@shop.example.com")]


def forward(cloud: Cloud, enabled: bool) -> None:
    cloud.client("sesv2").put_email_identity_feedback_attributes(
        EmailIdentity=SHOP, EmailForwardingEnabled=enabled
    )


def test_forwarding_comes_on_top_of_a_topic(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    notify(cloud, SHOP, topic(cloud), "Bounce")
    assert forwarded(cloud, send(cloud, f"a@{SHOP}")) == [("Bounce", f"a@{SHOP}")]
    forward(cloud, False)
    assert forwarded(cloud, send(cloud, f"a@{SHOP}")) == []


def test_feedback_that_nothing_takes_is_mailed_although_forwarding_is_off(
    cloud: Cloud,
) -> None:
    identity(cloud, SHOP)
    notify(cloud, SHOP, topic(cloud), "Bounce")
    forward(cloud, False)
    mail = send(cloud, f"a@{SHOP}", COMPLAINT)
    assert forwarded(cloud, mail) == [("Complaint", f"a@{SHOP}")]


def test_a_set_takes_feedback_too(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    forward(cloud, False)
    configuration_set(cloud, "one", "BOUNCE", topic=topic(cloud))
    mail = send(cloud, f"a@{SHOP}", configuration_set="one")
    assert forwarded(cloud, mail) == []
    mail = send(cloud, f"a@{SHOP}", COMPLAINT, configuration_set="one")
    assert forwarded(cloud, mail) == [("Complaint", f"a@{SHOP}")]


# Messages


def test_the_message_of_an_identity(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    notify(cloud, SHOP, arn, "Bounce")
    mail = send(cloud, f"Shop <a@{SHOP}>")
    (message,) = told(cloud, url)
    assert message.keys() == {"notificationType", "mail", "bounce"}
    assert message["mail"].keys() == {
        "timestamp",
        "source",
        "sourceArn",
        "sourceIp",
        "callerIdentity",
        "sendingAccountId",
        "messageId",
        "destination",
    }
    assert message["mail"]["messageId"] == mail
    assert message["mail"]["source"] == f"Shop <a@{SHOP}>"
    assert message["mail"]["sourceArn"] == ACCOUNT.identity_arn(SHOP)
    assert message["mail"]["sendingAccountId"] == ACCOUNT.id
    assert message["bounce"]["bounceType"] == "Permanent"


def test_the_headers_come_only_where_asked_for(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    notify(cloud, SHOP, arn, "Delivery")
    notify(cloud, SHOP, arn, "Complaint", headers=True)
    send(cloud, f"a@{SHOP}", COMPLAINT)
    mails = {
        message["notificationType"]: message["mail"] for message in told(cloud, url)
    }
    assert "headers" not in mails["Delivery"]
    assert mails["Complaint"]["headersTruncated"] is False
    assert mails["Complaint"]["commonHeaders"]["subject"] == "Your order"


def test_the_message_of_a_set(cloud: Cloud) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    configuration_set(cloud, "one", "COMPLAINT", topic=arn)
    send(
        cloud,
        f"a@{SHOP}",
        COMPLAINT,
        "one",
        EmailTags=[{"Name": "campaign", "Value": "spring"}],
    )
    (message,) = told(cloud, url)
    assert message.keys() == {"eventType", "mail", "complaint"}
    assert message["mail"]["tags"] == {
        "ses:configuration-set": ["one"],
        "ses:from-domain": [SHOP],
        "ses:source-ip": ["127.0.0.1"],
        "ses:caller-identity": ["root"],
        "campaign": ["spring"],
    }
    assert message["mail"]["commonHeaders"]["to"] == [COMPLAINT]
    assert not message["mail"].keys() & {"sourceIp", "callerIdentity"}


def close(cloud: Cloud, arn: str) -> None:
    """The topic's policy no longer admits SES."""
    cloud.client("sns").set_topic_attributes(
        TopicArn=arn,
        AttributeName="Policy",
        AttributeValue=admitting("s3.amazonaws.com", arn),
    )


def delete(cloud: Cloud, arn: str) -> None:
    cloud.client("sns").delete_topic(TopicArn=arn)


@pytest.mark.parametrize("break_it", [close, delete])
def test_a_later_failure_takes_the_topic_away_and_turns_forwarding_on(
    cloud: Cloud, break_it: Callable[[Cloud, str], None]
) -> None:
    identity(cloud, SHOP)
    arn = topic(cloud)
    notify(cloud, SHOP, arn, headers=True)
    ses = cloud.client("ses")
    ses.set_identity_feedback_forwarding_enabled(Identity=SHOP, ForwardingEnabled=False)
    break_it(cloud, arn)
    message_id = send(cloud, f"a@{SHOP}")
    assert forwarded(cloud, message_id) == [("Bounce", f"a@{SHOP}")]
    send(cloud, f"a@{SHOP}", COMPLAINT)
    found = ses.get_identity_notification_attributes(Identities=[SHOP])
    attributes = found["NotificationAttributes"][SHOP]
    assert "BounceTopic" not in attributes
    assert "ComplaintTopic" not in attributes
    assert attributes["DeliveryTopic"] == arn
    assert attributes["ForwardingEnabled"]
    assert not attributes["HeadersInBounceNotificationsEnabled"]
