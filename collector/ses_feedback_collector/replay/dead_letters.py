"""A dead-letter queue, read once through: what can be stored now leaves it."""

import os
from collections.abc import Iterator, Sequence

from ses_feedback_collector.replay.sources import Failed, QueueArn, QueueUrl
from ses_feedback_collector.sqs import Message, Queue, QueueTrouble, connect

WAIT_SECONDS = 2
"""A receive that waits asks all of SQS's servers: when it brings nothing, nothing is
there that may be received."""

PUT_OFF_SECONDS = 600
"""For how long one that stays is hidden when it comes back before the end."""


def opened(source: QueueUrl | QueueArn) -> Queue:
    """Raises Failed for settings that cannot work; nothing is called yet."""
    try:
        if isinstance(source, QueueUrl):
            return connect(source.url)
        return connect(_url(source), source.region)
    except QueueTrouble as trouble:
        raise Failed(str(trouble)) from None


def _url(source: QueueArn) -> str:
    """What sqs:GetQueueUrl would answer, without asking for that right."""
    own = os.environ.get("AWS_ENDPOINT_URL_SQS") or os.environ.get("AWS_ENDPOINT_URL")
    ending = "amazonaws.com.cn" if source.region.startswith("cn-") else "amazonaws.com"
    endpoint = own or f"https://sqs.{source.region}.{ending}"
    return f"{endpoint.rstrip('/')}/{source.account}/{source.name}"


class DeadLetters:
    """A queue until it is empty, or holds nothing any more but what has to stay."""

    def __init__(self, queue: Queue) -> None:
        self.name = queue.url
        self._queue = queue
        self._stay: set[str] = set()
        self._in_a_row = 0
        self._may_put_off = True

    def size(self) -> int:
        """Messages, roughly. Raises Failed."""
        try:
            return sum(self._queue.depth())
        except QueueTrouble as trouble:
            raise Failed(str(trouble)) from None

    def batches(self) -> Iterator[list[Message]]:
        """Messages that were not seen before, until no others come. Raises Failed."""
        while found := self._receive():
            new = [one for one in found if one.id not in self._stay]
            if new:
                self._in_a_row = 0
                yield new
            else:
                self._in_a_row += len(found)
                if self._in_a_row > len(self._stay):
                    return
            self._put_off([one for one in found if one not in new])

    def delete(self, messages: Sequence[Message]) -> None:
        """Raises Failed; what was not deleted comes again, and is stored once."""
        try:
            kept = self._queue.delete(messages)
        except QueueTrouble as trouble:
            raise Failed(f"{trouble} What it holds is stored already.") from None
        if kept:
            codes = ", ".join(sorted(set(kept.values())))
            raise Failed(
                f"{self.name}: SQS did not delete {len(kept)} messages ({codes}). What"
                " they hold is stored already; run this again to delete them."
            )

    def leave(self, messages: Sequence[Message]) -> None:
        """These stay in the queue."""
        self._stay.update(one.id for one in messages)

    def others(self) -> int:
        """About how many messages are left beside those that stay. Raises Failed."""
        return max(0, self.size() - len(self._stay))

    def _receive(self) -> list[Message]:
        try:
            return self._queue.receive(WAIT_SECONDS)
        except QueueTrouble as trouble:
            raise Failed(str(trouble)) from None

    def _put_off(self, messages: Sequence[Message]) -> None:
        """So that many that stay do not keep others from their turn; without the right
        to it they come again."""
        if messages and self._may_put_off:
            try:
                self._queue.extend(messages, PUT_OFF_SECONDS)
            except QueueTrouble:
                self._may_put_off = False
