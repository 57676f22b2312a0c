"""A solver whose chunks are solved by the workers of an engine: as many at once as keep these busy."""

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.kernels.cache_key import digest_of_sources
from cubie_cli.kernels.job_kernel import make_plan
from cubie_cli.runs import remote
from solvers.execution import engine
from solvers.execution.cpu.solver import MEMORY_SHARE, free_bytes
from solvers.execution.kernel import Kernel
from solvers.execution.solver import Solver, UnderWay
from solvers.planning.exchange import Solution

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cubie_cli.runs.pools import Pool
    from cubie_cli.runs.prepared_batch import PreparedBatch
    from cubie_cli.runs.progress import Progress

#: Chunks that are under way for each worker: one waits there while another is solved.
_A_WORKER = 2


class PoolSolver(Solver):
    """The workers of an engine.

    A chunk whose worker is lost is the engine's to give to another. Where there is none left it waits for one.

    Parameters
    ----------
    batch
        What is solved.
    pool
        The workers.
    progress
        Is told what is compiled.
    """

    def __init__(self, batch: "PreparedBatch", pool: "Pool", progress: "Progress") -> None:
        assert batch.place is not None  # noqa: S101 - what is solved by workers was prepared for them
        self.exchange, self._pool = batch.exchange, pool
        work = _work(batch, batch.place, progress)
        self.kernel = work if isinstance(work, Kernel) else None
        task = remote.Task(
            work, batch.place.architecture, batch.exchange, batch.job.configuration.threads, pool.numbered
        )
        self._task = pickle.dumps(task)
        self._key = f"{digest_of_sources()}-{hashlib.sha256(self._task).hexdigest()}"
        facts: remote.Facts = pool.ask(remote.introduce, self._key, self._task, batch.runs)
        self.fewest, self._most = facts.fewest, facts.most
        self._begun = 0
        self._count_workers()
        self.device = f"{self._workers} x {facts.device}, by {pool.name}"

    def kernel_report(self) -> dict[str, Any] | None:
        """Return what the CUDA kernel needs; None on other targets, and where workers compile it."""
        return engine.kernel_report(self.kernel) if self.kernel and self.kernel.target == "cuda" else None

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many runs a worker takes at once, if all that are under way fit in a part of this memory too."""
        room = int(MEMORY_SHARE * free_bytes()) // (self.at_once + 1)
        return max(1, min(runs, self._most, room // self.exchange.bytes_per_run))

    def begin(self, values: np.ndarray, memory: np.ndarray | None = None) -> UnderWay:  # noqa: ARG002 - it comes anew
        """Begin to solve a chunk; `values` has shape (swept, runs)."""
        self._count_workers()
        self._begun += 1
        return _Chunk(self._pool, self._key, self._task, values, with_task=self._begun <= self.at_once)

    def host_memory(self, size: int) -> np.ndarray:  # noqa: ARG002 - results bring their own
        """Return none."""
        return np.empty(0, dtype=np.uint8)

    def close(self) -> None:
        """Hold nothing: workers keep what they have until they are given another task."""

    def _count_workers(self) -> None:
        self._workers = max(1, self._pool.workers)
        self.at_once = _A_WORKER * self._workers


class _Chunk(UnderWay):
    def __init__(self, pool: "Pool", key: str, task: bytes, values: np.ndarray, *, with_task: bool) -> None:
        self._pool, self._key, self._task, self._values = pool, key, task, values
        self._future = self._submitted(task if with_task else None)
        self._solution: Solution | None = None

    def wait(self, seconds: float) -> bool:
        """Wait; a worker that does not know the task is told of it."""
        if self._solution is None and self._pool.wait(self._future, seconds):
            self._solution = self._pool.result(self._future)
            if self._solution is None:
                self._future = self._submitted(self._task)
        return self._solution is not None

    def taken(self) -> int:
        """Return all of the runs once they are solved."""
        return self._values.shape[1] if self._future.done() else 0

    def solution(self) -> Solution:
        """Return what was found."""
        assert self._solution is not None  # noqa: S101 - it was waited for
        return self._solution

    def abandon(self) -> None:
        """Let go of it; a worker that has begun ends it for nobody."""
        self._future.cancel()

    def _submitted(self, task: bytes | None) -> "Future[Solution | None]":
        return self._pool.executor.submit(remote.solve, self._key, task, self._values)


def _work(batch: "PreparedBatch", place: remote.Place, progress: "Progress") -> Any:
    """Return the kernel that workers run, or its plan: for the interpreter, and where only they can compile it."""
    found = batch.kernel.work
    if isinstance(found, Kernel) and _fits(found.target, place):
        return found
    if batch.target == "python" or not _fits(batch.target, place) or engine.why_cannot_compile(batch.target):
        return make_plan(batch.job, batch.target) if isinstance(found, Kernel) else found
    return batch.kernel.compiled(audience=progress)


def _fits(target: str, place: remote.Place) -> bool:
    """Return whether what this machine compiles for a target is what a worker runs."""
    return target == "cuda" or engine.architecture(target) == place.architecture
