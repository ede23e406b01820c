"""The AWS account that a stack is deployed to, and ARNs that are known beforehand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """An account's id, with the region and partition that the stack works in.

    Its ARNs are plain text, so that policies can name resources that would
    otherwise need each other's outputs.
    """

    id: str
    region: str
    partition: str

    @property
    def root_arn(self) -> str:
        """The account itself, as a policy's principal."""
        return f"arn:{self.partition}:iam::{self.id}:root"

    def identity_arn(self, sender: str) -> str:
        """The ARN of a verified domain or address; `*` stands for all of them."""
        return self._ses_arn(f"identity/{sender}")

    def configuration_set_arn(self, name: str) -> str:
        """The ARN of a configuration set, by its name in SES."""
        return self._ses_arn(f"configuration-set/{name}")

    def alarm_arn(self, name: str) -> str:
        """The ARN of a CloudWatch alarm, by its name."""
        return f"arn:{self.partition}:cloudwatch:{self.region}:{self.id}:alarm:{name}"

    def _ses_arn(self, resource: str) -> str:
        return f"arn:{self.partition}:ses:{self.region}:{self.id}:{resource}"
