import logging
import threading
from typing import Any

import pytest
from sqlalchemy import select

from ses_feedback_collector import worker
from ses_feedback_collector.database import BadDatabase
from ses_feedback_collector.sqs import QueueTrouble, connect
from ses_feedback_collector.tables import bounces
from tests import feedback
from tests.databases import PostgresServer
from tests.queue_server import FreshQueue, Gate, QueueServer
from tests.workers import (
    POISON,
    Worker,
    bounce,
    bounced,
    connected,
    drain,
    stored,
    until,
    working,
)


def fields(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    return [vars(one) for one in caplog.records if one.getMessage() == message]


def test_what_is_stored_is_deleted_and_the_rest_is_left(
    queue_server: QueueServer, database: str
) -> None:
    queue = queue_server.queue(visibility=5, receives=2)
    queue.send([*bounced(250), POISON, feedback.SETUP_TEXT])
    with working(queue.url, database):
        until(lambda: queue.dead == 1)
        until(lambda: queue.size == 0)
    assert stored(database) == 250
    assert queue.dead_letters() == [POISON]


def test_messages_that_come_later_are_stored_too(
    queue: FreshQueue, sqlite: str
) -> None:
    with working(queue.url, sqlite) as found:
        queue.send([bounce(1)])
        until(lambda: found.value("messages_total", outcome="stored") == 1)
        queue.send([bounce(2)])
        until(lambda: found.value("messages_total", outcome="stored") == 2)
        until(lambda: queue.size == 0)
    assert stored(sqlite) == 2


def test_a_batch_is_one_line_and_counted(
    queue: FreshQueue, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    queue.send([bounce(1), bounce(2), bounce(2), POISON, feedback.SETUP_TEXT])
    found = drain(queue, sqlite)
    lines = fields(caplog, "batch")
    total = {
        name: sum(line[name] for line in lines)
        for name in ("received", "stored", "notice", "unreadable", "refused", "failed")
    }
    assert total == {
        "received": 5,
        "stored": 3,
        "notice": 1,
        "unreadable": 1,
        "refused": 0,
        "failed": 0,
    }
    assert sum(line["rows"] for line in lines) == 2
    assert sum(line["duplicate_rows"] for line in lines) == 1
    assert all(line["seconds"] > 0 for line in lines)
    assert found.value("messages_total", outcome="stored") == 3
    assert found.value("messages_total", outcome="unreadable") == 1
    assert found.value("rows_total", table="email_bounces") == 3
    assert found.value("duplicate_rows_total") == 1
    assert found.value("batch_seconds_count") == len(lines)
    assert found.value("last_success_timestamp_seconds") > 0
    (end,) = fields(caplog, "stopped")
    assert (end["received"], end["rows"]) == (5, 2)


def test_several_receives_make_one_transaction(
    queue: FreshQueue, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    drain(queue, sqlite)
    with connected(sqlite) as connection, working(queue.url, sqlite) as found:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        queue.send(bounced(60))
        until(lambda: queue.in_hand == 60)
        connection.rollback()
        until(lambda: found.value("messages_total", outcome="stored") == 60)
    sizes = [line["received"] for line in fields(caplog, "batch")]
    assert max(sizes) > 10


def test_the_database_goes_and_comes_back(
    queue_server: QueueServer, own_postgresql: PostgresServer
) -> None:
    queue = queue_server.queue(receives=1)
    url = own_postgresql.create()
    with working(queue.url, url) as found:
        queue.send(bounced(30))
        until(lambda: found.value("messages_total", outcome="stored") == 30)
        own_postgresql.stop()
        queue.send([bounce(number) for number in range(30, 60)])
        until(lambda: found.value("errors_total", kind="database away") >= 2)
        assert "database" in found.monitor.ailments()
        assert found.value("messages_total", outcome="stored") == 30
        own_postgresql.start()
        until(lambda: found.value("messages_total", outcome="stored") == 60)
        until(lambda: queue.size == 0)
        assert found.monitor.ailments() == {}
    assert stored(url) == 60
    assert queue.dead == 0


def test_messages_stay_in_hand_while_the_database_is_away(
    queue_server: QueueServer, own_postgresql: PostgresServer
) -> None:
    queue = queue_server.queue(visibility=6, receives=1)
    url = own_postgresql.create()
    with working(queue.url, url) as found:
        until(lambda: not found.monitor.ailments())
        own_postgresql.stop()
        queue.send(bounced(10))
        until(lambda: found.value("errors_total", kind="database away") >= 4)
        assert queue.visible == 0
        own_postgresql.start()
        until(lambda: found.value("messages_total", outcome="stored") == 10)
    assert stored(url) == 10
    assert queue.dead == 0


def test_messages_are_extended_while_a_transaction_takes_long(
    queue_server: QueueServer, gate: Gate, postgresql: str
) -> None:
    queue = queue_server.queue(visibility=6, receives=1)
    drain(queue, postgresql)
    with working(queue.url, postgresql) as found:
        with connected(postgresql) as connection:
            connection.exec_driver_sql("LOCK TABLE email_bounces")
            queue.send(bounced(10))
            until(lambda: gate.calls["ChangeMessageVisibilityBatch"] >= 4)
            assert queue.in_hand == 10
        until(lambda: found.value("messages_total", outcome="stored") == 10)
    assert queue.size == 0
    assert queue.dead == 0


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ("unavailable", "queue error"),
        ("throttled", "queue busy"),
        ("drop", "queue unreachable"),
        ("no such queue", "queue missing"),
        ("access denied", "queue denied"),
    ],
)
def test_errors_of_the_queue_are_waited_out(
    queue: FreshQueue, gate: Gate, sqlite: str, failure: str, kind: str
) -> None:
    with working(queue.url, sqlite) as found:
        queue.send([bounce(1)])
        until(lambda: found.value("messages_total", outcome="stored") == 1)
        gate.fails["*"] = failure
        queue.send([bounce(2)])
        until(lambda: found.value("errors_total", kind=kind) >= 2)
        assert "queue" in found.monitor.ailments()
        gate.fails.clear()
        until(lambda: found.value("messages_total", outcome="stored") >= 2)
        until(lambda: queue.size == 0)
        until(lambda: not found.monitor.ailments())
    assert stored(sqlite) == 2
    assert queue.dead == 0


def test_what_cannot_be_deleted_is_deleted_later(
    queue: FreshQueue, gate: Gate, sqlite: str
) -> None:
    gate.fails["DeleteMessageBatch"] = "unavailable"
    queue.send(bounced(20))
    with working(queue.url, sqlite) as found:
        until(lambda: found.value("messages_total", outcome="stored") == 20)
        assert stored(sqlite) == 20
        until(lambda: gate.calls["DeleteMessageBatch"] >= 2)
        assert queue.in_hand == 20
        del gate.fails["DeleteMessageBatch"]
        until(lambda: queue.size == 0)


def test_an_empty_answer_deletes_nothing_and_is_told(
    queue: FreshQueue, gate: Gate, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = "stored but not deleted: they come again, and make no second row"
    gate.fails["DeleteMessageBatch"] = "garbage"
    queue.send([bounce(1)])
    with working(queue.url, sqlite):
        until(lambda: fields(caplog, told))
    assert fields(caplog, told)[0]["messages"] == 1
    assert stored(sqlite) == 1
    assert queue.in_hand == 1


def test_nothing_is_deleted_before_it_is_committed(
    queue: FreshQueue, gate: Gate, postgresql: str
) -> None:
    drain(queue, postgresql)
    with working(queue.url, postgresql):
        with connected(postgresql) as connection:
            connection.exec_driver_sql("LOCK TABLE email_bounces")
            queue.send(bounced(60))
            until(lambda: queue.in_hand == 60)
            assert gate.calls["DeleteMessageBatch"] == 0
        until(lambda: queue.size == 0)
    assert stored(postgresql) == 60


def test_a_worker_that_is_told_to_stop_hands_back_what_is_not_stored(
    queue: FreshQueue,
    own_postgresql: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    url = own_postgresql.create()
    with working(queue.url, url) as found:
        until(lambda: not found.monitor.ailments())
        own_postgresql.stop()
        queue.send(bounced(60))
        until(lambda: found.value("errors_total", kind="database away") >= 1)
        until(lambda: queue.in_hand == 60)
    assert fields(caplog, "handed back")[0]["messages"] == 60
    assert queue.visible == 60
    own_postgresql.start()
    assert stored(url) == 0
    drain(queue, url)
    assert stored(url) == 60


def test_the_batch_in_hand_is_finished_before_the_end(
    queue: FreshQueue, postgresql: str
) -> None:
    drain(queue, postgresql)
    with connected(postgresql) as connection:
        connection.exec_driver_sql("LOCK TABLE email_bounces")
        found = Worker(queue.url, postgresql)
        queue.send([bounce(1)])
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
        until(lambda: connection.exec_driver_sql(waits).first())
        found._stop.set()
        until(lambda: "receive" not in {one.name for one in threading.enumerate()})
        connection.rollback()
    found.join()
    assert found.error is None
    assert stored(postgresql) == 1
    assert queue.size == 0


def test_nothing_but_a_long_poll_runs_on_at_the_end(
    queue: FreshQueue, sqlite: str
) -> None:
    with working(queue.url, sqlite) as found:
        until(lambda: not found.monitor.ailments())
    names = {one.name for one in threading.enumerate()}
    assert not names & {"delete", "keep"}


def test_two_workers_share_a_queue(queue: FreshQueue, database: str) -> None:
    queue.send([*bounced(300), *bounced(300)])
    with working(queue.url, database) as one, working(queue.url, database) as other:
        until(lambda: queue.size == 0)
    shares = [found.value("messages_total", outcome="stored") for found in (one, other)]
    assert sum(shares) == 600
    assert stored(database) == 300
    assert [found.error for found in (one, other)] == [None, None]


# The end of a queue.


def test_an_empty_queue_is_drained(queue: FreshQueue, database: str) -> None:
    drain(queue, database)
    assert stored(database) == 0


def test_a_drain_does_not_wait_for_what_it_left(
    queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=1, receives=1000)
    queue.send([POISON, *bounced(25)])
    drain(queue, sqlite)
    assert stored(sqlite) == 25
    assert queue.size == 1


def test_a_drain_does_not_wait_for_what_others_have_in_hand(
    queue: FreshQueue, sqlite: str
) -> None:
    queue.send([bounce(1)])
    assert connect(queue.url).receive(5)
    drain(queue, sqlite)
    assert queue.in_hand == 1


def test_a_drain_does_not_take_silence_for_an_empty_queue(
    queue: FreshQueue, gate: Gate, sqlite: str
) -> None:
    gate.fails["ReceiveMessage"] = "garbage"
    queue.send([bounce(1)])
    found = Worker(queue.url, sqlite, drain=True)
    until(lambda: gate.calls["ReceiveMessage"] >= worker.DRAIN_IDLE)
    gate.fails.clear()
    found.join()
    assert stored(sqlite) == 1


# What ends it, and what does not.


@pytest.mark.parametrize("operation", ["GetQueueAttributes", "ReceiveMessage"])
def test_what_only_somebody_can_mend_ends_it_at_the_start(
    queue: FreshQueue, gate: Gate, sqlite: str, operation: str
) -> None:
    gate.fails[operation] = "access denied"
    found = Worker(queue.url, sqlite)
    found.join()
    assert isinstance(found.error, QueueTrouble)
    assert found.error.kind == "denied"


def test_a_queue_that_is_away_at_the_start_is_waited_for(
    queue: FreshQueue, gate: Gate, sqlite: str
) -> None:
    gate.fails["*"] = "unavailable"
    queue.send([bounce(1)])
    with working(queue.url, sqlite) as found:
        until(lambda: found.value("errors_total", kind="queue error") >= 2)
        gate.fails.clear()
        until(lambda: queue.size == 0)


def test_a_database_that_is_away_at_the_start_is_waited_for(
    queue: FreshQueue, own_postgresql: PostgresServer
) -> None:
    url = own_postgresql.create()
    own_postgresql.stop()
    queue.send([bounce(1)])
    with working(queue.url, url) as found:
        until(lambda: found.value("errors_total", kind="database away") >= 2)
        assert queue.visible == 1
        own_postgresql.start()
        until(lambda: queue.size == 0)
    assert stored(url) == 1


def test_it_can_be_stopped_while_it_waits_at_the_start(
    queue: FreshQueue, gate: Gate, sqlite: str
) -> None:
    gate.fails["*"] = "unavailable"
    with working(queue.url, sqlite) as found:
        until(lambda: found.value("errors_total", kind="queue error") >= 1)
    assert found.error is None


def test_a_wrong_password_ends_it_at_the_start(
    queue: FreshQueue, postgresql: str
) -> None:
    found = Worker(queue.url, postgresql.replace("postgres:", "postgres:wrong"))
    found.join()
    assert isinstance(found.error, BadDatabase)


def test_an_error_in_a_thread_ends_it(
    queue: FreshQueue, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(worker._Worker, "_delete_all", broken)
    queue.send([bounce(1)])
    found = Worker(queue.url, sqlite)
    found.join()
    assert isinstance(found.error, ZeroDivisionError)
    assert stored(sqlite) == 1
    assert queue.size == 1


def test_the_depth_is_looked_at_where_it_is_asked_for(
    queue_server: QueueServer, sqlite: str
) -> None:
    queue = queue_server.queue(visibility=1, receives=1000)
    with working(queue.url, sqlite, depth_every=0.1) as found:
        queue.send([POISON])
        until(lambda: found.value("queue_messages_in_flight") == 1)


def test_an_idle_worker_notices_that_the_database_is_gone(
    queue: FreshQueue, own_postgresql: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONG_POLL", 1)
    url = own_postgresql.create()
    with working(queue.url, url) as found:
        until(lambda: not found.monitor.ailments())
        own_postgresql.stop()
        until(lambda: "database" in found.monitor.ailments())
        own_postgresql.start()
        until(lambda: not found.monitor.ailments())


def test_the_waits_grow_up_to_a_minute() -> None:
    for _ in range(100):
        back_off = worker._BackOff()
        waits = [back_off.next() for _ in range(12)]
        for wait, span in zip(waits, [1, 2, 4, 8, 16, 32, *[60] * 6], strict=True):
            assert span / 2 <= wait <= span
        back_off.reset()
        assert back_off.next() <= 1


def test_rows_are_those_of_the_messages(queue: FreshQueue, database: str) -> None:
    queue.send([bounce(7)])
    drain(queue, database)
    with connected(database) as connection:
        found = connection.execute(select(bounces.c.email, bounces.c.message_id)).all()
    assert [tuple(row) for row in found] == [("u7@example.com", "mail-u7@example.com")]


def test_no_thread_of_it_is_left_over(queue: FreshQueue, sqlite: str) -> None:
    before = set(threading.enumerate())
    drain(queue, sqlite)
    until(lambda: set(threading.enumerate()) <= before)
