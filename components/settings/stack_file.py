"""A stack file, Pulumi.<stack>.yaml, read without Pulumi."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings.refusals import TWICE, Refused, place, shown
from components.settings.yaml_text import load

PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class StackFile:
    """What a stack file says, and the project it belongs to."""

    path: Path
    project: str
    """The name in the Pulumi.yaml of `folder`."""
    stack: str
    """The name in the file's own name."""
    folder: Path
    """Where Pulumi.yaml is, at or above the file; paths in the file begin there."""
    config: Mapping[str, Any]
    """The keys under `config`, `namespace:name`, each with its value as YAML has it;
    a value that Pulumi encrypted is `{"secure": TEXT}`."""
    mistakes: tuple[str, ...] = ()
    """Keys that stand twice, each in a line of its own."""

    @classmethod
    def read(cls, path: Path) -> "StackFile":
        """Reads a stack file and its project's name.

        Raises Refused when there is no configuration to read; what else is wrong is
        told with all that the configuration itself has wrong (`mistakes`).
        """
        named = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", path.name)
        if named is None:
            line = f"{path}: found this file name, expected Pulumi.STACK.yaml"
            raise Refused([line])
        content, twice = load(path, str(path))
        if not isinstance(content, dict):
            found = "nothing" if content is None else shown(content)
            raise Refused([f"{path}: found {found}, expected a map with config"])
        config = content.get("config")
        if not isinstance(config, dict):
            found = shown(config) if "config" in content else "nothing"
            raise Refused([f"{path}:config: found {found}, expected a map of keys"])
        folder = _project_folder(path)
        return cls(
            path,
            _project_name(folder),
            named[1],
            folder,
            config,
            tuple(_twice(path, at) for at in twice),
        )


def _twice(path: Path, at: tuple[str | int, ...]) -> str:
    in_config = at[0] == "config" and len(at) > 1
    where = place(at[1:]) if in_config else f"{path}:{place(at)}"
    return f"{where}: found {TWICE[0]}, expected {TWICE[1]}"


def _project_folder(path: Path) -> Path:
    """Like Pulumi, the nearest folder at or above the file that has a project file."""
    here = path.absolute().parent
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise Refused(
        [f"{path}: found no {PROJECT_FILE} beside it or above, expected the project's"]
    )


def _project_name(folder: Path) -> str:
    path = folder / PROJECT_FILE
    content, _ = load(path, PROJECT_FILE)
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str) or not name:
        raise Refused([f"{PROJECT_FILE}:name: found {shown(name)}, expected text"])
    return name
