"""What a stack takes for granted, made in the emulated account beforehand.

Only what its configuration says is there already; all else is for the program to make,
so that a dependency it lacks still fails.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.route53.models import FakeZone, route53_backends
from moto.sns.models import PlatformApplication, PlatformEndpoint

from components.account import Account
from components.settings import Settings
from components.settings.channels import Protocol
from sandbox.cloud import Cloud
from sandbox.functions import LAMBDA
from sandbox.principals import EVERYTHING

EXAMPLE_ACCOUNT = "123456789012"

AWS = "aws"
"""In place of the account in the ARN of a policy of AWS's own."""

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def account_of(settings: Settings) -> Account:
    """The account that the stack file's topics, functions or permissions boundary are of,
    or an example one."""
    topics = [channel.topic for channel in settings.channels.values() if channel.topic]
    functions = [
        subscription.endpoint
        for channel in settings.channels.values()
        for subscription in channel.subscriptions.values()
        if subscription.protocol is Protocol.LAMBDA and subscription.endpoint
    ]
    boundary = settings.permissions_boundary
    owners = [arn.split(":")[4] for arn in (*topics, *functions)]
    if boundary and boundary.split(":")[4] != AWS:
        owners.append(boundary.split(":")[4])
    partition = next(
        (
            name
            for start, name in PARTITIONS.items()
            if settings.region.startswith(start)
        ),
        "aws",
    )
    return Account(
        id=owners[0] if owners else EXAMPLE_ACCOUNT,
        region=settings.region,
        partition=partition,
    )


def surround(cloud: Cloud, settings: Settings) -> None:
    """Makes what the stack's configuration says exists."""
    if settings.permissions_boundary:
        _boundary(cloud, settings.permissions_boundary)
    for identity in settings.identities.values():
        if identity.existing:
            cloud.client("sesv2").create_email_identity(EmailIdentity=identity.sender)
        if identity.hosted_zone:
            _hosted_zone(cloud, identity.hosted_zone, identity.sender)
    for channel in settings.channels.values():
        if channel.topic:
            cloud.client("sns").create_topic(Name=channel.topic.rpartition(":")[2])
    for protocol, endpoint in dict.fromkeys(_endpoints(settings)):
        make = {
            "lambda": _function,
            "application": _application_endpoint,
            "sqs": _queue,
        }.get(protocol)
        if make is not None and _is_of(cloud.account, endpoint):
            make(cloud, endpoint)


def _endpoints(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every subscription's protocol and endpoint, secret ones too."""
    secrets = settings.secret_endpoints
    for channel in settings.channels.values():
        for subscription in channel.subscriptions.values():
            secret = subscription.secret_endpoint
            if subscription.endpoint is not None:
                yield subscription.protocol.value, subscription.endpoint
            elif secret is not None:
                yield subscription.protocol.value, secrets[secret].get_secret_value()


def _is_of(account: Account, arn: str) -> bool:
    _, _, _, region, account_id, _ = arn.split(":", 5)
    return (region, account_id) == (account.region, account.id)


def _hosted_zone(cloud: Cloud, zone_id: str, domain: str) -> None:
    """A zone with this id; Route 53 itself gives ids of its own."""
    account = cloud.account
    zones: dict[str, Any] = route53_backends[account.id][account.partition].zones
    if zone_id not in zones:
        make: Any = FakeZone
        zones[zone_id] = make(domain, zone_id, False, str(uuid4()))


def boundary_notes(settings: Settings) -> tuple[str, ...]:
    """What is not as in AWS of the permissions boundary, a line each."""
    boundary = settings.permissions_boundary
    if not boundary or boundary.split(":")[4] == AWS:
        return ()
    note = (
        f"ses-feedback:permissionsBoundary: what {boundary} says is not known here; a"
        " policy that allows everything stands in for it"
    )
    return (note,)


def _boundary(cloud: Cloud, arn: str) -> None:
    """A policy with this ARN: AWS's own as it is, any other with everything in it."""
    path = arn.partition(":policy")[2]
    account = cloud.account
    state = iam_backends[account.id][account.partition]
    if arn.split(":")[4] == AWS:
        name = path.rpartition("/")[2]
        known = json.loads(aws_managed_policies_data)
        if name in known:
            policy = AWSManagedPolicy.from_data(
                name, account.id, account.region, known[name]
            )
            state.managed_policies[policy.arn] = policy
        return
    cloud.client("iam").create_policy(
        PolicyName=path.rpartition("/")[2],
        Path=f"{path.rpartition('/')[0]}/",
        PolicyDocument=EVERYTHING,
    )


def _queue(cloud: Cloud, arn: str) -> None:
    """A queue of somebody else's, which admits SNS: its policy is its owner's affair."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.client("sqs").create_queue(
        QueueName=arn.rpartition(":")[2], Attributes={"Policy": json.dumps(policy)}
    )


def _function(cloud: Cloud, arn: str) -> None:
    """A function, with the alias that the ARN may name; it is never invoked."""
    name, _, alias = arn.partition(":function:")[2].partition(":")
    functions = cloud.client("lambda")
    known = {one["FunctionName"] for one in functions.list_functions()["Functions"]}
    if name not in known:
        functions.create_function(
            FunctionName=name,
            Role=_role(cloud),
            Runtime="python3.13",
            Handler="function.handler",
            Code={"ZipFile": _archive()},
            Publish=True,
        )
    if alias.isdigit():
        for version in range(2, int(alias) + 1):
            functions.update_function_code(
                FunctionName=name, ZipFile=_archive(version), Publish=True
            )
    elif alias:
        functions.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")


def _role(cloud: Cloud) -> str:
    """Whatever the function may do; it does nothing here."""
    iam, name = cloud.client("iam"), "surroundings"
    if name not in (role["RoleName"] for role in iam.list_roles()["Roles"]):
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": LAMBDA},
            "Action": "sts:AssumeRole",
        }
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )
    role: str = iam.get_role(RoleName=name)["Role"]["Arn"]
    return role


def _archive(version: int = 1) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        code = f"def handler(event, context): ...  # {version}"
        archive.writestr("function.py", code)
    return content.getvalue()


def _application_endpoint(cloud: Cloud, arn: str) -> None:
    """A device of a mobile application, with this very ARN; SNS makes up its own."""
    sns, account = cloud.sns, cloud.account
    _, platform, name, *_ = arn.rpartition(":")[2].split("/")
    application = PlatformApplication(account.id, account.region, name, platform, {})
    endpoint = PlatformEndpoint(account.id, account.region, application, "", arn, {})
    endpoint.arn = arn
    sns.platform_endpoints[arn] = endpoint
