"""EventQueries: the event log as a table of Athena, with saved queries."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import event_table
from components.saved_queries import SAVED_QUERIES

if TYPE_CHECKING:
    Files = aws.glue.CatalogTableStorageDescriptorArgsDict

MOST_SCANNED_BYTES = 10 * 2**30
"""Bytes of the bucket after which Athena ends a query; what it scans is what it costs."""


class EventQueriesArgs(TypedDict):
    """What the table and the saved queries are made of."""

    database: str
    """The Glue database's name, unique in account and region."""
    bucket_name: pulumi.Input[str]
    """The bucket that the events are in."""
    results: str
    """What the keys of the results begin with, in the same bucket."""
    tags: NotRequired[Mapping[str, str]]
    """AWS tags."""


class EventQueries(pulumi.ComponentResource):
    """A Glue table over the events, and an Athena workgroup with saved queries.

    No crawler and no partitions: which days there are follows from the date. Who asks
    needs rights of their own on Athena, the table and the bucket.
    """

    workgroup_name: pulumi.Output[str]
    """Where the saved queries are, and whose settings hold for every query in it."""

    def __init__(
        self,
        name: str,
        args: EventQueriesArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ses-feedback:index:EventQueries", name, None, opts)
        tags = args.get("tags", {})
        child = pulumi.ResourceOptions(parent=self)
        bucket = pulumi.Output.from_input(args["bucket_name"])

        database = aws.glue.CatalogDatabase(
            f"{name}-database", name=args["database"], tags=tags, opts=child
        )
        aws.glue.CatalogTable(
            f"{name}-table",
            name=event_table.TABLE,
            database_name=database.name,
            table_type="EXTERNAL_TABLE",
            parameters=bucket.apply(event_table.parameters),
            partition_keys=[
                {
                    "name": event_table.PARTITION_KEY,
                    "type": event_table.PARTITION_TYPE,
                }
            ],
            storage_descriptor=_files(bucket),
            opts=child,
        )
        workgroup = aws.athena.Workgroup(
            f"{name}-workgroup",
            configuration={
                "enforce_workgroup_configuration": True,
                "bytes_scanned_cutoff_per_query": MOST_SCANNED_BYTES,
                # Tells in CloudWatch what is scanned, and so what it costs.
                "publish_cloudwatch_metrics_enabled": True,
                "result_configuration": {
                    "output_location": bucket.apply(
                        lambda bucket: f"s3://{bucket}/{args['results']}"
                    ),
                    "encryption_configuration": {"encryption_option": "SSE_S3"},
                },
            },
            # Its history of queries would keep it from being deleted.
            force_destroy=True,
            tags=tags,
            opts=child,
        )
        for query in SAVED_QUERIES:
            aws.athena.NamedQuery(
                f"{name}-query-{query.name}",
                name=query.name,
                description=query.description,
                database=database.name,
                query=query.sql,
                workgroup=workgroup.name,
                opts=child,
            )

        self.workgroup_name = workgroup.name
        self.register_outputs({"workgroup_name": self.workgroup_name})


def _files(bucket: pulumi.Output[str]) -> "Files":
    """What Athena reads, and how."""
    return {
        "location": bucket.apply(event_table.location),
        "input_format": event_table.INPUT_FORMAT,
        "output_format": event_table.OUTPUT_FORMAT,
        "ser_de_info": {
            "serialization_library": event_table.SERDE,
            "parameters": dict(event_table.SERDE_PARAMETERS),
        },
        "columns": [
            {"name": name, "type": kind} for name, kind in event_table.COLUMNS.items()
        ],
    }
