import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from ses_feedback_collector import commands
from ses_feedback_collector.__main__ import COMMANDS, main

HEAVY = {"boto3", "botocore", "alembic", "prometheus_client", "rich"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_sub_command_has_an_example(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    _, example, command = answer.output.partition("\n  Example")
    assert example
    assert f" ses-feedback-collector {name} " in command.splitlines()[0]


def test_the_sub_commands_are_listed_with_what_they_do() -> None:
    answer = CliRunner().invoke(main, ["--help"])
    assert answer.exit_code == 0
    lines = [line.split() for line in answer.output.splitlines() if line]
    for name in COMMANDS:
        (line,) = [words for words in lines if words[0] == name]
        assert len(line) > 2


def test_the_modules_are_those_in_the_folder() -> None:
    found = {
        path.stem
        for path in Path(commands.__file__).parent.glob("[a-z]*.py")
        if "@click.command" in path.read_text()
    }
    assert found == set(COMMANDS.values())


def test_a_command_that_there_is_not_is_a_usage_error() -> None:
    answer = CliRunner().invoke(main, ["bogus"])
    assert answer.exit_code == 2
    assert "No such command 'bogus'" in answer.output


def test_the_version_is_that_of_the_distribution() -> None:
    answer = CliRunner().invoke(main, ["--version"])
    assert answer.exit_code == 0
    assert answer.output.split()[-1] == version("ses-feedback-collector")


def test_it_runs_as_a_module_under_its_own_name() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "ses_feedback_collector", "bogus"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("Usage: ses-feedback-collector [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ["--help"]),
        ("ses_feedback_collector.commands.run", ["--help"]),
        ("sqlalchemy", ["check", "john@example.com"]),
        ("sqlalchemy", ["suppress", "john@example.com", "--why", "x"]),
        ("sqlalchemy", ["migrate"]),
        ("sqlalchemy", ["replay", "-"]),
        ("prometheus_client", ["run"]),
    ],
)
def test_ctrl_c_while_a_module_is_imported_ends_it_with_130(
    module: str, arguments: list[str]
) -> None:
    program = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *more):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from ses_feedback_collector.__main__ import main\n"
        f"main({arguments})\n"
    )
    queue = {"SES_FEEDBACK_QUEUE_URL": "http://127.0.0.1:9/1/feedback"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | queue,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_does_not_load_what_the_work_needs(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from ses_feedback_collector.__main__ import main\n"
        f"main({arguments}, standalone_mode=False)\n"
        f"print('loaded:', *sorted({HEAVY} & set(sys.modules)))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "loaded:"
