"""Reads of what lanes have in common: every lane gets all that it wants, and few ask one bank at once."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.straightline.banks import banks, in_rounds, in_rows


@pytest.mark.parametrize(
    ("lanes", "itemsize", "expected"), [(32, 8, 16), (32, 4, 32), (16, 8, 16), (8, 8, 8), (8, 4, 8), (2, 4, 2)]
)
def test_so_many_lanes_are_served_at_once(lanes, itemsize, expected):
    assert banks(lanes, itemsize) == expected


@given(st.data(), st.sampled_from([(4, 4), (16, 16), (32, 16), (32, 32)]))
def test_every_lane_reads_all_that_it_wants(data, shape):
    lanes, together = shape
    cells = st.lists(st.integers(0, 10 * lanes - 1), max_size=6)
    wanted = data.draw(st.lists(cells, min_size=lanes, max_size=lanes))
    zeros = range(10 * lanes, 11 * lanes)
    rounds = in_rounds(wanted, zeros, together)
    assert len(rounds) == max(map(len, wanted))
    for lane, cells in enumerate(wanted):
        read = [each[lane] for each in rounds]
        assert sorted(each for each in read if each not in zeros) == sorted(cells)
        assert sum(each in zeros for each in read) == len(rounds) - len(cells)


def test_reads_that_can_be_without_conflict_are():
    wanted = [[16 * lane + (lane + k) % 16 for k in range(16)] for lane in range(16)]
    for cells in in_rounds([each[::-1] if lane % 2 else each for lane, each in enumerate(wanted)], range(256, 272), 16):
        assert len({cell % 16 for cell in cells}) == 16


def test_lanes_that_want_nothing_read_zeros_of_banks_that_nobody_asks():
    (cells,) = in_rounds([[5], [], [6], []], range(8, 12), 4)
    assert (cells[0], cells[2]) == (5, 6)
    assert {cell % 4 for cell in cells} == set(range(4))


def test_members_are_in_rows_kind_after_kind():
    kinds = [1, 0, 1, 0, 0, 1]
    rows = in_rows(kinds, [[k] for k in range(6)], 4, 4)
    assert [len(row) for row in rows] == [4, 4]
    members = [each for row in rows for each in row if each is not None]
    assert sorted(members) == [*range(6)]
    assert [kinds[each] for each in members] == sorted(kinds)
    assert rows[1][2:] == (None, None)


def test_members_of_a_row_read_from_different_banks():
    rows = in_rows([0] * 16, [[4 * (k // 4)] if k % 2 else [k, k + 1] for k in range(16)], 4, 4)
    busiest = [max(Counter(4 * (k // 4) % 4 if k % 2 else k % 4 for k in row).values()) for row in rows]
    assert min(busiest) < 4
