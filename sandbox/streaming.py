"""SES as a producer: may it use this stream in this role, and what it puts there."""

from dataclasses import dataclass

from moto.firehose.models import firehose_backends

from sandbox.publishing import SES
from sandbox.roles import Acting, assume


@dataclass(frozen=True)
class Stream:
    """A delivery stream of Firehose, and the role in which SES writes to it."""

    arn: str
    role_arn: str


@dataclass(frozen=True)
class Producer:
    """SES in the name of one configuration set of this account."""

    account_id: str
    region: str
    source_arn: str
    """arn:aws:ses:eu-west-1:123456789012:configuration-set/prod"""

    def objection(self, stream: Stream) -> str | None:
        """What SES says against a stream and role; None where it takes them.

        The beginnings of the texts are AWS's own.
        """
        acting = self._acting(stream)
        if acting is None:
            return f"Could not assume IAM role <{stream.role_arn}>."
        if not self._may_put(acting, stream):
            return f"Could not access Kinesis Firehose Stream <{stream.arn}>."
        return None

    def put(self, stream: Stream, message: str) -> str | None:
        """Puts a line there; the record's id, or None where that is not allowed."""
        acting = self._acting(stream)
        if acting is None or not self._may_put(acting, stream):
            return None
        firehose = firehose_backends[self.account_id][self.region]
        # SES ends each record with a newline (SES developer guide, "Contents of event
        # data that Amazon SES publishes to Firehose").
        line = {"Data": f"{message}\n".encode()}
        answer = firehose.put_record_batch(_name(stream), [line])
        record_id: str = answer["RequestResponses"][0]["RecordId"]
        return record_id

    def _acting(self, stream: Stream) -> Acting | None:
        context = {
            "aws:SourceArn": self.source_arn,
            "aws:SourceAccount": self.account_id,
        }
        return assume(stream.role_arn, SES, context, "ses")

    def _may_put(self, acting: Acting, stream: Stream) -> bool:
        known = firehose_backends[self.account_id][self.region].delivery_streams
        found = known.get(_name(stream))
        return (
            found is not None
            and found.delivery_stream_arn == stream.arn
            and acting.denial("firehose:PutRecordBatch", stream.arn) is None
        )


def _name(stream: Stream) -> str:
    return stream.arn.rpartition("/")[2]
