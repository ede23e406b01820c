"""Runs the real Pulumi program under a monitor of ours."""

import asyncio
import json
import runpy
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import Stack, run_pulumi_func


@dataclass(frozen=True)
class Program:
    """A program's folder, with the stack configuration as Pulumi hands it over:
    every value as text, maps and lists as JSON."""

    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: tuple[str, ...] = ()
    folder: Path = Path(".")

    @classmethod
    def of(
        cls, project: str, stack: str, config: Mapping[str, Any], **more: Any
    ) -> Self:
        """The program with configuration values as a stack file has them."""
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in config.items()
        }
        return cls(project, stack, texts, **more)


class _NoMocks(mocks.Mocks):
    """The monitor answers everything itself, so its mocks are never asked."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"unanswered call of {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"unanswered registration of {args.typ}")


NO_MOCKS = _NoMocks()


def run(
    program: Program, monitor: mocks.MockMonitor, *, preview: bool = False
) -> dict[str, Any]:
    """Runs `__main__.py` in its folder until everything has settled.

    Returns the exports as plain values, secrets in clear; in a preview the
    unknown ones are absent. What the program raises is raised here, with
    everything that was declared by then in the monitor.
    """
    with chdir(program.folder):
        return asyncio.run(_run(program, monitor, preview))


async def _run(
    program: Program, monitor: mocks.MockMonitor, preview: bool
) -> dict[str, Any]:
    # Whatever waits for a failed registration fails like it; the first is raised.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    # The exports of an earlier run, and what it left unfinished, would join this one.
    settings.reset_options()
    pulumi.runtime.set_all_config(dict(program.config), list(program.secret_keys))
    pulumi.runtime.set_mocks(
        NO_MOCKS, program.project, program.stack, preview, monitor=monitor
    )
    exports: dict[str, Any] = {}

    def execute() -> None:
        runpy.run_path("__main__.py", run_name="__main__")
        root = settings.get_root_resource()
        assert isinstance(root, Stack)
        exports.update(root.outputs)
        # As at the end of a real run: the monitor hears of them, secrets marked.
        root.register_outputs(exports)

    await run_pulumi_func(execute)
    return await _plain(exports)


async def _plain(exports: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in exports.items():
        output = pulumi.Output.from_input(value)
        if await output.is_known():
            values[name] = rpc.unwrap_rpc_secret(await output.future())
    return values
