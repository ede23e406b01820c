"""YAML as Pulumi reads it, and where that differs from PyYAML."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import Refused
from components.settings.yaml_text import load
from tests.stacks import ROOT


def read(folder: Path, text: str) -> Any:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    value, twice = load(path, "a.yaml")
    assert twice == []
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("no", "no"),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("5", 5),
        ("+15555550123", 15555550123),
        ("-5", -5),
        ("0", 0),
        ("017", 15),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("1_000", 1000),
        ("08", 8.0),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("~", None),
        ("null", None),
        ("", None),
        ("nulls", "nulls"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 5", 5.0),
        ("!!null x", None),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[a, 5]", ["a", 5]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
    ],
)
def test_a_value(tmp_path: Path, text: str, value: Any) -> None:
    found = read(tmp_path, f"key: {text}\n")["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_none(tmp_path: Path) -> None:
    value = read(tmp_path, "key: .nan\n")["key"]
    assert math.isnan(value)


def test_each_key_is_text_as_the_file_has_it(tmp_path: Path) -> None:
    text = "{5: a, true: b, ~: c, 1.50: d, 0x10: e}"
    assert list(read(tmp_path, text)) == ["5", "true", "~", "1.50", "0x10"]


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("{a: 1, b: 2, a: 3}", [("a",)]),
        ("{a: 1, a: 2, a: 3}", [("a",), ("a",)]),
        ("{5: 1, '5': 2}", [("5",)]),
        ("{a: {b: 1, b: 2}}", [("a", "b")]),
        ("{a: [{}, {b: 1, b: 2}]}", [("a", 1, "b")]),
        ("{a: {b: 1}, c: {b: 1}}", []),
        ("{a: &x {b: 1, b: 2}, c: *x}", [("a", "b")]),
        ("{a: &x {b: 1}, c: {<<: *x, b: 2}}", []),
        ("{a: 1, A: 2}", []),
    ],
)
def test_a_key_that_stands_twice_in_a_map_is_found(
    tmp_path: Path, text: str, twice: list[tuple[str | int, ...]]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert load(path, "a.yaml")[1] == twice


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("{<<: {a: 1, b: 1}, b: 2}", {"a": 1, "b": 2}),
        ("{b: 2, <<: {a: 1, b: 1}}", {"a": 1, "b": 2}),
        ("{<<: [{a: 1}, {a: 2, b: 2}], c: 3}", {"a": 1, "b": 2, "c": 3}),
        ("{<<: []}", {}),
        ("{'<<': 1}", {"<<": 1}),
    ],
)
def test_a_merge_takes_over_what_the_map_does_not_state(
    tmp_path: Path, text: str, merged: dict[str, Any]
) -> None:
    assert read(tmp_path, text) == merged


def test_lines_of_mistakes_are_counted_from_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^a\.yaml: line 3: found a mistake"):
        read(tmp_path, "a: 1\nb: 2\nc: !Ref d\n")


@pytest.mark.parametrize(
    "name",
    ["Pulumi.dev.yaml", "Pulumi.prod.yaml", "tests/Pulumi.full.yaml", "Pulumi.yaml"],
)
def test_the_files_of_the_tree_mean_the_same_to_pyyaml(name: str) -> None:
    path = ROOT / name
    assert load(path, name) == (yaml.safe_load(path.read_text()), [])
