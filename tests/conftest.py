"""What holds for every test: no file without tests, no gap without a word."""

import os
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.cloud import Cloud
    from tests.served import Served

pytest_plugins = ["tests.databases", "tests.queue_server"]

ROOT = Path(__file__).parent.parent

LEFT_OUT = "left out"
"""The property by which a report says why its test was left out; a process that runs a
part of the tests hands it over with the report."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "needs(command, ...): the test runs these commands. Without one on the PATH it "
        "is left out, and named at the end; with CI=true it fails. A name with a slash "
        "is a file of the checkout.",
    )
    # A shell that runs the tests in the background has them ignore it, and whatever
    # they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A process that runs a part of the tests has a terminal's size that nobody has.
    for size in ("COLUMNS", "LINES"):
        os.environ.pop(size, None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    needed = [name for mark in item.iter_markers("needs") for name in mark.args]
    commands = [name for name in needed if "/" not in name and not shutil.which(name)]
    files = [name for name in needed if "/" in name and not (ROOT / name).exists()]
    if not commands and not files:
        return
    reasons = [f"{', '.join(commands)} on the PATH"] if commands else []
    reason = f"needs {' and '.join([*reasons, *files])}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    item.user_properties.append((LEFT_OUT, reason))
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("skipped"):
        if (reason := dict(report.user_properties).get(LEFT_OUT)) is not None:
            line = f"left out: {report.nodeid} {reason}"
            terminalreporter.write_line(line, yellow=True)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if isinstance(collector, pytest.Module) and report.passed and not report.result:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} holds no test"
    return report


# The emulator takes a second to import, which most tests do without.


@pytest.fixture
def cloud() -> "Iterator[Cloud]":
    """An emulated account with nothing in it."""
    from sandbox.cloud import Cloud
    from tests.emulated import ACCOUNT

    with Cloud(ACCOUNT) as cloud:
        yield cloud


@pytest.fixture
def account() -> "Iterator[Served]":
    """The same, served."""
    from tests.served import served

    with served() as account:
        yield account
