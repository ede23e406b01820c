"""The emulated account that the program is applied to."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache, partial
from types import TracebackType
from typing import Any, Self, cast
from unittest.mock import patch

import boto3
import moto.awslambda.models
import moto.cloudwatch.urls
import moto.iam.models
import moto.iam.urls
import moto.ses.urls
import moto.sesv2.urls
import moto.sns.models
import moto.sns.urls
import moto.sts.urls
from moto import mock_aws
from moto.cloudwatch.models import cloudwatch_backends
from moto.firehose.models import firehose_backends
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from moto.sqs.models import Queue
from moto.sts.models import sts_backends

from components.account import Account
from sandbox import metrics
from sandbox.cloudwatch import CloudWatch, cloudwatch_of
from sandbox.cloudwatch_api import CloudWatchApi
from sandbox.deliveries import Outlet, Sns, Subscription
from sandbox.dispatch import answer
from sandbox.firehose import Firehose
from sandbox.functions import Function
from sandbox.http_delivery import HttpDelivery
from sandbox.iam_api import IamApi, User
from sandbox.permissions import left_out
from sandbox.ses import Ses
from sandbox.ses_api import SesV1, SesV2
from sandbox.sessions import Sts
from sandbox.sns_api import SnsApi
from sandbox.sts_api import StsApi

_ONLY = threading.Lock()
"""Held by the cloud that is open: moto has one state for the whole process."""


class Cloud:
    """One AWS account and region on this machine, from nothing, until it is left.

    Any boto3 client of this process reaches it while it is open. Only one can be open
    at a time; a second one raises RuntimeError.
    """

    def __init__(
        self,
        account: Account,
        endpoint: str | None = None,
        http: HttpDelivery | None = None,
    ) -> None:
        """With an endpoint, where the account is served, queues have their URL there,
        and SNS calls HTTP(S) endpoints on this machine."""
        self.account = account
        self.endpoint = endpoint
        self.http = http or HttpDelivery()
        self.changed = threading.Condition()
        """Held by whoever uses the account where several threads do."""
        self.kept_secrets: dict[str, str] = {}
        """The secret of an access key, by its id, where the outputs hold it only
        encrypted to somebody's PGP key."""
        self.secret_endpoints: dict[str, str] = {}
        """The name to show, by an endpoint that must not be shown."""
        self._clients: dict[str, Any] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if not _ONLY.acquire(blocking=False):
            raise RuntimeError("another cloud is open in this process")
        with ExitStack() as opening:
            opening.callback(_ONLY.release)
            opening.enter_context(patch.dict(os.environ, self._environment()))
            for name in [name for name in os.environ if _is_of_somebody(name)]:
                del os.environ[name]
            for change in (
                patch.object(ses_backends, "backend", Ses),
                patch.object(sns_backends, "backend", Sns),
                patch.object(cloudwatch_backends, "backend", CloudWatch),
                patch.object(moto.awslambda.models, "LambdaFunction", Function),
                patch.object(
                    Function, "answer", partial(answer, cloud=self), create=True
                ),
                patch.object(CloudWatch, "gauges", (metrics.queues,)),
                patch.object(firehose_backends, "backend", Firehose),
                patch.object(moto.sns.models, "Subscription", Subscription),
                patch.object(sts_backends, "backend", Sts),
                patch.object(moto.iam.models, "User", User),
                _answered_by(moto.cloudwatch.urls.url_paths, CloudWatchApi.dispatch),
                _answered_by(moto.ses.urls.url_paths, SesV1.dispatch),
                _answered_by(moto.sesv2.urls.url_paths, SesV2.dispatch),
                _answered_by(moto.iam.urls.url_paths, IamApi.dispatch),
                _answered_by(moto.sts.urls.url_paths, StsApi.dispatch),
                patch.dict(moto.sns.urls.url_paths, {"{0}/$": SnsApi.dispatch}),
                patch.object(Queue, "wait_for_messages", self._wait),
                # moto knows no conditions; sandbox.judge does.
                patch.object(FakeBucket, "get_permission", _permission),
                *self._at_endpoint(),
                mock_aws(),
            ):
                opening.enter_context(change)
            self._open = opening.pop_all()
        return self

    def _wait(self, timeout: int) -> None:
        """Waits for messages, and lets others send some meanwhile."""
        with self.changed:
            self.changed.wait(timeout)

    def _at_endpoint(self) -> Iterator[Any]:
        if self.endpoint is None:
            return
        endpoint = self.endpoint

        def url(queue: Queue, request_url: Any) -> str:
            return f"{endpoint}/{queue.account_id}/{queue.name}"

        yield patch.object(Queue, "url", url)
        outlet = Outlet(endpoint, self.http, self.changed)
        yield patch.object(Sns, "outlet", outlet)

    def _environment(self) -> dict[str, str]:
        """What AWS's SDK and moto go by, so that no setting of the user's counts."""
        return {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "MOTO_ACCOUNT_ID": self.account.id,
        }

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.http.close()
        self._clients.clear()
        self._open.close()

    def client(self, service: str) -> Any:
        """The boto3 client of a service, in the account's region."""
        if service not in self._clients:
            self._clients[service] = _session().client(
                service,
                region_name=self.account.region,
                aws_access_key_id="sandbox",
                aws_secret_access_key="sandbox",
            )
        return self._clients[service]

    @property
    def ses(self) -> Ses:
        """SES's state."""
        return cast(Ses, ses_backends[self.account.id][self.account.region])

    @property
    def sns(self) -> Sns:
        """SNS's state."""
        return cast(Sns, sns_backends[self.account.id][self.account.region])

    @property
    def cloudwatch(self) -> CloudWatch:
        """CloudWatch's state."""
        return cloudwatch_of(self.account.id, self.account.region)

    @property
    def firehose(self) -> Firehose:
        """Firehose's state."""
        found = firehose_backends[self.account.id][self.account.region]
        return cast(Firehose, found)


@cache
def _session() -> Any:
    """One for all, since it keeps the descriptions of the services that it has read."""
    return boto3.Session()


def _is_of_somebody(variable: str) -> bool:
    """Variables by which a user's profile, endpoint or server would be used."""
    return variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "TEST_SERVER_MODE") or (
        variable.startswith("AWS_ENDPOINT_URL")
    )


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """Of one object of several; all else has been judged before moto asks."""
    keys = {one.split(":", 5)[5] for one in left_out.get()}
    is_left_out = resource.split(":", 5)[5] in keys
    return PermissionResult.DENIED if is_left_out else PermissionResult.NEUTRAL


def _answered_by(paths: dict[str, Any], dispatch: Any) -> Any:
    """moto's URLs of a service, answered by an extension of ours."""
    return patch.dict(paths, dict.fromkeys(paths, dispatch))
