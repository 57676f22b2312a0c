"""Cells: boxes of swept values, as wide as the runs in them are dense, so that runs of one cell are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: What a multiprocessor adds up in a few microseconds.
MOST_CELLS = 1 << 14
#: Runs that a cell has on average: two warps, so that few warps hold runs of two cells.
RUNS_A_CELL = 64
#: Most parts that one quantity's values are divided into.
MOST_LEVELS = 1 << 10
#: Runs that are looked at to find where values are dense.
SAMPLE = 1 << 14

_GOLDEN_RATIO = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Cells:
    """A grid of cells.

    Parameters
    ----------
    levels
        Parts that the values of each swept quantity are divided into, int32 of shape (rows,).
    edges
        The lowest value of each part but the first, rising; of shape (rows, most levels - 1), at the end of a row
        infinite.
    """

    levels: np.ndarray
    edges: np.ndarray

    @property
    def count(self) -> int:
        """The number of cells."""
        return int(self.levels.prod(dtype=np.int64))


def divide(values: np.ndarray) -> Cells:
    """Return cells that hold about equally many runs where quantities vary independently.

    Parameters
    ----------
    values
        Swept values, shape (rows, runs).
    """
    runs = values.shape[1]
    # Multiples of the golden ratio spread evenly, whatever the period with which values repeat.
    chosen = (np.arange(min(SAMPLE, runs)) * _GOLDEN_RATIO % 1.0 * runs).astype(np.int64)
    samples = np.sort(values[:, chosen], axis=1)
    distinct = [np.unique(sample) for sample in samples]
    levels = _levels([len(found) for found in distinct], max(1, min(MOST_CELLS, runs // RUNS_A_CELL)))
    edges = np.full((len(values), max(levels, default=1) - 1), np.inf, dtype=values.dtype)
    for row, (sample, found, count) in enumerate(zip(samples, distinct, levels, strict=True)):
        quantiles = sample[np.arange(1, count) * len(sample) // count]
        edges[row, : count - 1] = found[1:] if count == len(found) else quantiles
    return Cells(np.array(levels, dtype=np.int32), edges)


def _levels(distinct: Sequence[int], cells: int) -> list[int]:
    """Return the levels of each row: as equal as the numbers of distinct values allow."""
    levels = [1] * len(distinct)
    rows = sorted(range(len(distinct)), key=distinct.__getitem__)
    for place, row in enumerate(rows):
        share = int(cells ** (1 / (len(rows) - place)) * (1 + 1e-12))
        levels[row] = max(1, min(distinct[row], share, MOST_LEVELS))
        cells //= levels[row]
    return levels
