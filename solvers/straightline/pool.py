"""What the lanes of a run put where all of them find it."""

from collections.abc import Sequence
from typing import Any

from solvers.straightline.dealing import Dealing, lane_index
from solvers.straightline.loops import by_lane, record_of
from solvers.straightline.record import INDEX, Record


class Pool:
    """Rows of an array that a run's lanes have in common, each of a cell a lane.

    Parameters
    ----------
    buffer
        The array.
    first
        Its element that the first row begins with.
    lanes
        Threads of a run.
    """

    def __init__(self, buffer: Any, first: int, lanes: int) -> None:
        self._buffer, self._first, self._lanes = buffer, first, lanes

    def put(self, row: int, value: Any, turn: int = 0) -> None:
        """Put the lane's own value into a row, at a cell that is further on by a number."""
        own: Any = lane_index(self._record, self._lanes)
        if turn:
            own = by_lane(self._buffer, INDEX, [(lane + turn) % self._lanes for lane in range(self._lanes)])
        self._buffer[own + (self._first + row * self._lanes)] = value

    def settle(self) -> None:
        """Wait until all lanes have put what they have to."""
        self._record.settle()

    def __getitem__(self, cell: int) -> Any:
        """Return what is in a cell, row by row and lane by lane."""
        return self._buffer[self._first + cell]

    def by_lane(self, cells: Sequence[int | None]) -> Any:
        """Return for each lane what is in a cell; None: in any."""
        return self._buffer[by_lane(self._buffer, INDEX, cells) + self._first]

    @property
    def _record(self) -> Record:
        log = record_of(self._buffer)
        assert log is not None  # noqa: S101 - only compiled code has lanes
        return log


class PooledElements:
    """All elements of an array that is dealt, by their own numbers, where every lane finds them.

    Parameters
    ----------
    array
        The lane's own elements: an array or a list of values.
    dealing
        Who holds what of it.
    pool
        Takes them, in rows for its slots.
    """

    def __init__(self, array: Any, dealing: Dealing, pool: Pool) -> None:
        self._dealing, self._pool = dealing, pool
        for slot in range(len(dealing.slots)):
            pool.put(slot, array[slot])
        pool.settle()

    def __getitem__(self, element: int) -> Any:
        return self._pool[cell_of(self._dealing, element)]

    def by_lane(self, elements: Sequence[int | None]) -> Any:
        """Return an element for each lane; None: any."""
        return self._pool.by_lane([None if each is None else cell_of(self._dealing, each) for each in elements])

    def settle(self) -> None:
        """Wait until no lane reads them any more."""
        self._pool.settle()


def cell_of(dealing: Dealing, element: int) -> int:
    """Return where an element of an array that is dealt lies among pooled ones."""
    slot, lane = dealing.places[element]
    return slot * dealing.lanes + lane
