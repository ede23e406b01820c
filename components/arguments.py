"""Settings -> the arguments of each component; it alone knows both sides."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import pulumi

from components.account import Account
from components.alarm import Alarm
from components.alarms import alarms
from components.channel import Channel, ChannelArgs, SubscriptionArgs
from components.event_log import EventLog, EventLogArgs
from components.event_pipeline import EventLogDestination, EventPipelineArgs
from components.events import Event
from components.feedback_queue import FeedbackQueue, FeedbackQueueArgs
from components.metrics import Watched
from components.monitoring import MonitoringArgs
from components.sending_guard import SendingGuard, SendingGuardArgs
from components.sending_identity import SendingIdentityArgs
from components.service_user import ServiceUserArgs
from components.settings import Settings
from components.settings.channels import Subscription
from components.settings.credentials import ServiceUser
from components.settings.event_log import EventLog as EventLogSettings
from components.settings.monitoring import Monitoring as MonitoringSettings
from components.settings.values import has_credentials

Texts = Mapping[str, pulumi.Input[str]]


class Arguments:
    """What each component of a stack is made of."""

    def __init__(self, settings: Settings, account: Account) -> None:
        self._settings = settings
        self._account = account

    def channel(self, name: str) -> ChannelArgs:
        """A channel, with the exact identities, sets and alarms that publish to it."""
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
            "alarms": self._alarm_arns if name == settings.alarm_channel else [],
            "alarm_pattern": account.alarm_arn(settings.physical_name("*")),
            "subscriptions": {
                key: self._subscription(subscription)
                for key, subscription in channel.subscriptions.items()
            },
            "topic": channel.topic,
            "encrypted": channel.encrypted,
            "protect": settings.protect,
            "tags": settings.tags,
        }

    def event_log(self, part: EventLogSettings) -> EventLogArgs:
        """The event log, with the exact sets that write to it."""
        settings, account = self._settings, self._account
        return {
            "account_id": account.id,
            "publishers": [
                account.configuration_set_arn(settings.physical_name(name))
                for name, each in settings.configuration_sets.items()
                if each.event_log
            ],
            "publisher_pattern": account.configuration_set_arn(
                settings.physical_name("*")
            ),
            "database": settings.event_database,
            "expire_days": part.expire_days,
            "buffer_seconds": part.buffer_seconds,
            "buffer_megabytes": part.buffer_megabytes,
            "query": part.query,
            "permissions_boundary": settings.permissions_boundary,
            "protect": settings.protect,
            "tags": settings.tags,
        }

    def configuration_set(
        self, name: str, topics: Texts, event_log: EventLog | None
    ) -> EventPipelineArgs:
        """A set; `topics` has the ARN of each channel's topic."""
        configuration_set = self._settings.configuration_sets[name]
        return {
            "set_name": self._settings.physical_name(name),
            "topics": topics,
            "notify": configuration_set.notify,
            "metrics": configuration_set.metrics,
            "dimensions": configuration_set.dimensions,
            "event_log": _kept(configuration_set.event_log, event_log),
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

    def sending_guard(self, alarm_channel: Channel) -> SendingGuardArgs:
        """The guard of the sets that want one; it tells the channel that alarms do."""
        settings, account = self._settings, self._account
        return {
            "account_id": account.id,
            "sets": [
                account.configuration_set_arn(settings.physical_name(name))
                for name in settings.guarded_sets
            ],
            "alarms": {
                alarm.name: self._alarm_arn(alarm)
                for alarm in self._alarms
                if alarm.guards
            },
            "alarm_topic": alarm_channel.topic_arn,
            "alarm_key": alarm_channel.key_arn,
            "permissions_boundary": settings.permissions_boundary,
            "tags": settings.tags,
        }

    def monitoring(
        self,
        part: MonitoringSettings,
        channels: Mapping[str, Channel],
        queues: Mapping[str, FeedbackQueue],
        event_log: EventLog | None,
        guard: SendingGuard | None = None,
    ) -> MonitoringArgs:
        """Monitoring of all that the stack has."""
        topics = {name: channel.topic_arn for name, channel in channels.items()}
        return {
            "region": self._account.region,
            "partition": self._account.partition,
            "watched": self._watched(part),
            "alarm_topic": topics[part.alarms],
            "topics": topics,
            "queue_urls": {name: queue.url for name, queue in queues.items()},
            "dead_letter_queue_urls": {
                name: queue.dead_letter_url for name, queue in queues.items()
            },
            "undelivered_queue_urls": {
                name: channel.dead_letter_queue_urls
                for name, channel in channels.items()
            },
            "stream": event_log.stream_name if event_log else None,
            "guard": guard.function_arn if guard else None,
            "guard_name": guard.function_name if guard else None,
            "tags": self._settings.tags,
        }

    @cached_property
    def _alarms(self) -> list[Alarm]:
        part = self._settings.monitoring
        return alarms(self._watched(part)) if part else []

    @property
    def _alarm_arns(self) -> list[str]:
        return list(map(self._alarm_arn, self._alarms))

    def _alarm_arn(self, alarm: Alarm) -> str:
        return self._account.alarm_arn(self._settings.physical_name(alarm.name))

    def _watched(self, part: MonitoringSettings) -> Watched:
        """What the alarms and the dashboard are about, by our names."""
        settings = self._settings
        undelivered = {
            name: [
                key
                for key, subscription in channel.subscriptions.items()
                if subscription.dead_letters
            ]
            for name, channel in settings.channels.items()
        }
        asked = settings.event_log is not None and settings.event_log.query
        return {
            "name_prefix": settings.physical_name(""),
            "sets": {
                name: {
                    "metrics": each.metrics,
                    "guarded": each.pause_on_critical_alarm,
                    "kept": each.event_log if asked else [],
                    "sends_per_hour": part.sends_per_hour.get(name),
                }
                for name, each in settings.configuration_sets.items()
            },
            "channels": list(settings.channels),
            "undelivered": {name: keys for name, keys in undelivered.items() if keys},
            "queues": list(settings.queues),
            "bounce_rate": {
                "warning": part.bounce_rate.warning,
                "critical": part.bounce_rate.critical,
            },
            "complaint_rate": {
                "warning": part.complaint_rate.warning,
                "critical": part.complaint_rate.critical,
            },
            "oldest_message_minutes": part.oldest_message_minutes,
            "event_log_buffer_seconds": settings.event_log.buffer_seconds
            if settings.event_log
            else None,
            "account": {
                "daily_quota": part.account.daily_quota,
                "other_sets": part.account.other_configuration_sets,
            }
            if part.account
            else None,
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


def _kept(
    events: Sequence[Event], event_log: EventLog | None
) -> EventLogDestination | None:
    """How a set writes these events to the event log; it has a role where one does."""
    if not events or event_log is None or event_log.role_arn is None:
        return None
    return {
        "events": events,
        "stream_arn": event_log.stream_arn,
        "role_arn": event_log.role_arn,
    }
