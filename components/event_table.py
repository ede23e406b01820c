"""The table over the event log: what Athena reads an event of SES as.

Fields as in the SES developer guide, "Contents of event data that Amazon SES publishes
to Amazon Data Firehose"; the table as in the Athena user guide, "OpenX JSON SerDe" and
"Supported types for partition projection".
"""

from collections.abc import Mapping

TABLE = "events"

PREFIX = "events/"
"""Where in the bucket the days are, each a folder of gzipped lines of JSON."""

PARTITION_KEY = "day"
PARTITION_TYPE = "string"
"""Text as 2026-05-04, the day in UTC on which Firehose took in a file's first event. It
compares as dates do, and is no DATE, since Athena's own examples project text."""

FIRST_DAY = "2026-01-01"
"""The earliest day that is looked for; no event log is older."""

INPUT_FORMAT = "org.apache.hadoop.mapred.TextInputFormat"
OUTPUT_FORMAT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
SERDE = "org.openx.data.jsonserde.JsonSerDe"

SERDE_PARAMETERS: Mapping[str, str] = {
    "case.insensitive": "TRUE",
    "ignore.malformed.json": "TRUE",
}
"""Hive's names have no capital letters. A line that is no JSON is a row of nulls, which
no saved query counts, and not the end of every query."""


def location(bucket: str) -> str:
    """Where the table's files are; `bucket` is the bucket's name."""
    return f"s3://{bucket}/{PREFIX}"


def parameters(bucket: str) -> dict[str, str]:
    """The table's properties: which days there are follows from the date alone.

    So nobody has to add a partition, and a query that names its days reads only those.
    """
    projection = {
        "type": "date",
        "format": "yyyy-MM-dd",
        "range": f"{FIRST_DAY},NOW",
        "interval": "1",
        "interval.unit": "DAYS",
    }
    return {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "gzip",
        "projection.enabled": "true",
        **{f"projection.{PARTITION_KEY}.{key}": projection[key] for key in projection},
        "storage.location.template": (
            f"{location(bucket)}{PARTITION_KEY}=${{{PARTITION_KEY}}}/"
        ),
    }


def _type(text: str) -> str:
    """A type as Hive spells it, which takes no space in one."""
    return "".join(text.split())


COLUMNS: Mapping[str, str] = {
    "eventtype": "string",
    "mail": _type("""
        struct<
            timestamp: string,
            messageid: string,
            source: string,
            sourcearn: string,
            sourceip: string,
            calleridentity: string,
            sendingaccountid: string,
            destination: array<string>,
            headerstruncated: boolean,
            headers: array<struct<name: string, value: string>>,
            commonheaders: struct<
                from: array<string>,
                to: array<string>,
                cc: array<string>,
                bcc: array<string>,
                replyto: array<string>,
                date: string,
                messageid: string,
                subject: string
            >,
            tags: map<string, array<string>>
        >
    """),
    "send": "string",
    "reject": _type("struct<reason: string>"),
    "bounce": _type("""
        struct<
            bouncetype: string,
            bouncesubtype: string,
            bouncedrecipients: array<struct<
                emailaddress: string,
                action: string,
                status: string,
                diagnosticcode: string
            >>,
            timestamp: string,
            feedbackid: string,
            remotemtaip: string,
            reportingmta: string
        >
    """),
    "complaint": _type("""
        struct<
            complainedrecipients: array<struct<emailaddress: string>>,
            timestamp: string,
            feedbackid: string,
            complaintsubtype: string,
            complaintfeedbacktype: string,
            useragent: string,
            arrivaldate: string
        >
    """),
    "delivery": _type("""
        struct<
            timestamp: string,
            processingtimemillis: bigint,
            recipients: array<string>,
            smtpresponse: string,
            remotemtaip: string,
            reportingmta: string
        >
    """),
    "open": _type("struct<timestamp: string, ipaddress: string, useragent: string>"),
    "click": _type("""
        struct<
            timestamp: string,
            ipaddress: string,
            useragent: string,
            link: string,
            linktags: map<string, array<string>>
        >
    """),
    "failure": _type("struct<templatename: string, errormessage: string>"),
    "deliverydelay": _type("""
        struct<
            timestamp: string,
            delaytype: string,
            delayedrecipients: array<struct<
                emailaddress: string,
                status: string,
                diagnosticcode: string
            >>,
            expirationtime: string,
            reportingmta: string
        >
    """),
    "subscription": _type("""
        struct<
            contactlist: string,
            timestamp: string,
            source: string,
            newtopicpreferences: struct<
                unsubscribeall: boolean,
                topicsubscriptionstatus: array<struct<
                    topicname: string, subscriptionstatus: string
                >>
            >,
            oldtopicpreferences: struct<
                unsubscribeall: boolean,
                topicsubscriptionstatus: array<struct<
                    topicname: string, subscriptionstatus: string
                >>
            >
        >
    """),
}
"""By name, the type of a column: of an event the type, the mail, and the one object that
its type has. `send` is an empty object, for which Hive has no type; as text it is {}."""
