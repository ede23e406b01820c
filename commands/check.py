"""`ses-feedback check`: what is wrong with a stack file, without Pulumi."""

import sys
from pathlib import Path

import click

from components.settings import Refused, Settings, StackFile


@click.command(no_args_is_help=True)
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say what `pulumi up` would refuse in FILE, a Pulumi.STACK.yaml.

    Exits with 0 when the file is sound and with 1 when it is refused. Warnings and
    what could not be checked here go to standard error.

    \b
    Example: ses-feedback check Pulumi.dev.yaml
    """
    try:
        settings = Settings.check(StackFile.read(file))
    except Refused as refused:
        click.echo(refused, err=True)
        sys.exit(1)
    for warning in settings.warnings:
        click.echo(f"warning: {warning}", err=True)
    for rule in settings.left_out:
        click.echo(f"not checked here: {rule}", err=True)
    counted = (
        _counted(len(settings.channels), "channel", "channels"),
        _counted(len(settings.identities), "identity", "identities"),
        _counted(
            len(settings.configuration_sets), "configuration set", "configuration sets"
        ),
        _counted(len(settings.queues), "queue", "queues"),
    )
    click.echo(f"{file}: sound, with {', '.join(counted)}")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
