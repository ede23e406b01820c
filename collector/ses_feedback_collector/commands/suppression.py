"""The Suppression that `check`, `suppress` and `lift` work with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ses_feedback_collector.commands import options

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ses_feedback_collector.suppression import Suppression


@contextmanager
def suppression(database_url: str) -> Iterator["Suppression"]:
    """What the database at a URL holds; makes neither a file nor a table.

    Ends the command with a sentence when the database cannot be used within.
    """
    from ses_feedback_collector.database import Away, BadDatabase
    from ses_feedback_collector.suppression import Suppression

    engine = options.opened(database_url)
    _stop_without_file(engine)
    try:
        yield Suppression(engine)
    except (Away, BadDatabase) as error:
        options.stop(str(error))
    finally:
        engine.dispose()


def _stop_without_file(engine: "Engine") -> None:
    """SQLite would make the file that it does not find."""
    url = engine.url
    if url.get_backend_name() != "sqlite" or "uri" in url.query:
        return
    if not Path(str(url.database)).exists():
        options.stop(
            f"the SQLite database {url.database} is not there; `migrate` or `run` makes"
            " it, and --database or SES_FEEDBACK_DATABASE names another"
        )
