"""Measures and prints the figures; exit code 1 when a limit is broken.

Each measurement has a process of its own, the sides take turns, medians count.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

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
    """Of what is applied and of the mails."""


FULL = Plan({10: 5, 100: 3, 500: 3, 1_000: 3, 5_000: 1}, 50, 500, 3)
QUICK = Plan({10: 1, 20: 1, 40: 1}, 1, 5, 1)


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


def measured(figure: str, size: int, repetitions: int) -> tuple[Medians, Medians]:
    """The medians of both sides, which take turns."""
    found: dict[str, list[Medians]] = {OURS: [], BASELINE: []}
    for _ in range(repetitions):
        for side, results in found.items():
            print(f"{figure} {size} {side}", file=sys.stderr)
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.sides"]
            run = subprocess.run(
                [*command, figure, side, str(size)],
                cwd=ROOT,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            results.append(json.loads(run.stdout))
    ours, baseline = (
        {key: median(result[key] for result in results) for key in results[0]}
        for results in found.values()
    )
    return ours, baseline


def figures(plan: Plan) -> Iterator[Figure]:
    """Every figure, in the order of the README."""
    yield from declared(plan)
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
    ours, baseline = measured("mails", plan.mails, plan.repetitions)
    yield Figure(
        "mails through the loop", ours["rate"], baseline["rate"], "/s", least=0.5
    )


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
    options = parser.parse_args()
    found = list(figures(QUICK if options.quick else FULL))
    if options.json:
        rows = [{**asdict(one), "ratio": one.ratio, "met": one.is_met} for one in found]
        print(json.dumps({"machine": machine(), "figures": rows}))
    else:
        print(f"{machine()}\n\n{table(found, judged=not options.quick)}")
    return 0 if options.quick or all(one.is_met for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
