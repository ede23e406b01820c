"""Applies what the program declares to the emulated account, as the provider would.

One function a resource type, registered by the type; one module a service.
"""

from sandbox.apply import (
    iam,
    kms,
    lambda_,
    route53,
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
    "iam",
    "kms",
    "lambda_",
    "route53",
    "secretsmanager",
    "ses",
    "sesv2",
    "sns",
    "sqs",
]
