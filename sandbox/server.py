"""The emulated account as an endpoint for other programs' AWS SDKs."""

import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from sandbox.call import Call
from sandbox.cloud import Cloud
from sandbox.dispatch import answer
from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET

HOST = "127.0.0.1"
"""Nobody outside the machine reaches it."""

NAMES = (HOST, "localhost", "[::1]")
"""What the machine calls itself."""


class Listener:
    """A port that is taken, so that its address is known before anything is there."""

    def __init__(self, port: int) -> None:
        """Takes the port, or any free one for 0; raises OSError where it cannot."""
        self.socket = socket.create_server((HOST, port))
        self.port: int = self.socket.getsockname()[1]
        self.endpoint = f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


def environment(cloud: Cloud) -> dict[str, str]:
    """The variables by which an AWS SDK uses a served account, as its administrator."""
    region = cloud.account.region
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint or "",
        "AWS_ACCESS_KEY_ID": ADMINISTRATOR,
        "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


@contextmanager
def serving(cloud: Cloud, listener: Listener) -> Iterator[None]:
    """Answers requests at the listener's address for as long as it is used."""
    application = Application(cloud, listener.port)
    server = make_server(
        HOST,
        0,
        application,
        threaded=True,
        request_handler=_Handler,
        fd=listener.socket.fileno(),
    )
    thread = threading.Thread(target=server.serve_forever, name="endpoint", daemon=True)
    thread.start()
    cloud.http.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Application:
    """WSGI: a request of an SDK goes to the service that it was signed for."""

    def __init__(self, cloud: Cloud, port: int) -> None:
        self._cloud = cloud
        self._hosts = {f"{name}:{port}" for name in NAMES}

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if (why := self._not_of_sdk(environ)) is not None:
            print(f"refused: {why}", file=sys.stderr, flush=True)
            refused = Response(f"{why}\n", HTTPStatus.FORBIDDEN)
            return refused(environ, start_response)
        call = Call.of(environ, self._cloud.account.region)
        status, headers, body = answer(call, self._cloud)
        if call.method == "HEAD":
            # Its length is that of what GET would answer.
            return Response(None, status, headers)(environ, start_response)
        headers = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("content-length", "transfer-encoding")
        }
        return Response(body, status, headers)(environ, start_response)

    def _not_of_sdk(self, environ: WSGIEnvironment) -> str | None:
        """Why a request is none of an SDK's, if so.

        A page that a browser shows may send requests to any address, but not without
        its `Origin`; one whose own name leads here names that in `Host`.
        """
        origin, host = environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST")
        if origin is not None:
            return f"A page of {origin!r} asks; the sandbox answers no browser's pages."
        if host is not None and host.lower() not in self._hosts:
            return f"The request is for the host {host!r}; use the address as printed."
        return None


class _Handler(WSGIRequestHandler):
    """Keeps the headers as they came, since they are signed; logs nothing."""

    def make_environ(self) -> WSGIEnvironment:
        environ = super().make_environ()
        environ["sandbox.headers"] = list(self.headers.items())
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:
        pass
