"""What requests to the services of an event log are about: the ARNs of resources.

As in AWS's "Service Authorization Reference" for Firehose, Glue, Athena and CloudWatch
Logs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.athena.models import athena_backends

Parameters = Mapping[str, Any]

ANY = "*"
"""In place of an ARN where an operation is about no resource."""


def resource_arns(
    service: str, operation: str, parameters: Parameters, where: str
) -> list[str]:
    """All that has to be allowed; nothing where that is not known here.

    `where` is the beginning of an ARN: arn:aws:glue:eu-west-1:123456789012
    """
    find: Callable[[str, Parameters, str], list[str]] | None = {
        "firehose": _firehose,
        "glue": _glue,
        "athena": _athena,
        "logs": _logs,
    }.get(service)
    return find(operation, parameters, where) if find else []


def _firehose(operation: str, parameters: Parameters, where: str) -> list[str]:
    if operation == "ListDeliveryStreams":
        return [ANY]
    name = parameters.get("DeliveryStreamName")
    return [f"{where}:deliverystream/{name}"] if name else []


def _glue(operation: str, parameters: Parameters, where: str) -> list[str]:
    """A table, its database and the catalog: Glue wants all three."""
    database = parameters.get("DatabaseName")
    table = parameters.get("TableName")
    if operation.endswith(("Database", "Databases")):
        database = parameters.get("Name")
        database = parameters.get("DatabaseInput", {}).get("Name", database)
    elif operation.endswith(("Table", "Tables")):
        table = parameters.get("Name")
        table = parameters.get("TableInput", {}).get("Name", table)
    if not database:
        return [f"{where}:catalog"] if operation == "GetDatabases" else []
    found = [f"{where}:catalog", f"{where}:database/{database}"]
    if table or operation == "GetTables":
        found.append(f"{where}:table/{database}/{table or ANY}")
    return found


def _athena(operation: str, parameters: Parameters, where: str) -> list[str]:
    if operation in ("ListWorkGroups", "ListDataCatalogs", "ListEngineVersions"):
        return [ANY]
    if catalog := parameters.get("CatalogName"):
        return [f"{where}:datacatalog/{catalog}"]
    return [
        f"{where}:workgroup/{name}"
        for name in _workgroups(operation, parameters, where)
    ]


def _workgroups(operation: str, parameters: Parameters, where: str) -> set[str]:
    """Named by the request, or those of the queries and runs that it is about."""
    if name := parameters.get("WorkGroup"):
        return {name}
    _, _, _, region, account_id = where.split(":")
    athena = athena_backends[account_id][region]
    ids = [
        *filter(None, map(parameters.get, ("NamedQueryId", "QueryExecutionId"))),
        *parameters.get("NamedQueryIds", ()),
        *parameters.get("QueryExecutionIds", ()),
    ]
    known: dict[str, Any] = {**athena.named_queries, **athena.executions}
    found = [known[one].workgroup for one in ids if one in known]
    if not ids and operation.startswith(("List", "Start", "Create")):
        return {"primary"}
    return {workgroup.name if workgroup else "primary" for workgroup in found}


def _logs(operation: str, parameters: Parameters, where: str) -> list[str]:
    """A stream of a group, or the group, whose ARN then ends without a stream's name."""
    group = parameters.get("logGroupName", "")
    if not group and operation != "DescribeLogGroups":
        return []
    stream = parameters.get("logStreamName", "")
    return [f"{where}:log-group:{group}:log-stream:{stream}"]
