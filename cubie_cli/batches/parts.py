"""What a batch is made of: quantities that move along one axis, alone or several together."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from cubie_cli.batches.spacing import Spacing

#: Values of an axis from which on a few dozen neighbours are a small part of its range.
_FINE = 1024


class Part(Protocol):
    """Quantities whose values are told by one position."""

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities."""

    @property
    def count(self) -> int:
        """The number of positions."""

    @property
    def varying(self) -> int:
        """How many of the quantities vary."""

    @property
    def gradual(self) -> bool:
        """Whether neighbours take about as many steps."""

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions from 0 to `count` - 1: float64, of shape (names, positions)."""


class Factor(Part, Protocol):
    """One of the parts whose product is the batch."""

    @property
    def axis(self) -> str:
        """The name of the axis of a grid that it is; empty where it is none."""


@dataclass(frozen=True)
class Listed:
    """Values that are written out.

    Parameters
    ----------
    values
        Float64.
    """

    values: np.ndarray

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def monotone(self) -> bool:
        """Whether values rise or fall all the way."""
        changes = np.diff(self.values)
        return bool((changes >= 0).all() or (changes <= 0).all())

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions from 0 to `count` - 1, as float64 of the same shape."""
        found: np.ndarray = self.values[positions]
        return found


@dataclass(frozen=True)
class Same:
    """One quantity that has one value in all runs.

    Parameters
    ----------
    name
        A parameter, or a state for its initial value.
    value
        Its value.
    """

    name: str
    value: float
    axis: ClassVar[str] = ""
    count: ClassVar[int] = 1
    varying: ClassVar[int] = 0
    gradual: ClassVar[bool] = True

    @property
    def names(self) -> tuple[str, ...]:
        """The quantity."""
        return (self.name,)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the value, for each position."""
        return np.full((1, len(positions)), self.value)


@dataclass(frozen=True)
class Axis:
    """One quantity with values of its own.

    Parameters
    ----------
    name
        A parameter, or a state for its initial value.
    values
        What it goes through.
    """

    name: str
    values: Listed | Spacing

    @property
    def axis(self) -> str:
        """The quantity's name."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The quantity."""
        return (self.name,)

    @property
    def count(self) -> int:
        """The number of values."""
        return self.values.count

    @property
    def varying(self) -> int:
        """1 where there are several values."""
        return int(self.count > 1)

    @property
    def gradual(self) -> bool:
        """Whether neighbours take about as many steps: values rise or fall, and there are many."""
        return self.values.monotone and self.count >= _FINE

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions, shape (1, positions)."""
        return self.values.at(positions)[None]


@dataclass(frozen=True)
class Together:
    """Parts that move together: value by value.

    Parameters
    ----------
    parts
        All of one count, but for those of one value, which all positions have.
    axis
        The name of the axis of a grid that this is; empty where it is the whole batch.
    """

    parts: tuple[Part, ...]
    axis: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities."""
        return tuple(name for part in self.parts for name in part.names)

    @property
    def count(self) -> int:
        """The number of positions."""
        return max((part.count for part in self.parts), default=1)

    @property
    def varying(self) -> int:
        """How many of the quantities vary."""
        return sum(part.varying for part in self.parts)

    @property
    def gradual(self) -> bool:
        """Whether neighbours take about as many steps: all values rise or fall."""
        return all(part.values.monotone if isinstance(part, Axis) else part.gradual for part in self.parts)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions, shape (names, positions)."""
        rows = [part.at(np.minimum(positions, part.count - 1)) for part in self.parts]
        return np.concatenate(rows) if rows else np.empty((0, len(positions)))


@dataclass(frozen=True)
class Table:
    """Quantities with the rows of a table, in whatever order these are.

    Parameters
    ----------
    names
        The quantities.
    rows
        Float64, of shape (names, rows).
    """

    names: tuple[str, ...]
    rows: np.ndarray
    gradual: ClassVar[bool] = False

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.rows.T)

    @property
    def varying(self) -> int:
        """How many quantities there are; where there is one row, none varies."""
        return len(self.names) if self.count > 1 else 0

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows at positions, shape (names, positions)."""
        found: np.ndarray = self.rows[:, positions]
        return found
