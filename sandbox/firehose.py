"""Firehose's last step: what a stream was given becomes an object in S3.

The key, the compression and the rights of Firehose's role are Firehose's own. What is
not emulated is time: each call of PutRecord or PutRecordBatch is flushed at once and
becomes an object of its own, whatever the stream's buffer is, and what S3 does not take
is not tried again (Firehose does so for a day); its error is logged at once. A stream
delivers to S3 alone, as it is given the records: no transformation, no other format, no
dynamic partitions. Nothing else can be created.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import moto.firehose.urls
from moto.firehose.exceptions import InvalidArgumentException, ValidationException
from moto.firehose.models import FirehoseBackend
from moto.logs.models import logs_backends
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends

from sandbox import metrics, object_names
from sandbox.latest import Latest
from sandbox.roles import Acting, assume

FIREHOSE = "firehose.amazonaws.com"

ACCESS_DENIED = "S3.AccessDenied"
NO_BUCKET = "S3.NoSuchBucket"
"""Errors of a delivery, as Firehose logs them (Firehose developer guide, "Monitor
Amazon Data Firehose using CloudWatch Logs")."""

MOST_RECORDS = 500
LARGEST_CALL = 4 * 1024 * 1024
LARGEST_RECORD = 1000 * 1024
"""What one call may put: records, and bytes of all and of each (PutRecordBatch in the
API reference of Firehose)."""

COMPRESSIONS = ("UNCOMPRESSED", "GZIP")

NOT_HERE = (
    "CustomTimeZone",
    "DataFormatConversionConfiguration",
    "DynamicPartitioningConfiguration",
    "ProcessingConfiguration",
    "S3BackupConfiguration",
)
"""Of a destination in S3, what the sandbox does not do."""


@dataclass(frozen=True)
class Written:
    """An object that Firehose has put into a bucket."""

    bucket: str
    key: str


@dataclass(frozen=True)
class _Failure:
    """Why a delivery came to nothing."""

    code: str
    message: str


class Firehose(FirehoseBackend):
    """moto's state of Firehose in one account and region, with what was written."""

    written: Latest[Written]
    """By the id of a record, the object that it is in; nothing for one that S3 did not
    take."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.written = Latest()

    @property
    def _url_module(self) -> ModuleType:
        return moto.firehose.urls

    def create_delivery_stream(self, *options: Any, **more: Any) -> str:
        """A new stream, once Firehose has looked at its prefixes and its role."""
        arn = super().create_delivery_stream(*options, **more)
        name = arn.rpartition("/")[2]
        try:
            self._check(self.delivery_streams[name].destinations[0])
        except ValueError as refused:
            del self.delivery_streams[name]
            raise InvalidArgumentException(str(refused)) from None
        return arn

    def update_destination(
        self, delivery_stream_name: str, *options: Any, **more: Any
    ) -> None:
        known = self.delivery_streams.get(delivery_stream_name)
        before = deepcopy(known.destinations) if known else []
        super().update_destination(delivery_stream_name, *options, **more)
        stream = self.delivery_streams[delivery_stream_name]
        try:
            self._check(stream.destinations[0])
        except ValueError as refused:
            stream.destinations = before
            raise InvalidArgumentException(str(refused)) from None

    def _check(self, destination: Mapping[str, Any]) -> None:
        stated = destination.get("ExtendedS3") or destination.get("S3")
        if stated is None:
            raise ValueError("The sandbox delivers to S3 only.")
        for name in NOT_HERE:
            value = stated.get(name)
            if value and not (
                isinstance(value, dict) and value.get("Enabled") is False
            ):
                raise ValueError(f"The sandbox does not do {name}.")
        if stated.get("CompressionFormat", "UNCOMPRESSED") not in COMPRESSIONS:
            raise ValueError(
                f"The sandbox does not do the compression {stated['CompressionFormat']}."
            )
        try:
            object_names.check_prefixes(
                stated.get("Prefix", ""), stated.get("ErrorOutputPrefix", "")
            )
        except ValueError as wrong:
            raise ValueError(
                f"The supplied prefix(es) do not satisfy the following constraint:"
                f" {wrong}"
            ) from None
        if self._acting(stated) is None:
            raise ValueError(
                f"Firehose is unable to assume role {stated['RoleARN']}. Please check"
                " the role provided."
            )

    def put_s3_records(
        self,
        delivery_stream_name: str,
        version_id: str,
        s3_destination: dict[str, Any],
        records: list[dict[str, bytes]],
    ) -> list[dict[str, str]]:
        """Takes records, and writes them as one object; that fails without a word to
        whoever put them."""
        _check_size(records)
        answers = [{"RecordId": str(mock_random.uuid4())} for _ in records]
        content = b"".join(record["Data"] for record in records)
        arrived = datetime.now(UTC)
        key = object_names.key(
            s3_destination.get("Prefix", ""),
            delivery_stream_name,
            version_id,
            s3_destination.get("FileExtension", ""),
            arrived,
        )
        measured = (self.account_id, self.region_name, delivery_stream_name)
        metrics.stream_took(*measured, len(records))
        acting = self._acting(s3_destination)
        failure = self._write(acting, s3_destination, key, content)
        if failure is not None:
            self._log(acting, s3_destination, delivery_stream_name, failure, arrived)
            return answers
        metrics.stream_wrote(*measured, len(records))
        written = Written(_bucket(s3_destination), key)
        for answer in answers:
            self.written[answer["RecordId"]].append(written)
        return answers

    def _acting(self, destination: Mapping[str, Any]) -> Acting | None:
        context = {"sts:ExternalId": self.account_id}
        return assume(destination["RoleARN"], FIREHOSE, context, "firehose")

    def _write(
        self,
        acting: Acting | None,
        destination: Mapping[str, Any],
        key: str,
        content: bytes,
    ) -> _Failure | None:
        bucket = _bucket(destination)
        s3 = s3_backends[self.account_id][self.partition]
        if acting is None:
            return _Failure(
                ACCESS_DENIED,
                f"Firehose is unable to assume role {destination['RoleARN']}.",
            )
        denial = acting.denial("s3:PutObject", f"{destination['BucketARN']}/{key}")
        if denial is not None:
            return _Failure(ACCESS_DENIED, denial)
        if bucket not in s3.buckets:
            return _Failure(NO_BUCKET, f"The bucket {bucket} does not exist.")
        if destination.get("CompressionFormat") == "GZIP":
            content = gzip.compress(content)
        s3.put_object(bucket, key, content)
        return None

    def _log(
        self,
        acting: Acting | None,
        destination: Mapping[str, Any],
        stream: str,
        failure: _Failure,
        moment: datetime,
    ) -> None:
        """Into the stream's error log, where there is one that the role may write."""
        options = destination.get("CloudWatchLoggingOptions", {})
        group, log = options.get("LogGroupName"), options.get("LogStreamName")
        if acting is None or not (options.get("Enabled") and group and log):
            return
        where = f"arn:{self.partition}:logs:{self.region_name}:{self.account_id}"
        arn = f"{where}:log-group:{group}:log-stream:{log}"
        if acting.denial("logs:PutLogEvents", arn) is not None:
            return
        message = {
            "deliveryStreamARN": self.delivery_streams[stream].delivery_stream_arn,
            "destination": destination["BucketARN"],
            "deliveryStreamVersionId": int(self.delivery_streams[stream].version_id),
            "message": failure.message,
            "errorCode": failure.code,
        }
        event = {
            "timestamp": int(moment.timestamp() * 1000),
            "message": json.dumps(message),
        }
        logs = logs_backends[self.account_id][self.region_name]
        # A log that is not there gets nothing, and whatever else goes wrong with it is
        # no failure of whoever put the records.
        with suppress(Exception):
            logs.put_log_events(group, log, [event])


def _check_size(records: Sequence[Mapping[str, bytes]]) -> None:
    if len(records) > MOST_RECORDS:
        raise ValidationException(
            f"1 validation error detected: found {len(records)} at 'records', Member"
            f" must have length less than or equal to {MOST_RECORDS}"
        )
    sizes = [len(record["Data"]) for record in records]
    if any(size > LARGEST_RECORD for size in sizes):
        raise ValidationException(
            f"1 validation error detected: found {max(sizes)} bytes at 'data', Member"
            f" must have length less than or equal to {LARGEST_RECORD}"
        )
    if sum(sizes) > LARGEST_CALL:
        raise InvalidArgumentException(
            f"Found {sum(sizes)} bytes of records, expected at most {LARGEST_CALL} in"
            " one call."
        )


def _bucket(destination: Mapping[str, Any]) -> str:
    name: str = destination["BucketARN"].rpartition(":")[2]
    return name
