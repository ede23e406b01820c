"""Lambda's functions, run in this process: moto would run them in containers.

A function runs as its role: what it calls by boto3's default session is judged like any
other request, by the temporary key of that role that its environment has. Meanwhile that
is the environment of the whole process, and whoever else asks the endpoint waits: nobody
ends a function after its timeout.
"""

import io
import json
import os
import traceback
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch
from uuid import uuid4

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.logs.models import logs_backends

from sandbox.access import Request, admits
from sandbox.call import Call
from sandbox.not_served import ALARMS_ONLY
from sandbox.refusals import Answer
from sandbox.roles import Acting, assume
from sandbox.sessions import sts

LAMBDA = "lambda.amazonaws.com"
ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"
"""CloudWatch as a caller of functions (CloudWatch user guide, "Invoke a Lambda function
from an alarm")."""

ATTEMPTS = 3
"""How often Lambda runs what was called without waiting, until it does not fail (Lambda
developer guide, "Asynchronous invocation"); here without the minutes in between."""

SECONDS_OF_KEY = 3600


class Function(LambdaFunction):
    """A function of the account."""

    answer: ClassVar[Callable[[Call], Answer]]
    """Answers its requests; of the cloud that is open."""

    def __init__(self, account_id: str, spec: dict[str, Any], *more: Any, **named: Any):
        super().__init__(account_id, spec, *more, **named)
        self.logs_group_name = spec.get("LoggingConfig", {}).get(
            "LogGroup", self.logs_group_name
        )
        self._environment = uuid4().hex
        """One execution environment runs all, and so logs into one stream a day."""
        if self._acting() is None:
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            )

    def invoke(self, *_: Any, **__: Any) -> str:
        raise NotImplementedError(ALARMS_ONLY)

    def at_alarm(self, arn: str, alarm_arn: str, event: dict[str, Any]) -> str | None:
        """Calls it by this ARN in the name of an alarm; why nothing came of it, if so."""
        context = {"aws:SourceArn": alarm_arn, "aws:SourceAccount": self.account_id}
        request = Request(ALARMS, "lambda:InvokeFunction", arn, context)
        policy = json.dumps({"Statement": self.policy.statements})
        if not admits(policy, request):
            return f"CloudWatch may not invoke {arn}"
        failure = None
        for _ in range(ATTEMPTS):
            # Lambda hands over what it has read from JSON.
            failure = self._run(json.loads(json.dumps(event)))
            if failure is None:
                break
        return failure

    def _acting(self) -> Acting | None:
        return assume(self.role, LAMBDA, {}, self.function_name)

    def _run(self, event: Any) -> str | None:
        """Runs it once, and keeps what it logs; what it raised, if it did."""
        acting = self._acting()
        if acting is None:
            return f"Lambda may not assume {self.role}"
        state = sts(self.account_id, self.partition)
        key = state.assume_role(
            region_name=self.region,
            role_session_name=self.function_name,
            role_arn=self.role,
            policy="",
            duration=SECONDS_OF_KEY,
            external_id="",
        )
        environment = {
            **self.environment_vars,
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_SESSION_TOKEN": key.session_token,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_LAMBDA_FUNCTION_NAME": self.function_name,
        }
        logged, failure = io.StringIO(), None
        try:
            with (
                patch.dict(os.environ, environment),
                patch.object(boto3, "DEFAULT_SESSION", _session(type(self).answer)),
                redirect_stdout(logged),
                redirect_stderr(logged),
            ):
                self._handler()(event, SimpleNamespace(aws_request_id=str(uuid4())))
        except (Exception, SystemExit) as error:  # noqa: BLE001
            # Whatever it was, Lambda would go on.
            logged.write(traceback.format_exc())
            failure = f"{type(error).__name__}: {error}"
        finally:
            state.assumed_roles.remove(key)
        self._keep(acting, logged.getvalue())
        return failure

    def _handler(self) -> Callable[[Any, object], object]:
        """The code of the archive, loaded afresh."""
        if not str(self.run_time).startswith("python"):
            raise NotImplementedError(f"The sandbox runs no {self.run_time}.")
        name, _, function = str(self.handler).rpartition(".")
        with zipfile.ZipFile(io.BytesIO(self.code_bytes)) as archive:
            source = archive.read(f"{name.replace('.', '/')}.py")
        module = ModuleType(name)
        exec(compile(source, f"{name}.py", "exec"), vars(module))  # noqa: S102
        found: Callable[[Any, object], object] = getattr(module, function)
        return found

    def _keep(self, acting: Acting, text: str) -> None:
        """Into the log group as the role; lost where it may not, as in Lambda."""
        logs = logs_backends[self.account_id][self.region]
        group = self.logs_group_name
        now = datetime.now(UTC)
        stream = f"{now:%Y/%m/%d}/{self.function_name}[$LATEST][{self._environment}]"
        arn = (
            f"arn:{self.partition}:logs:{self.region}:{self.account_id}"
            f":log-group:{group}:log-stream:{stream}"
        )
        actions = ("logs:CreateLogStream", "logs:PutLogEvents")
        if group not in logs.groups or any(acting.denial(one, arn) for one in actions):
            return
        lines = [
            {"timestamp": int(now.timestamp() * 1000), "message": line}
            for line in text.splitlines()
        ]
        if stream not in logs.groups[group].streams:
            logs.create_log_stream(group, stream)
        if lines:
            logs.put_log_events(group, stream, lines)


def function_of(arn: str) -> Function | None:
    """The function of an ARN, which may name an alias or version of it."""
    try:
        _, _, _, region, account_id, _, name, *qualifier = arn.split(":")
        found = lambda_backends[account_id][region].get_function(
            name, qualifier[0] if qualifier else None
        )
    except (ValueError, KeyError, LambdaClientError):
        return None
    assert isinstance(found, Function)
    return found


def _session(answer: Callable[[Call], Answer]) -> boto3.Session:
    """A session whose requests are answered here, by whoever signs them."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        status, headers, body = answer(Call.of_sdk(request))
        raw: Any = MockRawResponse(body)
        fields: Any = headers
        return AWSResponse(str(request.url), status, fields, raw)

    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    # Instead of moto, which asks nobody.
    core.get_component("event_emitter").unregister("before-send", botocore_stubber)
    core.get_component("event_emitter").register("before-send", send)
    return boto3.Session(botocore_session=core)


@cache
def _loader() -> Any:
    """One for all, since it keeps the descriptions of the services that it has read."""
    return botocore.session.get_session().get_component("data_loader")
