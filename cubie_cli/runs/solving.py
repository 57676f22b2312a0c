"""Solves a batch: makes its kernel ready, then solves chunk by chunk and writes each as it comes."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cubie_cli.documents.messages import size
from cubie_cli.documents.urls import Url
from cubie_cli.kernels.user_errors import as_user_errors
from cubie_cli.reports.memory import MemoryReport
from cubie_cli.reports.small_states import SmallStates
from cubie_cli.results.compressing import compression_told
from cubie_cli.results.layout import Contents, Variable, index_type
from cubie_cli.results.provenance import attributes
from cubie_cli.results.result_file import ResultFile
from cubie_cli.results.trace_file import TraceFile
from cubie_cli.runs.devices import devices_of, pilot, worth_sharing
from cubie_cli.runs.pace import pace_of
from cubie_cli.runs.prepared_batch import PreparedBatch
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.resuming import extent_of
from cubie_cli.runs.stopwatch import Stopwatch
from cubie_cli.runs.streaming import Solved, stream
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.status import Status

if TYPE_CHECKING:
    from cubie_cli.runs.pools import Pool
    from cubie_cli.runs.worker import Task, Written
    from cubie_cli.runs.workers import Workers


@dataclass(frozen=True)
class Tally:
    """How the runs of a batch ended.

    Parameters
    ----------
    counts
        Number of runs by status.
    device
        What solved them.
    report
        The memory report.
    warnings
        What the tolerances did not control.
    """

    counts: dict[Status, int]
    device: str
    report: MemoryReport
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """The number of runs that neither reached the end nor were stopped by an event."""
        return sum(count for status, count in self.counts.items() if not status.succeeded)

    @property
    def stopped(self) -> int:
        """The number of runs that an event stopped."""
        return self.counts.get(Status.STOPPED, 0)

    def describe_failures(self) -> str:
        """Return the number of failed runs, and how many failed in which way."""
        ways = [
            f"{count:,} {status.name.lower()}"
            for status, count in self.counts.items()
            if count and not status.succeeded
        ]
        return f"{self.failed:,} ({', '.join(ways)})" if ways else "0"


@contextmanager
def ready_solver(
    batch: PreparedBatch, progress: Progress, stopwatch: Stopwatch, pool: "Pool | None" = None
) -> Iterator[engine.Solver]:
    """Hold the batch's kernel ready for as long as a block runs: here, or where a pool's workers are.

    Raises
    ------
    UserError
        Without the device, its compiler, or room on it.
    """
    with as_user_errors(batch.job), stopwatch.task("import"):
        if pool:
            solver = _pool_solver(batch, pool, progress, stopwatch)
        elif batch.target == "python":
            plan = batch.kernel.work
            assert not isinstance(plan, Kernel)  # noqa: S101 - the interpreter has none
            solver = engine.interpret(plan, batch.tracing.recorder if batch.tracing else None)
        else:
            kernel = batch.kernel.compiled(audience=progress)
            stopwatch.move(kernel.seconds, "import", "compile")
            solver = engine.load(kernel, batch.exchange, batch.job.configuration.threads, devices_of(batch)[0])
    with closing(solver), as_user_errors(batch.job):
        yield solver


def _pool_solver(batch: PreparedBatch, pool: "Pool", progress: Progress, stopwatch: Stopwatch) -> engine.Solver:
    from cubie_cli.runs.pool_solver import PoolSolver  # noqa: PLC0415 - most batches are solved here

    solver = PoolSolver(batch, pool, progress)
    stopwatch.move(solver.kernel.seconds if solver.kernel else 0.0, "import", "compile")
    return solver


def solve(batch: PreparedBatch, solver: engine.Solver, progress: Progress, stopwatch: Stopwatch) -> Tally:
    """Solve every run, chunk by chunk, and write each as it comes.

    Raises
    ------
    UserError
        Where the disk or the device fails.
    """
    pace = pace_of(solver, batch.runs, batch.job.configuration.chunk)
    report = batch.report(pace.most, solver.kernel_report())
    with _files(batch, solver.device, report) as files, ExitStack() as helpers:
        work = _Work(batch, files, stopwatch)
        progress.start(batch.runs, already=work.count_begun())
        ranges: Iterable[range] = _remaining(batch)
        streamed = partial(stream, solver, batch.job.design, pace=pace, count=work.count, write=work.write)
        indices = devices_of(batch)
        if len(indices) > 1 and batch.job.configuration.devices is None:
            few, ranges = pilot(ranges, pace)
            streamed(few, progress=progress)
            indices = indices if worth_sharing(ranges, pace) else indices[:1]
        if len(indices) > 1:
            workers = helpers.enter_context(_workers(batch, solver, files, indices, progress))
            workers.solve(ranges, partial(work.take, progress=progress))
            work.small.add(workers.small)
        else:
            streamed(ranges, progress=progress)
        if batch.compressed and batch.output:
            progress.stage(f"compressing {size(batch.bytes)}")
        elif isinstance(batch.output, Url):
            progress.stage(f"sending {size(batch.bytes)} to {batch.output}")
        with stopwatch.task("write"):
            for file in files:
                file.publish()
    device = solver.device if len(indices) == 1 else f"{len(indices)} x {solver.device}"
    return Tally(work.counts, device, report, tuple(work.small.warnings()))


class _Work:
    """Writes chunks, and counts how their runs ended."""

    def __init__(self, batch: PreparedBatch, files: list[ResultFile | TraceFile], stopwatch: Stopwatch) -> None:
        self._design, self._files, self._stopwatch = batch.job.design, files, stopwatch
        self._ended = np.zeros(len(Status), dtype=np.int64)
        self.small = SmallStates(batch.exchange)

    @property
    def counts(self) -> dict[Status, int]:
        """The number of runs by status."""
        return {status: int(self._ended[status - min(Status)]) for status in Status}

    def count_begun(self) -> int:
        """Count the runs that were there to begin with, and return how many those are."""
        for file in self._files:
            if isinstance(file, ResultFile):
                self._count(file.statuses())
        return int(self._ended.sum())

    def count(self, solved: Solved) -> int:
        """Count how the runs of a chunk ended, and look at them; return how many failed."""
        self._stopwatch.add("kernel", solved.solution.kernel_seconds)
        self._stopwatch.add("transfer", solved.solution.transfer_seconds)
        self.small.look(solved.values, solved.solution)
        return self._count(solved.solution.status)

    def write(self, solved: Solved) -> None:
        """Write a chunk."""
        runs, values, solution = solved
        with self._stopwatch.task("write"):
            coordinates = [*values, *self._design.indices(runs.start, runs.stop)]
            for file in self._files:
                file.write(runs.start, coordinates, solution)

    def take(self, written: "Written", progress: Progress) -> None:
        """Take note of runs that another process has written."""
        for file in self._files:
            if isinstance(file, ResultFile):
                file.take_down(written.runs, written.bytes)
        for task, seconds in written.seconds.items():
            self._stopwatch.add(task, seconds)
        progress.advance(len(written.runs), self._count(written.status))

    def _count(self, status: np.ndarray) -> int:
        ended = np.bincount(status - min(Status), minlength=len(Status))
        self._ended += ended
        return sum(int(ended[each - min(Status)]) for each in Status if not each.succeeded)


def _workers(
    batch: PreparedBatch,
    solver: engine.Solver,
    files: list[ResultFile | TraceFile],
    indices: Sequence[int],
    progress: Progress,
) -> "Workers":
    """Return workers on several GPUs, which end while the result is put in its place."""
    from cubie_cli.runs.workers import Workers  # noqa: PLC0415 - most machines have one

    return Workers(_task(batch, solver, files), solver, indices, progress.warn)


def _task(batch: PreparedBatch, solver: engine.Solver, files: list[ResultFile | TraceFile]) -> "Task":
    """Return what other processes need to know to solve runs of a batch."""
    from cubie_cli.runs.worker import Task  # noqa: PLC0415 - most machines have one device

    (file,) = (each for each in files if isinstance(each, ResultFile))
    part, contents, places = file.laid_out
    configuration = batch.job.configuration
    return Task(
        kernel=batch.kernel.compiled(),
        exchange=solver.exchange,
        threads=configuration.threads,
        chunk=configuration.chunk,
        design=batch.job.design,
        runs=batch.runs,
        part=part,
        contents=contents,
        places=places,
    )


def _remaining(batch: PreparedBatch) -> Iterator[range]:
    """Yield the runs that are still to be solved."""
    begin = batch.selected.start
    finished = sorted(batch.begun.finished if batch.begun else (), key=lambda runs: runs.start)
    for known in (*finished, range(batch.selected.stop, batch.selected.stop)):
        if begin < known.start:
            yield range(begin, known.start)
        begin = known.stop


@contextmanager
def _files(batch: PreparedBatch, device: str, report: MemoryReport) -> Iterator[list[ResultFile | TraceFile]]:
    """Open what is written: the result, the trace, or both."""
    contents = _contents(batch, device, report)
    files: list[ResultFile | TraceFile] = []
    with ExitStack() as open_files:
        if batch.output:
            files.append(open_files.enter_context(_result_file(batch, contents)))
        if batch.tracing:
            events = [event.name for event in batch.job.model.quantities.event_facts]
            files.append(TraceFile(batch.tracing, contents, events, replace=batch.replace))
        yield files


def _result_file(batch: PreparedBatch, contents: Contents) -> ResultFile:
    assert batch.output is not None  # noqa: S101 - or there is none
    return ResultFile(batch.output, contents, replace=batch.replace, facts=batch.facts, begun=batch.begun)


def _choice(batch: PreparedBatch) -> dict[str, str]:
    """Return how the algorithm was chosen, for a result; nothing where the configuration names it."""
    return {"algorithm_choice": json.dumps(batch.choice.as_json())} if batch.choice else {}


def _contents(batch: PreparedBatch, device: str, report: MemoryReport) -> Contents:
    job, units = batch.job, batch.job.model.quantities.units
    swept = zip(job.swept_variables, job.design.names, strict=True)
    indices = zip(job.index_variables, job.design.indexed, strict=True)
    return Contents(
        times=batch.exchange.times,
        n_runs=batch.runs,
        precision=batch.stored_dtype,
        variables=tuple(Variable(name, units.get(name)) for name in batch.exchange.variables),
        coordinates=(
            *(Variable(variable, units.get(name)) for variable, name in swept),
            *(Variable(variable, None, index_type(job.design.axes[axis])) for variable, axis in indices),
        ),
        time_units=units.get("t"),
        attributes={
            **attributes(job, batch.target, device, batch.command),
            **_choice(batch),
            **extent_of(batch).attributes,
            **compression_told(compressed=job.configuration.compressed),
        },
        texts=job.texts,
        report=report.as_json(),
        first_run=batch.selected.start,
        findings=batch.exchange.findings,
        wholes=job.wholes,
        compressed=batch.compressed,
    )
