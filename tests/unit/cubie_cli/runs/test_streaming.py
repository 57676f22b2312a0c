"""What a stream promises: every run once, in order, none lost where something fails, memory that is not yet free."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.runs import streaming
from cubie_cli.runs.pace import Pace
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.streaming import stream
from solvers.execution.solver import Solver, UnderWay
from solvers.planning.exchange import Solution


class Design:
    def values(self, first, last):
        return np.arange(first, last, dtype=float)[None]


class Exchange:
    result_bytes_per_run = 8

    def result_bytes(self, runs):
        return 8 * runs


class Chunk(UnderWay):
    """A chunk whose results are its swept values, which are there at the second look."""

    def __init__(self, values, memory, solver):
        self.solver, self.looks = solver, 0
        place = np.empty(values.shape[1]) if memory is None else memory.view(float)[: values.shape[1]]
        place[:] = values[0]
        self.place = place

    def wait(self, seconds):  # noqa: ARG002 - others wait
        self.looks += 1
        return self.looks > 1

    def taken(self):
        return len(self.place) // 2

    def solution(self):
        self.solver.under_way -= 1
        if self.solver.fails_at is not None and self.place[-1] >= self.solver.fails_at:
            raise RuntimeError("the device failed")
        status = np.zeros(len(self.place), dtype=np.int8)
        return Solution(self.place[None, None], np.empty((0, len(status))), status, status, status, 1e-3, 0.0)

    def abandon(self):
        self.solver.abandoned += 1


class Fake(Solver):
    exchange = Exchange()
    device = "none"

    def __init__(self, at_once=2, fails_at=None):
        self.at_once, self.fails_at = at_once, fails_at
        self.under_way = self.most = self.abandoned = 0

    def kernel_report(self):
        return None

    def runs_per_chunk(self, runs):
        return runs

    def begin(self, values, memory=None):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return Chunk(values, memory, self)

    def close(self):
        pass


def passed(solver, ranges, width, write=None):
    """Return the values that are written, in order, and how many runs were counted."""
    written, counted = [], []

    def keep(solved):
        if write:
            write(solved)
        written.append(solved.solution.variables[0, 0].copy())
        assert list(written[-1]) == list(solved.runs)

    def count(solved):
        counted.append(len(solved.runs))
        return 0

    pace = Pace(width, width, sum(map(len, ranges)))
    with Progress(quiet=True) as progress:
        stream(solver, Design(), ranges, pace, count, keep, progress)
    return np.concatenate(written or [np.empty(0)]), sum(counted)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 30), max_size=6),
    st.integers(1, 12),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
)
def test_every_run_is_written_once_and_in_order(sizes, width, at_once, kept):
    ends = np.cumsum([0, *(size + 5 for size in sizes)])
    ranges = [range(int(start), int(start) + size) for start, size in zip(ends, sizes, strict=False)]
    expected = [run for runs in ranges for run in runs]
    solver = Fake(at_once)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "_WORTH_KEEPING", 0 if kept else 1 << 60)
        found, counted = passed(solver, ranges, width)
    assert list(found) == expected
    assert counted == len(expected)
    assert solver.most <= at_once
    assert solver.under_way == 0


def test_a_chunk_is_solved_while_the_one_before_is_written():
    began, solver = threading.Event(), Fake()
    begin = solver.begin

    def told(values, memory=None):
        if values[0, 0] >= 20:
            began.set()
        return begin(values, memory)

    solver.begin = told

    def wait(_):
        # The first chunk's writer goes on only once the third is begun.
        assert began.wait(60)

    assert passed(solver, [range(40)], 10, wait)[1] == 40


def test_a_disk_that_refuses_ends_the_stream():
    def refuse(solved):
        if solved.runs.start >= 20:
            raise OSError("full")

    solver = Fake()
    with pytest.raises(OSError, match="full"):
        passed(solver, [range(100)], 10, refuse)
    assert solver.abandoned == solver.under_way


def test_what_was_solved_before_a_device_failed_is_written():
    written = []
    with pytest.raises(RuntimeError, match="failed"):
        passed(Fake(fails_at=55), [range(100)], 10, lambda solved: written.append(solved.runs))
    assert [runs.start for runs in written] == [0, 10, 20, 30, 40]
