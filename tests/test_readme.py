"""The README says what the program does."""

import json
import os
import re
import subprocess
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.alarms import alarms
from components.settings import Configuration
from components.settings.channels import Channel, Subscription
from components.settings.configuration_sets import ConfigurationSet
from components.settings.credentials import ServiceUser
from components.settings.event_log import EventLog
from components.settings.identities import Identity
from components.settings.monitoring import (
    BounceRate,
    ComplaintRate,
    Monitoring,
    WholeAccount,
)
from components.settings.queues import DeadLetters, Queue
from components.settings.shapes import Model
from tests.stacks import FOUR_LINES, STACKS, declared
from tests.test_alarms import everything

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
    EventLog,
    Monitoring,
    BounceRate,
    ComplaintRate,
    WholeAccount,
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


def shell_blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def test_no_shell_has_to_split_a_variable_into_words() -> None:
    """bash does, zsh does not: each begins a text in double quotes."""
    assert shell_blocks()
    for block in shell_blocks():
        assert not re.findall(r'(?<!")\$\w+', block), block


AWS = """#!/bin/sh
echo "$*" >> calls
case "$*" in
  *list-named-queries*) printf 'id-1\\tid-2\\n' ;;
  *batch-get-named-query*"--named-query-ids id-1 id-2")
    echo '{"NamedQueries": [{"Name": "other"}, {"Name": "bounces-by-type-and-day",
      "Database": "events", "QueryString": "SELECT 1"}]}' ;;
  *start-query-execution*"--query-string SELECT 1"*) echo execution-1 ;;
  *get-query-execution*)
    if [ -e asked ]; then echo SUCCEEDED; else touch asked; echo RUNNING; fi ;;
  *get-query-results*) [ -e asked ] && echo 'the rows' ;;
  *) exit 2 ;;
esac
"""
"""Answers as AWS's CLI does, in a shell script; a query runs until it is asked twice."""


@pytest.mark.needs("jq", "xargs", "bash")
def test_a_saved_query_runs_by_its_name_and_is_waited_for(tmp_path: Path) -> None:
    (block,) = (each for each in shell_blocks() if "list-named-queries" in each)
    for name, text in (("aws", AWS), ("pulumi", "#!/bin/sh\necho queries\n")):
        command = tmp_path / name
        command.write_text(text)
        command.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["RUNNING", "the rows"]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[1] for call in calls][-3:] == [
        *["get-query-execution"] * 2,
        "get-query-results",
    ]


ALARM_ROW = r"\| `([a-z-]+)(?:_[A-Z_]+)?`"


def test_each_kind_of_alarm_has_its_row() -> None:
    section = README.partition("## Alarms and dashboard")[2].partition("\n## ")[0]
    listed = set(re.findall(ALARM_ROW, section))
    listed |= {name.replace("-warning", "-critical") for name in listed}
    for kind in ("bounce-rate", "complaint-rate"):
        for level in ("warning", "critical"):
            listed.add(f"{kind}-{level}-of-account")
    assert {alarm.role for alarm in alarms(everything())} == listed


def test_it_counts_the_alarms_of_the_prod_stack() -> None:
    found = declared("prod").all("cloudwatch/metricAlarm:MetricAlarm")
    metrics = [
        sum("metric" in query for query in each.inputs.get("metricQueries", []))
        for each in found
    ]
    looked_at = sum(number or 1 for number in metrics)
    assert f"has {len(found)} alarms on {looked_at} metrics" in README
