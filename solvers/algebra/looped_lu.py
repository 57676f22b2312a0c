"""Direct solution of large linear systems of one sparsity pattern: elimination by loops over tables of its places."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from solvers.algebra.complex_numbers import fold_numbers, multiply_add
from solvers.algebra.dense_lu import DenseLU, first_dense
from solvers.algebra.pivot_order import Entry
from solvers.algebra.pivots import invert, subtract_from_shift
from solvers.algebra.sparse_lu import SparseLU
from solvers.straightline import both, literal
from solvers.straightline.loops import Table, fold, for_each, looked_up
from solvers.straightline.record import INDEX, MASK

#: Operations that a block taken as dense may take, over those of what it has.
MORE_IN_A_BLOCK = 2.0
#: Rows of a block that is taken as dense.
SMALLEST_BLOCK = 8


class _Run(NamedTuple):
    """Neighbours in a row, from which neighbours in another are subtracted.

    Parameters
    ----------
    target
        Where the first one lies.
    source
        Where the first of the others lies, seen from their pivot.
    length
        How many there are.
    """

    target: int
    source: int
    length: int


def _runs(targets: Sequence[int]) -> Iterator[_Run]:
    """Yield the runs of neighbours among the places from which the entries right of a pivot are subtracted."""
    start = 0
    for k in range(1, len(targets) + 1):
        if k == len(targets) or targets[k] != targets[k - 1] + 1:
            if targets:
                yield _Run(targets[start], start + 1, k - start)
            start = k


class LoopedLU:
    """Factorisation and solution of matrices alpha*I - J of one pattern, as loops.

    What is computed is what `SparseLU` says, but for a dense block that the last rows and columns make, or nearly. A
    row of the factors lies in one piece, what is left of the pivot first; the block by itself at the end.

    Parameters
    ----------
    lu
        The order of pivots, and the fill.
    """

    def __init__(self, lu: SparseLU) -> None:
        self._lu = lu
        self.n = lu.n
        self._sparse = first_dense(lu.lower, lu.upper, slack=MORE_IN_A_BLOCK, fewest=SMALLEST_BLOCK)
        m = self.n - self._sparse
        self._left = [[k for k in left if k < self._sparse] for left in lu.lower]
        self._right = [*lu.upper[: self._sparse], *([] for _ in range(m))]
        lengths = [len(left) + len(right) for left, right in zip(self._left, self._right, strict=True)]
        self._firsts = [sum(lengths[:place]) + min(place, self._sparse) for place in range(self.n + 1)]
        self._dense = DenseLU(m, self._firsts[-1], lu.precision)
        self.size = self._firsts[-1] + m * m

    def places(self, pattern: Sequence[Entry]) -> list[int]:
        """Return where entries of J are to be stored before `factor`."""
        places = {index: place for place, index in enumerate(self._lu.order)}
        rows = [self._row(place) for place in range(self.n)]
        return [rows[places[i]][places[j]] for i, j in pattern]

    def _row(self, place: int) -> dict[int, int]:
        """Return where the entries of a row of the factors lie, by their columns."""
        columns = [*self._left[place], *([place] if place < self._sparse else []), *self._right[place]]
        found = {column: self._firsts[place] + k for k, column in enumerate(columns)}
        if place >= self._sparse:
            row = place - self._sparse
            found |= {self._sparse + column: self._dense.at(row, column) for column in range(self._dense.m)}
        return found

    # -- tables -----------------------------------------------------------------------------------

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        """By name: of each row, of each entry left of a pivot, or of each product that is subtracted."""
        lower, upper = self._left, self._right
        pivots: list[int] = []
        columns: list[int] = []
        targets: list[int] = []
        begins: list[int] = []
        counts: list[int] = []
        sources: list[int] = []
        lengths: list[int] = []
        for place in range(self.n):
            places = self._row(place)
            pivots.append(places[place])
            for k in lower[place]:
                columns.append(k)
                begins.append(len(targets))
                found = list(_runs([places[j] for j in upper[k]]))
                counts.append(len(found))
                targets += [run.target for run in found]
                sources += [run.source for run in found]
                lengths += [run.length for run in found]
        above = [*map(len, upper)]
        by_name: dict[str, Sequence[int]] = {
            "first": self._firsts[:-1],
            "pivot": pivots,
            "left": [*map(len, lower)],
            "first left": [0, *np.cumsum([*map(len, lower)])[:-1].tolist()],
            "right": above,
            "first right": [0, *np.cumsum(above)[:-1].tolist()],
            "row": self._lu.order,
            "column": columns,
            "row of column": [self._lu.order[k] for k in columns],
            "right row": [self._lu.order[j] for each in upper for j in each],
            "begin": begins,
            "runs": counts,
            "target": targets,
            "source": sources,
            "length": lengths,
        }
        return {name: Table(INDEX, tuple(numbers) or (0,)) for name, numbers in by_name.items()}

    def _at(self, name: str, like: Any, index: Any) -> Any:
        return looked_up(like, self._tables[name], index)

    # -- straight-line code -----------------------------------------------------------------------

    def factor(self, alpha: Any, entries: Any, lu: Any) -> Any:
        """Store the factors of alpha*I - J.

        Parameters
        ----------
        alpha
            Real, or `Complex`.
        entries
            The entries of J, with zeros where the factors have more.
        lu
            The array or `Numbers` for the factors; where real parts lie `entries` may be.

        Returns
        -------
        mask
            As for `SparseLU.factor`.
        """
        subtract_from_shift(alpha, entries, lu, self.size, self.n, lambda place: self._at("pivot", lu, place))
        start = literal(entries[0], True, MASK)  # noqa: FBT003

        def eliminate(place: Any, sound: tuple[Any, ...]) -> tuple[Any, ...]:
            before = self._reduce(lu, place)
            return (both(invert(lu, self._at("pivot", lu, place), before, self._lu.precision), *sound),)

        (sound,) = fold(lu, self._sparse, (start,), eliminate, longest=0)
        return self._dense.factor(lu, lambda row: self._reduce(lu, row + self._sparse), sound)

    def _reduce(self, lu: Any, place: Any) -> Any:
        """Subtract multiples of the rows above, but for those of the block; return what the pivot was before."""
        first, before = self._at("first", lu, place), lu[self._at("pivot", lu, place)]
        pair = self._at("first left", lu, place)
        for_each(lu, self._at("left", lu, place), lambda k: self._subtract(lu, first + k, pair + k), longest=0)
        return before

    def _subtract(self, lu: Any, entry: Any, pair: Any) -> None:
        """Subtract a multiple of a row above, and leave the negated multiplier in its place."""
        pivot, begin = self._at("pivot", lu, self._at("column", lu, pair)), self._at("begin", lu, pair)
        multiplier = -lu[pivot] * lu[entry]
        lu[entry] = multiplier

        def subtract_run(run: Any) -> None:
            target, source, length = (self._at(name, lu, begin + run) for name in ("target", "source", "length"))

            def subtract(k: Any) -> None:
                lu[target + k] = multiply_add(multiplier, lu[pivot + source + k], lu[target + k])

            for_each(lu, length, subtract, longest=0)

        for_each(lu, self._at("runs", lu, pair), subtract_run, longest=0)

    def solve(self, lu: Any, b: Any) -> None:
        """Replace an array b by the solution x of W x = b, given the factors of W."""

        def forward(place: Any) -> None:
            row, first, pair = (self._at(name, b, place) for name in ("row", "first", "first left"))

            def add(k: Any, total: tuple[Any, ...]) -> tuple[Any, ...]:
                return (multiply_add(lu[first + k], b[self._at("row of column", b, pair + k)], *total),)

            (b[row],) = fold_numbers(b, self._at("left", b, place), (b[row],), add, longest=0)

        def backward(step: Any) -> None:
            place = step * -1 + (self._sparse - 1)
            row, pivot, right = (self._at(name, b, place) for name in ("row", "pivot", "first right"))

            def subtract(k: Any, total: tuple[Any, ...]) -> tuple[Any, ...]:
                return (multiply_add(-b[self._at("right row", b, right + k)], lu[pivot + k + 1], *total),)

            (total,) = fold_numbers(b, self._at("right", b, place), (b[row],), subtract, longest=0)
            b[row] = total * lu[pivot]

        def block_row(row: Any) -> Any:
            return self._at("row", b, row + self._sparse)

        for_each(b, self.n, forward, longest=0)
        self._dense.solve_lower(lu, b, block_row)
        self._dense.solve_upper(lu, b, block_row)
        for_each(b, self._sparse, backward, longest=0)
