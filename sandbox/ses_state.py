"""What SES keeps: identities, their topics, configuration sets and destinations.

It is moto's state with what moto lacks, under SES's own rules of what it takes.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import ModuleType
from typing import Any, NoReturn

import moto.ses.urls
from moto.ses.models import ConfigurationSet, EmailIdentity, SESBackend

from sandbox import messages
from sandbox.publishing import Publisher
from sandbox.streaming import Producer, Stream

NOTIFICATIONS = ("Bounce", "Complaint", "Delivery")
"""What an identity can tell a topic."""

MOST_DESTINATIONS = 10

FORWARDING = "feedback_forwarding_enabled"
HEADERS = "headers"


class Reason(Enum):
    """Why a request is refused; each API of SES has its own code for it."""

    REJECTED = auto()
    INVALID = auto()
    NO_IDENTITY = auto()
    NO_SET = auto()
    NO_DESTINATION = auto()
    NO_TEMPLATE = auto()
    IDENTITY_EXISTS = auto()
    SET_EXISTS = auto()
    DESTINATION_EXISTS = auto()
    TEMPLATE_EXISTS = auto()
    TOO_MANY = auto()
    PAUSED = auto()
    CLOSED_TOPIC = auto()
    """An event destination's topic does not let SES publish."""
    CLOSED_STREAM = auto()
    """An event destination's stream, or its role, does not let SES in."""


class RefusedBySes(Exception):
    """SES does not do what it was asked for."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def refuse(reason: Reason, message: str) -> NoReturn:
    raise RefusedBySes(reason, message)


@dataclass
class Destination:
    """Where a configuration set sends some of its events."""

    enabled: bool
    types: tuple[str, ...]
    """As the API of SES v2 names them: BOUNCE."""
    target: Mapping[str, Any] = field(default_factory=dict)
    """One of SnsDestination, CloudWatchDestination..., as the API has it."""

    @property
    def topic_arn(self) -> str | None:
        topic: str | None = self.target.get("SnsDestination", {}).get("TopicArn")
        return topic

    @property
    def stream(self) -> Stream | None:
        stated = self.target.get("KinesisFirehoseDestination")
        if stated is None:
            return None
        return Stream(stated["DeliveryStreamArn"], stated["IamRoleArn"])

    def takes(self, event_type: str) -> bool:
        return self.enabled and api_name(event_type) in self.types


def api_name(event_type: str) -> str:
    """An event type of a message, or of the API's first version, as the second has it:
    RENDERING_FAILURE of `Rendering Failure` and renderingFailure."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event_type.replace(" ", ""))
    return words.upper()


def canonical(identity: str) -> str:
    """An identity as SES keeps it: of a domain the case does not count, of an address
    it does. An ARN stands for its identity."""
    name = identity.partition(":identity/")[2] or identity
    return name if "@" in name else name.lower()


class SesState(SESBackend):
    """moto's state of SES in one account and region, extended."""

    destinations: dict[str, dict[str, Destination]]
    """By configuration set and name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.destinations = {}

    @property
    def _url_module(self) -> ModuleType:
        return moto.ses.urls

    # Identities

    def create_email_identity_v2(
        self,
        email_identity: str,
        tags: list[dict[str, str]] | None,
        dkim_signing_attributes: object | None,
        configuration_set_name: str | None,
    ) -> EmailIdentity:
        """A new identity, verified at once; a domain with its three DKIM tokens."""
        name = canonical(email_identity)
        if name in self.email_identities:
            refuse(Reason.IDENTITY_EXISTS, f"Email identity {name} already exist.")
        if configuration_set_name:
            self.configuration_set(configuration_set_name)
        identity = super().create_email_identity_v2(
            name, tags, dkim_signing_attributes, configuration_set_name
        )
        identity.verified_for_sending_status = True
        identity.dkim_attributes = {
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "SigningAttributesOrigin": "AWS_SES",
            "CurrentSigningKeyLength": "RSA_2048_BIT",
            "NextSigningKeyLength": "RSA_2048_BIT",
        }
        if "@" not in name:
            identity.dkim_attributes["Tokens"] = self._dkim_tokens(name)
        return identity

    def _dkim_tokens(self, domain: str) -> list[str]:
        seeds = (f"{self.account_id} {domain} {number}" for number in range(3))
        digests = (hashlib.sha256(seed.encode()).digest() for seed in seeds)
        return [b32encode(digest).decode().lower()[:32] for digest in digests]

    def identity(self, name: str) -> EmailIdentity:
        """The identity of that name or ARN itself, not a wider one."""
        found = self.email_identities.get(canonical(name))
        if found is None:
            refuse(Reason.NO_IDENTITY, f"Email identity {name} does not exist.")
        return found

    def delete_identity(self, identity: str) -> None:
        self.email_identities.pop(canonical(identity), None)
        self.sns_topics.pop(canonical(identity), None)
        self.identity_mail_from_domains.pop(canonical(identity), None)

    def identity_arn(self, identity: EmailIdentity) -> str:
        return self._arn(f"identity/{identity.email_identity}")

    def set_default_set(self, identity: str, configuration_set: str | None) -> None:
        found = self.identity(identity)
        if configuration_set:
            self.configuration_set(configuration_set)
        found.configuration_set_name = configuration_set

    def set_mail_from(self, identity: str, domain: str | None, behavior: str) -> None:
        """`behavior` as the API's first version spells it: UseDefaultValue."""
        name = self.identity(identity).email_identity
        if not domain:
            self.identity_mail_from_domains.pop(name, None)
            return
        if not domain.lower().endswith("." + name.rpartition("@")[2].lower()):
            refuse(
                Reason.INVALID,
                f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain"
                f" of the identity <{name}>.",
            )
        self.identity_mail_from_domains[name] = {
            "mail_from_domain": domain,
            "behavior_on_mx_failure": behavior,
        }

    # Feedback of identities

    def notifications(self, identity: str) -> dict[str, Any]:
        """What an identity tells whom: a topic for each type that has one, whether
        feedback is forwarded, and the types whose notification has the headers."""
        return self.sns_topics.setdefault(
            canonical(identity), {FORWARDING: True, HEADERS: set()}
        )

    def set_identity_notification_topic(
        self, identity: str, notification_type: str, sns_topic: str | None
    ) -> None:
        """SES publishes a test message first, and refuses a topic that takes none."""
        found = self.identity(identity)
        settings = self.notifications(identity)
        if not sns_topic:
            settings.pop(notification_type, None)
            settings[HEADERS].discard(notification_type)
            return
        publisher = self._publisher(self.identity_arn(found))
        message = messages.topic_attached(
            found.email_identity, notification_type, sns_topic
        )
        if publisher.publish(sns_topic, message) is None:
            refuse(Reason.INVALID, f"SNS topic <{sns_topic}> is invalid.")
        settings[notification_type] = sns_topic

    def give_up_topic(self, identity: str, notification_type: str) -> None:
        """What SES does when a topic does not take a bounce or complaint any more: it
        removes the setting and mails the feedback from then on (SES developer guide,
        "Configuring Amazon SNS notifications")."""
        settings = self.notifications(identity)
        settings.pop(notification_type, None)
        settings[HEADERS].discard(notification_type)
        settings[FORWARDING] = True

    def set_headers_in_notifications(
        self, identity: str, notification_type: str, enabled: bool
    ) -> None:
        self.identity(identity)
        settings = self.notifications(identity)
        if enabled and notification_type not in settings:
            refuse(
                Reason.INVALID,
                f"No topic is set for {notification_type} notifications of {identity}.",
            )
        change = settings[HEADERS].add if enabled else settings[HEADERS].discard
        change(notification_type)

    def set_identity_feedback_forwarding_enabled(
        self, identity: str, enabled: bool
    ) -> None:
        self.identity(identity)
        self.notifications(identity)[FORWARDING] = enabled

    def get_identity_notification_attributes(
        self, identities: list[str]
    ) -> dict[str, dict[str, Any]]:
        return {name: self._notification_attributes(name) for name in identities}

    def _notification_attributes(self, identity: str) -> dict[str, Any]:
        settings = self.notifications(identity)
        topics = {
            f"{kind}Topic": settings[kind] for kind in NOTIFICATIONS if kind in settings
        }
        headers = {
            f"HeadersIn{kind}NotificationsEnabled": kind in settings[HEADERS]
            for kind in NOTIFICATIONS
        }
        return {"ForwardingEnabled": settings[FORWARDING], **topics, **headers}

    # Configuration sets

    def create_configuration_set(self, configuration_set_name: str) -> None:
        self._new_set(configuration_set_name)
        super().create_configuration_set(configuration_set_name)

    def create_configuration_set_v2(
        self, configuration_set_name: str, *options: Any, **more: Any
    ) -> None:
        self._new_set(configuration_set_name)
        super().create_configuration_set_v2(configuration_set_name, *options, **more)

    def _new_set(self, name: str) -> None:
        if name in self.config_sets:
            refuse(Reason.SET_EXISTS, f"Configuration set <{name}> already exists.")

    def configuration_set(self, name: str) -> ConfigurationSet:
        found = self.config_sets.get(name)
        if found is None:
            refuse(Reason.NO_SET, f"Configuration set <{name}> does not exist.")
        return found

    def describe_configuration_set(
        self, configuration_set_name: str
    ) -> ConfigurationSet:
        return self.configuration_set(configuration_set_name)

    def delete_configuration_set(self, configuration_set_name: str) -> None:
        self.configuration_set(configuration_set_name)
        super().delete_configuration_set(configuration_set_name)
        self.destinations.pop(configuration_set_name, None)

    def may_send(self, configuration_set: str) -> bool:
        """Whether a set is not paused."""
        found = self.configuration_set(configuration_set)
        return found.enabled.get("SendingEnabled", True)

    def has_reputation_metrics(self, configuration_set: str) -> bool:
        """Whether CloudWatch is told the rates of a set by itself."""
        options = self.configuration_set(configuration_set).reputation_options or {}
        return bool(options.get("ReputationMetricsEnabled"))

    def add_destination(
        self, configuration_set: str, name: str, destination: Destination
    ) -> None:
        self.configuration_set(configuration_set)
        present = self.destinations.setdefault(configuration_set, {})
        if name in present:
            refuse(
                Reason.DESTINATION_EXISTS,
                f"Event destination <{name}> already exists.",
            )
        if len(present) >= MOST_DESTINATIONS:
            refuse(
                Reason.TOO_MANY,
                f"Configuration set <{configuration_set}> has reached the maximum of"
                f" {MOST_DESTINATIONS} event destinations.",
            )
        self._attach(configuration_set, destination)
        present[name] = destination

    def change_destination(
        self, configuration_set: str, name: str, destination: Destination
    ) -> None:
        self._destination(configuration_set, name)
        self._attach(configuration_set, destination)
        self.destinations[configuration_set][name] = destination

    def remove_destination(self, configuration_set: str, name: str) -> None:
        self._destination(configuration_set, name)
        del self.destinations[configuration_set][name]

    def _destination(self, configuration_set: str, name: str) -> Destination:
        self.configuration_set(configuration_set)
        found = self.destinations.get(configuration_set, {}).get(name)
        if found is None:
            refuse(Reason.NO_DESTINATION, f"Event destination <{name}> does not exist.")
        return found

    def _attach(self, configuration_set: str, destination: Destination) -> None:
        """SES publishes a test message, and refuses a topic that does not take it, or a
        stream that it may not use."""
        if len(destination.target) != 1:
            refuse(Reason.INVALID, "An event destination has exactly one target.")
        if not destination.types:
            refuse(Reason.INVALID, "An event destination has at least one event type.")
        topic, stream = destination.topic_arn, destination.stream
        if stream is not None:
            objection = self._producer(configuration_set).objection(stream)
            if objection is not None:
                refuse(Reason.CLOSED_STREAM, objection)
        if topic is None:
            return
        publisher = self._publisher(self._set_arn(configuration_set))
        if publisher.publish(topic, messages.DESTINATION_ATTACHED) is None:
            refuse(
                Reason.CLOSED_TOPIC,
                f"Could not publish message to SNS topic <{topic}>.",
            )

    def _destinations(self, configuration_set: str) -> list[Destination]:
        return list(self.destinations.get(configuration_set, {}).values())

    def _publisher(self, source_arn: str) -> Publisher:
        return Publisher(self.account_id, self.region_name, source_arn)

    def _producer(self, configuration_set: str) -> Producer:
        source_arn = self._set_arn(configuration_set)
        return Producer(self.account_id, self.region_name, source_arn)

    def _set_arn(self, configuration_set: str) -> str:
        return self._arn(f"configuration-set/{configuration_set}")

    def _arn(self, resource: str) -> str:
        return (
            f"arn:{self.partition}:ses:{self.region_name}:{self.account_id}:{resource}"
        )
