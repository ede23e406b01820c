from collections.abc import Iterator
from pathlib import Path

import pytest

from components.account import Account
from components.settings import Settings, StackFile
from sandbox.cloud import Cloud
from sandbox.stand_ins import with_stand_ins
from sandbox.surroundings import account_of, surround
from tests.emulated import ACCOUNT
from tests.snippets import checked
from tests.stacks import FILES


@pytest.fixture(scope="module")
def settings() -> Settings:
    file = StackFile.read(FILES["full"])
    local, _ = with_stand_ins(file, Settings.check(file), ACCOUNT)
    return Settings.check(local, ACCOUNT)


@pytest.fixture
def cloud(settings: Settings) -> Iterator[Cloud]:
    with Cloud(ACCOUNT) as cloud:
        surround(cloud, settings)
        yield cloud


def test_the_account_is_that_of_the_topics() -> None:
    assert account_of(Settings.check(StackFile.read(FILES["full"]))) == Account(
        "123456789012", "eu-west-1", "aws"
    )


def test_only_existing_identities_are_there(cloud: Cloud) -> None:
    found = cloud.client("sesv2").list_email_identities()["EmailIdentities"]
    assert [one["IdentityName"] for one in found] == ["News@shop.example.com"]


def test_only_existing_topics_are_there(cloud: Cloud) -> None:
    (found,) = cloud.client("sns").list_topics()["Topics"]
    assert found["TopicArn"] == "arn:aws:sns:eu-west-1:123456789012:legacy"


def test_a_function_has_the_alias_that_is_named(cloud: Cloud) -> None:
    functions = cloud.client("lambda")
    found = functions.get_alias(FunctionName="feedback", Name="live")
    assert found["AliasArn"].endswith(":function:feedback:live")
    assert len(functions.list_functions()["Functions"]) == 1


def test_a_function_has_the_version_that_is_named_and_is_of_the_stacks_account(
    tmp_path: Path,
) -> None:
    function = "arn:aws:lambda:eu-west-1:210987654321:function:feedback:3"
    snippet = f"channels: {{app: {{subscriptions: {{x: {{protocol: lambda, endpoint: '{function}'}}}}}}}}"
    settings = checked(tmp_path, snippet)
    account = account_of(settings)
    assert account.id == "210987654321"
    with Cloud(account) as cloud:
        surround(cloud, settings)
        assert cloud.client("lambda").get_function(FunctionName=function)


def test_the_hosted_zone_takes_records(cloud: Cloud) -> None:
    found = cloud.client("route53").get_hosted_zone(Id="Z0123456789ABCDEFGHIJ")
    assert found["HostedZone"]["Id"] == "/hostedzone/Z0123456789ABCDEFGHIJ"


def test_a_queue_of_somebody_else_is_there(cloud: Cloud) -> None:
    assert cloud.client("sqs").get_queue_url(QueueName="elsewhere")["QueueUrl"]


def test_an_application_endpoint_can_be_subscribed(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    assert sns.subscribe(
        TopicArn="arn:aws:sns:eu-west-1:123456789012:legacy",
        Protocol="application",
        Endpoint="arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/5f0a",
    )["SubscriptionArn"]
