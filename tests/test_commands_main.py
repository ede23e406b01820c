import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from commands.__main__ import main

ROOT = Path(__file__).parent.parent


def test_every_file_of_the_commands_is_a_sub_command_with_an_example() -> None:
    files = {path.stem for path in (ROOT / "commands").glob("[a-z]*.py")}
    assert set(main.commands) == files
    for name in files:
        answer = CliRunner().invoke(main, [name, "--help"])
        assert answer.exit_code == 0
        assert f"Example: ses-feedback {name}" in answer.output


def test_it_runs_as_a_module_under_its_own_name() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "commands", "bogus"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("Usage: ses-feedback [OPTIONS] COMMAND")
