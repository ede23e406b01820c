"""`ses-feedback`, also `python -m commands`."""

import click

from commands.check import check
from commands.sandbox import sandbox
from commands.schema import schema


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ses-feedback")
def main() -> None:
    """The feedback loop of Amazon SES: check a stack, try it out."""


main.add_command(check)
main.add_command(sandbox)
main.add_command(schema)

if __name__ == "__main__":
    main(prog_name="ses-feedback")
