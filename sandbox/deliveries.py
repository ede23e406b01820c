"""SNS's last step: what a topic was told reaches its subscribers, on this machine.

A queue of the account gets the message, if its policy admits the topic. While the
account is served, HTTP(S) endpoints on this machine are called. Every other subscriber
gets a stand-in, which records the message; moto would call it.
"""

import json
import secrets
import threading
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import moto.sns.models
import moto.sns.urls
from moto.sns.models import SNSBackend
from moto.sqs.models import sqs_backends

from sandbox import envelopes, metrics
from sandbox.access import Request, admits
from sandbox.filters import lets_through
from sandbox.http_delivery import RETRIES, HttpDelivery, Letter, is_on_loopback
from sandbox.latest import Latest

SNS = "sns.amazonaws.com"


@dataclass(frozen=True)
class Delivery:
    """A message that a subscriber got."""

    protocol: str
    endpoint: str
    body: str
    """The envelope, or the bare message where delivery is raw."""
    in_queue: str | None = None
    """SQS's id of the message; None for a stand-in's."""


@dataclass(frozen=True)
class Outlet:
    """How a served account calls endpoints on this machine."""

    address: str
    """Where the account is served."""
    http: HttpDelivery
    changed: threading.Condition
    """Held while the account is used."""


class Sns(SNSBackend):
    """moto's state of SNS in one account and region, with what was delivered."""

    outlet: ClassVar[Outlet | None] = None
    """None while the account is not served: then nobody is called."""

    deliveries: Latest[Delivery]
    """By SNS's id of the message."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.deliveries = Latest()
        self._removed: dict[str, Subscription] = {}

    @property
    def _url_module(self) -> ModuleType:
        return moto.sns.urls

    def subscribe(
        self, topic_arn: str, endpoint: str, protocol: str
    ) -> moto.sns.models.Subscription:
        """An endpoint that can be called is asked first whether it wants that."""
        known = self._find_subscription(topic_arn, endpoint, protocol)
        found = super().subscribe(topic_arn, endpoint, protocol)
        assert isinstance(found, Subscription)
        if found.is_called and (known is None or found.is_pending):
            found.ask()
        return found

    def confirm(self, topic_arn: str, token: str) -> "Subscription | None":
        """The subscription that the token confirms or brings back, if there is one."""
        removed = self._removed.get(token)
        if (
            removed is not None
            and removed.topic is self.topics.get(topic_arn)
            and not self._find_subscription(
                topic_arn, removed.endpoint, removed.protocol
            )
        ):
            self.subscriptions[removed.arn] = removed
        for found in self.subscriptions.values():
            assert isinstance(found, Subscription)
            if found.topic.arn == topic_arn and found.token == token != "":
                found.attributes["PendingConfirmation"] = False
                return found
        return None

    def unsubscribe(self, subscription_arn: str) -> None:
        """An endpoint that is called is told, with a token to undo it."""
        found = self.subscriptions.get(subscription_arn)
        super().unsubscribe(subscription_arn)
        if isinstance(found, Subscription) and found.is_called and not found.is_pending:
            found.dismiss()
            self._removed[found.token] = found

    def publish(
        self, message: str, arn: str | None, *arguments: Any, **more: Any
    ) -> str:
        message_id = super().publish(message, arn, *arguments, **more)
        if arn in self.topics:
            metrics.topic_published(*_measured(self.topics[arn]))
        for topic in self.topics.values():
            # Only moto's own tests read it.
            topic.sent_notifications.clear()
        return message_id


class Subscription(moto.sns.models.Subscription):
    """A subscription that never leaves the machine."""

    token = ""
    """Confirms it, once it has been asked for."""

    needs_signature = False
    """Whether the link in its messages does not suffice to end it."""

    @property
    def is_pending(self) -> bool:
        return bool(self.attributes.get("PendingConfirmation"))

    @property
    def is_called(self) -> bool:
        """Whether there is an endpoint that is really called."""
        return (
            Sns.outlet is not None
            and self.protocol in ("http", "https")
            and is_on_loopback(self.endpoint)
        )

    def ask(self) -> None:
        """Has the endpoint asked to confirm; until it does, it is told nothing."""
        self.token = self.token or secrets.token_hex(32)
        self.attributes["PendingConfirmation"] = True
        self.attributes["ConfirmationWasAuthenticated"] = False
        self._call(envelopes.confirmation(self._post(), self.token))

    def dismiss(self) -> None:
        """Has the endpoint told that it is not subscribed any more."""
        self.token = secrets.token_hex(32)
        self._call(envelopes.dismissal(self._post(), self.token))

    def publish(
        self,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if self.is_pending:
            return
        if not self._wants(message, message_attributes):
            metrics.topic_filtered(*_measured(self.topic))
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        envelope = self.get_post_data(message, message_id, subject, message_attributes)
        if self.is_called:
            self._call(envelope)
            return
        body = message if self._is_raw else json.dumps(envelope, indent=2)
        delivery = self._deliver(body)
        if delivery is None:
            metrics.topic_failed(*_measured(self.topic))
            return
        metrics.topic_delivered(*_measured(self.topic))
        sns = self.topic.sns_backend
        assert isinstance(sns, Sns)
        sns.deliveries[message_id].append(delivery)

    def get_post_data(
        self,
        message: str,
        message_id: str,
        subject: str | None,
        message_attributes: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The envelope; moto's has a new certificate each time, and covers less."""
        return envelopes.notification(
            self._post(), message, message_id, subject, message_attributes
        )

    def _post(self) -> envelopes.Post:
        region = self.topic.sns_backend.region_name
        at_aws = f"https://sns.{region}.amazonaws.com"
        version = str(getattr(self.topic, "signature_version", "1"))
        return envelopes.Post(
            self.topic.arn,
            self.arn,
            Sns.outlet.address if Sns.outlet else at_aws,
            version if version in envelopes.DIGESTS else "1",
        )

    @property
    def _is_raw(self) -> bool:
        return str(self.attributes.get("RawMessageDelivery")).lower() == "true"

    def _call(self, envelope: dict[str, Any]) -> None:
        """Calls the endpoint, or has what it does not take as a dead letter."""
        outlet = Sns.outlet
        assert outlet is not None
        headers = {
            "x-amz-sns-message-type": envelope["Type"],
            "x-amz-sns-message-id": envelope["MessageId"],
            "x-amz-sns-topic-arn": self.topic.arn,
        }
        body = json.dumps(envelope, indent=2)
        is_notification = envelope["Type"] == "Notification"
        if envelope["Type"] != "SubscriptionConfirmation":
            headers["x-amz-sns-subscription-arn"] = self.arn
        if is_notification and self._is_raw:
            headers["x-amz-sns-rawdelivery"] = "true"
            body = envelope["Message"]

        def delivered() -> None:
            with outlet.changed:
                if is_notification and Sns.outlet is outlet:
                    metrics.topic_delivered(*_measured(self.topic))
                outlet.changed.notify_all()

        def undelivered() -> None:
            with outlet.changed:
                if is_notification and Sns.outlet is outlet:
                    metrics.topic_failed(*_measured(self.topic))
                    self._bury(body)
                outlet.changed.notify_all()

        outlet.http.post(
            Letter(
                self.endpoint, headers, body, undelivered, self._retries(), delivered
            )
        )

    def _retries(self) -> int:
        """The number of its delivery policy, if it has one."""
        policy = json.loads(self.attributes.get("DeliveryPolicy") or "{}")
        stated = policy.get("healthyRetryPolicy") or {}
        return int(stated.get("numRetries", RETRIES))

    def _wants(self, message: str, attributes: dict[str, Any] | None) -> bool:
        if self._filter_policy_matcher is None or self._filter_policy is None:
            return True
        if self.attributes.get("FilterPolicyScope") == "MessageBody":
            return lets_through(self._filter_policy, message)
        return self._filter_policy_matcher.matches(attributes, message)

    def _deliver(self, body: str) -> Delivery | None:
        """Into the queue, else into the subscription's dead-letter queue.

        SNS tries a denied delivery only once (SNS developer guide, "Message delivery
        retries"), so there is nothing to wait for.
        """
        if self.protocol != "sqs" or not self._is_of_account(self.endpoint):
            return Delivery(self.protocol, self.endpoint, body)
        in_queue = self._send(self.endpoint, body)
        if in_queue is not None:
            return Delivery(self.protocol, self.endpoint, body, in_queue)
        self._bury(body)
        return None

    def _bury(self, body: str) -> None:
        redrive = json.loads(self.attributes.get("RedrivePolicy") or "{}")
        if "deadLetterTargetArn" in redrive:
            self._send(redrive["deadLetterTargetArn"], body)

    def _is_of_account(self, queue_arn: str) -> bool:
        _, _, _, region, account_id, _ = queue_arn.split(":")
        return (region, account_id) == (
            self.topic.sns_backend.region_name,
            self.account_id,
        )

    def _send(self, queue_arn: str, body: str) -> str | None:
        """SQS's id of the message, or None where the queue does not take it."""
        _, _, _, region, account_id, name = queue_arn.split(":")
        sqs = sqs_backends[account_id][region]
        queue = sqs.queues.get(name)
        request = Request(
            SNS,
            "sqs:SendMessage",
            queue_arn,
            {"aws:SourceArn": self.topic.arn, "aws:SourceAccount": self.account_id},
        )
        if queue is None or not admits(_policy(queue), request):
            return None
        return sqs.send_message(name, body).id


def _measured(topic: Any) -> tuple[str, str, str]:
    """What CloudWatch knows a topic by: its account, region and name."""
    _, _, _, region, account_id, name = topic.arn.split(":")
    return account_id, region, name


def _policy(queue: Any) -> str:
    """A queue without a policy is its account's alone.

    Read by itself: moto counts the queue's messages for its attributes.
    """
    policy: str = queue.policy or '{"Statement": []}'
    return policy
