"""Kernels: their time alone, by the GPU's own events or the CPU's clock, in turn with the yardsticks."""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cases import CASES, Case
from benchmarks.table import Row, attempted
from benchmarks.yardsticks import Yardstick, YardstickError
from cubie_cli.batches.design import Design
from cubie_cli.batches.parts import Axis, Listed, Together
from cubie_cli.configurations.job import load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution import engine

SECTION = "kernels"
#: A round repeats a kernel for about so many seconds, and at least and at most so often.
_ROUND_SECONDS, _FEWEST, _MOST = 0.2, 3, 15
#: A GPU needs this long to reach its clock.
_WARM_SECONDS = 0.15


#: What tables call a kernel's needs.
_HEADINGS = {"local_bytes": "stack B", "spill_bytes": "spill B"}


def needs(report: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return some of what a CUDA kernel needs, by heading; nothing where there is none."""
    return {_HEADINGS.get(key, key): report[key] for key in keys if key in report}


def _shuffled(design: Design) -> Design:
    """Return the runs of a batch in random order."""
    values = np.random.default_rng(1).permutation(design.values(0, design.count), axis=1)
    names = zip(design.names, values, strict=True)
    return Design((Together(tuple(Axis(name, Listed(row)) for name, row in names)),))


class Compiled(NamedTuple):
    """A case that is ready to run.

    Parameters
    ----------
    solver
        Its solver.
    values
        The swept values, (1, runs).
    seconds
        That compiling took.
    """

    solver: engine.Solver
    values: np.ndarray
    seconds: float


def compiled(case: Case, target: str, options: Sequence[str] = ()) -> Compiled:
    """Compile a case, with options as on the command line; its kernel is kept nowhere but where they name a cache."""
    with tempfile.TemporaryDirectory() as folder:
        job = load(case.write(Path(folder)), ["run.cache=false", *options])
    if case.shuffled:
        job = replace(job, design=_shuffled(job.design))
    kernel = find_kernel(job, target).compiled()
    solver = engine.load(kernel, job.exchange, job.configuration.threads)
    return Compiled(solver, job.design.values(0, case.runs), kernel.seconds)


class CompiledCase:
    """A case whose kernel is compiled and warm.

    Parameters
    ----------
    case
        What is integrated.
    target, options
        As on the command line.
    """

    def __init__(self, case: Case, target: str, options: Sequence[str] = ()) -> None:
        self.solver, self.values, self.compile_seconds = compiled(case, target, options)
        self.solution = self.solver.solve(self.values)
        self._warm()

    def _warm(self) -> None:
        start = time.perf_counter()
        while time.perf_counter() - start < _WARM_SECONDS:
            self.solution = self.solver.solve(self.values)

    def time(self) -> list[float]:
        """Return the milliseconds of several runs of the kernel."""
        times: list[float] = []
        while len(times) < _FEWEST or (sum(times) < 1e3 * _ROUND_SECONDS and len(times) < _MOST):
            self.solution = self.solver.solve(self.values)
            times.append(1e3 * self.solution.kernel_seconds)
        return times

    def facts(self) -> dict[str, Any]:
        """Return what the last run did, and what the kernel needs."""
        found = self.solution
        report = self.solver.kernel_report() or {}
        return {
            "attempts": float((found.steps + found.rejected).mean()),
            "failed": int((found.status != 0).sum()),
            "compile_s": self.compile_seconds,
            "kernel": report,
        }


def measure(
    wanted: Sequence[str],
    target: str,
    scale: float,
    options: Sequence[str],
    yardsticks: Sequence[Yardstick],
    rounds: int = 3,
) -> Iterator[Row]:
    """Yield a row for each case among the wanted names."""
    for name in wanted:
        case = CASES[name].on(target, scale)
        able = [yard for yard in yardsticks if yard.target == target and yard.can(case)]
        yield attempted(SECTION, name, partial(_row, case, target, options, able, rounds))


def _row(case: Case, target: str, options: Sequence[str], yardsticks: Sequence[Yardstick], rounds: int) -> Row:
    """Time a kernel in turn with the yardsticks."""
    kernel = CompiledCase(case, target, options)
    with closing(kernel.solver):
        return _turns(case, kernel, yardsticks, rounds)


def _turns(case: Case, kernel: CompiledCase, yardsticks: Sequence[Yardstick], rounds: int) -> Row:
    ours: list[float] = []
    theirs: dict[str, list[float]] = {yard.name: [] for yard in yardsticks}
    notes: dict[str, str] = {}
    for _ in range(rounds):
        ours.append(statistics.median(kernel.time()))
        for yard in yardsticks:
            if yard.name not in notes:
                try:
                    theirs[yard.name].append(yard.time(case))
                except YardstickError as error:
                    notes[yard.name] = str(error)
    facts = kernel.facts()
    figures = {"ms": statistics.median(ours), "us_run": 1e3 * statistics.median(ours) / case.runs}
    figures |= {key: facts[key] for key in ("attempts", "failed", "compile_s")}
    figures |= needs(facts["kernel"], ("registers", "local_bytes"))
    details: dict[str, Any] = {"rounds_ms": ours, "runs": case.runs, "kernel": facts["kernel"], "notes": notes}
    for name, times in theirs.items():
        if name in notes:
            continue
        ratios = [their / our for our, their in zip(ours, times, strict=True)]
        figures |= {name: statistics.median(times), f"{name} ratio": statistics.median(ratios)}
        details |= {f"{name} rounds_ms": times, f"{name} ratios": ratios}
    return Row(SECTION, case.name, figures, details, [f"{name}: {text}" for name, text in notes.items()])
