"""Lambda: functions, and who may invoke them."""

import io
import zipfile
from typing import Any

import pulumi

from sandbox.apply.inputs import UnknownProperty
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:lambda/function:Function")
def function(resource: Resource, cloud: Cloud) -> Applied:
    inputs, name = resource.inputs, resource.physical_name
    stated: dict[str, Any] = {}
    if (environment := inputs.part("environment")) is not None:
        stated["Environment"] = environment.capitalised("variables")
    if (logging := inputs.part("loggingConfig")) is not None:
        stated["LoggingConfig"] = logging.capitalised("logFormat", "logGroup")
    for key, aws in (("memorySize", "MemorySize"), ("timeout", "Timeout")):
        if (number := inputs.take(key)) is not None:
            stated[aws] = int(number)
    runtime = inputs.need("runtime")
    if not runtime.startswith("python"):
        raise UnknownProperty(f"runtime, as {runtime}")
    arn = cloud.client("lambda").create_function(
        FunctionName=name,
        Role=inputs.need("role"),
        Code={"ZipFile": _zipped(inputs.need("code"))},
        Tags=inputs.take("tags", {}),
        Runtime=runtime,
        **inputs.capitalised("description", "handler"),
        **stated,
    )["FunctionArn"]
    return Applied(name, {"arn": arn, "name": name})


def _zipped(archive: Any) -> bytes:
    """The archive as the provider uploads it; only one of texts is known here."""
    if not isinstance(archive, pulumi.AssetArchive):
        raise UnknownProperty(f"code, as {type(archive).__name__}")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for path, asset in archive.assets.items():
            if not isinstance(asset, pulumi.StringAsset):
                raise UnknownProperty(f"code.{path}, as {type(asset).__name__}")
            zipped.writestr(path, asset.text)
    return content.getvalue()


@applies("aws:lambda/permission:Permission")
def permission(resource: Resource, cloud: Cloud) -> Applied:
    cloud.client("lambda").add_permission(
        StatementId=resource.physical_name,
        FunctionName=resource.inputs.need("function"),
        Action=resource.inputs.need("action"),
        Principal=resource.inputs.need("principal"),
        **resource.inputs.capitalised("sourceArn", "sourceAccount", "qualifier"),
    )
    return Applied(resource.physical_name, {"statementId": resource.physical_name})
