"""Every method in every mode, the ways in which they are solved, and one small problem for all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from support.solving import make_problem
from support.systems import make_system

from solvers.execution import engine
from solvers.execution.engine import Solution, Solver
from solvers.planning.plan import Plan
from solvers.planning.problem import Problem
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

T = TypeVar("T")

METHODS = {**TABLEAUS, **IMPLICIT_TABLEAUS}
PRECISIONS = ("float64", "float32")
PLACES = ("shared", "persistent")

#: Stiff enough for implicit methods to have a use, not so stiff that others need short steps; nonlinear, and forced by
#: a switch that error control has to notice. Large c leaves Newton's method without a root and others with a pole.
SYSTEM = make_system(
    {"x": 1.0, "y": 0.5},
    {"x": "k*y - x**3 + c*(1 + x**4)", "y": "-k*x - 6*y + tanh(20*(t - 0.6))"},
    {"k": 1.0, "c": 0.0},
)
#: More runs than lanes, of different lengths, so that lanes take up new runs while others go on.
RUNS = 37
GOOD = np.array([np.geomspace(0.2, 12.0, RUNS), np.zeros(RUNS)])
#: What the interpreter solves of them.
FEW = GOOD[:, ::18]
NOTHING, HOPELESS = [np.nan, 0.0], [1.0, 1e9]

T1 = 1.0
STEPS = 12
#: Enough for all good runs; the hopeless ones try until then.
MAX_STEPS = 200
#: Tolerances that methods of low order meet in few steps.
RTOL = {1: 1e-2, 2: 1e-2, 3: 1e-3}
USUAL_RTOL = 1e-4
#: Between steps and at their ends, close together, and both ends of the span.
AT = (0.0, 0.1, 0.11, 0.7, T1)
EVERY, EVERY_WHEN_LANDING = 1 / 8, 1 / 4


@dataclass(frozen=True)
class Mode:
    """A method with a precision and fixed or adaptive steps.

    Fixed steps save on a grid, adaptive ones at listed times.
    """

    method: str
    precision: str
    adaptive: bool

    def __str__(self) -> str:
        return f"{self.method}-{self.precision}-{'adaptive' if self.adaptive else 'fixed'}"

    @property
    def lands(self) -> bool:
        """Whether steps end at save times."""
        return METHODS[self.method].dense_output is None

    @property
    def rtol(self) -> float:
        """The relative tolerance."""
        return RTOL.get(METHODS[self.method].order, USUAL_RTOL)

    def problem(self, *, saving: bool, place: str = "local", max_steps: int = MAX_STEPS) -> Problem:
        """Return the problem, with every buffer in one place."""
        settings: dict[str, Any] = {} if self.adaptive else {"dt": T1 / STEPS}
        if saving:
            grid = {"every": EVERY_WHEN_LANDING if self.lands else EVERY}
            settings |= {"at": AT} if self.adaptive else grid
        return make_problem(
            SYSTEM,
            self.method,
            T1,
            swept=("k", "c"),
            precision=self.precision,
            rtol=self.rtol,
            atol=self.rtol / 10,
            max_steps=max_steps,
            locations={"default": place},
            **settings,
        )


MODES = tuple(
    Mode(name, precision, adaptive)
    for name, method in METHODS.items()
    for precision in PRECISIONS
    for adaptive in (False, True)
    if not adaptive or method.error_order is not None
)


@dataclass(frozen=True)
class Way:
    """How a mode is solved: whether it saves, and where all buffers lie."""

    mode: Mode
    target: str
    saving: bool
    place: str = "local"

    def __str__(self) -> str:
        place = "" if self.place == "local" else f"-{self.place}"
        return f"{self.mode}-{self.target}-{'times' if self.saving else 'end'}{place}"


def ways(mode: Mode, target: str) -> Iterator[Way]:
    """Yield the ways with local buffers.

    Compiling takes most of the time. So a kernel is compiled in each kind of steps and in each precision, but not in
    each of both; one that saves the end only is compiled for half of the methods, in one of these modes.
    """
    compiled = _compiled(mode.method)
    if target == "python" or (_half(mode.method) == 0 and _turn(compiled, mode.method) == mode):
        yield Way(mode, target, saving=False)
    if target == "python" or mode in compiled:
        yield Way(mode, target, saving=True)


def moves(mode: Mode, target: str) -> Iterator[Way]:
    """Yield the ways with buffers elsewhere.

    The interpreter has each in either place. Of what is compiled, one has one place, in the other half
    of the methods.
    """
    local = [way for each in _modes(mode.method) for way in ways(each, target)]
    moved = [replace(way, place=place) for way in local for place in PLACES]
    chosen = moved if target == "python" else [_turn(moved, mode.method)] if _half(mode.method) == 1 else []
    yield from (way for way in chosen if way.mode == mode)


def usual(way: Way) -> bool:
    """Return whether a way is for every run of the tests.

    One mode of each method is interpreted, and another is compiled of every other method.
    """
    compiled = _compiled(way.mode.method)
    if way.target == "python":
        other = compiled[(_half(way.mode.method) + 1) % len(compiled)]
        return way.mode == other and way.place in ("local", _turn(PLACES, way.mode.method))
    return _turn((True, False), way.mode.method) and way.mode == compiled[_half(way.mode.method) % len(compiled)]


def _modes(method: str) -> list[Mode]:
    return [mode for mode in MODES if mode.method == method]


def _compiled(method: str) -> list[Mode]:
    """Return the modes in which a method is compiled: two in which both differ, or all there are of fixed steps."""
    modes = _modes(method)
    return _turn([[modes[0], modes[-1]], modes[1:-1]], method) if len(modes) > 2 else modes


def _turn(several: Sequence[T], method: str) -> T:
    """Return one of several; the next method gets the next."""
    return several[list(METHODS).index(method) % len(several)]


def _half(method: str) -> int:
    """Return in which half of the methods one is, 0 or 1: of neighbours in the list, two are in either."""
    return list(METHODS).index(method) // 2 % 2


class Subject:
    """A mode on a target, and what has been compiled and solved of it."""

    def __init__(self, mode: Mode, target: str) -> None:
        self.mode, self.target = mode, target
        self.values = FEW if target == "python" else GOOD
        self._solvers: dict[Way, Solver] = {}
        self._solutions: dict[Way, Solution] = {}

    def plan(self, way: Way) -> Plan:
        """Return the plan of a way."""
        return engine.plan(self.mode.problem(saving=way.saving, place=way.place), self.target)

    def solve(self, values: np.ndarray, way: Way) -> Solution:
        """Solve some runs."""
        if way not in self._solvers:
            self._solvers[way] = engine.build(self.plan(way), threads=1)
        return self._solvers[way].solve(values)

    def solution(self, way: Way) -> Solution:
        """Return the solution of all good runs."""
        if way not in self._solutions:
            self._solutions[way] = self.solve(self.values, way)
        return self._solutions[way]

    def crowd(self, way: Way) -> np.ndarray:
        """Return the good runs in every third place, among runs that fail on the way or at once.

        To fail on the way takes the interpreter long, so there one does, where it has saved before.
        """
        crowd = np.repeat(self.values, 3, axis=1)
        crowd[:, 0::3] = crowd[:, 2::3] = np.array(NOTHING)[:, None]
        hopeless = slice(None, None, 3) if self.target != "python" else slice(0, int(way.saving))
        crowd[:, hopeless] = np.array(HOPELESS)[:, None]
        return crowd

    def close(self) -> None:
        """Let go of kernels."""
        for solver in self._solvers.values():
            solver.close()


def columns(solution: Solution, chosen: Any) -> list[bytes]:
    """Return everything a result says of some runs, as bits."""
    parts = (
        solution.variables[..., chosen],
        solution.status[chosen],
        solution.steps[chosen],
        solution.rejected[chosen],
    )
    return [np.ascontiguousarray(part).tobytes() for part in parts]
