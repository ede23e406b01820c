"""What the tests do with a served account, over HTTP as another program would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    ) -> Any:
        """A client that reaches it by HTTP alone; the administrator's by default."""
        session: Any = boto3.Session()
        return session.client(
            service,
            region_name=ACCOUNT.region,
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


def error(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which a call fails."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    stated = raised.value.response["Error"]
    return stated["Code"], stated["Message"]
