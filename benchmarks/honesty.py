"""How honest tolerances are: the largest error of every adaptive method over its tolerance, by classes of problems.

    python -m benchmarks.honesty [--only METHOD ...] [--class NAME ...] [--rtol R ...] [--processes N] [--json FILE]

An error is |y - exact| of a state over rtol times that state's largest magnitude in its run; the worst of all states,
runs and saved times counts, those between steps too. A run that does not end well has no error, and is counted.
"""

import argparse
import json
import math
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cubie_cli.configurations.job import load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution import engine
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS
from solvers.tableaus.registry import find

RTOLS = (1e-3, 1e-6, 1e-9)
#: Of rtol times the largest magnitude of the problem.
ATOL = 1e-3
SAVES = 20
#: Above this an entry is one to explain.
REMARKABLE = 1000.0
#: How far initial values are moved, as a share of them.
MOVE = 1e-5
#: Attempts after which a run is given up: low orders need more at tight tolerances than anybody would wait for.
MAX_STEPS = 200_000

_ECCENTRICITIES = np.linspace(0.0, 0.9, 33)

Exact = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ProblemClass:
    """Problems of one kind.

    Parameters
    ----------
    name
        What the table calls it.
    model
        Tables of the model.
    t1
        The end; `SAVES` times are saved on the way.
    sweep
        What is swept together, and over which values; the first are those that `exact` takes.
    exact
        Solution (times, values) -> (states, times, runs).
    size
        The largest magnitude of a state.
    """

    name: str
    model: str
    t1: float
    sweep: dict[str, np.ndarray]
    exact: Exact
    size: float = 1.0

    @property
    def times(self) -> np.ndarray:
        """The saved times but for the first, at which nothing has happened."""
        return self.t1 / SAVES * np.arange(1, SAVES + 1)

    @property
    def values(self) -> np.ndarray:
        """The first of the swept values."""
        return next(iter(self.sweep.values()))

    @property
    def initial_values(self) -> dict[str, np.ndarray]:
        """The initial value of each state in all runs."""
        states = tomllib.loads(self.model)["model"]["states"]
        return {name: self.sweep.get(name, np.full(len(self.values), value)) for name, value in states.items()}

    def write(self, folder: Path, method: str, rtol: float, times: np.ndarray, t0: float = 0.0) -> Path:
        """Write a run configuration that saves at some times into a folder."""
        path = folder / "run.toml"
        swept = "\n".join(f"{name} = {json.dumps(values.tolist())}" for name, values in self.sweep.items())
        path.write_text(f"""
{self.model}
[solve]
t0 = {t0!r}
t1 = {self.t1!r}
algorithm = "{method}"
rtol = {rtol!r}
atol = {self.size * ATOL * rtol!r}
max_steps = {MAX_STEPS}
[batch]
mode = "zip"
[batch.values]
{swept}
{f"[output]{chr(10)}save_at = {json.dumps(times.tolist())}" if len(times) > 1 else ""}
[run]
cache = false
""")
        return path


def _decay(times: np.ndarray, rates: np.ndarray) -> np.ndarray:
    return np.exp(-np.outer(times, rates))[None]


def _oscillator(times: np.ndarray, rates: np.ndarray) -> np.ndarray:
    phase = np.outer(times, rates)
    return np.array([np.cos(phase), -np.sin(phase)])


def _quadrature(times: np.ndarray, rates: np.ndarray) -> np.ndarray:
    return 1.0 + (np.sin(np.outer(times, rates)) / rates)[None]


def _forced(times: np.ndarray, rates: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.cos(times)[:, None], (1, len(times), len(rates)))


def _switch(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    before = np.minimum(times[:, None], moments)
    return np.exp(0.5 * before - 0.3 * (times[:, None] - before))[None]


def _triangle(times: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Integrate |2*phase - 1| - 1/2 over whole and broken periods; a whole one gives nothing."""
    phase = np.mod(times[:, None] / periods, 1.0)
    falling, rising = np.minimum(phase, 0.5), np.maximum(phase - 0.5, 0.0)
    return 1.0 + (periods * (falling / 2 - falling**2 + rising**2 - rising / 2))[None]


def _kepler(times: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    eccentricities = 1 - nearest
    mean = np.broadcast_to(times[:, None], (len(times), len(eccentricities)))
    anomaly = np.where(np.mod(mean, 2 * np.pi) > np.pi, mean + 0.5, mean - 0.5)
    anomaly = mean + eccentricities * np.sin(anomaly)
    for _ in range(100):
        slope = 1 - eccentricities * np.cos(anomaly)
        anomaly = anomaly - (anomaly - eccentricities * np.sin(anomaly) - mean) / slope
    radius, minor = 1 - eccentricities * np.cos(anomaly), np.sqrt(1 - eccentricities**2)
    return np.array(
        [
            np.cos(anomaly) - eccentricities,
            minor * np.sin(anomaly),
            -np.sin(anomaly) / radius,
            minor * np.cos(anomaly) / radius,
        ]
    )


def _robertson(_t: float, y: Sequence[float], rate: float) -> list[float]:
    a, b, c = y
    slow, fast, last = rate * a, 3e7 * b * b, 1e4 * b * c
    return [last - slow, slow - last - fast, fast]


def _lorenz(_t: float, y: Sequence[float], rho: float) -> list[float]:
    a, b, c = y
    return [10.0 * (b - a), a * (rho - c) - b, a * b - 8.0 / 3.0 * c]


def _computed(slopes: Callable[..., list[float]], start: Sequence[float], method: str) -> Exact:
    """Return a solution that SciPy computes to about 12 digits."""

    def exact(times: np.ndarray, values: np.ndarray) -> np.ndarray:
        from scipy.integrate import solve_ivp  # noqa: PLC0415 - the other classes do without

        found = []
        for value in values:
            options: Any = {"method": method, "rtol": 1e-12, "atol": 1e-16, "t_eval": times, "args": (value,)}
            found.append(solve_ivp(slopes, (0.0, times[-1]), start, **options).y)
        return np.stack(found, axis=-1)

    return exact


CLASSES = {
    each.name: each
    for each in (
        ProblemClass(
            "decay",
            '[model.states]\ny = 1.0\n[model.parameters]\nk = 1.0\n[model.equations]\ny = "-k*y"',
            2.0,
            {"k": np.logspace(-1, 2, 65)},
            _decay,
        ),
        ProblemClass(
            "oscillator",
            '[model.states]\nx = 1.0\nv = 0.0\n[model.parameters]\nw = 1.0\n[model.equations]\nx = "w*v"\nv = "-w*x"',
            20.0,
            {"w": np.linspace(0.5, 2.0, 65)},
            _oscillator,
        ),
        ProblemClass(
            "quadrature",
            '[model.states]\nx = 1.0\n[model.parameters]\nw = 1.0\n[model.equations]\nx = "cos(w*t)"',
            10.0,
            {"w": np.linspace(0.5, 5.0, 65)},
            _quadrature,
        ),
        ProblemClass(
            "stiff forced",
            '[model.states]\ny = 1.0\n[model.parameters]\nL = 1.0\n[model.equations]\ny = "-L*(y - cos(t)) - sin(t)"',
            10.0,
            {"L": np.logspace(0, 6, 65)},
            _forced,
        ),
        ProblemClass(
            "switch",
            '[model.states]\nx = 1.0\n[model.parameters]\ns = 1.0\n[model.equations]\nx = "(0.5 if t < s else -0.3)*x"',
            10.0,
            {"s": np.linspace(1.0, 9.0, 4001)},
            _switch,
            size=100.0,
        ),
        ProblemClass(
            "triangle",
            "[model.states]\nx = 1.0\n[model.parameters]\np = 1.0\n"
            '[model.equations]\nx = "abs(2*(t/p - floor(t/p)) - 1) - 0.5"',
            10.0,
            {"p": np.linspace(0.5, 3.0, 401)},
            _triangle,
        ),
        ProblemClass(
            "Kepler",
            "[model.states]\nx = 1.0\ny = 0.0\nu = 0.0\nv = 1.0\n"
            '[model.equations]\nx = "u"\ny = "v"\nu = "-x/(x*x + y*y)**1.5"\nv = "-y/(x*x + y*y)**1.5"',
            2 * np.pi,
            {"x": 1 - _ECCENTRICITIES, "v": np.sqrt((1 + _ECCENTRICITIES) / (1 - _ECCENTRICITIES))},
            _kepler,
        ),
        ProblemClass(
            "chemical",
            "[model.states]\na = 1.0\nb = 0.0\nc = 0.0\n[model.parameters]\nk = 0.04\n"
            '[model.equations]\na = "1e4*b*c - k*a"\nb = "k*a - 1e4*b*c - 3e7*b*b"\nc = "3e7*b*b"',
            40.0,
            {"k": np.linspace(0.02, 0.08, 17)},
            _computed(_robertson, [1.0, 0.0, 0.0], "Radau"),
        ),
        ProblemClass(
            "chaotic",
            "[model.states]\nx = 1.0\ny = 1.0\nz = 1.0\n[model.parameters]\nr = 28.0\n"
            '[model.equations]\nx = "10*(y - x)"\ny = "x*(r - z) - y"\nz = "x*y - 8/3*z"',
            2.0,
            {"r": np.linspace(10.0, 28.0, 33)},
            _computed(_lorenz, [1.0, 1.0, 1.0], "DOP853"),
            size=30.0,
        ),
    )
}
METHODS = [name for name in (*TABLEAUS, *IMPLICIT_TABLEAUS) if find(name).error_order is not None]


@dataclass(frozen=True)
class Entry:
    """What a method did with a class at a tolerance.

    Parameters
    ----------
    worst
        Largest error over the tolerance.
    at
        The swept value where that was.
    end
        The largest where the end alone is saved.
    failed
        Largest share of runs that did not end well.
    attempts
        Of the longest run.
    """

    method: str
    problem: str
    rtol: float
    worst: float
    at: float
    end: float
    failed: float
    attempts: int


@cache
def solution(problem: str) -> np.ndarray:
    """Return the exact solution of a class, (states, times, runs)."""
    one = CLASSES[problem]
    return one.exact(one.times, one.values)


def measure(method: str, problem: str, rtol: float) -> Entry:
    """Solve a class, once with values on the way and once for the end alone, and compare."""
    one = CLASSES[problem]
    on_the_way, end = (_solve(method, one, rtol, times) for times in (one.times, one.times[-1:]))
    worst = np.maximum(on_the_way.ratio, end.ratio)
    run = int(worst.argmax())
    return Entry(
        method,
        problem,
        rtol,
        worst=float(worst[run]),
        at=float(one.values[run]),
        end=float(end.ratio.max()),
        failed=max(on_the_way.failed, end.failed),
        attempts=max(on_the_way.attempts, end.attempts),
    )


class _Solved(NamedTuple):
    """Each run's largest error over the tolerance, the share of runs that did not end well, most attempts of a run."""

    ratio: np.ndarray
    failed: float
    attempts: int


def _solve(method: str, one: ProblemClass, rtol: float, times: np.ndarray) -> _Solved:
    exact = solution(one.name)
    solved = _run(method, one, rtol, times)
    ratio = np.abs(solved.variables - exact[:, -len(times) :]) / (rtol * _magnitude(one))
    sound = solved.status == 0
    attempts = int((solved.steps + solved.rejected).max())
    return _Solved(np.where(sound, ratio, 0.0).max(axis=(0, 1)), float(1 - sound.mean()), attempts)


def _run(method: str, one: ProblemClass, rtol: float, times: np.ndarray, t0: float = 0.0) -> engine.Solution:
    with tempfile.TemporaryDirectory() as folder:
        job = load(one.write(Path(folder), method, rtol, times, t0))
    kernel = find_kernel(job, "cpu").compiled()
    with closing(engine.load(kernel, job.exchange, 1)) as solver:
        return solver.solve(job.design.values(0, job.design.count))


def _magnitude(one: ProblemClass) -> np.ndarray:
    """Return what errors of a class are compared with, (states, 1, runs)."""
    return np.abs(solution(one.name)).max(axis=1, keepdims=True) + one.size * ATOL


def amplification(problem: str) -> float:
    """Return how far solutions of a class move where a state moves by one at its worst moment, in shares of magnitudes.

    All states are moved, and what comes of it is added up. Only saved times are looked at.
    """
    one = CLASSES[problem]
    exact = np.concatenate([np.array([*one.initial_values.values()])[:, None], solution(problem)], axis=1)
    return max(_moved(one, exact, first) for first in range(0, SAVES, 4))


def _moved(one: ProblemClass, exact: np.ndarray, first: int) -> float:
    """Return what is made of moving states at a saved time, 0 the start."""
    states, runs = [*one.initial_values], len(one.values)
    start, size = exact[:, first], _magnitude(one)[:, 0]
    away = MOVE * np.where(start == 0.0, one.size, start)
    moved = np.stack([start, *(start + away * np.eye(len(states))[[index]].T for index in range(len(states)))])
    sweep = {name: np.tile(values, len(moved)) for name, values in one.sweep.items()}
    sweep |= {name: moved[:, index].reshape(-1) for index, name in enumerate(states)}
    times = one.times[first:]
    t0 = 0.0 if first == 0 else float(one.times[first - 1])
    found = _run("radau_iia_9", replace(one, sweep=sweep), 1e-11, times, t0).variables
    found = found.reshape(len(states), len(times), len(moved), runs)
    gaps = np.abs(found[:, :, 1:] - found[:, :, :1]) / (MOVE * size[:, None, None])
    return float(gaps.sum(axis=2).max())


def table(entries: Sequence[Entry]) -> str:
    """Return the worst over all tolerances as a Markdown table: a row a method, a column a class.

    A number in brackets is the largest share of runs, in per cent, that did not end well. The last row tells how much a
    problem itself makes of errors on the way. Numbers above `REMARKABLE` are bold.
    """
    problems = [name for name in CLASSES if any(entry.problem == name for entry in entries)]
    lines = [f"| method | {' | '.join(problems)} |", f"|---|{'---|' * len(problems)}"]
    for method in dict.fromkeys(entry.method for entry in entries):
        cells = []
        for problem in problems:
            found = [entry for entry in entries if (entry.method, entry.problem) == (method, problem)]
            worst, failed = max(entry.worst for entry in found), max(entry.failed for entry in found)
            cells.append(_cell(worst) + (f" ({100 * failed:.0f})" if failed else ""))
        lines.append(f"| `{method}` | {' | '.join(cells)} |")
    itself = [digits(amplification(problem)) for problem in problems]
    return "\n".join([*lines, f"| *the problem itself* | {' | '.join(itself)} |"])


def _cell(value: float) -> str:
    return f"**{digits(value)}**" if value > REMARKABLE else digits(value)


def digits(value: float) -> str:
    """Return two digits of a number."""
    if value < 1 or not math.isfinite(value):
        return f"{value:.1g}"
    rounded = round(value, 1 - math.floor(math.log10(value)))
    return f"{rounded:,.1f}" if rounded < 10 else f"{rounded:,.0f}"


def main() -> None:
    """Measure what was asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.honesty", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=METHODS, metavar="METHOD")
    parser.add_argument("--class", action="append", choices=CLASSES, metavar="NAME", dest="problems")
    parser.add_argument("--rtol", action="append", type=float, metavar="R")
    parser.add_argument("--processes", type=int, default=1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all entries here")
    asked = parser.parse_args()
    wanted = [
        (method, problem, rtol)
        for problem in asked.problems or CLASSES
        for method in asked.only or METHODS
        for rtol in asked.rtol or RTOLS
    ]
    with ProcessPoolExecutor(asked.processes) as pool:
        entries = list(pool.map(measure, *zip(*wanted, strict=True)))
    print(table(entries))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(entry) for entry in entries], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
