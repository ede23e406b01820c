"""What the figures are compared with: the same work by pulumi, boto3 and moto alone.

Nothing of ours is imported here. The runner and the monitor serve both sides.
"""

import asyncio
import json
import runpy
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
from moto import mock_aws
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_pulumi_func

REGION = "eu-west-1"
ACCOUNT = "123456789012"

EVENTS = (
    "send",
    "reject",
    "bounce",
    "complaint",
    "delivery",
    "open",
    "click",
    "renderingFailure",
    "deliveryDelay",
    "subscription",
)
ROUTED = ("bounce", "complaint", "delivery")

LOOK_UPS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
}


class _Nothing(mocks.Mocks):
    """Never asked: the monitor answers everything itself."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise NotImplementedError


class Monitor(mocks.MockMonitor):
    """Answers each registration at once, and counts."""

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.registered = 0
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            self.registered += 1
        if not request.type.startswith("aws:"):
            return resource_pb2.RegisterResourceResponse(urn=urn)
        outputs = dict(rpc.deserialize_properties(request.object))
        outputs.pop("code", None)
        service = request.type.partition(":")[2].partition("/")[0]
        outputs["arn"] = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{request.name}"
        outputs.setdefault("name", request.name)
        if request.type == "aws:s3/bucket:Bucket":
            outputs["bucket"] = request.name
        if request.type == "aws:sqs/queue:Queue":
            outputs["url"] = f"https://sqs.{REGION}.amazonaws.com/{request.name}"
        if request.type == "aws:sesv2/emailIdentity:EmailIdentity":
            tokens = ["token1", "token2", "token3"]
            outputs["dkimSigningAttributes"] = {"tokens": tokens}
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=request.name, object=outputs
        )

    def RegisterResourceOutputs(self, request: Any) -> None:
        pass

    def Invoke(self, request: Any) -> Any:
        answer: dict[str, Any] = {"return": LOOK_UPS[request.tok]}
        return resource_pb2.ResourceInvokeResponse(**answer)


def run(folder: Path, config: Mapping[str, str], monitor: mocks.MockMonitor) -> None:
    """Runs the `__main__.py` of a folder until everything has settled."""

    def execute() -> None:
        runpy.run_path("__main__.py", run_name="__main__")
        root = settings.get_root_resource()
        assert root is not None
        root.register_outputs(root.outputs)  # type: ignore[attr-defined]

    async def settle() -> None:
        settings.reset_options()
        pulumi.runtime.set_all_config(dict(config))
        pulumi.runtime.set_mocks(
            _Nothing(),
            "ses-feedback",
            "bench",
            monitor=monitor,
        )
        await run_pulumi_func(execute)

    with chdir(folder):
        asyncio.run(settle())


class Bare(pulumi.ComponentResource):
    """A place in the tree, of any type."""


def declare(count: int) -> None:
    """The tree of a stack of so many domains with three routes each: one channel `app`
    and one queue `app`, written out without a thought for any other stack."""
    aws.get_caller_identity()
    aws.get_region()
    aws.get_partition()
    topic = _channel()
    senders = [sender(number) for number in range(count)]
    records = {
        f"i{number}": _identity(senders[number], topic) for number in range(count)
    }
    queue, dead_letters, key = _queue(topic)
    _parts()
    for name, value in {
        "region": REGION,
        "queueUrls": {"app": queue.url},
        "deadLetterQueueUrls": {"app": dead_letters.url},
        "topicArns": {"app": topic},
        "consumerAccessKeyIds": {"app": {"main": key.id}},
        "consumerSecretAccessKeys": pulumi.Output.secret({"app": {"main": key.secret}}),
        "dnsRecords": records,
        "routes": {
            f"i{number}": {
                event: [f"app (identity i{number})"] if event in ROUTED else []
                for event in EVENTS
            }
            for number in range(count)
        },
    }.items():
        pulumi.export(name, value)


def _parts() -> None:
    """The resources of every other part, of which each loads its service's module."""
    made: dict[str, Bare] = {}
    for each in json.loads(Path("parts.json").read_text()):
        opts = pulumi.ResourceOptions(
            parent=made.get(each["parent"]), protect=each["protect"] or None
        )
        service, is_of_aws, _ = each["type"].removeprefix("aws:").partition("/")
        if not is_of_aws:
            made[each["urn"]] = Bare(each["type"], each["name"], None, opts)
            continue
        getattr(aws, {"lambda": "lambda_"}.get(service, service))
        pulumi.CustomResource(each["type"], each["name"], each["inputs"], opts)


def sender(number: int) -> str:
    return f"d{number}.example.com"


def _component(
    kind: str, name: str, opts: pulumi.ResourceOptions | None = None
) -> Bare:
    return Bare(f"ses-feedback:index:{kind}", name, None, opts)


def _channel() -> pulumi.Output[str]:
    channel = _component("Channel", "app")
    topic = aws.sns.Topic(
        "app-topic",
        signature_version=2,
        tags={},
        opts=pulumi.ResourceOptions(parent=channel, protect=True),
    )
    policy = aws.sns.TopicPolicy(
        "app-topic-policy",
        arn=topic.arn,
        policy=topic.arn.apply(_topic_policy),
        opts=pulumi.ResourceOptions(parent=channel),
    )
    topic_arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda both: both[0])
    channel.register_outputs({"topic_arn": topic_arn, "dead_letter_queue_urls": {}})
    return topic_arn


def _topic_policy(arn: str) -> str:
    source = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/*"
    return _policy(
        "sns:Publish",
        arn,
        "ses.amazonaws.com",
        {"ArnLike": {"aws:SourceArn": source}},
    )


def _policy(
    action: Any, resource: str, service: str = "", condition: Any = None
) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    if service:
        statement["Principal"] = {"Service": service}
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _identity(domain: str, topic: pulumi.Output[str]) -> pulumi.Output[Any]:
    component = _component("SendingIdentity", domain)
    child = pulumi.ResourceOptions(parent=component)
    identity = aws.sesv2.EmailIdentity(
        f"{domain}-identity",
        email_identity=domain,
        tags={},
        opts=pulumi.ResourceOptions(parent=component, protect=True),
    )
    records = identity.dkim_signing_attributes.apply(
        lambda attributes: [
            {
                "name": f"{token}._domainkey.{domain}",
                "type": "CNAME",
                "value": f"{token}.dkim.amazonses.com",
            }
            for token in attributes.tokens or ()
        ]
    )
    topics = [
        aws.ses.IdentityNotificationTopic(
            f"{domain}-{event}",
            identity=identity.email_identity,
            notification_type=event.capitalize(),
            topic_arn=topic,
            include_original_headers=False,
            opts=child,
        )
        for event in ROUTED
    ]
    aws.sesv2.EmailIdentityFeedbackAttributes(
        f"{domain}-forwarding",
        email_identity=identity.email_identity,
        email_forwarding_enabled=False,
        opts=pulumi.ResourceOptions(parent=component, depends_on=topics),
    )
    component.register_outputs({"dns_records": records})
    return records


def _queue(
    topic: pulumi.Output[str],
) -> tuple[aws.sqs.Queue, aws.sqs.Queue, aws.iam.AccessKey]:
    component = _component("FeedbackQueue", "app")
    child = pulumi.ResourceOptions(parent=component)
    protected = pulumi.ResourceOptions(parent=component, protect=True)
    common: dict[str, Any] = {
        "receive_wait_time_seconds": 20,
        "sqs_managed_sse_enabled": True,
        "tags": {},
        "opts": protected,
    }
    dead_letters = aws.sqs.Queue(
        "app-dead-letters", message_retention_seconds=14 * 86400, **common
    )
    queue = aws.sqs.Queue(
        "app-queue",
        message_retention_seconds=7 * 86400,
        visibility_timeout_seconds=60,
        redrive_policy=dead_letters.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        ),
        **common,
    )
    aws.sqs.RedriveAllowPolicy(
        "app-redrive-allow-policy",
        queue_url=dead_letters.url,
        redrive_allow_policy=queue.arn.apply(
            lambda arn: json.dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [arn]}
            )
        ),
        opts=child,
    )
    policy = aws.sqs.QueuePolicy(
        "app-queue-policy",
        queue_url=queue.url,
        policy=pulumi.Output.all(queue.arn, topic).apply(
            lambda arns: _policy(
                "sqs:SendMessage",
                arns[0],
                "sns.amazonaws.com",
                {"ArnEquals": {"aws:SourceArn": [arns[1]]}},
            )
        ),
        opts=child,
    )
    aws.sns.TopicSubscription(
        "app-channel_app",
        topic=topic,
        protocol="sqs",
        endpoint=queue.arn,
        raw_message_delivery=False,
        opts=pulumi.ResourceOptions(parent=component, depends_on=[policy]),
    )
    key = _consumer(queue, child)
    component.register_outputs({"url": queue.url, "dead_letter_url": dead_letters.url})
    return queue, dead_letters, key


def _consumer(queue: aws.sqs.Queue, opts: pulumi.ResourceOptions) -> aws.iam.AccessKey:
    component = _component("ServiceUser", "app-consumer", opts)
    child = pulumi.ResourceOptions(parent=component)
    user = aws.iam.User("app-consumer-user", tags={}, opts=child)
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    aws.iam.UserPolicy(
        "app-consumer-user-policy",
        user=user.name,
        policy=queue.arn.apply(lambda arn: _policy(actions, arn)),
        opts=child,
    )
    key = aws.iam.AccessKey("app-consumer-key_main", user=user.name, opts=child)
    component.register_outputs({"access_key_ids": {"main": key.id}})
    return key


Call = tuple[str, str, dict[str, Any]]
"""A service, an operation of it in snake case, and its parameters."""


def call(client: Callable[[str], Any], calls: Sequence[Call]) -> None:
    """Makes the calls, one after the other."""
    for service, operation, parameters in calls:
        getattr(client(service), operation)(**parameters)


def mails(count: int, clock: Callable[[], float]) -> float:
    """Seconds for so many mails by moto's SES, each with a publication that SNS brings
    to a queue, as large as SES's own."""
    session = boto3.Session(
        aws_access_key_id="bench", aws_secret_access_key="bench", region_name=REGION
    )
    with mock_aws():
        ses, sns, sqs = (session.client(name) for name in ("sesv2", "sns", "sqs"))
        ses.create_email_identity(EmailIdentity="shop.example.com")
        topic = sns.create_topic(Name="app")["TopicArn"]
        url = sqs.create_queue(QueueName="app")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:app"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        message = json.dumps({"notificationType": "Bounce", "details": "x" * 900})
        ses.send_email(**MAIL)
        begun = clock()
        for _ in range(count):
            ses.send_email(**MAIL)
            sns.publish(TopicArn=topic, Message=message)
        seconds = clock() - begun
        assert waiting(sqs, url) == count
        return seconds


MAIL: dict[str, Any] = {
    "FromEmailAddress": "no-reply@shop.example.com",
    "Destination": {"ToAddresses": ["bounce@simulator.amazonses.com"]},
    "Content": {
        "Simple": {
            "Subject": {"Data": "Your order"},
            "Body": {"Text": {"Data": "It is on its way."}},
        }
    },
}


def waiting(sqs: Any, url: str) -> int:
    """The messages in a queue."""
    name = "ApproximateNumberOfMessages"
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(answer["Attributes"][name])
