"""A stack with every part, and who and what there is in and around it."""

from dataclasses import replace
from functools import cache

from sandbox.access import ANONYMOUS, Caller
from sandbox.principals import EVERYTHING
from tests.engine import ACCOUNT, Engine, arn_of, declare
from tests.recorded_policies import Recorded, Service, service
from tests.stacks import stack_of

STACK = """
    channels:
      customer-service:
        encrypted: true
        subscriptions:
          desk: {protocol: https, endpoint: "https://desk.example.com/ses", deadLetters: true}
      marketing:
        subscriptions:
          function:
            protocol: lambda
            endpoint: arn:aws:lambda:eu-west-1:123456789012:function:feedback:live
      oncall: {encrypted: true}
    identities:
      shop: {sender: shop.example.com, feedback: customer-service, configurationSet: transactional}
      newsletter: {sender: news@shop.example.com, feedback: marketing, configurationSet: none}
    configurationSets:
      transactional: {}
      campaigns:
        notify: {marketing: [open]}
        eventLog: [send, bounce]
        trackingDomain: track.shop.example.com
        pauseOnCriticalAlarm: true
    queues:
      desk: {channels: [customer-service]}
      marketing:
        channels: [marketing]
        consumer: {credentials: role, trust: [ecs-tasks.amazonaws.com]}
      sealed: {channels: [marketing], consumer: {credentials: pgp, pgpKey: "keybase:example"}}
      vault: {channels: [marketing], consumer: {credentials: secretsManager}}
      bare: {channels: [marketing], consumer: {credentials: none}}
    eventLog: {}
    monitoring: {alarms: oncall}
"""

OTHER = "210987654321"
"""Another account."""


@cache
def engine() -> Engine:
    """What the program declares for it."""
    return declare(stack_of(STACK))


def principals(policies: Recorded) -> dict[str, Service | Caller]:
    identity, set_ = ACCOUNT.identity_arn, ACCOUNT.configuration_set_arn

    def alarm(name: str) -> str:
        return ACCOUNT.alarm_arn(f"ses-feedback-test-{name}")

    def topic(name: str) -> str:
        return f"arn:aws:sns:{ACCOUNT.region}:{ACCOUNT.id}:{name}"

    def elsewhere(arn: str) -> str:
        return arn.replace(ACCOUNT.id, OTHER)

    def user(name: str, *own: str, account: str = ACCOUNT.id) -> Caller:
        arn = f"arn:aws:iam::{account}:user/{name}"
        context = {"aws:PrincipalArn": arn}
        return Caller(arn, account, frozenset({arn}), own, context=context)

    campaigns = set_("ses-feedback-test-campaigns")
    bounces = alarm("bounce-rate-critical_campaigns")
    warning = alarm("bounce-rate-warning_campaigns")
    action = "lambda.alarms.cloudwatch"
    stranger = user("admin", account=OTHER)
    return {
        "SES for identity shop": service("ses", identity("shop.example.com")),
        "SES for identity newsletter": service(
            "ses", identity("news@shop.example.com")
        ),
        "SES for identity of another stack": service("ses", identity("example.net")),
        "SES for set transactional": service(
            "ses", set_("ses-feedback-test-transactional")
        ),
        "SES for set campaigns": service("ses", campaigns),
        "SES for a set of another account": service("ses", elsewhere(campaigns), OTHER),
        "SES for nobody": service("ses"),
        "SNS for channel customer-service": service(
            "sns", topic("customer-service-topic")
        ),
        "SNS for channel marketing": service("sns", topic("marketing-topic")),
        "SNS for channel oncall": service("sns", topic("oncall-topic")),
        "SNS for another topic": service("sns", topic("another")),
        "CloudWatch for a critical alarm": service("cloudwatch", bounces),
        "CloudWatch for a warning": service("cloudwatch", warning),
        "CloudWatch for another alarm": service("cloudwatch", alarm("another")),
        "CloudWatch for an alarm of another account": service(
            "cloudwatch", elsewhere(bounces), OTHER
        ),
        "an action of the critical bounce alarm of campaigns": service(action, bounces),
        "an action of the critical complaint alarm of campaigns": service(
            action, alarm("complaint-rate-critical_campaigns")
        ),
        "an action of the warning of campaigns": service(action, warning),
        "an action of the critical bounce alarm of transactional": service(
            action, alarm("bounce-rate-critical_transactional")
        ),
        "an action of an alarm of another account": service(
            action, elsewhere(bounces), OTHER
        ),
        "Firehose for the account": Service(
            "firehose.amazonaws.com", {"sts:ExternalId": ACCOUNT.id}
        ),
        "Firehose for another account": Service(
            "firehose.amazonaws.com", {"sts:ExternalId": OTHER}
        ),
        "Firehose for nobody": service("firehose"),
        "Lambda": service("lambda"),
        "ECS": service("ecs-tasks"),
        "Athena": service("athena"),
        "Firehose's role": policies.role("event-log-stream-role"),
        "Firehose's role without TLS": policies.role("event-log-stream-role"),
        "SES's Firehose role": policies.role("event-log-publisher-role"),
        "the guard's role": policies.role("sending-guard-function-role"),
        "the consumer of desk, a user": policies.user("desk-consumer-user"),
        "the consumer of sealed, a user with a PGP key": policies.user(
            "sealed-consumer-user"
        ),
        "the consumer of vault, a user with a secret": policies.user(
            "vault-consumer-user"
        ),
        "the consumer of marketing, a role": policies.role("marketing-consumer-role"),
        "a user of the account without rights": user("somebody"),
        "the account's administrator": user("admin", EVERYTHING),
        "the account's administrator without TLS": user("admin", EVERYTHING),
        # What its own account lets it do is not asked: a policy here has to name it,
        # or its account.
        "an administrator of another account": replace(
            stranger, names=stranger.names | stranger.account_names
        ),
        "somebody without a name": ANONYMOUS,
    }


def resources(policies: Recorded) -> dict[str, str]:
    """By kind and name, the ARN."""

    def own(kind: str, name: str) -> str:
        return arn_of(policies.engine.one(kind, name))

    topics = {
        name: own("sns/topic:Topic", f"{name}-topic")
        for name in ("customer-service", "marketing", "oncall")
    }
    queues = {
        name: own("sqs/queue:Queue", f"{name}-queue")
        for name in ("desk", "marketing", "sealed", "vault", "bare")
    }
    bucket = own("s3/bucket:Bucket", "event-log-storage-bucket")
    guard_log = own("cloudwatch/logGroup:LogGroup", "sending-guard-log-group")
    firehose_log = own("cloudwatch/logGroup:LogGroup", "event-log-log-group")
    of_account = f"{ACCOUNT.region}:{ACCOUNT.id}"
    found = {
        "topic": {**topics, "another": f"arn:aws:sns:{of_account}:another"},
        "queue": {
            **queues,
            "desk-dead-letters": own("sqs/queue:Queue", "desk-dead-letters"),
            "undelivered": own("sqs/queue:Queue", "customer-service-dlq_desk"),
            "another": f"arn:aws:sqs:{of_account}:another",
        },
        "key": {
            name: own("kms/key:Key", f"{name}-key")
            for name in ("customer-service", "oncall")
        },
        "bucket": {"event-log": bucket, "another": "arn:aws:s3:::another"},
        "object": {
            "events": f"{bucket}/events/day=2026-05-04/1.json.gz",
            "results": f"{bucket}/results/1.csv",
            "another": "arn:aws:s3:::another/events/day=2026-05-04/1.json.gz",
        },
        "stream": {
            "event-log": own(
                "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
                "event-log-stream",
            ),
            "another": f"arn:aws:firehose:{of_account}:deliverystream/another",
        },
        "log": {
            "firehose": own("cloudwatch/logStream:LogStream", "event-log-log-stream"),
            "firehose-other": f"{firehose_log}:log-stream:another",
            "guard": f"{guard_log}:log-stream:2026/05/04/1",
            "another": f"arn:aws:logs:{of_account}:log-group:another:log-stream:1",
        },
        "set": {
            name: ACCOUNT.configuration_set_arn(f"ses-feedback-test-{name}")
            for name in ("transactional", "campaigns", "another")
        },
        "account": {"all": "*"},
        "function": {
            "guard": own("lambda/function:Function", "sending-guard-function"),
            **{
                name: f"arn:aws:lambda:{of_account}:function:{name}"
                for name in ("feedback:live", "another")
            },
        },
        "role": {
            name: own("iam/role:Role", f"{name}-role")
            for name in (
                "event-log-publisher",
                "event-log-stream",
                "sending-guard-function",
                "marketing-consumer",
            )
        },
        "secret": {
            "vault": own("secretsmanager/secret:Secret", "vault-consumer-secret_main"),
            "another": f"arn:aws:secretsmanager:{of_account}:secret:another",
        },
    }
    return {
        f"{kind} {name}": arn
        for kind, arns in found.items()
        for name, arn in arns.items()
    }
