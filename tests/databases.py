"""Real databases for the tests: SQLite files, and a PostgreSQL server of the session.

A pytest plugin. `database` runs a test on both; `sqlite` and `postgresql` on one. Each
is the URL of an empty database of the test's own, and `engine` one with its tables on
both. `own_postgresql` is a server of the test's own, to be stopped and started.
"""

import atexit
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

COMMANDS = ("initdb", "postgres")
FIXTURES = {"postgresql", "own_postgresql", "postgresql_server"}
ACCOUNTS = ("postgres", "nobody")
"""Whom the server runs as for root, whom it refuses."""

PASSWORD = secrets.token_hex(8)
"""Of the servers' administrator, another one in each session."""

PATIENCE = 60
"""Seconds until a server that does not answer is given up."""


def pytest_configure() -> None:
    """Debian's packages leave the server's commands out of the PATH."""
    if not all(map(shutil.which, COMMANDS)):
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
        os.environ["PATH"] = os.pathsep.join(
            [os.environ.get("PATH", os.defpath), *map(str, reversed(folders))]
        )


def _version(folder: Path) -> list[int]:
    return [int(part) for part in folder.parent.name.split(".") if part.isdigit()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.needs(*COMMANDS))


class PostgresServer:
    """A server with its data in a folder, as it is shipped: fsync is on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._account = _account()
        self.password = PASSWORD
        self.port = _free_port()
        shutil.copytree(_template() / "data", self._data)
        for path in (folder, *folder.rglob("*")):
            self._hand_over(path)
        self._data.chmod(0o700)

    def _hand_over(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def start(self) -> None:
        """Raises RuntimeError, with what the server said, when it does not come up."""
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = self._run(
                ["postgres", "-D", str(self._data), "-k", str(self._folder)]
                + ["-h", "127.0.0.1", "-p", str(self.port)],
                output.fileno(),
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop(crash=True)
                raise RuntimeError(f"postgres did not start: {log.read_text()}")
            time.sleep(0.05)

    def stop(self, *, crash: bool = False) -> None:
        """Breaks off what is connected; with `crash` nothing is put in order before."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(PATIENCE)
            self._process = None

    def url(self, name: str) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Runs a statement as the administrator."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def _run(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        return _run(command, self._folder, output)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._folder),
            port=self.port,
            user="postgres",
            dbname="postgres",
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


@cache
def _template() -> Path:
    """What initdb makes, which takes seconds: each server begins with a copy."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    atexit.register(shutil.rmtree, folder)
    if account := _account():
        os.chown(folder, account.pw_uid, account.pw_gid)
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    made = _run(
        ["initdb", "--pgdata", str(folder / "data"), "--username=postgres"]
        + ["--encoding=UTF8", "--no-locale", "--no-sync", "--auth-local=trust"]
        + ["--auth-host=scram-sha-256", f"--pwfile={password}"],
        folder,
        subprocess.PIPE,
    )
    said, _ = made.communicate(timeout=PATIENCE)
    if made.returncode:
        raise RuntimeError(f"initdb failed: {said.decode()}")
    return folder


def _run(command: list[str], folder: Path, output: int) -> subprocess.Popen[bytes]:
    """Runs a command of the server's, as somebody whom it does not refuse."""
    account = _account()
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _account() -> pwd.struct_passwd | None:
    """The account of the server, where it cannot be one's own."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in ACCOUNTS if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving() -> Iterator[PostgresServer]:
    """A server that is up. In a folder with a short path, since that of a socket ends at 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop(crash=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """The server of the whole session: not to be stopped."""
    with serving() as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[PostgresServer]:
    """A server of the test's own, which is up: `stop()`, `start()`, `create()`."""
    with serving() as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database in PostgreSQL."""
    url = postgresql_server.create()
    yield url
    postgresql_server.drop(url)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of a file of SQLite that is not there yet."""
    return f"sqlite:///{tmp_path / 'feedback.db'}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs(*COMMANDS))]
)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs once for each kind."""
    url: str = request.getfixturevalue(request.param)
    return url


# The collector takes a second to import, which most tests do without.


@contextmanager
def opened(url: str) -> "Iterator[Engine]":
    """The collector's engine for a database, which has gone afterwards."""
    from ses_feedback_collector.database import open_database

    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def engine(database: str) -> "Iterator[Engine]":
    """The collector's engine, with the tables: the test runs once for each kind."""
    from ses_feedback_collector.database import migrate

    with opened(database) as engine:
        migrate(engine)
        yield engine
