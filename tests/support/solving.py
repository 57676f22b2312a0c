"""From a system to a solution in one call."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from buffers import Locations
from solvers.equations.system import System
from solvers.execution import engine
from solvers.execution.engine import Solution, Solver
from solvers.planning.problem import Problem
from solvers.settings import ControllerSettings, SaveSettings, SolveSettings


def make_problem(
    system: System,
    algorithm: str,
    t1: float,
    *,
    swept: Sequence[str] = (),
    every: float | None = None,
    at: Sequence[float] | None = None,
    atol: float | Sequence[float] = 1e-9,
    controller: str | None = None,
    locations: dict[str, str] | None = None,
    observables: Sequence[int] | None = None,
    **settings: Any,
) -> Problem:
    """Return a problem that saves all states, and all observables unless told; `settings` are `SolveSettings`'s."""
    count = len(system.states)
    return Problem(
        system=system,
        solve=SolveSettings(
            **{"t0": 0.0, **settings},
            algorithm=algorithm,
            t1=t1,
            atol=(atol,) * count if isinstance(atol, float) else tuple(atol),
            controller=ControllerSettings(kind=controller),
        ),
        save=SaveSettings(
            states=tuple(range(count)),
            observables=tuple(range(len(system.observables)) if observables is None else observables),
            every=every,
            at=None if at is None else tuple(at),
        ),
        swept=tuple(swept),
        locations=Locations.parse(locations or {}),
    )


def build(problem: Problem, target: str = "cpu", threads: int | None = 1) -> Solver:
    """Return a compiled problem."""
    return engine.build(engine.plan(problem, target), threads)


def solve(problem: Problem, values: Any = None, target: str = "cpu") -> Solution:
    """Return the solution of a problem; `values` has one row a swept name."""
    values = np.empty((0, 1)) if values is None else np.atleast_2d(np.asarray(values, dtype=float))
    solver = build(problem, target)
    try:
        return solver.solve(values)
    finally:
        solver.close()
