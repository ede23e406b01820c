"""`ses-feedback sandbox` as a person runs it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.sandbox import sandbox
from tests.stacks import ROOT

STACK = """
config:
  aws:region: eu-west-1
  ses-feedback:channels:
    app:
      subscriptions:
        crm: {protocol: https, secretEndpoint: crm}
  ses-feedback:secretEndpoints: {crm: {secure: AAABAHNvbWUgY2lwaGVydGV4dA==}}
  ses-feedback:identities: {shop: {sender: shop.example.com, feedback: app}}
  ses-feedback:queues: {app: {}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real program and a stack of its own."""
    (tmp_path / "Pulumi.yaml").write_text("name: ses-feedback\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "__main__.py").write_text((ROOT / "__main__.py").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(sandbox, arguments)


def test_rows_as_json(project: Path) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "note: ses-feedback:secretEndpoints.crm: encrypted; https://localhost/crm"
        " stands in for it\n"
    )
    rows = json.loads(result.stdout)
    (bounce,) = [
        row
        for row in rows
        if row["recipient"].startswith("bounce@") and row["event"] == "bounce"
    ]
    places = sorted(place["name"] for place in bounce.pop("places"))
    assert places == ["app", "https **** (app-subscription_crm)"]
    assert bounce == {
        "sender": "no-reply@shop.example.com",
        "recipient": "bounce@simulator.amazonses.com",
        "configurationSet": None,
        "event": "bounce",
        "via": "identity",
        "channel": "app",
    }


def test_a_table_without_colours_or_progress_in_a_pipe(project: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].startswith("sender")
    assert "\x1b" not in result.output
    assert "Sending" not in result.stderr


def test_the_readme_shows_what_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    printed = {" ".join(line.split()) for line in run().stdout.splitlines()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("Part of what it shows:")[2].split("```")[1]
    shown = {" ".join(line.split()) for line in block.strip().splitlines()}
    assert shown <= printed


def test_a_refused_configuration_is_printed_as_it_is(project: Path) -> None:
    text = STACK.replace("feedback: app", "feedback: ap")
    (project / "Pulumi.dev.yaml").write_text(text)
    result = run()
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "ses-feedback:identities.shop.feedback" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_cannot_be_applied_is_said_without_a_traceback(project: Path) -> None:
    program = "import pulumi_aws as aws\naws.cloudwatch.LogGroup('log')\n"
    (project / "__main__.py").write_text(program)
    result = run()
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "aws:cloudwatch/logGroup:LogGroup log: the sandbox knows no resources of this"
        " type"
    )
    assert "Traceback" not in result.output


def test_an_unknown_stack_names_those_that_are_there(project: Path) -> None:
    result = run("--stack", "nope")
    assert result.exit_code == 1
    assert "Pulumi.nope.yaml" in result.stderr
    assert "There are Pulumi.dev.yaml." in result.stderr


def test_help_is_there_without_moto_or_pulumi() -> None:
    """Help has to be quick, and both take seconds to import."""
    import subprocess
    import sys

    check = (
        "import sys, commands.sandbox;"
        "assert not {'moto', 'pulumi', 'boto3', 'rich'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)
