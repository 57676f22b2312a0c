"""Running a plan on the python target."""

import time

import numpy as np

from solvers.execution.solver import Solver, UnderWay
from solvers.integration.lane import Reports, Results
from solvers.planning.exchange import Solution
from solvers.planning.plan import Plan
from solvers.targets.python import PythonTarget


class Solved(UnderWay):
    """A chunk that is solved as soon as it is begun."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - others wait
        """Return at once."""
        return True

    def taken(self) -> int:
        """Return the number of runs."""
        return len(self._solution.status)

    def solution(self) -> Solution:
        """Return what was found."""
        return self._solution

    def abandon(self) -> None:
        """Do nothing."""


class PythonSolver(Solver):
    """Runs device code in the interpreter.

    Parameters
    ----------
    plan
        What to run.
    target
        Interprets the plan's device code.
    """

    device = "Python interpreter"

    def __init__(self, plan: Plan, target: PythonTarget) -> None:
        self.exchange = plan.exchange
        self._totals = plan.registry.totals()
        self._integrate = plan.loop.build(target, plan.registry)

    def kernel_report(self) -> None:
        """Return nothing: there is no CUDA kernel."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return a number of runs after which progress is worth showing."""
        return min(runs, 1024)

    def begin(self, values: np.ndarray, memory: np.ndarray | None = None) -> UnderWay:
        """Solve a chunk; `values` has shape (swept, runs)."""
        exchange, runs = self.exchange, values.shape[1]
        found = exchange.empty_results(runs, memory)
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            self._integrate(
                np.zeros(1, dtype=np.int64),
                np.int64(runs),
                exchange.inputs(values).reshape(-1),
                exchange.default_values(),
                Results(found.variables.reshape(-1), exchange.times, found.findings.reshape(-1)),
                Reports(*found.reports),
                np.full(self._totals.shared, 0xFF, dtype=np.uint8),
                np.full(self._totals.persistent, 0xFF, dtype=np.uint8),
            )
        return Solved(found.solution(time.perf_counter() - start))

    def close(self) -> None:
        """Hold nothing."""
