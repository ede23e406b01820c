"""Lambda: who may invoke a function."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:lambda/permission:Permission")
def permission(resource: Resource, cloud: Cloud) -> Applied:
    cloud.client("lambda").add_permission(
        StatementId=resource.physical_name,
        FunctionName=resource.inputs.need("function"),
        Action=resource.inputs.need("action"),
        Principal=resource.inputs.need("principal"),
        **resource.inputs.capitalised("sourceArn", "qualifier"),
    )
    return Applied(resource.physical_name, {"statementId": resource.physical_name})
