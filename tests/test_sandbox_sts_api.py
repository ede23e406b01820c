"""Sessions of users and roles, over HTTP."""

from tests.served import Served, allow, error, of, policy, user_arn

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"


def test_a_session_token_is_its_user(account: Served) -> None:
    url = account.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    own = policy(allow("sqs:SendMessage", "*"), allow("iam:*", "*"))
    key = account.user("u", own)
    sts = account.client("sts", *key)
    credentials = of(sts.get_session_token()["Credentials"])
    arn = account.client("sts", *credentials).get_caller_identity()["Arn"]
    assert arn == "arn:aws:iam::123456789012:user/u"
    account.client("sqs", *credentials).send_message(QueueUrl=url, MessageBody="m")
    for service, operation, parameters in (
        ("sqs", "receive_message", {"QueueUrl": url}),
        # No operation of IAM without a second factor, and no session of a session.
        ("iam", "list_users", {}),
        ("sts", "get_session_token", {}),
    ):
        call = getattr(account.client(service, *credentials), operation)
        assert error(call, **parameters)[0] == "AccessDenied"
    without = account.client("sqs", *credentials[:2])
    assert error(without.list_queues)[0] == "InvalidClientTokenId"
    iam = account.client("iam")
    iam.delete_access_key(UserName="u", AccessKeyId=key[0])
    iam.delete_user_policy(UserName="u", PolicyName="0")
    session = account.client("sqs", *credentials)
    denied = error(session.send_message, QueueUrl=url, MessageBody="m")
    assert denied[0] == "AccessDenied"


def test_a_federated_session_is_limited_by_both_policies(account: Served) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    own = policy(
        allow("sqs:*", "*"),
        allow("sts:GetFederationToken", "arn:aws:sts::123456789012:federated-user/p*"),
    )
    sts = account.client("sts", *account.user("u", own))
    assert error(sts.get_federation_token, Name="other")[0] == "AccessDenied"
    narrow = policy(allow("sqs:ReceiveMessage", "*"), allow("sns:*", "*"))
    found = sts.get_federation_token(Name="partner", Policy=narrow)
    arn = "arn:aws:sts::123456789012:federated-user/partner"
    assert found["FederatedUser"]["Arn"] == arn
    credentials = of(found["Credentials"])
    assert account.client("sts", *credentials).get_caller_identity()["Arn"] == arn
    client = account.client("sqs", *credentials)
    client.receive_message(QueueUrl=url)
    denied = error(client.send_message, QueueUrl=url, MessageBody="m")
    assert denied[1].endswith("no session policy allows the sqs:SendMessage action")
    topics = account.client("sns", *credentials)
    assert error(topics.list_topics)[0] == "AuthorizationError"
    nothing = of(sts.get_federation_token(Name="partner")["Credentials"])
    client = account.client("sqs", *nothing)
    assert error(client.receive_message, QueueUrl=url)[0] == "AccessDenied"
    queue = ARN.format("sqs", "q")
    named = allow("sqs:ReceiveMessage", queue, Principal={"AWS": arn})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(named)})
    client.receive_message(QueueUrl=url)


def test_sessions_of_the_administrator(account: Served) -> None:
    sts = account.client("sts")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
    assert sts.get_caller_identity()["UserId"] == "123456789012"
    full = of(sts.get_session_token()["Credentials"])
    account.client("sqs", *full).list_queues()
    narrow = policy(allow("sqs:ListQueues", "*"))
    found = sts.get_federation_token(Name="narrow", Policy=narrow)["Credentials"]
    account.client("sqs", *of(found)).list_queues()
    assert error(account.client("s3", *of(found)).list_buckets)[0] == "AccessDenied"


def test_a_session_of_a_role_is_limited_by_managed_policies_too(
    account: Served,
) -> None:
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": user_arn("u"), "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy(trust))["Role"]
    text = policy(allow("*", "*"))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)
    narrow = policy(allow("sqs:*", "*"))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=narrow)["Policy"]["Arn"]
    assume = account.client("sts", *account.user("u")).assume_role
    wanted = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    key = of(assume(**wanted, PolicyArns=[{"arn": arn}])["Credentials"])
    account.client("sqs", *key).list_queues()
    assert error(account.client("sns", *key).list_topics)[0] == "AuthorizationError"
    assert error(assume, **wanted, Policy="{")[0] == "MalformedPolicyDocument"
    tagged = error(assume, **wanted, Tags=[{"Key": "k", "Value": "v"}])
    assert tagged[0] == "NotImplemented"
