"""A batch from its files to its result: the tasks that commands are lists of."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from buffers import Locations, UnknownBufferError
from cubie_cli import provenance
from cubie_cli.clock import Clock
from cubie_cli.destination import check_destination, check_different, check_space
from cubie_cli.diagnostics import DeviceError, UsageError, UserError
from cubie_cli.doctor import usable_threads
from cubie_cli.job import Job, load
from cubie_cli.preflight import sampled_runs, undefined_states
from cubie_cli.progress import Progress
from cubie_cli.report import Array, MemoryReport
from cubie_cli.result_file import Contents, ResultFile, Variable, expected_bytes
from cubie_cli.trace_file import TraceFile
from cubie_cli.tracing import Tracing, read_tracing
from solvers import engine
from solvers.problem import PlanError, Problem
from solvers.status import Status
from solvers.targets import cuda_driver

_NOT_ASKED = "see what a CUDA kernel needs with: cubie memory-report --arch sm_90"
_NO_TOOLKIT = "the CUDA toolkit is missing: pip install 'cubie-cli[cuda13]'"


@dataclass(frozen=True)
class Batch:
    """A job with the plan to solve it.

    Parameters
    ----------
    job
        What the files say.
    plan
        Sizes and layout.
    output
        The result's file; None: no result is written.
    tracing
        What is recorded on the way, if anything.
    """

    job: Job
    plan: engine.Plan
    output: Path | None = None
    tracing: Tracing | None = None

    @property
    def title(self) -> str:
        """The model's name."""
        return self.job.model.system.name

    @property
    def chosen(self) -> range:
        """The runs that are solved, by their index in the whole batch."""
        return self.tracing.runs if self.tracing else range(self.job.axes.count)

    @property
    def runs(self) -> int:
        """The number of runs that are solved."""
        return len(self.chosen)

    @property
    def bytes(self) -> int:
        """Bytes the result takes on disk."""
        if self.output is None:
            return 0
        texts = len(self.job.configuration_text) + len(self.job.model_text)
        return texts + expected_bytes(
            n_runs=self.runs,
            n_times=len(self.plan.times),
            n_variables=len(self.plan.variables),
            n_coordinates=len(self.job.axes.names),
            itemsize=self.plan.dtype.itemsize,
        )

    @property
    def warnings(self) -> list[str]:
        """What is allowed and probably not meant."""
        unused = [f"this method has no buffer {name!r}: its location is not used" for name in self.plan.unused]
        return [*self.job.configuration.warnings, *unused]

    def report(self, runs_per_chunk: int | None = None) -> MemoryReport:
        """Return the memory report, without the kernel's figures.

        Parameters
        ----------
        runs_per_chunk
            How many runs the device takes at once; None: not known before it is asked.
        """
        plan = self.plan
        in_memory = runs_per_chunk or self.runs
        return MemoryReport(
            registry=plan.registry,
            kernel=None,
            kernel_hint=_NOT_ASKED,
            arrays=(
                Array("swept values", plan.input_bytes_per_run * in_memory),
                Array("results, status and counts", plan.result_bytes_per_run * in_memory),
            ),
            runs_per_chunk=runs_per_chunk,
            chunks=None if runs_per_chunk is None else -(-self.runs // runs_per_chunk),
            output_bytes=self.bytes,
        )


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


def prepare(
    config: Path,
    overrides: Sequence[str] | None,
    target: str | None = None,
    output: Path | None = None,
    trace: Path | None = None,
    runs: str | None = None,
) -> Batch:
    """Read a batch's files and plan its solution.

    Parameters
    ----------
    config
        The run configuration.
    overrides
        `table.key=value` options.
    target, output
        The command line's choices, which beat the file's.
    trace, runs
        As for `read_tracing`. The result of some runs never takes the name that the file gives to that of all.

    Raises
    ------
    UserError
        For every mistake in the files and options, and a target that is not there.
    """
    job = load(config, overrides or ())
    settings = job.configuration
    chosen = _choose_target(str(target or settings.target))
    tracing = read_tracing(trace, runs, chosen, job.axes.count)
    return Batch(job, _plan(job, chosen), output or (settings.output if runs is None else None), tracing)


def check(batch: Batch, *, force: bool) -> None:
    """Refuse what would fail later: the output first, then the model where it starts.

    Raises
    ------
    UserError
        With what to do about it.
    """
    read = [batch.job.path, batch.job.model_path]
    if batch.output:
        check_destination(batch.output, inputs=read, force=force)
        check_space(batch.output, batch.bytes, batch.runs)
    if batch.tracing:
        check_destination(batch.tracing.path, inputs=read, force=force, option="--trace")
        check_different(batch.output, batch.tracing.path)
    check_start(batch.job)


def check_start(job: Job) -> None:
    """Refuse a model that cannot be evaluated at t0 in the first, the middle or the last run.

    Raises
    ------
    UserError
        Naming the expression.
    """
    solve = job.configuration.solve
    samples = [job.axes.values(run, run + 1) for run in sampled_runs(job.axes.count)]
    values = np.concatenate(samples, axis=1)
    undefined = undefined_states(job.model.system, solve.precision, job.axes.names, values, solve.t0)
    for name, found in undefined.items():
        expression = job.model.text_of("equations", name)
        message = f"the right-hand side of {name}, {expression}, is {found} at t0 = {solve.t0:g}"
        hint = "it is so for the first, middle and last run; check initial values and parameters"
        raise job.model.error("equations", name, message, hint)


@contextmanager
def compiled(batch: Batch, clock: Clock) -> Iterator[engine.Solver]:
    """Compile the batch's kernel for as long as a block runs.

    Raises
    ------
    UserError
        Without the device, its compiler, or room on it.
    """
    with _as_user_errors(batch.job), clock.task("import"):
        solver = engine.build(batch.plan, batch.tracing.recorder if batch.tracing else None)
    clock.add("compile", solver.compile_seconds)
    clock.add("import", -solver.compile_seconds)
    with closing(solver), _as_user_errors(batch.job):
        yield solver


def solve(batch: Batch, solver: engine.Solver, progress: Progress, clock: Clock) -> Tally:
    """Solve every run, chunk by chunk, and write each as it comes.

    Raises
    ------
    UserError
        Where the disk or the device fails.
    """
    fitting = solver.runs_per_chunk(batch.runs)
    width = min(fitting, batch.job.configuration.chunk or fitting, batch.runs)
    kernel = solver.kernel_report()
    report = replace(batch.report(width), kernel=kernel, kernel_hint=None if kernel else _NOT_ASKED)
    ended = np.zeros(len(Status), dtype=np.int64)
    progress.start(batch.runs)
    with _files(batch, solver.device, report) as files:
        for first in batch.chosen[::width]:
            values = batch.job.axes.values(first, min(first + width, batch.chosen.stop))
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


def examine(
    config: Path, overrides: Sequence[str] | None, target: str | None = None, arch: str | None = None
) -> MemoryReport:
    """Return the memory report of a batch, with what the compiler makes of its CUDA kernel.

    Parameters
    ----------
    config, overrides, target
        As for `prepare`; neither a GPU nor the target needs to be there.
    arch
        The architecture compiled for; None: that of the GPU here, or a common one.

    Raises
    ------
    UserError
        For mistakes in the files, an architecture that is not known, shared buffers that it has no room for.
    """
    job = load(config, overrides or ())
    requested = target or job.configuration.target
    wants_kernel = arch is not None or requested in {"auto", "cuda"}
    batch = Batch(job, _plan(job, "cuda" if wants_kernel else requested), job.configuration.output)
    report = batch.report(job.configuration.chunk)
    if not wants_kernel:
        return report
    with _as_user_errors(job):
        kernel = engine.kernel_report(batch.plan, arch)
    return replace(report, kernel=kernel, kernel_hint=None if kernel else _NO_TOOLKIT)


def _choose_target(requested: str) -> str:
    try:
        return engine.choose_target(requested)
    except engine.TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error


def _plan(job: Job, target: str) -> engine.Plan:
    settings = job.configuration
    problem = Problem(
        system=job.model.system,
        solve=settings.solve,
        save=settings.save,
        swept=job.axes.names,
        locations=Locations.parse({"default": settings.buffers.default, **settings.buffers.named}),
    )
    with _as_user_errors(job):
        return engine.plan(problem, target, settings.threads or usable_threads())


@contextmanager
def _as_user_errors(job: Job) -> Iterator[None]:
    """Give the solvers' errors their place in the user's files."""
    try:
        yield
    except engine.TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error
    except cuda_driver.DeviceError as error:
        raise DeviceError(f"the device failed: {error}", hint="try a smaller [run] chunk") from error
    except UnknownBufferError as error:
        raise _locate(job, ("buffers", error.key), error.problem, error.remedy) from error
    except PlanError as error:
        if error.key and error.key.startswith("--"):
            raise UsageError(f"{error.key}: {error}", hint=error.hint) from error
        key = tuple(error.key.split(".")) if error.key else ()
        located = _locate(job, key, str(error), error.hint)
        located.exit_code = error.exit_code
        raise located from error


def _locate(job: Job, key: tuple[str, ...], message: str, hint: str | None) -> UserError:
    """Return an error at a key; a dotted last part may be written as tables too."""
    if key and job.document.get(key) is None:
        key = (*key[:-1], *key[-1].split("."))
    return job.document.error(message, key, "key", hint=hint)


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
    job, units = batch.job, batch.job.model.system.units
    states = set(job.model.system.states)
    coordinates = [(f"{name}_0" if name in states else name, units.get(name)) for name in job.axes.names]
    return Contents(
        times=batch.plan.times,
        n_runs=batch.runs,
        precision=batch.plan.dtype,
        variables=tuple(Variable(name, units.get(name)) for name in batch.plan.variables),
        coordinates=tuple(Variable(name, unit) for name, unit in coordinates),
        time_units=units.get("t"),
        attributes=_attributes(batch, device),
        texts={"configuration": job.configuration_text, "model": job.model_text},
        report=report.as_json(),
        first_run=batch.chosen.start,
    )


def _attributes(batch: Batch, device: str) -> dict[str, str]:
    job, created = batch.job, provenance.timestamp()
    versions = {f"{name}_version": text for name, text in provenance.versions().items()}
    return {
        "Conventions": "CF-1.10",
        "title": batch.title,
        "source": f"cubie {provenance.version()}, {job.configuration.solve.algorithm}",
        "history": f"{created} {provenance.command_line()}",
        "created": created,
        "command_line": provenance.command_line(),
        "configuration_sha256": provenance.sha256(job.path),
        "model_sha256": provenance.sha256(job.model_path),
        "target": batch.plan.target,
        "device": device,
    } | versions
