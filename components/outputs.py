"""The stack outputs: what an application, an operator or another stack reads."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.channel import Channel
from components.event_log import EventLog
from components.event_pipeline import EventPipeline
from components.feedback_queue import FeedbackQueue
from components.monitoring import Monitoring
from components.sending_identity import SendingIdentity


def stack_outputs(
    *,
    region: str,
    channels: Mapping[str, Channel],
    configuration_sets: Mapping[str, EventPipeline],
    identities: Mapping[str, SendingIdentity],
    queues: Mapping[str, FeedbackQueue],
    event_log: EventLog | None,
    monitoring: Monitoring | None,
    routes: Mapping[str, Mapping[str, list[str]]],
) -> dict[str, Any]:
    """Each output by its name; one that would be empty is absent."""
    consumers = {name: queue.consumer for name, queue in queues.items()}
    outputs: dict[str, Any] = {
        "region": region,
        "queueUrls": {name: queue.url for name, queue in queues.items()},
        "deadLetterQueueUrls": {
            name: queue.dead_letter_url for name, queue in queues.items()
        },
        "subscriptionDeadLetterQueueUrls": _filled(
            {name: channel.dead_letter_queue_urls for name, channel in channels.items()}
        ),
        "topicArns": {name: channel.topic_arn for name, channel in channels.items()},
        "configurationSetNames": {
            name: pipeline.set_name for name, pipeline in configuration_sets.items()
        },
        "consumerAccessKeyIds": _filled(
            {name: user.access_key_ids for name, user in consumers.items()}
        ),
        "consumerSecretAccessKeys": _filled(
            {name: user.secret_access_keys for name, user in consumers.items()}
        ),
        "consumerEncryptedSecrets": _filled(
            {name: user.encrypted_secrets for name, user in consumers.items()}
        ),
        "consumerSecretArns": _filled(
            {name: user.secret_arns for name, user in consumers.items()}
        ),
        "consumerRoleArns": _filled(
            {name: user.role_arn for name, user in consumers.items()}
        ),
        "dnsRecords": _filled(
            {name: identity.dns_records for name, identity in identities.items()}
        ),
        "routes": routes,
        "eventLogBucket": event_log and event_log.bucket_name,
        "athenaWorkgroup": event_log and event_log.workgroup_name,
        "dashboardUrl": monitoring and monitoring.dashboard_url,
    }
    secret = outputs["consumerSecretAccessKeys"]
    if secret:
        outputs["consumerSecretAccessKeys"] = pulumi.Output.secret(secret)
    return _filled(outputs)


def _filled(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that have something; an output counts, whatever it turns out as."""
    return {
        name: entry
        for name, entry in entries.items()
        if isinstance(entry, pulumi.Output) or entry
    }
