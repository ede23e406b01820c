"""The README says what the program does."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import Configuration
from components.settings.channels import Channel, Subscription
from components.settings.configuration_sets import ConfigurationSet
from components.settings.credentials import ServiceUser
from components.settings.identities import Identity
from components.settings.queues import DeadLetters, Queue
from components.settings.shapes import Model
from tests.stacks import FOUR_LINES, STACKS, declared

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

MODELS = [
    Configuration,
    Channel,
    Subscription,
    Identity,
    ConfigurationSet,
    Queue,
    DeadLetters,
    ServiceUser,
]


def table(model: type[Model]) -> str:
    """The configuration table of a model, as the README must have it."""
    rows = ["| key | default | what it is |", "| --- | --- | --- |"]
    for info in model.model_fields.values():
        default = (
            "required"
            if info.is_required()
            else written(info.get_default(call_default_factory=True))
        )
        rows.append(f"| `{info.alias}` | {default} | {info.description} |")
    return "\n".join(rows) + "\n"


def written(default: Any) -> str:
    """A default as a stack file would have it."""
    match default:
        case None | {}:
            return "absent"
        case Model():
            return "below"
        case list():
            return f"`[{', '.join(default)}]`"
        case StrEnum():
            return f"`{default.value}`"
        case _:
            return f"`{json.dumps(default).strip(chr(34))}`"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_configuration_tables_are_those_of_the_models(model: type[Model]) -> None:
    assert table(model) in README, f"expected in README.md:\n{table(model)}"


def test_every_model_of_the_configuration_has_a_table() -> None:
    def subclasses(model: type[Model]) -> set[type[Model]]:
        below = [subclasses(child) for child in model.__subclasses__()]
        return set(model.__subclasses__()).union(*below)

    ours = {
        model
        for model in subclasses(Model)
        if model.__module__.startswith("components.") and model.__name__ != "Settings"
    }
    assert ours == set(MODELS)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_within_the_tree_lead_to_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert targets or name != "README.md"
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_stack_that_opens_it_is_the_one_that_is_tested() -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    assert yaml.safe_load(block[1])["config"] == yaml.safe_load(FOUR_LINES)


def test_it_lists_every_output_and_no_other() -> None:
    section = README.partition("## Outputs")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if "| `" in line]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert listed == {name for stack in STACKS for name in declared(stack).exports}
