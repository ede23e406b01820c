"""`ses-feedback-collector check`: may I send to these?"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ses_feedback_collector.commands import options
from ses_feedback_collector.commands.suppression import suppression
from ses_feedback_collector.texts import echoed, printable

if TYPE_CHECKING:
    from ses_feedback_collector.advice import Advice
    from ses_feedback_collector.suppression import Verdict

MAY_NOT = 3
"""The exit code when at least one address may not be sent to."""

COLUMNS = ("address", "send", "reason", "since", "until", "more")


def _topic(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter(
            "it is empty; expected the name of a topic, or no --topic at all.",
            context,
            parameter,
        )
    return value


@click.command(no_args_is_help=True)
@click.argument("emails", nargs=-1, metavar="EMAIL...")
@click.option(
    "--file",
    type=click.File(encoding="utf-8"),
    help="Addresses, one a line; - reads standard input.",
)
@click.option(
    "--topic",
    callback=_topic,
    help="Only an opt-out from this topic, or from all, counts.",
)
@click.option("--dns", is_flag=True, help="Warn of domains without a mail server.")
@click.option("--json", "as_json", is_flag=True, help="A list of verdicts.")
@options.database
def check(
    emails: tuple[str, ...],
    file: Iterable[str] | None,
    topic: str | None,
    dns: bool,
    as_json: bool,
    database_url: str,
) -> None:
    """Say whether mail may be sent to each EMAIL, and why not.

    Exits with 0 when it may be sent to all of them, with 3 when to one it may not.
    Warnings (bad syntax, a likely misspelt domain) do not count. Writes nothing.

    At a terminal a table; in a pipe a line for each address, with a tab between its
    columns, and - in one that has nothing to say:

    \b
    address  as it was given
    send     yes or no
    reason   why not: bounced, complained, opted-out and others
    since    the day of what forbids it, in UTC
    until    the day when it ends, or "for good"
    more     sentences: the evidence, decisions by hand, warnings

    \b
    Example: ses-feedback-collector check jane@example.com
    """
    asked = list(dict.fromkeys([*emails, *_lines(file)]))
    if not asked:
        raise click.UsageError("no address; name some, or a --file that holds some.")
    with suppression(database_url) as found:
        verdicts = found.check(asked, topic)
    warnings = {email: verdict.warnings for email, verdict in verdicts.items()}
    if dns:
        for email, one in _by_dns(verdicts.values()).items():
            warnings[email] = (*warnings[email], one)
    if as_json:
        _print_json(verdicts.values(), warnings)
    else:
        _print(verdicts.values(), warnings)
    if not all(verdict.may_send for verdict in verdicts.values()):
        sys.exit(MAY_NOT)


def _lines(file: Iterable[str] | None) -> Iterator[str]:
    try:
        for line in file or ():
            if email := line.removeprefix("\ufeff").strip():
                yield email
    except UnicodeDecodeError:
        raise click.UsageError(
            "--file is not in UTF-8; expected text with one address a line."
        ) from None


def _by_dns(verdicts: Iterable["Verdict"]) -> Mapping[str, "Advice"]:
    from ses_feedback_collector.advice import without_mail
    from ses_feedback_collector.suppression import Reason

    return without_mail(
        verdict.email for verdict in verdicts if verdict.reason != Reason.NOT_AN_ADDRESS
    )


def _print_json(
    verdicts: Iterable["Verdict"], warnings: Mapping[str, Sequence["Advice"]]
) -> None:
    found = [verdict.as_json(warnings[verdict.email]) for verdict in verdicts]
    click.echo(json.dumps(found, indent=2))


def _print(
    verdicts: Iterable["Verdict"], warnings: Mapping[str, Sequence["Advice"]]
) -> None:
    """A table at a terminal; in a pipe a line for each address, without a heading."""
    rows = (
        tuple(map(printable, _cells(verdict, warnings[verdict.email])))
        for verdict in verdicts
    )
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            sys.stdout.write("\t".join(row) + "\n")
        sys.stdout.flush()


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        *COLUMNS,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="bold",
    )
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header not in ("address", "more")
    for row in rows:
        # Text, since an address may hold what Rich takes for markup.
        table.add_row(*map(Text, row))
    Console().print(table)


def _cells(verdict: "Verdict", warnings: Sequence["Advice"]) -> tuple[str, ...]:
    return (
        verdict.email,
        "yes" if verdict.may_send else "no",
        verdict.reason or "-",
        f"{verdict.since:%Y-%m-%d}" if verdict.since else "-",
        _until(verdict),
        " ".join(_more(verdict, warnings)) or "-",
    )


def _until(verdict: "Verdict") -> str:
    if verdict.may_send:
        return "-"
    return f"{verdict.until:%Y-%m-%d}" if verdict.until else "for good"


def _more(verdict: "Verdict", warnings: Sequence["Advice"]) -> Iterator[str]:
    """What is of use to an operator beyond the reason."""
    if not verdict.may_send:
        whole = repr(verdict.email)
        yield verdict.sentence.replace(whole, repr(echoed(verdict.email)))
    if decision := verdict.evidence.decision:
        done = "Suppressed" if decision.action == "suppress" else "Lifted"
        yield f"{done} by {decision.who}: {decision.why}."
    for one in warnings:
        if one.sentence not in verdict.sentence:
            yield one.sentence
