"""Who may do what at the endpoint, with clients of users, roles and nobody."""

import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.served import Served, allow, error, policy, user_arn

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
MESSAGE = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}


NOBODY = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})


def bucket(account: Served, name: str = "bucket", *statements: dict[str, Any]) -> Any:
    """A bucket with an object `k` and these statements as its policy; the
    administrator's client."""
    s3 = account.client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=policy(*statements))
    return s3


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
    key = account.user("uploader")
    named = user_arn("uploader")
    once = {"Null": {"s3:if-none-match": "false"}}
    put = allow(
        "s3:PutObject", "arn:aws:s3:::bucket/*", Principal=named, Condition=once
    )
    listed = {"StringLike": {"s3:prefix": "${aws:username}/*"}}
    see = allow(
        "s3:ListBucket", "arn:aws:s3:::bucket", Principal=named, Condition=listed
    )
    bucket(account, "bucket", put, see)
    client = account.client("s3", *key)
    client.put_object(Bucket="bucket", Key="new", Body=b"x", IfNoneMatch="*")
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
    bucket(account)
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


def test_a_presigned_url_of_the_old_kind_is_refused_by_name(account: Served) -> None:
    bucket(account)
    old = account.client("s3", config=Config(signature_version="s3"))
    url = old.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url)
    with refused.value:
        assert b"Please use AWS4-HMAC-SHA256" in refused.value.read()


def test_a_bucket_policy_alone(account: Served) -> None:
    named = user_arn("uploader")
    objects = "arn:aws:s3:::mine/*"
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    bucket(
        account,
        "mine",
        allow("s3:PutObject", objects, Principal=named),
        allow("s3:*", f"{objects[:-1]}closed/*", Principal="*") | {"Effect": "Deny"},
        allow("s3:*", objects, Principal="*", Condition=plain) | {"Effect": "Deny"},
    )
    bucket(account, "other")
    client = account.client("s3", *account.user("uploader"))
    client.put_object(Bucket="mine", Key="new", Body=b"x")
    for operation, parameters, reason in (
        (client.get_object, {"Bucket": "mine", "Key": "k"}, "no identity-based"),
        (
            client.put_object,
            {"Bucket": "mine", "Key": "closed/k", "Body": b"x"},
            "explicit deny in a resource-based policy",
        ),
        (
            client.put_object,
            {"Bucket": "other", "Key": "k", "Body": b"x"},
            "no identity-based",
        ),
    ):
        code, message = error(operation, **parameters)
        assert code == "AccessDenied"
        assert reason in message


def test_a_key_policy(account: Served) -> None:
    kms = account.client("kms")
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    mine, shared = (
        kms.create_key(Policy=policy(*statements))["KeyMetadata"]["Arn"]
        for statements in (
            [
                allow("kms:Encrypt", "*", Principal=user_arn("writer")),
                allow("kms:Decrypt", "*", Principal=user_arn("reader")),
            ],
            [allow("kms:*", "*", Principal=root)],
        )
    )
    kms.create_alias(AliasName="alias/mine", TargetKeyId=mine)
    writer = account.client("kms", *account.user("writer"))
    reader = account.client(
        "kms", *account.user("reader", policy(allow("kms:Encrypt", "*")))
    )
    blob = writer.encrypt(KeyId="alias/mine", Plaintext=b"secret")["CiphertextBlob"]
    assert reader.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    code, message = error(writer.decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException"
    assert f"kms:Decrypt on resource: {mine}" in message
    # A key policy that names the account lets its users' own policies count, which
    # they do for no key without that.
    reader.encrypt(KeyId=shared, Plaintext=b"x")
    for name in (mine, "alias/mine"):
        denied = error(reader.encrypt, KeyId=name, Plaintext=b"x")
        assert denied[0] == "AccessDeniedException"
    lists = account.user("lists", policy(allow("kms:ListKeys", "*")))
    assert len(account.client("kms", *lists).list_keys()["Keys"]) == 2


def test_who_signs_nothing_has_what_a_bucket_policy_gives_everybody(
    account: Served,
) -> None:
    objects = "arn:aws:s3:::bucket/*"
    s3 = bucket(account, "bucket", allow("s3:GetObject", objects, Principal="*"))
    bucket(account, "closed")
    client = account.client("s3", config=NOBODY)
    assert client.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
    with urllib.request.urlopen(f"{account.endpoint}/bucket/k") as answer:
        assert answer.read() == b"x"
    for operation, parameters in (
        (client.put_object, {"Bucket": "bucket", "Key": "k", "Body": b"y"}),
        (client.list_objects_v2, {"Bucket": "bucket"}),
        (client.get_object, {"Bucket": "closed", "Key": "k"}),
    ):
        assert error(operation, **parameters)[0] == "AccessDenied"
    s3.put_public_access_block(
        Bucket="bucket",
        PublicAccessBlockConfiguration={"RestrictPublicBuckets": True},
    )
    assert error(client.get_object, Bucket="bucket", Key="k")[0] == "AccessDenied"


def test_who_signs_nothing_and_a_queue_or_a_topic(account: Served) -> None:
    sqs, sns = account.client("sqs"), account.client("sns")
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("open", "shut")]
    arns = [sns.create_topic(Name=name)["TopicArn"] for name in ("open", "shut")]
    send = allow("sqs:SendMessage", ARN.format("sqs", "open"), Principal="*")
    sqs.set_queue_attributes(QueueUrl=urls[0], Attributes={"Policy": policy(send)})
    publish = allow("sns:Publish", arns[0], Principal={"AWS": "*"})
    sns.set_topic_attributes(
        TopicArn=arns[0], AttributeName="Policy", AttributeValue=policy(publish)
    )
    queues = account.client("sqs", config=NOBODY)
    queues.send_message(QueueUrl=urls[0], MessageBody="m")
    for operation, parameters in (
        (queues.send_message, {"QueueUrl": urls[1], "MessageBody": "m"}),
        (queues.receive_message, {"QueueUrl": urls[0]}),
    ):
        assert error(operation, **parameters)[0] == "AccessDenied"
    topics = account.client("sns", config=NOBODY)
    topics.publish(TopicArn=arns[0], Message="m")
    denied = error(topics.publish, TopicArn=arns[1], Message="m")
    assert denied[0] == "AuthorizationError"
    assert denied[1].startswith("User: anonymous is not authorized to perform")


def test_who_signs_nothing_has_nothing_of_other_services(account: Served) -> None:
    for service, operation, code in (
        ("iam", "list_users", "MissingAuthenticationToken"),
        ("ses", "list_identities", "MissingAuthenticationToken"),
        ("sesv2", "list_email_identities", "MissingAuthenticationTokenException"),
        ("kms", "list_keys", "MissingAuthenticationTokenException"),
    ):
        client = account.client(service, config=NOBODY)
        assert error(getattr(client, operation))[0] == code


def test_of_several_objects_only_those_are_deleted_that_may_be(
    account: Served,
) -> None:
    s3 = bucket(account)
    s3.put_object(Bucket="bucket", Key="mine/1", Body=b"x")
    own = policy(allow("s3:DeleteObject", "arn:aws:s3:::bucket/mine/*"))
    client = account.client("s3", *account.user("u", own))
    keys = [{"Key": "k"}, {"Key": "mine/1"}]
    found = client.delete_objects(Bucket="bucket", Delete={"Objects": keys})
    assert [one["Key"] for one in found["Deleted"]] == ["mine/1"]
    assert [(one["Key"], one["Code"]) for one in found["Errors"]] == [
        ("k", "AccessDenied")
    ]
    left = s3.list_objects_v2(Bucket="bucket")["Contents"]
    assert [one["Key"] for one in left] == ["k"]
    found = s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "k"}]})
    assert [one["Key"] for one in found["Deleted"]] == ["k"]


def test_what_cannot_be_judged_is_refused_by_name(account: Served) -> None:
    named = ARN.format("secretsmanager", "secret:s")
    deny = allow("secretsmanager:Get*", named) | {"Effect": "Deny"}
    key = account.user("u", policy(allow("*", "*"), deny))
    account.client("secretsmanager").create_secret(Name="s", SecretString="x")
    secrets = account.client("secretsmanager", *key)
    code, message = error(secrets.get_secret_value, SecretId="s")
    assert code == "NotImplemented"
    assert named in message
    assert secrets.list_secrets()["SecretList"]


def test_a_region_that_is_not_the_sandboxs_is_named(account: Served) -> None:
    for service, operation in (("sqs", "list_queues"), ("sesv2", "get_account")):
        client = account.client(service, region="us-east-1")
        code, message = error(getattr(client, operation))
        assert code in ("SignatureDoesNotMatch", "InvalidSignatureException")
        assert "Set AWS_REGION=eu-west-1" in message
    assert account.client("sts", region="us-east-1").get_caller_identity()
    assert account.client("iam", region="us-east-1").list_users()["Users"] == []


def test_whoever_publishes_to_an_encrypted_topic_needs_its_key(
    account: Served,
) -> None:
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    topics = account.client("sns")
    arn = topics.create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    publish = allow("sns:Publish", arn)
    without = account.client("sns", *account.user("a", policy(publish)))
    code, message = error(without.publish, TopicArn=arn, Message="m")
    assert code == "AuthorizationError"
    assert f"perform: kms:GenerateDataKey on resource: {key}" in message
    use_key = allow("kms:*", key)
    client = account.client("sns", *account.user("b", policy(publish, use_key)))
    assert client.publish(TopicArn=arn, Message="m")["MessageId"]


def test_everybody_of_the_account_may_use_the_key_of_sns_itself(
    account: Served,
) -> None:
    arn = account.client("sns").create_topic(
        Name="t", Attributes={"KmsMasterKeyId": "alias/aws/sns"}
    )["TopicArn"]
    user = account.user("u", policy(allow("sns:Publish", arn)))
    assert account.client("sns", *user).publish(TopicArn=arn, Message="m")["MessageId"]
