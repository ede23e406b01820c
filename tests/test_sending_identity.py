"""Identities with their topics, forwarding and DNS records, seen by their resources."""

from functools import cache
from typing import Any

import pytest

from components.account import Account
from components.sending_identity import REGIONAL_DKIM
from tests.engine import ACCOUNT, UNKNOWN, Engine, declare
from tests.stacks import declared, program, stack_of

FORWARDING = "sesv2/emailIdentityFeedbackAttributes:EmailIdentityFeedbackAttributes"
IDENTITY = "sesv2/emailIdentity:EmailIdentity"
MAIL_FROM = "sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes"
NOTIFICATION = "ses/identityNotificationTopic:IdentityNotificationTopic"
RECORD = "route53/record:Record"

TOPICS = "arn:aws:sns:eu-west-1:123456789012"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:feedback"


@cache
def identity(
    keys: str = "sender: shop.example.com, feedback: app",
    *,
    account: Account = ACCOUNT,
    name: str = "shop",
) -> Engine:
    """The only identity of a stack with channels that are read in different ways."""
    text = f"""
        channels:
            app: {{}}
            team: {{subscriptions: {{a: {{protocol: email, endpoint: a@example.com}}}}}}
            function:
                subscriptions: {{f: {{protocol: lambda, endpoint: '{FUNCTION}'}}}}
            legacy: {{topic: '{TOPICS}:legacy'}}
            nobody: {{}}
        identities: {{{name}: {{{keys}}}}}
        configurationSets: {{letters: {{}}}}
        queues: {{app: {{channels: [app]}}}}
    """.replace(ACCOUNT.region, account.region)
    return declare(stack_of(text, region=account.region), account=account)


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        pytest.param("Shop.Example.COM", "shop.example.com", id="domain"),
        pytest.param("News@Example.com", "News@Example.com", id="address"),
    ],
)
def test_an_identity_is_named_by_its_sender_in_canonical_form(
    written: str, sender: str
) -> None:
    engine = identity(f"sender: {written}, feedback: app")
    assert engine.names("index:SendingIdentity") == [sender]
    found = engine.one(IDENTITY)
    assert found.name == f"{sender}-identity"
    assert dict(found.inputs) == {"emailIdentity": sender, "tags": {}}
    for each in (*engine.all(NOTIFICATION), engine.one(FORWARDING)):
        assert each.name.startswith(f"{sender}-")
        assert sender in (each.inputs.get("identity"), each.inputs.get("emailIdentity"))


def test_another_key_for_an_identity_changes_no_resource() -> None:
    """Else the topics that the new name sets would be cleared for the old one."""
    keys = (
        "sender: shop.example.com, feedback: app, delivery: legacy,"
        " configurationSet: letters, mailFrom: bounce.shop.example.com,"
        " hostedZone: Z0123456789ABCDEFGHIJ"
    )
    assert identity(keys).by_urn == identity(keys, name="renamed").by_urn
    assert list(identity(keys, name="renamed").exports["routes"]) == ["renamed"]


def topics(engine: Engine) -> dict[str, Any]:
    """By role of a notification topic, the topic that it sets."""
    return {
        each.name.rpartition("-")[2]: each.inputs.get("topicArn")
        for each in engine.all(NOTIFICATION)
    }


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        pytest.param(
            "feedback: app",
            {"bounce": f"{TOPICS}:app-topic", "complaint": f"{TOPICS}:app-topic"},
            id="feedback",
        ),
        pytest.param(
            "bounce: app, complaint: team, delivery: legacy",
            {
                "bounce": f"{TOPICS}:app-topic",
                "complaint": f"{TOPICS}:team-topic",
                "delivery": f"{TOPICS}:legacy",
            },
            id="three channels",
        ),
        pytest.param(
            "bounce: none, complaint: app, delivery: none",
            {"complaint": f"{TOPICS}:app-topic"},
            id="none declares nothing",
        ),
        pytest.param("feedback: none", {}, id="nobody"),
    ],
)
def test_each_route_sets_a_topic(routes: str, expected: dict[str, str]) -> None:
    engine = identity(f"sender: shop.example.com, {routes}")
    assert topics(engine) == expected


def test_a_notification_topic_says_which_event_and_whether_headers() -> None:
    engine = identity(
        "sender: shop.example.com, feedback: app, delivery: app,"
        " originalHeaders: [delivery, bounce]"
    )
    assert {each.name: dict(each.inputs) for each in engine.all(NOTIFICATION)} == {
        f"shop.example.com-{event.lower()}": {
            "identity": "shop.example.com",
            "notificationType": event,
            "topicArn": f"{TOPICS}:app-topic",
            "includeOriginalHeaders": event != "Complaint",
        }
        for event in ("Bounce", "Complaint", "Delivery")
    }


def test_a_notification_topic_waits_for_its_identity_and_the_topics_policy() -> None:
    engine = identity()
    for each in engine.all(NOTIFICATION):
        assert each.input_dependencies["identity"] == {engine.one(IDENTITY).urn}
        policy = engine.one("sns/topicPolicy:TopicPolicy").urn
        assert policy in each.input_dependencies["topicArn"]


@pytest.mark.parametrize(
    ("routes", "forwarding"),
    [
        pytest.param("feedback: app", False, id="a queue of the stack"),
        pytest.param("feedback: function", False, id="a lambda"),
        pytest.param("bounce: app, complaint: function", False, id="one of each"),
        pytest.param("feedback: team", True, id="only an e-mail subscription"),
        pytest.param("bounce: app, complaint: team", True, id="one without a queue"),
        pytest.param("feedback: legacy", True, id="a topic of others"),
        pytest.param("feedback: nobody", True, id="a channel without listeners"),
        pytest.param("bounce: app, complaint: none", True, id="only bounces"),
        pytest.param("bounce: none, complaint: app", True, id="only complaints"),
        pytest.param("feedback: none", True, id="no route"),
        pytest.param("feedback: app, forwarding: true", True, id="stated on"),
        pytest.param("feedback: team, forwarding: false", False, id="stated off"),
    ],
)
def test_forwarding_is_off_only_where_an_application_hears(
    routes: str, forwarding: bool
) -> None:
    engine = identity(f"sender: shop.example.com, {routes}")
    assert dict(engine.one(FORWARDING).inputs) == {
        "emailIdentity": "shop.example.com",
        "emailForwardingEnabled": forwarding,
    }


def test_forwarding_is_set_after_the_topics() -> None:
    engine = identity("sender: shop.example.com, feedback: app, delivery: app")
    found = engine.one(FORWARDING)
    assert found.depends_on == {each.urn for each in engine.all(NOTIFICATION)}
    assert len(found.depends_on) == 3
    assert found.input_dependencies["emailIdentity"] == {engine.one(IDENTITY).urn}
    assert not found.retain_on_delete


EXISTING = "sender: news@example.com, bounce: app, complaint: none, existing: true"


def test_an_existing_identity_has_only_topics_and_forwarding() -> None:
    engine = identity(EXISTING)
    (component,) = engine.all("index:SendingIdentity")
    children = {each.kind for each in engine.all() if each.parent == component.urn}
    assert children == {NOTIFICATION, FORWARDING}
    assert "dnsRecords" not in engine.exports


def test_all_topics_of_an_existing_identity_are_declared_so_that_none_clears() -> None:
    engine = identity(EXISTING)
    assert topics(engine) == {
        "bounce": f"{TOPICS}:app-topic",
        "complaint": None,
        "delivery": None,
    }
    for each in engine.all(NOTIFICATION):
        assert each.inputs["identity"] == "news@example.com"


def test_the_forwarding_of_an_existing_identity_outlives_the_stack() -> None:
    found = identity(EXISTING).one(FORWARDING)
    assert found.retain_on_delete
    assert found.inputs["emailForwardingEnabled"] is True


@pytest.mark.parametrize("protect", [True, False])
def test_only_the_identity_itself_is_protected(protect: bool) -> None:
    engine = declare(program("full", protect=protect))
    assert {each.protect for each in engine.all(IDENTITY)} == {protect}
    for kind in (NOTIFICATION, FORWARDING, MAIL_FROM, RECORD):
        assert {each.protect for each in engine.all(kind)} == {False}


def test_the_default_set_is_there_before_the_identity() -> None:
    keys = "sender: shop.example.com, feedback: app, configurationSet: letters"
    engine = identity(keys)
    found = engine.one(IDENTITY)
    assert found.inputs["configurationSetName"] == "ses-feedback-test-letters"
    configuration_set = engine.one("sesv2/configurationSet:ConfigurationSet")
    assert found.input_dependencies["configurationSetName"] == {configuration_set.urn}


def test_an_identity_without_a_default_set_states_none() -> None:
    keys = "sender: shop.example.com, feedback: app, configurationSet: none"
    assert "configurationSetName" not in identity(keys).one(IDENTITY).inputs


DOMAIN = "sender: shop.example.com, feedback: app"
WITH_MAIL_FROM = f"{DOMAIN}, mailFrom: bounce.shop.example.com"
IN_ZONE = f"{WITH_MAIL_FROM}, hostedZone: Z0123456789ABCDEFGHIJ"


def dkim(region: str = "") -> list[dict[str, str]]:
    return [
        {
            "name": f"token{number}._domainkey.shop.example.com",
            "type": "CNAME",
            "value": f"token{number}.dkim.{region}amazonses.com",
        }
        for number in (1, 2, 3)
    ]


MAIL_FROM_RECORDS = [
    {
        "name": "bounce.shop.example.com",
        "type": "MX",
        "value": "10 feedback-smtp.eu-west-1.amazonses.com",
    },
    {
        "name": "bounce.shop.example.com",
        "type": "TXT",
        "value": "v=spf1 include:amazonses.com ~all",
    },
]


@pytest.mark.parametrize(
    ("keys", "records"),
    [
        pytest.param(DOMAIN, dkim(), id="DKIM"),
        pytest.param(WITH_MAIL_FROM, [*dkim(), *MAIL_FROM_RECORDS], id="MAIL FROM"),
        pytest.param(IN_ZONE, [*dkim(), *MAIL_FROM_RECORDS], id="made and told"),
    ],
)
def test_the_records_of_a_domain_are_exported(
    keys: str, records: list[dict[str, str]]
) -> None:
    assert identity(keys).exports["dnsRecords"] == {"shop": records}


def test_an_address_needs_no_records() -> None:
    engine = identity("sender: news@shop.example.com, feedback: app")
    assert "dnsRecords" not in engine.exports
    assert engine.all(RECORD) == []


@pytest.mark.parametrize("region", sorted(REGIONAL_DKIM))
def test_some_regions_have_dkim_targets_of_their_own(region: str) -> None:
    partition = "aws-us-gov" if region.startswith("us-gov") else "aws"
    engine = identity(DOMAIN, account=Account("123456789012", region, partition))
    assert engine.exports["dnsRecords"]["shop"] == dkim(f"{region}.")


def test_a_mail_from_domain_falls_back_to_amazons() -> None:
    engine = identity(WITH_MAIL_FROM)
    assert dict(engine.one(MAIL_FROM).inputs) == {
        "emailIdentity": "shop.example.com",
        "mailFromDomain": "bounce.shop.example.com",
        "behaviorOnMxFailure": "USE_DEFAULT_VALUE",
    }
    assert identity(DOMAIN).all(MAIL_FROM) == []


def test_the_mail_server_of_a_mail_from_domain_is_of_the_region() -> None:
    account = Account("123456789012", "us-east-2", "aws")
    records = identity(WITH_MAIL_FROM, account=account).exports["dnsRecords"]["shop"]
    assert records[3]["value"] == "10 feedback-smtp.us-east-2.amazonses.com"


def test_without_a_hosted_zone_no_record_is_made() -> None:
    assert identity(WITH_MAIL_FROM).all(RECORD) == []


def test_in_a_hosted_zone_every_record_is_made() -> None:
    engine = identity(IN_ZONE)
    roles = ["dkim-1", "dkim-2", "dkim-3", "mail-from-mx", "mail-from-txt"]
    expected = {
        f"shop.example.com-{role}": {
            "zoneId": "Z0123456789ABCDEFGHIJ",
            "name": record["name"],
            "type": record["type"],
            "ttl": 1800,
            "records": [record["value"]],
        }
        for role, record in zip(roles, [*dkim(), *MAIL_FROM_RECORDS], strict=True)
    }
    assert {each.name: dict(each.inputs) for each in engine.all(RECORD)} == expected


def test_a_preview_makes_the_records_whose_names_are_unknown() -> None:
    preview = declared("full", preview=True)
    assert preview.names(RECORD) == declared("full").names(RECORD)
    assert preview.one(RECORD, "shop.example.com-dkim-1").inputs["name"] == UNKNOWN
