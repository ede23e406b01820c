"""S3: buckets, each property of theirs a resource of its own."""

from typing import Any

from sandbox.apply.inputs import Inputs
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud

NO_CONSTRAINT = "us-east-1"
"""The region that S3 does not take as a location constraint."""


@applies("aws:s3/bucket:Bucket")
def bucket(resource: Resource, cloud: Cloud) -> Applied:
    s3, name = cloud.client("s3"), resource.physical_name
    account = cloud.account
    where = {"LocationConstraint": account.region}
    s3.create_bucket(
        Bucket=name,
        **(
            {}
            if account.region == NO_CONSTRAINT
            else {"CreateBucketConfiguration": where}
        ),
    )
    if tags := resource.inputs.tags():
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    outputs = {
        "arn": f"arn:{account.partition}:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{account.region}.amazonaws.com",
        "region": account.region,
    }
    return Applied(name, outputs)


@applies("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
def public_access_block(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("bucket")
    cloud.client("s3").put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=resource.inputs.capitalised(
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        ),
    )
    return Applied(name, {})


@applies("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def ownership_controls(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("bucket")
    rule = resource.inputs.part("rule") or Inputs({})
    cloud.client("s3").put_bucket_ownership_controls(
        Bucket=name,
        OwnershipControls={"Rules": [rule.capitalised("objectOwnership")]},
    )
    return Applied(name, {})


@applies(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
def encryption(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("bucket")
    rules = []
    for rule in resource.inputs.parts("rules"):
        stated = rule.capitalised("bucketKeyEnabled")
        default = rule.part("applyServerSideEncryptionByDefault") or Inputs({})
        stated["ApplyServerSideEncryptionByDefault"] = default.named(
            {"sseAlgorithm": "SSEAlgorithm"}
        )
        if blocked := rule.take("blockedEncryptionTypes"):
            stated["BlockedEncryptionTypes"] = {"EncryptionType": blocked}
        rules.append(stated)
    cloud.client("s3").put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return Applied(name, {})


@applies("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("bucket")
    policy = resource.inputs.need("policy")
    cloud.client("s3").put_bucket_policy(Bucket=name, Policy=policy)
    return Applied(name, {})


@applies("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
def lifecycle(resource: Resource, cloud: Cloud) -> Applied:
    name = resource.inputs.need("bucket")
    rules = [_rule(rule) for rule in resource.inputs.parts("rules")]
    cloud.client("s3").put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": rules}
    )
    return Applied(name, {})


DEADLINES = {
    "expiration": {"days": "Days"},
    "noncurrentVersionExpiration": {"noncurrentDays": "NoncurrentDays"},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": "DaysAfterInitiation"},
}
"""What happens after how many days; markers of deleted objects have none."""


def _rule(rule: Inputs) -> dict[str, Any]:
    stated = rule.named({"id": "ID", "status": "Status"})
    chosen = rule.part("filter") or Inputs({})
    stated["Filter"] = {"Prefix": "", **chosen.capitalised("prefix")}
    for key, names in DEADLINES.items():
        if (deadline := rule.part(key)) is not None:
            found = {name: int(days) for name, days in deadline.named(names).items()}
            if key == "expiration":
                found |= deadline.named(
                    {"expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
                )
            stated[key[0].upper() + key[1:]] = found
    return stated
