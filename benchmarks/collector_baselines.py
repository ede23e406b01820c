"""What the collector's figures are compared with: the same work by boto3, json and a
database's driver alone.

Nothing of ours is imported here.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import boto3
import psycopg

REGION = "eu-west-1"


def sqs(endpoint: str) -> Any:
    """A client of the queue server."""
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )


def empty_queue(endpoint: str, url: str) -> tuple[float, float, int]:
    """Receives and deletes until nothing comes; when it began, when the last was
    deleted, and how many there were."""
    client = sqs(endpoint)
    begun = ended = perf_counter()
    count = 0
    while messages := client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
    ).get("Messages"):
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        client.delete_message_batch(QueueUrl=url, Entries=entries)
        ended = perf_counter()
        count += len(messages)
    return begun, ended, count


def decode(body: str) -> Any:
    """The envelope of SNS and the message in it."""
    return json.loads(json.loads(body)["Message"])


NOW = datetime(2026, 5, 4, tzinfo=UTC)
WINDOW = timedelta(days=30)

Ask = Callable[[Sequence[str]], set[str]]
"""Of these addresses those that may not be sent to."""


def address(number: int) -> str:
    return f"person-{number}@example.com"


def as_text(moment: datetime) -> str:
    """As it stands in SQLite."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


SUPPRESSED = """
WITH asked AS ({asked}), known AS (
  SELECT asked.address,
    EXISTS (
      SELECT 1 FROM email_complaints AS c
      WHERE c.address = asked.address AND c.cause IS NULL
        AND c.type IS DISTINCT FROM 'not-spam'
        AND NOT EXISTS (
          SELECT 1 FROM email_complaints AS n
          WHERE n.address = c.address AND n.type = 'not-spam'
            AND n.complained_at > c.complained_at)) AS complained,
    EXISTS (
      SELECT 1 FROM email_bounces AS b
      WHERE b.address = asked.address AND b.type = 'Permanent' AND b.cause IS NULL
    ) AS bounced,
    (SELECT count(DISTINCT b.message_id) FROM email_bounces AS b
      WHERE b.address = asked.address AND b.type = 'Transient' AND b.cause IS NULL
        AND b.bounced_at > {since} AND NOT EXISTS (
          SELECT 1 FROM email_deliveries AS d
          WHERE d.address = b.address AND d.delivered_at > b.bounced_at)
    ) AS transient,
    EXISTS (
      SELECT 1 FROM email_subscriptions AS s
      WHERE s.address = asked.address AND s.unsubscribed_all AND NOT EXISTS (
        SELECT 1 FROM email_subscriptions AS later
        WHERE later.address = s.address AND later.changed_at > s.changed_at)
    ) AS opted_out,
    (SELECT o.action FROM suppression_overrides AS o
      WHERE o.address = asked.address AND (o.until IS NULL OR o.until > {now})
      ORDER BY o.decided_at DESC LIMIT 1) AS decision
  FROM asked)
SELECT address, complained, bounced, transient, opted_out, decision FROM known
"""
"""The query that one would write for it, by the indexes that the tables have."""


@contextmanager
def asking(database: str) -> Iterator[Ask]:
    """Asks SQLite or PostgreSQL by its driver."""
    kind, _, path = database.partition(":///")
    if kind == "sqlite":
        asked = "SELECT value AS address FROM json_each(:asked)"
        query = SUPPRESSED.format(asked=asked, since=":since", now=":now")
        connection: Any = sqlite3.connect(path)
    else:
        asked = "SELECT unnest(%(asked)s::text[]) AS address"
        query = SUPPRESSED.format(asked=asked, since="%(since)s", now="%(now)s")
        connection = psycopg.connect(database)

    def ask(emails: Sequence[str]) -> set[str]:
        parameters: dict[str, Any]
        if kind == "sqlite":
            parameters = {
                "asked": json.dumps(emails),
                "since": as_text(NOW - WINDOW),
                "now": as_text(NOW),
            }
        else:
            parameters = {"asked": emails, "since": NOW - WINDOW, "now": NOW}
        return {
            email
            for email, complained, bounced, transient, opted_out, decision in (
                connection.execute(query, parameters).fetchall()
            )
            if decision == "suppress"
            or (
                decision is None
                and (complained or bounced or opted_out or transient >= 5)
            )
        }

    try:
        yield ask
    finally:
        connection.close()
