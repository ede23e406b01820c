"""What the shapes of a configuration are, apart from how they are read."""

from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from components.settings.shapes import Entries, Expected, Keyed, Model

Size = Annotated[int, Field(ge=1, le=9), Expected("a size from 1 to 9")]


class Thing(Model):
    box_size: Size = 1
    flag: bool = False


def test_a_model_knows_what_its_writer_stated() -> None:
    thing = Thing.model_validate({"flag": False})
    assert thing.states("flag")
    assert not thing.states("box_size")


def test_the_keys_of_a_model_are_in_camel_case_and_none_is_passed_over() -> None:
    assert Thing.model_validate({"boxSize": 2}).box_size == 2
    for unknown in ("box_size", "boxsize", "other"):
        with pytest.raises(ValidationError):
            Thing.model_validate({unknown: 2})


@pytest.mark.parametrize("value", [0, 10, "5", 5.0, True, None])
def test_what_a_field_expects_takes_the_place_of_how_it_was_missed(value: Any) -> None:
    with pytest.raises(ValidationError) as missed:
        Thing.model_validate({"boxSize": value})
    (error,) = missed.value.errors()
    assert str(error["ctx"]["error"]) == "a size from 1 to 9"


@pytest.mark.parametrize(
    ("entries", "meant", "is_stated", "is_sound"),
    [
        pytest.param(Entries(), [], False, True, id="absent"),
        pytest.param(Entries({"a": 1}), ["a"], True, True, id="sound"),
        pytest.param(
            Entries({"a": 1}, names=frozenset("ab")),
            ["a", "b"],
            True,
            False,
            id="one unsound",
        ),
        pytest.param(
            Entries(readable=False), ["a", "b", "c"], True, False, id="unreadable"
        ),
    ],
)
def test_a_name_is_known_as_soon_as_its_key_is_there(
    entries: Entries[int], meant: list[str], is_stated: bool, is_sound: bool
) -> None:
    assert [name for name in "abc" if entries.may_mean(name)] == meant
    assert (entries.is_stated, entries.is_sound) == (is_stated, is_sound)


@pytest.mark.parametrize("kind", [Entries[int], Keyed[int]])
def test_editors_are_told_what_a_name_is(kind: Any) -> None:
    schema = TypeAdapter(kind).json_schema()
    assert schema["propertyNames"]["not"] == {"const": "none"}
    assert schema["additionalProperties"] == {"type": "integer"}
