"""What several sub-commands take, by the same names."""

import warnings
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

EXAMPLE_QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/feedback"


def _queue_url(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """The URL as it is; a usage error where it cannot be that of a queue."""
    if value is None:
        return None
    url = value.strip()
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_queue = bool(parts.path.strip("/"))
        _ = parts.port
    except ValueError:
        is_url = has_queue = False
    if is_url and parts.password is not None:
        raise click.BadParameter(
            "the queue URL holds a user and password, which no queue takes; credentials"
            " come from the standard AWS settings.",
            context,
            parameter,
        )
    if not is_url or not has_queue:
        raise click.BadParameter(
            f"{url!r} is no queue URL; expected one such as {EXAMPLE_QUEUE}.",
            context,
            parameter,
        )
    return url


database = click.option(
    "--database",
    "database_url",
    envvar="SES_FEEDBACK_DATABASE",
    default="sqlite:///ses-feedback.db",
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="Where feedback is kept, as an SQLAlchemy URL: sqlite:///FILE or"
    " postgresql://USER:PASSWORD@HOST/NAME.",
)
"""Gives the command `database_url`, which `opened` opens."""

as_json = click.option(
    "--json", "as_json", is_flag=True, help="What was done, for programs."
)
"""Gives the command `as_json`."""

queue_url = click.option(
    "--queue-url",
    envvar="SES_FEEDBACK_QUEUE_URL",
    show_envvar=True,
    required=True,
    metavar="URL",
    callback=_queue_url,
    help="The SQS queue.",
)
"""Gives the command `queue_url`, which is a URL."""


def opened(url: str) -> "Engine":
    """The database at a URL; ends the command with a sentence where it is none."""
    from sqlalchemy.exc import SAWarning

    from ses_feedback_collector.database import BadDatabase, open_database

    try:
        with warnings.catch_warnings():
            # Of a part of the URL that the driver does not know.
            warnings.simplefilter("error", SAWarning)
            return open_database(url)
    except BadDatabase as error:
        raise click.UsageError(f"--database (SES_FEEDBACK_DATABASE): {error}") from None
    except SAWarning as warning:
        raise click.UsageError(
            f"--database (SES_FEEDBACK_DATABASE): {warning.args[0]}"
        ) from None


def stop(message: str) -> NoReturn:
    """Ends the command with exit code 1 and a sentence on standard error."""
    click.echo(message, err=True)
    raise SystemExit(1)
