"""Elimination by the threads of a run together: each holds rows, and is handed those of the pivots.

The first pivots, whose rows are sparse, are eliminated as `SparseLU` does it. The last ones, one a thread, make a dense
block, which is inverted: a product with the inverse needs no thread to wait for another's result.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from solvers.algebra.complex_numbers import Numbers, as_complex, magnitude, multiply_add, parts_of, reciprocal
from solvers.algebra.grid_inverse import GridInverse
from solvers.algebra.lane_numbers import handed, picked
from solvers.algebra.row_layout import Place, RowLayout
from solvers.algebra.sparse_lu import ROUNDING
from solvers.straightline import View, both, literal
from solvers.straightline.dealing import chosen, over_lanes
from solvers.straightline.pool import Pool

#: What a matrix has at each place of its rows.
Rows = dict[Place, Any]


class RowLU:
    """Factorisation and solution of matrices alpha*I - J whose rows are dealt among the threads of a run.

    Parameters
    ----------
    layout
        Where what lies.
    is_complex
        Whether alpha is complex.

    Attributes
    ----------
    size
        Elements of a thread's part of the factors.
    first
        The first pivot that is not written out: none is.
    """

    def __init__(self, layout: RowLayout, *, is_complex: bool = False) -> None:
        self._layout, self._is_complex = layout, is_complex
        self.precision, self.first = layout.precision, layout.n
        self._lanes, self._slots = layout.dealing.lanes, range(len(layout.dealing.slots))
        self._block = GridInverse(self._lanes, layout.dense)
        self._starts = [sum(map(layout.width, range(slot))) - layout.dense for slot in self._slots[1:]]
        self._block_at = sum(map(layout.width, self._slots)) - layout.dense
        self._count = self._block_at + self._lanes + len(self._slots)
        self.size = self._count * (2 if is_complex else 1)

    # -- straight-line code: factors ---------------------------------------------------------------

    def shifted(self, entries: Mapping[Place | int, Any], alpha: Any) -> tuple[Rows, list[Any]]:
        """Return alpha*I - J, and its diagonal by slots, given J: by places, and by slots what is on its diagonal."""
        zero = self._number(literal(parts_of(alpha)[0], 0.0, self.precision))
        rows = {place: self._number(-value) for place, value in entries.items() if isinstance(place, Place)}
        diagonal = [alpha - entries[slot] if slot in entries else alpha for slot in self._slots]
        for slot in self._slots:
            lanes: dict[Place, list[int]] = defaultdict(list)
            for lane, pivot in self._layout.rows(slot).items():
                lanes[self._place(slot, pivot)].append(lane)
            for place, own in lanes.items():
                rows[place] = self._picked(own, self._number(diagonal[slot]), rows.get(place, zero))
        return rows, diagonal

    def factor(self, matrix: tuple[Rows, list[Any]], lu: Any, pool: Pool) -> Any:
        """Store the factors of what `shifted` returned; return whether every pivot of all threads is sound."""
        layout, (rows, given) = self._layout, matrix
        inverses: list[Any] = [None for _ in self._slots]
        for pivot in range(layout.first_dense):
            slot, lane = layout.held(pivot)
            inverse = reciprocal(self._from(lane, rows[self._place(slot, pivot)]))
            known = inverses[slot]
            inverses[slot] = inverse if known is None else self._picked([lane], inverse, known)
            self._eliminate(rows, pivot, inverse)
        numbers = self._numbers(lu)
        block, inverses[0] = self._block.invert([rows.pop(Place(0, j)) for j in range(layout.dense)], pool)
        for place, value in enumerate(entry for row in block for entry in row):
            numbers[self._block_at + place] = value
        for (slot, position), value in rows.items():
            numbers[self._at(slot, position)] = value
        for slot, inverse in enumerate(inverses):
            numbers[self._inverse_at(slot)] = inverse
        return self._sound(inverses, given)

    def _eliminate(self, rows: Rows, pivot: int, inverse: Any) -> None:
        """Subtract multiples of a row from those below; leave the negated multipliers left of their pivots."""
        layout, (source, lane) = self._layout, self._layout.held(pivot)
        right = {j: self._from(lane, rows[self._place(source, j)]) for j in sorted(layout.fill.upper[pivot])}
        for slot in self._slots:
            users = layout.lower(slot, pivot)
            if not users:
                continue
            place = self._place(slot, pivot)
            multiplier = -inverse * rows[place]
            if not layout.alone(slot, pivot, users):
                multiplier, rows[place] = self._only(users, multiplier), self._picked(users, multiplier, rows[place])
            else:
                rows[place] = multiplier
            for j, value in right.items():
                self._add(rows, self._place(slot, j), multiplier, value)

    @staticmethod
    def _add(rows: Rows, place: Place, multiplier: Any, value: Any) -> None:
        rows[place] = multiply_add(multiplier, value, rows[place]) if place in rows else multiplier * value

    def _sound(self, inverses: Sequence[Any], given: Sequence[Any]) -> Any:
        """Return whether all pivots could be inverted, given the entries that they were computed from."""
        limit = 1.0 / (ROUNDING * float(np.finfo(self.precision).eps))
        sound: Any = True
        for slot, (inverse, before) in enumerate(zip(inverses, given, strict=True)):
            size = magnitude(inverse)
            fine = both(size > 0.0, size * magnitude(before) < limit)
            held = [each is not None for each in self._layout.dealing.slots[slot]]
            sound = both(chosen(held, fine, literal(fine, True, "mask")), sound)  # noqa: FBT003
        return over_lanes(sound, self._lanes)

    # -- straight-line code: solutions ---------------------------------------------------------------

    def solve(self, lu: Any, b: Sequence[Any]) -> list[Any]:
        """Return a thread's part of the solution x of W x = b, given its part of b."""
        numbers, z = self._numbers(lu), list(b)
        inverses = [numbers[self._inverse_at(slot)] for slot in self._slots]
        for pivot in range(self._layout.first_dense):
            self._substitute(numbers, z, pivot, self._layout.lower, lambda slot: z[slot], sign=1)
        self._add_outer(numbers, z, 0, z, sign=1)
        z[0] = inverses[0] * self._block.product(self._inverse(numbers), z[0])
        for slot in self._slots[1:]:
            self._add_outer(numbers, z, slot, z, sign=-1)
        for pivot in reversed(range(self._layout.first_dense)):
            self._substitute(numbers, z, pivot, self._layout.upper, lambda slot: inverses[slot] * z[slot], sign=-1)
        return [z[0], *(inverses[slot] * z[slot] for slot in self._slots[1:])]

    def _substitute(self, numbers: Any, z: list[Any], pivot: int, users_of: Any, value: Any, *, sign: int) -> None:
        """Add multiples of what is known of a pivot to the sparse rows that have its column on one side."""
        for slot in self._slots[1:]:
            users = users_of(slot, pivot)
            if users:
                source, lane = self._layout.held(pivot)
                factor = numbers[self._at(slot, self._layout.position(slot, pivot))]
                factor = factor if self._layout.alone(slot, pivot, users) else self._only(users, factor)
                known = self._from(lane, value(source))
                z[slot] = multiply_add(factor if sign > 0 else -factor, known, z[slot])

    def _add_outer(self, numbers: Any, z: list[Any], slot: int, known: Sequence[Any], *, sign: int) -> None:
        """Add multiples of what is known of the columns on the other side of where the dense block begins."""
        total = z[slot]
        columns = self._layout.columns_at(slot, self._layout.outer_positions(slot))
        for position, by_lane in columns.items():
            factor = numbers[self._at(slot, position)]
            total = multiply_add(factor if sign > 0 else -factor, self._gathered(by_lane, known), total)
        z[slot] = total

    def _gathered(self, columns: Mapping[int, int], known: Sequence[Any]) -> Any:
        """Return for each lane what is known of its column."""
        found: Any = None
        for slot in self._slots:
            sources: list[Any] = [None] * self._lanes
            for lane, column in columns.items():
                source, other = self._layout.held(column)
                if source == slot:
                    sources[lane] = other
            lanes = [lane for lane, other in enumerate(sources) if other is not None]
            if lanes:
                value = handed(known[slot], sources)
                found = value if found is None else self._picked(lanes, value, found)
        return found

    def _inverse(self, numbers: Any) -> list[list[Any]]:
        """Return the lane's block of the dense block's inverse."""
        width = self._block.columns
        return [[numbers[self._block_at + a * width + q] for q in range(width)] for a in range(self._block.rows)]

    # -- lanes, and where what lies ------------------------------------------------------------------

    def _place(self, slot: int, column: int) -> Place:
        return Place(slot, self._layout.position(slot, column))

    def _inverse_at(self, slot: int) -> int:
        return self._count - len(self._slots) + slot

    def _at(self, slot: int, position: int) -> int:
        """Return where what is beside the dense block lies."""
        return position + (self._starts[slot - 1] if slot else -self._layout.dense)

    def _numbers(self, lu: Any) -> Any:
        return Numbers(lu, View(lu, self._count)) if self._is_complex else lu

    def _from(self, lane: int, value: Any) -> Any:
        return handed(value, [lane] * self._lanes)

    def _number(self, value: Any) -> Any:
        return as_complex(value, self.precision) if self._is_complex else value

    def _only(self, lanes: Sequence[int], value: Any) -> Any:
        """Return a number in some lanes, zero in others."""
        return self._picked(lanes, value, self._number(literal(parts_of(value)[0], 0.0, self.precision)))

    def _picked(self, lanes: Sequence[int], value: Any, otherwise: Any) -> Any:
        return picked(lanes, self._lanes, value, otherwise)
