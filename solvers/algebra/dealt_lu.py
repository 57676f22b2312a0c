"""Elimination dealt among the threads of a run: each eliminates its own rows, then what parts them is left.

A thread's rows are its own states', then copies of the rows of the states that part it from its neighbour (nested
dissection; see `solvers.equations.dealt_jacobian.Separation`). All threads eliminate the same slots, in one order. What
that leaves of the separating states is a block each thread, coupled to its neighbours' on both sides.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from solvers.algebra.complex_numbers import add
from solvers.algebra.cyclic_reduction import CyclicReduction
from solvers.algebra.lane_numbers import handed
from solvers.algebra.pivot_order import Entry, PivotOrder, choose_order
from solvers.algebra.sparse_lu import SparseLU, iteration_matrix
from solvers.equations.dealt_jacobian import DealtJacobian
from solvers.straightline import View, both, literal
from solvers.straightline.dealing import over_lanes


class DealtLU(SparseLU):
    """Factorisation and solution as of `SparseLU`, of a matrix that is dealt among the threads of a run.

    Vectors are of a thread's own slots. After what is written out lie the factors of what parts the threads.

    Parameters
    ----------
    jacobian
        J, dealt.
    is_complex
        Whether diagonal entries are `Complex`.
    """

    def __init__(self, jacobian: DealtJacobian, *, is_complex: bool = False) -> None:
        self._separation = separation = jacobian.separation
        self._own, self._width = separation.own, len(separation.slots)
        between = self._width, separation.dealing.lanes, separation.turn, jacobian.precision
        self._between = CyclicReduction(*between, is_complex=is_complex)
        super().__init__(self._own + self._width, jacobian.pattern, jacobian.precision, is_complex=is_complex)

    def _choose_order(self, pattern: Collection[Entry]) -> PivotOrder:
        return choose_order(self.n, pattern, last=[*self._separation.slots, *range(self._own, self.n)])

    def _first_by_loops(self) -> int:
        return self._own - self._width

    def _layout(self) -> tuple[dict[Entry, range], int]:
        slots, size = super()._layout()
        return slots, size + self._between.size

    # -- straight-line code ---------------------------------------------------------------------

    def shifted(self, entries: Mapping[Entry, Any], alpha: Any) -> dict[Entry, Any]:
        """Return alpha*I - J, given the entries of J."""
        return iteration_matrix(entries, self._own, alpha)

    def factor(self, values: Mapping[Entry, Any], lu: Any) -> Any:
        """Store the factors of a matrix; return whether every pivot of all threads is sound."""
        sound = super().factor(values, lu)
        if self._width:
            sound = both(self._between.factor(*self._left_over(values, lu), self._factors_between(lu)), sound)
        return over_lanes(sound, self._separation.dealing.lanes)

    def _left_over(self, values: Mapping[Entry, Any], lu: Any) -> tuple[Any, Any, Any]:
        """Return what elimination leaves of the separating states: on the diagonal, and to both neighbours'."""
        rows = []
        for place in range(self.first, self.n):
            row = {j: values[entry] for j, entry in self._given[place].items() if entry in values}
            self._reduce(row, place, lu)
            self._put_row(lu, place, row)
            rows.append([row.get(column, literal(lu, 0.0, self.precision)) for column in range(self.first, self.n)])
        width = self._width
        (own, one), (other, theirs) = (
            ([row[:width] for row in half], [row[width:] for row in half]) for half in (rows[:width], rows[width:])
        )
        other, theirs = ([[self._from_behind(value) for value in row] for row in block] for block in (other, theirs))
        diagonal = [
            [add(*pair) for pair in zip(*both_rows, strict=True)] for both_rows in zip(own, theirs, strict=True)
        ]
        return diagonal, one, other

    def solve(self, lu: Any, b: Sequence[Any]) -> list[Any]:
        """Return a thread's part of the solution x of W x = b."""
        nothing = literal(lu, 0.0, self.precision)
        return super().solve(lu, [*b, *[nothing] * self._width])[: self._own]

    def _solve_by_loops(self, lu: Any, z: list[Any]) -> None:
        """Solve for the separating states, a thread's own and its neighbour's."""
        if not self._width:
            return
        middle = self.first + self._width
        own = [add(mine, self._from_behind(its)) for mine, its in zip(z[self.first : middle], z[middle:], strict=True)]
        found = self._between.solve(self._factors_between(lu), own)
        z[self.first :] = [*found, *(handed(value, self._sources(1)) for value in found)]

    def _factors_between(self, lu: Any) -> Any:
        return View(lu, self.size - self._between.size)

    def _from_behind(self, value: Any) -> Any:
        """Return a number of the lane whose neighbour the own one is."""
        return handed(value, self._sources(-1))

    def _sources(self, direction: int) -> list[int]:
        lanes, step = self._separation.dealing.lanes, direction * self._separation.turn
        return [(lane + step) % lanes for lane in range(lanes)]
