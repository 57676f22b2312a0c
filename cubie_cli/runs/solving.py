"""Solving a batch: its kernel made ready, chunk by chunk to the result."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import numpy as np

from cubie_cli.kernels.user_errors import as_user_errors
from cubie_cli.reports.memory import MemoryReport
from cubie_cli.results.layout import Contents, Variable
from cubie_cli.results.provenance import attributes
from cubie_cli.results.result_file import ResultFile
from cubie_cli.results.trace_file import TraceFile
from cubie_cli.runs.batch import Batch
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.stopwatch import Clock
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
    """

    counts: dict[Status, int]
    device: str
    report: MemoryReport

    @property
    def failed(self) -> int:
        """The number of runs that did not reach the end."""
        return sum(count for status, count in self.counts.items() if status is not Status.SUCCESS)

    def describe_failures(self) -> str:
        """Return the number of failed runs, and how many failed in which way."""
        ways = [
            f"{count:,} {status.name.lower()}"
            for status, count in self.counts.items()
            if count and status is not Status.SUCCESS
        ]
        return f"{self.failed:,} ({', '.join(ways)})" if ways else "0"


@contextmanager
def compiled(batch: Batch, clock: Clock) -> Iterator[engine.Solver]:
    """Hold the batch's kernel ready for as long as a block runs.

    Raises
    ------
    UserError
        Without the device, its compiler, or room on it.
    """
    with as_user_errors(batch.job), clock.task("import"):
        solver = _interpreter(batch) if batch.target == "python" else _loaded(batch, clock)
    with closing(solver), as_user_errors(batch.job):
        yield solver


def _interpreter(batch: Batch) -> engine.Solver:
    plan = batch.kernel.work
    assert not isinstance(plan, Kernel)  # noqa: S101 - the interpreter has none
    return engine.interpret(plan, batch.tracing.recorder if batch.tracing else None)


def _loaded(batch: Batch, clock: Clock) -> engine.Solver:
    kernel = batch.kernel.compiled()
    clock.move(kernel.seconds, "import", "compile")
    return engine.load(kernel, batch.exchange, batch.job.configuration.threads)


def solve(batch: Batch, solver: engine.Solver, progress: Progress, clock: Clock) -> Tally:
    """Solve every run, chunk by chunk, and write each as it comes.

    Raises
    ------
    UserError
        Where the disk or the device fails.
    """
    fitting = solver.runs_per_chunk(batch.runs)
    width = min(fitting, batch.job.configuration.chunk or fitting, batch.runs)
    report = batch.report(width, solver.kernel_report())
    ended = np.zeros(len(Status), dtype=np.int64)
    progress.start(batch.runs)
    with _files(batch, solver.device, report) as files:
        for first in batch.selected[::width]:
            values = batch.job.axes.values(first, min(first + width, batch.selected.stop))
            solution = solver.solve(values)
            with clock.task("write"):
                for file in files:
                    file.write(first, values, solution)
            clock.add("kernel", solution.kernel_seconds)
            clock.add("transfer", solution.transfer_seconds)
            ended += np.bincount(solution.status - min(Status), minlength=len(Status))
            progress.advance(values.shape[1])
        with clock.task("write"):
            for file in files:
                file.publish()
    counts = {status: int(ended[status - min(Status)]) for status in Status}
    return Tally(counts, solver.device, report)


@contextmanager
def _files(batch: Batch, device: str, report: MemoryReport) -> Iterator[list[ResultFile | TraceFile]]:
    """Open what is written: the result, the trace, or both."""
    contents = _contents(batch, device, report)
    files: list[ResultFile | TraceFile] = []
    with ExitStack() as open_files:
        if batch.output:
            files.append(open_files.enter_context(ResultFile(batch.output, contents)))
        if batch.tracing:
            files.append(TraceFile(batch.tracing, contents))
        yield files


def _contents(batch: Batch, device: str, report: MemoryReport) -> Contents:
    job, units = batch.job, batch.job.model.quantities.units
    states = set(job.model.quantities.states)
    coordinates = [(f"{name}_0" if name in states else name, units.get(name)) for name in job.axes.names]
    return Contents(
        times=batch.exchange.times,
        n_runs=batch.runs,
        precision=batch.exchange.dtype,
        variables=tuple(Variable(name, units.get(name)) for name in batch.exchange.variables),
        coordinates=tuple(Variable(name, unit) for name, unit in coordinates),
        time_units=units.get("t"),
        attributes=attributes(job, batch.target, device),
        texts=job.texts,
        report=report.as_json(),
        first_run=batch.selected.start,
    )
