"""Direct solution of linear systems of one sparsity pattern, by elimination written out entry by entry."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from solvers.algebra.complex_numbers import Complex, magnitude, multiply_add, reciprocal, subtract
from solvers.algebra.pivot_order import Entry, PivotOrder, choose_order, work
from solvers.straightline import both

#: Rows, or operations, from which on pivots are inverted by divisions, which have branches on a GPU: where a whole
#: elimination is one block of code, the assembler takes ten times as long, and spills half as much again.
LONG, MUCH_WORK = 25, 500

#: Rounding errors, in units of the entry a pivot was computed from, that a pivot has to be larger than.
ROUNDING = 8.0


class SparseLU:
    """Factorisation and solution of matrices with one pattern, as straight-line code.

    The order of pivots and the fill are worked out once; the code does no more than the multiplications with entries
    that can be other than zero. Pivots do not move when the code runs, so a matrix may turn out to be one that this
    order cannot factor: `factor` says so.

    Parameters
    ----------
    n
        Rows and columns.
    pattern
        Entries (row, column) of J that may be other than zero. The matrices are of the kind alpha*I - beta*J: the
        diagonal is added.
    precision
        "float64" or "float32".
    is_complex
        Whether diagonal entries are `Complex`; the others are real.

    Attributes
    ----------
    order
        Rows, which are columns too, in the order of their pivots.
    lower, upper
        For each pivot the columns of its row of the factors, left and right of it, as places in that order.
    """

    def __init__(
        self,
        n: int,
        pattern: Collection[Entry],
        precision: str,
        *,
        is_complex: bool = False,
    ) -> None:
        self.n = n
        self.pattern = frozenset(pattern) | {(i, i) for i in range(n)}
        self.precision = precision
        self.is_complex = is_complex
        self.order = self._choose_order(pattern)
        self.operations = work(n, self.pattern, self.order)
        self._places = {index: place for place, index in enumerate(self.order)}
        self._given: list[dict[int, Entry]] = [{} for _ in range(n)]
        for i, j in self.pattern:
            self._given[self._places[i]][self._places[j]] = i, j
        self.lower, self.upper = self._fill()
        self.first = self._first_by_loops()
        self._slots, self.size = self._layout()

    @property
    def nonzeros(self) -> int:
        """Entries of both factors together, the diagonal once."""
        return sum(map(len, self.lower)) + sum(map(len, self.upper)) + self.n

    @property
    def _is_long(self) -> bool:
        return self.n >= LONG or self.operations.factor >= MUCH_WORK

    def place(self, entry: Entry) -> int:
        """Return where an entry, by its row and column, lies in the factors of a real matrix."""
        row, column = entry
        return self._slots[self._places[row], self._places[column]].start

    # -- what is known before any number is ---------------------------------------------------------

    def _choose_order(self, pattern: Collection[Entry]) -> PivotOrder:
        return choose_order(self.n, pattern)

    def _fill(self) -> tuple[list[list[int]], list[list[int]]]:
        """Return the columns of each row of the factors, left and right of the pivot."""
        lower: list[list[int]] = []
        upper: list[list[int]] = []
        for place, given in enumerate(self._given):
            columns = set(given)
            for k in range(place):
                if k in columns:
                    columns.update(upper[k])
            lower.append(sorted(j for j in columns if j < place))
            upper.append(sorted(j for j in columns if j > place))
        return lower, upper

    def _first_by_loops(self) -> int:
        """Return the first pivot that is not written out: none is."""
        return self.n

    def _layout(self) -> tuple[dict[Entry, range], int]:
        """Return where each entry that is written out lies, and how many elements there are."""
        slots: dict[Entry, range] = {}
        size = 0
        for place in range(self.n):
            for j in self._written(place):
                width = 2 if self.is_complex and not self._is_real(place, j) else 1
                slots[place, j] = range(size, size + width)
                size += width
        return slots, size

    def _written(self, place: int) -> list[int]:
        """Return the columns of a row of the factors that are written out."""
        columns = *self.lower[place], place, *self.upper[place]
        return [j for j in columns if min(place, j) < self.first]

    def _is_real(self, place: int, column: int) -> bool:
        """Return whether an entry stays as given, off the diagonal."""
        touched = any(column in self.upper[k] for k in self.lower[place])
        return column > place and not touched

    # -- straight-line code ---------------------------------------------------------------------

    def shifted(self, entries: Mapping[Entry, Any], alpha: Any) -> dict[Entry, Any]:
        """Return alpha*I - J, given the entries of J."""
        return iteration_matrix(entries, self.n, alpha)

    def factor(self, values: Mapping[Entry, Any], lu: Any) -> Any:
        """Store the factors of a matrix.

        Parameters
        ----------
        values
            The entries of the pattern: real values, or `Complex` ones on the diagonal.
        lu
            Array of `size` elements.

        Returns
        -------
        mask
            Whether every pivot has a reciprocal and is more than the rounding error of what it was computed from.
            Where it does not hold the factors are of no use. Entries that no pivot depends on are not looked at: a NaN
            in one makes solutions NaN.
        """
        sound: Any = True
        for place in range(self.first):
            row = {j: values[entry] for j, entry in self._given[place].items()}
            given = row[place]
            self._reduce(row, place, lu)
            row[place] = reciprocal(row[place], exact=self._is_long)
            sound = self._is_sound(row[place], given if self.lower[place] else None, sound)
            self._put_row(lu, place, row)
        return sound

    def _reduce(self, row: dict[int, Any], place: int, lu: Any) -> None:
        """Subtract multiples of the rows above; leave the negated multipliers left of the pivot."""
        for k in self._left(place):
            multiplier = row[k] = -self._get(lu, (k, k)) * row[k]
            for j in self.upper[k]:
                entry = self._get(lu, (k, j))
                row[j] = multiply_add(multiplier, entry, row[j]) if j in row else multiplier * entry

    def _left(self, place: int) -> list[int]:
        return [k for k in self.lower[place] if k < self.first]

    def _is_sound(self, inverse: Any, given: Any | None, sound: Any) -> Any:
        """Return whether another pivot could be inverted, given the entry it was computed from, None for itself."""
        limits = np.finfo(self.precision)
        size = magnitude(inverse)
        if given is None:
            small_enough = size <= float(limits.max)
        else:
            small_enough = size * magnitude(given) < 1.0 / (ROUNDING * float(limits.eps))
        # Zero is the inverse of what is too large to have one.
        return both(size > 0.0, both(small_enough, sound))

    def solve(self, lu: Any, b: Sequence[Any]) -> list[Any]:
        """Return the solution x of W x = b, given the factors of W.

        Parameters
        ----------
        lu
            What `factor` stored.
        b
            n values, real or `Complex`.
        """
        z: list[Any] = []
        for place, row in enumerate(self.order):
            total = b[row]
            for k in self._left(place):
                total = multiply_add(self._get(lu, (place, k)), z[k], total)
            z.append(total)
        self._solve_by_loops(lu, z)
        for place in reversed(range(self.first)):
            for j in self.upper[place]:
                z[place] = multiply_add(-z[j], self._get(lu, (place, j)), z[place])
            z[place] = self._get(lu, (place, place)) * z[place]
        return [z[self._places[j]] for j in range(self.n)]

    def _solve_by_loops(self, lu: Any, z: list[Any]) -> None:
        """Solve for what is not written out: nothing."""

    def _put_row(self, lu: Any, place: int, row: Mapping[int, Any]) -> None:
        for j in self._written(place):
            self._put(lu, (place, j), row[j])

    def _get(self, lu: Any, entry: Entry) -> Any:
        parts = [lu[slot] for slot in self._slots[entry]]
        return Complex(*parts) if len(parts) > 1 else parts.pop()

    def _put(self, lu: Any, entry: Entry, value: Any) -> None:
        slots = self._slots[entry]
        for slot, part in zip(slots, (value.re, value.im) if isinstance(value, Complex) else (value,), strict=True):
            lu[slot] = part


def iteration_matrix(entries: Mapping[Entry, Any], n: int, alpha: Any, beta: Any | None = None) -> dict[Entry, Any]:
    """Return the entries of alpha*I - beta*J.

    Parameters
    ----------
    entries
        Of J.
    n
        Rows and columns.
    alpha
        A value, real or `Complex`.
    beta
        A real value; None: 1.
    """
    matrix = {entry: -value if beta is None else -(beta * value) for entry, value in entries.items()}
    for i in range(n):
        if (i, i) not in entries:
            matrix[i, i] = alpha
        elif beta is None:
            matrix[i, i] = subtract(alpha, entries[i, i])
        else:
            matrix[i, i] = multiply_add(-beta, entries[i, i], alpha)
    return matrix
