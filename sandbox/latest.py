"""A record that does not grow without bound while the sandbox is served."""

from typing import TypeVar

T = TypeVar("T")

MOST = 10_000


class Latest(dict[str, list[T]]):
    """Lists by a name, empty at first; the oldest of too many are forgotten."""

    def __missing__(self, name: str) -> list[T]:
        self[name] = []
        return self[name]

    def __setitem__(self, name: str, value: list[T]) -> None:
        super().__setitem__(name, value)
        while len(self) > MOST:
            del self[next(iter(self))]
