"""SNS's API, as an extension of moto's: subscriptions that wait to be confirmed."""

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import sns_backends
from moto.sns.responses import SNSResponse

from sandbox.deliveries import Sns, Subscription

PENDING = "PendingConfirmation"


class SnsApi(SNSResponse):
    """What is not here is moto's."""

    @property
    def backend(self) -> Sns:
        return cast(Sns, sns_backends[self.current_account][self.region])

    def subscribe(self) -> ActionResult:
        arn = cast(dict[str, str], super().subscribe().result)["SubscriptionArn"]
        found = self.backend.subscriptions[arn]
        assert isinstance(found, Subscription)
        stated = self._get_param("ReturnSubscriptionArn", False)
        shown = "pending confirmation" if found.is_pending and not stated else arn
        return ActionResult({"SubscriptionArn": shown})

    def list_subscriptions(self) -> ActionResult:
        return _shown(super().list_subscriptions())

    def list_subscriptions_by_topic(self) -> ActionResult:
        return _shown(super().list_subscriptions_by_topic())

    def confirm_subscription(self) -> ActionResult:
        topic_arn = self._get_param("TopicArn")
        self.backend.get_topic(topic_arn)
        found = self.backend.confirm(topic_arn, self._get_param("Token"))
        if found is None:
            raise SNSInvalidParameter("Invalid parameter: Token")
        found.attributes["ConfirmationWasAuthenticated"] = True
        found.needs_signature = (
            self._get_param("AuthenticateOnUnsubscribe", "").lower() == "true"
        )
        return ActionResult({"SubscriptionArn": found.arn})


def _shown(listed: ActionResult) -> ActionResult:
    """A subscription that is pending does not tell its ARN."""
    result = cast(dict[str, Any], listed.result)
    subscriptions = [
        {
            "SubscriptionArn": PENDING if one.is_pending else one.arn,
            "Owner": one.owner,
            "Protocol": one.protocol,
            "Endpoint": one.endpoint,
            "TopicArn": one.topic.arn,
        }
        for one in result["Subscriptions"]
    ]
    return ActionResult({**result, "Subscriptions": subscriptions})
