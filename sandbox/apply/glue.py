"""Glue: the database and the table over the event log."""

from typing import Any

from sandbox.apply.inputs import Inputs
from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud

COLUMN = ("name", "type", "comment")


@applies("aws:glue/catalogDatabase:CatalogDatabase")
def catalog_database(resource: Resource, cloud: Cloud) -> Applied:
    inputs, account = resource.inputs, cloud.account
    name = inputs.need("name")
    tags = inputs.take("tags", {})
    cloud.client("glue").create_database(
        DatabaseInput={"Name": name, **inputs.capitalised("description")}, Tags=tags
    )
    outputs = {
        "arn": f"arn:{account.partition}:glue:{account.region}:{account.id}:database/{name}",
        "catalogId": account.id,
        "name": name,
    }
    return Applied(f"{account.id}:{name}", outputs)


@applies("aws:glue/catalogTable:CatalogTable")
def catalog_table(resource: Resource, cloud: Cloud) -> Applied:
    inputs, account = resource.inputs, cloud.account
    database, name = inputs.need("databaseName"), inputs.need("name")
    table = {
        "Name": name,
        **inputs.capitalised("description", "tableType", "parameters"),
        "PartitionKeys": _columns(inputs, "partitionKeys"),
    }
    if (storage := inputs.part("storageDescriptor")) is not None:
        table["StorageDescriptor"] = _storage(storage)
    cloud.client("glue").create_table(DatabaseName=database, TableInput=table)
    where = f"arn:{account.partition}:glue:{account.region}:{account.id}"
    outputs = {
        "arn": f"{where}:table/{database}/{name}",
        "catalogId": account.id,
        "name": name,
    }
    return Applied(f"{account.id}:{database}:{name}", outputs)


def _storage(storage: Inputs) -> dict[str, Any]:
    stated = storage.capitalised(
        "location", "inputFormat", "outputFormat", "compressed"
    )
    stated["Columns"] = _columns(storage, "columns")
    if (serde := storage.part("serDeInfo")) is not None:
        stated["SerdeInfo"] = serde.capitalised(
            "name", "serializationLibrary", "parameters"
        )
    return stated


def _columns(inputs: Inputs, key: str) -> list[dict[str, Any]]:
    return [column.capitalised(*COLUMN) for column in inputs.parts(key)]
