"""`ses-feedback check FILE`: exit codes, what goes where, and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.check import check
from tests.snippets import PASSWORD, stack_text, write
from tests.stacks import FILES, ROOT


def checking(*arguments: str) -> Result:
    return CliRunner().invoke(check, arguments, catch_exceptions=False)


def test_a_sound_stack_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, stack_text("configurationSets: {a: {}, b: {}}"))
    result = checking(str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{path}: sound, with 1 channel, 1 identity, 2 configuration sets, 1 queue\n"
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_shipped_stacks_are_sound_without_a_warning(stack: str) -> None:
    result = checking(str(FILES[stack]))
    assert (result.exit_code, result.stderr) == (0, "")


def test_all_refusals_go_to_standard_error_a_line_each(tmp_path: Path) -> None:
    path = write(tmp_path, stack_text("protect: 5\nqueues: {app: {raw: 5}}"))
    result = checking(str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "ses-feedback:protect: found 5, expected true or false\n"
        "ses-feedback:queues.app.raw: found 5, expected true or false\n"
    )


def test_warnings_and_what_was_left_out_go_to_standard_error(tmp_path: Path) -> None:
    snippet = (
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}}},"
        " legacy: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'}}\n"
        "secretEndpoints: {crm: {secure: AAAA},"
        f" old: 'https://old:{PASSWORD}@example.com/'}}\n"
        "configurationSets: {s: {metrics: [open]}}"
    )
    result = checking(str(write(tmp_path, stack_text(snippet))))
    assert result.exit_code == 0
    assert result.stdout.endswith(
        ": sound, with 2 channels, 1 identity, 1 configuration set, 1 queue\n"
    )
    assert result.stderr.splitlines() == [
        "warning: ses-feedback:secretEndpoints.old: stored in clear; store it by `pulumi config set --secret --path 'ses-feedback:secretEndpoints.NAME'`",
        "warning: ses-feedback:configurationSets.s: open without trackingDomain; links in the mails will lead to a domain of AWS",
        "not checked here: whether the topic of legacy is of the stack's account",
        "not checked here: whether the values of secretEndpoints (crm) fit their protocols",
    ]


def test_files_that_hold_no_stack_are_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.folder.yaml").mkdir()
    write(tmp_path, b"\xff\xfe", "Pulumi.bytes.yaml")
    write(tmp_path, "", "Pulumi.empty.yaml")
    write(tmp_path, "config: [", "Pulumi.broken.yaml")
    for name in ("folder", "bytes", "empty", "broken", "absent"):
        path = tmp_path / f"Pulumi.{name}.yaml"
        result = checking(str(path))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"{path}: ")
        assert result.stderr.count("\n") == 1


def test_without_a_file_it_says_how_it_is_used() -> None:
    result = checking()
    assert result.exit_code == 2
    assert "FILE" in result.output


def test_more_than_one_file_is_a_mistake_of_usage() -> None:
    result = checking("a", "b")
    assert result.exit_code == 2
    assert "unexpected extra argument" in result.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "commands", "check", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_as_a_command_of_its_own() -> None:
    sound = run("Pulumi.dev.yaml")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith("Pulumi.dev.yaml: sound, with ")
    refused = run("Pulumi.yaml")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Pulumi.yaml: found this file name, expected Pulumi.STACK.yaml\n"
    )
    misused = run("--no-such-option")
    assert misused.returncode == 2
    assert "Traceback" not in misused.stderr


def test_it_needs_neither_pulumi_nor_an_account() -> None:
    program = (
        "import sys; sys.modules.update(pulumi=None, boto3=None, moto=None)\n"
        "from commands.check import check; check(['Pulumi.prod.yaml'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
