"""Refusals: what was found where, and what is expected, in the reader's words."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Where a value stands in the configuration: keys, and the index in a list."""

LONGEST = 60
"""Characters of a found text that are shown; the rest only counts."""

MOST_NAMES = 20
"""Names that are listed to choose from."""


CREDENTIALS = re.compile(r"^(?!arn:)([^:]*:).*@", re.DOTALL)
"""What may be user and password in a text, of a URL or of what was meant as one."""


class Fault(NamedTuple):
    """One mistake of the configuration."""

    path: Path
    found: str
    expected: str

    def under(self, *path: str | int) -> "Fault":
        """The same mistake, seen from further outside."""
        return self._replace(path=(*path, *self.path))


class Warned(NamedTuple):
    """What is allowed and yet rarely meant."""

    path: Path
    what: str


class Refused(Exception):
    """The configuration as a whole is refused; the text has one line a mistake."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(dict.fromkeys(lines))
        super().__init__("\n".join(self.lines))


TWICE = ("this key twice", "it once")
"""What is found and expected of a key that stands twice in a file."""


class Unseen:
    """A value that is there and cannot be seen."""


SEALED = Unseen()
"""A value that is stored encrypted."""

UNREAD = Unseen()
"""What a file holds that could not be read; the reason is told elsewhere."""


HIDDEN = "a value that is not shown"
"""What is found where a secret may stand."""


def shown(value: Any) -> str:
    """A found value for the reader: short, and never what is inside a collection.

    Of a text with user and password neither is shown.
    """
    match value:
        case Unseen():
            return "a secure value"
        case None:
            return "null"
        case int() if abs(value) >= 10**LONGEST:
            return f"a number of more than {LONGEST} digits"
        case bool() | int() | float():
            return json.dumps(value)
        case str():
            text = CREDENTIALS.sub(r"\1****@", value)
            if len(text) > LONGEST:
                return f"{quoted(text[:LONGEST])}... of {len(value)} characters"
            return quoted(text)
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a map" if value else "an empty map"
        case _:
            return f"a value of type {type(value).__name__}"


def quoted(text: str) -> str:
    """A text in quotes, with an escape for each character that no screen shows."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def one_of(names: Collection[str]) -> str:
    """Names to choose from, or a word for their absence."""
    listed = [_key(name) for name in sorted(names)[:MOST_NAMES]]
    more = len(names) - len(listed)
    if more:
        listed.append(f"and {more} more")
    return ", ".join(listed) or "none is there"


def place(path: Path) -> str:
    """A path as the file has it: `channels.app.subscriptions.desk`, `queues.q.keys[1]`.

    A key that is no plain word stands in quotes, a very long one is shortened.
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + _key(step)
    return text


@dataclass(frozen=True)
class Origin:
    """Where paths begin: at a key of the stack file, or in the identities' own file."""

    identities_file: str | None = None

    def name(self, path: Path) -> str:
        if path[:1] == ("identities",) and self.identities_file is not None:
            return f"{self.identities_file}:{place(path[1:])}".removesuffix(":")
        text = place(path)
        return text if text.startswith("aws:") else f"ses-feedback:{text}"

    def refusal(self, fault: Fault) -> str:
        return (
            f"{self.name(fault.path)}: found {fault.found}, expected {fault.expected}"
        )

    def warning(self, warned: Warned) -> str:
        return f"{self.name(warned.path)}: {warned.what}"


def _key(key: str) -> str:
    if len(key) > LONGEST:
        key = f"{key[:LONGEST]}..."
    return key if re.fullmatch(r"[\w:/@+-]+(\.\.\.)?", key) else quoted(key)
