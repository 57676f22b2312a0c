"""Elements dealt among the threads that share a run: who holds which, and how values are handed over.

Each thread, a lane of the run, holds an element in each of its slots, or none in some of the last ones. Code is written
for the slots; where an element's own number matters, or another lane's value, it says so by what is here.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from solvers.straightline.record import INDEX, MASK, Array, Index, Record, Value

#: Slots more than needed that are tried, as a share of those needed and, up to twice those, as a number, so that slots
#: hold elements of one kind.
SPARE, FEW_SPARE = 0.25, 4


@dataclass(frozen=True)
class Dealing:
    """Which lane holds which element.

    Parameters
    ----------
    lanes
        Threads of a run, a power of two up to 32.
    slots
        For each slot the element of each lane; None: that one has none.
    """

    lanes: int
    slots: tuple[tuple[int | None, ...], ...]

    @cached_property
    def places(self) -> dict[int, tuple[int, int]]:
        """The slot and the lane of each element."""
        held = ((slot, lane, each) for slot, row in enumerate(self.slots) for lane, each in enumerate(row))
        return {each: (slot, lane) for slot, lane, each in held if each is not None}


class Whole:
    """All elements of an array that is dealt, by their own numbers; each is handed to all lanes, and set in its own.

    Parameters
    ----------
    buffer
        The array.
    dealing
        Who holds what of it.
    """

    def __init__(self, buffer: Any, dealing: Dealing) -> None:
        self.buffer = buffer
        self._dealing = dealing

    def __getitem__(self, element: int) -> Any:
        slot, lane = self._dealing.places[element]
        return exchanged(self.buffer[slot], [lane] * self._dealing.lanes)

    def by_lane(self, elements: Sequence[int | None]) -> Any:
        """Return an element for each lane, whoever holds it; None: any."""
        return read(self.buffer, self._dealing, elements)

    def __setitem__(self, element: int, value: Any) -> None:
        slot, lane = self._dealing.places[element]
        self.buffer[slot] = chosen([each == lane for each in range(self._dealing.lanes)], value, self.buffer[slot])


# -- dealing ------------------------------------------------------------------------------------


def deal(kinds: Sequence[Hashable], reads: Sequence[Sequence[int]], lanes: int) -> Dealing:
    """Deal elements in blocks of neighbours, as long as makes the least work.

    Elements of a slot that are of one kind are worked out together, and what they read is handed over together where it
    is equally far on. Kinds that follow each other, as those of several vectors, are dealt one after the other; of
    kinds that take turns, as those of cells, a lane gets whole cells.

    Parameters
    ----------
    kinds
        What each element is.
    reads
        The elements that each is computed of, in an order that is that of its kind.
    """
    slots: list[tuple[int | None, ...]] = []
    for part in _parts(kinds, lanes):
        fewest = -(-len(part) // lanes)
        sizes = range(fewest, 1 + fewest + max(int(SPARE * fewest), min(FEW_SPARE, fewest)))
        slots += _blocks(part, lanes, min(sizes, key=lambda size: _work(part, lanes, size, kinds, reads)))
    return Dealing(lanes, tuple(slots))


def _blocks(part: range, lanes: int, size: int) -> list[tuple[int | None, ...]]:
    return [
        tuple(part[at] if (at := lane * size + slot) < len(part) else None for lane in range(lanes))
        for slot in range(size)
    ]


def _work(part: range, lanes: int, size: int, kinds: Sequence[Hashable], reads: Sequence[Sequence[int]]) -> int:
    """Return about how many operations blocks of a size make."""
    work = 0
    for row in _blocks(part, lanes, size):
        routes: dict[Hashable, set[tuple[int, int]]] = {}
        for lane, element in enumerate(row):
            if element is None:
                continue
            routes.setdefault(kinds[element], set())
            for column, source in enumerate(reads[element]):
                other, slot = divmod(source - part.start, size)
                routes.setdefault((kinds[element], column), set()).add((slot, (other - lane) % lanes))
        work += 1 + len(routes) + sum(map(len, routes.values()))
    return work


def _parts(kinds: Sequence[Hashable], lanes: int) -> list[range]:
    """Return ranges of elements; where frequent kinds follow each other each has its own, else there is one."""
    spans: dict[Hashable, list[int]] = {}
    for element, kind in enumerate(kinds):
        spans.setdefault(kind, []).append(element)
    frequent = sorted((each[0], each[-1]) for each in spans.values() if len(each) >= lanes)
    if any(last > first for (_, last), (first, _) in pairwise(frequent)):
        return [range(len(kinds))]
    # What is between two of them are the ends of either.
    cuts = [(last + first + 1) // 2 for (_, last), (first, _) in pairwise(frequent)]
    return [range(first, last) for first, last in zip([0, *cuts], [*cuts, len(kinds)], strict=True)]


# -- what lanes do ------------------------------------------------------------------------------


class Route(NamedTuple):
    """Which lane each takes a value from: the one that is `number` further around, of that number, or by a table.

    `kind` is "turn", "flip" (lane XOR number), "from" or "table"; `lanes` are those of the run.
    """

    lanes: int
    kind: str
    number: int = 0
    table: tuple[int, ...] = ()

    def source(self, lane: int) -> int:
        """Return the lane that one takes from."""
        if self.kind == "table":
            return self.table[lane]
        return {"turn": (lane + self.number) % self.lanes, "flip": lane ^ self.number, "from": self.number}[self.kind]


def _route(sources: Sequence[int | None]) -> Route:
    """Return the simplest route by which each lane takes from its source; None: from any."""
    lanes = len(sources)
    known = [(lane, source) for lane, source in enumerate(sources) if source is not None]
    for kind, numbers in (
        ("turn", {(source - lane) % lanes for lane, source in known}),
        ("flip", {source ^ lane for lane, source in known}),
        ("from", {source for _, source in known}),
    ):
        if len(numbers) == 1:
            return Route(lanes, kind, numbers.pop())
    return Route(lanes, "table", table=tuple(source or 0 for source in sources))


def lane_index(log: Record, lanes: int) -> Index:
    """Return the number of the thread among those of its run."""
    return Index(log.pure("lane", (), INDEX, lanes))


def in_lanes(log: Record, held: Sequence[bool]) -> Any:
    """Return whether the lane is one of some; True where all are."""
    if all(held):
        return True
    return log.pure("in lanes", (), MASK, tuple(held))


def exchanged(value: Value, sources: Sequence[int | None]) -> Value:
    """Return what each lane's source has as a value; None: whose does not matter."""
    route = _route(sources)
    if route.kind in {"turn", "flip"} and route.number == 0:
        return value
    return value.record.pure("exchange", (value,), value.dtype, route)


def chosen(held: Sequence[bool], value: Value, otherwise: Value) -> Value:
    """Return a value in some lanes, another one in the others."""
    mask = in_lanes(value.record, held)
    return value if mask is True else value.record.pure("select", (mask, value, otherwise), value.dtype)


def read(buffer: Array, dealing: Dealing, elements: Sequence[int | None]) -> Value:
    """Return an element of a dealt array for each lane, whoever holds it."""
    slots: dict[int, list[int | None]] = {}
    for lane, element in enumerate(elements):
        if element is not None:
            slot, source = dealing.places[element]
            slots.setdefault(slot, [None] * dealing.lanes)[lane] = source
    found: Value | None = None
    for slot, sources in slots.items():
        value = exchanged(buffer[slot], sources)
        found = value if found is None else chosen([source is not None for source in sources], value, found)
    assert found is not None  # noqa: S101 - some lane reads
    return found


def over_lanes(value: Value, lanes: int) -> Value:
    """Return the sum of all lanes' numbers, or whether a mask holds in all; the same bits in each lane."""
    if value.dtype == MASK:
        log = value.record
        one, none = log.constant(1, "int32"), log.constant(0, "int32")
        return over_lanes(log.pure("select", (value, one, none), "int32"), lanes) == lanes
    for distance in _distances(lanes):
        value = value + exchanged(value, [lane ^ distance for lane in range(lanes)])
    return value


def _distances(lanes: int) -> Iterator[int]:
    distance = 1
    while distance < lanes:
        yield distance
        distance *= 2


def fold_slots(
    dealing: Dealing,
    start: Sequence[Any],
    work: Callable[[int, tuple[Any, ...]], Sequence[Any]],
) -> tuple[Any, ...]:
    """Return the totals of all lanes' elements: sums, or conjunctions of masks; `start` is neutral."""
    totals = tuple(start)
    for slot, elements in enumerate(dealing.slots):
        held = [each is not None for each in elements]
        following = work(slot, totals)
        totals = tuple(chosen(held, new, old) for new, old in zip(following, totals, strict=True))
    return tuple(over_lanes(total, dealing.lanes) for total in totals)
