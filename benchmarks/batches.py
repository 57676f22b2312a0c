"""Large batches: from the first run to a file on disk, beside a plain write of as many bytes."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.cases import CASES
from benchmarks.commands import timed
from benchmarks.table import Row, attempted

SECTION = "batches"
#: Runs on a GPU, and values saved of one state.
_SIZES = {"20 million runs": (20_000_000, 51), "50 million runs": (50_000_000, 100)}
NAMES = tuple(_SIZES)
_CPU_SHARE = 1 / 40
_CASE = replace(CASES["saving lorenz tsit5 adaptive float32"], rtol=1e-4)
#: Columns that a plain write has in memory.
_WIDTH = 1 << 20
_BEFORE = ("import", "plan", "compile")


def measure(wanted: Sequence[str], target: str, scale: float, rounds: int) -> Iterator[Row]:
    """Yield a row for each of the wanted names."""
    share = scale * (1.0 if target == "cuda" else _CPU_SHARE)
    for name in wanted:
        runs, saved = _SIZES[name]
        yield attempted(SECTION, name, partial(_row, name, round(runs * share), saved, target, rounds))


def _row(name: str, runs: int, saved: int, target: str, rounds: int) -> Row:
    found = []
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        config = replace(_CASE, runs=runs, saves=saved - 1).write(folder)
        command = [sys.executable, "-m", "cubie_cli", "run", str(config), "--json", "--quiet", "--allow-failures"]
        command += ["--target", target, "--set", f"run.cache='{folder / 'cache'}'", "--set", "output.states=['x']"]
        timed([*command, "--set", "batch.values={rho=[1.0]}", "--output", str(folder / "first.h5")])
        for _ in range(rounds):
            result = folder / "result.h5"
            ours = timed([*command, "--output", str(result)])
            closed, on_disk = plain_write(folder / "plain.h5", result.stat().st_size)
            result.unlink()
            found.append((ours, closed, on_disk))
    seconds = [each["seconds"] for each, _, _ in found]
    spent = [seconds_after_start(each) for each, _, _ in found]
    figures = {"GB": found[0][0]["bytes"] / 1e9, "s": statistics.median(spent)}
    figures |= {task: statistics.median(each[task] for each in seconds) for task in ("kernel", "transfer", "write")}
    figures |= {"peak_MiB": max(each["peak_MiB"] for each, _, _ in found)}
    figures |= {"plain write": statistics.median(closed for _, closed, _ in found)}
    figures |= {"on disk": statistics.median(on_disk for _, _, on_disk in found)}
    figures |= {"ratio": statistics.median(s / on_disk for s, (_, _, on_disk) in zip(spent, found, strict=True))}
    return Row(SECTION, name, figures, {"runs": runs, "seconds": seconds})


def seconds_after_start(report: Mapping[str, Any]) -> float:
    """Return what a run took by its own report, but for what comes before the first chunk."""
    seconds = report["seconds"]
    total: float = seconds["total"] - sum(seconds[task] for task in _BEFORE)
    return total


def plain_write(path: Path, size: int) -> tuple[float, float]:
    """Write so many bytes of float32 with h5py, and remove them; return the seconds until closed and until on disk."""
    rows = 64
    columns = size // (4 * rows)
    block = np.ones((rows, min(_WIDTH, columns)), dtype=np.float32)
    start = time.perf_counter()
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (rows, columns), dtype=np.float32)
        for first in range(0, columns, _WIDTH):
            width = min(_WIDTH, columns - first)
            dataset[:, first : first + width] = block[:, :width]
    closed = time.perf_counter() - start
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    on_disk = time.perf_counter() - start
    path.unlink()
    return closed, on_disk
