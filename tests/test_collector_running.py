"""The files by which the collector is run: the Dockerfile and the systemd unit."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.queue_server import FreshQueue
from tests.stacks import ROOT

COLLECTOR = ROOT / "collector"
PATIENCE = 60
"""Seconds until a process that does not answer is given up."""


def instructions(name: str) -> list[str]:
    """What stands behind each such instruction of the Dockerfile."""
    text = (COLLECTOR / "Dockerfile").read_text().replace("\\\n", " ")
    found = [line.strip() for line in text.splitlines()]
    return [line.removeprefix(name).strip() for line in found if line.startswith(name)]


def command(name: str) -> list[str]:
    """The one such instruction in its form of a list."""
    (text,) = instructions(name)
    parts: list[str] = json.loads(text[text.index("[") :])
    return parts


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment in place of the image, made by the Dockerfile's lines."""
    folder = tmp_path_factory.mktemp("image")
    work = folder / "work"
    work.mkdir()
    for line in instructions("COPY "):
        *sources, target = shlex.split(line)
        for source in sources:
            if (COLLECTOR / source).is_dir():
                shutil.copytree(COLLECTOR / source, work / target)
            else:
                shutil.copy(COLLECTOR / source, work / target)
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    (line,) = (line for line in instructions("RUN ") if "pip install" in line)
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=work,
        env=inside(venv),
        capture_output=True,
        text=True,
        check=False,
    )
    if "ConnectionError" in done.stderr and os.environ.get("CI") != "true":
        pytest.skip("the package registry could not be reached")
    assert done.returncode == 0, done.stderr
    return venv


def inside(venv: Path, **more: str) -> dict[str, str]:
    """The environment in which the virtual environment's commands come first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "SES_FEEDBACK_", "VIRTUAL_ENV"))
    }
    return kept | {"PATH": f"{venv / 'bin'}:{os.environ['PATH']}"} | more


@contextmanager
def running(
    image: Path, folder: Path, queue: FreshQueue
) -> Iterator["subprocess.Popen[str]"]:
    """What the image runs, until it is told to stop."""
    settings = {
        "SES_FEEDBACK_QUEUE_URL": queue.url,
        "SES_FEEDBACK_DATABASE": f"sqlite:///{folder / 'feedback.db'}",
    }
    with subprocess.Popen(
        command("CMD "),
        env=inside(image, **settings),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_image_s_lines_install_a_worker_that_is_healthy_and_stops(
    image: Path, tmp_path: Path, queue: FreshQueue
) -> None:
    with running(image, tmp_path, queue) as process:
        check = command("HEALTHCHECK ")
        until = time.monotonic() + PATIENCE
        while subprocess.run(check, env=inside(image), check=False).returncode:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        (stop,) = instructions("STOPSIGNAL ")
        process.send_signal(signal.Signals[stop])
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    assert (tmp_path / "feedback.db").is_file()


def test_the_image_is_given_all_that_it_copies() -> None:
    ignored = (COLLECTOR / ".dockerignore").read_text().splitlines()
    for line in instructions("COPY "):
        for source in shlex.split(line)[:-1]:
            assert (COLLECTOR / source).exists()
            assert f"!{source}" in ignored


def test_the_image_does_not_run_as_root_and_keeps_its_database() -> None:
    assert instructions("USER ") == ["nobody"]
    assert instructions("VOLUME ") == ["/data"]
    assert instructions("ENV ") == ["SES_FEEDBACK_DATABASE=sqlite:////data/feedback.db"]


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (COLLECTOR / "ses-feedback-collector.service").read_text()
    installed = "/opt/ses-feedback-collector/bin/ses-feedback-collector"
    assert f"ExecStart={installed} run\n" in text
    here = Path(sys.executable).parent / "ses-feedback-collector"
    unit = tmp_path / "ses-feedback-collector.service"
    unit.write_text(text.replace(installed, str(here)))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
