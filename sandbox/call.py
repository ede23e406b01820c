"""A request of somebody's AWS SDK, as it comes in over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast
from urllib.parse import parse_qsl

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

_MODELS = {"monitoring": "cloudwatch", "email": "ses"}
"""botocore's name of a service where it signs by another one."""

_HOSTS = {"ses": "email", "iam": "iam"}
"""The first part of a service's host where it signs by another name."""


@dataclass(frozen=True)
class Scope:
    """Who signed a request, for what, as it says itself."""

    key_id: str
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

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> Self:
        """From what the server hands over, `sandbox.headers` included."""
        path, _, query = str(environ["REQUEST_URI"]).partition("?")
        body = environ["wsgi.input"].read(_length(environ))
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=query,
            headers=tuple(environ["sandbox.headers"]),
            body=body,
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
        """Who signed it; None for nobody, or by no way that is known here."""
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
        return None

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


def _length(environ: Mapping[str, Any]) -> int:
    """Bytes to read; all there are for a body in chunks, which ends by itself."""
    if environ.get("wsgi.input_terminated"):
        return -1
    return int(environ.get("CONTENT_LENGTH") or 0)


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
