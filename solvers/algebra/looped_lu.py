"""Direct solution of large linear systems of one sparsity pattern: elimination by loops over tables of its places."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from solvers.algebra.complex_numbers import fold_numbers, multiply_add
from solvers.algebra.pivot_order import Entry
from solvers.algebra.pivots import invert, subtract_from_shift
from solvers.algebra.sparse_lu import SparseLU
from solvers.straightline import both, literal
from solvers.straightline.loops import Table, fold, for_each, looked_up
from solvers.straightline.record import INDEX, MASK


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

    What is computed, and where it lies, is what `SparseLU` says; a row of the factors lies in one piece, what is left
    of the pivot first.

    Parameters
    ----------
    lu
        The order of pivots, and the fill.
    """

    def __init__(self, lu: SparseLU) -> None:
        self._lu = lu
        self.n = lu.n
        self.size = lu.size

    def places(self, pattern: Sequence[Entry]) -> list[int]:
        """Return where entries of J are to be stored before `factor`."""
        return [self._lu.place(entry) for entry in pattern]

    # -- tables -----------------------------------------------------------------------------------

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        """By name: of each row, of each entry left of a pivot, or of each product that is subtracted."""
        lower, upper = self._lu.lower, self._lu.upper
        first: list[int] = []
        pivots: list[int] = []
        columns: list[int] = []
        targets: list[int] = []
        begins: list[int] = []
        counts: list[int] = []
        sources: list[int] = []
        lengths: list[int] = []
        start = 0
        for place in range(self.n):
            first.append(start)
            pivots.append(start + len(lower[place]))
            places = {j: start + k for k, j in enumerate((*lower[place], place, *upper[place]))}
            start += len(places)
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
            "first": first,
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
        (sound,) = fold(lu, self.n, (start,), self._eliminate_row(lu), longest=0)
        return sound

    def _eliminate_row(self, lu: Any) -> Any:
        """Return what is done for each row: multiples of those above are subtracted, and its pivot is inverted."""

        def eliminate(place: Any, sound: tuple[Any, ...]) -> tuple[Any, ...]:
            first, pivot = self._at("first", lu, place), self._at("pivot", lu, place)
            before, pair = lu[pivot], self._at("first left", lu, place)
            for_each(lu, self._at("left", lu, place), lambda k: self._subtract(lu, first + k, pair + k), longest=0)
            return (both(invert(lu, pivot, before, self._lu.precision), *sound),)

        return eliminate

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
            place = step * -1 + (self.n - 1)
            row, pivot, right = (self._at(name, b, place) for name in ("row", "pivot", "first right"))

            def subtract(k: Any, total: tuple[Any, ...]) -> tuple[Any, ...]:
                return (multiply_add(-b[self._at("right row", b, right + k)], lu[pivot + k + 1], *total),)

            (total,) = fold_numbers(b, self._at("right", b, place), (b[row],), subtract, longest=0)
            b[row] = total * lu[pivot]

        for_each(b, self.n, forward, longest=0)
        for_each(b, self.n, backward, longest=0)
