"""Where the rows of factors lie that the threads of a run eliminate together, each its own rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from solvers.algebra.pivot_order import Entry, PivotOrder
from solvers.algebra.sparse_lu import SparseLU
from solvers.straightline.dealing import Dealing


class Place(NamedTuple):
    """Where an entry of a thread's row lies: the slot of the row, and the column's position there."""

    slot: int
    position: int


def deal_rows(order: PivotOrder, lanes: int) -> Dealing:
    """Deal states in the order of their pivots, the last ones into the first slot: their rows make a dense block."""
    ends = range(len(order), 0, -lanes)
    slots = [order[max(0, end - lanes) : end] for end in ends]
    return Dealing(lanes, tuple(tuple([*slot, *[None] * lanes][:lanes]) for slot in slots))


class _Ordered(SparseLU):
    """The fill of a given order of pivots."""

    def __init__(self, order: PivotOrder, pattern: Collection[Entry], precision: str) -> None:
        self._given_order = order
        super().__init__(len(order), pattern, precision)

    def _choose_order(self, pattern: Collection[Entry]) -> PivotOrder:  # noqa: ARG002 - it is known
        return self._given_order


@dataclass(frozen=True)
class RowLayout:
    """Positions of the columns of each slot's rows.

    Columns of which no row of the slot has two share a position: A. R. Curtis, M. J. D. Powell, J. K. Reid, "On the
    estimation of sparse Jacobian matrices", IMA Journal of Applied Mathematics 13 (1974). The pivots of the first slot
    come last; their rows and columns are eliminated as a dense block, whose columns have positions of their own.

    Parameters
    ----------
    pattern
        Entries (row, column) of J that may be other than zero.
    dealing
        Which thread has which row; see `deal_rows`.
    precision
        "float64" or "float32".
    """

    pattern: tuple[Entry, ...]
    dealing: Dealing
    precision: str

    @cached_property
    def order(self) -> PivotOrder:
        """Rows in the order of their pivots."""
        return tuple(state for slot in reversed(self.dealing.slots) for state in slot if state is not None)

    @property
    def n(self) -> int:
        """Rows of the whole matrix."""
        return len(self.order)

    @property
    def first_dense(self) -> int:
        """The first pivot of the dense block."""
        return self.n - self.dense

    @property
    def dense(self) -> int:
        """Rows and columns of the dense block."""
        return sum(state is not None for state in self.dealing.slots[0])

    @cached_property
    def fill(self) -> SparseLU:
        """The pattern of the factors."""
        return _Ordered(self.order, self.pattern, self.precision)

    def held(self, pivot: int) -> tuple[int, int]:
        """Return the slot and the lane of a pivot's row."""
        return self.dealing.places[self.order[pivot]]

    def position(self, slot: int, column: int) -> int:
        """Return where a column of a slot's rows lies."""
        return self._positions[slot][column]

    def width(self, slot: int) -> int:
        """Return how many positions a slot's rows have."""
        return 1 + max(self._positions[slot].values())

    def rows(self, slot: int) -> dict[int, int]:
        """Return the pivots whose rows a slot has, by their lanes."""
        return self._rows[slot]

    def lower(self, slot: int, column: int) -> list[int]:
        """Return the lanes of a slot in whose rows a column is left of the pivot."""
        return [lane for lane, row in self._rows[slot].items() if column in self._lower[row]]

    def upper(self, slot: int, column: int) -> list[int]:
        """Return the lanes of a slot in whose rows a column is right of the pivot."""
        return [lane for lane, row in self._rows[slot].items() if column in self._upper[row]]

    def alone(self, slot: int, column: int, lanes: Collection[int]) -> bool:
        """Return whether nothing lies at a column's position in other lanes than some."""
        position = self.position(slot, column)
        others = (
            lane
            for lane, row in self._rows[slot].items()
            if any(self._positions[slot][each] == position for each in self._columns[row])
        )
        return set(others) <= set(lanes)

    def columns_at(self, slot: int, positions: Iterable[int]) -> dict[int, dict[int, int]]:
        """Return by position, of some, the column that each lane's row has there."""
        found: dict[int, dict[int, int]] = {position: {} for position in positions}
        for lane, row in self._rows[slot].items():
            for column in self._columns[row]:
                position = self._positions[slot][column]
                if position in found:
                    found[position][lane] = column
        return found

    def outer_positions(self, slot: int) -> list[int]:
        """Return the positions of columns on the other side of where the dense block begins than the slot's rows."""
        dense_rows = slot == 0
        outer = {place for column, place in self._positions[slot].items() if (column < self.first_dense) == dense_rows}
        return sorted(outer)

    @cached_property
    def entries(self) -> Mapping[Place, tuple[Entry | None, ...]]:
        """By their places the entries of J, beside the diagonal, that each lane's row has there."""
        found: dict[Place, list[Entry | None]] = {}
        places = {index: place for place, index in enumerate(self.order)}
        for i, j in self.pattern:
            if i != j:
                slot, lane = self.dealing.places[i]
                place = Place(slot, self.position(slot, places[j]))
                found.setdefault(place, [None] * self.dealing.lanes)[lane] = i, j
        return {place: tuple(each) for place, each in sorted(found.items())}

    @cached_property
    def diagonals(self) -> tuple[tuple[Entry | None, ...], ...]:
        """For each slot the entries of J on the diagonal."""
        known = set(self.pattern)
        return tuple(
            tuple((i, i) if i is not None and (i, i) in known else None for i in slot) for slot in self.dealing.slots
        )

    # -- colours ----------------------------------------------------------------------------------

    @cached_property
    def _lower(self) -> list[set[int]]:
        return [*map(set, self.fill.lower)]

    @cached_property
    def _upper(self) -> list[set[int]]:
        return [*map(set, self.fill.upper)]

    @cached_property
    def _rows(self) -> list[dict[int, int]]:
        rows: list[dict[int, int]] = [{} for _ in self.dealing.slots]
        for pivot in range(self.n):
            slot, lane = self.held(pivot)
            rows[slot][lane] = pivot
        return rows

    @cached_property
    def _columns(self) -> list[set[int]]:
        """The columns of each row of the factors; those of the dense block have all of its columns."""
        dense = set(range(self.first_dense, self.n))
        return [
            self._lower[row] | {row} | self._upper[row] | (dense if row in dense else set()) for row in range(self.n)
        ]

    @cached_property
    def _positions(self) -> list[dict[int, int]]:
        """For each slot the position of each column."""
        found = []
        for rows in self._rows:
            columns = [self._columns[row] for row in rows.values()]
            dense = [{j for j in each if j >= self.first_dense} for each in columns]
            sparse = [{j for j in each if j < self.first_dense} for each in columns]
            own = _coloured(dense, 0)
            found.append(own | _coloured(sparse, 1 + max(own.values(), default=-1)))
        return found


def _coloured(rows: Sequence[set[int]], first: int) -> dict[int, int]:
    """Return a colour for each column of some rows, from a number on, so that no row has two of one colour."""
    columns: dict[int, set[int]] = {}
    for number, row in enumerate(rows):
        for column in row:
            columns.setdefault(column, set()).add(number)
    colours: dict[int, int] = {}
    taken: list[set[int]] = []
    for column in sorted(columns, key=lambda each: (-len(columns[each]), each)):
        colour = next((k for k, used in enumerate(taken) if used.isdisjoint(columns[column])), len(taken))
        if colour == len(taken):
            taken.append(set())
        taken[colour] |= columns[column]
        colours[column] = first + colour
    return colours
