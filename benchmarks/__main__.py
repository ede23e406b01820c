"""Measures and prints the figures; exit code 1 when a limit is broken.

Each measurement has a process of its own, the sides take turns, medians count.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks import collector

ROOT = Path(__file__).parent.parent
OURS, BASELINE = "ours", "baseline"


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    identities: dict[int, int]
    """Sizes of the stacks that are declared, each with its repetitions; the ratio has
    a limit at the last but one, the growth from the third but last to the last."""
    applied: int
    """Identities of the stack that is applied."""
    mails: int
    repetitions: int
    """Of all but the stacks that are declared."""
    queued: int
    """Messages that one worker stores, and with which the queue server warms up; four
    of them share twice as many."""
    parsed: int
    """Messages."""
    known: int
    """Rows among which addresses are looked up."""
    remembered: int
    """Messages that a worker goes through, for its memory."""


FULL = Plan(
    {10: 5, 100: 3, 500: 3, 1_000: 3, 5_000: 1},
    applied=50,
    mails=500,
    repetitions=3,
    queued=6_000,
    parsed=20_000,
    known=1_000_000,
    remembered=100_000,
)
QUICK = Plan(
    {50: 1, 100: 1, 200: 1},
    applied=1,
    mails=5,
    repetitions=1,
    queued=50,
    parsed=50,
    known=1_000,
    remembered=1_000,
)


@dataclass(frozen=True)
class Figure:
    """A ratio, and what it may be."""

    name: str
    ours: float
    compared: float
    """The baseline, or the same of ours at another size."""
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.compared if self.compared else float("inf")

    @property
    def is_met(self) -> bool:
        return (self.most is None or self.ratio <= self.most) and (
            self.least is None or self.ratio >= self.least
        )

    @property
    def limit(self) -> str:
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.least is not None else ""


Medians = dict[str, float]


def measured(
    figure: str,
    size: int,
    repetitions: int,
    told: Mapping[str, str] | None = None,
    sides: Sequence[str] = (OURS, BASELINE),
) -> list[Medians]:
    """The medians of each side; they take turns. `told` is for their environment."""
    found: dict[str, list[Medians]] = {side: [] for side in sides}
    for _ in range(repetitions):
        for side, results in found.items():
            print(f"{figure} {size} {side}", file=sys.stderr)
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.sides"]
            run = subprocess.run(
                [*command, figure, side, str(size)],
                cwd=ROOT,
                env={**os.environ, **(told or {})},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            results.append(json.loads(run.stdout))
    return [_medians(results) for results in found.values()]


def _medians(results: Sequence[Medians]) -> Medians:
    return {key: median(result[key] for result in results) for key in results[0]}


def declared(plan: Plan) -> Iterator[Figure]:
    """Time and memory of a program that declares identities."""
    results = {
        size: measured("declare", size, repetitions)
        for size, repetitions in plan.identities.items()
    }
    short, limited, long = list(results)[-3:]
    for what, key, each, unit in (
        ("time", "seconds", "seconds", "s"),
        ("peak memory", "peak", "growth", "MiB"),
    ):
        for size, (ours, baseline) in results.items():
            yield Figure(
                f"declare {size:,} identities, {what}",
                ours[key],
                baseline[key],
                unit,
                most=1.25 if size == limited else None,
            )
        at_long, at_short = (
            1_000 * ours[each] / ours["resources"]
            for ours in (results[long][0], results[short][0])
        )
        yield Figure(
            f"{what} per 1,000 resources, {long:,} over {short:,} identities",
            at_long,
            at_short,
            unit,
            most=1.2,
        )


def applied(plan: Plan) -> Iterator[Figure]:
    """The time of a stack in the sandbox."""
    ours, baseline = measured("apply", plan.applied, plan.repetitions)
    yield Figure(
        f"apply {plan.applied} identities in the sandbox, over calls to its endpoint",
        ours["seconds"],
        baseline["seconds"],
        "s",
        most=1.3,
    )
    yield Figure(
        "the same, over the calls within the process",
        ours["seconds"],
        baseline["in_process"],
        "s",
    )


def mailed(plan: Plan) -> Iterator[Figure]:
    ours, baseline = measured("mails", plan.mails, plan.repetitions)
    yield Figure(
        "mails through the loop", ours["rate"], baseline["rate"], "/s", least=0.5
    )


def queued(plan: Plan) -> Iterator[Figure]:
    """Messages a second from a queue server into a database, over receiving and
    deleting them from the same one alone."""
    with collector.queue_server(plan.queued) as endpoint, collector.postgresql() as url:
        told = collector.environment(endpoint)
        ours, baseline = measured("queue", plan.queued, plan.repetitions, told)
        yield _from_queue("SQLite", ours, baseline)
        one: list[list[Medians]] = []
        four: list[list[Medians]] = []
        for _ in range(plan.repetitions):
            # In turns, since their ratio is what counts and a machine's speed changes.
            for workers, found in ((1, one), (4, four)):
                told = collector.environment(endpoint, url, workers)
                size = plan.queued * min(2, workers)
                found.append(measured("queue", size, 1, told))
    ours, baseline = (_medians(runs) for runs in zip(*one, strict=True))
    several, bare = (_medians(runs) for runs in zip(*four, strict=True))
    yield _from_queue("PostgreSQL", ours, baseline)
    yield Figure(
        "collector: four workers over one, PostgreSQL",
        several["rate"],
        ours["rate"],
        "/s",
        least=min(1.5, bare["rate"] / baseline["rate"]),
    )
    yield Figure(
        "four loops that only receive and delete over one",
        bare["rate"],
        baseline["rate"],
        "/s",
    )


def _from_queue(name: str, ours: Medians, baseline: Medians) -> Figure:
    return Figure(
        f"collector: messages from a queue into {name}",
        ours["rate"],
        baseline["rate"],
        "/s",
        least=0.7,
    )


def parsed(plan: Plan) -> Iterator[Figure]:
    ours, baseline = measured("parse", plan.parsed, plan.repetitions)
    yield Figure(
        f"collector: parse {plan.parsed:,} messages, over json.loads",
        ours["seconds"],
        baseline["seconds"],
        "s",
        most=3,
    )


def checked(plan: Plan) -> Iterator[Figure]:
    """The time until it is known of a thousand addresses who may be sent to."""
    with tempfile.TemporaryDirectory() as folder, collector.postgresql() as url:
        databases = {"SQLite": f"sqlite:///{folder}/feedback.db", "PostgreSQL": url}
        for name, database in databases.items():
            print(f"check: {plan.known} rows into {name}", file=sys.stderr)
            collector.fill(database, plan.known)
            told = collector.environment(database=database)
            ours, baseline = measured("check", plan.known, plan.repetitions, told)
            yield Figure(
                f"collector: check 1,000 addresses among {plan.known:,} rows, {name}",
                ours["seconds"],
                baseline["seconds"],
                "s",
                most=2,
            )


def remembered(plan: Plan) -> Iterator[Figure]:
    count = plan.remembered
    (ours,) = measured("memory", count, 1, sides=[OURS])
    yield Figure(
        f"collector: peak memory after {count:,} messages, over {count // 5:,}",
        ours["late"],
        ours["early"],
        "MiB",
        most=1.1,
    )


PARTS: dict[str, Callable[[Plan], Iterator[Figure]]] = {
    "declare": declared,
    "apply": applied,
    "mails": mailed,
    "queue": queued,
    "parse": parsed,
    "check": checked,
    "memory": remembered,
}
"""What can be measured by itself, in the order of the README."""

GROUPS = {
    "program": ("declare",),
    "sandbox": ("apply", "mails"),
    "collector": ("queue", "parse", "check", "memory"),
}


def figures(plan: Plan, names: Sequence[str] = ()) -> Iterator[Figure]:
    """Of these parts and groups, or all, in the order of the README."""
    wanted = {part for name in names for part in GROUPS.get(name, (name,))}
    for name, part in PARTS.items():
        if not wanted or name in wanted:
            yield from part(plan)


def machine() -> str:
    """What it was measured on."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {pages / 2**30:.0f} GiB,"
        f" {platform.system()}, Python {platform.python_version()}"
    )


def table(found: list[Figure], *, judged: bool) -> str:
    """The figures as the README has them."""
    rows = ["| figure | ours | compared with | ratio | limit | |"]
    rows.append("| --- | ---: | ---: | ---: | --- | --- |")
    for one in found:
        verdict = ("met" if one.is_met else "broken") if one.limit and judged else ""
        ours, compared = (
            f"{value:,.{0 if value >= 100 else 2}f} {one.unit}"
            for value in (one.ours, one.compared)
        )
        rows.append(
            f"| {one.name} | {ours} | {compared} | {one.ratio:.2f} | {one.limit}"
            f" | {verdict} |"
        )
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="see whether it runs: sizes too small to judge by",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="PART",
        help=f"only these: {', '.join([*GROUPS, *PARTS])}",
    )
    options = parser.parse_args()
    for name in options.names:
        if name not in GROUPS and name not in PARTS:
            known = ", ".join([*GROUPS, *PARTS])
            parser.error(f"there is no part {name!r}; expected some of {known}")
    found = list(figures(QUICK if options.quick else FULL, options.names))
    if options.json:
        rows = [{**asdict(one), "ratio": one.ratio, "met": one.is_met} for one in found]
        print(json.dumps({"machine": machine(), "figures": rows}))
    else:
        print(f"{machine()}\n\n{table(found, judged=not options.quick)}")
    return 0 if options.quick or all(one.is_met for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
