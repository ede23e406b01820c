"""`ses-feedback-collector suppress` and `lift`: what somebody decides by hand."""

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from ses_feedback_collector.commands import options
from ses_feedback_collector.commands.suppression import suppression
from ses_feedback_collector.texts import echoed, printable


def _user() -> str | None:
    """The operating system's name of whoever runs the command, if it has one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _moment(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    """A day, or a moment in UTC where no time zone is stated."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no date; expected one such as 2027-01-31 or"
            " 2027-01-31T12:00:00Z.",
            context,
            parameter,
        ) from None
    try:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise click.BadParameter(
            f"{value} is past; expected a date to come.", context, parameter
        )
    return moment


def _decision(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that both commands take."""
    found: Any = options.as_json(options.database(command))
    found = click.option(
        "--who",
        default=_user,
        show_default="the user of the operating system",
        help="Who decides it.",
    )(found)
    found = click.option(
        "--until",
        callback=_moment,
        metavar="DATE",
        help="Up to when it holds: 2027-01-31 (its beginning, UTC), or a time."
        "  [default: for good]",
    )(found)
    found = click.option(
        "--why", required=True, help="The reason, for those who look it up later."
    )(found)
    decision: Callable[..., None] = click.argument("email")(found)
    return decision


@click.command(no_args_is_help=True)
@_decision
def suppress(
    email: str,
    why: str,
    until: datetime | None,
    who: str | None,
    database_url: str,
    as_json: bool,
) -> None:
    """Send nothing to EMAIL, whatever the feedback on it is.

    It is recorded with who decided it, and nothing is ever changed in that; the last
    decision on an address holds.

    \b
    Example: ses-feedback-collector suppress jane@example.com --why "asked by phone"
    """
    _record("suppress", email, why, until, who, database_url, as_json)


@click.command(no_args_is_help=True)
@_decision
def lift(
    email: str,
    why: str,
    until: datetime | None,
    who: str | None,
    database_url: str,
    as_json: bool,
) -> None:
    """Send to EMAIL again: feedback on it up to now does not count.

    What comes after counts as ever. It is recorded with who decided it, and nothing is
    ever changed in that; the last decision on an address holds.

    \b
    Example: ses-feedback-collector lift jane@example.com --why "mailbox is back"
    """
    _record("lift", email, why, until, who, database_url, as_json)


def _record(
    action: str,
    email: str,
    why: str,
    until: datetime | None,
    who: str | None,
    database_url: str,
    as_json: bool,
) -> None:
    from ses_feedback_collector.database import BadDatabase

    if who is None:
        raise click.UsageError("--who is missing: the user running this has no name.")
    with suppression(database_url) as found:
        decide = found.suppress if action == "suppress" else found.lift
        try:
            decide(email, who, why, until)
        except BadDatabase:
            raise
        except ValueError as error:
            said = str(error).replace(repr(email), repr(echoed(email)))
            raise click.UsageError(f"{said}.") from None
    if as_json:
        said = _as_json(action, email, why, until, who)
    else:
        said = _in_words(action, email, until)
    try:
        click.echo(said)
    except OSError as error:
        error.add_note("The decision is recorded.")
        raise


def _in_words(action: str, email: str, until: datetime | None) -> str:
    done = "Suppressed" if action == "suppress" else "Lifted"
    lasting = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "for good"
    return f"{done} {printable(email)} {lasting}."


def _as_json(
    action: str, email: str, why: str, until: datetime | None, who: str
) -> str:
    return json.dumps(
        {
            "action": action,
            "email": email,
            "who": who,
            "why": why,
            "until": until.isoformat() if until else None,
        }
    )
