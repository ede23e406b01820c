"""What the tests do with a served account, over HTTP as another program would."""

import json
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET
from sandbox.server import Listener, serving
from tests.emulated import ACCOUNT

NO_RETRIES = Config(retries={"max_attempts": 0})


@dataclass(frozen=True)
class Served:
    """An account that is up at an endpoint."""

    cloud: Cloud
    endpoint: str

    def client(
        self,
        service: str,
        key_id: str = ADMINISTRATOR,
        secret: str = ADMINISTRATOR_SECRET,
        token: str | None = None,
        config: Config = NO_RETRIES,
        region: str = ACCOUNT.region,
    ) -> Any:
        """A client that reaches it by HTTP alone; the administrator's by default."""
        return _session().client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=config,
        )

    def user(self, name: str, *policies: str) -> tuple[str, str]:
        """A user with these inline policies; its key."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for number, policy in enumerate(policies):
            iam.put_user_policy(
                UserName=name, PolicyName=str(number), PolicyDocument=policy
            )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]


@contextmanager
def served(**more: Any) -> Iterator[Served]:
    """A fresh account, served."""
    with (
        Listener(0) as listener,
        Cloud(ACCOUNT, listener.endpoint, **more) as cloud,
        serving(cloud, listener),
    ):
        yield Served(cloud, listener.endpoint)


@cache
def _session() -> Any:
    """One for all, since it keeps the descriptions of services that it has read."""
    return boto3.Session()


@dataclass
class Endpoint:
    """An HTTP server on this machine that somebody subscribes."""

    url: str
    received: "SimpleQueue[tuple[dict[str, str], str]]" = field(
        default_factory=SimpleQueue
    )
    """Headers, in lower case, and body of each call."""
    answers: list[int] = field(default_factory=list)
    """The status of each call to come; 200 when there are no more."""

    def next(self) -> tuple[dict[str, str], str]:
        """The next call, which has to come."""
        return self.received.get(timeout=30)

    def confirm(self) -> dict[str, Any]:
        """Follows the link in the next call; what it was told there."""
        _, body = self.next()
        envelope: dict[str, Any] = json.loads(body)
        with urllib.request.urlopen(envelope["SubscribeURL"]) as answer:
            assert b"<SubscriptionArn>arn:" in answer.read()
        return envelope


@contextmanager
def endpoint(context: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """Such a server; with a context it is one of HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            headers["path"] = self.path
            status = found.answers.pop(0) if found.answers else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            found.received.put((headers, body))

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    found = Endpoint(f"{scheme}://localhost:{server.server_port}/ses?from=sns")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def error(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which a call fails."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    stated = raised.value.response["Error"]
    return stated["Code"], stated["Message"]


def policy(*statements: dict[str, Any]) -> str:
    """A policy as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def user_arn(name: str) -> dict[str, str]:
    """A user as a principal."""
    return {"AWS": f"arn:aws:iam::123456789012:user/{name}"}


def of(credentials: dict[str, Any]) -> tuple[str, str, str]:
    """What a client needs of the credentials that STS answers."""
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    key_id, secret, token = (credentials[name] for name in names)
    return key_id, secret, token
