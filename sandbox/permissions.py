"""What a request needs to be allowed: actions, resources and condition keys.

As in AWS's "Service Authorization Reference" for SQS, SNS, S3, SES, STS, IAM and KMS,
and for the services of `sandbox.resource_arns`. Of an operation of another service the
resource is not known: a policy that asks for one cannot be judged.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.kms.utils import KEY_ID_LEN
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from sandbox import mail
from sandbox.access import UNKNOWN, Context
from sandbox.call import Call
from sandbox.resource_arns import ANY, resource_arns

BATCHES = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "PublishBatch": "Publish",
}
S3_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectAttributes": "GetObject",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""The action of an operation of S3 that is named otherwise."""

VERSIONED = (
    "DeleteObject",
    "DeleteObjectTagging",
    "GetObject",
    "GetObjectTagging",
    "PutObjectTagging",
)
"""Actions of S3 that are named otherwise for one version of an object."""

left_out: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())
"""The ARNs of objects that the caller may not delete, of those it wants deleted with
one request of S3: the others are deleted."""


@dataclass(frozen=True)
class Need:
    """One thing that has to be allowed."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    alone: bool = False
    """Whether only this is left out where it is denied, and the rest is done."""


def needs(call: Call, account_id: str) -> list[Need]:
    """What has to be allowed for a request, all of it; nothing where all may."""
    if call.operation in ("GetCallerIdentity", "GetSessionToken"):
        return []
    found = {
        "sqs": _sqs,
        "sns": _sns,
        "s3": _s3,
        "ses": _ses,
        "sesv2": _ses,
        "sts": _sts,
        "iam": _iam,
        "kms": _kms,
    }.get(call.service, _other)
    common = _common(call, account_id)
    return [
        replace(need, context={**common, **need.context})
        for need in found(call, account_id)
    ]


def conditions(account_id: str) -> dict[str, str]:
    """Condition keys of whatever is asked within the account, whoever asks."""
    now = datetime.now(UTC)
    return {
        "aws:CurrentTime": now.isoformat(timespec="seconds"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": account_id,
        "aws:ResourceAccount": account_id,
        # The endpoint has no TLS, but stands for one that has.
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
    }


def _common(call: Call, account_id: str) -> dict[str, str]:
    assert call.scope is not None
    return {
        **conditions(account_id),
        "aws:RequestedRegion": call.scope.region,
        "aws:SourceIp": "127.0.0.1",
        "aws:UserAgent": call.header("User-Agent") or "",
    }


def _arn(call: Call, account_id: str, resource: str) -> str:
    assert call.scope is not None
    region = call.scope.region
    where = {"iam": f":{account_id}", "sts": f":{account_id}", "s3": ":"}.get(
        call.action_service, f"{region}:{account_id}"
    )
    return f"arn:{get_partition(region)}:{call.action_service}:{where}:{resource}"


def _other(call: Call, account_id: str) -> Iterator[Need]:
    where = _arn(call, account_id, "").removesuffix(":")
    found = resource_arns(call.service, call.operation, call.parameters, where)
    for resource in found or [UNKNOWN]:
        yield Need(f"{call.action_service}:{call.operation}", resource)


def _sqs(call: Call, account_id: str) -> Iterator[Need]:
    parameters, operation = call.parameters, call.operation
    if operation == "StartMessageMoveTask":
        # As in the SQS developer guide, "Configuring queue permissions".
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            yield Need(f"sqs:{action}", parameters["SourceArn"])
        if to := parameters.get("DestinationArn"):
            yield Need("sqs:SendMessage", to)
    url = parameters.get("QueueUrl")
    name = url.rpartition("/")[2] if url else parameters.get("QueueName")
    unnamed = ANY if operation == "ListQueues" else UNKNOWN
    arn = parameters.get("SourceArn") or (
        _arn(call, account_id, name) if name else unnamed
    )
    yield Need(f"sqs:{BATCHES.get(operation, operation)}", arn)


def _sns(call: Call, account_id: str) -> Iterator[Need]:
    parameters = call.parameters
    arn = next(
        (
            parameters[name]
            for name in (
                "TopicArn",
                "TargetArn",
                "ResourceArn",
                "PlatformApplicationArn",
                "EndpointArn",
            )
            if parameters.get(name)
        ),
        ANY,
    )
    if subscription := parameters.get("SubscriptionArn"):
        arn = subscription.rpartition(":")[0]
    if call.operation == "CreateTopic":
        arn = _arn(call, account_id, parameters.get("Name", ""))
    context = {
        f"sns:{name}": parameters[name]
        for name in ("Protocol", "Endpoint")
        if name in parameters
    }
    action = BATCHES.get(call.operation, call.operation)
    yield Need(f"sns:{action}", arn, context)
    if action == "Publish":
        yield from _topic_key(call, account_id, arn)


def _topic_key(call: Call, account_id: str, arn: str) -> Iterator[Need]:
    """Whoever publishes to an encrypted topic needs its key too (SNS developer guide,
    "Key management"), but for AWS's own, which everybody of the account may use."""
    assert call.scope is not None
    topic = sns_backends[account_id][call.scope.region].topics.get(arn)
    name = topic.kms_master_key_id if topic else None
    if name and "alias/aws/" not in name:
        key = _key(call, account_id, name)
        yield Need("kms:GenerateDataKey", key)
        yield Need("kms:Decrypt", key)


def _s3(call: Call, account_id: str) -> Iterator[Need]:
    parameters, operation = call.parameters, call.operation
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    action = S3_ACTIONS.get(operation, operation)
    if parameters.get("VersionId"):
        action = _of_version(action)
    context = _s3_context(call)
    bypasses = call.header("x-amz-bypass-governance-retention") is not None

    def need(action: str, resource: str, *, alone: bool = False) -> Need:
        arn = _arn(call, account_id, resource)
        return Need(f"s3:{action}", arn, context, alone)

    if operation == "DeleteObjects":
        for one in parameters.get("Delete", {}).get("Objects", []):
            where = f"{bucket}/{one['Key']}"
            version = one.get("VersionId")
            deletes = _of_version("DeleteObject") if version else "DeleteObject"
            yield need(deletes, where, alone=True)
            if bypasses:
                yield need("BypassGovernanceRetention", where, alone=True)
        return
    yield need(action, f"{bucket}/{key}" if key else bucket or ANY)
    if source := parameters.get("CopySource"):
        path, _, version = str(source).lstrip("/").partition("?versionId=")
        gets = _of_version("GetObject") if version else "GetObject"
        yield need(gets, unquote(path))
    for header, also in (
        ("x-amz-acl", "PutObjectAcl"),
        ("x-amz-tagging", "PutObjectTagging"),
        ("x-amz-object-lock-mode", "PutObjectRetention"),
        ("x-amz-object-lock-legal-hold", "PutObjectLegalHold"),
    ):
        if action == "PutObject" and call.header(header):
            yield need(also, f"{bucket}/{key}")
    if bypasses and operation in ("DeleteObject", "PutObjectRetention"):
        yield need("BypassGovernanceRetention", f"{bucket}/{key}")


def _of_version(action: str) -> str:
    """GetObjectVersionTagging of GetObjectTagging."""
    return action.replace("Object", "ObjectVersion") if action in VERSIONED else action


def _s3_context(call: Call) -> dict[str, str]:
    context = {
        f"s3:{name.lower()}": value
        for name, value in call.headers
        if name.lower().startswith("x-amz-")
        or name.lower() in ("if-match", "if-none-match")
    }
    for name in ("prefix", "delimiter", "max-keys", "versionId"):
        if name in call.arguments:
            context[f"s3:{name}"] = call.arguments[name]
    return context


def _ses(call: Call, account_id: str) -> Iterator[Need]:
    if call.operation.startswith("Send"):
        yield from _ses_sending(call, account_id)
        return
    version = "2" if call.service == "sesv2" else "1"
    context = {"ses:ApiVersion": version}
    yield Need(f"ses:{call.operation}", _ses_resource(call, account_id) or ANY, context)


def _ses_resource(call: Call, account_id: str) -> str | None:
    """What an operation of SES is about."""
    parameters = call.parameters
    for name, kind in (
        ("EmailIdentity", "identity"),
        ("ConfigurationSetName", "configuration-set"),
        ("TemplateName", "template"),
        ("ContactListName", "contact-list"),
        ("PoolName", "dedicated-ip-pool"),
    ):
        value = parameters.get(name)
        if value and call.service == "sesv2":
            return _arn(call, account_id, f"{kind}/{value}")
    arn: str | None = parameters.get("ResourceArn")
    return arn


def _ses_sending(call: Call, account_id: str) -> Iterator[Need]:
    """The identity that is sent from, and the set and template that are used."""
    parameters = call.parameters
    content = parameters.get("Content", {})
    source = parameters.get("FromEmailAddress") or parameters.get("Source")
    template = parameters.get("Template") or (
        content.get("Template") or parameters.get("DefaultContent", {}).get("Template")
    )
    if isinstance(template, Mapping):
        template = template.get("TemplateName")
    raw = content.get("Raw") or parameters.get("RawMessage")
    recipients = list(_recipients(parameters))
    named = parameters.get("ConfigurationSetName")
    if raw is not None:
        read = mail.raw(
            raw["Data"],
            source=source,
            recipients=recipients or parameters.get("Destinations", ()),
            configuration_set=named,
        )
        source, recipients = read.source, list(read.recipients)
        named = read.configuration_set
    name, address = parseaddr(source or "")
    action = _sending_action(call.operation, is_raw=raw is not None, template=template)
    feedback = parameters.get("FeedbackForwardingEmailAddress") or parameters.get(
        "ReturnPath"
    )
    context: dict[str, Any] = {
        "ses:ApiVersion": "2" if call.service == "sesv2" else "1",
        "ses:FromAddress": address,
        "ses:FromDisplayName": name,
        "ses:Recipients": [parseaddr(one)[1] for one in recipients],
        "ses:FeedbackAddress": feedback or address,
    }
    resources = [f"identity/{_identity(call, account_id, address)}"]
    if named:
        resources.append(f"configuration-set/{named}")
    if template:
        resources.append(f"template/{template}")
    for resource in resources:
        yield Need(f"ses:{action}", _arn(call, account_id, resource), context)


def _sending_action(operation: str, *, is_raw: bool, template: str | None) -> str:
    if operation == "SendBulkEmail":
        return "SendBulkTemplatedEmail"
    if operation == "SendEmail" and is_raw:
        return "SendRawEmail"
    if operation == "SendEmail" and template:
        return "SendTemplatedEmail"
    return operation


def _identity(call: Call, account_id: str, address: str) -> str:
    """The identity whose mail it is; the address itself where none is verified."""

    assert call.scope is not None
    ses: Any = ses_backends[account_id][call.scope.region]
    found = ses.verified_for(address)
    return str(found.email_identity) if found else address


def _recipients(parameters: Mapping[str, Any]) -> Iterator[str]:
    destinations = [parameters.get("Destination", {})]
    for name in ("Destinations", "BulkEmailEntries"):
        for entry in parameters.get(name, ()):
            if isinstance(entry, Mapping):
                destinations.append(entry.get("Destination", {}))
    for destination in destinations:
        for addresses in destination.values():
            yield from addresses


def _sts(call: Call, account_id: str) -> Iterator[Need]:
    parameters = call.parameters
    context = {
        f"sts:{name}": parameters[name]
        for name in ("ExternalId", "RoleSessionName")
        if name in parameters
    }
    arn = parameters.get("RoleArn") or ANY
    if call.operation == "GetFederationToken":
        arn = _arn(call, account_id, f"federated-user/{parameters.get('Name')}")
    yield Need(f"sts:{call.operation}", arn, context)


def _iam(call: Call, account_id: str) -> Iterator[Need]:
    resource = UNKNOWN
    for name in ("User", "Role", "Group", "Policy"):
        value = call.parameters.get(f"{name}Name")
        if value and (name != "Policy" or "Policy" in call.operation):
            resource = _arn(call, account_id, f"{name.lower()}/{value}")
            break
    yield Need(f"iam:{call.operation}", call.parameters.get("PolicyArn") or resource)


def _kms(call: Call, account_id: str) -> Iterator[Need]:
    parameters, operation = call.parameters, call.operation
    if alias := parameters.get("AliasName"):
        yield Need(f"kms:{operation}", _arn(call, account_id, alias))
    if operation == "ReEncrypt":
        source = _key_of_ciphertext(parameters)
        yield Need("kms:ReEncryptFrom", _key(call, account_id, source))
        to = parameters.get("DestinationKeyId", "")
        yield Need("kms:ReEncryptTo", _key(call, account_id, to))
        return
    key = parameters.get("KeyId") or parameters.get("TargetKeyId")
    if key is None and "CiphertextBlob" in parameters:
        key = _key_of_ciphertext(parameters)
    if key:
        yield Need(f"kms:{operation}", _key(call, account_id, key))
    elif not alias:
        yield Need(f"kms:{operation}", ANY)


def _key_of_ciphertext(parameters: Mapping[str, Any]) -> str:
    """The id of the key, with which what moto encrypts begins."""
    blob: bytes = parameters.get("CiphertextBlob", b"")
    return blob[:KEY_ID_LEN].decode(errors="replace")


def _key(call: Call, account_id: str, name: str) -> str:
    """The ARN of a key by its id, its ARN or an alias."""
    assert call.scope is not None
    kms = kms_backends[account_id][call.scope.region]
    alias = name.rpartition(":")[2]
    for key in kms.keys.values():
        if name in (key.id, key.arn) or alias in key.aliases:
            return str(key.arn)
    return name if name.startswith("arn:") else _arn(call, account_id, f"key/{name}")


def resource_policies(account_id: str, arn: str) -> list[str]:
    """The policies of a resource itself, by its ARN."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return []
    find: Callable[[str, str, str], list[Any]] | None = {
        "sqs": _queue_policy,
        "sns": _topic_policy,
        "s3": _bucket_policy,
        "ses": _identity_policies,
        "iam": _trust,
        "kms": _key_policy,
    }.get(parts[2])
    found = find(account_id, parts[3], arn) if find else []
    return [_text(policy) for policy in found if policy]


def _text(policy: Any) -> str:
    if isinstance(policy, bytes):
        return policy.decode()
    return policy if isinstance(policy, str) else json.dumps(policy)


def _queue_policy(account_id: str, region: str, arn: str) -> list[Any]:
    queue = sqs_backends[account_id][region].queues.get(arn.rpartition(":")[2])
    return [queue.attributes.get("Policy")] if queue else []


def _topic_policy(account_id: str, region: str, arn: str) -> list[Any]:
    topic = sns_backends[account_id][region].topics.get(arn)
    return [topic.policy] if topic else []


def _bucket_policy(account_id: str, region: str, arn: str) -> list[Any]:
    buckets = s3_backends[account_id][arn.split(":")[1]].buckets
    bucket = buckets.get(arn.split(":", 5)[5].partition("/")[0])
    return [bucket.policy] if bucket else []


def _identity_policies(account_id: str, region: str, arn: str) -> list[Any]:
    identities = ses_backends[account_id][region].email_identities
    identity = identities.get(arn.partition(":identity/")[2])
    return list(identity.policies.values()) if identity else []


def is_closed_to_the_public(account_id: str, arn: str) -> bool:
    """Whether a bucket's policy counts for nobody outside the account."""
    parts = arn.split(":", 5)
    if parts[2:3] != ["s3"]:
        return False
    bucket = s3_backends[account_id][parts[1]].buckets.get(parts[5].partition("/")[0])
    block = bucket.public_access_block if bucket else None
    return block is not None and bool(block.restrict_public_buckets)


def _trust(account_id: str, region: str, arn: str) -> list[Any]:
    roles = iam_backends[account_id][arn.split(":")[1]].get_roles()
    return [role.assume_role_policy_document for role in roles if role.arn == arn]


def _key_policy(account_id: str, region: str, arn: str) -> list[Any]:
    keys = kms_backends[account_id][region].keys.values()
    return [key.policy for key in keys if key.arn == arn]
