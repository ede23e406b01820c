"""`ses-feedback schema`: the JSON Schema of a stack file."""

import json

import click

from components.settings.schema import stack_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of a stack file.

    Editors complete and check a stack file that refers to it by its first line,
    `# yaml-language-server: $schema=stack.schema.json`.

    \b
    Example: ses-feedback schema > stack.schema.json
    """
    click.echo(json.dumps(stack_schema(), indent=2))
