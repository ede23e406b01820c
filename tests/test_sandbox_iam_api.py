"""Permissions boundaries, over HTTP."""

from tests.served import Served, allow, error, policy


def test_a_boundary_limits_a_user(account: Served) -> None:
    iam, sqs = account.client("iam"), account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for name, action in (("receives", "sqs:ReceiveMessage"), ("sends", "sqs:Send*")):
        text = policy(allow(action, "*"))
        iam.create_policy(PolicyName=name, PolicyDocument=text)
    arn = "arn:aws:iam::123456789012:policy/receives"
    key = account.user("u", policy(allow("sqs:*", "*")))
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=arn)
    client = account.client("sqs", *key)
    client.receive_message(QueueUrl=url)
    code, message = error(client.send_message, QueueUrl=url, MessageBody="m")
    assert code == "AccessDenied"
    assert message.endswith("no permissions boundary allows the sqs:SendMessage action")
    found = iam.get_user(UserName="u")["User"]["PermissionsBoundary"]
    assert found["PermissionsBoundaryArn"] == arn
    iam.delete_user_permissions_boundary(UserName="u")
    client.send_message(QueueUrl=url, MessageBody="m")
    assert "PermissionsBoundary" not in iam.get_user(UserName="u")["User"]
    iam.create_user(UserName="v", PermissionsBoundary=arn)
    found = iam.get_user(UserName="v")["User"]["PermissionsBoundary"]
    assert found["PermissionsBoundaryArn"] == arn


def test_a_boundary_that_is_not_there(account: Served) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="u")
    trust = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    gone = {"PermissionsBoundary": "arn:aws:iam::123456789012:policy/gone"}
    for operation, parameters in (
        (iam.create_user, {"UserName": "v"}),
        (iam.put_user_permissions_boundary, {"UserName": "u"}),
        (iam.create_role, {"RoleName": "r", "AssumeRolePolicyDocument": trust}),
    ):
        code, message = error(operation, **parameters, **gone)
        assert code == "NoSuchEntity"
        assert "policy/gone does not exist" in message


def test_a_boundary_that_was_deleted_allows_nothing(account: Served) -> None:
    iam = account.client("iam")
    text = policy(allow("*", "*"))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=text)["Policy"]["Arn"]
    key = account.user("u", text)
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=arn)
    account.client("sqs", *key).list_queues()
    iam.delete_policy(PolicyArn=arn)
    assert error(account.client("sqs", *key).list_queues)[0] == "AccessDenied"
