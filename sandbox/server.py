"""The emulated account as an endpoint for other programs' AWS SDKs."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core.botocore_stubber import BotocoreStubber
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from sandbox.call import Call
from sandbox.cloud import Cloud
from sandbox.judge import judge
from sandbox.links import follow
from sandbox.permissions import left_out
from sandbox.principals import ADMINISTRATOR, ADMINISTRATOR_SECRET, calling
from sandbox.refusals import CBOR, Answer, RefusedCall, answer

HOST = "127.0.0.1"
"""Nobody outside the machine reaches it."""

NOT_PASSED_ON = ("status", "server", "date")
"""Headers of moto's answers that the server itself writes, or nobody."""


class Listener:
    """A port that is taken, so that its address is known before anything is there."""

    def __init__(self, port: int) -> None:
        """Takes the port, or any free one for 0; raises OSError where it cannot."""
        self.socket = socket.create_server((HOST, port))
        self.endpoint = f"http://{HOST}:{self.socket.getsockname()[1]}"

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
    application = Application(cloud)
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
    """WSGI: a request of an SDK goes to the service that it was signed for.

    Requests are answered one at a time, since moto's state knows no locks; one that
    waits for messages lets others pass meanwhile.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._moto = BotocoreStubber()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        call = Call.of(environ, self._cloud.account.region)
        status, headers, body = self._answer(call)
        if call.method == "HEAD":
            # Its length is that of what GET would answer.
            return Response(None, status, headers)(environ, start_response)
        headers = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("content-length", "transfer-encoding")
        }
        return Response(body, status, headers)(environ, start_response)

    def _answer(self, call: Call) -> Answer:
        try:
            if call.unread:
                raise RefusedCall("InvalidRequest", call.unread, HTTPStatus.BAD_REQUEST)
            with self._cloud.changed:
                try:
                    if not call.is_signed:
                        followed = follow(call, self._cloud.account.id)
                        if followed is not None:
                            return followed
                    judgement = judge(call, self._cloud)
                    calling.set(judgement.caller)
                    left_out.set(judgement.left_out)
                    return self._dispatch(call)
                finally:
                    self._cloud.changed.notify_all()
        except RefusedCall as refused:
            return answer(call, refused)
        except Exception as error:  # noqa: BLE001
            # Whatever it was, the caller's SDK can only show what it is told.
            service = f"{call.service} " if call.scope else ""
            failure = RefusedCall(
                "InternalFailure",
                f"The sandbox failed at {service}{call.method} {call.path}: {error!r}",
                HTTPStatus.INTERNAL_SERVER_ERROR,
            )
            return answer(call, failure)

    def _dispatch(self, call: Call) -> Answer:
        if call.header("Smithy-Protocol") == CBOR:
            raise RefusedCall(
                "NotImplemented",
                f"The sandbox does not speak {CBOR}, only the older protocols of"
                f" {call.service}: set the SDK to JSON or query.",
                HTTPStatus.NOT_IMPLEMENTED,
            )
        if not call.operation:
            raise RefusedCall(
                "InvalidAction",
                f"The sandbox knows no such operation of {call.service}.",
                HTTPStatus.BAD_REQUEST,
                "UnknownOperationException",
            )
        try:
            found = self._moto.process_request(call.for_aws())
        except NotImplementedError as missing:
            raise RefusedCall(
                "NotImplemented",
                f"The sandbox does not do this: {call.service} {call.operation}."
                f" {missing}",
                HTTPStatus.NOT_IMPLEMENTED,
            ) from None
        if found is None:
            raise RefusedCall(
                "NotImplemented",
                f"The sandbox has no service {call.service}.",
                HTTPStatus.NOT_IMPLEMENTED,
            )
        status, headers, body = found
        texts = {str(name): str(value) for name, value in headers.items()}
        return (
            int(status),
            {name: texts[name] for name in texts if name.lower() not in NOT_PASSED_ON},
            body.encode() if isinstance(body, str) else body or b"",
        )


class _Handler(WSGIRequestHandler):
    """Keeps the headers as they came, since they are signed; logs nothing."""

    def make_environ(self) -> WSGIEnvironment:
        environ = super().make_environ()
        environ["sandbox.headers"] = list(self.headers.items())
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:
        pass
