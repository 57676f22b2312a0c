"""The programs that are compared: each solves the runs of a case at a tolerance, and is timed on one core."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks.cases import Case
from benchmarks.equations import Equations
from benchmarks.kernels import CompiledCase

_MOST_STEPS = 1_000_000
#: Runs whose error is measured, spread over the sweep.
SAMPLES = 16
#: Programs that solve many runs at once have so many between two of those: 8191 in all.
_STRIDE = 546
_MANY = _STRIDE * (SAMPLES - 1) + 1
_REPEAT = 5


#: From the parameters of a run to its last state and the number of calls into Python.
OneRun = Callable[[np.ndarray], tuple[np.ndarray, int]]


class Solved(NamedTuple):
    """What a program did.

    Parameters
    ----------
    states
        The last states of the sampled runs, (states, runs).
    seconds, calls
        Seconds a run, and calls between it and Python a run.
    """

    states: np.ndarray
    seconds: float
    calls: float = 0.0


class Peer(Protocol):
    """A program."""

    name: str

    def solve(self, rtol: float) -> Solved:
        """Solve at a tolerance."""


def sweep(case: Case, runs: int) -> np.ndarray:
    """Return the values of the swept parameter."""
    _, low, high = case.problem.sweep
    return np.linspace(low, high, runs)


def _best(solve: Callable[[], Any], repeat: int = _REPEAT) -> float:
    """Return the least seconds of several calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        solve()
        times.append(time.perf_counter() - start)
    return min(times)


class Ours:
    """Our program."""

    def __init__(self, case: Case) -> None:
        self.name = f"cubie {case.algorithm}"
        self._case = replace(case, runs=_MANY)

    def solve(self, rtol: float) -> Solved:
        """Solve at a tolerance."""
        kernel = CompiledCase(replace(self._case, rtol=rtol), "cpu", ["run.threads=1"])
        seconds = min(kernel.time()) / 1e3 / _MANY
        solution = kernel.solution
        states = np.where(solution.status == 0, solution.variables[:, -1, :], np.nan)
        kernel.solver.close()
        return Solved(states[:, ::_STRIDE], seconds)


class _OneByOne:
    """A program that solves one run at a time."""

    def __init__(self, case: Case, system: Equations) -> None:
        self.case, self.system = case, system

    def timed(self, solve_one: OneRun) -> Solved:
        """Return what all runs gave and took; `solve_one` takes the parameters."""
        found = [solve_one(parameters) for parameters in self._parameters()]
        seconds = _best(lambda: [solve_one(parameters) for parameters in self._parameters()], 3)
        states = np.stack([state for state, _ in found], axis=1)
        return Solved(states, seconds / SAMPLES, sum(calls for _, calls in found) / SAMPLES)

    def _parameters(self) -> Iterator[np.ndarray]:
        """Yield the parameters of each run, always in the same array."""
        parameters = self.system.values.copy()
        for value in sweep(self.case, SAMPLES):
            parameters[self.system.swept] = value
            yield parameters

    def tolerances(self, rtol: float) -> dict[str, float]:
        """Return the two tolerances by their usual names."""
        return {"rtol": rtol, "atol": replace(self.case, rtol=rtol).atol}


class Lsoda(_OneByOne):
    """SciPy's LSODA, by the interface with the least to do in Python."""

    name = "SciPy LSODA"

    def __init__(self, scipy_integrate: ModuleType, case: Case, system: Equations) -> None:
        super().__init__(case, system)
        self._odeint = scipy_integrate.odeint
        count = len(system.states)
        self._options = {"func": _returning(system.function(), (count,)), "mxstep": _MOST_STEPS, "tfirst": True}
        if case.problem.stiff:
            self._options["Dfun"] = _returning(system.jacobian(), (count, count))

    def solve(self, rtol: float) -> Solved:
        """Solve at a tolerance."""
        span = [0.0, self.case.problem.t1]
        options = self._options | self.tolerances(rtol)

        def one(parameters: np.ndarray) -> tuple[np.ndarray, int]:
            states, info = self._odeint(y0=self.system.start, t=span, args=(parameters,), full_output=True, **options)
            return states[-1], int(info["nfe"][-1]) + int(info["nje"][-1])

        return self.timed(one)


class Cvode(_OneByOne):
    """CVODE from SUNDIALS: BDF for stiff problems, else Adams."""

    name = "CVODE"

    def __init__(self, cvode: ModuleType, case: Case, system: Equations) -> None:
        super().__init__(case, system)
        self._make = cvode.CVODE
        self._function, self._jacobian = system.function(), system.jacobian()

    def solve(self, rtol: float) -> Solved:
        """Solve at a tolerance."""
        stiff = self.case.problem.stiff
        held = self.system.values.copy()
        function, jacobian = self._function, self._jacobian

        def right_hand_side(t: float, y: np.ndarray, out: np.ndarray) -> None:
            function(t, y, held, out)

        def fill_jacobian(t: float, y: np.ndarray, _slope: np.ndarray, out: np.ndarray) -> None:
            jacobian(t, y, held, out)

        more = {"method": "BDF", "jacfn": fill_jacobian} if stiff else {"method": "Adams"}
        solver = self._make(right_hand_side, max_num_steps=_MOST_STEPS, **self.tolerances(rtol), **more)
        span = np.array([0.0, self.case.problem.t1])

        def one(parameters: np.ndarray) -> tuple[np.ndarray, int]:
            held[:] = parameters
            found = solver.solve(span, self.system.start)
            return found.y[-1], found.nfev + found.njev

        return self.timed(one)


class Heyoka:
    """heyoka's Taylor method, several runs at once."""

    def __init__(self, heyoka: ModuleType, case: Case, system: Equations, lanes: int) -> None:
        self.name = f"heyoka, batches of {lanes}"
        self._heyoka, self._case, self._system, self._lanes = heyoka, case, system, lanes
        values = sweep(case, _MANY)
        self._values = np.append(values, np.repeat(values[-1:], -_MANY % lanes))  # whole batches

    def solve(self, rtol: float) -> Solved:
        """Solve at a tolerance."""
        heyoka, system, lanes = self._heyoka, self._system, self._lanes
        names = [f"y{index}" for index in range(len(system.states))]
        variables = heyoka.make_vars(*names)
        known = dict(zip(system.states, variables, strict=True))
        known |= {symbol: heyoka.par[index] for index, symbol in enumerate(system.parameters)}
        sides = [heyoka.from_sympy(one, known) for one in system.derivatives]
        start = np.repeat(system.start[:, None], lanes, axis=1)
        pars = np.repeat(system.values[:, None], lanes, axis=1)
        solver = heyoka.taylor_adaptive_batch(
            list(zip(variables, sides, strict=True)), start.copy(), pars=pars, tol=rtol
        )
        found = np.empty((len(names), len(self._values)))

        def solve_all() -> None:
            for first in range(0, len(self._values), lanes):
                solver.set_time(0.0)
                solver.state[:] = start
                solver.pars[system.swept] = self._values[first : first + lanes]
                solver.propagate_until(self._case.problem.t1)
                found[:, first : first + lanes] = solver.state

        seconds = _best(solve_all) / len(self._values)
        return Solved(found[:, :_MANY:_STRIDE], seconds, 1 / lanes)


def _returning(fill: Callable[..., None], shape: tuple[int, ...]) -> Callable[..., np.ndarray]:
    """Return f(t, y, p) from a function that fills an array."""

    def function(t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        out = np.zeros(shape)
        fill(t, y, p, out)
        return out

    return function


def reference(scipy_integrate: ModuleType, case: Case, system: Equations) -> np.ndarray:
    """Return the last states of the sampled runs to about ten digits."""
    tight = replace(case, problem=replace(case.problem, atol=1e-6 * case.problem.atol))
    solver = Lsoda(scipy_integrate, tight, system)
    return solver.solve(1e-12).states
