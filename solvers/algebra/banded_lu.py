"""Direct solution of large linear systems whose entries lie near the diagonal: elimination by loops, without tables."""

from collections.abc import Sequence
from typing import Any

from solvers.algebra.complex_numbers import fold_numbers, multiply_add
from solvers.algebra.pivot_order import Entry
from solvers.algebra.pivots import invert, subtract_from_shift
from solvers.straightline import both, literal
from solvers.straightline.loops import fold
from solvers.straightline.record import MASK


def half_bandwidth(pattern: Sequence[Entry]) -> int:
    """Return how far from the diagonal entries are, at most."""
    return max((abs(i - j) for i, j in pattern), default=0)


class BandedLU:
    """Factorisation and solution of matrices alpha*I - J of one band, as loops over its rows, in their order.

    Row i of the band lies at i*(2*b + 1), with b the half bandwidth and the pivot at b; what sticks out of the matrix
    in the first and the last rows is zero.

    Parameters
    ----------
    n
        Rows and columns.
    pattern
        Entries (row, column) of J that may be other than zero.
    precision
        "float64" or "float32".
    """

    def __init__(self, n: int, pattern: Sequence[Entry], precision: str) -> None:
        self.n = n
        self.half = min(half_bandwidth(pattern), n - 1)
        self.size = n * (2 * self.half + 1)
        self._precision = precision

    def places(self, pattern: Sequence[Entry]) -> list[int]:
        """Return where entries of J are to be stored before `factor`."""
        return [self._at(i, j - i) for i, j in pattern]

    def _at(self, row: Any, right: int = 0) -> Any:
        """Return the place of an entry so far to the right of a row's pivot."""
        return row * (2 * self.half + 1) + (self.half + right)

    # -- straight-line code -----------------------------------------------------------------------

    def factor(self, alpha: Any, entries: Any, lu: Any) -> Any:
        """Store the factors of alpha*I - J.

        Parameters
        ----------
        alpha
            Real, or `Complex`.
        entries
            The entries of J, with zeros where the band has more.
        lu
            The array or `Numbers` for the factors; where real parts lie `entries` may be.

        Returns
        -------
        mask
            As for `SparseLU.factor`.
        """
        subtract_from_shift(alpha, entries, lu, self.size, self.n, self._at)
        sound = literal(entries[0], True, MASK)  # noqa: FBT003
        for i in range(self.half):
            sound = self._eliminate(lu, i, i, sound)
        (sound,) = fold(
            lu,
            self.n - self.half,
            (sound,),
            lambda i, so_far: (self._eliminate(lu, i + self.half, self.half, *so_far),),
            longest=0,
        )
        return sound

    def _eliminate(self, lu: Any, row: Any, above: int, sound: Any) -> Any:
        """Subtract multiples of so many rows above, and invert the pivot; return whether all so far are sound."""
        before = lu[self._at(row)]
        for k in range(above, 0, -1):
            multiplier = lu[self._at(row, -k)] = -lu[self._at(row + -k)] * lu[self._at(row, -k)]
            for right in range(1, self.half + 1):
                target = self._at(row, right - k)
                lu[target] = multiply_add(multiplier, lu[self._at(row + -k, right)], lu[target])
        return both(invert(lu, self._at(row), before, self._precision), sound)

    def solve(self, lu: Any, b: Any) -> None:
        """Replace an array b by the solution x of W x = b, given the factors of W.

        What the next row needs of those before travels beside the array: to store and load it again would take longer
        than all else.
        """
        half, last = self.half, self.n - 1
        known: tuple[Any, ...] = ()
        for i in range(half):
            known = self._forward(lu, b, i, known)
        fold_numbers(b, self.n - half, known, lambda i, z: self._forward(lu, b, i + half, z)[:half], longest=0)
        known = ()
        for i in range(half):
            known = self._backward(lu, b, last - i, known)

        def solve_row(i: Any, below: tuple[Any, ...]) -> tuple[Any, ...]:
            return self._backward(lu, b, i * -1 + (last - half), below)[:half]

        fold_numbers(b, self.n - half, known, solve_row, longest=0)

    def _forward(self, lu: Any, b: Any, row: Any, above: tuple[Any, ...]) -> tuple[Any, ...]:
        """Subtract multiples of the rows above, the nearest first; return this row's value before theirs."""
        total = b[row]
        for k, value in reversed([*enumerate(above, 1)]):
            total = multiply_add(lu[self._at(row, -k)], value, total)
        b[row] = total
        return total, *above

    def _backward(self, lu: Any, b: Any, row: Any, below: tuple[Any, ...]) -> tuple[Any, ...]:
        """Solve for a row, given the solutions below; return them all, this row's first."""
        total = b[row]
        for right, value in reversed([*enumerate(below, 1)]):
            total = multiply_add(-value, lu[self._at(row, right)], total)
        b[row] = total * lu[self._at(row)]
        return b[row], *below
