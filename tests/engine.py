"""Stands in for Pulumi's engine: records what the program declares, applies nothing.

It refuses what a real engine refuses and stock mocks let pass: a URN declared twice,
and a call that nobody answers.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from components.account import Account
from sandbox.program import NO_MOCKS, Program, run

UNKNOWN = rpc.UNKNOWN
"""What an input is made of in a preview, where it is made of an unknown output."""

ACCOUNT = Account(id="123456789012", region="eu-west-1", partition="aws")


@dataclass(frozen=True)
class Resource:
    """A registered resource: its inputs as the engine gets them, secrets in clear."""

    urn: str
    type: str
    name: str
    parent: str
    """The parent's URN."""
    inputs: Mapping[str, Any]
    """In camelCase; numbers are floats, and what is unknown in a preview is UNKNOWN."""
    secret_inputs: frozenset[str]
    protect: bool
    input_dependencies: Mapping[str, frozenset[str]]
    """By input, the URNs of the resources whose outputs it is made of."""
    dependencies: frozenset[str]
    """URNs of all that it waits for, by its inputs or by `depends_on`."""
    ignore_changes: tuple[str, ...]
    retain_on_delete: bool

    @property
    def is_component(self) -> bool:
        return self.type.startswith("ses-feedback:")

    @property
    def kind(self) -> str:
        """The type without its package: `sns/topic:Topic`."""
        return self.type.partition(":")[2]

    @property
    def depends_on(self) -> frozenset[str]:
        """What it waits for without an input that is made of it."""
        return self.dependencies.difference(*self.input_dependencies.values())

    def policy(self, key: str = "policy") -> dict[str, Any]:
        """A policy document among the inputs."""
        document: dict[str, Any] = json.loads(self.inputs[key])
        return document

    def statement(self, key: str = "policy") -> dict[str, Any]:
        """The only statement of a policy document."""
        (statement,) = self.policy(key)["Statement"]
        assert isinstance(statement, dict)
        return statement


class Engine(MockMonitor):
    """Records registrations and answers them as the providers would.

    In a preview it answers no outputs, so that all of them are unknown.
    """

    def __init__(self, account: Account = ACCOUNT, *, preview: bool = False) -> None:
        super().__init__(NO_MOCKS)
        self.preview = preview
        self.by_urn: dict[str, Resource] = {}
        self.component_outputs: dict[str, dict[str, Any]] = {}
        """By URN, what a component registered as its outputs."""
        self.secret_outputs: dict[str, frozenset[str]] = {}
        """By URN, the names of those that are marked secret."""
        self.calls: list[str] = []
        """The token of each invoke."""
        self.exports: dict[str, Any] = {}
        """The stack outputs as plain values, secrets in clear."""
        self.secret_exports: frozenset[str] = frozenset()
        """The stack outputs that are marked secret."""
        self._account = account
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        wire = rpc.deserialize_properties(request.object)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=_plain(wire),
            secret_inputs=frozenset(
                key for key, value in wire.items() if rpc.is_rpc_secret(value)
            ),
            protect=request.protect,
            input_dependencies={
                key: frozenset(dependencies.urns)
                for key, dependencies in request.propertyDependencies.items()
            },
            dependencies=frozenset(request.dependencies),
            ignore_changes=tuple(request.ignoreChanges),
            retain_on_delete=request.retainOnDelete,
        )
        with self._lock:
            if urn in self.by_urn:
                raise ValueError(f"duplicate URN {urn}")
            self.by_urn[urn] = resource
        if resource.is_component or self.preview:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        outputs = _outputs(resource, self._account)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=outputs.pop("id"), object=outputs
        )

    def RegisterResourceOutputs(self, request: Any) -> None:
        outputs = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        secret = {key for key, value in outputs.items() if rpc.is_rpc_secret(value)}
        with self._lock:
            if "::pulumi:pulumi:Stack::" in request.urn:
                self.secret_exports |= secret
            else:
                self.component_outputs[request.urn] = _plain(outputs)
                self.secret_outputs[request.urn] = frozenset(secret)

    def ReadResource(self, request: Any) -> Any:
        raise ValueError(f"nobody answers the look-up of {request.type} {request.id}")

    def Invoke(self, request: Any) -> Any:
        account = self._account
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": account.id},
            "aws:index/getRegion:getRegion": {"region": account.region},
            "aws:index/getPartition:getPartition": {"partition": account.partition},
        }
        with self._lock:
            self.calls.append(request.tok)
        if request.tok not in answers:
            raise ValueError(f"nobody answers the call {request.tok}")
        answer: dict[str, Any] = {"return": answers[request.tok]}
        return resource_pb2.ResourceInvokeResponse(**answer)

    @property
    def urns(self) -> list[str]:
        return sorted(self.by_urn)

    def all(self, kind: str | None = None) -> list[Resource]:
        """The resources of a kind such as `sns/topic:Topic`, by name; else all."""
        found = (
            resource
            for resource in self.by_urn.values()
            if kind in (None, resource.kind)
        )
        return sorted(found, key=lambda resource: (resource.type, resource.name))

    def names(self, kind: str) -> list[str]:
        """The logical names of the resources of a kind."""
        return [resource.name for resource in self.all(kind)]

    def one(self, kind: str, name: str | None = None) -> Resource:
        """The only resource of a kind, or the one of that name."""
        found = [each for each in self.all(kind) if name in (None, each.name)]
        assert len(found) == 1, f"{kind} {name or ''} among {self.names(kind)}"
        return found[0]


def declare(
    program: Program, *, account: Account = ACCOUNT, preview: bool = False
) -> Engine:
    """Runs the program until everything has settled; what it declared and exported."""
    engine = Engine(account, preview=preview)
    engine.exports = run(program, engine, preview=preview)
    return engine


def texts(value: Any) -> Iterator[str]:
    """Every text within a value, the keys of maps among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def _plain(value: Any) -> Any:
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _outputs(resource: Resource, account: Account) -> dict[str, Any]:
    """The id and outputs of a created resource, as its provider names them.

    Inputs are outputs too; a name that is not stated is the logical one.
    """
    name = resource.inputs.get("name", resource.name)
    service = resource.kind.partition("/")[0]

    def of_account(service: str) -> str:
        region = "" if service == "iam" else account.region
        return f"arn:{account.partition}:{service}:{region}:{account.id}"

    arn = f"{of_account(service)}:{name}"
    outputs = {"id": f"{name}-id", "name": name, "arn": arn}
    match resource.kind:
        case "sqs/queue:Queue":
            host = f"sqs.{account.region}.amazonaws.com"
            outputs |= {"url": f"https://{host}/{account.id}/{name}"}
        case "iam/accessKey:AccessKey":
            outputs |= {
                "id": f"AKIA-{name}",
                "secret": secret_of(name),
                "encryptedSecret": f"encrypted-{name}",
            }
        case "sesv2/emailIdentity:EmailIdentity":
            tokens = ["token1", "token2", "token3"]
            outputs |= {"dkimSigningAttributes": {"tokens": tokens}}
        case "s3/bucket:Bucket":
            arn = f"arn:{account.partition}:s3:::{name}"
            outputs |= {"id": name, "bucket": name, "arn": arn}
        case "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream":
            outputs |= {"arn": f"{of_account('firehose')}:deliverystream/{name}"}
        case "cloudwatch/metricAlarm:MetricAlarm":
            outputs |= {"arn": f"{of_account('cloudwatch')}:alarm:{name}"}
        case "kms/key:Key":
            outputs |= {"arn": f"{of_account('kms')}:key/{name}"}
        case "lambda/function:Function":
            outputs |= {"arn": f"{of_account('lambda')}:function:{name}"}
        case "cloudwatch/logGroup:LogGroup":
            outputs |= {"arn": f"{of_account('logs')}:log-group:{name}"}
        case "cloudwatch/logStream:LogStream":
            group = resource.inputs["logGroupName"]
            arn = f"{of_account('logs')}:log-group:{group}:log-stream:{name}"
            outputs |= {"arn": arn}
        case "secretsmanager/secret:Secret":
            outputs |= {"id": arn}
        case "secretsmanager/secretVersion:SecretVersion":
            outputs |= {"secretArn": resource.inputs["secretId"]}
    files = (pulumi.Asset, pulumi.Archive)
    inputs = resource.inputs.items()
    # What is uploaded is read back by nobody.
    return outputs | {
        key: value for key, value in inputs if not isinstance(value, files)
    }


def arn_of(resource: Resource, account: Account = ACCOUNT) -> str:
    """The ARN that a resource gets."""
    arn = _outputs(resource, account)["arn"]
    assert isinstance(arn, str)
    return arn


def secret_of(access_key: str) -> str:
    """The secret that the access key of this logical name gets."""
    return f"secret-of-{access_key}"
