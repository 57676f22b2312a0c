"""Streams runs through a solver: a chunk waits, one is solved, one is written, all at the same time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

import numpy as np

from cubie_cli.batches.design import Design
from cubie_cli.runs.pace import CHUNK_BYTES, Pace
from cubie_cli.runs.progress import Progress
from solvers.execution.solver import PATIENCE, Solver, UnderWay
from solvers.planning.exchange import Solution

#: Bytes of results from which on memory is kept for chunk after chunk: it takes time to make.
_WORTH_KEEPING = 4 * CHUNK_BYTES


class Solved(NamedTuple):
    """A chunk that is solved: its runs, by their index in the batch, their swept values, and what was found."""

    runs: range
    values: np.ndarray
    solution: Solution


class _Begun(NamedTuple):
    runs: range
    values: np.ndarray
    chunk: UnderWay


class _Writing(NamedTuple):
    done: "Future[None]"
    runs: int
    failed: int


class _Memories:
    """Memory for results: for one chunk after the other, in turn."""

    def __init__(self, solver: Solver, pace: Pace) -> None:
        exchange = solver.exchange
        self._solver, self._size = solver, exchange.result_bytes(pace.most)
        # Of all chunks that are under way and one that is written.
        self._places: deque[np.ndarray | None] = deque([None] * (solver.at_once + 1))
        self._kept = pace.total * exchange.result_bytes_per_run > _WORTH_KEEPING

    def next(self) -> np.ndarray | None:
        """Return memory that nobody uses any more; None: it is to be made anew."""
        if not self._kept:
            return None
        memory = self._places.popleft()
        self._places.append(self._solver.host_memory(self._size) if memory is None else memory)
        return self._places[-1]


def stream(
    solver: Solver,
    design: Design,
    ranges: Iterable[range],
    pace: Pace,
    count: Callable[[Solved], int],
    write: Callable[[Solved], None],
    progress: Progress,
) -> None:
    """Solve runs chunk by chunk, and have each written in a thread of its own, in order.

    Parameters
    ----------
    ranges
        The runs that are to be solved; each is divided into chunks. They are asked for one chunk ahead.
    pace
        How many runs a chunk has.
    count, write
        Take each chunk, one after the other; the former returns how many of its runs failed.
    progress
        Is told.
    """
    _Stream(solver, design, pace, count, write, progress).pass_through(ranges)


class _Stream:
    def __init__(
        self,
        solver: Solver,
        design: Design,
        pace: Pace,
        count: Callable[[Solved], int],
        write: Callable[[Solved], None],
        progress: Progress,
    ) -> None:
        self._solver, self._design, self._pace = solver, design, pace
        self._count, self._write, self._progress = count, write, progress
        self._under_way: deque[_Begun] = deque()
        self._writing: _Writing | None = None

    def pass_through(self, ranges: Iterable[range]) -> None:
        memories = _Memories(self._solver, self._pace)
        with ThreadPoolExecutor(1, "writer") as writer:
            try:
                for runs in self._chunks(ranges):
                    values = self._design.values(runs.start, runs.stop)
                    self._under_way.append(_Begun(runs, values, self._solver.begin(values, memories.next())))
                    if len(self._under_way) == self._solver.at_once:
                        self._pass_on(writer)
                while self._under_way:
                    self._pass_on(writer)
                self._await_writer()
            except BaseException:
                for begun in self._under_way:
                    begun.chunk.abandon()
                raise

    def _chunks(self, ranges: Iterable[range]) -> Iterator[range]:
        for runs in ranges:
            begin = runs.start
            while begin < runs.stop:
                end = min(begin + self._pace.runs, runs.stop)
                yield range(begin, end)
                begin = end

    def _pass_on(self, writer: ThreadPoolExecutor) -> None:
        """Wait for the oldest chunk and for what is being written; then have the former written."""
        begun = self._under_way[0]
        while not begun.chunk.wait(PATIENCE):
            self._show()
        solution = begun.chunk.solution()
        self._under_way.popleft()
        self._pace.measured(len(begun.runs), solution.kernel_seconds)
        solved = Solved(begun.runs, begun.values, solution)
        failed = self._count(solved)
        self._await_writer()
        self._writing = _Writing(writer.submit(self._write, solved), len(begun.runs), failed)
        if self._solver.at_once == 1:  # it keeps nothing of one chunk beside another
            self._await_writer()

    def _await_writer(self) -> None:
        if self._writing is None:
            return
        writing = self._writing
        while wait([writing.done], PATIENCE).not_done:
            self._show()
        self._writing = None
        writing.done.result()
        self._progress.advance(writing.runs, writing.failed)

    def _show(self) -> None:
        solving = sum(begun.chunk.taken() for begun in self._under_way)
        self._progress.under_way(solving + (self._writing.runs if self._writing else 0))
