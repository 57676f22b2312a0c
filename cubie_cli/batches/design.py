"""Which values each run of a batch has, found by its index, without holding those of all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np

from cubie_cli.batches.parts import Factor
from cubie_cli.documents.columns import TableFile
from cubie_cli.documents.positions import KeyPath

#: More runs than this cannot be numbered.
LARGEST_INDEX = 2**62


@dataclass(frozen=True)
class Design:
    """The runs of a batch: every combination of its factors' positions, the last factor fastest.

    Parameters
    ----------
    factors
        In the order written.
    places
        Where each quantity is written, or the table that has it.
    tables
        The tables' files, by what a result calls them.
    texts
        The rows of tables that are short, likewise.
    attributes
        What a result has to tell of the design: seeds and methods.
    warnings
        What is allowed and probably not meant.
    """

    factors: tuple[Factor, ...] = ()
    places: Mapping[str, KeyPath] = field(default_factory=dict)
    tables: Mapping[str, TableFile] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The swept quantities."""
        return tuple(name for factor in self.factors for name in factor.names)

    @property
    def count(self) -> int:
        """The number of runs: 1 where nothing is swept."""
        return math.prod(factor.count for factor in self.factors)

    @property
    def axes(self) -> dict[str, int]:
        """The axes of a grid and their lengths."""
        return {factor.axis: factor.count for factor in self.factors if factor.axis}

    @property
    def indexed(self) -> tuple[str, ...]:
        """The axes along which a run's position is told: those of a grid of two or more."""
        return tuple(self.axes) if len(self.axes) > 1 else ()

    @property
    def disorder(self) -> int:
        """How many quantities vary, where neighbours may differ much; else 0: neighbours take about as many steps."""
        varying = [factor for factor in self.factors if factor.varying]
        return 0 if not varying or varying[-1].gradual else sum(factor.varying for factor in varying)

    def values(self, start: int, stop: int) -> np.ndarray:
        """Return the values of a range of runs.

        Parameters
        ----------
        start, stop
            The first run, and the one after the last.

        Returns
        -------
        numpy.ndarray
            Float64, of shape (number of names, stop - start).
        """
        return self.at(self._range(start, stop))

    def indices(self, start: int, stop: int) -> list[np.ndarray]:
        """Return the positions of a range of runs along each axis of `indexed`."""
        runs = self._range(start, stop)
        return [
            positions
            for factor, positions in zip(self.factors, self._positions(runs), strict=True)
            if factor.axis in self.indexed
        ]

    def sample(self, most: int) -> np.ndarray:
        """Return the values of runs that are spread evenly over the batch, as `values` does.

        Parameters
        ----------
        most
            How many; all runs where there are fewer.
        """
        count = min(most, self.count, LARGEST_INDEX)
        return self.at(np.array([run * self.count // count for run in range(count)], dtype=np.int64))

    def at(self, runs: np.ndarray) -> np.ndarray:
        """Return the values of some runs, given by their index: float64, of shape (number of names, runs)."""
        rows = [factor.at(found) for factor, found in zip(self.factors, self._positions(runs), strict=True)]
        return np.concatenate(rows) if rows else np.empty((0, len(runs)))

    def _range(self, start: int, stop: int) -> np.ndarray:
        if not 0 <= start <= stop <= min(self.count, LARGEST_INDEX):
            raise IndexError(f"runs {start} to {stop} of {self.count}")
        return np.arange(start, stop, dtype=np.int64)

    def _positions(self, runs: np.ndarray) -> list[np.ndarray]:
        """Return the position of each run along each factor."""
        counts = [factor.count for factor in self.factors]
        strides = list(accumulate(reversed(counts), lambda stride, count: stride * count, initial=1))[-2::-1]
        return [runs // min(stride, LARGEST_INDEX) % count for stride, count in zip(strides, counts, strict=True)]
