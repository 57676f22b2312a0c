"""What an engine's workers do: they make a kernel ready once, and solve chunks with it, one at a time."""

import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cubie_cli.documents.messages import DeviceError
from cubie_cli.kernels.cache_key import digest_of_sources
from cubie_cli.kernels.job_kernel import choose_target
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.execution.solver import Solver
from solvers.planning.exchange import Exchange, Solution

if TYPE_CHECKING:
    from solvers.planning.plan import Plan

#: The variable of the environment that tells which of the workers of its machine a process is.
NUMBER = "CUBIE_WORKER_NUMBER"


class Task(NamedTuple):
    """What workers need to know to solve runs of a batch.

    Attributes
    ----------
    work
        The kernel; or its plan, where only a worker can compile it, and for the interpreter.
    architecture
        What the kernel is compiled for.
    exchange, threads
        As for `engine.load`; None: the threads that the engine gives a worker.
    numbered
        Whether the engine's workers are named by their numbers on one machine.
    """

    work: "Plan | Kernel"
    architecture: str
    exchange: Exchange
    threads: int | None
    numbered: bool


class Place(NamedTuple):
    """What a worker runs: its program, the target that it would take, and what it compiles for."""

    program: str
    target: str
    architecture: str


class Facts(NamedTuple):
    """What a worker's solver tells of itself, and the most runs that it takes at once; see `Solver`."""

    device: str
    fewest: int
    most: int


def place(requested: str) -> Place:
    """Return what this worker runs, for a target that is asked for.

    Raises
    ------
    DeviceError
        The target is not there.
    """
    target = choose_target(requested)
    return Place(digest_of_sources(), target, _architecture(target))


def introduce(key: str, task: bytes, runs: int) -> Facts:
    """Make a task's kernel ready; return what is to be known of it, for a batch of so many runs."""
    with _KEPT.solver(key, task) as solver:
        assert solver is not None  # noqa: S101 - the task is given
        return Facts(solver.device, solver.fewest, solver.runs_per_chunk(runs))


def solve(key: str, task: bytes | None, values: np.ndarray) -> Solution | None:
    """Solve a chunk.

    Parameters
    ----------
    key
        The task's, which begins with the digest of the program that asks.
    task
        The task, pickled; None where the worker may have it.
    values
        Swept values, shape (swept, runs).

    Returns
    -------
    Solution or None
        None where the worker has to be given the task first.
    """
    with _KEPT.solver(key, task) as solver:
        return solver.solve(values) if solver else None


class _Kept:
    """The solver of one task, which is kept until another comes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._key = ""
        self._solver: Solver | None = None

    @contextmanager
    def solver(self, key: str, task: bytes | None) -> Iterator[Solver | None]:
        """Hold the solver of a task; None where neither that nor the task is there."""
        with self._lock:
            if key != self._key and task is not None:
                self._replace(key, task)
            yield self._solver if key == self._key else None

    def _replace(self, key: str, task: bytes) -> None:
        if not key.startswith(digest_of_sources()):
            raise DeviceError("a worker has another version of cubie than this command", hint="install one for all")
        if self._solver:
            self._solver.close()
        self._key, self._solver = "", None
        self._solver, self._key = _loaded(pickle.loads(task)), key  # noqa: S301 - engines send pickles anyway


_KEPT = _Kept()


def _loaded(task: Task) -> Solver:
    target = task.work.target
    if target == "python":
        assert not isinstance(task.work, Kernel)  # noqa: S101 - the interpreter has none
        return engine.interpret(task.work)
    here = _architecture(target)
    if here != task.architecture:
        message = f"workers differ: one is {here}, and the kernel is for {task.architecture}"
        raise DeviceError(message, hint="use workers of one kind")
    kernel = task.work if isinstance(task.work, Kernel) else engine.compile_kernel(task.work)
    return engine.load(kernel, task.exchange, task.threads or _threads(), _index(task) if target == "cuda" else 0)


def _architecture(target: str) -> str:
    return target if target == "python" else engine.architecture(target)


def _threads() -> int | None:
    """Return how many threads the engine gives this worker; None where it does not say."""
    if "distributed.worker" not in sys.modules:
        return None
    from distributed import get_worker  # noqa: PLC0415 - it is an extra, and loaded already

    with suppress(ValueError):  # another engine's worker
        return int(get_worker().state.nthreads)
    return None


def _index(task: Task) -> int:
    """Return the index of the GPU that this worker takes, so that those of a machine share all that they see."""
    number = os.environ.get(NUMBER, "0")
    if task.numbered:
        from distributed import get_worker  # noqa: PLC0415 - likewise

        number = get_worker().name
    alike = engine.alike_devices()
    return alike[int(number) % len(alike)]
