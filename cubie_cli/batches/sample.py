"""Samples: quantities that are drawn from distributions, the values of each run by its index."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from cubie_cli.batches.distributions import Drawn
from cubie_cli.batches.points import Points, points_at, points_of


@dataclass(frozen=True)
class Sample:
    """Quantities drawn from distributions.

    Parameters
    ----------
    drawn
        The quantities and their distributions; each takes the next coordinates of a point.
    count
        How many points there are.
    method, seed
        How points are chosen.
    """

    drawn: tuple[Drawn, ...]
    count: int
    method: str
    seed: int
    gradual: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities."""
        return tuple(name for each in self.drawn for name in each.names)

    @property
    def varying(self) -> int:
        """How many quantities there are; in a single point, none varies."""
        return len(self.names) if self.count > 1 else 0

    @cached_property
    def _points(self) -> Points:
        return points_of(self.method, self.seed, len(self.names), self.count)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions, shape (names, positions)."""
        uniform, start, found = points_at(self._points, positions), 0, []
        for each in self.drawn:
            stop = start + len(each.names)
            found.append(each.values(uniform[start:stop]))
            start = stop
        return np.concatenate(found)
