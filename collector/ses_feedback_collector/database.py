"""Opens the database and keeps its tables up to date; says in words what is wrong."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.engine import ObjectKind
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
)

EXPECTED = "expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"

SECONDS_FOR_A_LOCK = 30
"""How long a statement waits for what another one has locked."""

POSTGRESQL = {
    "application_name": "ses-feedback-collector",
    "connect_timeout": 10,
    # A server that is gone without a word is noticed after half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""What libpq is told where the URL does not say otherwise."""

_VERSION_TABLE = "ses_feedback_version"
"""Not Alembic's usual name: an application's own migrations may be in there too."""

MIGRATING = 0x5E5FEEDB
"""PostgreSQL's advisory lock under which tables are changed."""

_WRITES = "sqlite_writes"
"""The execution option of a transaction that will write."""

_IS_WAL = "sqlite_is_wal"
"""What is noted of a connection once its file is in WAL mode."""

_BEFORE_HOST = re.compile(r"[\w+]+://(?:[^:/]*(?::[^@]*)?@)?")
"""Scheme, user and password, as SQLAlchemy reads a URL."""

CHANGED_TABLES = {
    "23502",
    "23514",
    "SQLITE_CONSTRAINT_NOTNULL",
    "SQLITE_CONSTRAINT_CHECK",
}
"""Not-null and check violations, by SQLSTATE and SQLite's result code. What is written
here violates no constraint of the tables as `migrate` makes them."""


class BadDatabase(ValueError):
    """The URL, or what it leads to, cannot be used; str() says what to mend."""


class Away(Exception):
    """The database cannot be reached or written for now: try again later.

    str() is a sentence for the log, with neither secrets nor addresses of people.
    """


def open_database(url: str) -> Engine:
    """The engine for `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.

    Nothing is connected yet. Raises BadDatabase for a URL that cannot be used.

    A SQLite file is put in WAL mode by whoever writes first, so that readers and the
    one writer do not wait for each other; who only reads changes nothing of it.
    `synchronous` is FULL: with NORMAL a power failure may undo the last commits, whose
    messages have been deleted from the queue by then.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if "@" in _BEFORE_HOST.sub("", url, count=1):
        # The rest of a password would be taken for host, database and options.
        raise BadDatabase("a password's @ is written as %40 in the database URL")
    return _open_postgresql(parsed)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadDatabase(
            f"the database URL cannot be read; {EXPECTED}, with @ : / # and % in a"
            " password written as %40 %3A %2F %23 and %25"
        ) from None
    backend, _, driver = parsed.drivername.partition("+")
    if backend == "postgres":
        backend = "postgresql"
    drivers = {"sqlite": "pysqlite", "postgresql": "psycopg"}
    if backend not in drivers:
        raise BadDatabase(
            f"{parsed.drivername!r} is no database that this works with; {EXPECTED}"
        )
    if driver not in ("", drivers[backend]):
        raise BadDatabase(
            f"the driver {driver!r} is not among those that this works with; {EXPECTED}"
        )
    return parsed.set(drivername=f"{backend}+{drivers[backend]}")


def _open_sqlite(url: URL) -> Engine:
    if url.host or url.username:
        raise BadDatabase(
            "a file of SQLite comes after three slashes: sqlite:///ses-feedback.db, or"
            " four for an absolute path: sqlite:////var/lib/ses-feedback.db"
        )
    if url.database in (None, "", ":memory:"):
        raise BadDatabase(
            "the database URL names no file, and what is kept in memory alone would be"
            " lost; expected sqlite:///FILE"
        )
    folder = os.path.dirname(os.path.abspath(str(url.database)))
    if "uri" not in url.query and not os.path.isdir(folder):
        raise BadDatabase(
            f"the folder {folder} of the database file is not there, or may not be"
            " entered; make it first"
        )
    try:
        engine = create_engine(
            url,
            json_serializer=_as_json,
            connect_args={"check_same_thread": False}
            | _unless_stated(url, {"timeout": SECONDS_FOR_A_LOCK}),
        )
    except (ArgumentError, ValueError) as error:
        raise BadDatabase(f"the database URL cannot be used: {error}") from None
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Transactions begin where SQLAlchemy says so, and hold what changes tables too."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Who will write takes the lock at once: SQLite refuses to wait for it later on."""
    if not connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("BEGIN")
        return
    if _IS_WAL not in connection.info:
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
            connection.exec_driver_sql("PRAGMA journal_mode = WAL").close()
        connection.info[_IS_WAL] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _open_postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            json_serializer=_as_json,
            connect_args=_unless_stated(url, POSTGRESQL),
            pool_pre_ping=True,
        )
    except ImportError:
        raise BadDatabase(
            "PostgreSQL needs the driver psycopg, which is not installed:"
            " pip install 'ses-feedback-collector[postgresql]'"
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _: object) -> None:
    """In another time zone the ends of time are times that Python does not have."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET lock_timeout = '{SECONDS_FOR_A_LOCK}s'; SET TIME ZONE 'UTC'"
        )
    connection.commit()


def _unless_stated(url: URL, settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in url.query}


def _as_json(value: Any) -> str:
    """Both databases' JSON has no NaN and no infinity: ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes. Raises as `explaining` does."""
    with explaining(engine), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def explaining(engine: Engine) -> Iterator[None]:
    """What the database raises within, as Away or BadDatabase.

    What it refuses for its content (`is_refusal`) is left as it is.
    """
    try:
        yield
    except SQLAlchemyError as error:
        if is_refusal(error):
            raise
        raise _explained(error, engine.url) from None


def is_refusal(error: BaseException) -> bool:
    """Whether the values are why a statement failed: they would fail again."""
    if isinstance(error, DBAPIError):
        if CHANGED_TABLES & {_state(error), _result_code(error)}:
            return False
        # Class 54 of PostgreSQL: too long for an index, nested too deep.
        return isinstance(error, DataError | IntegrityError) or _state(
            error
        ).startswith("54")
    cause = getattr(error, "orig", error)
    return isinstance(cause, ValueError | TypeError | RecursionError)


def reason(error: BaseException) -> str:
    """A refusal in the database's own words, without the values."""
    cause = getattr(error, "orig", None) or error
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    return _line(said or cause)


def _explained(error: SQLAlchemyError, url: URL) -> BadDatabase | Away:
    place = _place(url)
    if isinstance(error, DBAPIError) and error.orig is not None:
        said = reason(error)
        mend = (
            _to_mend_sqlite(_result_code(error), said)
            if url.get_backend_name() == "sqlite"
            else _to_mend_postgresql(_state(error), str(error.orig), said)
        )
        return BadDatabase(f"{place} {mend}") if mend else Away(f"{place}: {said}")
    return Away(f"{place}: {_line(error)}")


def _to_mend_sqlite(name: str, said: str) -> str | None:
    """What somebody has to put right, by the name of SQLite's result code."""
    if name == "SQLITE_ERROR" and said.startswith("no such"):
        return _lacking(said)
    if name == "SQLITE_ERROR" and said.endswith("already exists"):
        return _taken(said)
    if name in CHANGED_TABLES:
        return _changed(said)
    if name == "SQLITE_NOTADB":
        return "is a file of something else than SQLite; name another file"
    if name.startswith("SQLITE_CORRUPT"):
        return "is damaged; restore it from a backup"
    if name.startswith("SQLITE_CANTOPEN"):
        return (
            "cannot be opened; it must be a file, in a folder where this user may write"
        )
    if name.startswith("SQLITE_READONLY"):
        return "may not be written by this user, or its folder may not"
    return None


def _to_mend_postgresql(state: str, whole: str, said: str) -> str | None:
    """The same by SQLSTATE, or by libpq's words, which has none when it connects."""
    if "password authentication failed" in whole or "no password supplied" in whole:
        return "refuses the user or the password in the URL"
    if "fe_sendauth" in whole:
        return "refuses the user or the password in the URL"
    if "no pg_hba.conf entry" in whole:
        return "admits no such user from here (pg_hba.conf)"
    if state == "3D000" or ("database" in whole and "does not exist" in whole):
        return "is not there; create it with createdb"
    if "role" in whole and "does not exist" in whole:
        return "knows no such user as the one in the URL"
    if "invalid connection option" in whole or "connection is bad: invalid" in whole:
        return f"cannot be opened with the options in the URL: {said}"
    if state == "42501":
        return (
            f"does not let the user do that ({said}); the one who runs `migrate` needs"
            " CREATE on the schema, the others SELECT and INSERT on the tables"
        )
    if state in ("42P01", "42703"):
        return _lacking(said)
    if state in CHANGED_TABLES:
        return _changed(said)
    if state == "42P07":
        return _taken(said)
    return None


def _lacking(said: str) -> str:
    return f"lacks what this version needs ({said}); run `migrate` on it, or `run`, which does so first"


def _changed(said: str) -> str:
    return (
        f"has tables that somebody has changed ({said}); take that constraint off them"
        " again"
    )


def _taken(said: str) -> str:
    return (
        f"holds something else by a name that is needed here ({said}); name another"
        " database, or rename that"
    )


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _result_code(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", None) or ""


def _line(what: object) -> str:
    lines = str(what).strip().splitlines()
    return lines[0].strip() if lines else type(what).__name__


def _place(url: URL) -> str:
    """The database without user, password and options."""
    if url.get_backend_name() == "sqlite":
        return f"the SQLite database {url.database}"
    at = f" at {url.host}:{url.port or 5432}" if url.host else ""
    return f"the PostgreSQL database {url.database or ''}".rstrip() + at


def migrate(engine: Engine) -> bool:
    """Makes the tables or brings them up to date; whether there was anything to do.

    It is one transaction, and several may start it at once: the others wait. Raises
    Away, and BadDatabase, also for a database that a newer collector has changed, or
    that somebody has taken tables or columns from.
    """
    with explaining(engine), engine.connect() as connection:
        if _is_current(connection):
            return False
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING}
            )
        if _is_current(connection):
            return False
        _upgrade(connection)
        return True


def _is_current(connection: Connection) -> bool:
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(
        connection, opts={"version_table": _VERSION_TABLE}
    )
    found = context.get_current_revision()
    revisions = [each.revision for each in _scripts().walk_revisions()]
    if found is not None and found not in revisions:
        raise BadDatabase(
            f"{_place(connection.engine.url)} is of a newer collector: its tables are"
            f" of revision {found}, the newest known here is {revisions[0]}; install"
            " that collector here too"
        )
    if found != revisions[0]:
        return False
    if missing := _missing(connection):
        raise BadDatabase(
            f"{_place(connection.engine.url)} lacks {', '.join(missing)}, which somebody"
            " has removed since `migrate` made it; restore it from a backup, or make a"
            " new database and replay the event log into that"
        )
    return True


def _missing(connection: Connection) -> list[str]:
    """The tables that are not there, and the columns of those that are."""
    from ses_feedback_collector.tables import metadata

    found = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(connection)
        .get_multi_columns(kind=ObjectKind.ANY, filter_names=list(metadata.tables))
        .items()
    }
    missing = []
    for name, table in metadata.tables.items():
        names = [column.name for column in table.columns]
        if name not in found:
            missing.append(name)
        else:
            absent = [one for one in names if one not in found[name]]
            missing += [f"{name}.{one}" for one in absent]
    return missing


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["version_table"] = _VERSION_TABLE
    return config


def _scripts() -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
