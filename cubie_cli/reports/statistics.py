"""Sums up variables of a result that may be larger than memory: reads them in blocks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from solvers.status import Status

_SUCCESSES = [status for status in Status if status.succeeded]
#: Values of a variable that are looked at together.
BLOCK = 1 << 21


@dataclass
class Statistics:
    """What is known of the numbers seen so far.

    Means and variances of parts are put together as by Chan, Golub and LeVeque, Algorithms for computing the sample
    variance, The American Statistician 37 (1983) 242-247.
    """

    known: int = 0
    missing: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def take(self, values: np.ndarray) -> None:
        """Take up some values; NaN is what is missing."""
        known = values[~np.isnan(values)]
        self.missing += values.size - known.size
        if not known.size:
            return
        with np.errstate(all="ignore"):  # values may be infinite
            self.minimum = min(self.minimum, known.min().item())
            self.maximum = max(self.maximum, known.max().item())
            mean = float(known.mean(dtype=np.float64))
            squares = float(np.square(known - mean, dtype=np.float64).sum())
            apart, count = np.float64(mean) - self.mean, self.known + known.size
            self.mean += float(apart * known.size / count)
            self.squares += squares + float(apart**2 * self.known * known.size / count)
        self.known = count

    def as_json(self) -> dict[str, Any]:
        """Return plain values; None where nothing is known."""
        if not self.known:
            return {"minimum": None, "maximum": None, "mean": None, "std": None, "missing": self.missing}
        return {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "mean": self.mean,
            "std": math.sqrt(self.squares / self.known),
            "missing": self.missing,
        }


def statistics(data: h5py.Dataset, status: h5py.Dataset | None = None) -> Statistics:
    """Return what there is to say of the numbers of a variable, whose last dimension is that of the runs.

    Parameters
    ----------
    data
        The variable.
    status
        The status of each run, where only those that succeeded count.
    """
    found = Statistics()
    for runs in blocks_of(data.shape[-1]):
        chosen = slice(None) if status is None else np.isin(status[runs], _SUCCESSES)
        for block in _rows(data, runs):
            found.take(block[..., chosen])
    return found


def blocks_of(length: int) -> Iterator[slice]:
    """Yield the places along a dimension, as many at a time as are looked at together."""
    for first in range(0, length, BLOCK):
        yield slice(first, min(first + BLOCK, length))


def _rows(data: h5py.Dataset, runs: slice) -> Iterator[np.ndarray]:
    """Yield all values of some runs, as many rows at a time as fit a block."""
    if data.ndim == 1:
        yield data[runs]
        return
    some = max(1, BLOCK // (runs.stop - runs.start))
    for place in np.ndindex(data.shape[:-2]):
        for first in range(0, data.shape[-2], some):
            yield data[(*place, slice(first, first + some), runs)]
