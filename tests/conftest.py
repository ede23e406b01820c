"""What holds for every test: no file without tests, no gap without a word."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.cloud import Cloud
    from tests.served import Served

pytest_plugins = ["tests.databases", "tests.queue_server"]

ROOT = Path(__file__).parent.parent

_left_out = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "needs(command, ...): the test runs these commands. Without one on the PATH it "
        "is left out, and named at the end; with CI=true it fails. A name with a slash "
        "is a file of the checkout.",
    )
    config.stash[_left_out] = {}


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
    item.config.stash[_left_out][item.nodeid] = reason
    pytest.skip(reason)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for test, reason in config.stash[_left_out].items():
        terminalreporter.write_line(f"left out: {test} {reason}", yellow=True)


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
