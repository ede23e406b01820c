"""`ses-feedback sandbox`: the whole loop on this machine."""

import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from components.settings import StackFile
    from sandbox.collected import Collected
    from sandbox.http_delivery import HttpDelivery
    from sandbox.pace import Pace
    from sandbox.report import Row
    from sandbox.server import Listener
    from sandbox.stack import AppliedStack


@click.group(invoke_without_command=True)
@click.option(
    "--stack", default="dev", show_default=True, help="Reads Pulumi.STACK.yaml here."
)
@click.option("--json", "as_json", is_flag=True, help="A list of rows, for programs.")
@click.option(
    "--dashboard",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draws the stack's dashboard, with the metrics of the mail, as an HTML page.",
)
@click.pass_context
def sandbox(
    context: click.Context, stack: str, as_json: bool, dashboard: Path | None
) -> None:
    """Apply a stack on this machine, send mail through it and show what arrived.

    Mail goes from every identity to SES's simulator, without a configuration set and
    with each of the stack's. Nothing leaves the machine, and no account is needed.

    \b
    Example: ses-feedback sandbox --stack prod
    """
    context.obj = (stack, as_json)
    if context.invoked_subcommand is None:
        _show(_stack_file(stack), as_json, dashboard)
    elif dashboard is not None:
        raise click.UsageError(
            f"--dashboard shows the mail that the sandbox sends itself, which"
            f" {context.invoked_subcommand} does not."
        )


@sandbox.command()
@click.option("--stack", help="Reads Pulumi.STACK.yaml here.  [default: dev]")
@click.option(
    "--port",
    default=4566,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes any free one.",
)
@click.option("--json", "as_json", is_flag=True, help="One line, for programs.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    help="Authorities to trust for https endpoints on this machine, as PEM.",
)
@click.pass_obj
def serve(
    outer: tuple[str, bool],
    stack: str | None,
    port: int,
    as_json: bool,
    ca_file: Path | None,
) -> None:
    """Apply a stack and keep it up, for the AWS SDKs of other programs.

    Prints what to set in their environment and the stack's outputs, secrets in clear:
    they open nothing but this sandbox. Only this machine reaches it. Ctrl-C ends it.

    \b
    Example: ses-feedback sandbox serve --port 0 --json
    """
    outer_stack, outer_json = outer
    file = _stack_file(outer_stack if stack is None else stack)
    _serve(file, port, as_json or outer_json, ca_file)


def _stack_file(stack: str) -> "StackFile":
    from components.settings import Refused, StackFile

    path = Path(_file_name(stack))
    if not path.is_file():
        there = sorted(
            found.name.split(".")[1] for found in Path().glob(_file_name("*"))
        )
        hint = (
            f"--stack takes the name of one of these: {', '.join(there)}."
            if there
            else "There is no stack file; run this in the folder of Pulumi.yaml."
        )
        _stop(f"{path}: no such file in {Path.cwd()}. {hint}")
    try:
        return StackFile.read(path)
    except Refused as refused:
        _stop(str(refused))


def _file_name(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"


def _serve(file: "StackFile", port: int, as_json: bool, ca_file: Path | None) -> None:
    from components.settings import Refused
    from sandbox.apply import CannotApply
    from sandbox.server import serving
    from sandbox.stack import applied

    _be_quiet()
    try:
        with ExitStack() as open_things:
            stopped = open_things.enter_context(_stop_signals())
            listener = open_things.enter_context(_listener(port))
            http = _http_delivery(ca_file)
            stack = open_things.enter_context(applied(file, listener.endpoint, http))
            open_things.enter_context(serving(stack.cloud, listener))
            if stopped.empty():
                _warn(stack)
                with _printing():
                    _announce(stack, listener.endpoint, as_json)
                stopped.put(stopped.get())
    except (Refused, CannotApply) as refused:
        _stop(str(refused))


def _http_delivery(ca_file: Path | None) -> "HttpDelivery":
    from sandbox.http_delivery import HttpDelivery

    try:
        return HttpDelivery(str(ca_file) if ca_file else None)
    except OSError as error:
        _stop(f"--ca-file {ca_file}: {error.strerror or error}")


def _listener(port: int) -> "Listener":
    from sandbox.server import Listener

    try:
        return Listener(port)
    except OSError as error:
        _stop(
            f"--port {port}: {error.strerror or error}. Take another, or 0 for any that"
            " is free."
        )


@contextmanager
def _stop_signals() -> "Iterator[SimpleQueue[int]]":
    """Gets Ctrl-C and SIGTERM meanwhile; a second one ends the process at once.

    A queue of this kind may be put into wherever a signal interrupts.
    """
    stopped = SimpleQueue[int]()

    def stop(number: int, _: object) -> None:
        if not stopped.empty():
            os._exit(128 + number)
        stopped.put(number)

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _printing() -> Iterator[None]:
    """A full disk is no bug; a reader who has gone is what click copes with."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _stop(f"The output cannot be written: {error.strerror or error}")


def _announce(stack: "AppliedStack", endpoint: str, as_json: bool) -> None:
    from sandbox.server import environment

    variables, outputs = environment(stack.cloud), stack.outputs_in_clear()
    if as_json:
        ready = {
            "endpointUrl": endpoint,
            "environment": variables,
            "outputs": outputs,
        }
        click.echo(json.dumps(ready))
    else:
        for name, value in variables.items():
            click.echo(f"export {name}={value}")
        click.echo()
        click.echo(json.dumps(outputs, indent=2))
        click.echo(f"\nServing at {endpoint}; Ctrl-C ends it.", err=True)


def _warn(stack: "AppliedStack") -> None:
    for warning in stack.warnings:
        click.echo(f"warning: {warning}", err=True)
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)


def _show(file: "StackFile", as_json: bool, dashboard: Path | None) -> None:
    from components.settings import Refused
    from sandbox.apply import CannotApply
    from sandbox.collected import collecting
    from sandbox.dashboard import CannotDraw, dashboard_name
    from sandbox.stack import applied

    _be_quiet()
    if dashboard is not None:
        _check_writable(dashboard)
    try:
        with applied(file) as stack, collecting() as collected:
            _warn(stack)
            name = dashboard_name(stack.cloud) if dashboard else ""
            pace = _pace(stack) if dashboard else None
            rows = _sent(stack, collected, pace)
            # Who reads the table may leave before its end.
            if dashboard is not None and pace is not None:
                _draw(stack, file.stack, name, pace, dashboard)
            with _printing():
                _print(rows, stack, collected, as_json)
    except (Refused, CannotApply, CannotDraw) as refused:
        _stop(str(refused))


def _check_writable(file: Path) -> None:
    from sandbox.whole_file import check_writable

    with _writing(file):
        check_writable(file)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _stop(f"--dashboard {file}: cannot be written: {error.strerror or error}")


def _pace(stack: "AppliedStack") -> "Pace":
    """The clock of the mail's metrics; what was measured before is forgotten."""
    from sandbox.pace import Pace
    from sandbox.report import count

    pace = Pace(count(_senders(stack), stack.outputs))
    stack.cloud.cloudwatch.begin(pace)
    return pace


def _draw(
    stack: "AppliedStack", stack_name: str, dashboard: str, pace: "Pace", file: Path
) -> None:
    from sandbox.dashboard import read
    from sandbox.dashboard_page import Heading, page
    from sandbox.whole_file import write

    widgets = read(stack.cloud, dashboard, pace.range)
    region = stack.cloud.account.region
    text = page(Heading(dashboard, stack_name, region, pace.mails, pace.hours), widgets)
    with _writing(file):
        write(file, text)
    click.echo(f"The dashboard is drawn in {file}.", err=True)


def _be_quiet() -> None:
    """Pulumi and moto log, or warn of, what is said here anyway, or of no use."""
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module="moto")


def _senders(stack: "AppliedStack") -> list[str]:
    return [identity.sender for identity in stack.settings.identities.values()]


def _sent(
    stack: "AppliedStack", collected: "Collected", pace: "Pace | None"
) -> list["Row"]:
    """The report; how far it is shows on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress

    from sandbox.report import count, report

    senders = _senders(stack)
    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        mails = progress.add_task("Sending mail", total=count(senders, stack.outputs))

        def advance() -> None:
            progress.advance(mails)
            if pace is not None:
                pace.go_on()

        return report(stack.cloud, senders, stack.outputs, collected.take, advance)


def _print(
    rows: list["Row"], stack: "AppliedStack", collected: "Collected", as_json: bool
) -> None:
    from rich.console import Console

    from sandbox.report import RECIPIENTS
    from sandbox.table import pipe_console, print_answers, print_table

    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=2))
        return
    existing = frozenset(
        name for name, channel in stack.settings.channels.items() if channel.topic
    )
    console = Console() if sys.stdout.isatty() else pipe_console()
    print_table(rows, console, existing)
    if stack.settings.queues:
        print_answers(collected.answers(RECIPIENTS), console)


def _stop(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
