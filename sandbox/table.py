"""The report as a table, for people and for a pipe."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.collected import Answer
from sandbox.report import Place, Row
from sandbox.simulator import DOMAIN

COLUMNS = (
    "sender",
    "recipient",
    "configuration set",
    "event",
    "how it went",
    "channel",
    "places",
)

ANSWERS = ("recipient", "rows", "may I send?", "why not")

SENT = 3
"""The columns that say what was sent."""

SECTION = 2
"""The columns by which the rows are grouped."""

WHOLE = ("recipient", "event", "channel")
"""Columns that a narrow terminal does not make narrower."""

FEEDBACK = ("bounce", "complaint")
"""Events that somebody has to hear of."""

NOBODY = "nobody listens"
UNKNOWN_LISTENERS = "whoever its owner subscribed"
NOT_WRITTEN = "not written: see the log of the event log's stream"

PIPE_WIDTH = 1000
"""Characters of a line that is not for a terminal, so that nothing wraps."""


def print_table(
    rows: Sequence[Row], console: Console, existing: frozenset[str] = frozenset()
) -> None:
    """Prints a row for each event of each mail and each channel that heard of it, and
    one for the event log.

    `existing` are the channels whose topic belongs to somebody else. Events that
    nobody asked for are counted only, but not a bounce or a complaint: that is lost.
    On a terminal what repeats from one row to the next is left out; in a pipe each
    line is complete.
    """
    table = _table(console, *COLUMNS)
    separator = "\n" if console.is_terminal else ", "
    before: list[str] = []
    for row in filter(_is_of_interest, rows):
        cells = _cells(row, existing, separator)
        if before and before[:SECTION] != cells[:SECTION]:
            table.add_section()
        shown = _without_repeats(before, cells) if console.is_terminal else cells
        # Text, since an endpoint may hold what Rich takes for markup.
        table.add_row(*map(Text, shown), style=None if row.via else "dim")
        before = cells
    console.print(table)
    console.print(_summary(rows))


def print_answers(answers: Sequence[Answer], console: Console) -> None:
    """Prints what the collector made of the mail: its rows, and may I still send?"""
    table = _table(console, *ANSWERS)
    for answer in answers:
        verdict = answer.verdict
        rows = (f"{number} {name}" for name, number in answer.rows.items())
        cells = (
            verdict.email.removesuffix(f"@{DOMAIN}"),
            ", ".join(rows) or "-",
            "yes" if verdict.may_send else "no",
            "-" if verdict.reason is None else str(verdict.reason),
        )
        table.add_row(*map(Text, cells))
    console.print()
    console.print("The collector's rows, and whether mail may still be sent:")
    console.print(table)


def pipe_console() -> Console:
    """Where output goes that no terminal shows."""
    return Console(width=PIPE_WIDTH, no_color=True, highlight=False)


def _table(console: Console, *columns: str) -> Table:
    table = Table(
        *columns,
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="bold",
    )
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header in WHOLE
    return table


def _is_of_interest(row: Row) -> bool:
    return row.via is not None or row.event in FEEDBACK


def _cells(row: Row, existing: frozenset[str], separator: str) -> list[str]:
    return [
        row.sender,
        row.recipient.removesuffix(f"@{DOMAIN}"),
        row.configuration_set or "-",
        row.event,
        _how(row),
        row.channel or "-",
        _places(row, existing, separator),
    ]


def _how(row: Row) -> str:
    match row.via:
        case "identity" if row.settled_by in (row.sender, _domain(row.sender)):
            return "identity"
        case "identity":
            return f"identity {row.settled_by}"
        case "set" if row.configuration_set is None:
            return f"default set {row.settled_by}"
        case "set":
            return f"set {row.settled_by}"
        case "forwarding":
            return "feedback e-mail"
        case _:
            return "nobody is told"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _place(place: Place) -> str:
    """A subscription's name begins with its protocol; a URL says it again."""
    if place.kind != "subscription":
        return f"{place.kind} {place.name}"
    protocol, _, endpoint = place.name.partition(" ")
    return endpoint if endpoint.startswith(f"{protocol}:") else place.name


def _places(row: Row, existing: frozenset[str], separator: str) -> str:
    if row.places:
        return separator.join(map(_place, row.places))
    if row.via is None:
        return "-"
    if row.is_kept:
        return NOT_WRITTEN
    return UNKNOWN_LISTENERS if row.channel in existing else NOBODY


def _without_repeats(before: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    """Cells of what was sent are empty up to the first that differs from before."""
    same = True
    for index, cell in enumerate(cells):
        same = same and index < SENT and before[index : index + 1] == [cell]
        yield "" if same else cell


def _summary(rows: Sequence[Row]) -> str:
    text = f"Recipients are mailboxes at {DOMAIN}, SES's simulator."
    if untold := Counter(row.event for row in rows if not _is_of_interest(row)):
        events = ", ".join(f"{number} {event}" for event, number in untold.items())
        text += f" Not shown are events that nobody asked for: {events}."
    told = [row for row in rows if row.via is not None and not row.is_kept]
    unheard = [row for row in told if not row.places]
    if unheard:
        text += f" {len(unheard)} times a channel was told to which nobody listens."
    return text
