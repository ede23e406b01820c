import json
from datetime import UTC, datetime

from moto.sts.models import sts_backends

from sandbox.cloud import Cloud
from sandbox.principals import ADMINISTRATOR, signer
from tests.emulated import ACCOUNT

DENY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
    }
)


def test_the_administrator_needs_no_policy() -> None:
    with Cloud(ACCOUNT):
        found = signer(ACCOUNT.id, "aws", ADMINISTRATOR)
    assert found is not None
    assert found.caller is None


def test_a_user_with_its_own_policies_and_those_of_its_groups() -> None:
    with Cloud(ACCOUNT) as cloud:
        iam = cloud.client("iam")
        iam.create_user(UserName="u", Tags=[{"Key": "team", "Value": "mail"}])
        iam.create_group(GroupName="g")
        iam.add_user_to_group(GroupName="g", UserName="u")
        iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=DENY)
        made = iam.create_policy(PolicyName="p", PolicyDocument=DENY)["Policy"]
        iam.attach_user_policy(UserName="u", PolicyArn=made["Arn"])
        key = iam.create_access_key(UserName="u")["AccessKey"]
        found = signer(ACCOUNT.id, "aws", key["AccessKeyId"])
        assert signer(ACCOUNT.id, "aws", "AKIAUNKNOWN000000000") is None
    assert found is not None
    assert found.caller is not None
    assert found.secret == key["SecretAccessKey"]
    assert len(found.caller.policies) == 2
    assert found.caller.context["aws:username"] == "u"
    assert found.caller.context["aws:PrincipalTag/team"] == "mail"


def test_a_session_until_it_ends() -> None:
    with Cloud(ACCOUNT) as cloud:
        role = cloud.client("iam").create_role(
            RoleName="r", AssumeRolePolicyDocument=DENY
        )["Role"]
        made = cloud.client("sts").assume_role(
            RoleArn=role["Arn"], RoleSessionName="session"
        )
        key_id = made["Credentials"]["AccessKeyId"]
        found = signer(ACCOUNT.id, "aws", key_id)
        (session,) = sts_backends[ACCOUNT.id]["aws"].assumed_roles
        session.expiration = datetime(2020, 1, 1, tzinfo=UTC)
        assert signer(ACCOUNT.id, "aws", key_id) is None
    assert found is not None
    assert found.caller is not None
    assert found.session_token == made["Credentials"]["SessionToken"]
    assert found.caller.names == {made["AssumedRoleUser"]["Arn"]}
    assert found.caller.stands_for == {role["Arn"]}
