"""`ses-feedback schema`."""

import json

from click.testing import CliRunner

from commands.schema import schema
from tests.stacks import ROOT


def test_it_prints_the_schema_file_of_the_tree() -> None:
    result = CliRunner().invoke(schema)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == (ROOT / "stack.schema.json").read_text()
    assert json.loads(result.stdout)["title"] == "Stack file of ses-feedback"


def test_it_takes_no_arguments() -> None:
    result = CliRunner().invoke(schema, ["Pulumi.dev.yaml"])
    assert result.exit_code == 2
