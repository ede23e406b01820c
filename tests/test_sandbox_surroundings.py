from pathlib import Path

import pytest

from components.account import Account
from components.settings import Settings, StackFile
from sandbox.cloud import Cloud
from sandbox.stand_ins import with_stand_ins
from sandbox.surroundings import account_of, boundary_notes, surround
from tests.emulated import ACCOUNT
from tests.snippets import checked
from tests.stacks import FILES


@pytest.fixture(scope="module")
def settings() -> Settings:
    file = StackFile.read(FILES["full"])
    local, _ = with_stand_ins(file, Settings.check(file), ACCOUNT)
    return Settings.check(local, ACCOUNT)


@pytest.fixture
def surrounded(cloud: Cloud, settings: Settings) -> Cloud:
    surround(cloud, settings)
    return cloud


def test_the_account_is_that_of_the_topics() -> None:
    assert account_of(Settings.check(StackFile.read(FILES["full"]))) == Account(
        "123456789012", "eu-west-1", "aws"
    )


def test_only_existing_identities_are_there(surrounded: Cloud) -> None:
    found = surrounded.client("sesv2").list_email_identities()["EmailIdentities"]
    assert [one["IdentityName"] for one in found] == ["News@shop.example.com"]


def test_only_existing_topics_are_there(surrounded: Cloud) -> None:
    (found,) = surrounded.client("sns").list_topics()["Topics"]
    assert found["TopicArn"] == "arn:aws:sns:eu-west-1:123456789012:legacy"


def test_a_function_has_the_alias_that_is_named(surrounded: Cloud) -> None:
    functions = surrounded.client("lambda")
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


def test_the_hosted_zone_takes_records(surrounded: Cloud) -> None:
    found = surrounded.client("route53").get_hosted_zone(Id="Z0123456789ABCDEFGHIJ")
    assert found["HostedZone"]["Id"] == "/hostedzone/Z0123456789ABCDEFGHIJ"


def test_a_queue_of_somebody_else_is_there(surrounded: Cloud) -> None:
    assert surrounded.client("sqs").get_queue_url(QueueName="elsewhere")["QueueUrl"]


def test_an_application_endpoint_can_be_subscribed(surrounded: Cloud) -> None:
    sns = surrounded.client("sns")
    assert sns.subscribe(
        TopicArn="arn:aws:sns:eu-west-1:123456789012:legacy",
        Protocol="application",
        Endpoint="arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/5f0a",
    )["SubscriptionArn"]


@pytest.mark.parametrize(
    ("arn", "account_id", "action"),
    [
        ("arn:aws:iam::210987654321:policy/team/limit", "210987654321", "*"),
        ("arn:aws:iam::aws:policy/AmazonSQSFullAccess", "123456789012", "sqs:*"),
    ],
)
def test_a_permissions_boundary_is_there(
    tmp_path: Path, arn: str, account_id: str, action: str
) -> None:
    settings = checked(tmp_path, f"permissionsBoundary: '{arn}'")
    account = account_of(settings)
    assert account.id == account_id
    with Cloud(account) as cloud:
        surround(cloud, settings)
        iam = cloud.client("iam")
        iam.create_user(UserName="u", PermissionsBoundary=arn)
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    assert action in str(found["PolicyVersion"]["Document"])
    # Only of a policy that is not AWS's own the text is not known.
    assert len(boundary_notes(settings)) == (account_id == "210987654321")
