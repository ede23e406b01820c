"""A service as a publisher: may it use this topic, and what it says there."""

from dataclasses import dataclass

from moto.kms.models import Key, kms_backends
from moto.sns.models import Topic, sns_backends

from sandbox.access import Request, admits

SES = "ses.amazonaws.com"
CLOUDWATCH = "cloudwatch.amazonaws.com"


@dataclass(frozen=True)
class Publisher:
    """SES in the name of one identity or configuration set of this account, or
    CloudWatch in that of one alarm."""

    account_id: str
    region: str
    source_arn: str
    """arn:aws:ses:eu-west-1:123456789012:identity/shop.example.com"""
    service: str = SES

    def may_publish(self, topic_arn: str) -> bool:
        """Whether the topic is there, and its policy and key let the service in."""
        topic = sns_backends[self.account_id][self.region].topics.get(topic_arn)
        return (
            topic is not None
            and admits(topic.policy, self._request("sns:Publish", topic_arn))
            and self._may_encrypt(topic)
        )

    def publish(
        self, topic_arn: str, message: str, subject: str | None = None
    ) -> str | None:
        """Says it; the id of SNS's message, or None where the topic lets it not."""
        if not self.may_publish(topic_arn):
            return None
        sns = sns_backends[self.account_id][self.region]
        return sns.publish(message, topic_arn, subject=subject)

    def _request(self, action: str, resource: str) -> Request:
        # SNS's default topic policy asks for the owner (SNS developer guide,
        # "Example cases for Amazon SNS access control").
        context = {
            "aws:SourceArn": self.source_arn,
            "aws:SourceAccount": self.account_id,
            "aws:SourceOwner": self.account_id,
        }
        return Request(self.service, action, resource, context)

    def _may_encrypt(self, topic: Topic) -> bool:
        if not topic.kms_master_key_id:
            return True
        key = self._key(topic.kms_master_key_id)
        # What is sent along to KMS is undocumented, so a condition is not met.
        return key is not None and all(
            admits(key.policy, Request(self.service, action, key.arn))
            for action in ("kms:GenerateDataKey", "kms:Decrypt")
        )

    def _key(self, name: str) -> Key | None:
        """A customer-managed key by id, ARN or alias; nobody can admit services to others."""
        keys = kms_backends[self.account_id][self.region].keys.values()
        for key in keys:
            if name in (key.id, key.arn, *key.aliases):
                return key
        return None
