"""KMS: the keys of encrypted topics."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:kms/key:Key")
def key(resource: Resource, cloud: Cloud) -> Applied:
    inputs, kms = resource.inputs, cloud.client("kms")
    rotates = inputs.take("enableKeyRotation", False)
    tags = inputs.take("tags", {})
    made = kms.create_key(
        Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()],
        **inputs.capitalised("policy", "description"),
    )["KeyMetadata"]
    if rotates:
        kms.enable_key_rotation(KeyId=made["KeyId"])
    return Applied(made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]})
