"""A process that solves chunks on a device of its own, and writes them where the process that began it says."""

import ctypes
import os
import signal
from collections.abc import Iterator, Mapping
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from cubie_cli.batches.design import Design
from cubie_cli.documents.messages import UserError
from cubie_cli.reports.small_states import SmallStates
from cubie_cli.results.blocks import Blocks
from cubie_cli.results.layout import Contents, Place
from cubie_cli.runs.pace import Pace, pace_of
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.streaming import Solved, stream
from solvers.errors import DeviceError, TargetUnavailableError
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.planning.exchange import Exchange

#: `prctl`: the signal that a process gets when the one that began it ends.
_SET_DEATH_SIGNAL = 1


class Task(NamedTuple):
    """What a worker is to do.

    Attributes
    ----------
    kernel, exchange, threads, chunk
        As for `engine.load` and `pace_of`.
    design
        The batch.
    runs
        How many of its runs are to be solved, by all workers.
    part, contents, places
        The file that takes the results; see `Blocks`.
    """

    kernel: Kernel
    exchange: Exchange
    threads: int | None
    chunk: int | None
    design: Design
    runs: int
    part: Path
    contents: Contents
    places: Mapping[str, Place]


class Wanted(NamedTuple):
    """A worker asks for runs, so many at most; one that is patient waits until there are some, or never will be."""

    runs: int
    patient: bool


class Written(NamedTuple):
    """Runs are written: their index in the batch, their statuses, bytes, and seconds by task."""

    runs: range
    status: np.ndarray
    bytes: int
    seconds: dict[str, float]


class Ended(NamedTuple):
    """A worker has nothing left to do; what it saw of small states."""

    small: SmallStates


class Lost(NamedTuple):
    """A device failed."""

    reason: str


class Refused(NamedTuple):
    """A file was refused, which is so for all workers."""

    reason: str


def work(task: Task, index: int, connection: Connection) -> None:
    """Do a task on the GPU of an index, until the process at the other end of the connection says that it is done."""
    _live_with(os.getppid())
    try:
        _Worker(task, index, connection).serve()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody wants it any more
    except (DeviceError, TargetUnavailableError) as error:
        connection.send(Lost(str(error)))
    except (OSError, UserError) as error:
        connection.send(Refused(error.strerror if isinstance(error, OSError) and error.strerror else str(error)))


def _live_with(parent: int) -> None:
    """Leave signals to the process that began this one, and end when it does."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class _Worker:
    def __init__(self, task: Task, index: int, connection: Connection) -> None:
        self._task, self._connection, self._lock = task, connection, Lock()
        self._solver = engine.load(task.kernel, task.exchange, task.threads, index)
        self._pace: Pace = pace_of(self._solver, task.runs, task.chunk)
        self._blocks = Blocks(task.part, task.contents, task.places)
        self._small = SmallStates(task.exchange)

    def serve(self) -> None:
        progress = Progress(quiet=True)
        while (runs := self._ask(patient=True)) is not None:
            ranges = chain([runs], self._more())
            stream(self._solver, self._task.design, ranges, self._pace, self._look, self._write, progress)
        self._send(Ended(self._small))

    def _more(self) -> Iterator[range]:
        while (runs := self._ask(patient=False)) is not None:
            yield runs

    def _ask(self, *, patient: bool) -> range | None:
        self._send(Wanted(self._pace.runs, patient))
        answer: range | None = self._connection.recv()
        return answer

    def _look(self, solved: Solved) -> int:
        self._small.look(solved.values, solved.solution)
        return 0

    def _write(self, solved: Solved) -> None:
        runs, values, solution = solved
        start = perf_counter()
        size = self._blocks.write(runs.start, [*values, *self._task.design.indices(runs.start, runs.stop)], solution)
        seconds = {
            "kernel": solution.kernel_seconds,
            "transfer": solution.transfer_seconds,
            "write": perf_counter() - start,
        }
        self._send(Written(runs, solution.status, size, seconds))

    def _send(self, message: Any) -> None:
        with self._lock:
            self._connection.send(message)
