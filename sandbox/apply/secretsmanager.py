"""Secrets Manager: where the keys of a consumer may be kept."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:secretsmanager/secret:Secret")
def secret(resource: Resource, cloud: Cloud) -> Applied:
    inputs, name = resource.inputs, resource.physical_name
    arn = cloud.client("secretsmanager").create_secret(
        Name=name,
        Tags=inputs.tags(),
        **inputs.capitalised("description"),
    )["ARN"]
    return Applied(arn, {"arn": arn, "name": name})


@applies("aws:secretsmanager/secretVersion:SecretVersion")
def secret_version(resource: Resource, cloud: Cloud) -> Applied:
    secret_id = resource.inputs.need("secretId")
    made = cloud.client("secretsmanager").put_secret_value(
        SecretId=secret_id, SecretString=resource.inputs.need("secretString")
    )
    outputs = {"arn": made["ARN"], "secretArn": made["ARN"]}
    return Applied(
        f"{secret_id}|{made['VersionId']}", outputs | {"versionId": made["VersionId"]}
    )
