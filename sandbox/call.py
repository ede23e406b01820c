"""A request of somebody's AWS SDK, as it comes in over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition
from werkzeug.exceptions import NotFound

ALGORITHM = "AWS4-HMAC-SHA256"

LARGEST = 256 * 1024 * 1024
"""Bytes of a body; all of it is held in memory."""

TOO_LARGE = f"The sandbox takes bodies of at most {LARGEST // 1024**2} MiB."

_MODELS = {"monitoring": "cloudwatch", "email": "ses"}
"""botocore's name of a service where it signs by another one."""

_HOSTS = {"ses": "email", "iam": "iam"}
"""The first part of a service's host where it signs by another name."""

_TARGETS = {
    "AmazonSQS": "sqs",
    "GraniteServiceVersion20100801": "monitoring",
    "TrentService": "kms",
}
_VERSIONS = {
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2010-08-01": "monitoring",
    "2010-12-01": "ses",
    "2011-06-15": "sts",
    "2012-11-05": "sqs",
}
"""What tells the service of a request that nobody signed."""


@dataclass(frozen=True)
class Scope:
    """Who signed a request, for what, as it says itself."""

    key_id: str
    """Empty where nobody signed."""
    date: str
    region: str
    service: str
    """As requests are signed: ses for both of its APIs."""
    signed_headers: tuple[str, ...]
    signature: str
    in_query: bool
    """A presigned URL."""


@dataclass(frozen=True)
class Call:
    """One request, with what can be read from it without knowing the account."""

    method: str
    path: str
    """As sent, still percent-encoded."""
    query: str
    headers: tuple[tuple[str, str], ...]
    """As sent; names in their own case, an underscore is an underscore."""
    body: bytes
    home: str = ""
    """The region that a request is for which nobody signed."""
    unread: str = ""
    """Why the body could not be read, if so."""

    @classmethod
    def of(cls, environ: Mapping[str, Any], home: str) -> Self:
        """From what the server hands over, `sandbox.headers` included."""
        path, _, query = str(environ["REQUEST_URI"]).partition("?")
        body, unread = _body(environ)
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=query,
            headers=tuple(environ["sandbox.headers"]),
            body=body,
            home=home,
            unread=unread,
        )

    @classmethod
    def of_sdk(cls, request: AWSPreparedRequest) -> Self:
        """From what an SDK in this process is about to send."""
        url = urlsplit(str(request.url))
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        headers = [(name, _text(value)) for name, value in request.headers.items()]
        return cls(
            method=str(request.method),
            path=url.path or "/",
            query=url.query,
            headers=(("Host", url.netloc), *headers),
            body=body.encode() if isinstance(body, str) else bytes(body),
        )

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        for found, value in self.headers:
            if found.lower() == name.lower():
                return value
        return None

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The query's arguments."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @cached_property
    def scope(self) -> Scope | None:
        """Who signed it, if anybody; None where that or the service cannot be told."""
        header = self.header("Authorization") or ""
        if header.startswith(ALGORITHM):
            pairs = (
                part.strip().partition("=")
                for part in header.removeprefix(ALGORITHM).split(",")
            )
            return _scope({name: value for name, _, value in pairs}, in_query=False)
        if self.arguments.get("X-Amz-Algorithm") == ALGORITHM:
            names = ("Credential", "SignedHeaders", "Signature")
            return _scope(
                {name: self.arguments.get(f"X-Amz-{name}", "") for name in names},
                in_query=True,
            )
        service = None if self.is_signed else self._unsigned_service()
        if service is None:
            return None
        return Scope("", "", self.home, service, (), "", in_query=False)

    @property
    def is_signed(self) -> bool:
        """Whether it says that somebody signed it, by whatever way."""
        return self.header("Authorization") is not None or any(
            name in self.arguments for name in ("X-Amz-Algorithm", "AWSAccessKeyId")
        )

    def _unsigned_service(self) -> str | None:
        """As requests are signed; what looks like none of the others is S3's."""
        if target := self.header("X-Amz-Target"):
            return _TARGETS.get(target.partition(".")[0])
        if self.path.startswith("/v2/email/"):
            return "ses"
        if self.path.startswith("/service/"):
            return _TARGETS.get(self.path.split("/")[2])
        form = self.header("Content-Type") or ""
        stated = dict(self.arguments)
        if form.startswith("application/x-www-form-urlencoded"):
            stated |= dict(parse_qsl(self.body.decode(errors="replace")))
        if "Action" in stated:
            return _VERSIONS.get(stated.get("Version", ""))
        return "s3" if self.path != "/" else None

    @property
    def service(self) -> str:
        """botocore's name of the service: sesv2."""
        assert self.scope is not None
        name = self.scope.service
        if name == "ses" and self.path.startswith("/v2/"):
            return "sesv2"
        return _MODELS.get(name, name)

    @property
    def action_service(self) -> str:
        """The service as actions in a policy name it: cloudwatch, ses."""
        return "ses" if self.service == "sesv2" else self.service

    @property
    def url(self) -> str:
        """The URL that it would have had in AWS."""
        assert self.scope is not None
        service, region = self.scope.service, self.scope.region
        host = _HOSTS.get(service, service)
        where = "" if service == "iam" else f".{region}"
        suffix = "amazonaws.com.cn" if get_partition(region) == "aws-cn" else ""
        url = f"https://{host}{where}.{suffix or 'amazonaws.com'}{self.path}"
        return f"{url}?{self.query}" if self.query else url

    def for_aws(self) -> AWSPreparedRequest:
        """The request as botocore would have sent it to AWS."""
        headers = HTTPHeaders()
        for name, value in self.headers:
            if name.lower() not in ("host", "connection", "expect"):
                headers[name] = value
        if self.scope and not self.is_signed:
            # moto has an opinion of its own on requests without one.
            where = f"{self.scope.region}/{self.scope.service}/aws4_request"
            headers["Authorization"] = f"{ALGORITHM} Credential=anonymous/0/{where}"
        return AWSPreparedRequest(
            self.method, self.url, headers, self.body, stream_output=False
        )

    @cached_property
    def _parsed(self) -> tuple[str, dict[str, Any]]:
        prepared = self.for_aws()
        request = Request.from_primitives(
            prepared.method, prepared.url, prepared.headers, prepared.body
        )
        try:
            operation, in_path = get_service_router(self.service).match(request)
        except (NotFound, NotImplementedError, UnknownServiceError):
            return "", {}
        protocol = determine_request_protocol(
            get_service_model(self.service), request.content_type
        )
        parser: Any = PROTOCOL_PARSERS[protocol]
        parsed = parser(operation, map_type=dict).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": in_path,
            }
        )
        return operation.name, {**in_path, **cast(dict[str, Any], parsed or {})}

    @property
    def operation(self) -> str:
        """The operation that is called; empty for one that the service has not."""
        return self._parsed[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """The operation's parameters, by the names of the API."""
        return self._parsed[1]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _body(environ: Mapping[str, Any]) -> tuple[bytes, str]:
    """The body, and why there is none where it cannot be read.

    A body in chunks ends by itself.
    """
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read(LARGEST + 1)
        return (body, "") if len(body) <= LARGEST else (b"", TOO_LARGE)
    stated = environ.get("CONTENT_LENGTH") or "0"
    if not stated.isdecimal():
        return b"", f"The request has no length: Content-Length is {stated}."
    left = int(stated)
    if left <= LARGEST:
        return stream.read(left), ""
    # Whoever is still sending reads no answer.
    while left > 0 and (part := stream.read(min(left, 1024 * 1024))):
        left -= len(part)
    return b"", TOO_LARGE


def _scope(parts: Mapping[str, str], *, in_query: bool) -> Scope | None:
    credential = parts.get("Credential", "").split("/")
    if len(credential) != 5:
        return None
    key_id, date, region, service, _ = credential
    return Scope(
        key_id=key_id,
        date=date,
        region=region,
        service=service.lower(),
        signed_headers=tuple(parts.get("SignedHeaders", "").split(";")),
        signature=parts.get("Signature", ""),
        in_query=in_query,
    )
