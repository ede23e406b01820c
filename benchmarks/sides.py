"""One measurement in a process of its own: `python -m benchmarks.sides FIGURE SIDE SIZE`.

Prints it as JSON. Each side does a run first, so that neither pays for imports. Seconds
are the processor's, so that neighbours on the machine do not count, but where a server
does a part of the work.
"""

import gc
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks import collector

ROOT = Path(__file__).parent.parent

LARGEST_CONFIGURATION = 1_000
"""Identities that Pulumi still hands over; more stand in a file (README)."""

WARM_UP = 1


PAGER = {"protocol": "sms", "endpoint": "+15555550123"}

LOOP = {
    "FeedbackQueue::app",
    "Channel::app",
}
"""What `baselines.declare` writes out besides the identities."""


def configuration(count: int) -> dict[str, Any]:
    """The stack that both sides declare, with every part, by our keys."""
    from benchmarks import baselines

    return {
        "channels": {"app": {}, "oncall": {"subscriptions": {"pager": PAGER}}},
        "identities": {
            f"i{number}": {
                "sender": baselines.sender(number),
                "feedback": "app",
                "delivery": "app",
                "configurationSet": "none",
            }
            for number in range(count)
        },
        "configurationSets": {
            "all": {
                "eventLog": ["send", "bounce", "complaint", "delivery"],
                "pauseOnCriticalAlarm": True,
            }
        },
        "queues": {"app": {}},
        "eventLog": {},
        "monitoring": {"alarms": "oncall", "account": {"dailyQuota": 50_000}},
    }


def handed_over(count: int, folder: Path) -> dict[str, str]:
    """The configuration as Pulumi hands it to the program in this folder."""
    (folder / "__main__.py").symlink_to(ROOT / "__main__.py")
    keys = configuration(count)
    if count > LARGEST_CONFIGURATION:
        lines = (
            f"{key}: {json.dumps(one)}\n" for key, one in keys.pop("identities").items()
        )
        (folder / "identities.yaml").write_text("".join(lines))
        keys["identitiesFile"] = "identities.yaml"
    texts = {
        f"ses-feedback:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in keys.items()
    }
    return {"aws:region": "eu-west-1", **texts}


def bare(count: int, folder: Path) -> dict[str, str]:
    """The baseline as a program in this folder, with the parts written beside it."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.sides"]
    written = subprocess.run(
        [*command, "parts", "ours", "1"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    (folder / "parts.json").write_bytes(written.stdout)
    text = f"from benchmarks.baselines import declare\n\ndeclare({count})\n"
    (folder / "__main__.py").write_text(text)
    return {}


def parts(side: str, count: int) -> list[dict[str, Any]]:
    """The resources of the parts beside the loop, in the order of their declaration."""
    from pulumi.runtime import rpc

    from benchmarks import baselines

    recorded: list[dict[str, Any]] = []

    class Recorder(baselines.Monitor):
        def RegisterResource(self, request: Any) -> Any:
            answer = super().RegisterResource(request)
            inputs = dict(rpc.deserialize_properties(request.object))
            inputs.pop("code", None)
            resource = {"urn": answer.urn, "type": request.type, "name": request.name}
            told = {"parent": request.parent, "protect": request.protect}
            recorded.append({**resource, **told, "inputs": inputs})
            return answer

    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        baselines.run(Path(folder), handed_over(count, Path(folder)), recorder)
    others: list[dict[str, Any]] = []
    of_loop: set[str] = set()
    for each in recorded:
        component = each["type"].rpartition(":")[2]
        if (
            each["parent"] in of_loop
            or component == "SendingIdentity"
            or f"{component}::{each['name']}" in LOOP
        ):
            of_loop.add(each["urn"])
        elif each["type"] != "pulumi:pulumi:Stack":
            others.append(each)
    return others


SIDES = {"ours": handed_over, "baseline": bare}


def declare(side: str, count: int) -> dict[str, float]:
    """Seconds and peak memory for loading, checking and declaring a stack."""
    from benchmarks import baselines

    def once(count: int) -> tuple[float, int]:
        monitor = baselines.Monitor()
        with tempfile.TemporaryDirectory() as folder:
            config = SIDES[side](count, Path(folder))
            gc.collect()
            begun = process_time()
            baselines.run(Path(folder), config, monitor)
            return process_time() - begun, monitor.registered

    once(WARM_UP)
    before = peak()
    seconds, resources = once(count)
    return {
        "seconds": seconds,
        "resources": resources,
        "peak": peak(),
        "growth": peak() - before,
    }


def peak() -> float:
    """The most memory that this process had until now, in MiB.

    Linux tells by getrusage what the process had before it became this program as
    well: the memory of whoever started it.
    """
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    status = Path("/proc/self/status").read_text()
    (most,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(most) / 2**10


def apply(side: str, count: int) -> dict[str, float]:
    """Seconds for applying a stack to the sandbox's account: by the program, or by the
    same calls of boto3 to the account's endpoint."""
    import boto3

    from benchmarks import baselines
    from components.account import Account
    from sandbox.cloud import Cloud
    from sandbox.monitor import Monitor
    from sandbox.server import Listener, environment, serving
    from sandbox.surroundings import EXAMPLE_ACCOUNT

    account = Account(EXAMPLE_ACCOUNT, "eu-west-1", "aws")
    with Listener(0) as listener:
        endpoint = listener.endpoint
        port = listener.socket.getsockname()[1]

    def program() -> float:
        with tempfile.TemporaryDirectory() as folder, Cloud(account, endpoint) as cloud:
            config = handed_over(count, Path(folder))
            gc.collect()
            begun = process_time()
            baselines.run(Path(folder), config, Monitor(cloud))
            return process_time() - begun

    # The endpoint takes no functions, so the baseline does without them.
    calls = [each for each in recorded(program) if each[0] != "lambda"]

    def directly() -> float:
        with (
            Listener(port) as listener,
            Cloud(account, endpoint) as cloud,
            serving(cloud, listener),
            patch.dict(os.environ, environment(cloud)),
        ):
            client = cache(boto3.Session().client)
            for service in {service for service, _, _ in calls}:
                client(service)
            gc.collect()
            begun = process_time()
            baselines.call(client, calls)
            return process_time() - begun

    def in_process() -> float:
        with Cloud(account, endpoint) as cloud:
            gc.collect()
            begun = process_time()
            baselines.call(cloud.client, calls)
            return process_time() - begun

    if side == "ours":
        return {"seconds": program()}
    return {"seconds": directly(), "in_process": in_process(), "calls": len(calls)}


def recorded(program: Callable[[], object]) -> list[Any]:
    """The calls of boto3 that a program makes."""
    from botocore import xform_name
    from botocore.client import BaseClient

    calls: list[Any] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recording(self: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        service = self.meta.service_model.service_name
        calls.append((service, xform_name(operation), dict(parameters)))
        return real(self, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", recording):
        program()
    return calls


def mails(side: str, count: int) -> dict[str, float]:
    """Mails a second until their bounces are in a queue."""
    from benchmarks import baselines

    if side == "baseline":
        return {"rate": count / baselines.mails(count, process_time)}

    from components.settings import StackFile
    from sandbox.stack import applied

    config = {f"ses-feedback:{key}": value for key, value in configuration(1).items()}
    config["ses-feedback:identities"]["i0"] |= {
        "sender": "shop.example.com",
        "configurationSet": "all",
    }
    config["aws:region"] = "eu-west-1"
    path = ROOT / "Pulumi.bench.yaml"
    with applied(StackFile(path, "ses-feedback", "bench", ROOT, config)) as stack:
        ses, sqs = (stack.cloud.client(service) for service in ("sesv2", "sqs"))
        url = stack.outputs["queueUrls"]["app"]
        ses.send_email(**baselines.MAIL)
        before = baselines.waiting(sqs, url)
        begun = process_time()
        for _ in range(count):
            ses.send_email(**baselines.MAIL)
        seconds = process_time() - begun
        assert baselines.waiting(sqs, url) == before + count
        return {"rate": count / seconds}


FIGURES: dict[str, Callable[[str, int], object]] = {
    "declare": declare,
    "apply": apply,
    "mails": mails,
    "queue": collector.queue,
    "parse": collector.parse,
    "check": collector.check,
    "memory": collector.memory,
}

if __name__ == "__main__":
    figure, side, size = sys.argv[1:]
    measure = parts if figure == "parts" else FIGURES[figure]
    print(json.dumps(measure(side, int(size))))
