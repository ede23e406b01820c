"""The worker as an AWS Lambda function, behind an SQS event source mapping.

The function's handler is `ses_feedback_collector.aws_lambda.handler`, and its
environment has SES_FEEDBACK_DATABASE. The mapping must have FunctionResponseTypes
[ReportBatchItemFailures]: without it Lambda takes every answer for success and deletes
the whole batch, also what was not stored. The queue's visibility time-out should be at
least six times the function's (AWS's advice), and its dead-letter queue take what
fails for good. A batch size of 100 with a window of some seconds makes one transaction
of many messages. SQLite does not outlive a function: use PostgreSQL.
"""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from ses_feedback_collector.batches import read, save
from ses_feedback_collector.database import (
    Away,
    BadDatabase,
    migrate,
    open_database,
)
from ses_feedback_collector.observing import configure_logging
from ses_feedback_collector.sqs import Message
from ses_feedback_collector.store import Store

log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Stores a batch; answers with the messages that must stay in the queue.

    All of them when the database is away: nothing was stored then. Raises BadDatabase
    when SES_FEEDBACK_DATABASE is missing or cannot be used, which fails the whole batch.
    """
    messages = [_message(record) for record in event["Records"]]
    try:
        store = _store()
        batch = read(messages)
        save(batch, store)
    except Away as error:
        log.warning("the database is away", extra={"reason": str(error)})
        return _failures([one.id for one in messages])
    log.info("batch", extra=batch.facts())
    return _failures([one.id for one in batch.left()])


def _message(record: Mapping[str, Any]) -> Message:
    attributes = record.get("attributes", {})
    return Message(
        id=record["messageId"],
        receipt=record["receiptHandle"],
        body=record["body"],
        receives=int(attributes.get("ApproximateReceiveCount", 1)),
    )


def _failures(ids: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}


@cache
def _store() -> Store:
    """Of this instance of the function; tried again when it was not to be had."""
    configure_logging("json")
    url = os.environ.get("SES_FEEDBACK_DATABASE")
    if not url:
        raise BadDatabase(
            "SES_FEEDBACK_DATABASE is not set; expected"
            " postgresql://USER:PASSWORD@HOST/NAME"
        )
    engine = open_database(url)
    migrate(engine)
    return Store(engine)
