"""The shapes of configuration values: what a model, a map of names and a field are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue

from components.settings.refusals import Fault

T = TypeVar("T")

NAME = r"^[a-z][a-z0-9-]{0,30}$"
A_NAME = (
    "a name: at most 31 lower-case letters, digits and '-', a letter first, not none"
)
TRUE_OR_FALSE = "true or false"


@dataclass(frozen=True)
class Expected:
    """What a field expects, for whoever wrote something else into it."""

    what: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> Any:
        return WrapValidator(self._validate).__get_pydantic_core_schema__(
            source, handler
        )

    def _validate(self, value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise ValueError(self.what) from None


class Model(BaseModel):
    """A map of the configuration with fixed keys in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True
    )

    def states(self, field: str) -> bool:
        """Whether the reader wrote the key, rather than leaving it to its default."""
        return field in self.model_fields_set

    @classmethod
    def lacking(cls, raw: Mapping[str, Any]) -> Iterator[Fault]:
        """Keys that are absent and that other keys, as written, make necessary."""
        yield from ()

    def rules(self) -> Iterator[Fault]:
        """What this entry breaks by itself, whatever else the stack has."""
        yield from ()


class Entries(dict[str, T], Generic[T]):
    """A map whose keys are names of the reader's, holding the sound entries.

    A name is known as soon as its key is there, however unsound its entry; when
    the map itself could not be read, every name may be meant.
    """

    key_pattern: ClassVar[str] = NAME

    def __init__(
        self,
        sound: Mapping[str, T] | None = None,
        *,
        names: frozenset[str] | None = None,
        readable: bool = True,
    ) -> None:
        super().__init__(sound or {})
        self.names = frozenset(self) if names is None else names
        self.readable = readable

    def may_mean(self, name: str) -> bool:
        """Whether a reference to this name has an entry, sound or not."""
        return name in self.names or not self.readable

    @property
    def is_stated(self) -> bool:
        """Whether the map has an entry, sound or not."""
        return bool(self.names) or not self.readable

    @property
    def is_sound(self) -> bool:
        """Whether each entry could be read."""
        return self.readable and len(self) == len(self.names)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> Any:
        (item,) = get_args(source)
        key = Annotated[str, StringConstraints(pattern=cls.key_pattern)]
        return AfterValidator(cls).__get_pydantic_core_schema__(
            dict[key, item],  # type: ignore[valid-type]
            handler,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        (item,) = described.pop("patternProperties").values()
        described["additionalProperties"] = item
        described["propertyNames"] = {"pattern": NAME, "not": {"const": "none"}}
        return described


class Keyed(Entries[T]):
    """A map whose keys name entries of another map; whether they do is a rule."""

    key_pattern = ""
