"""The properties of a resource, each to be taken: none is passed over in silence."""

from collections.abc import Mapping
from typing import Any, Self

from pulumi.runtime import rpc


class UnknownProperty(Exception):
    """A property that nobody took, or that is of no use here; by its path."""


class Inputs:
    """Input properties, in camelCase, secrets in clear."""

    def __init__(
        self,
        values: Mapping[str, Any],
        secret: frozenset[str] = frozenset(),
        path: str = "",
    ) -> None:
        self._left = {key: value for key, value in values.items() if value is not None}
        self._secret = secret
        self._path = path
        self._parts: list[Inputs] = []

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> Self:
        """Inputs as they come over the wire, secrets in Pulumi's wrapper."""
        secret = {key for key, value in wire.items() if rpc.is_rpc_secret(value)}
        return cls(
            {key: _plain(value) for key, value in wire.items()}, frozenset(secret)
        )

    def take(self, key: str, default: Any = None) -> Any:
        """A property's value; the default where it is not stated."""
        return self._left.pop(key, default)

    def need(self, key: str) -> Any:
        """A property that the provider requires."""
        if key not in self._left:
            raise UnknownProperty(f"{self._path}{key}, which is required and absent")
        return self._left.pop(key)

    def part(self, key: str) -> "Inputs | None":
        """A nested object, whose properties have to be taken as well."""
        if key not in self._left:
            return None
        part = Inputs(self._left.pop(key), path=f"{self._path}{key}.")
        self._parts.append(part)
        return part

    def parts(self, key: str) -> "list[Inputs]":
        """A list of nested objects, likewise."""
        path = f"{self._path}{key}"
        parts = [
            Inputs(value, path=f"{path}[{index}].")
            for index, value in enumerate(self._left.pop(key, []))
        ]
        self._parts += parts
        return parts

    def named(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The stated properties among these, by the names that AWS has for them."""
        return {
            aws: self._left.pop(key) for key, aws in names.items() if key in self._left
        }

    def capitalised(self, *keys: str) -> dict[str, Any]:
        """The same where AWS only begins the names with a capital: TlsPolicy."""
        return self.named({key: key[0].upper() + key[1:] for key in keys})

    def tags(self) -> list[dict[str, str]]:
        """The tags in the form that most services take."""
        return [
            {"Key": key, "Value": value} for key, value in self.take("tags", {}).items()
        ]

    def is_secret(self, key: str) -> bool:
        return key in self._secret

    def check_all_taken(self) -> None:
        """Raises UnknownProperty with the first property that was not taken."""
        for key in self._left:
            raise UnknownProperty(f"{self._path}{key}")
        for part in self._parts:
            part.check_all_taken()


def _plain(value: Any) -> Any:
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
