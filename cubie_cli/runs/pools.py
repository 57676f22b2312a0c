"""Opens the engines that solve chunks elsewhere: each is an executor, as `concurrent.futures` has them."""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cubie_cli.documents.messages import DeviceError, UsageError
from cubie_cli.documents.stopped import Stopped
from cubie_cli.kernels.cache_key import digest_of_sources
from cubie_cli.runs import remote
from solvers.execution import engine
from solvers.execution.solver import PATIENCE

#: Seconds after which a scheduler that does not answer, or has no worker, is given up.
_PATIENCE_AT_FIRST = 20.0
#: What workers of this machine begin with: Ctrl-C reaches them too, and is for the command.
_LEAVE_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_GO_ON = "--resume goes on with what was finished"
_SAME = "install the same version for the workers and this command"


@dataclass(frozen=True)
class Pool:
    """An engine's workers.

    Parameters
    ----------
    name
        The engine.
    executor
        Has functions called on a worker.
    count
        Returns how many workers there are now.
    troubles
        What is to be said of an exception that the engine raises, by its class.
    alive
        Returns whether an answer may still come.
    numbered
        As for `remote.Task`.
    """

    name: str
    executor: Executor
    count: Callable[[], int]
    troubles: Mapping[type[BaseException], tuple[str, str]] = field(default_factory=dict)
    alive: Callable[[], bool] = lambda: True
    numbered: bool = False

    @property
    def workers(self) -> int:
        """How many workers there are now."""
        with self._troubles_told():
            return self.count()

    def place(self, requested: str) -> remote.Place:
        """Return what a worker runs, for a target that is asked for.

        Raises
        ------
        DeviceError
            It has another version of this program, or not the target.
        """
        try:
            found: remote.Place = self.ask(remote.place, requested)
        except (ImportError, AttributeError) as error:
            raise DeviceError(f"the workers have no cubie, or another version: {error}", hint=_SAME) from error
        if found.program != digest_of_sources():
            raise DeviceError("the workers have another version of cubie than this command", hint=_SAME)
        return found

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function gives on some worker."""
        future = self.executor.submit(function, *arguments)
        while not self.wait(future, PATIENCE):
            pass
        return self.result(future)

    def wait(self, future: "Future[Any]", seconds: float) -> bool:
        """Wait for so long at most; return whether a call has ended.

        Raises
        ------
        DeviceError
            It never will.
        """
        if not wait([future], seconds).not_done:
            return True
        with self._troubles_told():
            if not self.alive():
                raise CancelledError
        return False

    def result(self, future: "Future[Any]") -> Any:
        """Return what a call gave that has ended.

        Raises
        ------
        DeviceError
            The engine, or what the worker needs, failed.
        """
        with self._troubles_told():
            return future.result()

    @contextmanager
    def _troubles_told(self) -> Iterator[None]:
        try:
            yield
        except tuple(self.troubles) as error:
            kind = next(kind for kind in self.troubles if isinstance(error, kind))
            message, hint = self.troubles[kind]
            raise DeviceError(message, hint=hint) from error


@contextmanager
def opened(name: str, scheduler: str | None = None, *, gpus: bool = False) -> Iterator[Pool]:
    """Hold an engine open for as long as a block runs.

    Parameters
    ----------
    name
        "dask" or "mpi".
    scheduler
        The address of Dask's, or the file that has it; None: workers are started on this machine.
    gpus
        Whether workers of this machine may use its GPUs.

    Raises
    ------
    UserError
        The engine is not installed, or cannot be reached.
    SystemExit
        This process was one of MPI's workers, and is done.
    """
    with _dask(scheduler, gpus=gpus) if name == "dask" else _mpi() as pool:
        yield pool


# -- Dask ---------------------------------------------------------------------------------------


@contextmanager
def _dask(scheduler: str | None, *, gpus: bool) -> Iterator[Pool]:
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("--engine dask needs distributed", hint="pip install 'cubie-cli[dask]'") from None
    troubles: dict[type[BaseException], tuple[str, str]] = {
        distributed.scheduler.KilledWorker: (
            "several workers ended one after the other while they solved the same runs",
            f"give them more memory, or take a smaller [run] chunk; {_GO_ON}",
        ),
        **dict.fromkeys((CancelledError, distributed.client.FutureCancelledError, OSError), ("Dask ended", _GO_ON)),
    }
    with ExitStack() as held:
        logging.disable(logging.CRITICAL)  # what matters is said by this program
        held.callback(logging.disable, logging.NOTSET)
        address = held.enter_context(_cluster(distributed, gpus=gpus)) if scheduler is None else scheduler
        client = held.enter_context(_client(distributed, address))
        yield Pool(
            name="dask",
            executor=client.get_executor(pure=False),
            count=lambda: len(client.nthreads()),
            troubles=troubles,
            alive=lambda: client.status == "running",
            numbered=scheduler is None,
        )


@contextmanager
def _cluster(distributed: Any, *, gpus: bool) -> Iterator[Any]:
    """Start workers on this machine: one a GPU, else as many as Dask finds right."""
    devices = len(engine.alike_devices()) if gpus else 0
    shape = (
        {"n_workers": devices, "threads_per_worker": max(1, len(os.sched_getaffinity(0)) // devices)} if devices else {}
    )
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL, "preload": [_LEAVE_INTERRUPTS]}
    with distributed.LocalCluster(**quiet, **shape) as cluster:
        yield cluster


@contextmanager
def _client(distributed: Any, address: Any) -> Iterator[Any]:
    there = (
        {"scheduler_file": address} if isinstance(address, str) and Path(address).is_file() else {"address": address}
    )
    try:
        client = distributed.Client(**there, timeout=_PATIENCE_AT_FIRST, set_as_default=False)
    except (OSError, ValueError, KeyError) as error:
        message = f"there is no Dask scheduler at {address}: {error}"
        raise DeviceError(
            message, hint="start one with `dask scheduler`, and give the address that it prints"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_AT_FIRST)
        except TimeoutError as error:
            message = f"the Dask scheduler at {address} has no workers"
            raise DeviceError(message, hint=f"start some: dask worker {address}") from error
        yield client


# -- MPI ----------------------------------------------------------------------------------------


@contextmanager
def _mpi() -> Iterator[Pool]:
    try:
        import mpi4py.futures  # noqa: PLC0415 - an extra
        from mpi4py import MPI  # noqa: PLC0415 - likewise
    except ImportError:
        raise UsageError("--engine mpi needs mpi4py", hint="pip install 'cubie-cli[mpi]'") from None
    except RuntimeError as error:
        message = f"mpi4py finds no MPI library: {str(error).splitlines()[0]}"
        raise UsageError(message, hint="load the MPI module of your cluster, or install Open MPI") from error
    world = MPI.COMM_WORLD
    with ExitStack() as held:
        held.callback(MPI.Finalize)  # the program ends without Python's own way of doing so
        if world.Get_size() == 1:
            hint = "start it with several processes: mpiexec -n 5 cubie run CONFIG --engine mpi has four workers"
            raise UsageError("--engine mpi: there is one MPI process, and so no worker", hint=hint)
        here = world.Split_type(MPI.COMM_TYPE_SHARED)
        if world.Get_rank():
            # The first process of all solves nothing.
            first_here = here.allreduce(world.Get_rank(), MPI.MIN) == 0
            os.environ[remote.NUMBER] = str(here.Get_rank() - first_here)
            _leave_signals()
        else:
            here.allreduce(0, MPI.MIN)
        executor: Any = held.enter_context(mpi4py.futures.MPICommExecutor(world, root=0))
        if executor is None:
            held.close()
            raise SystemExit(0)
        troubles: dict[type[BaseException], tuple[str, str]] = {BrokenExecutor: ("MPI ended", _GO_ON)}
        try:
            yield Pool("mpi", executor, lambda: world.Get_size() - 1, troubles)
        except Stopped as stop:
            if not stop.planned:  # as MPI does where a process is lost: a moment later it kills all
                held.pop_all()
            raise


def _leave_signals() -> None:
    """Leave signals, which reach all processes, to the first one: it tells the others when to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
