"""A queue in SQS, as somebody who empties it needs it."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError

LONG_POLL = 20
"""Seconds; the longest that SQS waits for a message."""

MOST = 10
"""Messages in one call, of every kind; SQS takes no more."""

LEAST_VISIBILITY = 30
"""Seconds that a message is kept from others where the queue itself has 0."""

CONNECT_TIMEOUT, READ_TIMEOUT = 5, LONG_POLL + 10

LACKS_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
NO_CREDENTIALS = (
    "no complete AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
    " AWS_PROFILE, or give the machine a role."
)

_MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "AWS.SimpleQueueService.QueueDeletedRecently",
    "NonExistentQueue",
    "QueueDoesNotExist",
    "QueueDeletedRecently",
    "InvalidAddress",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "KMS.AccessDeniedException",
    "KmsAccessDenied",
}
_BAD_KEY = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_BUSY = {
    "KMS.ThrottlingException",
    "KmsThrottled",
    "OverLimit",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_PASSING_ERRORS = (ConnectionError, HTTPClientError, ResponseParserError)


@dataclass(frozen=True, slots=True)
class Message:
    """One that was received, and is kept from others for the queue's time-out."""

    id: str
    receipt: str
    """The handle of this receive, which deletes it."""
    body: str
    receives: int
    """How often it was received, this time included."""


class QueueTrouble(Exception):
    """The queue did not do what was asked; the text is a sentence for the operator.

    `kind` is a short word for metrics. `passing` says that it may be over by itself;
    otherwise somebody has to change a setting, a right or the queue.
    """

    def __init__(self, sentence: str, kind: str, *, passing: bool) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.passing = passing


class Queue:
    """The calls that the consumer's policy allows, each of which raises QueueTrouble.

    Its methods may be called from several threads.
    """

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self._client = client
        self._own_visibility: int | None = None

    def visibility_seconds(self) -> int:
        """How long a message that was received is kept from others."""
        if self._own_visibility is None:
            self._own_visibility = int(self._attributes("VisibilityTimeout")[0])
        return self._own_visibility or LEAST_VISIBILITY

    def depth(self) -> tuple[int, int]:
        """Roughly how many messages wait, and how many are received and not deleted."""
        waiting, in_flight = self._attributes(
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        )
        return int(waiting), int(in_flight)

    def receive(self, wait_seconds: int) -> list[Message]:
        """Up to ten messages; none when none came within so many seconds."""
        more = {}
        if self._own_visibility == 0:
            more["VisibilityTimeout"] = LEAST_VISIBILITY
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=MOST,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
            **more,
        )
        return [
            Message(
                id=one["MessageId"],
                receipt=one["ReceiptHandle"],
                body=one["Body"],
                receives=int(
                    one.get("Attributes", {}).get("ApproximateReceiveCount", 1)
                ),
            )
            for one in answer.get("Messages", [])
        ]

    def delete(self, messages: Sequence[Message]) -> dict[str, str]:
        """Deletes them; those that SQS did not, by receipt, with its code for why.

        Raises QueueTrouble when a call failed as a whole: what stood before it is
        deleted then. To delete a message twice does no harm.
        """
        return self._batches("delete_message_batch", messages)

    def extend(self, messages: Sequence[Message], seconds: int) -> dict[str, str]:
        """Keeps them from others for so many seconds from now; 0 hands them back.

        Answers as `delete` does. SQS refuses what is no longer in flight and what was
        received twelve hours ago: those come again, which is no error.
        """
        return self._batches(
            "change_message_visibility_batch", messages, VisibilityTimeout=seconds
        )

    def _batches(
        self, operation: str, messages: Sequence[Message], **each: Any
    ) -> dict[str, str]:
        kept = {}
        for some in _tens(messages):
            answer = self._call(
                operation,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message.receipt, **each}
                    for number, message in enumerate(some)
                ],
            )
            taken = {one["Id"] for one in answer.get("Successful", [])}
            codes = {one["Id"]: str(one["Code"]) for one in answer.get("Failed", [])}
            for number, message in enumerate(some):
                if str(number) not in taken:
                    kept[message.receipt] = codes.get(str(number), "no answer")
        return kept

    def _attributes(self, *names: str) -> list[str]:
        answer = self._call("get_queue_attributes", AttributeNames=list(names))
        found = answer.get("Attributes", {})
        if missing := [name for name in names if name not in found]:
            raise QueueTrouble(
                f"What answers at {self._client.meta.endpoint_url} is no SQS: it does"
                f" not tell the queue's {missing[0]}.",
                "error",
                passing=True,
            )
        return [found[name] for name in names]

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                QueueUrl=self.url, **parameters
            )
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise trouble(error, self.url, self._client.meta) from error
        return answer


def connect(url: str, region: str | None = None) -> Queue:
    """The queue at a URL, by the standard AWS settings.

    The region, unless stated, is that of AWS_REGION or AWS_DEFAULT_REGION, else the one
    in the URL, else the profile's. A URL that is not one of AWS's own hosts is also the
    endpoint, unless AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_SQS names another. Nothing is
    called yet. Raises QueueTrouble for settings that cannot work.
    """
    try:
        session = boto3.Session()
        client = session.client(
            "sqs",
            region_name=region or _region(url) or session.region_name,
            endpoint_url=_endpoint(url),
            config=Config(
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=READ_TIMEOUT,
                retries={"total_max_attempts": 2, "mode": "standard"},
            ),
        )
    except NoRegionError:
        raise QueueTrouble(
            f"The queue URL {url} names no region, and no AWS setting does: set"
            " AWS_REGION.",
            "settings",
            passing=False,
        ) from None
    except (BotoCoreError, ValueError) as error:
        raise QueueTrouble(
            f"The AWS settings cannot be used: {_line(str(error))}",
            "settings",
            passing=False,
        ) from error
    return Queue(url, client)


def region_of(url: str) -> str | None:
    """The region in a queue URL of AWS's own."""
    host = urlsplit(url).hostname or ""
    found = re.search(
        r"(?:^|\.)(?:sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.|api\.)"
        r"|([a-z0-9-]+)\.queue\.amazonaws\.)",
        host,
    )
    return (found[1] or found[2]) if found else None


def _region(url: str) -> str | None:
    set_by_hand = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return set_by_hand or region_of(url)


def _endpoint(url: str) -> str | None:
    """Where to call, if the URL says so; None leaves it to the AWS settings."""
    if any(map(os.environ.get, ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"))):
        return None
    parts = urlsplit(url)
    if region_of(url) and ".vpce." not in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def trouble(error: Exception, url: str, meta: Any) -> QueueTrouble:
    """What an error of boto3 means, in a sentence.

    `meta` is that of the client: it knows the region and the endpoint.
    """
    if isinstance(error, ClientError):
        return _refusal(error, url, meta)
    if isinstance(error, LACKS_CREDENTIALS):
        return QueueTrouble(f"There are {NO_CREDENTIALS}", "credentials", passing=False)
    if isinstance(error, _PASSING_ERRORS) and not isinstance(error, SSLError):
        return QueueTrouble(
            f"The queue's endpoint {meta.endpoint_url} cannot be reached"
            f" ({type(error).__name__}).",
            "unreachable",
            passing=True,
        )
    return QueueTrouble(
        f"The queue {url} cannot be used: {_line(str(error))}",
        "settings",
        passing=False,
    )


def _refusal(error: ClientError, url: str, meta: Any) -> QueueTrouble:
    stated = error.response.get("Error", {})
    code, message = str(stated.get("Code", "")), _line(str(stated.get("Message", "")))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    call = f"sqs:{error.operation_name.removesuffix('Batch')}"
    if code in _BUSY or status == 429:
        return QueueTrouble(
            f"SQS asks to go slower ({code}) at {call} on {url}.", "busy", passing=True
        )
    if code in _MISSING:
        return QueueTrouble(
            f"There is no queue {url} at {meta.endpoint_url}"
            f" ({code}). {_where(url, meta.region_name)}",
            "missing",
            passing=False,
        )
    if code in _DENIED:
        return QueueTrouble(
            f"These AWS credentials may not {call} on {url} ({code}: {message}).",
            "denied",
            passing=False,
        )
    if code in _EXPIRED:
        return QueueTrouble(
            f"The AWS credentials have expired ({code}).", "credentials", passing=False
        )
    if code in _BAD_KEY:
        return QueueTrouble(
            f"AWS does not accept the credentials or their signature, which is for"
            f" {meta.region_name} ({code}: {message}).",
            "credentials",
            passing=False,
        )
    return QueueTrouble(
        f"SQS answered {call} on {url} with an error ({code or status}: {message}).",
        "error",
        passing=status >= 500,
    )


def _where(url: str, region: str) -> str:
    """What may be wrong with the place."""
    stated = region_of(url)
    if stated and stated != region:
        return f"The URL is of {stated}, while AWS_REGION makes it {region}."
    return "Check --queue-url (SES_FEEDBACK_QUEUE_URL), its account and its region."


def _line(text: str) -> str:
    """On one line, and not too long."""
    return " ".join(text.split())[:300]


def _tens(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), MOST):
        yield messages[start : start + MOST]
