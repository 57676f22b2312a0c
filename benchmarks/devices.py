"""The same batch on one GPU, two, and so on: from the first run to a file on disk, the same to the last bit."""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.batches import seconds_after_start
from benchmarks.cases import Case
from benchmarks.commands import timed
from benchmarks.models import MODELS
from benchmarks.problems import PROBLEMS
from benchmarks.table import Row, attempted
from solvers.execution import engine

SECTION = "devices"
#: An H200 takes about a minute for each.
_CASES = {
    "lorenz, 100 saved values": Case(
        "saving",
        replace(PROBLEMS["lorenz"], sweep=("rho", 24.0, 28.0), t1=8_000.0),
        "tsit5",
        20_000_000,
        "float32",
        saves=99,
    ),
    "network 53, the end": Case("stiff", MODELS["network 53"], "rodas5p", 12_000_000),
}
NAMES = tuple(_CASES)
_OPTIONS = {
    "lorenz, 100 saved values": ["output.states=['x']", "solve.max_steps=100_000_000"],
    "network 53, the end": ["output.states=['y0', 'y1']"],
}
#: Runs that are compared at once.
_SLICE = 1 << 22


def measure(wanted: Sequence[str], target: str, scale: float, rounds: int) -> Iterator[Row]:
    """Yield a row for each of the wanted names and each number of GPUs, doubled up to those of this machine."""
    there = engine.alike_devices() if wanted and target == "cuda" else ()
    for name in wanted:
        with tempfile.TemporaryDirectory() as kept:
            batch = _Batch(name, Path(kept), scale)
            count, alone = 1, None
            while count <= len(there):
                row = attempted(SECTION, f"{name}: {count}", lambda: batch.row(there[:count], rounds, alone))  # noqa: B023 - called at once
                alone = alone or row.figures.get("s")
                yield row
                count *= 2


class _Batch:
    """A batch in a folder, whose first result the others are compared with."""

    def __init__(self, name: str, folder: Path, scale: float) -> None:
        case = _CASES[name]
        config = replace(case, runs=round(case.runs * scale)).write(folder)
        options = [*_OPTIONS[name], f"run.cache='{folder / 'cache'}'"]
        self._name, self._first = name, folder / "first.h5"
        self._command = [sys.executable, "-m", "cubie_cli", "run", str(config), "--json", "--quiet", "--target", "cuda"]
        self._command += ["--allow-failures", *(word for option in options for word in ("--set", option))]
        timed([*self._command, "--runs", "0:1000", "--output", str(folder / "few.h5")])

    def row(self, devices: Sequence[int], rounds: int, alone: float | None) -> Row:
        """Return what some devices take, and the share of what one should take divided by their number."""
        found = [self._run(devices) for _ in range(rounds)]
        spent = statistics.median(map(seconds_after_start, found))
        scaling = (alone or spent) / (spent * len(devices))
        figures = {"GB": found[0]["bytes"] / 1e9, "s": spent, "scaling": scaling}
        figures |= {task: statistics.median(each["seconds"][task] for each in found) for task in ("kernel", "write")}
        return Row(SECTION, f"{self._name}: {len(devices)}", figures, {"runs": found})

    def _run(self, devices: Sequence[int]) -> Mapping[str, Any]:
        path = self._first if not self._first.exists() else self._first.with_name("next.h5")
        found = timed([*self._command, "--set", f"run.devices={list(devices)}", "--output", str(path)])
        if path != self._first:
            _compare(self._first, path)
            path.unlink()
        return found


def _compare(first: Path, second: Path) -> None:
    """Find that two files hold the same data, or raise ValueError."""
    with h5py.File(first) as one, h5py.File(second) as other:
        for name in (name for name, value in one.items() if isinstance(value, h5py.Dataset) and value.ndim):
            runs = one[name].shape[-1]
            for begin in range(0, runs, _SLICE):
                both = (np.ascontiguousarray(file[name][..., begin : begin + _SLICE]) for file in (one, other))
                if not np.array_equal(*(each.view(np.uint8) for each in both)):
                    raise ValueError(f"{name} differs from what one GPU gives")
