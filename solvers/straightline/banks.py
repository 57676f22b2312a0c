"""Orders of reads in which the lanes of a run seldom ask one bank of shared memory for several things at once."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

#: Bytes that all banks together give at once.
_WIDTH = 128


def banks(lanes: int, itemsize: int) -> int:
    """Return how many neighbouring lanes are served at once, where each reads from a bank of its own.

    Where a warp has several runs, what they have in common begins in different banks.
    """
    return min(lanes, _WIDTH // itemsize)


def in_rounds(wanted: Sequence[Sequence[int]], zeros: Sequence[int], together: int) -> list[list[int]]:
    """Return rounds, in each of which each lane reads one cell, so that it has read all that it wants.

    Parameters
    ----------
    wanted
        The cells that each lane wants.
    zeros
        Cells that a lane reads which has nothing to read any more: one for each bank.
    together
        Lanes that are served at once, and banks; see `banks`.
    """
    rounds: list[list[int]] = [[] for _ in range(max(map(len, wanted), default=0))]
    for first in range(0, len(wanted), together):
        left = [[*cells] for cells in wanted[first : first + together]]
        for number in range(len(rounds)):
            rounds[number] += _one_round(left, zeros, together, len(rounds) - number)
    return rounds


def _one_round(left: list[list[int]], zeros: Sequence[int], count: int, rounds: int) -> list[int]:
    """Return a cell for each lane, and take it from what is left to read in some rounds, this one among them."""
    readers = _matched(left, count)
    lanes = {lane: bank for bank, lane in readers.items()}
    free = [bank for bank in range(count) if bank not in readers]
    found = []
    for lane, cells in enumerate(left):
        if lane in lanes:
            cell = next(each for each in cells if each % count == lanes[lane])
            cells.remove(cell)
        elif len(cells) >= rounds:
            cell = cells.pop()
        else:
            cell = zeros[free.pop()]
        found.append(cell)
    return found


def _matched(left: Sequence[Sequence[int]], count: int) -> dict[int, int]:
    """Return by bank which lane reads from it: as many as can, those first that have most to read."""
    readers: dict[int, int] = {}

    def find(lane: int, tried: set[int]) -> bool:
        for bank in dict.fromkeys(cell % count for cell in left[lane]):
            if bank in tried:
                continue
            tried.add(bank)
            if bank not in readers or find(readers[bank], tried):
                readers[bank] = lane
                return True
        return False

    for lane in sorted(range(len(left)), key=lambda each: -len(left[each])):
        find(lane, set())
    return readers


def in_rows(
    kinds: Sequence[int], reads: Sequence[Sequence[int]], lanes: int, together: int
) -> list[tuple[int | None, ...]]:
    """Return members in rows of one a lane, kind after kind, so that those of a row read from different banks.

    Parameters
    ----------
    kinds
        What each member is.
    reads
        The cells that each reads, one after the other.
    together
        As for `in_rounds`.
    """
    left = sorted(range(len(kinds)), key=kinds.__getitem__)
    rows: list[tuple[int | None, ...]] = []
    while left:
        row: list[int | None] = []
        used: Counter[tuple[int, int]] = Counter()
        while left and len(row) < lanes:
            if len(row) % together == 0:
                used.clear()
            alike = takewhile(lambda each: kinds[each] == kinds[left[0]], left)
            best = min(
                alike, key=lambda each: sum(used[place, cell % together] for place, cell in enumerate(reads[each]))
            )
            left.remove(best)
            used.update((place, cell % together) for place, cell in enumerate(reads[best]))
            row.append(best)
        rows.append(tuple([*row, *[None] * lanes][:lanes]))
    return rows
