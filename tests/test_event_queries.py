"""The table over the event log and its workgroup, seen by their resources.

What the saved queries answer is in test_saved_queries.py.
"""

from functools import cache

import pytest

from components import event_table
from components.saved_queries import SAVED_QUERIES, SavedQuery
from tests.engine import Engine, declare
from tests.stacks import stack_of

DATABASE = "glue/catalogDatabase:CatalogDatabase"
QUERY = "athena/namedQuery:NamedQuery"
TABLE = "glue/catalogTable:CatalogTable"
WORKGROUP = "athena/workgroup:Workgroup"

BUCKET = "s3://event-log-storage-bucket"


@cache
def event_log(keys: str = "") -> Engine:
    return declare(
        stack_of(
            f"""
            configurationSets: {{letters: {{eventLog: [send]}}}}
            eventLog: {{{keys}}}
            """
        )
    )


def test_the_database_is_named_for_project_and_stack() -> None:
    assert event_log().one(DATABASE).inputs["name"] == "ses_feedback_test_events"


def test_the_table_reads_lines_of_json_below_the_events() -> None:
    table = event_log().one(TABLE).inputs
    assert (table["name"], table["tableType"]) == ("events", "EXTERNAL_TABLE")
    assert table["databaseName"] == "ses_feedback_test_events"
    files = table["storageDescriptor"]
    assert files["location"] == f"{BUCKET}/events/"
    assert files["inputFormat"] == "org.apache.hadoop.mapred.TextInputFormat"
    assert files["outputFormat"] == (
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    )
    assert files["serDeInfo"] == {
        "serializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "parameters": dict(event_table.SERDE_PARAMETERS),
    }
    assert {each["name"]: each["type"] for each in files["columns"]} == dict(
        event_table.COLUMNS
    )


def test_the_days_of_the_table_follow_from_the_date() -> None:
    """No crawler and no partition is there: a day is a folder of that name."""
    engine = event_log()
    table = engine.one(TABLE).inputs
    assert table["partitionKeys"] == [{"name": "day", "type": "string"}]
    assert table["parameters"] == event_table.parameters(BUCKET.removeprefix("s3://"))
    assert table["parameters"]["storage.location.template"] == (
        f"{BUCKET}/events/day=${{day}}/"
    )
    assert not [each for each in engine.all() if "rawler" in each.kind]


def test_no_query_of_the_workgroup_goes_around_its_settings() -> None:
    inputs = event_log().one(WORKGROUP).inputs
    assert inputs["configuration"] == {
        "enforceWorkgroupConfiguration": True,
        "bytesScannedCutoffPerQuery": 10 * 1024**3,
        "publishCloudwatchMetricsEnabled": True,
        "resultConfiguration": {
            "outputLocation": f"{BUCKET}/results/",
            "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
        },
    }


def test_the_workgroup_goes_with_its_history() -> None:
    assert event_log().one(WORKGROUP).inputs["forceDestroy"] is True


@pytest.mark.parametrize("query", SAVED_QUERIES, ids=lambda query: query.name)
def test_a_saved_query_stands_in_the_workgroup(query: SavedQuery) -> None:
    found = event_log().one(QUERY, f"event-log-athena-query-{query.name}")
    assert dict(found.inputs) == {
        "name": query.name,
        "description": query.description,
        "database": "ses_feedback_test_events",
        "query": query.sql,
        "workgroup": "event-log-athena-workgroup",
    }


def test_every_saved_query_stands_in_the_workgroup_once() -> None:
    names = [each.inputs["name"] for each in event_log().all(QUERY)]
    assert sorted(names) == sorted(query.name for query in SAVED_QUERIES)


def test_without_query_there_is_nothing_of_athena_and_glue() -> None:
    engine = event_log("query: false")
    services = {each.kind.partition("/")[0] for each in engine.all()}
    assert not services & {"athena", "glue"}
    assert "athenaWorkgroup" not in engine.exports
