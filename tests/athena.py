"""Stands in for Athena: runs its SQL by DuckDB over the files of an event log.

The table's columns are those of `components.event_table`, so that they are what is
tested. Firehose's files are lines of JSON, gzipped, a folder a day:

    log = Log(tmp_path)
    log.write("2026-05-04", [event(EventType.BOUNCE)])
    rows = log.query("SELECT count(*) FROM events", today=date(2026, 5, 5))
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from components.event_table import COLUMNS, PARTITION_KEY, PREFIX, TABLE

DIALECT = "athena"

SCALARS = {"string": "VARCHAR", "bigint": "BIGINT", "boolean": "BOOLEAN"}
"""By Hive's name of a type that is DuckDB's."""


@dataclass(frozen=True)
class Type:
    """A type of Hive: `string`; an array or map of one; a struct of several."""

    name: str
    of: "Type | None" = None
    """What an array holds, or a map by its names."""
    fields: "Mapping[str, Type]" = field(default_factory=dict)
    """What a struct holds."""


def type_of(text: str) -> Type:
    """A type as Hive spells it; raises ValueError for any other text."""
    tokens = re.findall(r"[a-z_]+|[^a-z_]", text)[::-1]
    found = _type(tokens)
    if tokens:
        raise ValueError(f"found {''.join(tokens[::-1])!r} after the type in {text!r}")
    return found


def _type(tokens: list[str]) -> Type:
    name = tokens.pop()
    if name in SCALARS:
        return Type(name)
    _expect(tokens, "<")
    if name == "struct":
        fields = {}
        while True:
            key = tokens.pop()
            _expect(tokens, ":")
            fields[key] = _type(tokens)
            if _expect(tokens, ",>") == ">":
                return Type(name, fields=fields)
    if name == "map":
        _expect(tokens, "string")
        _expect(tokens, ",")
    elif name != "array":
        raise ValueError(f"found the type {name!r}")
    of = _type(tokens)
    _expect(tokens, ">")
    return Type(name, of)


def _expect(tokens: list[str], expected: str) -> str:
    found = tokens.pop() if tokens else "the end"
    if found != expected and found not in list(expected):
        raise ValueError(f"found {found!r}, expected one of {expected!r}")
    return found


COLUMN_TYPES = {name: type_of(text) for name, text in COLUMNS.items()}


@dataclass(frozen=True)
class Log:
    """The bucket of an event log, in a folder."""

    bucket: Path

    def write(
        self, day: str, events: Iterable[Mapping[str, Any]], name: str = "1"
    ) -> None:
        """A file of Firehose's, with the events that came in on that day."""
        lines = "".join(
            json.dumps(each, separators=(",", ":")) + "\n" for each in events
        )
        folder = self.bucket / PREFIX / f"{PARTITION_KEY}={day}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(lines.encode()))

    @property
    def files(self) -> list[Path]:
        return sorted((self.bucket / PREFIX).rglob("*.gz"))

    def events(self) -> list[dict[str, Any]]:
        return [each for path in self.files for each in self.read(path)]

    @staticmethod
    def read(file: Path) -> list[dict[str, Any]]:
        """The events of one file."""
        lines = gzip.decompress(file.read_bytes()).decode().splitlines()
        return [json.loads(line) for line in lines]

    def query(
        self,
        sql: str,
        parameters: Sequence[str] = (),
        *,
        today: date,
        time_zone: str = "UTC",
    ) -> list[dict[str, Any]]:
        """The rows of a query in Athena's SQL, each by the names of its columns."""
        tree = sqlglot.parse_one(sql, read=DIALECT).transform(
            lambda node: _date(today) if isinstance(node, exp.CurrentDate) else node
        )
        with duckdb.connect() as connection:
            connection.execute(f"SET TimeZone = '{time_zone}'")
            connection.execute(f"CREATE VIEW {TABLE} AS {self._table()}")
            found = connection.execute(tree.sql("duckdb"), list(parameters))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _table(self) -> str:
        """As the SerDe reads the files: the case of a key of JSON does not matter."""
        spelled = {key.lower(): key for key in _keys(self.events())}
        columns = {
            spelled.get(name, name): _duckdb_type(type_, spelled)
            for name, type_ in COLUMN_TYPES.items()
        }
        return (
            f"SELECT * FROM read_json('{self.bucket / PREFIX}/*/*.json.gz',"
            f" format = 'newline_delimited', compression = 'gzip', columns = {columns},"
            " hive_partitioning = true,"
            f" hive_types = {{'{PARTITION_KEY}': VARCHAR}})"
        )


def _date(day: date) -> exp.Cast:
    return exp.cast(exp.Literal.string(day.isoformat()), "date")


def _keys(value: Any) -> Iterator[str]:
    """Every key of JSON within a value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _duckdb_type(type_: Type, spelled: Mapping[str, str]) -> str:
    match type_.name:
        case "struct":
            fields = ", ".join(
                f'"{spelled.get(name, name)}" {_duckdb_type(inner, spelled)}'
                for name, inner in type_.fields.items()
            )
            return f"STRUCT({fields})"
        case "array" | "map":
            assert type_.of is not None
            of = _duckdb_type(type_.of, spelled)
            return f"{of}[]" if type_.name == "array" else f"MAP(VARCHAR, {of})"
        case _:
            return SCALARS[type_.name]
