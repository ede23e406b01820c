"""`ses-feedback-collector`, also `python -m ses_feedback_collector`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any

from ses_feedback_collector.output import printing

INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell tells of it."""

try:
    import click
except KeyboardInterrupt:
    raise SystemExit(INTERRUPTED) from None

COMMANDS = {
    "run": "run",
    "replay": "replay",
    "check": "check",
    "suppress": "suppress",
    "lift": "suppress",
    "migrate": "migrate",
}
"""Each sub-command, and the module of `commands` that holds it by the same name."""


class _Commands(click.Group):
    """Imports a sub-command's module no sooner than the command is asked for, and ends
    them all alike: by Ctrl-C, and where standard output cannot be written."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        with _ending_at_ctrl_c(), printing() as output:
            try:
                return super().main(*arguments, **settings)
            except OSError as error:
                # A pipe whose reader has gone is what click copes with.
                if error is not output.failure:
                    raise
                reason = error.strerror or error
                sentences = [f"Standard output cannot be written: {reason}."]
                sentences += getattr(error, "__notes__", ())
                click.echo(" ".join(sentences), err=True)
                raise SystemExit(1) from None

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"ses_feedback_collector.commands.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        return command


@contextmanager
def _ending_at_ctrl_c() -> Iterator[None]:
    """Until a command has its own handler; where Ctrl-C is ignored, it stays so."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(INTERRUPTED)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ses-feedback-collector")
def main() -> None:
    """Keep what Amazon SES tells of bounces and complaints, and ask before sending."""


if __name__ == "__main__":
    main(prog_name="ses-feedback-collector")
