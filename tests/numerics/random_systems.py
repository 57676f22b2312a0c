"""Random systems by several methods, compared with SciPy: a run that ends with success has to be right.

    python -m tests.numerics.random_systems [--seeds FIRST:BEHIND] [--only METHOD ...] [--processes N]

An error is |y - exact| of a state at a saved time over rtol times that state's largest magnitude in its run. One beyond
`WRONG` is the method's fault where an error of the tolerance on the way moves the solution by fewer than `SENSITIVE`
tolerances, else the problem's. A run is left out where two of SciPy's methods fail at tight tolerances, or differ.

Most systems are solved in the interpreter, which runs the code that is compiled for the others: compiling takes longer.
"""

import argparse
import json
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import odeint, solve_ivp

from cubie_cli.configurations.job import load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution import engine
from solvers.tableaus import TABLEAUS
from tests.support.random_models import RUNS, RandomModel, Slopes, random_model

METHODS = ("tsit5", "vern7", "rodas5p", "kvaerno5", "radau_iia_5")
RTOL = 1e-6
#: Of the error per step and of the magnitude that an error is compared with: states may be small.
ATOL = 1e-9
WRONG = 1000.0
SENSITIVE = 100.0
#: Tolerances by which SciPy's two solutions may differ.
AT_ONE = 10.0
#: By target.
MAX_STEPS = {"python": 1_000, "cpu": 100_000, "cuda": 100_000}
#: One system in so many is compiled.
COMPILED = 10
#: Evaluations after which a reference is given up: DOP853's, then Radau's.
PATIENCE = 20_000, 150_000


@dataclass(frozen=True)
class Finding:
    """A run that ended with success, and with an error beyond `WRONG`.

    Parameters
    ----------
    method, run
        Which.
    error
        The largest, over the tolerance.
    sensitivity
        How far an error of the tolerance on the way moves the solution, over the tolerance.
    """

    model: RandomModel
    method: str
    run: int
    error: float
    sensitivity: float

    @property
    def wrong(self) -> bool:
        """Whether the method is to blame."""
        return self.sensitivity < SENSITIVE

    def __str__(self) -> str:
        values = {name: value[self.run] for name, value in self.model.values.items()}
        return (
            f"{'WRONG' if self.wrong else 'sensitive'}: seed {self.model.seed} ({self.model.kind}), {self.method}, "
            f"run {self.run}: {self.error:.3g} tolerances, sensitivity {self.sensitivity:.3g}\n"
            f"    {json.dumps(self.model.equations | self.model.observables)}\n    t1 {self.model.t1}, {values}"
        )


@dataclass
class Report:
    """What was found with some models.

    Parameters
    ----------
    runs
        Runs by their end: a status, or "left out" for want of a reference.
    errors
        The largest errors of runs that ended with success, one a run.
    findings
        Those beyond `WRONG`.
    broken
        Models that could not be solved at all, and what was said.
    """

    runs: Counter[str] = field(default_factory=Counter)
    errors: list[float] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take the findings of another."""
        self.runs += other.runs
        self.errors += other.errors
        self.findings += other.findings
        self.broken += other.broken

    def __str__(self) -> str:
        wrong = sum(finding.wrong for finding in self.findings)
        shares = {limit: sum(error > limit for error in self.errors) for limit in (1, 10, 100, 1000)}
        return (
            f"{wrong} wrong, {len(self.findings) - wrong} sensitive, {len(self.broken)} broken; "
            f"ends {dict(self.runs)}; errors beyond so many tolerances {shares} of {len(self.errors)}"
        )


# -- SciPy's solution ---------------------------------------------------------------------------


class _PatienceLostError(Exception):
    """A reference takes too long."""


def reference(model: RandomModel, run: int) -> np.ndarray | None:
    """Return the solution at the saved times, (states, times); None where SciPy's methods do not agree on one."""
    slopes, start, times = model.slopes(run), model.start(run), model.times
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        first = _by_lsoda(slopes, start, times)
        second = None if first is None else _by_runge_kutta(slopes, start, times)
    if first is None or second is None or not (np.isfinite(first) & np.isfinite(second)).all():
        return None
    return second if tolerances(first, second).max() < AT_ONE else None


def tolerances(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Return errors over the tolerance, by state."""
    size = np.abs(exact).max(axis=1) + ATOL / RTOL
    return np.abs(found - exact).max(axis=1) / (RTOL * size)


def _by_lsoda(slopes: Slopes, start: Sequence[float], times: np.ndarray, rtol: float = 1e-11) -> np.ndarray | None:
    found, told = odeint(slopes, start, times, tfirst=True, rtol=rtol, atol=1e-13, mxstep=50_000, full_output=True)
    return found.T if told["message"] == "Integration successful." else None


def _by_runge_kutta(slopes: Slopes, start: Sequence[float], times: np.ndarray) -> np.ndarray | None:
    for (method, rtol), patience in zip((("DOP853", 1e-12), ("Radau", 1e-10)), PATIENCE, strict=True):
        evaluations = 0

        def counted(t: float, y: Sequence[float], patience: int = patience) -> list[float]:
            nonlocal evaluations
            evaluations += 1
            if evaluations > patience:
                raise _PatienceLostError
            return slopes(t, y)

        try:
            solved = solve_ivp(counted, (0.0, times[-1]), start, method=method, rtol=rtol, atol=1e-13, t_eval=times)
        except (_PatienceLostError, ValueError, np.linalg.LinAlgError):
            continue
        if solved.success:
            return solved.y
    return None


def sensitivity(model: RandomModel, run: int, exact: np.ndarray) -> float:
    """Return how far an error of the tolerance at a saved time moves what follows, over the tolerance."""
    slopes, allowed = model.slopes(run), RTOL * np.abs(exact).max(axis=1) + ATOL
    worst = 0.0
    for first in range(len(model.times) - 1):
        for index, sign in product(range(len(exact)), (-1.0, 1.0)):
            moved = exact[:, first].copy()
            moved[index] += sign * allowed[index]
            found = _by_lsoda(slopes, moved, model.times[first:])
            moves = np.inf if found is None else np.abs(found - exact[:, first:]) / allowed[:, None]
            worst = max(worst, float(np.max(moves)))
    return worst


# -- the methods --------------------------------------------------------------------------------


def choose_target(model: RandomModel, method: str) -> str:
    """Return what solves a model fastest: explicit methods take many steps for stiff ones."""
    many = model.kind == "stiff" and method in TABLEAUS
    return "cpu" if many or model.seed % COMPILED == 0 else "python"


def solve(model: RandomModel, method: str, target: str) -> engine.Solution:
    """Return the solution of all runs of a model, from its text on."""
    swept = "\n".join(f"{name} = {json.dumps(values)}" for name, values in model.values.items())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.toml"
        path.write_text(f"""
{model.text}
[solve]
t1 = {model.t1}
algorithm = "{method}"
rtol = {RTOL}
atol = {ATOL}
max_steps = {MAX_STEPS[target]}
[batch]
mode = "zip"
[batch.values]
{swept}
[output]
save_at = {json.dumps(model.times.tolist())}
observables = []
[run]
cache = false
""")
        job = load(path)
    kernel = find_kernel(job, target)
    made: Any = kernel.work
    solver = engine.interpret(made) if target == "python" else engine.load(kernel.compiled(), job.exchange, 1)
    with closing(solver), np.errstate(all="ignore"):
        return solver.solve(job.design.values(0, job.design.count))


def examine(seed: int, methods: Sequence[str] = METHODS, target: str | None = None) -> Report:
    """Solve a model by some methods, and compare."""
    model, report = random_model(seed), Report()
    exact = {run: found for run in range(RUNS) if (found := reference(model, run)) is not None}
    report.runs["left out"] += (RUNS - len(exact)) * len(methods)
    for method in methods if exact else ():
        try:
            solved = solve(model, method, target or choose_target(model, method))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is to be told
            report.broken.append(f"broken: seed {seed}, {method}: {error!r}\n    {json.dumps(model.equations)}")
            continue
        for run, known in exact.items():
            report.runs[f"status {solved.status[run]}"] += 1
            if solved.status[run] == 0:
                error = float(np.nan_to_num(tolerances(solved.variables[:, :, run], known), nan=np.inf).max())
                report.errors.append(error)
                if error > WRONG:
                    report.findings.append(Finding(model, method, run, error, sensitivity(model, run, known)))
    return report


def examine_all(seeds: Sequence[int], methods: Sequence[str], target: str | None, processes: int) -> Iterator[Report]:
    """Yield the report on each seed."""
    one = partial(examine, methods=methods, target=target)
    if processes == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(one, seeds, chunksize=4)


def main() -> None:
    """Examine what was asked for, print what is wrong, and a summary."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.numerics.random_systems", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--seeds", default="0:2000", metavar="FIRST:BEHIND")
    parser.add_argument("--only", action="append", metavar="METHOD")
    parser.add_argument("--target", choices=engine.TARGETS, help="compile all, or none")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    seeds = range(*map(int, asked.seeds.split(":")))
    total = Report()
    for number, report in enumerate(examine_all(seeds, asked.only or METHODS, asked.target, asked.processes), 1):
        total.add(report)
        for line in (*report.broken, *report.findings):
            print(line, flush=True)
        if number % 50 == 0:
            print(f"{number} systems: {total}", flush=True)
    print(f"{len(seeds)} systems: {total}")


if __name__ == "__main__":
    main()
