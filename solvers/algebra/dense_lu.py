"""Elimination of a dense block by loops, several rows and pivots at a time, as what is loaded then serves several."""

from collections.abc import Callable, Sequence
from typing import Any

from solvers.algebra.complex_numbers import Numbers, fold_numbers, multiply_add
from solvers.algebra.pivots import invert
from solvers.straightline import both
from solvers.straightline.loops import fold, for_each

#: Rows that are finished together, and pivots whose rows are subtracted at once.
TILE = 4
#: Rows from which they are, so that multipliers stay in registers: of real numbers, and of complex ones.
ROWS, COMPLEX_ROWS = 2, 1


class DenseLU:
    """Factorisation and solution of a dense block of m rows, within the factors of a larger matrix.

    Parameters
    ----------
    m
        Rows and columns.
    start
        Where the block begins in the array of the factors; it lies row by row.
    precision
        "float64" or "float32".
    """

    def __init__(self, m: int, start: int, precision: str) -> None:
        self.m = m
        self._start = start
        self._precision = precision

    def at(self, row: Any, column: Any) -> Any:
        """Return where an entry lies."""
        return row * self.m + (column + self._start)

    @property
    def _tiles(self) -> int:
        return self.m // TILE

    @property
    def _rest(self) -> int:
        """Rows after the last tile."""
        return self.m % TILE

    # -- straight-line code -----------------------------------------------------------------------

    def factor(self, lu: Any, begin: Callable[[Any], Any], sound: Any) -> Any:
        """Factor the block; return whether all pivots so far are sound.

        Parameters
        ----------
        begin
            Subtracts multiples of rows outside the block from one of it, and returns what its pivot was before.
        """

        def tile(q: Any, so_far: tuple[Any, ...]) -> tuple[Any, ...]:
            return (self._eliminate(lu, q, TILE, begin, *so_far),)

        (sound,) = fold(lu, self._tiles, (sound,), tile, longest=0)
        return self._eliminate(lu, self._tiles, self._rest, begin, sound) if self._rest else sound

    def _eliminate(self, lu: Any, tile: Any, rows: int, begin: Callable[[Any], Any], sound: Any) -> Any:
        """Finish a tile's rows."""
        first = tile * TILE
        before = [begin(first + r) for r in range(rows)]
        together = COMPLEX_ROWS if isinstance(lu, Numbers) else ROWS
        for start in range(0, rows, together):
            own = [first + r for r in range(start, min(start + together, rows))]
            self._subtract_above(lu, own, tile)
        for r in range(rows):
            self._subtract(lu, [first + r], first, r)
            sound = both(invert(lu, self.at(first + r, first + r), before[r], self._precision), sound)
        return sound

    def _subtract_above(self, lu: Any, rows: Sequence[Any], tiles: Any) -> None:
        """Subtract multiples of all rows of the tiles above."""
        for_each(lu, tiles, lambda tile: self._subtract(lu, rows, tile * TILE, TILE), longest=0)

    def _subtract(self, lu: Any, rows: Sequence[Any], pivot: Any, pivots: int) -> None:
        """Subtract multiples of so many neighbours from rows; leave the negated multipliers in their places."""
        multipliers = [self._multipliers(lu, row, pivot, pivots) for row in rows]

        def subtract(j: Any) -> None:
            column = j + (pivot + pivots)
            above = [lu[self.at(pivot + k, column)] for k in range(pivots)]
            for row, own in zip(rows, multipliers, strict=True):
                total = lu[self.at(row, column)]
                for multiplier, entry in zip(own, above, strict=True):
                    total = multiply_add(multiplier, entry, total)
                lu[self.at(row, column)] = total

        if pivots:
            for_each(lu, pivot * -1 + (self.m - pivots), subtract, longest=0)

    def _multipliers(self, lu: Any, row: Any, pivot: Any, pivots: int) -> list[Any]:
        found: list[Any] = []
        for p in range(pivots):
            entry = lu[self.at(row, pivot + p)]
            for k, multiplier in enumerate(found):
                entry = multiply_add(multiplier, lu[self.at(pivot + k, pivot + p)], entry)
            found.append(-lu[self.at(pivot + p, pivot + p)] * entry)
            lu[self.at(row, pivot + p)] = found[-1]
        return found

    def solve_lower(self, lu: Any, b: Any, place: Callable[[Any], Any]) -> None:
        """Subtract multiples of the block's values from later ones.

        Parameters
        ----------
        place
            Returns where in `b` the value of a row is.
        """

        def tile(q: Any, rows: int = TILE) -> None:
            first = q * TILE

            def add(k: Any, totals: tuple[Any, ...]) -> Sequence[Any]:
                value = b[place(k)]
                return [multiply_add(lu[self.at(first + r, k)], value, total) for r, total in enumerate(totals)]

            start = [b[place(first + r)] for r in range(rows)]
            values = [*fold_numbers(b, first, start, add, longest=0)]
            for r in range(rows):
                for k in range(r):
                    values[r] = multiply_add(lu[self.at(first + r, first + k)], values[k], values[r])
                b[place(first + r)] = values[r]

        for_each(b, self._tiles, tile, longest=0)
        if self._rest:
            tile(self._tiles, self._rest)

    def solve_upper(self, lu: Any, b: Any, place: Callable[[Any], Any]) -> None:
        """Solve for the block's values, from the last one on."""

        def tile(q: Any, rows: int = TILE) -> None:
            first = q * TILE

            def subtract(j: Any, totals: tuple[Any, ...]) -> Sequence[Any]:
                column = j + (first + rows)
                value = -b[place(column)]
                return [multiply_add(value, lu[self.at(first + r, column)], total) for r, total in enumerate(totals)]

            start = [b[place(first + r)] for r in range(rows)]
            values = [*fold_numbers(b, first * -1 + (self.m - rows), start, subtract, longest=0)]
            for r in reversed(range(rows)):
                for k in range(r + 1, rows):
                    values[r] = multiply_add(-values[k], lu[self.at(first + r, first + k)], values[r])
                values[r] = values[r] * lu[self.at(first + r, first + r)]
                b[place(first + r)] = values[r]

        if self._rest:
            tile(self._tiles, self._rest)
        for_each(b, self._tiles, lambda q: tile(q * -1 + (self._tiles - 1)), longest=0)


def first_dense(lower: Sequence[Sequence[int]], upper: Sequence[Sequence[int]], *, slack: float, fewest: int) -> int:
    """Return the pivot from which on the factors are taken as dense: n for none.

    Parameters
    ----------
    lower, upper
        As of `SparseLU`.
    slack
        How much more operations that may take.
    fewest
        Rows of a block worth it.
    """
    n = len(upper)
    products = [0] * n
    for left in lower:
        for k in left:
            products[k] += len(upper[k])
    found, sparse, dense = n, 0, 0
    for pivot in reversed(range(n)):
        sparse += products[pivot]
        dense += (n - 1 - pivot) ** 2
        if dense <= slack * sparse and n - pivot >= fewest:
            found = pivot
    return found
