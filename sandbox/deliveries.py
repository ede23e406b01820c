"""SNS's last step: what a topic was told reaches its subscribers, on this machine.

A queue of the account gets the message, if its policy admits the topic. Every other
subscriber gets a stand-in, which records the message; moto would call it.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import moto.sns.models
import moto.sns.urls
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from moto.sns.models import SNSBackend
from moto.sqs.models import sqs_backends

from sandbox.access import Request, admits
from sandbox.filters import lets_through

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


class Sns(SNSBackend):
    """moto's state of SNS in one account and region, with what was delivered."""

    deliveries: dict[str, list[Delivery]]
    """By SNS's id of the message."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.deliveries = defaultdict(list)

    @property
    def _url_module(self) -> ModuleType:
        return moto.sns.urls


class Subscription(moto.sns.models.Subscription):
    """A subscription that never leaves the machine."""

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
        if not self._wants(message, message_attributes):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        body = message
        if not self.attributes.get("RawMessageDelivery"):
            envelope = self.get_post_data(
                message, message_id, subject, message_attributes
            )
            body = json.dumps(envelope, indent=2)
        delivery = self._deliver(body)
        sns = self.topic.sns_backend
        if delivery is not None and isinstance(sns, Sns):
            sns.deliveries[message_id].append(delivery)

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
        redrive = json.loads(self.attributes.get("RedrivePolicy") or "{}")
        if "deadLetterTargetArn" in redrive:
            self._send(redrive["deadLetterTargetArn"], body)
        return None

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

    def private_key(self) -> RSAPrivateKey:  # type: ignore[override]
        """One key for all: moto would make one for each subscription."""
        return _signing_key()


@cache
def _signing_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _policy(queue: Any) -> str:
    """A queue without a policy is its account's alone."""
    policy: str = queue.attributes.get("Policy") or '{"Statement": []}'
    return policy
