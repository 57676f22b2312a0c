"""Beside cubie 0.17 where the errors are equal, over the cases of its own benchmark and models of other kinds.

Cubie 0.17 solves a case at one tolerance, and its error is the one wanted. Ours is compiled at tolerances half a decade
apart until two have that error between theirs; these two and cubie 0.17 are timed in turn, and our time at the wanted
error is read between the two. With fixed steps there is nothing to look for. Cubie 0.17 is told the first step, as its
own benchmark tells it; ours estimates one.

Compiling takes longest, so as many cases as there are cores are compiled at once; then they are timed one by one.
"""

import multiprocessing
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from benchmarks import cubie_cases, model_cases
from benchmarks.cases import Case
from benchmarks.cubie_yardstick import Cubie017
from benchmarks.equal_error import RUNG, Curve, Point, bracket, rms_error, time_at
from benchmarks.kernels import CompiledCase, compiled, needs
from benchmarks.table import Row, attempted
from solvers.planning.exchange import Solution

SECTION = "equal error"
CASES = cubie_cases.CASES | model_cases.CASES
#: Runs whose error is measured, spread over the sweep.
SAMPLE = 64
#: A method for the reference, and another that has to agree with it.
_REFERENCES = {False: ("vern9", "dop853"), True: ("radau_iia_9", "rodas5p")}
_TIGHT = 1e-12
_LOOSEST, _TIGHTEST = 1e-2, {"float32": 1e-7, "float64": 1e-12}
#: Runs that need more attempts have failed: one that is stuck would hold up a million others.
_MOST_ATTEMPTS = "solve.max_steps=50000"


@dataclass(frozen=True)
class Reference:
    """What the sampled runs of a problem end with.

    Parameters
    ----------
    states
        (states, runs).
    doubt
        The error of another method's result against it.
    """

    states: np.ndarray
    doubt: float


def picks(runs: int) -> np.ndarray:
    """Return the indices of the sampled runs."""
    return np.linspace(0, runs - 1, SAMPLE).astype(int)


def sampled(case: Case, target: str, options: Sequence[str]) -> np.ndarray:
    """Return the last states of the sampled runs, NaN where one failed."""
    solver, values, _ = compiled(case, target, options)
    with closing(solver):
        return _last(solver.solve(values[:, picks(case.runs)]))


def _last(solution: Solution) -> np.ndarray:
    states: np.ndarray = np.where(solution.status == 0, solution.variables[:, -1, :], np.nan)
    return states


def reference(case: Case) -> Reference:
    """Return the reference of a case's problem, computed on the processor."""
    tight = replace(case, precision="float64", fixed=False, rtol=_TIGHT)
    methods = (replace(tight, algorithm=method) for method in _REFERENCES[case.problem.stiff])
    states, other = (sampled(one, "cpu", ()) for one in methods)
    return Reference(states, rms_error(other, states))


def rungs(case: Case, target: str, options: Sequence[str], exact: np.ndarray, wanted: float) -> list[int]:
    """Return the rungs of the ladder of tolerances to time; their kernels are compiled and kept."""

    def error_at(rung: int) -> float:
        states = sampled(_at(case, rung), target, options)
        return np.inf if np.isnan(states).any() else rms_error(states, exact)

    if case.fixed or not 0 < wanted < np.inf:
        error_at(0)
        return [0]
    tightest = round(np.log(_TIGHTEST[case.precision] / case.rtol) / np.log(RUNG))
    loosest = round(np.log(_LOOSEST / case.rtol) / np.log(RUNG))
    return bracket(error_at, wanted, range(tightest, loosest + 1))


def _at(case: Case, rung: int) -> Case:
    return replace(case, rtol=case.rtol * RUNG**rung)


def measure(
    wanted: Sequence[str],
    target: str,
    scale: float,
    options: Sequence[str],
    cubie: Callable[[], Cubie017] | None,
    rounds: int,
) -> Iterator[Row]:
    """Yield a row for each case among the wanted names; `cubie` starts a process of cubie 0.17."""
    if not wanted:
        return
    if cubie is None or target != Cubie017.target:
        lacking = "a GPU" if cubie else "cubie 0.17: --cubie-site or --cubie-python"
        yield Row(SECTION, "all", {"measured": 0}, notes=[f"needs {lacking}"])
        return
    cases = [CASES[name].on(target, scale) for name in wanted]
    with _Workshop(target, options, cubie, min(len(os.sched_getaffinity(0)), len(cases))) as workshop:
        for first in range(0, len(cases), workshop.size):
            yield from workshop.measure(cases[first : first + workshop.size], rounds)


class _Workshop:
    """Processes of both programs, which compile at the same time and are timed in turn."""

    def __init__(self, target: str, options: Sequence[str], cubie: Callable[[], Cubie017], size: int) -> None:
        self.size = size
        self._target = target
        self._stack = ExitStack()
        cache = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._options = [_MOST_ATTEMPTS, *options, f"run.cache={cache}"]
        fresh = multiprocessing.get_context("spawn")
        self._processes = self._stack.enter_context(ProcessPoolExecutor(size, fresh))
        self._threads = self._stack.enter_context(ThreadPoolExecutor(size))
        self._cubies = [cubie() for _ in range(size)]
        for one in self._cubies:
            self._stack.enter_context(closing(one))
        self._references: dict[str, Future[Reference]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def measure(self, cases: Sequence[Case], rounds: int) -> Iterator[Row]:
        """Compile all of some cases, no more than there are processes, then yield their rows one by one."""
        for case in cases:
            if case.problem.name not in self._references:
                self._references[case.problem.name] = self._processes.submit(reference, case)
        found = [self._threads.submit(self._prepare, *both) for both in zip(cases, self._cubies, strict=False)]
        for one in found:
            one.exception()  # nothing may run beside what is timed
        for case, cubie, one in zip(cases, self._cubies, found, strict=False):
            yield attempted(SECTION, case.name, partial(self._row, case, cubie, one, rounds))

    def _prepare(self, case: Case, cubie: Cubie017) -> list[int]:
        """Let both programs compile a case, and return our tolerances to time."""
        exact = self._references[case.problem.name].result().states
        theirs = cubie.solve(case, SAMPLE, repeat=1).states
        wanted = rms_error(theirs, exact)
        return self._processes.submit(rungs, case, self._target, self._options, exact, wanted).result()

    def _row(self, case: Case, cubie: Cubie017, found: Future[list[int]], rounds: int) -> Row:
        """Time a case in turn with cubie 0.17."""
        there = found.result()
        ladder = sorted({0, *there}, reverse=True)
        exact = self._references[case.problem.name].result()
        with ExitStack() as stack:
            ours = [CompiledCase(_at(case, rung), self._target, self._options) for rung in ladder]
            for kernel in ours:
                stack.enter_context(closing(kernel.solver))
            theirs, times = [], []
            for _ in range(rounds):
                theirs.append(cubie.solve(case, SAMPLE))
                times.append([statistics.median(kernel.time()) for kernel in ours])
            facts = [kernel.facts() for kernel in ours]
            errors = [rms_error(_last(kernel.solution)[:, picks(case.runs)], exact.states) for kernel in ours]
        rtols = [_at(case, rung).rtol for rung in ladder]
        curves = [[Point(*point) for point in zip(rtols, errors, ms, strict=True)] for ms in times]
        compared = Compared(
            theirs=[solved.ms for solved in theirs],
            wanted=rms_error(theirs[0].states, exact.states),
            curves=curves,
            same=ladder.index(0),
            near=ladder.index(there[-1]),
        )
        figures = compared.figures(fixed=case.fixed)
        figures |= {"0.17 failed": theirs[0].failed} | _needs(facts[compared.near])
        details = {"runs": case.runs, "doubt": exact.doubt, "facts": facts} | compared.details()
        return Row(SECTION, case.name, figures, details, compared.notes(fixed=case.fixed))


def _needs(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in ("failed", "attempts")} | needs(facts["kernel"], ("registers", "local_bytes"))


@dataclass(frozen=True)
class Compared:
    """What both programs took, round by round.

    Parameters
    ----------
    theirs
        Milliseconds of cubie 0.17.
    wanted
        Its error.
    curves
        Our points, from loose to tight.
    same, near
        Which point has the tolerance of cubie 0.17, and which about its error.
    """

    theirs: Sequence[float]
    wanted: float
    curves: Sequence[Curve]
    same: int
    near: int

    @property
    def comparable(self) -> bool:
        """Whether there is an error to compare at."""
        return 0 < self.wanted < np.inf

    def figures(self, *, fixed: bool) -> dict[str, Any]:
        """Return times at equal error, or with fixed steps as they are, and their ratio."""
        same = [curve[self.same].time for curve in self.curves]
        ours = same if fixed or not self.comparable else [time_at(curve, self.wanted) for curve in self.curves]
        near = self.curves[0][self.near]
        return {
            "0.17 ms": statistics.median(self.theirs),
            "0.17 error": self.wanted,
            "ms": statistics.median(ours),
            "error": near.error,
            "rtol": near.rtol,
            "ratio": self._ratio(ours),
            "at its rtol": self._ratio(same),
        }

    def _ratio(self, ours: Sequence[float]) -> float:
        return statistics.median(their / our for their, our in zip(self.theirs, ours, strict=True))

    def notes(self, *, fixed: bool) -> list[str]:
        """Return why there is no time at equal error."""
        near = self.curves[0][self.near]
        if not self.comparable:
            return ["cubie 0.17 solved none of the sampled runs"]
        if fixed or any(point.error <= self.wanted for point in self.curves[0]):
            return []
        return [f"no tolerance has that error: {near.error:.2g} takes {near.time:.3g} ms"]

    def details(self) -> dict[str, Any]:
        """Return all points."""
        return {
            "theirs_ms": list(self.theirs),
            "points": [[point._asdict() for point in curve] for curve in self.curves],
        }
