"""Events into both databases: once each, all or nothing, and what happens when not."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Engine, event, func, make_url, select, text

from ses_feedback_collector import Event, EventType
from ses_feedback_collector.database import Away, migrate, open_database, writing
from ses_feedback_collector.parsing import parse
from ses_feedback_collector.store import Saved, Store
from ses_feedback_collector.tables import TABLES, bounces, deliveries, metadata
from tests import feedback
from tests.databases import PostgresServer
from tests.feedback import JANE, every_message
from tests.stacks import ROOT

RECEIVED = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)


def read(message: Mapping[str, Any]) -> Event:
    found = parse(message)
    assert isinstance(found, Event)
    return found


def bounce(number: int | str = 0, *more: str) -> Event:
    to = [f"{number}@example.com", *more]
    return read(
        feedback.event(EventType.BOUNCE, to=to, message_id=f"0102-{number}-000000")
    )


def bounced(count: int, first: int = 0) -> dict[str, Event]:
    return {str(number): bounce(number) for number in range(first, first + count)}


def into_bounces(rows: int = 0, duplicates: int = 0) -> Saved:
    """Of a call that told of bounces only."""
    told = Counter({bounces.name: rows + duplicates})
    return Saved(rows, duplicates, tables=told)


def count(engine: Engine) -> int:
    """Rows of all events."""
    with engine.connect() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in TABLES.values()
        ]
        return sum(counts)


# What is stored


@pytest.mark.parametrize("name", every_message())
def test_an_event_of_every_kind_is_stored(engine: Engine, name: str) -> None:
    found = read(every_message()[name])
    table = TABLES[found.type].name
    assert Store(engine).save({"1": found}, RECEIVED) == Saved(
        1, tables=Counter([table])
    )
    with engine.connect() as connection:
        row = connection.execute(select(TABLES[found.type])).mappings().one()
    assert row["email"] == JANE
    assert row["received_at"] == RECEIVED
    assert found.at in row.values()
    assert dict(row["event"]) | {"mail": row["mail"]} == found.content


def test_all_kinds_in_one_call(engine: Engine) -> None:
    events = {name: read(message) for name, message in every_message().items()}
    saved = Store(engine).save(events)
    assert (saved.rows, saved.duplicates, saved.refused) == (len(EventType), 3, {})
    told = Counter(TABLES[each.type].name for each in events.values())
    assert saved.tables == told
    assert count(engine) == len(EventType)


def test_it_was_received_now_unless_that_is_stated(engine: Engine) -> None:
    before = datetime.now(UTC)
    Store(engine).save({"1": bounce()})
    with engine.connect() as connection:
        found = connection.execute(select(bounces.c.received_at)).scalar_one()
    assert before <= found <= datetime.now(UTC)


def test_new_rows_and_those_that_were_there_are_counted(engine: Engine) -> None:
    store = Store(engine)
    assert store.save(bounced(3)) == into_bounces(rows=3)
    assert store.save(bounced(5)) == into_bounces(rows=2, duplicates=3)
    assert store.save(bounced(5)) == into_bounces(rows=0, duplicates=5)
    assert store.save({"a": bounce("x"), "b": bounce("x")}) == into_bounces(1, 1)
    assert store.save({"a": bounce("y", "z@example.net")}) == into_bounces(2)
    assert store.save({}) == into_bounces()
    assert count(engine) == 8


def test_rows_are_counted_by_table_as_they_are_made(engine: Engine) -> None:
    """An address that is named twice has one row; what is refused has none."""
    twice = bounce("a", "a@example.com")
    delivered = read(feedback.event(EventType.DELIVERY, to=["b@example.com"]))
    events = {"b": twice, "d": delivered, "refused": bounce(1)}
    tables = Counter(email_bounces=1, email_deliveries=1)
    store = refusing(engine)
    for rows, duplicates in ((2, 0), (0, 2)):
        saved = store.save(events)
        assert (saved.rows, saved.duplicates) == (rows, duplicates)
        assert saved.tables == tables


def test_the_first_telling_stays(engine: Engine) -> None:
    store = Store(engine)
    store.save({"1": bounce()}, RECEIVED)
    store.save({"1": replace(bounce(), topic_arn="arn:aws:sns:x:y:other")})
    with engine.connect() as connection:
        row = connection.execute(select(bounces)).one()
    assert (row.channel, row.received_at) == (None, RECEIVED)


def test_characters_of_every_kind_are_stored(engine: Engine) -> None:
    words = "é 🎉 \u2028 \\ ' \" %s :name {} \ufffd"
    message = feedback.event(EventType.BOUNCE, to=[f"{words}@example.com"])
    message["mail"]["commonHeaders"]["subject"] = words
    message["%(x)s"] = {words: words}
    Store(engine).save({"1": read(message)})
    with engine.connect() as connection:
        row = connection.execute(select(bounces)).one()
    assert (row.email, row.subject) == (f"{words}@example.com", words)
    assert row.event["%(x)s"] == {words: words}


# What is refused


def refusing(engine: Engine) -> Store:
    """Refuses a row for its content, as a database does."""
    if engine.dialect.name == "sqlite":
        function = None
        does = "BEGIN SELECT RAISE(ABORT, 'nope'); END"
    else:
        function = (
            "CREATE FUNCTION nope() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE data_exception USING MESSAGE = 'nope'; END $$"
        )
        does = "EXECUTE FUNCTION nope()"
    with writing(engine) as connection:
        if function:
            connection.execute(text(function))
        for table in (bounces, deliveries):
            connection.execute(
                text(
                    f"CREATE TRIGGER nope_{table.name} BEFORE INSERT ON {table.name}"
                    f" FOR EACH ROW WHEN (NEW.email = '1@example.com') {does}"
                )
            )
    return Store(engine)


def test_one_that_is_refused_does_not_keep_the_others_out(engine: Engine) -> None:
    store = refusing(engine)
    delivered = {"d": read(feedback.event(EventType.DELIVERY, to=["1@example.com"]))}
    others = {name: read(message) for name, message in every_message().items()}
    saved = store.save({**bounced(5), **delivered, **others})
    assert set(saved.refused) == {"1", "d"}
    assert (saved.rows, saved.duplicates) == (4 + len(EventType), 3)
    assert count(engine) == saved.rows
    again = store.save({**bounced(5), **delivered, **others})
    assert (again.rows, again.duplicates) == (0, 4 + len(others))
    assert again.refused == saved.refused


def test_the_reason_is_the_databases_without_what_the_row_holds(
    engine: Engine,
) -> None:
    (said,) = refusing(engine).save({"k": bounce(1)}).refused.values()
    assert "nope" in said
    assert "example.com" not in said
    assert "\n" not in said


def test_an_event_is_refused_whole(engine: Engine) -> None:
    saved = refusing(engine).save({"k": bounce("0", "1@example.com", "2@example.com")})
    assert (saved.rows, saved.duplicates, set(saved.refused)) == (0, 0, {"k"})
    assert count(engine) == 0


@pytest.mark.parametrize(
    ("junk", "said"),
    [
        ({"x": float("nan")}, "not JSON compliant"),
        ({"x": {1, 2}}, "not JSON serializable"),
        ({"x": "\ud800"}, "surrogates not allowed"),
    ],
    ids=["nan", "set", "surrogate"],
)
def test_what_no_json_holds_is_refused(
    engine: Engine, junk: dict[str, Any], said: str
) -> None:
    """Of an event that was made by hand: none that was parsed has such."""
    events = bounced(2) | {"bad": replace(bounce(9), mail=junk)}
    saved = Store(engine).save(events)
    assert saved.rows == 2
    assert said in saved.refused["bad"]


def test_what_is_too_long_for_an_index_is_refused(postgresql: str) -> None:
    engine = open_database(postgresql)
    migrate(engine)
    long = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(1500))
    events = bounced(2)
    events["bad"] = replace(
        bounce(9), recipients=(replace(bounce().recipients[0], email=long),)
    )
    saved = Store(engine).save(events)
    engine.dispose()
    assert (saved.rows, set(saved.refused)) == (2, {"bad"})
    assert "index row size" in saved.refused["bad"]


# What somebody did to the tables


def test_a_column_that_must_not_be_null_any_more_is_not_the_events_fault(
    engine: Engine,
) -> None:
    constrained(engine, bounces.c.subject.name)
    with pytest.raises(Away, match="has tables that somebody has changed .*subject"):
        Store(engine).save({"1": bounce(), "2": without_subject()})
    assert count(engine) == 0


def test_a_check_that_somebody_added_is_not_the_events_fault(engine: Engine) -> None:
    constrained(engine, CheckConstraint("email <> '1@example.com'", "nope"))
    with pytest.raises(Away, match="has tables that somebody has changed .*nope") as e:
        Store(engine).save(bounced(2))
    assert "1@example.com" not in str(e.value)
    assert count(engine) == 0


def without_subject() -> Event:
    message = feedback.event(EventType.BOUNCE, message_id="without")
    message["mail"].pop("commonHeaders", None)
    return read(message)


def constrained(engine: Engine, by: str | CheckConstraint) -> None:
    """Makes the table of bounces again, with a constraint of somebody else's."""
    made = bounces.to_metadata(type(metadata)())
    if isinstance(by, str):
        made.c[by].nullable = False
    else:
        made.append_constraint(by)
    with writing(engine) as connection:
        connection.execute(text(f"DROP TABLE {bounces.name}"))
        made.create(connection)


# Several at once


def test_threads_that_share_a_store(engine: Engine) -> None:
    store = Store(engine)

    def save(order: int) -> list[Saved]:
        batches = [bounced(10, first) for first in range(0, 100, 10)]
        return [store.save(dict(list(each.items())[::order])) for each in batches]

    with ThreadPoolExecutor(4) as pool:
        found = [each for batch in pool.map(save, (1, -1, 1, -1)) for each in batch]
    assert sum(each.rows for each in found) == 100
    assert sum(each.duplicates for each in found) == 300
    assert count(engine) == 100


WORKER = """
import sys
from ses_feedback_collector.database import open_database
from ses_feedback_collector.store import Store
from tests.test_collector_store import bounced, read
from tests import feedback
from ses_feedback_collector import EventType

store = Store(open_database(sys.argv[1]))
order = int(sys.argv[2])
batches = []
for first in range(0, 1500, 100):
    events = bounced(100, first)
    for key, event in list(events.items())[:20]:
        sent = feedback.event(EventType.SEND, message_id=event.message_id)
        events["sent" + key] = read(sent)
    batches.append(dict(list(events.items())[::order]))
print("ready", flush=True)
sys.stdin.readline()
rows = sum(store.save(batch).rows for batch in batches)
print(rows, flush=True)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def test_workers_with_the_same_events_in_another_order(
    engine: Engine, database: str
) -> None:
    """On PostgreSQL each waits for the rows of the other: in one order, or for ever."""
    workers = [start(WORKER, database, order) for order in ("1", "-1")]
    said = [worker.stdin for worker in workers]
    for each in said:
        assert each
        each.write("go\n")
        each.flush()
    results = [worker.communicate(timeout=120) for worker in workers]
    assert [error for _, error in results] == ["", ""]
    assert sum(int(output) for output, _ in results) == 1800
    assert count(engine) == 1800


# The database is away


def test_a_locked_file_is_away_and_nothing_is_stored(sqlite: str) -> None:
    engine = open_database(f"{sqlite}?timeout=0.05")
    migrate(engine)
    store = Store(engine)
    with writing(engine), pytest.raises(Away, match="database is locked"):
        store.save(bounced(3))
    assert count(engine) == 0
    assert store.save(bounced(3)).rows == 3
    engine.dispose()


def test_a_full_disk_is_away_and_nothing_is_stored(sqlite: str) -> None:
    engine = open_database(sqlite)
    migrate(engine)
    store = Store(engine)
    store.save(bounced(10))
    pages = 0

    @event.listens_for(engine, "begin")
    def limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    pages = 1  # SQLite raises it to what the file has.
    with pytest.raises(Away, match="database or disk is full"):
        store.save(bounced(300))
    assert count(engine) == 10
    pages = 1_000_000
    assert store.save(bounced(300)) == into_bounces(rows=290, duplicates=10)
    engine.dispose()


LIMITED = """
import resource, signal, sys
from ses_feedback_collector.database import Away, open_database
from ses_feedback_collector.store import Store
from tests.test_collector_store import bounced

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store(open_database(sys.argv[1]))
store.save(bounced(1))
none, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, most))
for attempt in range(2):
    try:
        store.save(bounced(1000))
    except Away as away:
        print(away)
resource.setrlimit(resource.RLIMIT_FSIZE, (none, most))
print(store.save(bounced(1000)).rows)
"""


def test_a_file_that_cannot_grow_is_away_and_then_goes_on(sqlite: str) -> None:
    engine = open_database(sqlite)
    migrate(engine)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, sqlite],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    path = make_url(sqlite).database
    assert done.stderr == ""
    first, second, rows = done.stdout.splitlines()
    assert first == second == f"the SQLite database {path}: disk I/O error"
    assert rows == "999"
    assert count(engine) == 1000
    engine.dispose()


def test_without_its_tables_a_database_is_away_not_the_events_refused(
    database: str,
) -> None:
    engine = open_database(database)
    with pytest.raises(Away, match="run `migrate` on it"):
        Store(engine).save(bounced(3))
    begun: list[object] = []
    event.listen(engine, "begin", begun.append)
    with pytest.raises(Away):
        Store(engine).save(bounced(3))
    assert len(begun) == 1, "no event was tried alone"
    migrate(engine)
    assert Store(engine).save(bounced(3)).rows == 3
    engine.dispose()


def test_a_password_that_is_changed_meanwhile_is_away(
    own_postgresql: PostgresServer,
) -> None:
    url = own_postgresql.create()
    engine = open_database(url)
    migrate(engine)
    store = Store(engine)
    own_postgresql.execute("ALTER ROLE postgres PASSWORD 'another'")
    own_postgresql.stop()
    own_postgresql.start()
    with pytest.raises(Away, match="refuses the user or the password"):
        store.save(bounced(3))
    own_postgresql.execute(f"ALTER ROLE postgres PASSWORD '{own_postgresql.password}'")
    assert store.save(bounced(3)).rows == 3
    engine.dispose()


@pytest.mark.parametrize("crash", [False, True])
def test_a_server_that_is_gone_for_a_while(
    own_postgresql: PostgresServer, crash: bool
) -> None:
    engine = open_database(own_postgresql.create())
    migrate(engine)
    store = Store(engine)
    store.save(bounced(3))
    own_postgresql.stop(crash=crash)
    for _ in range(2):
        with pytest.raises(Away, match="connection failed"):
            store.save(bounced(5))
    own_postgresql.start()
    assert store.save(bounced(5)) == into_bounces(rows=2, duplicates=3)
    assert count(engine) == 5
    engine.dispose()


def test_a_server_that_restarts_between_two_batches_is_not_noticed(
    own_postgresql: PostgresServer,
) -> None:
    engine = open_database(own_postgresql.create())
    migrate(engine)
    store = Store(engine)
    store.save(bounced(3))
    own_postgresql.stop()
    own_postgresql.start()
    assert store.save(bounced(5)) == into_bounces(rows=2, duplicates=3)
    engine.dispose()


@pytest.mark.parametrize("moment", ["before_cursor_execute", "commit"])
def test_a_server_that_stops_in_the_middle_leaves_nothing(
    own_postgresql: PostgresServer, moment: str
) -> None:
    engine = open_database(own_postgresql.create())
    migrate(engine)
    store = Store(engine)
    stops = [moment]

    def stop(*_: object) -> None:
        if stops and stops.pop():
            own_postgresql.stop(crash=True)

    event.listen(engine, moment, stop)
    with pytest.raises(Away):
        store.save(bounced(5))
    assert stops == []
    own_postgresql.start()
    assert count(engine) == 0
    assert store.save(bounced(5)).rows == 5
    engine.dispose()


# A worker that is killed

STORING = """
import sys
from ses_feedback_collector.database import open_database
from ses_feedback_collector.store import Store
from tests.test_collector_store import bounced

store = Store(open_database(sys.argv[1]))
print("ready", flush=True)
for first in range(0, 1_000_000, 10):
    store.save(bounced(10, first))
    print(first + 10, flush=True)
"""


def test_what_was_saved_before_a_kill_is_there_and_batches_are_whole(
    engine: Engine, database: str
) -> None:
    worker = start(STORING, database)
    assert worker.stdout
    saved = 0
    for line in worker.stdout:
        saved = int(line)
        if saved >= 200:
            worker.send_signal(signal.SIGKILL)
            break
    rest, _ = worker.communicate()
    saved = max([saved, *map(int, rest.splitlines())])
    found = count(engine)
    assert saved <= found <= saved + 10
    assert found % 10 == 0
    again = Store(engine).save(bounced(found + 5))
    assert (again.rows, again.duplicates) == (5, found)
