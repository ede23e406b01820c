"""Which function applies which resource type, and what it is given."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from sandbox.apply.inputs import Inputs, UnknownProperty
from sandbox.cloud import Cloud


class CannotApply(Exception):
    """A resource that the emulated account did not take; the text is for a person."""


@dataclass(frozen=True)
class Resource:
    """One resource that the program declares."""

    urn: str
    type: str
    """aws:sns/topic:Topic"""
    name: str
    """The logical name."""
    inputs: Inputs

    @property
    def physical_name(self) -> str:
        """As Pulumi names what is not named: the logical name and seven characters."""
        return f"{self.name}-{hashlib.sha256(self.urn.encode()).hexdigest()[:7]}"


@dataclass(frozen=True)
class Applied:
    """What the provider answers: the id and the outputs, in camelCase.

    Inputs are outputs too, and need not be repeated.
    """

    id: str
    outputs: Mapping[str, Any]


Applier = Callable[[Resource, Cloud], Applied]

APPLIERS: dict[str, Applier] = {}
"""By resource type."""


def applies(type_: str) -> Callable[[Applier], Applier]:
    """Registers the function that applies resources of a type."""

    def register(applier: Applier) -> Applier:
        APPLIERS[type_] = applier
        return applier

    return register


def apply(
    urn: str, type_: str, name: str, inputs: Mapping[str, Any], cloud: Cloud
) -> Applied:
    """Applies one resource, inputs as Pulumi's monitor gets them.

    Raises CannotApply for a type, a property or a value that cannot be applied.
    """
    what = f"{type_} {name}"
    if type_ not in APPLIERS:
        raise CannotApply(f"{what}: the sandbox knows no resources of this type")
    resource = Resource(urn, type_, name, Inputs.of(inputs))
    try:
        applied = APPLIERS[type_](resource, cloud)
        resource.inputs.check_all_taken()
    except UnknownProperty as unknown:
        raise CannotApply(
            f"{what}: the sandbox does not know the property {unknown}"
        ) from None
    plain = {key: value for key, value in inputs.items() if not _is_file(value)}
    return Applied(applied.id, {**plain, **applied.outputs})


def _is_file(value: Any) -> bool:
    """What a program hands over to be uploaded; nobody reads it back."""
    return isinstance(value, pulumi.Asset | pulumi.Archive)
