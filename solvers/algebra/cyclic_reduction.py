"""Systems of a block each thread of a run, coupled to its neighbours' around a ring: parallel cyclic reduction.

Each equation takes in those that are so far on either side, which couples it to those twice as far on. After as many
steps as halve the lanes down to one it is coupled to itself. Where a ring is open, what would close it is zero.
Source: R. W. Hockney, C. R. Jesshope, Parallel Computers 2, Adam Hilger 1988, 5.4.
"""

from collections.abc import Sequence
from typing import Any

from solvers.algebra.complex_numbers import Numbers, as_complex, multiply_add
from solvers.algebra.lane_numbers import handed
from solvers.algebra.sparse_lu import SparseLU
from solvers.straightline import View, both, literal

#: A block, row by row.
Block = Sequence[Sequence[Any]]


class _DenseBlock(SparseLU):
    """Factors of a block all of whose entries are complex, or none."""

    def _is_real(self, place: int, column: int) -> bool:  # noqa: ARG002 - whichever it is
        return False


class CyclicReduction:
    """Factorisation and solution of b = D x + A x' + C x'', with x' and x'' of the lanes on either side.

    What is given may be real where numbers are complex.

    Parameters
    ----------
    width
        Rows of a block.
    lanes
        Of a run, a power of two.
    turn
        1 or -1: x' is of the lane so much further around.
    precision
        "float64" or "float32".
    is_complex
        Whether numbers are complex.
    """

    def __init__(self, width: int, lanes: int, turn: int, precision: str, *, is_complex: bool) -> None:
        self._width, self._lanes, self._turn, self._precision = width, lanes, turn, precision
        self._is_complex = is_complex
        everywhere = [(i, j) for i in range(width) for j in range(width)]
        self._block = _DenseBlock(width, everywhere, precision, is_complex=is_complex)
        self._steps = lanes.bit_length() - 1

    @property
    def size(self) -> int:
        """Elements that the factors take: of each step those of the blocks on the diagonal, then the two others."""
        return self._steps * self._step_size + self._block.size

    @property
    def _step_size(self) -> int:
        return 3 * self._block.size

    # -- straight-line code ---------------------------------------------------------------------

    def factor(self, diagonal: Block, one: Block, other: Block, lu: Any) -> Any:
        """Store the factors, given D, A and C; return whether all pivots are sound."""
        sound: Any = True
        diagonal, one, other = (
            [[self._number(value) for value in row] for row in block] for block in (diagonal, one, other)
        )
        for step in range(self._steps):
            sound = both(self._factor_block(diagonal, self._part(lu, step, 0)), sound)
            one, other = (self._divided(block, self._part(lu, step, 0)) for block in (one, other))
            for number, block in enumerate((one, other), 1):
                self._put(block, lu, step, number)
            (one_there, other_there), (one_back, other_back) = (
                [self._handed(block, sign << step) for block in (one, other)] for sign in (1, -1)
            )
            nothing, unit = (self._multiple_of_unit(number, lu) for number in (0.0, 1.0))
            diagonal = self._less_product(one, other_there, self._less_product(other, one_back, unit))
            one, other = self._less_product(one, one_there, nothing), self._less_product(other, other_back, nothing)
        closed = [[a + c + d for a, c, d in zip(*rows, strict=True)] for rows in zip(one, other, diagonal, strict=True)]
        return both(self._factor_block(closed, self._part(lu, self._steps, 0)), sound)

    def solve(self, lu: Any, b: Sequence[Any]) -> list[Any]:
        """Return the lane's x, given the factors."""
        x = [self._number(value) for value in b]
        for step in range(self._steps):
            x = self._block.solve(self._part(lu, step, 0), x)
            there, back = (self._handed([x], sign << step)[0] for sign in (1, -1))
            for number, values in enumerate((there, back), 1):
                block = self._entries(lu, step, number)
                for i, row in enumerate(block):
                    for entry, value in zip(row, values, strict=True):
                        x[i] = multiply_add(-entry, value, x[i])
        return self._block.solve(self._part(lu, self._steps, 0), x)

    def _factor_block(self, block: Block, lu: Any) -> Any:
        return self._block.factor({(i, j): each for i, row in enumerate(block) for j, each in enumerate(row)}, lu)

    def _divided(self, block: Block, lu: Any) -> Block:
        """Return the inverse of a factored block times another."""
        columns = [self._block.solve(lu, column) for column in zip(*block, strict=True)]
        return [*zip(*columns, strict=True)]

    @staticmethod
    def _less_product(first: Block, second: Block, start: Block) -> Block:
        """Return start - first*second."""
        found = []
        for i, row in enumerate(first):
            sums = []
            for j, column in enumerate(zip(*second, strict=True)):
                total = start[i][j]
                for one, other in zip(row, column, strict=True):
                    total = multiply_add(-one, other, total)
                sums.append(total)
            found.append(sums)
        return found

    def _multiple_of_unit(self, number: float, like: Any) -> Block:
        zero, other = (self._number(literal(like, each, self._precision)) for each in (0.0, number))
        return [[other if i == j else zero for j in range(self._width)] for i in range(self._width)]

    def _handed(self, block: Block, distance: int) -> Block:
        """Return the block of the lane that is so far on, in the direction of x'."""
        sources = [(lane + self._turn * distance) % self._lanes for lane in range(self._lanes)]
        return [[handed(value, sources) for value in row] for row in block]

    def _number(self, value: Any) -> Any:
        """Return a number as blocks have them."""
        return as_complex(value, self._precision) if self._is_complex else value

    # -- where what lies ------------------------------------------------------------------------

    def _part(self, lu: Any, step: int, number: int) -> Any:
        return View(lu, step * self._step_size + number * self._block.size)

    def _array(self, lu: Any, step: int, number: int) -> Any:
        part, count = self._part(lu, step, number), self._width**2
        return Numbers(part, View(part, count)) if self._is_complex else part

    def _put(self, block: Block, lu: Any, step: int, number: int) -> None:
        array = self._array(lu, step, number)
        for place, value in enumerate(value for row in block for value in row):
            array[place] = value

    def _entries(self, lu: Any, step: int, number: int) -> Block:
        array, width = self._array(lu, step, number), self._width
        return [[array[i * width + j] for j in range(width)] for i in range(width)]
