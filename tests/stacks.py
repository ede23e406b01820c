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
        if list(value) == ["secure"]:
            return SECRET_ENDPOINT
        return {key: decrypted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decrypted(inner) for inner in value]
    return value
