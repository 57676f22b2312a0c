"""Measure and print; see docs/performance.md.

python -m benchmarks [--target cuda|cpu] [--only TEXT ...] [--json FILE]
python -m benchmarks --list
"""

import argparse
import gc
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path

from benchmarks import batches, beside_cubie, commands, compilation, devices, kernels, memory, peers
from benchmarks.cases import CASES
from benchmarks.cubie_yardstick import Cubie017
from benchmarks.table import Row, Table
from benchmarks.yardsticks import Yardstick, parse
from cubie_cli.main import OBJECTS_BEFORE_COLLECTION
from solvers.execution import engine


def names() -> dict[str, list[str]]:
    """Return the names of all measurements by section."""
    return {
        kernels.SECTION: list(CASES),
        beside_cubie.SECTION: list(beside_cubie.CASES),
        memory.SECTION: list(memory.NAMES),
        compilation.SECTION: list(compilation.NAMES),
        commands.SECTION: list(commands.NAMES),
        batches.SECTION: list(batches.NAMES),
        devices.SECTION: list(devices.NAMES),
        peers.SECTION: list(peers.NAMES),
    }


def chosen(only: Sequence[str]) -> dict[str, list[str]]:
    """Return the names that contain one of some texts, a section's name before each; all of them without texts."""
    return {
        section: [name for name in there if not only or any(text in f"{section} {name}" for text in only)]
        for section, there in names().items()
    }


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure kernels, commands and memory.")
    parser.add_argument(
        "--target", choices=("auto", "cuda", "cpu"), default="auto", help="default: a GPU if there is one"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="measurements whose name contains it"
    )
    parser.add_argument("--list", action="store_true", help="print the names of all measurements")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on all numbers of runs")
    parser.add_argument("--rounds", type=int, default=3, help="how often kernels and yardsticks take turns")
    parser.add_argument("--set", action="append", default=[], dest="options", metavar="TABLE.KEY=VALUE")
    parser.add_argument("--arch", help="memory and compile: for this architecture; no GPU is needed")
    parser.add_argument("--yardstick", action="append", default=[], type=parse, metavar="NAME=PATH")
    parser.add_argument("--cubie-site", type=Path, metavar="FOLDER", help="packages of cubie 0.17, as a yardstick")
    parser.add_argument("--cubie-python", metavar="FILE", help="an interpreter that imports cubie 0.17")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    return parser.parse_args()


def about(target: str) -> dict[str, str]:
    """Return what was measured, and where."""
    packages = ("numba", "numba-cuda", "numpy", "scipy", "heyoka", "scikit-sundae")
    there = {name: version for name in packages if (version := _version(name))}
    return {
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "target": target,
        "device": engine.available_targets()[target],
        "cores": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version}" for name, version in there.items()),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def main() -> int:
    """Measure what was asked for; return 1 where a measurement failed, else 0."""
    asked = arguments()
    if asked.list:
        print("\n".join(f"{section} {name}" for section, there in names().items() for name in there))
        return 0
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)  # as the command has it
    target = engine.choose_target(asked.target)
    start = partial(Cubie017, asked.cubie_site, asked.cubie_python) if asked.cubie_site or asked.cubie_python else None
    cubie = start() if start else None
    yardsticks: list[Yardstick] = [*asked.yardstick, *([cubie] if cubie else [])]
    wanted = chosen(asked.only)
    measurements: dict[str, Callable[[], Iterator[Row]]] = {
        kernels.SECTION: lambda: kernels.measure(
            wanted[kernels.SECTION], target, asked.scale, asked.options, yardsticks, asked.rounds
        ),
        beside_cubie.SECTION: lambda: beside_cubie.measure(
            wanted[beside_cubie.SECTION], target, asked.scale, asked.options, start, asked.rounds
        ),
        memory.SECTION: lambda: memory.measure(wanted[memory.SECTION], target, asked.options, asked.arch),
        compilation.SECTION: lambda: compilation.measure(
            wanted[compilation.SECTION], target, asked.options, asked.arch
        ),
        commands.SECTION: lambda: commands.measure(wanted[commands.SECTION], target, asked.scale, cubie),
        batches.SECTION: lambda: batches.measure(wanted[batches.SECTION], target, asked.scale, asked.rounds),
        devices.SECTION: lambda: devices.measure(wanted[devices.SECTION], target, asked.scale, asked.rounds),
        peers.SECTION: lambda: peers.measure(wanted[peers.SECTION]),
    }
    table = Table(asked.json, about(target))
    for measure in measurements.values():
        for row in measure():
            table.add(row)
    if cubie:
        cubie.close()
    return int(table.failed)


if __name__ == "__main__":
    sys.exit(main())
