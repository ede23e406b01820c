import json

import pytest

from sandbox.cloud import Cloud
from sandbox.publishing import CLOUDWATCH, Publisher
from tests.emulated import ACCOUNT, SHOP, admitting, queue, told, topic

IDENTITY = ACCOUNT.identity_arn(SHOP)
SES = Publisher(ACCOUNT.id, ACCOUNT.region, IDENTITY)


def close(cloud: Cloud, arn: str, policy: str) -> None:
    cloud.client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )


def test_the_default_policy_admits_ses_of_the_account(cloud: Cloud) -> None:
    arn = topic(cloud)
    assert SES.may_publish(arn)
    stranger = Publisher("210987654321", ACCOUNT.region, IDENTITY)
    assert not stranger.may_publish(arn)


def test_an_account_in_the_policy_is_no_service(cloud: Cloud) -> None:
    arn = topic(cloud)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT.root_arn},
        "Action": "sns:Publish",
        "Resource": arn,
    }
    close(cloud, arn, json.dumps({"Statement": [statement]}))
    assert not SES.may_publish(arn)


@pytest.mark.parametrize(
    ("source", "may"),
    [
        (IDENTITY, True),
        (ACCOUNT.identity_arn("*"), True),
        (ACCOUNT.identity_arn("other.example.com"), False),
        (ACCOUNT.configuration_set_arn("one"), False),
    ],
)
def test_the_exact_source_counts(cloud: Cloud, source: str, may: bool) -> None:
    arn = topic(cloud)
    close(cloud, arn, admitting("ses.amazonaws.com", arn, source))
    assert SES.may_publish(arn) is may


def test_a_topic_that_is_not_here_takes_nothing(cloud: Cloud) -> None:
    arn = topic(cloud)
    for other in (arn + "2", arn.replace("eu-west-1", "eu-west-2")):
        assert SES.publish(other, "{}") is None


def encrypted(cloud: Cloud, key: str) -> str:
    arn: str = cloud.client("sns").create_topic(
        Name="encrypted", Attributes={"KmsMasterKeyId": key}
    )["TopicArn"]
    return arn


def made_key(cloud: Cloud, policy: str | None = None) -> dict[str, str]:
    more = {"Policy": policy} if policy else {}
    made: dict[str, str] = cloud.client("kms").create_key(**more)["KeyMetadata"]
    return made


def test_a_key_has_to_admit_ses(cloud: Cloud) -> None:
    assert not SES.may_publish(encrypted(cloud, made_key(cloud)["Arn"]))


@pytest.mark.parametrize("by", ["Arn", "KeyId"])
def test_a_key_that_admits_ses_is_used(cloud: Cloud, by: str) -> None:
    key = made_key(cloud, admitting("ses.amazonaws.com", "*"))
    assert SES.may_publish(encrypted(cloud, key[by]))


@pytest.mark.parametrize("only", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_each_of_the_two_rights_on_the_key_is_needed(cloud: Cloud, only: str) -> None:
    policy = json.loads(admitting("ses.amazonaws.com", "*"))
    policy["Statement"][0]["Action"] = only
    key = made_key(cloud, json.dumps(policy))
    arn = encrypted(cloud, key["Arn"])
    assert not SES.may_publish(arn)
    policy["Statement"][0]["Action"] = ["kms:GenerateDataKey", "kms:Decrypt"]
    cloud.client("kms").put_key_policy(
        KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy)
    )
    assert SES.may_publish(arn)


@pytest.mark.parametrize("key", ["alias/aws/sns", "alias/gone"])
def test_a_key_of_aws_admits_nobody(cloud: Cloud, key: str) -> None:
    assert not SES.may_publish(encrypted(cloud, key))


def test_what_is_published_arrives(cloud: Cloud) -> None:
    arn = topic(cloud)
    url = queue(cloud, "queue", arn)
    assert SES.publish(arn, '{"a": 1}') is not None
    assert told(cloud, url) == [{"a": 1}]


ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:bounces"
ALARMED = Publisher(ACCOUNT.id, ACCOUNT.region, ALARM, CLOUDWATCH)


def test_a_topic_and_its_key_admit_each_service_by_its_name(cloud: Cloud) -> None:
    arn = topic(cloud)
    close(cloud, arn, admitting(CLOUDWATCH, arn, ALARM, IDENTITY))
    assert ALARMED.may_publish(arn)
    assert not SES.may_publish(arn)
    key = made_key(cloud, admitting("ses.amazonaws.com", "*"))
    assert not ALARMED.may_publish(encrypted(cloud, key["Arn"]))
