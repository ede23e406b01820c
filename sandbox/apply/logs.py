"""CloudWatch Logs: groups and streams that services write to."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:cloudwatch/logGroup:LogGroup")
def log_group(resource: Resource, cloud: Cloud) -> Applied:
    inputs, logs = resource.inputs, cloud.client("logs")
    name = inputs.take("name", resource.physical_name)
    logs.create_log_group(logGroupName=name, tags=inputs.take("tags", {}))
    if days := inputs.take("retentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    return Applied(name, {"arn": _arn(cloud, name), "name": name})


@applies("aws:cloudwatch/logStream:LogStream")
def log_stream(resource: Resource, cloud: Cloud) -> Applied:
    group = resource.inputs.need("logGroupName")
    name = resource.inputs.take("name", resource.physical_name)
    cloud.client("logs").create_log_stream(logGroupName=group, logStreamName=name)
    arn = f"{_arn(cloud, group)}:log-stream:{name}"
    return Applied(f"{group}:{name}", {"arn": arn, "name": name})


def _arn(cloud: Cloud, group: str) -> str:
    """Of a group, as the provider has it: without the `:*` that IAM wants."""
    account = cloud.account
    where = f"arn:{account.partition}:logs:{account.region}:{account.id}"
    return f"{where}:log-group:{group}"
