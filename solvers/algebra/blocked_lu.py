"""Elimination written out up to a dense block of the last rows and columns, which loops eliminate."""

from collections.abc import Mapping
from typing import Any

from solvers.algebra.complex_numbers import Numbers, as_complex
from solvers.algebra.dense_lu import DenseLU, first_dense
from solvers.algebra.pivot_order import Entry
from solvers.algebra.sparse_lu import SparseLU
from solvers.straightline import View, literal
from solvers.straightline.record import MASK

#: Operations that a block taken as dense may take, over those of what it has.
MORE_IN_A_BLOCK = 1.2
#: Rows of a block that loops eliminate: one of 27 among 53 species took 0.9 times as long on a processor as written
#: out, with rodas5p.
SMALLEST_BLOCK = 26


class BlockedLU(SparseLU):
    """Factorisation and solution as of `SparseLU`, by loops over the last pivots where their rows are many and dense.

    After what is written out lies their block, row by row, then a number a row: in a factorisation what its pivot was
    before, in a solution its value. Of complex ones the imaginary parts follow all real ones.
    """

    def _first_by_loops(self) -> int:
        return first_dense(self.lower, self.upper, slack=MORE_IN_A_BLOCK, fewest=SMALLEST_BLOCK)

    @property
    def _block(self) -> DenseLU:
        return DenseLU(self.n - self.first, 0, self.precision)

    def _layout(self) -> tuple[dict[Entry, range], int]:
        slots, size = super()._layout()
        m, parts = self.n - self.first, 2 if self.is_complex else 1
        return slots, size + parts * m * (m + 1)

    # -- straight-line code ---------------------------------------------------------------------

    def factor(self, values: Mapping[Entry, Any], lu: Any) -> Any:
        """Store the factors of a matrix; see `SparseLU.factor`."""
        sound = super().factor(values, lu)
        if self.first == self.n:
            return sound
        block, befores = self._arrays(lu)
        for place in range(self.first, self.n):
            row = {j: values[entry] for j, entry in self._given[place].items()}
            befores[place - self.first] = row[place]
            self._reduce(row, place, lu)
            self._put_row(lu, place, row)
            for column in range(self.first, self.n):
                value = row.get(column, literal(lu, 0.0, self.precision))
                block[self._block.at(place - self.first, column - self.first)] = self._number(value)
        start = literal(lu, True, MASK) if sound is True else sound  # noqa: FBT003
        return self._block.factor(block, befores.__getitem__, start)

    def _solve_by_loops(self, lu: Any, z: list[Any]) -> None:
        if self.first == self.n:
            return
        block, values = self._arrays(lu)
        for row, value in enumerate(z[self.first :]):
            values[row] = self._number(value)
        self._block.solve_lower(block, values, _same)
        self._block.solve_upper(block, values, _same)
        z[self.first :] = [values[row] for row in range(self._block.m)]

    def _arrays(self, lu: Any) -> tuple[Any, Any]:
        """Return the block, and the numbers that its rows have besides."""
        m, parts = self._block.m, 2 if self.is_complex else 1
        start = self.size - parts * m * (m + 1)
        places = [start + part * m * (m + 1) for part in range(parts)]
        blocks, values = [View(lu, place) for place in places], [View(lu, place + m * m) for place in places]
        return (Numbers(*blocks), Numbers(*values)) if self.is_complex else (blocks[0], values[0])

    def _number(self, value: Any) -> Any:
        """Return a number as the block has them."""
        return as_complex(value, self.precision) if self.is_complex else value


def _same(row: Any) -> Any:
    return row
