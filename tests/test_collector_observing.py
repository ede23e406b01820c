import io
import json
import logging
import socket
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ses_feedback_collector import observing
from ses_feedback_collector.observing import (
    DATABASE,
    PACKAGE,
    QUEUE,
    Monitor,
    configure_logging,
    served,
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Takes log lines, as `configure_logging` sets things up, until the end."""
    root, package = logging.root, logging.getLogger(PACKAGE)
    before = root.handlers[:], root.level, package.level
    yield io.StringIO()
    root.handlers[:], root.level, package.level = before
    logging.captureWarnings(False)


def get(url: str, method: str = "GET") -> tuple[int, str]:
    try:
        request = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def well() -> Monitor:
    monitor = Monitor()
    monitor.answered(QUEUE)
    monitor.answered(DATABASE)
    return monitor


def test_a_line_is_json_with_its_own_fields(stream: io.StringIO) -> None:
    configure_logging("json", stream)
    logger = logging.getLogger(f"{PACKAGE}.worker")
    logger.info("batch", extra={"stored": 3, "seconds": 0.25})
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "message": "batch", "stored": 3, "seconds": 0.25}


def test_text_is_one_line_for_people(stream: io.StringIO) -> None:
    configure_logging("text", stream)
    logging.getLogger(PACKAGE).warning("two\nlines", extra={"reason": 'a "word"\n'})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(' WARNING two lines reason="a \\"word\\"\\n"')


@pytest.mark.parametrize("style", ["json", "text"])
def test_an_exception_is_told_without_its_text(stream: io.StringIO, style: str) -> None:
    configure_logging(style, stream)
    try:
        raise ValueError("secret@example.com")
    except ValueError:
        logging.getLogger(PACKAGE).exception("broken")
    (line,) = stream.getvalue().splitlines()
    assert "secret@example.com" not in line
    assert "ValueError" in line
    assert "test_collector_observing.py:" in line


def test_libraries_are_heard_only_when_they_warn(stream: io.StringIO) -> None:
    configure_logging("json", stream)
    logging.getLogger("alembic").info("migrating")
    logging.getLogger("urllib3").warning("retrying")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("an old call", DeprecationWarning, stacklevel=1)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0]["message"] == "retrying"
    assert "an old call" in lines[1]["message"]
    assert len(lines) == 2


def test_metrics_are_prometheus(stream: io.StringIO) -> None:
    monitor = well()
    monitor.batch({"stored": 3, "unreadable": 1}, {"email_bounces": 4}, 1, 0.5)
    monitor.error("queue busy")
    monitor.depth(7, 2)
    with served(monitor, "127.0.0.1", 0) as port:
        status, text = get(f"http://127.0.0.1:{port}/metrics")
    assert status == 200
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    expected = {
        ("ses_feedback_messages_total", "stored"): 3,
        ("ses_feedback_messages_total", "unreadable"): 1,
        ("ses_feedback_rows_total", "email_bounces"): 4,
        ("ses_feedback_duplicate_rows_total",): 1,
        ("ses_feedback_errors_total", "queue busy"): 1,
        ("ses_feedback_batch_seconds_count",): 1,
        ("ses_feedback_batch_seconds_sum",): 0.5,
        ("ses_feedback_queue_messages",): 7,
        ("ses_feedback_queue_messages_in_flight",): 2,
    }
    assert {key: samples[key] for key in expected} == expected
    assert samples["ses_feedback_last_success_timestamp_seconds",] > 1e9
    assert samples["process_resident_memory_bytes",] > 0


def test_two_workers_of_a_process_count_apart() -> None:
    one, other = Monitor(), Monitor()
    one.error("queue busy")
    name, labels = "ses_feedback_errors_total", {"kind": "queue busy"}
    assert one.registry.get_sample_value(name, labels) == 1
    assert other.registry.get_sample_value(name, labels) is None


def test_health_has_the_reasons() -> None:
    monitor = Monitor()
    with served(monitor, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}/health"
        status, text = get(url)
        assert (status, set(json.loads(text)["reasons"])) == (503, {QUEUE, DATABASE})
        monitor.answered(QUEUE)
        monitor.answered(DATABASE)
        assert get(url) == (200, '{"status": "well", "reasons": {}}\n')
        monitor.away(DATABASE, "the disk is full")
        status, text = get(url)
        assert status == 503
        assert json.loads(text) == {
            "status": "ailing",
            "reasons": {DATABASE: "the disk is full"},
        }
        monitor.answered(DATABASE)
        assert get(url)[0] == 200


def test_silence_is_an_ailment(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = well()
    monkeypatch.setattr(observing, "LATELY", -1)
    assert set(monitor.ailments()) == {"loop", QUEUE, DATABASE}
    assert monitor.ailments()["loop"].startswith("no sign of life for ")


def test_other_pages_and_methods() -> None:
    with served(well(), "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        assert get(f"{url}/")[0] == 404
        assert get(f"{url}/health?x=1")[0] == 200
        assert get(f"{url}/health", "HEAD") == (200, "")
        assert get(f"{url}/health", "POST")[0] == 501


def test_a_caller_who_says_nothing_holds_nobody_up() -> None:
    with (
        served(well(), "127.0.0.1", 0) as port,
        socket.create_connection(("127.0.0.1", port)),
    ):
        assert get(f"http://127.0.0.1:{port}/health")[0] == 200


def test_a_port_that_is_taken_is_an_error() -> None:
    with (
        served(well(), "127.0.0.1", 0) as port,
        pytest.raises(OSError, match="in use"),
        served(well(), "127.0.0.1", port),
    ):
        pass


def test_it_listens_on_ipv6_too() -> None:
    with served(well(), "::1", 0) as port:
        assert get(f"http://[::1]:{port}/health")[0] == 200
