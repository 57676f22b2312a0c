"""The inverse of a dense matrix of a row a lane, by lanes that hold it as a grid of blocks.

Of a block of c rows and r columns a pivot asks for c + r numbers of other lanes, where a row would ask for c*r.
"""

from collections.abc import Callable, Sequence
from typing import Any

from solvers.algebra.complex_numbers import multiply_add, number_of, parts_of, reciprocal
from solvers.algebra.lane_numbers import handed, picked
from solvers.straightline import literal
from solvers.straightline.pool import Pool

#: A lane's block, row by row.
Block = list[list[Any]]


class GridInverse:
    """Gauss and Jordan's elimination: the inverse of a matrix, but for the pivots that its rows are to be divided by.

    Lane `rows*g + h` holds the block of rows from `rows*g` and columns from `columns*h` on.

    Parameters
    ----------
    lanes
        Threads of a run.
    m
        Rows and columns, no more than there are lanes.
    """

    def __init__(self, lanes: int, m: int) -> None:
        self._lanes, self._m = lanes, m
        self.rows = 1 << (lanes.bit_length() - 1) // 2
        self.columns = lanes // self.rows

    def invert(self, matrix: Sequence[Any], pool: Pool) -> tuple[Block, Any]:
        """Return the inverse but for its pivots, and the inverse of each lane's pivot.

        Parameters
        ----------
        matrix
            The lane's row.
        pool
            Of `rows` rows.
        """
        block = self._turned(matrix, pool)
        inverses: Any = None
        for pivot in range(self._m):
            own, owner = block[pivot % self.rows][pivot % self.columns], self._owner(pivot)
            inverse = reciprocal(handed(own, [owner] * self._lanes))
            inverses = inverse if inverses is None else self._picked([pivot], inverse, inverses)
            self._eliminate(block, pivot, inverse)
        return block, inverses

    def product(self, block: Block, vector: Any) -> Any:
        """Return the lane's row of a block's matrix times a vector of an element a lane."""
        lanes = range(self._lanes)
        sources = [[lane % self.rows * self.columns + q for lane in lanes] for q in range(self.columns)]
        factors = [handed(vector, each) for each in sources]
        sums = []
        for row in block:
            total = row[0] * factors[0]
            for entry, factor in zip(row[1:], factors[1:], strict=True):
                total = multiply_add(entry, factor, total)
            sums.append(total)
        return self._gathered(sums)

    def _turned(self, matrix: Sequence[Any], pool: Pool) -> Block:
        """Return the lane's block, given its row."""
        pool.settle()
        columns = [self._column(matrix, q, pool) for q in range(self.columns)]
        return [[*row] for row in zip(*columns, strict=True)]

    def _column(self, matrix: Sequence[Any], q: int, pool: Pool) -> list[Any]:
        """Return a column of the lane's block."""
        values = [self._element(matrix, h * self.columns + q) for h in range(self.rows)]
        found = []
        for parts in zip(*map(parts_of, values), strict=True):
            for h, part in enumerate(parts):
                pool.put(h, part, turn=h)
            pool.settle()
            found.append([pool.by_lane(self._cells(a)) for a in range(self.rows)])
            pool.settle()
        return [number_of(parts) for parts in zip(*found, strict=True)]

    def _element(self, matrix: Sequence[Any], j: int) -> Any:
        return matrix[j] if j < self._m else matrix[0] * 0.0

    def _cells(self, a: int) -> list[int]:
        """Return for each lane where the element of one of its rows lies in the column that it takes."""
        cells = []
        for lane in range(self._lanes):
            g, h = divmod(lane, self.rows)
            cells.append(h * self._lanes + (g * self.rows + a + h) % self._lanes)
        return cells

    def _owner(self, pivot: int) -> int:
        """Return the lane that has a pivot."""
        return pivot // self.rows * self.rows + pivot // self.columns

    def _eliminate(self, block: Block, pivot: int, inverse: Any) -> None:
        """Subtract multiples of the pivot's row from all others; leave the inverse's column in its place."""
        (g, own), (h, q) = divmod(pivot, self.rows), divmod(pivot, self.columns)
        beside = [self._handed(value, lambda _g, h: (g, h)) for value in block[own]]
        column = [-inverse * self._handed(row[q], lambda g, _h: (g, h)) for row in block]
        one, zero = (self._like(column[own], number) for number in (1.0, 0.0))
        unit = self._picked_where(lambda lane_g, _h: lane_g == g, one, column[own])
        column[own] = self._picked_where(lambda lane_g, _h: lane_g == g, zero, column[own])
        for a, row in enumerate(block):
            row[:] = [multiply_add(column[a], value, entry) for value, entry in zip(beside, row, strict=True)]
            left = unit if a == own else column[a]
            row[q] = self._picked_where(lambda _g, lane_h: lane_h == h, left, row[q])

    def _gathered(self, sums: list[Any]) -> Any:
        """Return the lane's own of the sums of all lanes of a row group, each of which has a part of each."""
        while len(sums) > 1:
            half = len(sums) // 2
            pairs = [*zip(sums[:half], sums[half:], strict=True)]
            upper = [lane for lane in range(self._lanes) if lane % self.rows & half]
            sums = []
            for low, high in pairs:
                kept, sent = self._picked(upper, high, low), self._picked(upper, low, high)
                sums.append(kept + handed(sent, [lane ^ half for lane in range(self._lanes)]))
        return sums[0]

    # -- lanes --------------------------------------------------------------------------------------

    def _handed(self, value: Any, source: Callable[[int, int], tuple[int, int]]) -> Any:
        """Return a number of another lane, whose groups are those that a function says of the own ones."""
        sources = [source(*divmod(lane, self.rows)) for lane in range(self._lanes)]
        return handed(value, [g * self.rows + h for g, h in sources])

    def _lanes_where(self, condition: Callable[[int, int], bool]) -> list[int]:
        return [lane for lane in range(self._lanes) if condition(*divmod(lane, self.rows))]

    def _picked_where(self, condition: Callable[[int, int], bool], value: Any, otherwise: Any) -> Any:
        return self._picked(self._lanes_where(condition), value, otherwise)

    def _picked(self, lanes: Sequence[int], value: Any, otherwise: Any) -> Any:
        return picked(lanes, self._lanes, value, otherwise)

    def _like(self, number: Any, value: float) -> Any:
        """Return a number of the kind that another is."""
        real, *imaginary = parts_of(number)
        return number_of([literal(real, value, real.dtype), *(literal(each, 0.0, each.dtype) for each in imaginary)])
