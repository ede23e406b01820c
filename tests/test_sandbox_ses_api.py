"""Both APIs of SES, with the codes of their refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from tests.emulated import (
    SHOP,
    configuration_set,
    forwarded,
    identity,
    notify,
    queue,
    send,
    told,
    topic,
)


@pytest.fixture(autouse=True)
def shop(cloud: Cloud) -> None:
    identity(cloud, SHOP)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*args, **kwargs)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def send_v1(cloud: Cloud, sender: str, to: int = 1, **more: Any) -> str:
    recipients = [f"bounce+{number}@simulator.amazonses.com" for number in range(to)]
    message_id: str = cloud.client("ses").send_email(
        Source=sender,
        Destination={"ToAddresses": recipients},
        Message={
            "Subject": {"Data": "Your order"},
            "Body": {"Text": {"Data": "It is on its way."}},
        },
        **more,
    )["MessageId"]
    return message_id


def pause(cloud: Cloud, name: str, enabled: bool = False) -> None:
    cloud.client("sesv2").put_configuration_set_sending_options(
        ConfigurationSetName=name, SendingEnabled=enabled
    )


@pytest.mark.parametrize("sending", [send, send_v1])
def test_an_unverified_sender_is_refused(
    cloud: Cloud, sending: Callable[..., str]
) -> None:
    code, message = refusal(sending, cloud, "Other <a@other.example.com>")
    assert code == "MessageRejected"
    assert message == (
        "Email address is not verified. The following identities failed the check in"
        " region EU-WEST-1: a@other.example.com"
    )
    assert cloud.ses.events == {}


def test_an_unknown_set_is_refused(cloud: Cloud) -> None:
    text = "Configuration set <nope> does not exist."
    assert refusal(send, cloud, f"a@{SHOP}", configuration_set="nope") == (
        "NotFoundException",
        text,
    )
    assert refusal(send_v1, cloud, f"a@{SHOP}", ConfigurationSetName="nope") == (
        "ConfigurationSetDoesNotExist",
        text,
    )


def test_a_default_set_that_was_deleted_is_refused(cloud: Cloud) -> None:
    configuration_set(cloud, "one")
    identity(cloud, "example.org", "one")
    cloud.client("sesv2").delete_configuration_set(ConfigurationSetName="one")
    code, _ = refusal(send, cloud, "a@example.org")
    assert code == "NotFoundException"


def test_a_paused_set_is_refused_until_it_is_resumed(cloud: Cloud) -> None:
    configuration_set(cloud, "one")
    pause(cloud, "one")
    code, _ = refusal(send, cloud, f"a@{SHOP}", configuration_set="one")
    assert code == "SendingPausedException"
    code, _ = refusal(send_v1, cloud, f"a@{SHOP}", ConfigurationSetName="one")
    assert code == "ConfigurationSetSendingPausedException"
    pause(cloud, "one", enabled=True)
    assert send(cloud, f"a@{SHOP}", configuration_set="one")


def test_fifty_recipients_are_the_most(cloud: Cloud) -> None:
    assert len(cloud.ses.events[send_v1(cloud, f"a@{SHOP}", 50)]) == 51
    assert refusal(send_v1, cloud, f"a@{SHOP}", 51) == (
        "InvalidParameterValue",
        "Recipient count exceeds 50.",
    )


def test_the_first_api_sends_the_same_way(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    configuration_set(cloud, "one", "BOUNCE", topic=arn)
    tags = [{"Name": "campaign", "Value": "spring"}]
    send_v1(cloud, f"a@{SHOP}", ConfigurationSetName="one", Tags=tags)
    data = (
        f"From: b@{SHOP}\r\nTo: bounce@simulator.amazonses.com\r\n"
        "X-SES-CONFIGURATION-SET: one\r\nX-SES-MESSAGE-TAGS: campaign=autumn\r\n\r\nHi"
    )
    cloud.client("ses").send_raw_email(RawMessage={"Data": data.encode()})
    mails = [message["mail"] for message in told(cloud, url)]
    assert [mail["source"] for mail in mails] == [f"a@{SHOP}", f"b@{SHOP}"]
    assert [mail["tags"]["campaign"] for mail in mails] == [["spring"], ["autumn"]]


@pytest.mark.parametrize("address", ["a@shop.example.com", "back@shop.example.com"])
def test_the_first_api_has_a_return_path(cloud: Cloud, address: str) -> None:
    mail = send_v1(cloud, f"a@{SHOP}", ReturnPath=address)
    assert forwarded(cloud, mail) == [("Bounce", address)]


def test_an_identity_answers_what_was_set(cloud: Cloud) -> None:
    ses = cloud.client("sesv2")
    configuration_set(cloud, "one")
    ses.put_email_identity_configuration_set_attributes(
        EmailIdentity=SHOP, ConfigurationSetName="one"
    )
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity=SHOP,
        MailFromDomain=f"bounce.{SHOP}",
        BehaviorOnMxFailure="REJECT_MESSAGE",
    )
    ses.put_email_identity_feedback_attributes(
        EmailIdentity=SHOP, EmailForwardingEnabled=False
    )
    found = ses.get_email_identity(EmailIdentity=SHOP)
    assert found["IdentityType"] == "DOMAIN"
    assert found["VerifiedForSendingStatus"] is True
    assert found["ConfigurationSetName"] == "one"
    assert found["FeedbackForwardingStatus"] is False
    assert found["MailFromAttributes"] == {
        "MailFromDomain": f"bounce.{SHOP}",
        "MailFromDomainStatus": "SUCCESS",
        "BehaviorOnMxFailure": "REJECT_MESSAGE",
    }


def test_a_domain_has_three_dkim_tokens_of_its_own(cloud: Cloud) -> None:
    ses = cloud.client("sesv2")

    def tokens(name: str) -> list[str]:
        found: list[str] = ses.get_email_identity(EmailIdentity=name)["DkimAttributes"][
            "Tokens"
        ]
        return found

    made = ses.create_email_identity(EmailIdentity="example.org")["DkimAttributes"]
    assert made["Tokens"] == tokens("example.org")
    assert len({*tokens("example.org"), *tokens(SHOP)}) == 6


@pytest.mark.parametrize("domain", ["example.com", SHOP, f"x{SHOP}"])
def test_mail_from_is_below_the_domain(cloud: Cloud, domain: str) -> None:
    code, _ = refusal(
        cloud.client("sesv2").put_email_identity_mail_from_attributes,
        EmailIdentity=SHOP,
        MailFromDomain=domain,
    )
    assert code == "BadRequestException"


def test_what_is_not_there_is_not_found(cloud: Cloud) -> None:
    ses = cloud.client("sesv2")
    for call, names in (
        (ses.get_email_identity, {"EmailIdentity": "nope"}),
        (ses.put_email_identity_feedback_attributes, {"EmailIdentity": "nope"}),
        (ses.put_email_identity_mail_from_attributes, {"EmailIdentity": "nope"}),
        (ses.get_configuration_set, {"ConfigurationSetName": "nope"}),
        (
            ses.get_configuration_set_event_destinations,
            {"ConfigurationSetName": "nope"},
        ),
    ):
        assert refusal(call, **names)[0] == "NotFoundException", call
    code, _ = refusal(notify, cloud, "nope", topic(cloud), "Bounce")
    assert code == "InvalidParameterValue"


def test_event_destinations_are_changed_and_removed(cloud: Cloud) -> None:
    ses = cloud.client("sesv2")
    arn = topic(cloud)
    configuration_set(cloud, "one", "SEND", topic=arn)
    which = {"ConfigurationSetName": "one", "EventDestinationName": "destination"}
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "DELIVERY_DELAY"],
        "SnsDestination": {"TopicArn": arn},
    }
    again = refusal(
        ses.create_configuration_set_event_destination,
        **which,
        EventDestination=destination,
    )
    assert again[0] == "AlreadyExistsException"
    ses.update_configuration_set_event_destination(
        **which, EventDestination=destination
    )
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="one")
    assert found["EventDestinations"] == [{"Name": "destination", **destination}]
    ses.delete_configuration_set_event_destination(**which)
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="one")
    assert found["EventDestinations"] == []
    code, _ = refusal(ses.delete_configuration_set_event_destination, **which)
    assert code == "NotFoundException"


def test_a_set_takes_ten_destinations(cloud: Cloud) -> None:
    ses, arn = cloud.client("sesv2"), topic(cloud)
    configuration_set(cloud, "one")

    def add(number: int) -> None:
        ses.create_configuration_set_event_destination(
            ConfigurationSetName="one",
            EventDestinationName=f"destination-{number}",
            EventDestination={
                "MatchingEventTypes": ["SEND"],
                "SnsDestination": {"TopicArn": arn},
            },
        )

    for number in range(10):
        add(number)
    assert refusal(add, 10)[0] == "LimitExceededException"


def test_a_configuration_set_answers_its_options(cloud: Cloud) -> None:
    ses = cloud.client("sesv2")
    ses.create_configuration_set(
        ConfigurationSetName="one",
        DeliveryOptions={"TlsPolicy": "REQUIRE"},
        ReputationOptions={"ReputationMetricsEnabled": True},
        SuppressionOptions={"SuppressedReasons": ["BOUNCE"]},
        TrackingOptions={"CustomRedirectDomain": f"track.{SHOP}"},
    )
    found = ses.get_configuration_set(ConfigurationSetName="one")
    assert found["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert found["ReputationOptions"]["ReputationMetricsEnabled"] is True
    assert found["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE"]}
    assert found["TrackingOptions"] == {"CustomRedirectDomain": f"track.{SHOP}"}
    assert found["SendingOptions"] == {"SendingEnabled": True}
    ses.put_configuration_set_suppression_options(
        ConfigurationSetName="one", SuppressedReasons=[]
    )
    found = ses.get_configuration_set(ConfigurationSetName="one")
    assert found["SuppressionOptions"]["SuppressedReasons"] == []


def test_the_notifications_of_an_identity_are_answered(cloud: Cloud) -> None:
    arn = topic(cloud)
    notify(cloud, SHOP, arn, "Bounce", headers=True)
    found = cloud.client("ses").get_identity_notification_attributes(Identities=[SHOP])
    assert found["NotificationAttributes"][SHOP] == {
        "BounceTopic": arn,
        "ForwardingEnabled": True,
        "HeadersInBounceNotificationsEnabled": True,
        "HeadersInComplaintNotificationsEnabled": False,
        "HeadersInDeliveryNotificationsEnabled": False,
    }


def test_headers_need_a_topic(cloud: Cloud) -> None:
    code, _ = refusal(
        cloud.client("ses").set_identity_headers_in_notifications_enabled,
        Identity=SHOP,
        NotificationType="Bounce",
        Enabled=True,
    )
    assert code == "InvalidParameterValue"


def test_the_first_api_switches_forwarding_off_only_beside_two_topics(
    cloud: Cloud,
) -> None:
    ses, arn = cloud.client("ses"), topic(cloud)
    off = {"Identity": SHOP, "ForwardingEnabled": False}
    notify(cloud, SHOP, arn, "Bounce")
    code, _ = refusal(ses.set_identity_feedback_forwarding_enabled, **off)
    assert code == "InvalidParameterValue"
    notify(cloud, SHOP, arn, "Complaint")
    ses.set_identity_feedback_forwarding_enabled(**off)
    assert forwarded(cloud, send(cloud, f"a@{SHOP}")) == []


def test_an_event_destination_of_the_first_api_is_told(cloud: Cloud) -> None:
    ses, arn = cloud.client("ses"), topic(cloud)
    url = queue(cloud, "queue", arn)
    ses.create_configuration_set(ConfigurationSet={"Name": "one"})
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="one",
        EventDestination={
            "Name": "destination",
            "Enabled": True,
            "MatchingEventTypes": ["bounce", "renderingFailure"],
            "SNSDestination": {"TopicARN": arn},
        },
    )
    send(cloud, f"a@{SHOP}", configuration_set="one")
    assert [message["eventType"] for message in told(cloud, url)] == ["Bounce"]


def test_a_deleted_identity_sends_no_more(cloud: Cloud) -> None:
    cloud.client("sesv2").delete_email_identity(EmailIdentity=SHOP)
    assert refusal(send, cloud, f"a@{SHOP}")[0] == "MessageRejected"
