"""How values are read, entry by entry, whatever the models are."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr

from components.settings.configuration import Configuration
from components.settings.reader import Reader, _keys
from components.settings.refusals import SEALED, UNREAD, Fault
from components.settings.shapes import A_NAME, Entries, Expected, Keyed, Model

Size = Annotated[int, Field(ge=1, le=9), Expected("a size from 1 to 9")]


class Part(Model):
    part_size: Size = 1

    def rules(self) -> Iterator[Fault]:
        if self.part_size == 7:
            yield Fault(("partSize",), "7", "no 7")


class Thing(Model):
    size: Size
    colour: Annotated[str, Expected("a colour")] | None = None
    flag: bool = False
    notes: list[Annotated[str, Expected("a note")]] = Field([])
    labels: dict[str, Any] | None = None
    part: Part = Part()
    parts: Entries[Part] = Field(default_factory=Entries)
    links: Keyed[Size] = Field(default_factory=Keyed)

    @classmethod
    def lacking(cls, raw: Mapping[str, Any]) -> Iterator[Fault]:
        if raw.get("flag") is True and "colour" not in raw:
            yield Fault(("colour",), "nothing", "a colour beside flag")


class Top(Model):
    things: Entries[Thing] = Field(default_factory=Entries)
    secrets: Entries[SecretStr] = Field(default_factory=Entries)
    size: Size | None = None
    flag: bool = True


def read(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    reader = Reader()
    return reader.fields(Top, raw), reader.faults


def thing(raw: Any) -> list[tuple[str, str, str]]:
    """What is wrong with a thing: where within it, found, expected."""
    _, faults = read({"things": {"it": raw}})
    return [
        (".".join(map(str, fault.path[2:])), fault.found, fault.expected)
        for fault in faults
    ]


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        ({"size": 3}, []),
        ({"size": 3, "colour": "red", "flag": True, "notes": ["a"]}, []),
        (5, [("", "5", "a map")]),
        (None, [("", "null", "a map ({} for an empty one)")]),
        ({}, [("size", "nothing", "a size from 1 to 9")]),
        ({"size": 10}, [("size", "10", "a size from 1 to 9")]),
        ({"size": "3"}, [("size", '"3"', "a size from 1 to 9")]),
        ({"size": True}, [("size", "true", "a size from 1 to 9")]),
        ({"size": 3.0}, [("size", "3.0", "a size from 1 to 9")]),
        ({"size": None}, [("size", "null", "a size from 1 to 9")]),
        ({"size": 3, "colour": 5}, [("colour", "5", "a colour")]),
        ({"size": 3, "colour": None}, [("colour", "null", "a colour, or no such key")]),
        ({"size": 3, "flag": 1}, [("flag", "1", "true or false")]),
        ({"size": 3, "flag": "yes"}, [("flag", '"yes"', "true or false")]),
        ({"size": 3, "flag": True}, [("colour", "nothing", "a colour beside flag")]),
        ({"size": 3, "notes": "a"}, [("notes", '"a"', "a list")]),
        ({"size": 3, "notes": ["a", 5]}, [("notes.1", "5", "a note")]),
        ({"size": 3, "labels": [1]}, [("labels", "a list", "a map")]),
        ({"size": 3, "labels": None}, [("labels", "null", "a map, or no such key")]),
        ({"size": 3, "part": []}, [("part", "an empty list", "a map")]),
        (
            {"size": 3, "part": {"partSize": 0}},
            [("part.partSize", "0", "a size from 1 to 9")],
        ),
        (
            {"size": 3, "part": {"part_size": 2}},
            [("part.part_size", "an unknown key", 'one of partSize ("partSize" is meant?)')],
        ),
        ({"size": 3, "parts": {"a": {}, "b": {"partSize": 2}}}, []),
        ({"size": 3, "parts": {"a": {"partSize": 7}}}, [("parts.a.partSize", "7", "no 7")]),
        ({"size": 3, "parts": {"B": {}}}, [("parts.B", 'the name "B"', A_NAME)]),
        ({"size": 3, "links": {"none": 1, "Any Thing": 2}}, []),
        (
            {"size": 3, "links": {"a": 0, "b": "x"}},
            [("links.a", "0", "a size from 1 to 9"), ("links.b", '"x"', "a size from 1 to 9")],
        ),
        (
            {"size": 0, "colour": 5, "parts": {"a": 5, "b": {"partSize": 0}}},
            [
                ("parts.a", "5", "a map"),
                ("parts.b.partSize", "0", "a size from 1 to 9"),
                ("size", "0", "a size from 1 to 9"),
                ("colour", "5", "a colour"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_thing(raw: Any, faults: list[tuple[str, str, str]]) -> None:
    assert thing(raw) == faults


def test_one_unsound_entry_hides_no_other_and_keeps_its_name() -> None:
    values, faults = read({"things": {"a": {"size": 1}, "b": {"size": 0}, "C": 5}})
    things = values["things"]
    assert list(things) == ["a"]
    assert things.names == {"a", "b", "C"}
    assert things.is_stated
    assert things.readable
    assert not things.is_sound
    assert things.may_mean("b")
    assert not things.may_mean("d")
    assert [fault.path for fault in faults] == [
        ("things", "b", "size"),
        ("things", "C"),
        ("things", "C"),
    ]


def test_a_map_that_cannot_be_read_may_mean_every_name() -> None:
    unreadable: tuple[Any, ...] = (5, None, "a", [], UNREAD)
    for raw in unreadable:
        values, _ = read({"things": raw})
        things = values["things"]
        assert (things, things.is_stated, things.is_sound) == ({}, True, False)
        assert things.may_mean("anything")


def test_a_misspelt_map_may_mean_every_name() -> None:
    values, faults = read({"thing": {}})
    assert values["things"].may_mean("anything")
    (fault,) = faults
    assert fault.found == "an unknown key"
    assert fault.expected == 'one of things, secrets, size, flag ("things" is meant?)'


def test_a_misspelt_key_beside_the_right_one_changes_nothing() -> None:
    values, faults = read({"Things": {}, "things": {"a": {"size": 1}}})
    assert values["things"].is_sound
    assert len(faults) == 1


def test_a_sealed_secret_is_there_and_not_seen() -> None:
    values, faults = read({"secrets": {"a": SEALED, "b": "clear"}})
    assert values["secrets"].names == {"a", "b"}
    assert values["secrets"]["b"].get_secret_value() == "clear"
    assert list(values["secrets"]) == ["b"]
    assert faults == []


def test_keys_of_the_top_are_read_each_on_its_own() -> None:
    values, faults = read({"size": None, "flag": 1, "things": {}})
    assert list(values) == ["things"]
    assert faults == [
        Fault(("size",), "null", "a size from 1 to 9, or no such key"),
        Fault(("flag",), "1", "true or false"),
    ]


def test_every_key_of_the_configuration_says_what_it_expects() -> None:
    """The reader would otherwise be told `expected `, and then nothing."""

    def models(kind: type[Model]) -> Iterator[type[Model]]:
        yield kind
        for key in _keys(kind).values():
            for inner in (key.kind, *getattr(key.kind, "__args__", ())):
                if isinstance(inner, type) and issubclass(inner, Model):
                    yield from models(inner)

    for model in models(Configuration):
        for name, key in _keys(model).items():
            is_model = isinstance(key.kind, type) and issubclass(key.kind, Model)
            assert key.expected or key.is_collection or is_model, (model, name)
