"""YAML as Pulumi reads it: plain scalars of the core schema, and no key twice.

PyYAML follows YAML 1.1 (`on`, `no` and `12:30` are no text) and keeps the last of
two equal keys silently; Pulumi's own reader does neither, and makes text of each key.
"""

import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from components.settings.refusals import Path, Refused, shown

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOST_VALUES = 1_000_000
"""Values that a file may stand for, each alias counted as what it repeats."""

_PREFIX = "tag:yaml.org,2002:"

_PLAIN = re.compile(
    r"(?P<null>~|null|Null|NULL|)"
    r"|(?P<bool>true|True|TRUE|false|False|FALSE)"
    r"|(?P<int>[-+]?(?:0o?[0-7]+|0x[0-9a-fA-F]+|0|[1-9][0-9_]*))"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
    r"|(?P<merge><<)"
)
"""What a plain scalar is by YAML 1.2's core schema (and Pulumi's reader); else text."""


class _CoreLoader(SafeLoader):
    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            plain = _PLAIN.fullmatch(value) if implicit[0] else None
            return _PREFIX + (plain.lastgroup or "" if plain else "str")
        return _PREFIX + ("seq" if kind is yaml.SequenceNode else "map")


def load(path: FilePath, shown_as: str) -> tuple[Any, list[Path]]:
    """The value of a YAML file, and the paths of the keys that stand twice in it.

    Raises Refused when the file cannot be read as YAML; `shown_as` names it there.
    """
    text = _read(path, shown_as)
    try:
        return _parsed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        problem = ", ".join(filter(None, (error.context, error.problem)))
    except yaml.YAMLError as error:
        where, problem = "", str(error).partition("\n")[0]
    except RecursionError:
        where, problem = "", "values nested too deep"
    raise Refused([f"{shown_as}: {where}found a mistake ({problem}), expected YAML"])


def _read(path: FilePath, shown_as: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        found = "no such file"
    except UnicodeDecodeError:
        found = "bytes that are no UTF-8"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        found = f"nothing that can be read ({reason.lower()})"
    raise Refused([f"{shown_as}: found {found}, expected a YAML file"])


def _parsed(text: str) -> tuple[Any, list[Path]]:
    loader = _CoreLoader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    document = _Document()
    return None if node is None else document.value(node, ()), document.twice


class _Document:
    """Makes the values of a document; raises MarkedYAMLError."""

    def __init__(self) -> None:
        self.twice: list[Path] = []
        """Where a key stands that its map has already."""
        self._made: dict[yaml.Node, tuple[Any, int]] = {}
        """What was made of a node, and how many values that stands for."""
        self._within: set[yaml.Node] = set()
        self._count = 0

    def value(self, node: yaml.Node, at: Path) -> Any:
        if isinstance(node, yaml.ScalarNode):
            self._count += 1
            return _scalar(node)
        if node in self._made:
            made, size = self._made[node]
            self._count += size
            if self._count > MOST_VALUES:
                _refuse(node, f"more than {MOST_VALUES:,} values by its aliases")
            return made
        if node in self._within:
            _refuse(node, "an alias within its own anchor")
        self._within.add(node)
        before, self._count = self._count, self._count + 1
        made = self._sequence(node, at) if _is_list(node) else self._mapping(node, at)
        self._within.remove(node)
        self._made[node] = made, self._count - before
        return made

    def _sequence(self, node: yaml.Node, at: Path) -> list[Any]:
        return [self.value(item, (*at, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, at: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                _refuse(key, "a key that is no text")
            inside = (*at, key.value)
            if key.tag == f"{_PREFIX}merge":
                merged = self._merged(value, inside) | merged
                continue
            if key.value in own:
                self.twice.append(inside)
            own[key.value] = self.value(value, inside)
        return merged | own

    def _merged(self, node: yaml.Node, at: Path) -> dict[str, Any]:
        """What `<<` takes over: a map, or several of which the first has precedence."""
        made = self.value(node, at)
        merged: dict[str, Any] = {}
        for part in made if isinstance(made, list) else [made]:
            if not isinstance(part, dict):
                _refuse(node, "<< with what is no map")
            merged = part | merged
        return merged


def _is_list(node: yaml.Node) -> bool:
    """Whether the node is a list, rather than a map."""
    if node.tag not in (f"{_PREFIX}seq", f"{_PREFIX}map"):
        _refuse(node, f"the tag {node.tag.replace(_PREFIX, '!!')}")
    return isinstance(node, yaml.SequenceNode)


def _scalar(node: yaml.ScalarNode) -> Any:
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    try:
        match kind:
            case "str" | "merge":
                return text
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                return _whole(text.replace("_", ""))
            case "float":
                return float(re.sub(r"\.(?=[a-z])", "", text.lower()))
    except (LookupError, ValueError):
        _refuse(node, f"{shown(text)} as {kind}")
    _refuse(node, f"the tag {node.tag.replace(_PREFIX, '!!')}")


def _whole(text: str) -> int:
    digits = text.lstrip("+-").lower()
    if digits.startswith("0x"):
        return int(text, 16)
    return int(text, 8 if digits.startswith("0") else 10)


def _refuse(node: yaml.Node, problem: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
