"""The figures can be measured, and both sides do the same work; no figure is judged."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import baselines, collector, collector_baselines, sides
from benchmarks.__main__ import GROUPS, PARTS, Figure, table
from sandbox.program import Program
from tests import databases, queue_server
from tests.engine import declare
from tests.stacks import PROJECT, ROOT


def small_run(*names: str) -> list[str]:
    """Measures these parts, and expects something of each; the figures' names."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", *names],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    printed = json.loads(run.stdout)
    assert "Python" in printed["machine"]
    assert all(figure["ours"] > 0 for figure in printed["figures"])
    return [figure["name"] for figure in printed["figures"]]


def test_a_small_run_prints_the_figures_of_program_and_sandbox() -> None:
    assert small_run("sandbox", "program") == [
        "declare 50 identities, time",
        "declare 100 identities, time",
        "declare 200 identities, time",
        "time per 1,000 resources, 200 over 50 identities",
        "declare 50 identities, peak memory",
        "declare 100 identities, peak memory",
        "declare 200 identities, peak memory",
        "peak memory per 1,000 resources, 200 over 50 identities",
        "apply 1 identities in the sandbox, over calls to its endpoint",
        "the same, over the calls within the process",
        "mails through the loop",
    ]


@pytest.mark.needs("java", queue_server.JARS, *databases.COMMANDS)
def test_a_small_run_prints_the_figures_of_the_collector() -> None:
    assert small_run("collector") == [
        "collector: messages from a queue into SQLite",
        "collector: messages from a queue into PostgreSQL",
        "collector: four workers over one, PostgreSQL",
        "four loops that only receive and delete over one",
        "collector: parse 50 messages, over json.loads",
        "collector: check 1,000 addresses among 1,000 rows, SQLite",
        "collector: check 1,000 addresses among 1,000 rows, PostgreSQL",
        "collector: peak memory after 1,000 messages, over 200",
    ]


def test_every_part_is_measured_unless_some_are_named() -> None:
    grouped = [part for parts in GROUPS.values() for part in parts]
    assert grouped == list(PARTS)
    assert set(PARTS) == set(sides.FIGURES)


def test_a_part_that_is_not_there() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "colector"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "there is no part 'colector'; expected some of program, " in run.stderr


def test_both_sides_refuse_the_same_addresses(database: str) -> None:
    collector.fill(database, 2_000)
    asked = [collector_baselines.address(number) for number in range(1_000)]
    with (
        collector.suppression(database) as ours,
        collector_baselines.asking(database) as bare,
    ):
        refused = ours(asked)
        assert refused == bare(asked)
    assert 100 < len(refused) < 900


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(3, id="few"),
        pytest.param(sides.LARGEST_CONFIGURATION + 1, id="in a file"),
    ],
)
def test_both_sides_declare_the_same(count: int, tmp_path: Path) -> None:
    """The same resources with the same parents, and those of the loop with the same
    inputs and outputs too."""
    engines = []
    for side, prepare in sides.SIDES.items():
        folder = tmp_path / side
        folder.mkdir()
        config = prepare(count, folder)
        engines.append(declare(Program(PROJECT, "bench", config, folder=folder)))
    ours, baseline = engines
    of_parts = {
        each["name"] for each in json.loads((folder / "parts.json").read_text())
    }
    assert len(of_parts) > 50
    assert set(baseline.urns) == set(ours.urns)
    del ours.exports["topicArns"]["oncall"]
    assert baseline.exports == {name: ours.exports[name] for name in baseline.exports}
    for urn, resource in ours.by_urn.items():
        other = baseline.by_urn[urn]
        assert other.parent == resource.parent
        assert other.protect == resource.protect
        if "Policy" not in resource.type and resource.name not in of_parts:
            assert other.inputs == resource.inputs
            assert other.dependencies == resource.dependencies


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (baselines.__file__, {"boto3", "moto", "pulumi", "pulumi_aws"}),
        (collector_baselines.__file__, {"boto3", "psycopg"}),
    ],
)
def test_the_baselines_import_nothing_of_ours(file: str, expected: set[str]) -> None:
    tree = ast.parse(Path(file).read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert imported - sys.stdlib_module_names == expected


@pytest.mark.parametrize(
    ("ours", "limits", "is_met", "limit"),
    [
        pytest.param(1.2, {"most": 1.25}, True, "at most 1.25", id="below"),
        pytest.param(1.3, {"most": 1.25}, False, "at most 1.25", id="above"),
        pytest.param(0.4, {"least": 0.5}, False, "at least 0.5", id="too little"),
        pytest.param(0.6, {"least": 0.5}, True, "at least 0.5", id="enough"),
        pytest.param(9.0, {}, True, "", id="no limit"),
    ],
)
def test_limits(
    ours: float, limits: dict[str, float], is_met: bool, limit: str
) -> None:
    figure = Figure("figure", ours, 1.0, "s", **limits)
    assert (figure.is_met, figure.limit) == (is_met, limit)


def test_the_table_has_a_verdict_for_each_limit() -> None:
    found = [
        Figure("a", 3.0, 2.0, "s", most=1.25),
        Figure("b", 300.0, 200.0, "MiB"),
        Figure("c", 1.0, 2.0, "/s", least=0.5),
    ]
    assert table(found, judged=True).splitlines()[2:] == [
        "| a | 3.00 s | 2.00 s | 1.50 | at most 1.25 | broken |",
        "| b | 300 MiB | 200 MiB | 1.50 |  |  |",
        "| c | 1.00 /s | 2.00 /s | 0.50 | at least 0.5 | met |",
    ]
    assert "broken" not in table(found, judged=False)
