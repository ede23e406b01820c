"""Athena: the workgroup and the saved queries of the event log."""

from typing import Any

from sandbox.apply.inputs import Inputs
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud

CONFIGURATION = {
    "enforceWorkgroupConfiguration": "EnforceWorkGroupConfiguration",
    "publishCloudwatchMetricsEnabled": "PublishCloudWatchMetricsEnabled",
    "requesterPaysEnabled": "RequesterPaysEnabled",
}
"""Athena's names of the properties of a workgroup."""


@applies("aws:athena/workgroup:Workgroup")
def workgroup(resource: Resource, cloud: Cloud) -> Applied:
    inputs, account = resource.inputs, cloud.account
    name = inputs.take("name", resource.physical_name)
    # It says only what happens when the workgroup is deleted.
    inputs.take("forceDestroy")
    configuration = inputs.part("configuration") or Inputs({})
    cloud.client("athena").create_work_group(
        Name=name,
        Configuration=_configuration(configuration),
        Tags=inputs.tags(),
        **inputs.capitalised("description"),
    )
    where = f"arn:{account.partition}:athena:{account.region}:{account.id}"
    return Applied(name, {"arn": f"{where}:workgroup/{name}", "name": name})


def _configuration(configuration: Inputs) -> dict[str, Any]:
    stated = configuration.named(CONFIGURATION)
    if limit := configuration.take("bytesScannedCutoffPerQuery"):
        stated["BytesScannedCutoffPerQuery"] = int(limit)
    if (engine := configuration.part("engineVersion")) is not None:
        stated["EngineVersion"] = engine.capitalised("selectedEngineVersion")
    if (results := configuration.part("resultConfiguration")) is not None:
        stated["ResultConfiguration"] = results.capitalised("outputLocation")
        if (encryption := results.part("encryptionConfiguration")) is not None:
            stated["ResultConfiguration"]["EncryptionConfiguration"] = (
                encryption.capitalised("encryptionOption")
            )
    return stated


@applies("aws:athena/namedQuery:NamedQuery")
def named_query(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    name = inputs.take("name", resource.physical_name)
    query_id = cloud.client("athena").create_named_query(
        Name=name,
        Database=inputs.need("database"),
        QueryString=inputs.need("query"),
        **inputs.named({"description": "Description", "workgroup": "WorkGroup"}),
    )["NamedQueryId"]
    return Applied(query_id, {"name": name})
