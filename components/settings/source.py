"""Raw configuration values, from Pulumi or from a stack file alike."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from components.account import Account
from components.settings.refusals import (
    SEALED,
    TWICE,
    UNREAD,
    Fault,
    Origin,
    Path,
    Refused,
    quoted,
    shown,
)
from components.settings.stack_file import StackFile
from components.settings.yaml_text import load

if TYPE_CHECKING:
    import pulumi

NAMESPACE = "ses-feedback"
REGION = "aws:region"

SECRETS = "secretEndpoints"
"""The one key whose values may be stored encrypted."""

ONLY_SECRETS = f"it in clear: only values in {SECRETS} may be secure, one by one"


@dataclass(frozen=True)
class Source:
    """The values of a stack's configuration, whoever reads them."""

    project: str
    stack: str
    folder: FilePath
    """Where the paths that the configuration names begin."""
    values: Mapping[str, Any]
    """Each key of ours, without its namespace; SEALED where a value is encrypted."""
    region: Any
    faults: tuple[Fault, ...]
    """Secure values where none belongs, and keys that Pulumi would pass over."""
    clear_secrets: tuple[Path, ...]
    """Secret endpoints that are not stored encrypted."""
    account: Account | None
    origin: Origin
    mistakes: tuple[str, ...]
    """What is wrong with the files themselves, a line each."""

    @classmethod
    def of_pulumi(cls, config: "pulumi.Config", account: Account) -> "Source":
        """What Pulumi hands to the program: text, with maps and lists as JSON."""
        import pulumi
        from pulumi.runtime import config as runtime

        known = {**runtime.get_config_env(), **runtime.CONFIG.get()}
        secret = set(runtime.get_config_secret_keys_env())
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        clear: tuple[Path, ...] = ()
        for full in known:
            namespace, _, key = full.partition(":")
            if namespace != config.name:
                faults += _misnamed(namespace, key)
                continue
            is_secret = full in secret or pulumi.runtime.is_config_secret(full)
            value = _decoded(config.get(key))
            values[key] = SEALED if is_secret and key != SECRETS else value
            if key == SECRETS and value and not is_secret:
                clear = ((key,),)
        region = _decoded(pulumi.Config("aws").get("region"))
        return cls._complete(
            project=pulumi.get_project(),
            stack=pulumi.get_stack(),
            folder=FilePath.cwd(),
            values=values,
            region=region,
            faults=faults,
            clear_secrets=clear,
            account=account,
        )

    @classmethod
    def of_file(cls, file: StackFile, account: Account | None) -> "Source":
        """What a stack file says; encrypted values cannot be seen."""
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for full, value in file.config.items():
            namespace, colon, key = full.partition(":")
            if namespace == NAMESPACE:
                values[key] = _decoded(sealed(value))
            elif colon:
                faults += _misnamed(namespace, key)
            else:
                faults.append(Fault((full,), f"the key {shown(full)}", A_NAMESPACE))
        secrets = values.get(SECRETS)
        if not isinstance(secrets, dict):
            secrets = {}
        return cls._complete(
            project=file.project,
            stack=file.stack,
            folder=file.folder,
            values=values,
            region=_decoded(sealed(file.config.get(REGION))),
            faults=faults,
            clear_secrets=tuple(
                (SECRETS, name)
                for name, value in secrets.items()
                if value is not SEALED
            ),
            account=account,
            mistakes=file.mistakes,
        )

    @classmethod
    def _complete(
        cls,
        *,
        folder: FilePath,
        values: dict[str, Any],
        faults: list[Fault],
        mistakes: tuple[str, ...] = (),
        **rest: Any,
    ) -> "Source":
        """Reads the identities' file, if one is named, and looks for secure values."""
        origin = Origin()
        for fault in faults:
            values.setdefault(str(fault.path[0]), UNREAD)
        if "identitiesFile" in values and "identities" in values:
            faults.append(
                Fault(("identitiesFile",), "it beside identities", "one of the two")
            )
        elif "identitiesFile" in values:
            values["identities"] = UNREAD
            name = values["identitiesFile"]
            if isinstance(name, str) and name:
                origin = Origin(name if name.isprintable() else quoted(name))
                try:
                    content, twice = load(folder / name, origin.name(("identities",)))
                except Refused as refused:
                    mistakes += refused.lines
                else:
                    values["identities"] = sealed(content)
                    faults += [Fault(("identities", *at), *TWICE) for at in twice]
        for key, value in values.items():
            faults += [
                Fault(at, shown(SEALED), ONLY_SECRETS)
                for at in sealed_places(value, (key,))
                if not (key == SECRETS and len(at) == 2)
            ]
        return cls(
            folder=folder,
            values=values,
            faults=tuple(faults),
            origin=origin,
            mistakes=mistakes,
            **rest,
        )


A_NAMESPACE = f"a namespace before it, as in {NAMESPACE}:channels"


def sealed(value: Any) -> Any:
    """A value with SEALED in place of each `{"secure": TEXT}` in it."""
    if isinstance(value, dict):
        if list(value) == ["secure"] and isinstance(value["secure"], str):
            return SEALED
        return {key: sealed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [sealed(inner) for inner in value]
    return value


def sealed_places(value: Any, at: Path) -> Iterator[Path]:
    """Where SEALED stands in a value."""
    if value is SEALED:
        yield at
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from sealed_places(inner, (*at, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from sealed_places(inner, (*at, index))


def _decoded(value: Any) -> Any:
    """A value of the top level: what `pulumi config set` stores is text.

    Pulumi hands over each scalar as the text that the file has, and null as none.
    """
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    try:
        return json.loads(value) if value else None
    except (ValueError, RecursionError):
        return value


def _misnamed(namespace: str, key: str) -> list[Fault]:
    """A namespace much like ours, whose keys Pulumi would not hand to us."""
    if not difflib.get_close_matches(namespace.lower(), [NAMESPACE], cutoff=0.85):
        return []
    found = f"the key {shown(f'{namespace}:{key}')}"
    return [Fault((key,), found, f"{NAMESPACE}:{key}")]
