"""Time kernels, one line a case: median milliseconds, the kernel's needs, and the ratio to a yardstick.

    python benchmarks/kernels.py [--target cuda|cpu] [--only TEXT] [--yardstick NAME=MS ...] [--json FILE]

Names of cases are printed; a yardstick is another program's time for the same work, measured right before or after.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from buffers import Locations
from cubie_cli.job import Job, load
from solvers import engine
from solvers.problem import Problem

REPETITIONS = 15

LORENZ = """
[states]
x = 1.0
y = 0.0
z = 0.0
[parameters]
rho = 21.0
[constants]
sigma = 10.0
beta = 2.6666666666666665
[equations]
x = "sigma*(y - x)"
y = "x*(rho - z) - y"
z = "x*y - beta*z"
"""


ROBERTSON = """
[states]
a = 1.0
b = 0.0
c = 0.0
[parameters]
k1 = 0.04
[constants]
k2 = 3e7
k3 = 1e4
[equations]
a = "-k1*a + k3*b*c"
b = "k1*a - k3*b*c - k2*b**2"
c = "k2*b**2"
"""

VAN_DER_POL = """
[states]
x = 2.0
v = 0.0
[parameters]
mu = 1000.0
[equations]
x = "v"
v = "mu*(1 - x**2)*v - x"
"""


def lorenz96(n: int) -> str:
    """Return the Lorenz-96 model with n states."""
    states = "\n".join(f"x{i} = {1 + 0.1 * (i % 7) - 0.05 * (i % 3)}" for i in range(n))
    equations = "\n".join(f'x{i} = "(x{(i + 1) % n} - x{(i - 2) % n})*x{(i - 1) % n} - x{i} + F"' for i in range(n))
    return f"[states]\n{states}\n[parameters]\nF = 8.0\n[equations]\n{equations}\n"


def case(model: str, solve: str, axis: str, runs: int, extra: str = "") -> tuple[str, str]:
    """Return the texts of a model and a run configuration."""
    name, low, high = axis.split()
    config = f"""
[model]
file = "model.toml"
[solve]
{solve}
[batch.values]
{name} = {{ linspace = [{low}, {high}, {runs}] }}
[output]
file = "unused.h5"
{extra}
"""
    return model, config


def cases(runs: int) -> dict[str, tuple[str, str]]:
    """Return all cases by name."""
    found = {}
    for precision in ("float32", "float64"):
        common = f'algorithm = "tsit5"\nprecision = "{precision}"\n'
        found[f"lorenz fixed {precision}"] = case(LORENZ, common + "t1 = 1.0\ndt = 1e-3", "rho 0.0 21.0", runs)
        found[f"lorenz adaptive {precision}"] = case(
            LORENZ, common + "t1 = 1.0\nrtol = 1e-6\natol = 1e-9\ndt0 = 1e-2", "rho 0.0 21.0", runs
        )
    for n in (8, 20, 32, 64):
        solve = 'algorithm = "tsit5"\nprecision = "float32"\nt1 = 0.2\ndt = 1e-3'
        found[f"lorenz96 {n} fixed float32"] = case(lorenz96(n), solve, "F 7.0 9.0", runs // 4)
    found["lorenz saving 100 float32"] = case(
        LORENZ,
        'algorithm = "tsit5"\nprecision = "float32"\nt1 = 1.0\nrtol = 1e-6\natol = 1e-9',
        "rho 0.0 21.0",
        runs // 4,
        "save_every = 0.01",
    )
    for algorithm in ("rodas5p", "rodas4", "kvaerno5", "radau_iia_5"):
        controller = '{ kind = "i", max_factor = 6.0 }'
        common = f'algorithm = "{algorithm}"\nrtol = 1e-6\ndt0 = 1e-6\ncontroller = {controller}\n'
        found[f"robertson {algorithm}"] = case(ROBERTSON, common + "t1 = 1e5\natol = 1e-10", "k1 0.036 0.044", runs)
        found[f"van_der_pol {algorithm}"] = case(
            VAN_DER_POL, common + "t1 = 2000.0\natol = 1e-8", "mu 900.0 1100.0", runs
        )
    return found


def problem_of(job: Job) -> Problem:
    """Return the problem of a job."""
    chosen = job.configuration
    locations = Locations(chosen.buffers.default, tuple(chosen.buffers.named.items()))
    return Problem(job.model.system, chosen.solve, chosen.save, job.axes.names, locations)


def measure(texts: tuple[str, str], target: str, options: list[str]) -> dict[str, object]:
    """Return median and least kernel milliseconds of one case, and what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in zip(("model.toml", "run.toml"), texts, strict=True):
            (Path(folder) / name).write_text(text)
        job = load(Path(folder) / "run.toml", options)
    plan = engine.plan(problem_of(job), target)
    solver = engine.build(plan)
    values = job.axes.values(0, job.axes.count)
    times = []
    for _ in range(REPETITIONS + 3):
        solution = solver.solve(values)
        times.append(solution.kernel_seconds * 1e3)
    kernel = getattr(solver, "kernel", None)
    row = {
        "median_ms": statistics.median(times[3:]),
        "min_ms": min(times[3:]),
        "failed": int((solution.status != 0).sum()),
        "attempts": int(solution.steps.sum() + solution.rejected.sum()) / job.axes.count,
        "compile_s": solver.compile_seconds,
        "last": [float(v) for v in solution.variables[:3, -1, -1]],
    }
    if kernel is not None:
        row |= {"registers": kernel.resources.registers, "stack": kernel.resources.stack_bytes}
        row |= {"threads": kernel.threads, "instructions": kernel.resources.instructions}
    solver.close()
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="cuda")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=2**20)
    parser.add_argument("--set", action="append", default=[], dest="options")
    parser.add_argument("--yardstick", action="append", default=[])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    yardsticks = dict(item.rsplit("=", 1) for item in arguments.yardstick)
    rows = {}
    for name, texts in cases(arguments.runs).items():
        if arguments.only not in name:
            continue
        row = rows[name] = measure(texts, arguments.target, arguments.options)
        ratio = ""
        if name in yardsticks:
            ratio = f"  {row['median_ms'] / float(yardsticks[name]):.2f} of the yardstick"
        needs = " ".join(f"{key} {row[key]}" for key in ("registers", "stack", "threads", "instructions") if key in row)
        print(
            f"{name:28} {row['median_ms']:9.3f} ms  {row['attempts']:7.1f} attempts  {needs}{ratio}",
            flush=True,
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
