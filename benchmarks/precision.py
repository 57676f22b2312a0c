"""Work and precision of every adaptive method: what a digit of the reference cases costs in attempts and in time.

    python -m benchmarks.precision [--only METHOD ...] [--case NAME ...] [--target T] [--processes N] FILE
    python -m benchmarks.precision --draw FOLDER FILE ...

The first command measures, and writes FILE (JSON); the second draws a picture for each case from such files, and
prints tables. An error is that of the end: the largest over all states of |y - exact|/(|exact| + atol/rtol), with the
default atol. So the tolerance is met where it is at most rtol. Runs are alike; the time is that of the kernel, on one
core or on the GPU.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.honesty import METHODS
from cubie_cli.configurations.job import Job, load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution import engine
from solvers.status import Status

RTOLS = tuple(10.0**-digits for digits in range(3, 11))
#: The default atol is so much of rtol times the largest initial value.
FLOOR = 1e-3
#: Attempts after which a run is given up.
MAX_ATTEMPTS = 20_000
#: Runs that are alike, on a core and on a GPU.
RUNS = {"cpu": 64, "cuda": 1 << 15}
_CASES = Path(__file__).parents[1] / "tests" / "data" / "cases.json"


@dataclass(frozen=True)
class Entry:
    """What a method took for a case at a tolerance.

    Parameters
    ----------
    case, method, rtol, target
        Which.
    error
        At the end; None where it was not reached.
    attempts
        Steps that were accepted or rejected.
    seconds
        Of the kernel, a run.
    """

    case: str
    method: str
    rtol: float
    target: str
    error: float | None
    attempts: int
    seconds: float


def read_cases() -> dict[str, dict[str, Any]]:
    """Return the reference cases by name."""
    return {case["name"]: case for case in json.loads(_CASES.read_text(encoding="utf-8"))["cases"]}


def configuration(case: Mapping[str, Any], method: str, rtol: float, runs: int) -> str:
    """Return the run configuration that solves a case to its end, with its model."""
    tables = {
        "states": dict(zip(case["states"], case["y0"], strict=True)),
        "parameters": case["params"],
        "observables": dict(case["aux"]),
        "equations": case["equations"],
    }
    lines = []
    for table, entries in tables.items():
        lines += [f"[model.{table}]", *(f"{name} = {json.dumps(value)}" for name, value in entries.items())]
    first, start = case["states"][0], case["y0"][0]
    lines += [
        f'[solve]\nalgorithm = "{method}"\nt1 = {case["t_end"]!r}\nrtol = {rtol!r}\nmax_steps = {MAX_ATTEMPTS}',
        f"[output]\nobservables = []\n[batch.values]\n{first} = {{ linspace = [{start}, {start}, {runs}] }}",
    ]
    return "\n".join(lines) + "\n"


def measure(target: str, case: str, method: str) -> list[Entry]:
    """Solve a case at all tolerances."""
    return [_solved(target, case, method, rtol) for rtol in RTOLS]


def _solved(target: str, case: str, method: str, rtol: float) -> Entry:
    facts, runs = read_cases()[case], RUNS[target]
    job = _job(facts, method, rtol, runs)
    with closing(engine.load(find_kernel(job, target).compiled(), job.exchange, 1)) as solver:
        values = job.design.values(0, runs)
        solver.solve(values[:, :1])
        solution = solver.solve(values)
    attempts = int(solution.steps[0] + solution.rejected[0])
    error = None if solution.status[0] != Status.SUCCESS else _error(facts, solution.variables[:, -1, 0])
    return Entry(case, method, rtol, target, error, attempts, solution.kernel_seconds / runs)


def _job(case: Mapping[str, Any], method: str, rtol: float, runs: int) -> Job:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.toml"
        path.write_text(configuration(case, method, rtol, runs), encoding="utf-8")
        return load(path)


def _error(case: Mapping[str, Any], found: np.ndarray) -> float:
    """Return the error of the states at the end."""
    exact = np.array([case["reference"][name] for name in case["states"]])
    floor = FLOOR * max(map(abs, case["y0"]))
    compared = [case["states"].index(name) for name in case["compare_states"]]
    return float((np.abs(found - exact) / (np.abs(exact) + floor))[compared].max())


def compile_kernel(target: str, case: str, method: str) -> list[Entry]:
    """Keep the kernel of a case, which is the same at all tolerances; nothing is measured."""
    find_kernel(_job(read_cases()[case], method, RTOLS[0], RUNS[target]), target).compiled()
    return []


def measured(target: str, wanted: Sequence[tuple[str, str]], processes: int) -> Iterator[list[Entry]]:
    """Yield the entries of pairs (case, method) as they come: of a CPU side by side, of a GPU one after the other."""
    first = measure if target == "cpu" else compile_kernel
    with ProcessPoolExecutor(processes) as pool:
        begun = {pool.submit(first, target, *pair): pair for pair in wanted}
        for done in as_completed(begun):
            yield measure(target, *begun[done]) if target == "cuda" else done.result()


def main() -> None:
    """Measure or draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=METHODS, metavar="METHOD")
    parser.add_argument("--case", action="append", choices=read_cases(), metavar="NAME", dest="cases")
    parser.add_argument("--target", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    parser.add_argument("--draw", type=Path, metavar="FOLDER")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if asked.draw:
        from benchmarks.precision_pictures import draw  # noqa: PLC0415 - needs matplotlib

        print(draw([Entry(**entry) for file in asked.files for entry in json.loads(file.read_text())], asked.draw))
        return
    (file,) = asked.files
    largest_first = sorted(asked.cases or read_cases(), key=lambda name: -read_cases()[name]["n_states"])
    wanted = [(case, method) for case in largest_first for method in asked.only or METHODS]
    entries: list[Entry] = []
    for some in measured(asked.target, wanted, asked.processes):
        entries += some
        file.write_text(json.dumps([asdict(entry) for entry in entries], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
