"""What SNS's API tells of a subscription that waits; the rest of the handshake is in
test_sandbox_http_delivery.py."""

from tests.served import endpoint, served


def test_a_pending_subscription_tells_its_arn_only_when_asked() -> None:
    with endpoint() as desk, served() as account:
        sns = account.client("sns")
        arn = sns.create_topic(Name="topic")["TopicArn"]
        which = {"TopicArn": arn, "Protocol": "http", "Endpoint": desk.url}
        assert sns.subscribe(**which)["SubscriptionArn"] == "pending confirmation"
        own = sns.subscribe(**which, ReturnSubscriptionArn=True)["SubscriptionArn"]
        assert own.startswith(f"{arn}:")
        (listed,) = sns.list_subscriptions()["Subscriptions"]
        assert listed["SubscriptionArn"] == "PendingConfirmation"
        attributes = sns.get_subscription_attributes(SubscriptionArn=own)["Attributes"]
        assert attributes["PendingConfirmation"] == "true"
        desk.confirm()
        attributes = sns.get_subscription_attributes(SubscriptionArn=own)["Attributes"]
        assert attributes["PendingConfirmation"] == "false"
        (listed,) = sns.list_subscriptions()["Subscriptions"]
        assert listed == {**which, "SubscriptionArn": own, "Owner": "123456789012"}
