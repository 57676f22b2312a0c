"""Solves a batch: makes its kernel ready, then solves chunk by chunk and writes each as it comes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import numpy as np

from cubie_cli.kernels.user_errors import as_user_errors
from cubie_cli.reports.memory import MemoryReport
from cubie_cli.reports.small_states import SmallStates
from cubie_cli.results.layout import Contents, Variable, index_type
from cubie_cli.results.provenance import attributes
from cubie_cli.results.result_file import ResultFile
from cubie_cli.results.trace_file import TraceFile
from cubie_cli.runs.prepared_batch import PreparedBatch
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.resuming import extent_of
from cubie_cli.runs.stopwatch import Stopwatch
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.status import Status


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
def ready_solver(batch: PreparedBatch, progress: Progress, stopwatch: Stopwatch) -> Iterator[engine.Solver]:
    """Hold the batch's kernel ready for as long as a block runs.

    Raises
    ------
    UserError
        Without the device, its compiler, or room on it.
    """
    with as_user_errors(batch.job), stopwatch.task("import"):
        if batch.target == "python":
            plan = batch.kernel.work
            assert not isinstance(plan, Kernel)  # noqa: S101 - the interpreter has none
            solver = engine.interpret(plan, batch.tracing.recorder if batch.tracing else None)
        else:
            kernel = batch.kernel.compiled(audience=progress)
            stopwatch.move(kernel.seconds, "import", "compile")
            solver = engine.load(kernel, batch.exchange, batch.job.configuration.threads)
    with closing(solver), as_user_errors(batch.job):
        yield solver


def solve(batch: PreparedBatch, solver: engine.Solver, progress: Progress, stopwatch: Stopwatch) -> Tally:
    """Solve every run, chunk by chunk, and write each as it comes.

    Raises
    ------
    UserError
        Where the disk or the device fails.
    """
    fitting = solver.runs_per_chunk(batch.runs)
    width = min(fitting, batch.job.configuration.chunk or fitting, batch.runs)
    report = batch.report(width, solver.kernel_report())
    small = SmallStates(batch.exchange)
    ended = np.zeros(len(Status), dtype=np.int64)
    progress.start(batch.runs)
    with _files(batch, solver.device, report) as files:
        for file in files:
            if isinstance(file, ResultFile):
                ended += _counted(file.statuses())
        progress.advance(int(ended.sum()))
        for runs in _chunks(batch, width):
            values = batch.job.design.values(runs.start, runs.stop)
            solution = solver.solve(values)
            with stopwatch.task("write"):
                coordinates = [*values, *batch.job.design.indices(runs.start, runs.stop)]
                for file in files:
                    file.write(runs.start, coordinates, solution)
            stopwatch.add("kernel", solution.kernel_seconds)
            stopwatch.add("transfer", solution.transfer_seconds)
            ended += _counted(solution.status)
            small.look(values, solution)
            progress.advance(len(runs))
        with stopwatch.task("write"):
            for file in files:
                file.publish()
    counts = {status: int(ended[status - min(Status)]) for status in Status}
    return Tally(counts, solver.device, report, tuple(small.warnings()))


def _counted(status: np.ndarray) -> np.ndarray:
    """Return the number of runs by status, from the least on."""
    return np.bincount(status - min(Status), minlength=len(Status))


def _chunks(batch: PreparedBatch, width: int) -> Iterator[range]:
    """Yield the runs that are still to be solved, so many at a time."""
    begin = batch.selected.start
    finished = sorted(batch.begun.finished if batch.begun else (), key=lambda runs: runs.start)
    for known in (*finished, range(batch.selected.stop, batch.selected.stop)):
        for first in range(begin, known.start, width):
            yield range(first, min(first + width, known.start))
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
        precision=batch.exchange.dtype,
        variables=tuple(Variable(name, units.get(name)) for name in batch.exchange.variables),
        coordinates=(
            *(Variable(variable, units.get(name)) for variable, name in swept),
            *(Variable(variable, None, index_type(job.design.axes[axis])) for variable, axis in indices),
        ),
        time_units=units.get("t"),
        attributes=attributes(job, batch.target, device) | _choice(batch) | extent_of(batch).attributes,
        texts=job.texts,
        report=report.as_json(),
        first_run=batch.selected.start,
        findings=batch.exchange.findings,
        wholes=job.wholes,
    )
