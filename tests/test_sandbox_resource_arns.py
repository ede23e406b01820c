"""Firehose, Glue, Athena and Logs at the endpoint, with keys that may do one thing."""

from typing import Any

import pytest

from sandbox.resource_arns import resource_arns
from tests.emulated import ACCOUNT, event_log
from tests.served import Served, allow, error, policy

WHERE = f"arn:aws:{{}}:{ACCOUNT.region}:{ACCOUNT.id}"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("firehose", "PutRecord", {"DeliveryStreamName": "s"}, ["deliverystream/s"]),
        ("firehose", "ListDeliveryStreams", {}, ["*"]),
        ("glue", "GetDatabases", {}, ["catalog"]),
        ("glue", "GetDatabase", {"Name": "d"}, ["catalog", "database/d"]),
        (
            "glue",
            "CreateDatabase",
            {"DatabaseInput": {"Name": "d"}},
            ["catalog", "database/d"],
        ),
        (
            "glue",
            "GetTable",
            {"DatabaseName": "d", "Name": "t"},
            ["catalog", "database/d", "table/d/t"],
        ),
        (
            "glue",
            "GetTables",
            {"DatabaseName": "d"},
            ["catalog", "database/d", "table/d/*"],
        ),
        (
            "glue",
            "CreateTable",
            {"DatabaseName": "d", "TableInput": {"Name": "t"}},
            ["catalog", "database/d", "table/d/t"],
        ),
        (
            "glue",
            "GetPartitions",
            {"DatabaseName": "d", "TableName": "t"},
            ["catalog", "database/d", "table/d/t"],
        ),
        ("glue", "GetJobs", {}, []),
        ("athena", "GetWorkGroup", {"WorkGroup": "w"}, ["workgroup/w"]),
        ("athena", "ListNamedQueries", {}, ["workgroup/primary"]),
        ("athena", "ListWorkGroups", {}, ["*"]),
        ("athena", "ListDatabases", {"CatalogName": "c"}, ["datacatalog/c"]),
        ("athena", "GetNamedQuery", {"NamedQueryId": "gone"}, []),
        (
            "logs",
            "GetLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
            ["log-group:g:log-stream:s"],
        ),
        (
            "logs",
            "FilterLogEvents",
            {"logGroupName": "g"},
            ["log-group:g:log-stream:"],
        ),
        ("logs", "DescribeLogGroups", {}, ["log-group::log-stream:"]),
        ("logs", "DescribeQueries", {}, []),
        ("lambda", "ListFunctions", {}, []),
    ],
)
def test_what_a_request_is_about(
    service: str, operation: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    where = WHERE.format(service)
    found = resource_arns(service, operation, parameters, where)
    assert found == [one if one == "*" else f"{where}:{one}" for one in expected]


def test_an_analyst_reads_the_saved_queries_of_a_workgroup(account: Served) -> None:
    athena = account.client("athena")
    for name in ("ours", "theirs"):
        athena.create_work_group(Name=name, Configuration={})
    made = [
        athena.create_named_query(
            Name=name, Database="d", QueryString="SELECT 1", WorkGroup=name
        )["NamedQueryId"]
        for name in ("ours", "theirs")
    ]
    ours = f"{WHERE.format('athena')}:workgroup/ours"
    key = account.user("analyst", policy(allow("athena:*", ours)))
    client = account.client("athena", *key)
    assert client.list_named_queries(WorkGroup="ours")["NamedQueryIds"] == made[:1]
    found = client.get_named_query(NamedQueryId=made[0])["NamedQuery"]
    assert found["QueryString"] == "SELECT 1"
    inside = account.cloud.client("athena")
    ran = inside.start_query_execution(QueryString="SELECT 1", WorkGroup="ours")
    client.get_query_execution(QueryExecutionId=ran["QueryExecutionId"])
    for call, parameters in (
        (client.get_named_query, {"NamedQueryId": made[1]}),
        (client.list_named_queries, {"WorkGroup": "theirs"}),
        (client.list_work_groups, {}),
        (client.start_query_execution, {"QueryString": "SELECT 1"}),
    ):
        assert error(call, **parameters)[0] == "AccessDeniedException"


def test_a_table_is_read_with_its_database_and_the_catalog(account: Served) -> None:
    glue = account.client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
    where = WHERE.format("glue")
    whole = [f"{where}:catalog", f"{where}:database/d", f"{where}:table/d/t"]
    statements = [allow("glue:GetTable", resource) for resource in whole]
    key = account.user("reader", policy(*statements))
    client = account.client("glue", *key)
    which = {"DatabaseName": "d", "Name": "t"}
    assert client.get_table(**which)["Table"]["Name"] == "t"
    lacking = account.user("lacking", policy(*statements[1:]))
    code, said = error(account.client("glue", *lacking).get_table, **which)
    assert code == "AccessDeniedException"
    assert f"on resource: {where}:catalog" in said


def test_the_error_log_is_read_by_group(account: Served) -> None:
    event_log(account.cloud)
    group = f"{WHERE.format('logs')}:log-group:group"
    key = account.user("operator", policy(allow("logs:*", f"{group}:*")))
    client = account.client("logs", *key)
    which = {"logGroupName": "group", "logStreamName": "errors"}
    assert client.get_log_events(**which)["events"] == []
    assert client.filter_log_events(logGroupName="group")["events"] == []
    assert error(client.describe_log_groups)[0] == "AccessDeniedException"
