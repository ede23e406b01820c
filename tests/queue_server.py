"""A real queue server for the tests: ElasticMQ, which scripts/queue-server fetches.

A pytest plugin. `queue_server` is the server of the session; `queue` a queue of the
test's own on it, with its dead-letter queue. `gate` stands before the server, to be
told to fail. Each puts made-up AWS credentials and its endpoint into the environment,
where boto3 and the commands of the collector find them.
"""

import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

JARS = ".tools/elasticmq"
FIXTURES = {"elasticmq", "queue_server", "queue", "gate"}
ROOT = Path(__file__).parent.parent
REGION = "eu-west-1"
ACCOUNT = "123456789012"
BATCH = 10
"""The most messages of one call (SQS quotas)."""
BATCH_BYTES = 2**20
"""The most bytes of one call, and of one message."""

PATIENCE = 60
"""Seconds until a server that does not answer is given up."""

CONFIGURATION = f"""
include classpath("application.conf")
generate-node-address = true
rest-sqs {{ bind-port = 0, bind-hostname = "127.0.0.1", sqs-limits = strict }}
aws {{ region = "{REGION}", accountId = "{ACCOUNT}" }}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.needs("java", JARS))


def environment(endpoint: str) -> dict[str, str]:
    """What leads boto3 to an endpoint and nowhere else, with made-up credentials."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(endpoint: str) -> Any:
    """A client of SQS for the endpoint; threads may share it."""
    return _session().client(
        "sqs",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(max_pool_connections=20, retries={"total_max_attempts": 1}),
    )


@cache
def _session() -> Any:
    """One for all, since it keeps the description of the service that it has read."""
    return boto3.Session()


@dataclass(frozen=True)
class FreshQueue:
    """A queue and its dead-letter queue."""

    url: str
    dead_letter_url: str
    sqs: Any

    def send(self, bodies: Sequence[str]) -> None:
        """Sends them, in no certain order."""
        send(self.sqs, self.url, bodies)

    @property
    def visible(self) -> int:
        """The messages that may be received."""
        return self._counts(self.url)[0]

    @property
    def in_hand(self) -> int:
        """The messages that somebody has received and not deleted."""
        return self._counts(self.url)[1]

    @property
    def size(self) -> int:
        return sum(self._counts(self.url))

    @property
    def dead(self) -> int:
        """The messages in the dead-letter queue."""
        return sum(self._counts(self.dead_letter_url))

    def _counts(self, url: str) -> list[int]:
        """In one call: between two a message could become visible again."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return [int(answer["Attributes"][name]) for name in names]

    def dead_letters(self) -> list[str]:
        """Takes every body out of the dead-letter queue, sorted."""
        return sorted(self._taken(self.dead_letter_url))

    def _taken(self, url: str) -> Iterator[str]:
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=BATCH
        ).get("Messages"):
            for message in messages:
                yield message["Body"]
                receipt = message["ReceiptHandle"]
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)


def send(sqs: Any, url: str, bodies: Iterable[str]) -> None:
    """Sends them, in no certain order."""

    def send_batch(some: Sequence[str]) -> None:
        entries = [
            {"Id": str(number), "MessageBody": body} for number, body in enumerate(some)
        ]
        assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_batch, _batches(bodies)))


def _batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if len(batch) == BATCH or (batch and size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch


class QueueServer:
    """ElasticMQ in a process of its own, on a port that it chose. In memory only."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Starts it, with options for Java; RuntimeError with what it said if that fails."""
        self._log = folder / "elasticmq.log"
        self._names = (f"test-{number}" for number in itertools.count(1))
        configuration = folder / "elasticmq.conf"
        configuration.write_text(CONFIGURATION)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                ["java", "-XX:+UseSerialGC", *(options or ("-Xmx512m",))]
                + [f"-Dconfig.file={configuration}", "-cp", f"{ROOT / JARS}/*"]
                + ["org.elasticmq.server.Main"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.endpoint = self._wait()

    def _wait(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            said = self._log.read_text()
            address = re.search(r"bind address 127\.0\.0\.1:(\d+)", said)
            if address and "=== ElasticMQ server" in said:
                return f"http://127.0.0.1:{address[1]}"
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"ElasticMQ did not start: {self._log.read_text()}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE)

    def client(self) -> Any:
        return client(self.endpoint)

    def queue(self, *, visibility: int = 60, receives: int = 5) -> FreshQueue:
        """A fresh queue: seconds that a received message stays hidden, and how often
        one is received before the next receive hands it to the dead-letter queue."""
        sqs, name = self.client(), next(self._names)
        dead = sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead-letters"
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": receives}
        url = sqs.create_queue(
            QueueName=name,
            Attributes={
                "VisibilityTimeout": str(visibility),
                "RedrivePolicy": json.dumps(redrive),
            },
        )["QueueUrl"]
        return FreshQueue(url, dead, sqs)


@contextmanager
def serving(*options: str) -> Iterator[QueueServer]:
    """A queue server, with options for Java."""
    with tempfile.TemporaryDirectory(prefix="elasticmq-") as folder:
        server = QueueServer(Path(folder), *options)
        try:
            yield server
        finally:
            server.stop()


# What goes wrong on the way to it.


@dataclass
class Gate:
    """Hands on every call to the server, unless it is told to fail.

    `fails` says how, by operation (`*` for every one): a key of ANSWERS, or `drop` to
    break off the connection.
    """

    endpoint: str
    fails: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each operation was asked for, also in vain."""

    def environment(self) -> dict[str, str]:
        return environment(self.endpoint)


def _json_error(status: int, code: str, fault: str) -> tuple[int, str, bytes]:
    body = {"__type": f"com.amazonaws.sqs#{code}", "message": f"made-up {code}"}
    return status, f"{code};{fault}", json.dumps(body).encode()


ANSWERS = {
    "internal error": _json_error(500, "InternalFailure", "Receiver"),
    "unavailable": _json_error(503, "ServiceUnavailable", "Receiver"),
    "throttled": _json_error(400, "RequestThrottled", "Sender"),
    "access denied": _json_error(403, "AccessDeniedException", "Sender"),
    "no such queue": _json_error(400, "QueueDoesNotExist", "Sender"),
    "garbage": (200, "", b"<html>Please log in to the network."),
}
"""By a name: status, error header and body. boto3 takes the garbage for an answer that
holds nothing: no messages, nothing deleted and nothing refused."""


@contextmanager
def gate_before(server: str) -> Iterator[Gate]:
    """A gate before the server with this endpoint."""
    host = urlsplit(server).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            found.calls[operation] += 1
            failure = found.fails.get(operation) or found.fails.get("*")
            if failure == "drop":
                self.close_connection = True
                self.connection.close()
            elif failure:
                self._answer(*ANSWERS[failure])
            else:
                self._hand_on(body)

        def _hand_on(self, body: bytes) -> None:
            there = http.client.HTTPConnection(host, timeout=PATIENCE)
            try:
                there.request("POST", self.path, body, dict(self.headers))
                answer = there.getresponse()
                error = answer.headers.get("x-amzn-query-error", "")
                self._answer(answer.status, error, answer.read())
            finally:
                there.close()

        def _answer(self, status: int, error: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            if error:
                self.send_header("x-amzn-query-error", error)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, address: Any) -> None:
            """Whoever called is gone: nothing to tell."""

    with Server(("127.0.0.1", 0), Handler) as listener:
        found = Gate(f"http://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def elasticmq() -> Iterator[QueueServer]:
    """The server of the session, without the environment that leads to it."""
    with serving() as server:
        yield server


@pytest.fixture
def queue_server(
    elasticmq: QueueServer, monkeypatch: pytest.MonkeyPatch
) -> QueueServer:
    """The server of the session: `queue()` for as many queues as the test wants."""
    for name, value in environment(elasticmq.endpoint).items():
        monkeypatch.setenv(name, value)
    return elasticmq


@pytest.fixture
def queue(queue_server: QueueServer) -> FreshQueue:
    """A queue of the test's own, with a visibility time-out of 60 seconds."""
    return queue_server.queue()


@pytest.fixture
def gate(queue_server: QueueServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """What the environment leads to instead of the server."""
    with gate_before(queue_server.endpoint) as gate:
        for name, value in gate.environment().items():
            monkeypatch.setenv(name, value)
        yield gate
