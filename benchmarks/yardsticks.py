"""Other programs that integrate the same cases, named by an option and timed in turn with ours.

A program is an executable, or source that is compiled with nvcc (.cu) or g++ (.cpp). It prints a line for each
measurement: words that say which, then KEY=VALUE pairs, of which `ms=` is used.

lorenz-cuda     --n RUNS --modes tsit5|pi --prec f32|f64 --tol RTOL,ATOL,DT0 --beta B --dt DT --steps N [--shuffle];
                a line begins with the mode and the precision
stiff-cuda      --n RUNS --prob rob|vdp --meth METHOD --rtol R --atol A --h0 H [--shuffle];
                a line begins with the problem and the method
lorenz-cpu      RUNS STEPS RTOL ATOL DT0 BETA REPETITIONS; a line for each mode and precision, as lorenz-cuda
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.cases import Case

_BETA = "2.6666666666666665"
_BITS = {"float32": "f32", "float64": "f64"}
_STIFF = {"robertson": "rob", "van_der_pol": "vdp"}
_TIMEOUT = 300.0


class YardstickError(RuntimeError):
    """A yardstick that could not be built, or gave no time."""


class Yardstick(Protocol):
    """Another program."""

    name: str
    target: str

    def can(self, case: Case) -> bool:
        """Return whether it can do a case."""

    def time(self, case: Case) -> float:
        """Return milliseconds.

        Raises
        ------
        YardstickError
            Where it gives none.
        """


@dataclass
class Program:
    """A yardstick that is started for each time.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    path
        The executable, or its source.
    """

    kind: str
    path: Path
    _built: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its kind."""
        return self.kind

    @property
    def target(self) -> str:
        """What it runs on."""
        return KINDS[self.kind].target

    def can(self, case: Case) -> bool:
        """Return whether it can do a case."""
        return not case.saves and KINDS[self.kind].can(case)

    def time(self, case: Case) -> float:
        """Return the milliseconds that it prints for a case."""
        words, arguments = KINDS[self.kind].arguments(case)
        return milliseconds(_output([str(self._executable()), *arguments]), words)

    def _executable(self) -> Path:
        if self.path.suffix not in {".cu", ".cpp"}:
            return self.path.resolve()
        if self._built is None:
            self._built = tempfile.TemporaryDirectory()
            _output([*_compiler(self.path), "-o", f"{self._built.name}/program", str(self.path)])
        return Path(self._built.name) / "program"


@dataclass(frozen=True)
class Kind:
    """What a kind of program can do, and how it is asked.

    Parameters
    ----------
    target
        What it runs on.
    can
        Whether it can do a case.
    arguments
        The words its line begins with, and its arguments.
    """

    target: str
    can: Callable[[Case], bool]
    arguments: Callable[[Case], tuple[tuple[str, str], list[str]]]


def milliseconds(output: str, words: tuple[str, str]) -> float:
    """Return the value of `ms=` in the line of an output that begins with some words.

    Raises
    ------
    YardstickError
        Without such a line.
    """
    for line in output.splitlines():
        found = re.search(r"\bms=\s*([0-9.eE+-]+)", line)
        if tuple(line.split()[: len(words)]) == words and found:
            return float(found.group(1))
    raise YardstickError(f"no line {' '.join(words)!r} with ms= in what it printed")


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise YardstickError(str(error)) from error
    if done.returncode:
        raise YardstickError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _compiler(source: Path) -> list[str]:
    name = "nvcc" if source.suffix == ".cu" else "g++"
    if shutil.which(name) is None:
        raise YardstickError(f"{name} is not there to compile {source.name}")
    if name == "nvcc":
        return [name, "-O3", "-arch=native", "-std=c++17", "-Xcompiler", "-O3,-fopenmp"]
    wide = "avx512f" in _processor()
    flags = ["-mprefer-vector-width=512", "-DVB=64"] if wide else ["-DVB=32"]
    return [name, "-O3", "-march=native", "-ffp-contract=fast", "-fopenmp", "-std=c++17", *flags]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _is_lorenz(case: Case) -> bool:
    return case.problem.name == "lorenz" and case.algorithm == "tsit5"


def _mode(case: Case) -> tuple[str, str]:
    return "tsit5" if case.fixed else "pi", _BITS[case.precision]


def _lorenz_cuda(case: Case) -> tuple[tuple[str, str], list[str]]:
    mode, bits = _mode(case)
    problem = case.problem
    arguments = ["--n", str(case.runs), "--modes", mode, "--prec", bits, "--beta", _BETA]
    arguments += ["--tol", f"{case.rtol},{case.atol},{problem.dt0}"]
    arguments += ["--dt", str(problem.dt), "--steps", str(round(problem.t1 / problem.dt))]
    return (mode, bits), arguments + ["--shuffle"] * case.shuffled


def _lorenz_cpu(case: Case) -> tuple[tuple[str, str], list[str]]:
    problem = case.problem
    steps = round(problem.t1 / problem.dt)
    settings = (case.runs, steps, case.rtol, case.atol, problem.dt0, _BETA, 5)
    return _mode(case), [str(value) for value in settings]


def _stiff_cuda(case: Case) -> tuple[tuple[str, str], list[str]]:
    words = _STIFF[case.problem.name], case.algorithm
    arguments = ["--n", str(case.runs), "--prob", words[0], "--meth", words[1], "--rtol", str(case.rtol)]
    arguments += ["--atol", str(case.atol), "--h0", str(case.problem.dt0)]
    return words, arguments + ["--shuffle"] * case.shuffled


#: The programs that are known, by the name that options give them.
KINDS = {
    "lorenz-cuda": Kind("cuda", _is_lorenz, _lorenz_cuda),
    "lorenz-cpu": Kind("cpu", lambda case: _is_lorenz(case) and not case.shuffled, _lorenz_cpu),
    "stiff-cuda": Kind(
        "cuda", lambda case: case.problem.name in _STIFF and case.algorithm in {"rodas4", "rodas5p"}, _stiff_cuda
    ),
}


def parse(text: str) -> Program:
    """Return the yardstick of an option NAME=PATH.

    Raises
    ------
    ValueError
        For a name that is not known, or a path that is not there.
    """
    name, _, path = text.partition("=")
    if name not in KINDS:
        raise ValueError(f"{name!r} is none of {', '.join(KINDS)}")
    if not Path(path).is_file():
        raise ValueError(f"no such file: {path!r}")
    return Program(name, Path(path))
