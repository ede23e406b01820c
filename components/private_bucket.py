"""PrivateBucket: an S3 bucket that nobody outside its account can be let into."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import policies
from components.ordering import once_there

if TYPE_CHECKING:
    # A stack without a bucket does without S3's module, which is slow to import.
    Rule = aws.s3.BucketLifecycleConfigurationRuleArgsDict

ABANDONED_DAYS = 7
"""Days after which the parts of an upload that was never completed are deleted."""

EVERYBODY = {"AWS": "*"}


class Expiry(TypedDict):
    """When objects are deleted."""

    prefix: str
    """What their keys begin with; empty for every object."""
    days: NotRequired[int | None]
    """Days after which an object is deleted; where it has versions, hidden."""
    old_versions_days: NotRequired[int | None]
    """Days for which a version stays that another one replaced."""


class ObjectDenial(TypedDict):
    """What nobody may do with the objects of a bucket, whoever allows it."""

    actions: Sequence[str]
    """Actions of IAM on objects."""
    condition: Mapping[str, Mapping[str, str | Sequence[str]]]
    """When it is denied, as a policy has it."""


class PrivateBucketArgs(TypedDict):
    """What a bucket is made of."""

    expiries: NotRequired[Mapping[str, Expiry]]
    """By the name of the rule, when objects are deleted."""
    denials: NotRequired[Sequence[ObjectDenial]]
    """What its policy denies besides access without TLS."""
    versioning: NotRequired[bool]
    """Whether an object that is replaced or deleted is kept as an old version."""
    protect: NotRequired[bool]
    """Whether the bucket is protected from deletion."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class PrivateBucket(pulumi.ComponentResource):
    """A bucket without public access and ACLs, encrypted, reached by TLS alone.

    The objects are encrypted under S3's own key. The bucket has one policy, which
    only denies: who may read and write says the policy of each user and role. A bucket
    that still has objects is never deleted with them.
    """

    bucket_name: pulumi.Output[str]
    """The bucket, once it has its policy."""
    bucket_arn: pulumi.Output[str]
    """The same as an ARN."""

    def __init__(
        self,
        name: str,
        args: PrivateBucketArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:PrivateBucket", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)

        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            tags=args.get("tags", {}),
            opts=pulumi.ResourceOptions(parent=self, protect=args.get("protect", True)),
        )
        self._encrypt(bucket)
        if args.get("versioning"):
            aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=self._child,
            )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=_lifecycle(args.get("expiries", {})),
            opts=self._child,
        )
        policy = self._close(bucket, args.get("denials", ()))

        self.bucket_name = policy.bucket
        self.bucket_arn = once_there(bucket.arn, policy)
        self.register_outputs(
            {"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn}
        )

    def _encrypt(self, bucket: "aws.s3.Bucket") -> None:
        """Under S3's own key; an object under a key of its writer's nobody could read."""
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "AES256"
                    },
                    "blocked_encryption_types": ["SSE-C"],
                }
            ],
            opts=self._child,
        )

    def _close(
        self, bucket: "aws.s3.Bucket", denials: Sequence[ObjectDenial]
    ) -> "aws.s3.BucketPolicy":
        """No public access, no ACLs, and then the policy, one after the other.

        S3 refuses such a change with OperationAborted while another one is under way.
        """
        access = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access-block",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership-controls",
            bucket=access.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child,
        )
        return aws.s3.BucketPolicy(
            f"{self._name}-bucket-policy",
            bucket=ownership.bucket,
            policy=_policy(bucket.arn, denials),
            opts=self._child,
        )


def _lifecycle(expiries: Mapping[str, Expiry]) -> "list[Rule]":
    return [
        {
            "id": "abandoned-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {
                "days_after_initiation": ABANDONED_DAYS
            },
        },
        *(_expiring(name, expiry) for name, expiry in expiries.items()),
    ]


def _expiring(name: str, expiry: Expiry) -> "Rule":
    rule: Rule = {
        "id": name,
        "status": "Enabled",
        "filter": {"prefix": expiry["prefix"]},
    }
    if (days := expiry.get("days")) is not None:
        rule["expiration"] = {"days": days}
    if (days := expiry.get("old_versions_days")) is not None:
        rule["noncurrent_version_expiration"] = {"noncurrent_days": days}
    return rule


def _policy(
    bucket_arn: pulumi.Output[str], denials: Sequence[ObjectDenial]
) -> pulumi.Output[str]:
    """Nothing without TLS (S3 user guide, examples of bucket policies), and no more."""
    objects = bucket_arn.apply(lambda arn: f"{arn}/*")
    return policies.document(
        policies.deny(
            "s3:*",
            [bucket_arn, objects],
            principal=EVERYBODY,
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        *(
            policies.deny(
                list(denial["actions"]),
                objects,
                principal=EVERYBODY,
                condition=denial["condition"],
            )
            for denial in denials
        ),
    )
