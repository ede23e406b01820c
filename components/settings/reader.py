"""Reads raw values into models, and tells what is wrong with them.

Each entry of a map is read on its own, so that one mistake hides no other. What
pydantic finds wrong is told in the words of the file: no model is named.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import ConfigDict, SecretStr, TypeAdapter, ValidationError

from components.settings.refusals import (
    HIDDEN,
    SEALED,
    UNREAD,
    Fault,
    Path,
    quoted,
    shown,
)
from components.settings.shapes import (
    A_NAME,
    TRUE_OR_FALSE,
    Entries,
    Expected,
    Model,
)

M = TypeVar("M", bound=Model)


class _Key(NamedTuple):
    """A key of a model."""

    field: str
    kind: Any
    """The type of its value, without what is expected of it; of a model that may be
    absent, the model."""
    annotated: Any
    """The type of its value, with all that is expected of it."""
    expected: str
    is_optional: bool
    """Whether the key may be absent without a default of its own."""

    @property
    def is_collection(self) -> bool:
        origin = get_origin(self.kind)
        return isinstance(origin, type) and issubclass(origin, Entries)


@cache
def _keys(kind: type[Model]) -> dict[str, _Key]:
    return {
        info.alias or name: _Key(
            name,
            annotation := _model_in(info.annotation),
            Annotated[(annotation, *info.metadata)] if info.metadata else annotation,
            _expected(info.metadata, info.annotation),
            type(None) in get_args(info.annotation),
        )
        for name, info in kind.model_fields.items()
    }


def _model_in(annotation: Any) -> Any:
    """The model of `Model | None`; any other type as it is."""
    kinds = get_args(annotation)
    return kinds[0] if type(None) in kinds and _is_model(kinds[0]) else annotation


_BY_TYPE = {bool: TRUE_OR_FALSE, dict: "a map", list: "a list"}
"""What is expected where a type says enough."""


def _expected(metadata: Iterable[Any], annotation: Any) -> str:
    """What a field expects, said by itself or by what it may be besides None."""
    said = [part.what for part in metadata if isinstance(part, Expected)]
    if said:
        return said[-1]
    kinds = get_args(annotation)
    if type(None) in kinds:
        return _expected(getattr(kinds[0], "__metadata__", ()), kinds[0])
    if _is_model(annotation):
        return "a map"
    return _BY_TYPE.get(get_origin(annotation) or annotation, "")


@cache
def _collections(kind: type[Model]) -> dict[str, _Key]:
    return {name: key for name, key in _keys(kind).items() if key.is_collection}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=ConfigDict(strict=True))


@dataclass
class Reader:
    """Reads raw values into models and gathers what is wrong with them."""

    shape: list[Fault] = field(default_factory=list)
    """Values of another shape than their key wants."""
    rules: list[Fault] = field(default_factory=list)
    """Sound entries that break a rule of their own."""
    stated: set[str] = field(default_factory=set)
    """Fields whose keys are there, sound or not."""

    @property
    def faults(self) -> list[Fault]:
        """Both, in the order of the two passes."""
        return self.shape + self.rules

    def fields(self, kind: type[Model], raw: Mapping[str, Any]) -> dict[str, Any]:
        """The sound fields of a model whose keys are read each on its own.

        A key that is misspelt counts as there, so that what refers to its entries is
        not dangling.
        """
        raw = dict(raw)
        for name in [name for name in raw if name not in _keys(kind)]:
            if raw.pop(name) is not UNREAD:
                self.shape.append(_unknown_key(kind, (name,)))
            if meant := _likeness(kind, name):
                raw.setdefault(meant, UNREAD)
        values = {}
        for name, value in raw.items():
            key = _keys(kind)[name]
            self.stated.add(key.field)
            if key.is_collection:
                values[key.field] = self.entries(key.kind, value, (name,))
            elif value is None and key.is_optional:
                self.shape.append(_null(name, key))
            elif value is not UNREAD:
                read = self.value(key.annotated, value, (name,))
                if read is not None:
                    values[key.field] = read
        return values

    def entries(self, kind: Any, raw: Any, at: Path) -> Entries[Any]:
        """Each entry of a map on its own; `kind` is `Entries[...]` or `Keyed[...]`."""
        container: type[Entries[Any]] | Any = get_origin(kind)
        (item,) = get_args(kind)
        if raw is UNREAD:
            return container(readable=False)
        if not isinstance(raw, dict):
            self._misshapen(at, raw, "a map")
            return container(readable=False)
        sound, names = {}, set()
        for name, value in raw.items():
            names.add(name)
            if not self._is_name(container.key_pattern, name, at):
                self.value(item, value, (*at, name))
            elif not (value is SEALED and item is SecretStr):
                sound[name] = self.value(item, value, (*at, name))
        sound = {name: entry for name, entry in sound.items() if entry is not None}
        return container(sound, names=frozenset(names))

    def value(self, kind: Any, raw: Any, at: Path) -> Any | None:
        """A value of a type, or None when it is unsound."""
        if _is_model(kind):
            return self.model(kind, raw, at)
        try:
            return _adapter(kind).validate_python(raw)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self._report(details, kind, at)
            return None

    def model(self, kind: type[M], raw: Any, at: Path) -> M | None:
        """A model with its collections, or None when its own keys are unsound."""
        if not isinstance(raw, dict):
            self._misshapen(at, raw, "a map")
            return None
        own, collections = dict(raw), {}
        for name, key in _collections(kind).items():
            if name in own:
                collections[key.field] = self.entries(
                    key.kind, own.pop(name), (*at, name)
                )
        absent = [fault.under(*at) for fault in _absent(kind, raw)]
        self.shape += absent
        try:
            model = kind.model_validate(own)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self._report(details, kind, at)
            return None
        if absent:
            return None
        if collections:
            model = model.model_copy(update=collections)
        self.rules += [fault.under(*at) for fault in _rules(model)]
        return model

    def _is_name(self, pattern: str, name: str, at: Path) -> bool:
        sound = not pattern or (re.fullmatch(pattern, name) and name != "none")
        if not sound:
            self.shape.append(Fault((*at, name), f"the name {shown(name)}", A_NAME))
        return bool(sound)

    def _report(self, details: Mapping[str, Any], kind: Any, at: Path) -> None:
        loc = details["loc"]
        if details["type"] == "extra_forbidden":
            self.shape.append(_unknown_key(_model_at(kind, loc), loc).under(*at))
        elif details["type"] == "missing":
            expected = _keys(_model_at(kind, loc))[str(loc[-1])].expected
            self.shape.append(Fault((*at, *loc), "nothing", expected))
        else:
            said = details.get("ctx", {}).get("error")
            expected = str(said) if said else _PLAIN.get(details["type"], "text")
            if loc and loc[-1] == "[key]":
                key = shown(details["input"])
                self.shape.append(Fault((*at, *loc[:-2]), f"the key {key}", expected))
            else:
                self._misshapen((*at, *loc), details["input"], expected)

    def _misshapen(self, at: Path, raw: Any, expected: str) -> None:
        if raw is None and expected == "a map":
            expected = "a map ({} for an empty one)"
        if expected == "text" and type(raw) in (int, float):
            expected = "text (a number in quotes is text)"
        is_secret = at[0] == "secretEndpoints" or at[-1] == "secretEndpoint"
        is_plain = isinstance(raw, str | int | float)
        found = HIDDEN if is_secret and is_plain else shown(raw)
        self.shape.append(Fault(at, found, expected))


def _absent(kind: type[Model], raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys that have to be there, and keys that are there without a value."""
    yield from kind.lacking(raw)
    for name, key in _keys(kind).items():
        value = raw.get(name)
        if isinstance(value, dict) and _is_model(key.kind):
            yield from (fault.under(name) for fault in _absent(key.kind, value))
        elif name in raw and value is None and key.is_optional:
            yield _null(name, key)


def _rules(model: Model) -> Iterator[Fault]:
    """What a model breaks, after what the models within it do."""
    for name, key in _keys(type(model)).items():
        inner = getattr(model, key.field)
        if isinstance(inner, Model):
            yield from (fault.under(name) for fault in _rules(inner))
    yield from model.rules()


def _null(name: str, key: _Key) -> Fault:
    """A key without a value, where the key may be left out."""
    return Fault((name,), "null", f"{key.expected}, or no such key")


_PLAIN = {
    "bool_type": TRUE_OR_FALSE,
    "dict_type": "a map",
    "list_type": "a list",
    "model_type": "a map",
}
"""What is expected where a type says enough, by pydantic's name of the mistake."""


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _model_at(kind: type[Model], loc: Path) -> type[Model]:
    """The model that holds the last key of an error's location."""
    for step in loc[:-1]:
        kind = _keys(kind)[str(step)].kind
    return kind


def _unknown_key(kind: type[Model], loc: Path) -> Fault:
    expected = f"one of {', '.join(_keys(kind))}"
    if meant := _likeness(kind, str(loc[-1])):
        expected += f" ({quoted(meant)} is meant?)"
    return Fault(loc, "an unknown key", expected)


@lru_cache(1000)
def _likeness(kind: type[Model], key: str) -> str | None:
    """The key of a model that is most like this one, whatever its letter case."""
    known = {name.lower(): name for name in _keys(kind)}
    close = difflib.get_close_matches(key.lower(), known, n=1)
    return known[close[0]] if close else None
