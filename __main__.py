"""The feedback loop of one stack: settings -> components -> outputs."""

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.arguments import Arguments
from components.channel import Channel
from components.event_log import EventLog
from components.event_pipeline import EventPipeline
from components.feedback_queue import FeedbackQueue
from components.monitoring import Monitoring
from components.outputs import stack_outputs
from components.sending_guard import SendingGuard
from components.sending_identity import SendingIdentity
from components.settings import NAMESPACE, Settings

account = Account(
    id=aws.get_caller_identity().account_id,
    region=aws.get_region().region,
    partition=aws.get_partition().partition,
)
settings = Settings.load(pulumi.Config(NAMESPACE), account)
arguments = Arguments(settings, account)

channels = {name: Channel(name, arguments.channel(name)) for name in settings.channels}
topics = {name: channel.topic_arn for name, channel in channels.items()}

event_log = None
if settings.event_log:
    event_log = EventLog("event-log", arguments.event_log(settings.event_log))

configuration_sets = {
    name: EventPipeline(name, arguments.configuration_set(name, topics, event_log))
    for name in settings.configuration_sets
}
set_names = {name: pipeline.set_name for name, pipeline in configuration_sets.items()}

identities = {
    name: SendingIdentity(identity.sender, arguments.identity(name, topics, set_names))
    for name, identity in settings.identities.items()
}

queues = {
    name: FeedbackQueue(name, arguments.queue(name, topics)) for name in settings.queues
}

guard = None
if settings.monitoring and settings.guarded_sets:
    told = channels[settings.monitoring.alarms]
    guard = SendingGuard("sending-guard", arguments.sending_guard(told))

monitoring = None
if settings.monitoring:
    monitoring = Monitoring(
        "monitoring",
        arguments.monitoring(settings.monitoring, channels, queues, event_log, guard),
    )

outputs = stack_outputs(
    region=account.region,
    channels=channels,
    configuration_sets=configuration_sets,
    identities=identities,
    queues=queues,
    event_log=event_log,
    monitoring=monitoring,
    routes=settings.routing.table(),
)
for name, value in outputs.items():
    pulumi.export(name, value)
