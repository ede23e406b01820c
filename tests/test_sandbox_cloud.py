import os
from pathlib import Path

import boto3
import moto.sns.models
import pytest
from moto.ses.models import SESBackend, ses_backends

from components.account import Account
from sandbox.cloud import Cloud
from tests.emulated import ACCOUNT, SHOP, identity, topic


def test_each_begins_with_nothing() -> None:
    with Cloud(ACCOUNT) as cloud:
        identity(cloud, SHOP)
        topic(cloud)
    with Cloud(ACCOUNT) as cloud:
        found = cloud.client("sesv2").list_email_identities()["EmailIdentities"]
        assert found == []
        assert cloud.client("sns").list_topics()["Topics"] == []


def test_it_is_of_one_account_and_region() -> None:
    with Cloud(Account("210987654321", "cn-north-1", "aws-cn")) as cloud:
        assert topic(cloud) == "arn:aws-cn:sns:cn-north-1:210987654321:topic"
        caller = cloud.client("sts").get_caller_identity()
        assert caller["Account"] == "210987654321"


def test_any_client_of_the_process_reaches_it() -> None:
    with Cloud(ACCOUNT) as cloud:
        identity(cloud, SHOP)
        other = boto3.client("sesv2", region_name=ACCOUNT.region)
        assert other.get_email_identity(EmailIdentity=SHOP)["VerifiedForSendingStatus"]


def test_it_leaves_no_trace() -> None:
    subscription = moto.sns.models.Subscription
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), Cloud(ACCOUNT):
        1 / 0  # noqa: B018
    assert ses_backends.backend is SESBackend
    assert moto.sns.models.Subscription is subscription
    assert dict(os.environ) == before


def test_a_second_one_cannot_be_open() -> None:
    with Cloud(ACCOUNT), pytest.raises(RuntimeError, match="another cloud"):
        Cloud(ACCOUNT).__enter__()
    with Cloud(ACCOUNT) as cloud:
        assert topic(cloud)


def test_no_setting_of_the_user_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile work]\nendpoint_url = https://sns.example.com\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://aws.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "https://sns.example.com")
    monkeypatch.setenv("TEST_SERVER_MODE", "true")
    with Cloud(ACCOUNT) as cloud:
        assert topic(cloud).endswith(":topic")
        assert boto3.client("sns", region_name=ACCOUNT.region).list_topics()["Topics"]
    assert os.environ["AWS_PROFILE"] == "work"
