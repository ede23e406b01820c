"""The event log: objects in S3, as Firehose writes them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ses_feedback_collector.replay.sources import Bucket, Failed, Part, Read
from ses_feedback_collector.sqs import LACKS_CREDENTIALS, NO_CREDENTIALS
from ses_feedback_collector.texts import printable

_SENTENCES = {
    "NoSuchBucket": "there is no such bucket.",
    "NoSuchKey": "the object has been deleted meanwhile.",
    "InvalidObjectState": "the object is archived; restore it in S3 first.",
    "PreconditionFailed": "the object was replaced while it was read; run this again.",
    "412": "the object was replaced while it was read; run this again.",
}
_DENIED = ("AccessDenied", "AllAccessDisabled", "Forbidden", "403")


def connect() -> Any:
    """The client of S3, by the standard AWS settings. Raises Failed."""
    import boto3

    try:
        return boto3.Session().client("s3")
    except (BotoCoreError, ValueError) as error:
        raise Failed(f"The AWS settings cannot be used: {error}") from None


@dataclass(frozen=True)
class EventLog:
    """The objects below a prefix, in the order of their keys."""

    bucket: Bucket
    client: Any

    def size(self) -> int | None:
        total = 0
        for found in self._objects():
            total += found["Size"]
        return total

    def parts(self) -> Iterator[Part]:
        empty = True
        for found in self._objects():
            empty = False
            yield self._part(found)
        if empty:
            raise Failed(f"{self._name()}: there is no object below this prefix.")

    def _objects(self) -> Iterator[dict[str, Any]]:
        """But those that consoles make to show an empty folder."""
        name = self.bucket.name
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=name, Prefix=self.bucket.prefix
            ):
                for found in page.get("Contents", []):
                    if found["Size"] or not found["Key"].endswith("/"):
                        yield found
        except (ClientError, BotoCoreError, ValueError) as error:
            needed = f"s3:ListBucket on {_arn(self.client)}:s3:::{name}"
            raise _failed(self._name(), error, needed) from None

    def _part(self, found: dict[str, Any]) -> Part:
        name = self._name(found["Key"])
        return Part(
            name=printable(name),
            source=name,
            size=found["Size"],
            open=lambda: self._opened(found["Key"], found["ETag"]),
            fingerprint=f"{found['Size']}:{found['ETag']}",
        )

    def _name(self, key: str | None = None) -> str:
        path = self.bucket.prefix if key is None else key
        return f"s3://{self.bucket.name}/{path}"

    @contextmanager
    def _opened(self, key: str, etag: str) -> Iterator[Read]:
        name = printable(self._name(key))
        needed = f"s3:GetObject on {_arn(self.client)}:s3:::{self.bucket.name}/*"
        try:
            answer = self.client.get_object(
                Bucket=self.bucket.name, Key=key, IfMatch=etag
            )
        except (ClientError, BotoCoreError) as error:
            raise _failed(name, error, needed) from None
        with closing(answer["Body"]) as body:

            def read(size: int) -> bytes:
                try:
                    found: bytes = body.read(size)
                except (BotoCoreError, OSError) as error:
                    raise _failed(name, error, needed) from None
                return found

            yield read


def _arn(client: Any) -> str:
    return f"arn:{client.meta.partition}"


def _failed(name: str, error: Exception, needed: str) -> Failed:
    """What a call's error means; `needed` is what a policy has to allow for it."""
    if isinstance(error, LACKS_CREDENTIALS):
        return Failed(f"{name}: there are {NO_CREDENTIALS}")
    if not isinstance(error, ClientError):
        return Failed(f"{name}: {' '.join(str(error).split())}")
    stated = error.response.get("Error", {})
    code, said = (
        str(stated.get("Code", "")),
        " ".join(stated.get("Message", "").split()),
    )
    if "kms:" in said or code.startswith("KMS."):
        needed = "kms:Decrypt on the key that it is encrypted with"
    elif code not in _DENIED:
        return Failed(f"{name}: {_SENTENCES.get(code) or f'{code}: {said}'}")
    return Failed(f"{name}: access denied; it needs {needed} ({code}: {said}).")
