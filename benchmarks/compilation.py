"""Compilation: how long kernels take to compile, small ones and those of wide systems."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.kernels import needs
from benchmarks.problems import PROBLEMS
from benchmarks.table import Row, attempted
from cubie_cli.configurations.job import load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution import engine
from solvers.execution.kernel import Kernel

SECTION = "compile"
_METHODS = {
    "lorenz": ("tsit5",),
    "robertson": ("rodas5p", "kvaerno5", "radau_iia_5"),
    "pleiades": ("tsit5", "dop853", "vern9"),
    "pollution": ("rodas4", "kvaerno5", "radau_iia_5"),
    "lorenz96 64": ("tsit5", "vern9", "rodas5p", "kvaerno5", "radau_iia_5"),
    "lorenz96 128": ("tsit5", "vern9", "rodas5p", "kvaerno5"),
}
_CASES = [Case(SECTION, PROBLEMS[problem], method, 1024) for problem, methods in _METHODS.items() for method in methods]
#: By what options choose them.
NAMES = {case.name.removeprefix(f"{SECTION} "): case for case in _CASES}


def measure(wanted: Sequence[str], target: str, options: Sequence[str], arch: str | None) -> Iterator[Row]:
    """Yield a row for each case among the wanted names.

    Parameters
    ----------
    wanted, target, options
        As on the command line.
    arch
        The GPU architecture compiled for; None: that of the GPU here, none on the cpu target.
    """
    chosen = "cuda" if arch else target
    if wanted:
        _compiled(_CASES[0], chosen, options, arch)  # the compilers are imported, and have set themselves up
    for name in wanted:
        yield attempted(SECTION, name, partial(_row, name, chosen, options, arch))


def _compiled(case: Case, target: str, options: Sequence[str], arch: str | None) -> tuple[float, Kernel]:
    """Return the seconds that planning takes, and the kernel."""
    with tempfile.TemporaryDirectory() as folder:
        job = load(case.write(Path(folder)), ["run.cache=false", *options])
    start = time.perf_counter()
    found = find_kernel(job, target, arch)
    planned = time.perf_counter() - start
    return planned, found.compiled()


def _row(name: str, target: str, options: Sequence[str], arch: str | None) -> Row:
    planned, kernel = _compiled(NAMES[name], target, options, arch)
    report = engine.kernel_report(kernel) if target == "cuda" else {}
    figures = {"plan_s": planned, "compile_s": kernel.seconds, "code kB": len(kernel.code) / 1000}
    return Row(SECTION, name, figures | needs(report, ("registers", "local_bytes", "instructions")), {"kernel": report})
