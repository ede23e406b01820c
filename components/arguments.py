"""Settings -> the arguments of each component; it alone knows both sides."""

from collections.abc import Mapping

import pulumi

from components.account import Account
from components.channel import ChannelArgs, SubscriptionArgs
from components.event_pipeline import EventPipelineArgs
from components.feedback_queue import FeedbackQueueArgs
from components.sending_identity import SendingIdentityArgs
from components.service_user import ServiceUserArgs
from components.settings import Settings
from components.settings.channels import Subscription
from components.settings.credentials import ServiceUser
from components.settings.values import has_credentials

Texts = Mapping[str, pulumi.Input[str]]


class Arguments:
    """What each component of a stack is made of."""

    def __init__(self, settings: Settings, account: Account) -> None:
        self._settings = settings
        self._account = account

    def channel(self, name: str) -> ChannelArgs:
        """A channel, with the exact identities and sets that publish to it."""
        settings, account = self._settings, self._account
        channel = settings.channels[name]
        publishers = settings.routing.publishers(name)
        sets = map(settings.physical_name, publishers.configuration_sets)
        return {
            "account_id": account.id,
            "account_root": account.root_arn,
            "publishers": [
                *map(account.identity_arn, publishers.senders),
                *map(account.configuration_set_arn, sets),
            ],
            "publisher_patterns": [
                account.identity_arn("*"),
                account.configuration_set_arn(settings.physical_name("*")),
            ],
            "subscriptions": {
                key: self._subscription(subscription)
                for key, subscription in channel.subscriptions.items()
            },
            "topic": channel.topic,
            "encrypted": channel.encrypted,
            "protect": settings.protect,
            "tags": settings.tags,
        }

    def configuration_set(self, name: str, topics: Texts) -> EventPipelineArgs:
        """A set; `topics` has the ARN of each channel's topic."""
        configuration_set = self._settings.configuration_sets[name]
        return {
            "set_name": self._settings.physical_name(name),
            "topics": topics,
            "notify": configuration_set.notify,
            "metrics": configuration_set.metrics,
            "dimensions": configuration_set.dimensions,
            "suppress": configuration_set.suppress,
            "require_tls": configuration_set.require_tls,
            "tracking_domain": configuration_set.tracking_domain,
            "tags": self._settings.tags,
        }

    def identity(
        self, name: str, topics: Texts, configuration_sets: Texts
    ) -> SendingIdentityArgs:
        """An identity; `configuration_sets` has the name in SES of each set."""
        identity = self._settings.identities[name]
        chosen = identity.default_set
        return {
            "sender": identity.sender,
            "region": self._account.region,
            "topics": {
                event: topics[channel] for event, channel in identity.routes.items()
            },
            "forwarding": self._settings.loop.forwarding(identity),
            "original_headers": identity.original_headers,
            "configuration_set": configuration_sets[chosen] if chosen else None,
            "mail_from": identity.mail_from,
            "hosted_zone": identity.hosted_zone,
            "existing": identity.existing,
            "protect": self._settings.protect,
            "tags": self._settings.tags,
        }

    def queue(self, name: str, topics: Texts) -> FeedbackQueueArgs:
        """A queue with its consumer, listening to these topics."""
        queue = self._settings.queues[name]
        return {
            "topics": {
                channel: topics[channel] for channel in self._settings.heard_by(queue)
            },
            "visibility_seconds": queue.visibility_seconds,
            "retention_days": queue.retention_days,
            "dead_letter_after_receives": queue.dead_letters.after_receives,
            "dead_letter_retention_days": queue.dead_letters.retention_days,
            "consumer": self._service_user(queue.consumer),
            "raw": queue.raw,
            "protect": self._settings.protect,
            "tags": self._settings.tags,
        }

    def _subscription(self, subscription: Subscription) -> SubscriptionArgs:
        endpoint: pulumi.Input[str]
        if subscription.secret_endpoint is None:
            clear = endpoint = subscription.endpoint or ""
        else:
            secret = self._settings.secret_endpoints[subscription.secret_endpoint]
            clear = secret.get_secret_value()
            endpoint = pulumi.Output.secret(clear)
        return {
            "protocol": subscription.protocol,
            "endpoint": endpoint,
            "masked": has_credentials(clear),
            "raw": subscription.raw,
            "filter": subscription.filter,
            "dead_letters": subscription.dead_letters,
            "role": subscription.role,
        }

    def _service_user(self, user: ServiceUser) -> ServiceUserArgs:
        return {
            "credentials": user.credentials,
            "keys": user.keys,
            "pgp_key": user.pgp_key,
            "trust": user.trust,
            "permissions_boundary": self._settings.permissions_boundary,
            "tags": self._settings.tags,
        }
