"""Who may do what at the endpoint, with clients of users, roles and nobody."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from tests.served import Served, error, served

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
MESSAGE = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def account() -> Iterator[Served]:
    with served() as account:
        yield account


def test_an_unknown_key(account: Served) -> None:
    who = ("AKIAUNKNOWN000000000", "secret")
    for service, operation, code in (
        ("sqs", "list_queues", "InvalidClientTokenId"),
        ("sns", "list_topics", "InvalidClientTokenId"),
        ("ses", "list_identities", "InvalidClientTokenId"),
        ("sesv2", "list_email_identities", "UnrecognizedClientException"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ):
        assert error(getattr(account.client(service, *who), operation))[0] == code


def test_a_wrong_secret(account: Served) -> None:
    key_id, _ = account.user("u", policy(allow("*", "*")))
    for service, operation, code in (
        ("sqs", "list_queues", "SignatureDoesNotMatch"),
        ("sns", "list_topics", "SignatureDoesNotMatch"),
        ("sesv2", "list_email_identities", "InvalidSignatureException"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
    ):
        client = account.client(service, key_id, "wrong")
        assert error(getattr(client, operation))[0] == code


def test_a_key_that_was_switched_off(account: Served) -> None:
    key = account.user("u", policy(allow("*", "*")))
    account.client("iam").update_access_key(
        UserName="u", AccessKeyId=key[0], Status="Inactive"
    )
    code, _ = error(account.client("sqs", *key).list_queues)
    assert code == "InvalidClientTokenId"


def test_a_user_without_policies_may_only_ask_who_it_is(account: Served) -> None:
    key = account.user("u")
    account.client("sqs").create_queue(QueueName="q")
    account.client("sns").create_topic(Name="t")
    account.client("sesv2").create_email_identity(EmailIdentity="shop.example.com")
    arn = account.client("sts", *key).get_caller_identity()["Arn"]
    assert arn == "arn:aws:iam::123456789012:user/u"
    send = {"FromEmailAddress": "a@shop.example.com", "Content": {"Simple": MESSAGE}}
    to = {"ToAddresses": ["b@example.net"]}
    for service, operation, code, parameters in (
        ("sqs", "get_queue_url", "AccessDenied", {"QueueName": "q"}),
        (
            "sns",
            "publish",
            "AuthorizationError",
            {"TopicArn": ARN.format("sns", "t"), "Message": "m"},
        ),
        ("s3", "list_buckets", "AccessDenied", {}),
        ("iam", "list_users", "AccessDenied", {}),
        (
            "ses",
            "send_email",
            "AccessDenied",
            {"Source": "a@shop.example.com", "Destination": to, "Message": MESSAGE},
        ),
        ("sesv2", "send_email", "AccessDeniedException", {**send, "Destination": to}),
        (
            "sts",
            "assume_role",
            "AccessDenied",
            {
                "RoleArn": "arn:aws:iam::123456789012:role/r",
                "RoleSessionName": "session",
            },
        ),
    ):
        client = account.client(service, *key)
        found, message = error(getattr(client, operation), **parameters)
        assert found == code, service
        assert message.startswith(f"User: {arn} is not authorized to perform: ")


def test_a_queue_by_identity_policy_or_its_own(account: Served) -> None:
    sqs = account.client("sqs")
    urls = {
        name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("a", "b", "c")
    }
    reader = account.user("reader", policy(allow("sqs:Re*", ARN.format("sqs", "a"))))
    named = {"AWS": "arn:aws:iam::123456789012:user/reader"}
    whole = {"AWS": "arn:aws:iam::123456789012:root"}
    for name, principal in (("b", named), ("c", whole)):
        arn = ARN.format("sqs", name)
        text = policy(allow("sqs:ReceiveMessage", arn, Principal=principal))
        sqs.set_queue_attributes(QueueUrl=urls[name], Attributes={"Policy": text})
    client = account.client("sqs", *reader)
    client.receive_message(QueueUrl=urls["a"])
    client.receive_message(QueueUrl=urls["b"])
    # A policy that names the account leaves it to the policies of its users.
    assert error(client.receive_message, QueueUrl=urls["c"])[0] == "AccessDenied"
    batch = {"QueueUrl": urls["a"], "Entries": [{"Id": "1", "MessageBody": "m"}]}
    code, message = error(client.send_message_batch, **batch)
    assert code == "AccessDenied"
    assert "sqs:SendMessage on resource: " + ARN.format("sqs", "a") in message


def test_an_explicit_deny_of_either_side_wins(account: Served) -> None:
    sns = account.client("sns")
    arns = [sns.create_topic(Name=name)["TopicArn"] for name in ("t", "closed")]
    deny = {"Effect": "Deny", "Action": "sns:Publish", "Resource": arns[0]}
    key = account.user("u", policy(allow("sns:*", "*"), deny))
    closed = deny | {"Principal": "*", "Resource": arns[1]}
    sns.set_topic_attributes(
        TopicArn=arns[1], AttributeName="Policy", AttributeValue=policy(closed)
    )
    client = account.client("sns", *key)
    for arn, kind in zip(arns, ("an identity", "a resource"), strict=True):
        code, message = error(client.publish, TopicArn=arn, Message="m")
        assert code == "AuthorizationError"
        assert message.endswith(f"with an explicit deny in {kind}-based policy")
    assert client.list_topics()["Topics"]


def test_a_bucket_by_its_policy_under_conditions(account: Served) -> None:
    s3 = account.client("s3")
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    key = account.user("uploader")
    named = {"AWS": "arn:aws:iam::123456789012:user/uploader"}
    once = {"Null": {"s3:if-none-match": "false"}}
    put = allow(
        "s3:PutObject", "arn:aws:s3:::bucket/*", Principal=named, Condition=once
    )
    listed = {"StringLike": {"s3:prefix": "${aws:username}/*"}}
    see = allow(
        "s3:ListBucket", "arn:aws:s3:::bucket", Principal=named, Condition=listed
    )
    s3.put_bucket_policy(Bucket="bucket", Policy=policy(put, see))
    client = account.client("s3", *key)
    client.put_object(Bucket="bucket", Key="k", Body=b"x", IfNoneMatch="*")
    assert client.list_objects_v2(Bucket="bucket", Prefix="uploader/")["KeyCount"] == 0
    for operation, parameters in (
        (client.put_object, {"Key": "k2", "Body": b"x"}),
        (client.get_object, {"Key": "k"}),
        (client.delete_object, {"Key": "k"}),
        (client.list_objects_v2, {"Prefix": "other/"}),
        (client.get_bucket_policy, {}),
    ):
        assert error(operation, Bucket="bucket", **parameters)[0] == "AccessDenied"


def test_sending_is_judged_by_identity_set_sender_and_recipients(
    account: Served,
) -> None:
    ses = account.client("sesv2")
    ses.create_email_identity(EmailIdentity="shop.example.com")
    ses.create_configuration_set(ConfigurationSetName="mine")
    ses.create_configuration_set(ConfigurationSetName="other")
    inside = {
        "StringEquals": {"ses:FromAddress": "a@shop.example.com"},
        "ForAllValues:StringLike": {"ses:Recipients": "*@example.net"},
    }
    identity = ARN.format("ses", "identity/shop.example.com")
    key = account.user(
        "u",
        policy(
            allow("ses:Send*", identity, Condition=inside),
            allow("ses:Send*", ARN.format("ses", "configuration-set/mine")),
        ),
    )
    client = account.client("sesv2", *key)

    def send(sender: str, recipient: str, **more: Any) -> dict[str, Any]:
        return {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": [recipient]},
            "Content": {"Simple": MESSAGE},
            **more,
        }

    good = ("a@shop.example.com", "b@example.net")
    client.send_email(**send(*good))
    client.send_email(**send(*good, ConfigurationSetName="mine"))
    for wrong in (
        send(*good, ConfigurationSetName="other"),
        send("b@shop.example.com", "b@example.net"),
        send("a@shop.example.com", "b@example.org"),
    ):
        assert error(client.send_email, **wrong)[0] == "AccessDeniedException"
    raw = b"From: a@shop.example.com\r\nTo: b@example.net\r\n\r\nbody"
    old = account.client("ses", *key)
    old.send_raw_email(RawMessage={"Data": raw})
    elsewhere = raw.replace(b"example.net", b"example.org")
    code, message = error(old.send_raw_email, RawMessage={"Data": elsewhere})
    assert code == "AccessDenied"
    assert "ses:SendRawEmail" in message


def test_a_role_by_its_trust_and_its_session(account: Served) -> None:
    iam, sqs = account.client("iam"), account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    trusted, other = account.user("trusted"), account.user("other")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:user/trusted"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "partner"}},
    }
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy(trust))["Role"]
    iam.put_role_policy(
        RoleName="r",
        PolicyName="p",
        PolicyDocument=policy(allow("sqs:*", ARN.format("sqs", "q"))),
    )
    wanted = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    assume = account.client("sts", *trusted).assume_role
    assert error(assume, **wanted)[0] == "AccessDenied"
    stranger = account.client("sts", *other).assume_role
    assert error(stranger, **wanted, ExternalId="partner")[0] == "AccessDenied"
    found = assume(**wanted, ExternalId="partner")["Credentials"]
    key = (found["AccessKeyId"], found["SecretAccessKey"])
    session = account.client("sqs", *key, found["SessionToken"])
    session.send_message(QueueUrl=url, MessageBody="m")
    assert error(session.create_queue, QueueName="p")[0] == "AccessDenied"
    without = account.client("sqs", *key)
    assert error(without.list_queues)[0] == "InvalidClientTokenId"
    narrow = policy(allow("sqs:ReceiveMessage", "*"))
    found = assume(**wanted, ExternalId="partner", Policy=narrow)["Credentials"]
    session = account.client(
        "sqs",
        found["AccessKeyId"],
        found["SecretAccessKey"],
        found["SessionToken"],
    )
    session.receive_message(QueueUrl=url)
    denied = error(session.send_message, QueueUrl=url, MessageBody="m")
    assert denied[0] == "AccessDenied"


def test_a_presigned_url_is_its_signers(account: Served) -> None:
    s3 = account.client("s3")
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    key = account.user("u", policy(allow("s3:GetObject", "arn:aws:s3:::bucket/k")))
    url = account.client(
        "s3", *key, config=Config(signature_version="s3v4")
    ).generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"x"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("/bucket/k", "/bucket/other"))
    with refused.value:
        assert b"SignatureDoesNotMatch" in refused.value.read()
