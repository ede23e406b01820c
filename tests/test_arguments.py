"""What is handed to each component: all that it takes, and nothing of the others."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from components.account import Account
from components.arguments import Arguments
from components.channel import Channel, ChannelArgs, SubscriptionArgs
from components.credentials import Credentials
from components.event_log import EventLogArgs
from components.event_pipeline import EventPipelineArgs
from components.events import Event
from components.feedback_queue import FeedbackQueueArgs
from components.sending_guard import SendingGuardArgs
from components.sending_identity import SendingIdentityArgs
from components.service_user import ServiceUserArgs
from components.settings import NAMESPACE, Settings, StackFile

ACCOUNT = Account(id="123456789012", region="eu-west-1", partition="aws")

ALARMS = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm"

TOPICS = {"app": "arn:app", "qa": "arn:qa"}
SETS = {"letters": "ses-feedback-test-letters"}

STACK = """
    tags: {service: mail}
    protect: false
    permissionsBoundary: arn:aws:iam::123456789012:policy/limit
    channels:
        app:
            encrypted: true
            subscriptions:
                desk: {protocol: https, endpoint: "https://desk.example.com/", raw: true}
        qa: {}
    identities:
        shop:
            sender: Shop.example.com
            bounce: app
            complaint: qa
            originalHeaders: [bounce]
            configurationSet: letters
            mailFrom: bounce.shop.example.com
            hostedZone: Z0123456789ABCDEFGHIJ
        news: {sender: news@example.com, feedback: none, existing: true}
    configurationSets:
        letters:
            notify: {qa: [click]}
            metrics: [send]
            dimensions: {campaign: unnamed}
            suppress: [bounce]
            requireTls: true
            trackingDomain: track.example.com
        kept: {eventLog: [send, bounce]}
    eventLog: {expireDays: 90, bufferSeconds: 60, bufferMegabytes: 8, query: false}
    queues:
        all: {}
        some:
            channels: [qa]
            raw: true
            visibilitySeconds: 30
            retentionDays: 2
            deadLetters: {afterReceives: 3, retentionDays: 4}
            consumer: {credentials: pgp, pgpKey: "keybase:example", keys: [next]}
"""


@pytest.fixture
def settings() -> Settings:
    return settings_of(yaml.safe_load(STACK))


def settings_of(keys: Mapping[str, Any]) -> Settings:
    config = {f"{NAMESPACE}:{key}": value for key, value in keys.items()}
    file = StackFile(
        path=Path("Pulumi.test.yaml"),
        project="ses-feedback",
        stack="test",
        folder=Path(),
        config={"aws:region": "eu-west-1", **config},
    )
    return Settings.check(file, ACCOUNT)


@pytest.fixture
def arguments(settings: Settings) -> Arguments:
    return Arguments(settings, ACCOUNT)


def assert_all_of(kind: type[Any], args: Mapping[str, Any], *but: str) -> None:
    """Every key of the component's arguments is handed over, but these."""
    assert set(args) == set(kind.__annotations__) - set(but)


def test_a_channel_is_handed_its_publishers_and_subscriptions(
    arguments: Arguments,
) -> None:
    args = arguments.channel("qa")
    assert_all_of(ChannelArgs, args)
    ses = "arn:aws:ses:eu-west-1:123456789012"
    assert args == {
        "account_id": "123456789012",
        "account_root": "arn:aws:iam::123456789012:root",
        "publishers": [
            f"{ses}:identity/shop.example.com",
            f"{ses}:configuration-set/ses-feedback-test-letters",
        ],
        "publisher_patterns": [
            f"{ses}:identity/*",
            f"{ses}:configuration-set/ses-feedback-test-*",
        ],
        "alarms": [],
        "alarm_pattern": f"{ALARMS}:ses-feedback-test-*",
        "subscriptions": {},
        "topic": None,
        "encrypted": False,
        "protect": False,
        "tags": {"service": "mail"},
    }


def test_the_channel_for_alarms_is_handed_the_arn_of_each() -> None:
    keys = {**yaml.safe_load(STACK), "monitoring": {"alarms": "qa"}}
    arguments = Arguments(settings_of(keys), ACCOUNT)
    alarms = arguments.channel("qa").get("alarms", ())
    assert f"{ALARMS}:ses-feedback-test-bounce-rate-critical_letters" in alarms
    assert f"{ALARMS}:ses-feedback-test-dead-letters_some" in alarms
    assert arguments.channel("app").get("alarms") == []


def test_the_guard_is_handed_its_sets_and_their_critical_alarms() -> None:
    keys = {**yaml.safe_load(STACK), "monitoring": {"alarms": "qa"}}
    keys["configurationSets"]["kept"]["pauseOnCriticalAlarm"] = True
    told = cast(Channel, SimpleNamespace(topic_arn="arn:qa", key_arn="arn:key"))
    args = Arguments(settings_of(keys), ACCOUNT).sending_guard(told)
    assert_all_of(SendingGuardArgs, args)
    ses = "arn:aws:ses:eu-west-1:123456789012"
    assert args == {
        "account_id": "123456789012",
        "sets": [f"{ses}:configuration-set/ses-feedback-test-kept"],
        "alarms": {
            name: f"{ALARMS}:ses-feedback-test-{name}"
            for name in ("bounce-rate-critical_kept", "complaint-rate-critical_kept")
        },
        "alarm_topic": "arn:qa",
        "alarm_key": "arn:key",
        "permissions_boundary": "arn:aws:iam::123456789012:policy/limit",
        "tags": {"service": "mail"},
    }


def test_a_subscription_is_handed_over_as_it_is_written(arguments: Arguments) -> None:
    args = arguments.channel("app")
    assert args.get("encrypted") is True
    subscription = args.get("subscriptions", {})["desk"]
    assert_all_of(SubscriptionArgs, subscription)
    assert subscription == {
        "protocol": "https",
        "endpoint": "https://desk.example.com/",
        "masked": False,
        "raw": True,
        "filter": None,
        "dead_letters": False,
        "role": None,
    }


def test_a_configuration_set_is_handed_its_name_in_ses(arguments: Arguments) -> None:
    args = arguments.configuration_set("letters", TOPICS, None)
    assert_all_of(EventPipelineArgs, args)
    assert args == {
        "set_name": "ses-feedback-test-letters",
        "topics": TOPICS,
        "notify": {"qa": [Event.CLICK]},
        "metrics": [Event.SEND],
        "dimensions": {"campaign": "unnamed"},
        "event_log": None,
        "suppress": ["bounce"],
        "require_tls": True,
        "tracking_domain": "track.example.com",
        "tags": {"service": "mail"},
    }


def test_the_event_log_is_handed_the_sets_that_write_to_it(
    arguments: Arguments, settings: Settings
) -> None:
    assert settings.event_log is not None
    args = arguments.event_log(settings.event_log)
    assert_all_of(EventLogArgs, args)
    ses = "arn:aws:ses:eu-west-1:123456789012"
    assert args == {
        "account_id": "123456789012",
        "publishers": [f"{ses}:configuration-set/ses-feedback-test-kept"],
        "publisher_pattern": f"{ses}:configuration-set/ses-feedback-test-*",
        "database": "ses_feedback_test_events",
        "expire_days": 90,
        "buffer_seconds": 60,
        "buffer_megabytes": 8,
        "query": False,
        "permissions_boundary": "arn:aws:iam::123456789012:policy/limit",
        "protect": False,
        "tags": {"service": "mail"},
    }


def test_an_identity_is_handed_the_topics_of_its_routes(arguments: Arguments) -> None:
    args = arguments.identity("shop", TOPICS, SETS)
    assert_all_of(SendingIdentityArgs, args)
    assert args == {
        "sender": "shop.example.com",
        "region": "eu-west-1",
        "topics": {Event.BOUNCE: "arn:app", Event.COMPLAINT: "arn:qa"},
        "forwarding": False,
        "original_headers": [Event.BOUNCE],
        "configuration_set": "ses-feedback-test-letters",
        "mail_from": "bounce.shop.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
        "existing": False,
        "protect": False,
        "tags": {"service": "mail"},
    }


def test_an_identity_without_routes_is_handed_none(arguments: Arguments) -> None:
    args = arguments.identity("news", TOPICS, SETS)
    assert args["topics"] == {}
    assert args["forwarding"] is True
    assert args.get("existing") is True
    assert args.get("configuration_set") is None


def test_a_queue_is_handed_the_topics_of_its_channels(arguments: Arguments) -> None:
    assert arguments.queue("all", TOPICS)["topics"] == TOPICS
    args = arguments.queue("some", TOPICS)
    assert_all_of(FeedbackQueueArgs, args)
    assert args == {
        "topics": {"qa": "arn:qa"},
        "visibility_seconds": 30,
        "retention_days": 2,
        "dead_letter_after_receives": 3,
        "dead_letter_retention_days": 4,
        "consumer": args["consumer"],
        "raw": True,
        "protect": False,
        "tags": {"service": "mail"},
    }


def test_a_consumer_is_handed_its_credentials_and_the_queue_adds_what_it_may(
    arguments: Arguments,
) -> None:
    args = arguments.queue("some", TOPICS)["consumer"]
    assert_all_of(ServiceUserArgs, args, "statements")
    assert args == {
        "credentials": Credentials.PGP,
        "keys": ["next"],
        "pgp_key": "keybase:example",
        "trust": [],
        "permissions_boundary": "arn:aws:iam::123456789012:policy/limit",
        "tags": {"service": "mail"},
    }
