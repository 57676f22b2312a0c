"""Solves chunks on one of several devices, and writes them where the process that asked for it says."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial
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
from solvers.execution.solver import Solver
from solvers.planning.exchange import Exchange

#: `prctl`: the signal that a process gets when the one that began it ends.
_SET_DEATH_SIGNAL = 1
#: The driver numbers those GPUs alone that it names.
_VISIBLE = "CUDA_VISIBLE_DEVICES"


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
    """Take part in a task in a process of one's own, which sees one GPU and ends with the process that began it."""
    _live_with(os.getppid())
    _see_only(index)
    take_part(task, partial(engine.load, task.kernel, task.exchange, task.threads), connection)


def take_part(task: Task, load: Callable[[], Solver], connection: Connection) -> None:
    """Solve what one is given at the other end of a connection, until it is closed there or nothing is left."""
    try:
        _Worker(task, load(), connection).serve()
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


def _see_only(index: int) -> None:
    """Hide the other GPUs from the driver, which would wake them all."""
    visible = os.environ.get(_VISIBLE, "")
    os.environ[_VISIBLE] = visible.split(",")[index] if visible else str(index)


class _Listening(Progress):
    """Notes, while a chunk is waited for, that nobody listens any more."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(quiet=True)
        self._connection = connection

    def under_way(self, runs: int) -> None:  # noqa: ARG002 - it is for those who show it
        """Raise EOFError where the other end is closed: it sends nothing that was not asked for."""
        if self._connection.poll():
            raise EOFError


class _Worker:
    def __init__(self, task: Task, solver: Solver, connection: Connection) -> None:
        self._task, self._connection, self._lock = task, connection, Lock()
        self._solver = solver
        self._pace: Pace = pace_of(self._solver, task.runs, task.chunk)
        self._blocks = Blocks(task.part, task.contents, task.places)
        self._small = SmallStates(task.exchange)

    def serve(self) -> None:
        progress = _Listening(self._connection)
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
