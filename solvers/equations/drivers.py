"""Drivers: forcing sampled from a table. What is known of one without SymPy: its rows, and what a kernel is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from solvers.equations.lookouts import NEAR, most_pieces, step_ends
from solvers.equations.piecewise import coefficients

Method = Literal["hold", "linear", "cubic", "pchip"]
Outside = Literal["hold", "zero", "periodic", "error"]
METHODS: tuple[Method, ...] = get_args(Method)
OUTSIDE: tuple[Outside, ...] = get_args(Outside)

#: Rows that tables have behind the last piece: so far a search may look beyond it.
AHEAD = 8
#: Parts of a table's span, for each row, by which rows of uneven tables are looked up.
_FINEST = 16
#: How often few rows are halved to find one, and how many more than one they may be.
_HALVINGS, _FEW_ROWS = 3, 7
#: How far times may be from equal distances, in units of the rounding of the largest.
_UNEVEN = 4
#: How far the ends of a period may be from one value, as a share of the largest.
_APART = 2.0**-46


class DriverShape(NamedTuple):
    """What of a driver its code depends on.

    Attributes
    ----------
    method, outside
        As for `Driver`.
    even
        Whether times are at equal distances.
    joined
        Whether it repeats without a jump from its last value to the first.
    levels
        How often rows are halved to find one; 0 where it is known from the time.
    guided
        Whether a guide tells which few rows a time may belong to; otherwise it may be any.
    """

    method: Method
    outside: Outside
    even: bool
    joined: bool
    levels: int
    guided: bool

    @property
    def jumps(self) -> bool:
        """Whether there are times at which the value jumps."""
        return self.method == "hold" or self.outside == "zero" or (self.outside == "periodic" and not self.joined)

    @property
    def has_knots(self) -> bool:
        """Whether its code looks at the times of rows."""
        return self.method == "hold" or not self.even

    @property
    def width(self) -> int:
        """Coefficients of a piece."""
        return {"hold": 1, "linear": 2, "cubic": 4, "pchip": 4}[self.method]


@dataclass(frozen=True, eq=False)
class Driver:
    """A table over time, and how it is read between and beyond its rows.

    Parameters
    ----------
    name
        As equations have it.
    times, values
        The rows, float64, at least two; times rise and all are finite.
    method
        "hold": the value of a row from its time on; "linear"; "cubic": a spline; "pchip": cubics that do not overshoot.
    outside
        Before the first and after the last time: "hold" the first and the last value, "zero", "periodic", or "error",
        where nobody looks there.
    """

    name: str
    times: np.ndarray
    values: np.ndarray
    method: Method = "linear"
    outside: Outside = "hold"

    @cached_property
    def shape(self) -> DriverShape:
        """What its code depends on."""
        even = self._even
        joined = self.outside == "periodic" and self.method != "hold" and self._meets
        levels, guided = (0, False) if even else self._search
        return DriverShape(self.method, self.outside, even, joined, levels, guided)

    @property
    def _search(self) -> tuple[int, bool]:
        """How often rows are halved, and whether a guide says which ones."""
        levels = int(len(self.times) - 1).bit_length()
        if levels <= _HALVINGS or self._rows_of_parts is None:
            return levels, False
        return 1 if self._rows_of_parts[1] == 1 else _HALVINGS, True

    @cached_property
    def _rows_of_parts(self) -> tuple[np.ndarray, int] | None:
        """The row at the begin of each part of the span, and how many more there are in one at most; None: too many.

        Parts are a little wider than they are, as a time may be put into a neighbour by rounding.
        """
        first, span = self.times[0], self.times[-1] - self.times[0]
        for share in (1, 2, 4, 8, _FINEST):
            parts = np.arange(share * len(self.times))
            begins, ends = (first + (parts + more) * (span / len(parts)) for more in (-1e-6, 1.0 + 1e-6))
            rows, last = (np.searchsorted(self.times, edge, side="right") - 1 for edge in (begins, ends))
            rows = np.maximum(rows, 0)
            most = int((last - rows).max())
            if most == 1 or (share == _FINEST and most <= _FEW_ROWS):
                return rows.astype(np.int32), most
        return None

    @property
    def _even(self) -> bool:
        first, last = self.times[0], self.times[-1]
        grid = first + np.arange(len(self.times)) * ((last - first) / (len(self.times) - 1))
        rounding = np.finfo(np.float64).eps * max(abs(first), abs(last))
        return bool((np.abs(self.times - grid) <= _UNEVEN * rounding).all())

    @property
    def _meets(self) -> bool:
        return bool(abs(self.values[-1] - self.values[0]) <= _APART * np.abs(self.values).max())

    def numbers(self, index: int) -> dict[str, float]:
        """Return the numbers that a kernel is given, by name; `index` is the position of the driver."""
        found = {"first": self.times[0], "last": self.times[-1], "intervals": len(self.times) - 1}
        if self.shape.guided:
            found["parts"] = len(self._guide)
        return {setting(index, part): float(number) for part, number in found.items()}

    def tables(self, index: int, precision: str) -> dict[str, np.ndarray]:
        """Return the tables that a kernel reads, flat, by name."""
        found = {setting(index, "pieces"): self._pieces.astype(precision).reshape(-1)}
        found |= {setting(index, "knots"): self._knots.reshape(-1)} if self.shape.has_knots else {}
        found |= {setting(index, "guide"): self._guide} if self.shape.guided else {}
        return found | ({} if self.method == "hold" else {setting(index, "ends"): self._ends})

    @property
    def _guide(self) -> np.ndarray:
        assert self._rows_of_parts is not None  # noqa: S101 - asked of tables that have one
        return self._rows_of_parts[0]

    @cached_property
    def _pieces(self) -> np.ndarray:
        """Coefficients, shape (rows, width), to which those of what follows the last row are added."""
        values = self._values
        found = coefficients(self.method, self.times, values, joined=self.shape.joined)
        if self._repeats:
            count = len(self.times) - 1
            return found[np.arange(count + AHEAD) % count]
        end = np.zeros((1, self.shape.width))
        end[0, 0] = values[-1]
        return np.concatenate([found[: len(values) - 1], end])

    @property
    def _values(self) -> np.ndarray:
        """The values; where ends meet they are of one value."""
        return np.append(self.values[:-1], self.values[0]) if self.shape.joined else self.values

    @cached_property
    def _knots(self) -> np.ndarray:
        """Begins of pieces, and the inverse of their lengths: shape (rows, 2); infinity behind the last piece."""
        count, last = len(self.times) - 1, self.times[-1]
        rows = np.zeros((max(1 << self.shape.levels, count + 1) + AHEAD, 2))
        rows[:, 0] = np.inf
        rows[:count, 0], rows[:count, 1] = self.times[:-1], 1.0 / np.diff(self.times)
        if self._repeats:
            again = np.arange(count, count + AHEAD)
            rows[again, 0], rows[again, 1] = self._repeated(again), rows[again % count, 1]
        elif self.outside in {"hold", "error"}:
            rows[count, 0] = last
        return rows

    @cached_property
    def _ends(self) -> np.ndarray:
        """For each piece the time at which a step that begins in it has to end; infinity behind the last piece."""
        count = len(self.times) - 1
        most = most_pieces(len(self.times))
        ends = np.full(count + AHEAD, np.inf)
        if not self._repeats:
            ends[:count] = self.times[step_ends(self.times, self._values, most)]
            return ends
        rows = np.arange(-NEAR - 1, count + most + 1)
        times = self._repeated(rows)
        found = times[step_ends(times, self._values[rows % count], most)][NEAR + 1 : NEAR + 1 + count]
        turns, row = np.divmod(np.arange(count + AHEAD), count)
        repeated: np.ndarray = found[row] + turns * (self.times[-1] - self.times[0])
        return repeated

    def _repeated(self, rows: np.ndarray) -> np.ndarray:
        """Return the times of rows, those beyond the ends included, as the table repeats."""
        turns, row = np.divmod(rows, len(self.times) - 1)
        times: np.ndarray = self.times[row] + turns * (self.times[-1] - self.times[0])
        return times

    @property
    def _repeats(self) -> bool:
        """Whether the first row follows the last piece, in whatever way that is looked for."""
        return self.outside == "periodic" and (self.shape.joined or self.method == "hold")


def setting(index: int, part: str) -> str:
    """Return the name under which a kernel asks for a part of a driver."""
    return f"drivers[{index}].{part}"


def driver_numbers(drivers: Iterable[Driver]) -> dict[str, float]:
    """Return the numbers that a kernel is given of some drivers."""
    return {name: number for index, each in enumerate(drivers) for name, number in each.numbers(index).items()}


def driver_tables(drivers: Iterable[Driver], precision: str) -> dict[str, np.ndarray]:
    """Return the tables that a kernel reads of some drivers."""
    return {name: table for index, each in enumerate(drivers) for name, table in each.tables(index, precision).items()}


def known_parts(drivers: Iterable[Driver], precision: str) -> dict[str, Any]:
    """Return all that a kernel is given of some drivers, for the interpreter."""
    found = tuple(drivers)
    return {**driver_numbers(found), **driver_tables(found, precision)}
