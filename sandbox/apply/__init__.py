"""Applies what the program declares to the emulated account, as the provider would.

One function a resource type, registered by the type; one module a service.
"""

from sandbox.apply import (
    athena,
    cloudwatch,
    firehose,
    glue,
    iam,
    kms,
    lambda_,
    logs,
    route53,
    s3,
    secretsmanager,
    ses,
    sesv2,
    sns,
    sqs,
)
from sandbox.apply.registry import APPLIERS, CannotApply, apply

__all__ = [
    "APPLIERS",
    "CannotApply",
    "apply",
    "athena",
    "cloudwatch",
    "firehose",
    "glue",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "route53",
    "s3",
    "secretsmanager",
    "ses",
    "sesv2",
    "sns",
    "sqs",
]
