"""Finds settings under which a batch runs faster on this device, by measuring them one after the other.

A search that changes one thing at a time: a change stays where the kernel is faster with it and gives the same
results. Each is timed in turn with the best so far, so that a device that slows down slows both.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.configurations.job import load
from cubie_cli.documents.messages import UsageError, UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.kernels.choice import settled
from cubie_cli.kernels.job_kernel import JobKernel, choose_target, find_kernel
from cubie_cli.kernels.user_errors import as_user_errors
from solvers.execution import engine
from solvers.planning.exchange import Solution

if TYPE_CHECKING:
    from cubie_cli.kernels.compilation import Audience

#: Values by key path, as a run configuration has them.
Settings = Mapping[KeyPath, Any]

#: A change that gains less than this is noise; one that gains more has to do so twice.
LEAST_GAIN = 0.02
#: Timed solutions of each of two kernels that are compared, and of the two at the end.
ROUNDS = 7
FINAL_ROUNDS = 15
#: Runs that are solved at most and at least, unless the batch has fewer, and the seconds that a solution should take.
MOST_RUNS = {"cuda": 1 << 20, "cpu": 1 << 16}
FEWEST_RUNS = {"cuda": 1 << 16, "cpu": 1 << 10}
SOLUTION_SECONDS = 0.2
#: Relative difference up to which results are the same.
SAME = {"float64": 1e-12, "float32": 1e-6}

_KERNEL: KeyPath = ("run", "kernel")
#: What is tried besides the locations of buffers. Few warps pay where all their stacks stay in a cache, so that is one
#: change.
_KERNEL_CHANGES: Mapping[str, Sequence[Mapping[str, int]]] = {
    "cuda": (
        *({"order": value} for value in (True, False)),
        *({"threads_per_run": value} for value in (1, 2, 4, 8, 16, 32)),
        *({"patience": value} for value in (0, 24, 48, 96)),
        *({"threads_per_block": value} for value in (32, 64, 128, 256)),
        *({"resident_blocks": value} for value in (1, 2, 4)),
        *({"threads_per_block": 32, "resident_blocks": value} for value in (2, 3, 4)),
        *({"max_registers": value} for value in (64, 96, 128, 168, 255)),
    ),
    "cpu": tuple({"vectors": value} for value in (1, 2, 4)),
}


@dataclass(frozen=True)
class Trial:
    """A change that was measured.

    Parameters
    ----------
    settings
        What was changed.
    speed
        Of the kernel, relative to the best before; None where it did not run.
    kept
        Whether the change stays.
    note
        Why it did not run, or why it does not stay.
    """

    settings: Settings
    speed: float | None
    kept: bool
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"settings": dotted(self.settings), "speed": self.speed, "kept": self.kept, "note": self.note}


@dataclass(frozen=True)
class Tuning:
    """What a search found.

    Parameters
    ----------
    title, target, device
        The model, and what was measured on.
    runs
        How many were solved for each measurement.
    before, after
        Median seconds of the kernel as configured, and with `settings`, measured in turn at the end.
    settings
        What to change; empty where nothing is faster.
    trials
        All that was tried, in order.
    complete
        Whether everything was tried in the time given.
    """

    title: str
    target: str
    device: str
    runs: int
    before: float
    after: float
    settings: Settings
    trials: tuple[Trial, ...]
    complete: bool

    @property
    def speed(self) -> float:
        """How many times as fast the kernel is with the settings."""
        return self.before / self.after

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "target": self.target,
            "device": self.device,
            "runs": self.runs,
            "seconds": {"before": self.before, "after": self.after},
            "speed": self.speed,
            "settings": dotted(self.settings),
            "complete": self.complete,
            "trials": [trial.as_json() for trial in self.trials],
        }

    def as_toml(self) -> str:
        """Return the settings as a fragment of a run configuration."""
        lines = [
            f"# {self.title} on {self.device} ({self.target}), measured by cubie tune with {self.runs:,} runs:",
            f"# {1e3 * self.after:.4g} ms in the kernel with these settings, {1e3 * self.before:.4g} ms without.",
        ]
        tables: dict[KeyPath, list[str]] = {}
        for path, value in self.settings.items():
            tables.setdefault(path[:-1], []).append(f"{_toml_key(path[-1])} = {json.dumps(value)}")
        for table, entries in tables.items():
            lines += ["", f"[{'.'.join(map(str, table))}]", *entries]
        return "\n".join(lines) + "\n"


def dotted(settings: Settings) -> dict[str, Any]:
    """Return settings by their keys as one writes them."""
    return {".".join(map(_toml_key, path)): value for path, value in settings.items()}


def _toml_key(part: str | int) -> str:
    text = str(part)
    return text if text.replace("_", "").isalnum() else json.dumps(text)


@dataclass
class Candidate:
    """A kernel under some settings, ready to be timed.

    Parameters
    ----------
    solver
        The kernel.
    values
        Swept values of the runs that are solved.
    solution
        What it gives, from a first run that is not timed.
    """

    solver: engine.Solver
    values: np.ndarray
    solution: Solution = field(init=False)

    def __post_init__(self) -> None:
        self.solution = self.solver.solve(self.values)

    def seconds(self) -> float:
        """Return the time that the kernel takes."""
        return self.solver.solve(self.values).kernel_seconds


class Workbench:
    """One batch under any settings.

    Parameters
    ----------
    config, overrides
        The batch as configured.
    target
        The command line's choice, which beats the file's.
    runs
        How many to solve; None: as many as take a moment.
    audience
        Is told what is compiled for the batch as configured; the kernels of changes are as large.
    """

    def __init__(
        self,
        config: Path,
        overrides: Sequence[str],
        target: str | None,
        runs: int | None,
        audience: "Audience | None" = None,
    ) -> None:
        self._config, self._overrides, self._audience = config, tuple(overrides), audience
        self.job, choice = settled(load(config, self._overrides), audience)
        if choice:
            self._overrides += (f"solve.algorithm={choice.algorithm}",)
        requested = str(target or self.job.configuration.target)
        self.target = choose_target(requested)
        if self.target == "cuda" and requested == "auto" and engine.why_cannot_compile("cuda"):
            self.target = "cpu"
        if self.target == "python":
            raise UsageError("the python target is not tuned", hint="choose another: --target cpu or cuda")
        self.base = self._find({})
        self._values = self.job.design.sample(runs or MOST_RUNS[self.target])
        if runs is None:
            self._shorten()

    @property
    def runs(self) -> int:
        """How many runs are solved."""
        return int(self._values.shape[1])

    def open(self, settings: Settings) -> Candidate:
        """Return the kernel under settings; close its solver after use.

        Raises
        ------
        UserError
            Where it cannot be compiled or does not fit.
        """
        found = self._find(settings)
        threads = self.job.configuration.threads
        audience = None if settings else self._audience
        with as_user_errors(self.job), ExitStack() as held:
            kernel = found.compiled(audience=audience)
            solver = held.enter_context(closing(engine.load(kernel, self.job.exchange, threads)))
            candidate = Candidate(solver, self._values)
            held.pop_all()
        return candidate

    def _find(self, settings: Settings) -> JobKernel:
        options = [f"{key}={json.dumps(value)}" for key, value in dotted(settings).items()]
        job = load(self._config, (*self._overrides, *options))
        return find_kernel(replace(job, model=self.job.model), self.target)

    def _shorten(self) -> None:
        """Take fewer runs where all of them take long."""
        fewest = FEWEST_RUNS[self.target]
        everything, self._values = self._values, self.job.design.sample(fewest)
        candidate = self.open({})
        with closing(candidate.solver):
            start = time.perf_counter()
            candidate.seconds()
            each = (time.perf_counter() - start) / self.runs
        affordable = int(SOLUTION_SECONDS / each)
        if affordable >= everything.shape[1]:
            self._values = everything
        elif affordable > self.runs:
            self._values = self.job.design.sample(affordable)


def tune(bench: Workbench, seconds: float, tell: Callable[[Trial], None]) -> Tuning:
    """Search for faster settings.

    Parameters
    ----------
    bench
        The batch.
    seconds
        When to stop trying.
    tell
        Takes each trial as it ends.
    """
    end = time.perf_counter() + seconds
    trials: list[Trial] = []
    best: Settings = {}
    present, complete = bench.open({}), True
    device = present.solver.device
    for change in _changes(bench):
        if time.perf_counter() > end:
            complete = False
            break
        trial, present = _try(bench, present, best, change)
        best = {**best, **change} if trial.kept else best
        trials.append(trial)
        tell(trial)
    with closing(present.solver), closing(bench.open({}).solver) as configured:
        first = Candidate(configured, present.values)
        before, after = map(statistics.median, zip(*_in_turn(first, present, FINAL_ROUNDS), strict=True))
    if after > before:
        best, after = {}, before
    title = bench.job.model.quantities.name
    return Tuning(title, bench.target, device, bench.runs, before, after, best, tuple(trials), complete)


def _try(bench: Workbench, present: Candidate, best: Settings, change: Settings) -> tuple[Trial, Candidate]:
    """Return how a change does against the best so far, and the better of the two kernels."""
    try:
        candidate = bench.open({**best, **change})
    except UserError as error:
        return Trial(change, None, kept=False, note=error.message), present
    speed = _speed(present, candidate)
    if speed > 1 + LEAST_GAIN:
        speed = min(speed, _speed(present, candidate))
    if not _same(candidate.solution, present.solution, SAME[bench.job.configuration.solve.precision]):
        note = "other results"
    else:
        note = "" if speed > 1 + LEAST_GAIN else "not faster"
    loser = candidate if note else present
    loser.solver.close()
    return Trial(change, speed, kept=not note, note=note), present if note else candidate


def _speed(present: Candidate, candidate: Candidate) -> float:
    """Return how many times as fast a kernel is as another: the median of pairs that follow each other."""
    return statistics.median(old / new for old, new in _in_turn(present, candidate, ROUNDS))


def _in_turn(first: Candidate, second: Candidate, rounds: int) -> list[tuple[float, float]]:
    """Return the seconds of two kernels that are timed in turn."""
    return [(first.seconds(), second.seconds()) for _ in range(rounds)]


def _same(found: Solution, expected: Solution, tolerance: float) -> bool:
    """Return whether two solutions end alike, with the same values up to rounding."""
    if not np.array_equal(found.status, expected.status):
        return False
    return bool(np.allclose(found.variables, expected.variables, rtol=tolerance, atol=0.0, equal_nan=True))


def _changes(bench: Workbench) -> Iterator[Settings]:
    """Yield what to try: what a kernel is compiled and launched with, then where buffers lie, the largest first."""
    for change in _KERNEL_CHANGES[bench.target]:
        yield {(*_KERNEL, name): value for name, value in change.items()}
    rows = [row for row in bench.base.work.registry.rows() if row.kind == "own" and row.bytes]
    for row in sorted(rows, key=lambda row: row.bytes, reverse=True):
        for location in ("shared", "persistent", "local"):
            if location != row.location:
                yield {("buffers", f"{row.owner}.{row.name}"): location}
