"""The Jacobian dealt among the threads of a run, of equations that read their own threads' states and neighbours'."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from solvers.equations.dealt import DealtEquations, DealtExpressions
from solvers.equations.depth import deep_recursion
from solvers.equations.jacobian import Jacobian
from solvers.straightline.dealing import Dealing, Whole

#: Threads from which on a thread's neighbours on both sides are two.
FEWEST_LANES = 4


@dataclass(frozen=True)
class Separation:
    """Slots whose states part the threads' others from each other.

    All that is between two threads' states goes by those that one of them has in these slots: each thread has its own
    of them, and copies of its neighbour's, as further rows and columns after its slots.

    Parameters
    ----------
    dealing
        Who has which state.
    slots
        In ascending order.
    turn
        1 or -1: the neighbour is the thread so much further around.
    """

    dealing: Dealing
    slots: tuple[int, ...]
    turn: int

    @property
    def own(self) -> int:
        """Rows that a thread has itself."""
        return len(self.dealing.slots)

    def place(self, entry: tuple[int, int]) -> "Place":
        """Return where an entry, by the states of its row and column, lies, and in which lane."""
        (row, lane), (column, other) = (self.dealing.places[state] for state in entry)
        if lane == other:
            return Place(lane, row, column)
        if (other - lane) % self.dealing.lanes == self.turn % self.dealing.lanes:
            return Place(lane, row, self.own + self.slots.index(column))
        return Place(other, self.own + self.slots.index(row), column)


class Place(NamedTuple):
    """An entry's lane, and its row and column there."""

    lane: int
    row: int
    column: int


def separate(dealing: Dealing, pattern: Collection[tuple[int, int]]) -> Separation | None:
    """Return the fewest slots that part the threads; None where entries are between others than neighbours.

    Parameters
    ----------
    pattern
        Entries (row, column) of the Jacobian.
    """
    if dealing.lanes < FEWEST_LANES:
        return None
    #: By the neighbour's direction the slots with which all entries between threads begin or end.
    slots: dict[int, set[int]] = {-1: set(), 1: set()}
    for state, source in pattern:
        (row, lane), (column, other) = dealing.places[state], dealing.places[source]
        if lane == other:
            continue
        distance = (other - lane) % dealing.lanes
        if distance not in {1, dealing.lanes - 1}:
            return None
        forward = distance == 1
        slots[-1].add(row if forward else column)
        slots[1].add(column if forward else row)
    turn = min(slots, key=lambda each: len(slots[each]))
    return Separation(dealing, tuple(sorted(slots[turn])), turn)


class DealtJacobian:
    """Straight-line code for a thread's entries of J = df/dy, and for df/dt of its states.

    Parameters
    ----------
    jacobian
        J.
    equations
        f, dealt.

    Attributes
    ----------
    separation
        How the threads are parted.
    pattern : tuple of (row, column)
        Places of entries that are not zero by structure in some thread, row by row; see `Separation`.
    """

    def __init__(self, jacobian: Jacobian, equations: DealtEquations) -> None:
        separation = separate(equations.dealing, jacobian.pattern)
        assert separation is not None  # noqa: S101 - else the equations are not dealt
        self.separation = separation
        self.system, self.precision, self.uses_time = jacobian.system, jacobian.precision, jacobian.uses_time
        self.size = separation.own
        self._jacobian = jacobian
        with deep_recursion():
            self._entries = self._dealt(jacobian.spelled_out, [row for row, _ in jacobian.pattern])
        rows: dict[tuple[int, int], list[int | None]] = defaultdict(lambda: [None] * separation.dealing.lanes)
        for index, entry in enumerate(jacobian.pattern):
            lane, row, column = separation.place(entry)
            rows[row, column][lane] = index
        self.pattern = tuple(sorted(rows))
        self._rows = [rows[place] for place in self.pattern]

    @cached_property
    def _in_time(self) -> DealtExpressions:
        with deep_recursion():
            return self._dealt(self._jacobian.time_spelled_out, range(len(self.system.states)))

    def _dealt(self, expressions: Sequence[Any], owners: Sequence[int]) -> DealtExpressions:
        jacobian = self._jacobian
        return DealtExpressions(jacobian.system, expressions, owners, jacobian.precision, jacobian.forcing)

    # -- straight-line code ---------------------------------------------------------------------

    def entries(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the thread's entries in the order of `pattern`; see `DealtExpressions.values`."""
        return [*self._entries.values(self._rows, t, Whole(y, self.separation.dealing), p)]

    def time_derivative(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the derivatives df/dt of the thread's states, which stand still; drivers move."""
        dealing = self.separation.dealing
        return [*self._in_time.values(dealing.slots, t, Whole(y, dealing), p)]
