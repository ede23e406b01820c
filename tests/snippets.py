"""Configurations written in a test as a few lines of YAML over a sound stack."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from components.account import Account
from components.settings import Refused, Settings, StackFile
from components.settings.yaml_text import load
from sandbox.program import Program
from sandbox.stand_ins import secret_keys
from tests.stacks import PROJECT, ROOT, decrypted

SOUND = {
    "aws:region": "eu-west-1",
    "channels": "{app: {}}",
    "identities": "{shop: {sender: shop.example.com, feedback: app}}",
    "queues": "{app: {}}",
}

TOP_LEVEL_KEY = re.compile(r"([^\s:]+:)?[^\s:]+(?=:( |$))")


PASSWORD = "pass-word"
"""Stands in each endpoint of these tests that is secret."""


def stack_text(snippet: str, *without: str) -> str:
    """A stack file with the keys of the snippet, each instead of that of SOUND.

    A key without a namespace is one of ours; `without` are keys of SOUND to leave out.
    """
    found = (TOP_LEVEL_KEY.match(line) for line in snippet.splitlines())
    stated = {match[0] for match in found if match}
    kept = [
        f"{key}: {value}"
        for key, value in SOUND.items()
        if key not in stated and key not in without
    ]
    lines = [*kept, *snippet.splitlines()]
    return "".join(f"{line}\n" for line in ["config:", *map(_in_config, lines)])


def _in_config(line: str) -> str:
    match = TOP_LEVEL_KEY.match(line)
    ours = match is not None and match[1] is None
    return f"  ses-feedback:{line}" if ours else f"  {line}"


def write(folder: Path, text: str | bytes, name: str = "Pulumi.dev.yaml") -> Path:
    """A stack file beside a project file."""
    (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\n")
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def checked(
    folder: Path, snippet: str, *without: str, account: Account | None = None
) -> Settings:
    """The settings of a snippet, read from a file."""
    path = write(folder, stack_text(snippet, *without))
    return Settings.check(StackFile.read(path), account)


def refusals(
    folder: Path, snippet: str, *without: str, account: Account | None = None
) -> list[str]:
    """What `check` refuses of a snippet, without the folder's own path."""
    try:
        checked(folder, snippet, *without, account=account)
    except Refused as refused:
        return str(refused).replace(f"{folder}/", "").split("\n")
    return []


def as_pulumi_hands_it(folder: Path, snippet: str, *without: str) -> Program:
    """The program, in that folder, with a snippet: scalars as the text that the file
    has, null as none, maps and lists as JSON, and what is `secure:` in clear."""
    return handed_over(write(folder, stack_text(snippet, *without)))


def handed_over(path: Path) -> Program:
    """The same with a stack file."""
    folder = path.parent
    (folder / "__main__.py").unlink(missing_ok=True)
    (folder / "__main__.py").symlink_to(ROOT / "__main__.py")
    content, _ = load(path, path.name)
    config: dict[str, Any] = content["config"]
    texts: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)["config"]
    return Program(
        project=PROJECT,
        stack="dev",
        config={
            key: _handed_over(value, texts.get(key)) for key, value in config.items()
        },
        secret_keys=secret_keys(config),
        folder=folder,
    )


def _handed_over(value: Any, text: Any) -> str:
    if value is None:
        return ""
    if isinstance(text, str):
        return text
    clear = decrypted(value)
    return clear if isinstance(clear, str) else json.dumps(clear)
