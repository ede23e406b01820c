"""Stacks for the tests: the stack files of the tree, and stacks written in a test."""

import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.settings import NAMESPACE, StackFile
from sandbox.program import Program
from sandbox.stand_ins import secret_keys
from tests.engine import Engine, declare

ROOT = Path(__file__).parent.parent

PROJECT = "ses-feedback"

SECRET_ENDPOINT = "https://crm:pass-word@crm.example.com/ses"
"""What every `secure:` value of a stack file is decrypted to."""

FILES = {
    "dev": ROOT / "Pulumi.dev.yaml",
    "prod": ROOT / "Pulumi.prod.yaml",
    "full": ROOT / "tests/Pulumi.full.yaml",
}

FOUR_LINES = """
    aws:region: eu-west-1
    ses-feedback:channels: {app: {}}
    ses-feedback:identities: {shop: {sender: shop.example.com, feedback: app}}
    ses-feedback:queues: {app: {}}
"""
"""The simplest stack, with which the README opens."""


EVERYTHING = """
config:
  aws:region: eu-west-1
  ses-feedback:tags: {service: mail, environment: prod}
  ses-feedback:protect: true
  ses-feedback:permissionsBoundary: arn:aws:iam::123456789012:policy/limit

  ses-feedback:channels:
    customer-service:
      encrypted: true
      subscriptions:
        desk: {protocol: https, endpoint: "https://desk.example.com/ses", filter: {bounce: {bounceType: [Permanent]}}}
        crm:  {protocol: https, secretEndpoint: crm}
    marketing:
      subscriptions:
        hook: {protocol: https, endpoint: "https://marketing.example.com/ses"}
    managers:
      subscriptions:
        team: {protocol: email, endpoint: managers@example.com}
    oncall:
      subscriptions:
        pager: {protocol: sms, endpoint: "+15555550123"}
    legacy: {topic: "arn:aws:sns:eu-west-1:123456789012:legacy"}
  ses-feedback:secretEndpoints:
    crm: {secure: AAABAHNvbWUgY2lwaGVydGV4dA==}

  ses-feedback:identities:
    shop:
      sender: shop.example.com
      bounce: customer-service
      complaint: customer-service
      delivery: none
      originalHeaders: [bounce]
      configurationSet: transactional
      mailFrom: bounce.shop.example.com
      hostedZone: Z0123456789ABCDEFGHIJ
      forwarding: false
    newsletter:
      sender: news@shop.example.com
      feedback: marketing
      configurationSet: none
      existing: true

  ses-feedback:configurationSets:
    transactional: {}
    campaigns:
      notify: {marketing: [open, click]}
      metrics: [send, delivery, bounce, complaint]
      dimensions: {campaign: unnamed}
      suppress: [bounce, complaint]
      requireTls: true
      trackingDomain: track.shop.example.com

  ses-feedback:queues:
    feedback:
      channels: [customer-service, marketing]
      raw: false
      visibilitySeconds: 60
      retentionDays: 7
      deadLetters: {afterReceives: 5, retentionDays: 14}
      consumer: {credentials: stackOutput, keys: [main]}

  ses-feedback:monitoring:
    alarms: oncall
    bounceRate: {warning: 0.025, critical: 0.05}
    complaintRate: {warning: 0.0005, critical: 0.001}
    oldestMessageMinutes: 15
    sendsPerHour: {campaigns: 20000}
    account:
      dailyQuota: 50000
      otherConfigurationSets: [legacy]
"""
"""Every key with an example of its value."""


def configurations() -> dict[str, Mapping[str, Any]]:
    """By stack, the `config:` map of each stack that is tested as a whole."""
    files = {name: StackFile.read(path).config for name, path in FILES.items()}
    return {"simplest": yaml.safe_load(FOUR_LINES), **files}


STACKS = ("simplest", *FILES)


@cache
def declared(stack: str, *, preview: bool = False) -> Engine:
    """What the program declares for one of STACKS, run once for all tests."""
    return declare(program(stack), preview=preview)


def program(stack: str, **more: Any) -> Program:
    """The program with one of STACKS, as Pulumi hands it over.

    `more` are keys of ours that replace those of the stack.
    """
    ours = {f"{NAMESPACE}:{key}": value for key, value in more.items()}
    return _program(stack, {**configurations()[stack], **ours})


def stack_of(text: str, *, region: str = "eu-west-1") -> Program:
    """The program with a stack of our keys, as YAML without their namespace."""
    keys = yaml.safe_load(textwrap.dedent(text))
    ours = {f"{NAMESPACE}:{key}": value for key, value in keys.items()}
    return _program("test", {"aws:region": region, **ours})


def _program(stack: str, config: Mapping[str, Any]) -> Program:
    return Program.of(
        PROJECT,
        stack,
        decrypted(config),
        secret_keys=secret_keys(config),
        folder=ROOT,
    )


def decrypted(value: Any) -> Any:
    """A value with each `secure:` one in clear."""
    if isinstance(value, Mapping):
        if list(value) == ["secure"] and isinstance(value["secure"], str):
            return SECRET_ENDPOINT
        return {key: decrypted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decrypted(inner) for inner in value]
    return value
