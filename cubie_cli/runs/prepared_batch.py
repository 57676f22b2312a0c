"""Prepares a batch: reads its files, selects its runs, finds or plans its kernel; solves nothing."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.batches.selection import Shard, read_shard, select_runs
from cubie_cli.configurations.job import Job, load, read_written
from cubie_cli.configurations.tolerances import describe_tolerances, tolerances_as_json
from cubie_cli.documents.document import Document
from cubie_cli.kernels.choice import Choice, settled
from cubie_cli.kernels.job_kernel import JobKernel, choose_target, find_kernel
from cubie_cli.kernels.user_errors import as_user_errors
from cubie_cli.reports.memory import MemoryReport, memory_of
from cubie_cli.results.extent import read_extent
from cubie_cli.results.layout import expected_bytes
from cubie_cli.results.trace_file import Tracing, read_tracing
from cubie_cli.results.unfinished import Unfinished
from solvers.errors import TargetUnavailableError
from solvers.execution import engine
from solvers.planning.exchange import Exchange

if TYPE_CHECKING:
    from cubie_cli.kernels.compilation import Audience
    from cubie_cli.runs.pools import Pool
    from cubie_cli.runs.remote import Place

_NO_TOOLKIT = "the CUDA toolkit is missing: pip install 'cubie-cli[cuda13]'"


@dataclass(frozen=True)
class PreparedBatch:
    """A job with what solves it.

    Parameters
    ----------
    job
        What the files say.
    kernel
        Its kernel, or the plan of one.
    selected
        The runs that are solved, by their index in the whole batch.
    output
        The result's file; None: no result is written.
    tracing
        What is recorded on the way, if anything.
    choice
        How the algorithm was chosen, where the configuration leaves it open.
    replace
        Whether files that exist may be replaced.
    facts, begun
        What the values depend on, and what is left of the result to go on with.
    shard
        Which part of the batch the runs are, where it is cut into such.
    place
        What the workers of an engine run, where they solve it.
    command
        The call of a Python program that solves it; None: the command line of this process does.
    """

    job: Job
    kernel: JobKernel
    selected: range
    output: Path | None = None
    tracing: Tracing | None = None
    choice: Choice | None = None
    replace: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    begun: Unfinished | None = None
    shard: Shard | None = None
    place: "Place | None" = None
    command: str | None = None

    @property
    def target(self) -> str:
        """What it runs on."""
        return self.kernel.work.target

    @property
    def exchange(self) -> Exchange:
        """The arrays that pass between the host and the kernel."""
        return self.job.exchange

    @property
    def title(self) -> str:
        """The model's name."""
        return self.job.model.quantities.name

    @property
    def runs(self) -> int:
        """The number of runs that are solved."""
        return len(self.selected)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files that are written."""
        return tuple(path for path in (self.output, self.tracing and self.tracing.path) if path)

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """The type of saved states and observables in the result."""
        return np.dtype(self.job.configuration.stored_precision or self.exchange.dtype)

    @property
    def compressed(self) -> bool:
        """Whether the result is compressed: a shard is not, as its values are copied to the whole one by one."""
        return self.job.configuration.compressed and self.shard is None

    @property
    def bytes(self) -> int:
        """Bytes the result takes on disk, before it is compressed."""
        if self.output is None:
            return 0
        texts = sum(map(len, self.job.texts.values()))
        return texts + expected_bytes(
            n_runs=self.runs,
            n_times=self.exchange.time_count,
            n_variables=len(self.exchange.variables),
            n_coordinates=len(self.job.design.names) + len(self.job.design.indexed),
            itemsize=self.stored_dtype.itemsize,
            findings=self.exchange.findings,
            wholes=self.job.wholes,
        )

    @property
    def algorithm(self) -> str:
        """The algorithm, and why it is that one."""
        if self.job.candidates:
            return f"chosen by a run: {' or '.join(self.job.candidates)}"
        return str(self.choice or self.job.configuration.solve.algorithm)

    @property
    def tolerances(self) -> dict[str, Any]:
        """The tolerances, as plain values."""
        return tolerances_as_json(self.job.configuration.solve, self.job.model)

    @property
    def tolerances_told(self) -> list[tuple[str, str]]:
        """What is said of the tolerances, under a heading; nothing where steps do not adapt."""
        settings = self.job.configuration
        if settings.solve.dt is not None:
            return []
        return [("tolerances", describe_tolerances(settings.solve, default=settings.default_atol))]

    @property
    def warnings(self) -> list[str]:
        """What is allowed and probably not meant."""
        unused = [f"this method has no buffer {name!r}: its location is not used" for name in self.kernel.work.unused]
        tried = self.choice.warnings(self.job.configuration.solve) if self.choice else []
        return [*self.job.configuration.warnings, *self.job.design.warnings, *unused, *self.kernel.notes, *tried]

    def report(self, runs_per_chunk: int | None = None, kernel: Mapping[str, Any] | None = None) -> MemoryReport:
        """Return the memory report; see `memory_of`."""
        return memory_of(self.kernel.work, self.exchange, self.runs, self.bytes, runs_per_chunk, kernel)


def prepare_batch(  # noqa: PLR0913 - one parameter an option
    config: Path | Document,
    overrides: Sequence[str] | None,
    target: str | None = None,
    output: Path | None = None,
    trace: Path | None = None,
    runs: str | None = None,
    *,
    shard: str | None = None,
    force: bool = False,
    pool: "Pool | None" = None,
) -> PreparedBatch:
    """Read a batch's files and plan its solution.

    Parameters
    ----------
    config
        The run configuration, read or to be read, or a result, whose runs are then repeated.
    overrides
        `table.key=value` options.
    target, output
        The command line's choices, which beat the file's.
    trace, runs, shard
        As for `read_tracing`, `select_runs` and `read_shard`. The result of some runs never takes the name that the
        file gives to that of all.
    force
        Whether files that exist may be replaced.
    pool
        The workers that will solve it; None: this machine.

    Raises
    ------
    UserError
        For every mistake in the files and options, and a target that is not there.
    """
    document = config if isinstance(config, Document) else read_written(config)
    if document.enclosed and runs is None and shard is None:
        runs, shard = _repeated(document.enclosed.path)
    part = read_shard(shard, runs=runs, trace=trace)
    job = load(document, overrides or ())
    settings = job.configuration
    requested = str(target or settings.target)
    place = pool.place(requested) if pool else None
    chosen = place.target if place else choose_target(requested)
    count = job.design.count
    selected = part.runs(count) if part else select_runs(runs, count)
    tracing = read_tracing(trace, runs, chosen, output)
    arch = place.architecture if place and chosen == "cuda" else None
    kernel = find_kernel(job, chosen, arch, fallback=requested == "auto" and place is None)
    named = part.named(settings.output) if part else settings.output
    path = output or (named if runs is None else None)
    return PreparedBatch(job, kernel, selected, path, tracing, replace=force, shard=part, place=place)


def _repeated(result: Path) -> tuple[str | None, str | None]:
    """Return what --runs or --shard has to say to have the runs of a result, where it has not all of its batch."""
    from cubie_cli.documents.damage import reading  # noqa: PLC0415
    from cubie_cli.results.opening import open_file  # noqa: PLC0415 - for a result only

    with reading(result), open_file(result) as file:
        extent = read_extent(file)
    if extent is None or len(extent.runs) == extent.count:
        return None, None
    return (None, extent.shard) if extent.shard else (f"{extent.runs.start}:{extent.runs.stop}", None)


def with_choice(batch: PreparedBatch, target: str | None, audience: "Audience | None" = None) -> PreparedBatch:
    """Return a batch with its algorithm chosen, where the configuration leaves it open; see `settled`."""
    job, choice = settled(batch.job, audience)
    if choice is None:
        return batch
    fallback = str(target or job.configuration.target) == "auto" and batch.place is None
    kernel = find_kernel(job, batch.target, batch.kernel.arch, fallback=fallback)
    return dataclasses.replace(batch, job=job, kernel=kernel, choice=choice)


def report_memory(
    config: Path,
    overrides: Sequence[str] | None,
    target: str | None = None,
    arch: str | None = None,
    audience: "Audience | None" = None,
) -> MemoryReport:
    """Return the memory report of a batch, with what the compiler makes of its CUDA kernel.

    Parameters
    ----------
    config, overrides, target
        As for `prepare_batch`; neither a GPU nor the target needs to be there.
    arch
        The architecture compiled for; None: that of the GPU here, or a common one.
    audience
        Is told what is compiled.

    Raises
    ------
    UserError
        For mistakes in the files, an architecture that is not known, shared buffers that it has no room for.
    """
    job, choice = settled(load(config, overrides or ()), audience)
    requested = str(target or job.configuration.target)
    wants_kernel = arch is not None or requested in {"auto", "cuda"}
    found = find_kernel(job, "cuda" if wants_kernel else requested, arch)
    batch = PreparedBatch(job, found, select_runs(None, job.design.count), job.configuration.output, choice=choice)
    report = batch.report(job.configuration.chunk)
    if not wants_kernel:
        return report
    with as_user_errors(job):
        try:
            kernel = found.compiled(audience=audience)
        except TargetUnavailableError:
            return dataclasses.replace(report, kernel_hint=_NO_TOOLKIT)
    return dataclasses.replace(report, kernel=engine.kernel_report(kernel), kernel_hint=None)
