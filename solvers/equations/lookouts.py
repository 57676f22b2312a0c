"""How far a step may lead over the rows of a table: none may pass by what it has not seen.

A method sees a driver at its stages only. A pulse that begins and ends between two of them would leave no trace, in the
error estimate neither. So a step ends at a corner, where the rows bend; and it ends before what it goes over has risen
and fallen again by much, unless it only bends to one side. Rows that lie close on a smooth curve hold nobody up.
"""

from collections.abc import Callable

import numpy as np

Array = np.ndarray

#: Pieces of a step, at most; what it takes to go through the steps from all rows; and what is done in any case.
_MOST, _WORK, _FEW = 1000, 2_000_000, 8
#: Rows on either side that tell how much a driver changes near a row.
NEAR = 8
#: A row is a corner if it is off a smooth curve by more than this share of that. A wave of 20 rows has none.
_CORNER = 0.003
#: By which share of how much it changes a driver may go back and forth under a step.
_BACK_AND_FORTH = 0.25
#: Changes that do not count, as shares of the largest value nearby, and of all.
_SMALL_NEARBY, _SMALL = 1e-3, 1e-6


def most_pieces(rows: int) -> int:
    """Return how many pieces of a table with so many rows a step may go over."""
    return max(_FEW, min(_MOST, _WORK // rows))


def step_ends(times: Array, values: Array, most: int) -> Array:
    """Return for each piece of a table the row at which a step that begins in it has to end at the latest.

    Parameters
    ----------
    times, values
        The rows.
    most
        Most pieces of a step, its first one included.
    """
    pieces = np.arange(len(times) - 1)
    ends, open_ = pieces + 1, np.ones(len(pieces), dtype=bool)
    least = _SMALL * np.abs(values).max()
    corners = _corners(times, values, least)
    course = _Travel(values, lambda low, high: _negligible(low, high, least))
    slopes = _Travel(np.diff(values) / np.diff(times), lambda _, __: 0.0)
    for count in range(2, min(most + 1, len(times))):
        starts = slice(len(times) - count)
        seen = course.is_seen(count) | slopes.is_seen(count - 1)
        open_[starts] &= seen & ~corners[count - 1 : -1]
        ends[starts] = np.where(open_[starts], pieces[starts] + count, ends[starts])
        if not open_[starts].any():
            break
    return ends


class _Travel:
    """How numbers go up and down from each of them on.

    Parameters
    ----------
    numbers
        The numbers.
    negligible
        Returns how much does not count, of the least and the largest of some.
    """

    def __init__(self, numbers: Array, negligible: Callable[[Array, Array], Array | float]) -> None:
        self._numbers = numbers
        self._negligible = negligible
        self._travelled = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(numbers)))])
        self._low, self._high = numbers, numbers
        self._length = 0

    def is_seen(self, length: int) -> Array:
        """Return from which of the numbers on they go back and forth by little, up to one so many later.

        It is asked for one length after the other.
        """
        while self._length < length:
            self._length += 1
            last = self._numbers[self._length :]
            self._low, self._high = np.minimum(self._low[: len(last)], last), np.maximum(self._high[: len(last)], last)
        low, high, count = self._low, self._high, len(self._low)
        travelled = self._travelled[length:] - self._travelled[:count]
        back = travelled - np.abs(self._numbers[length:] - self._numbers[:count])
        seen: Array = back <= _BACK_AND_FORTH * (high - low) + self._negligible(low, high)
        return seen


def _corners(times: Array, values: Array, least: float) -> Array:
    """Return at which rows the course bends, and otherwise than on both sides, as smooth curves do."""
    corners = np.zeros(len(times), dtype=bool)
    if len(times) < 3:
        return corners
    widths = np.diff(times)
    mean, turns = (widths[:-1] + widths[1:]) / 2.0, np.diff(np.diff(values) / widths)
    bends = turns / mean
    around = np.pad(bends, 1, mode="edge" if len(bends) > 2 else "constant")
    apart = np.abs(bends - (around[:-2] + around[2:]) / 2.0) * mean**2 / 2.0
    # Beside a corner rows are apart from it, and lie on a line themselves.
    off = np.minimum(apart, np.abs(turns) * np.minimum(widths[:-1], widths[1:]))
    near = np.lib.stride_tricks.sliding_window_view(np.pad(values, NEAR, mode="edge"), 2 * NEAR + 1)[1:-1]
    low, high = near.min(axis=1), near.max(axis=1)
    corners[1:-1] = off > _CORNER * (high - low) + _negligible(low, high, least)
    return corners


def _negligible(low: Array, high: Array, least: float) -> Array:
    found: Array = _SMALL_NEARBY * np.maximum(np.abs(low), np.abs(high)) + least
    return found
