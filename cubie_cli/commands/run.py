"""`cubie run`: integrate a batch and write its result."""

import json
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cubie_cli.commands.options import Configuration, Engine, Json, Overrides, Quiet, Target, TargetChoice, Verbose
from cubie_cli.commands.stopping import parse_duration, stop_after
from cubie_cli.documents.messages import ExitCode, UsageError, size
from cubie_cli.runs.stopwatch import Stopwatch, seconds_since_start

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cubie_cli.runs.pools import Pool
    from cubie_cli.runs.prepared_batch import PreparedBatch
    from cubie_cli.runs.solving import Tally

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where the result goes, instead: a file, or s3://BUCKET/NAME."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a result that exists.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is left of a run that was stopped.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report sizes; compute and write nothing.")]
Trace = Annotated[
    Path | None, typer.Option("--trace", metavar="FILE", help="Record what the solvers do; needs --target python.")
]
Runs = Annotated[
    str | None,
    typer.Option(
        "--runs", metavar="A:B", help="Solve the runs from A up to B only, or just A; with --output or --trace."
    ),
]
Part = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="I/N", help="Solve part I of N only, I from 0 on; `cubie merge` joins the parts' results."
    ),
]
MaxTime = Annotated[
    str | None,
    typer.Option("--max-time", metavar="TIME", help="Stop after so long, such as 3h50m; --resume goes on then."),
]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Add what is told on the way to FILE, with the time.")
]
EngineName = Annotated[
    Engine | None, typer.Option("--engine", help="Have the workers of Dask, or of MPI, solve the batch.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Where the scheduler of --engine dask is, or a file that says so; else workers start on this machine.",
    ),
]
AllowFailures = Annotated[bool, typer.Option("--allow-failures", help="Exit with 0 even if some runs failed.")]


def run(  # noqa: PLR0913 - one parameter an option
    config: Configuration,
    *,
    overrides: Overrides = None,
    target: TargetChoice = None,
    output: Output = None,
    force: Force = False,
    resume: Resume = False,
    trace: Trace = None,
    runs: Runs = None,
    shard: Part = None,
    max_time: MaxTime = None,
    engine: EngineName = None,
    scheduler: Scheduler = None,
    log: Log = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: Json = False,
    allow_failures: AllowFailures = False,
    verbose: Verbose = False,
) -> None:
    """Integrate every run of the batch that CONFIG describes, and write the result; or repeat a result."""
    if max_time is not None:
        stop_after(parse_duration(max_time, "--max-time") - seconds_since_start())
    if engine is None and target not in {Target.CPU, Target.PYTHON}:
        from cubie_cli.runs.wake_gpu import wake_gpu  # noqa: PLC0415 - before what follows

        wake_gpu()
    from cubie_cli.documents.enclosed import is_enclosing  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.runs.preflight import check_batch, lack_of_space  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.runs.prepared_batch import prepare_batch, with_choice  # noqa: PLC0415
    from cubie_cli.runs.progress import Progress  # noqa: PLC0415
    from cubie_cli.runs.resuming import is_complete  # noqa: PLC0415
    from cubie_cli.runs.whole_batch import solve_batch  # noqa: PLC0415

    if output is None and runs is None and is_enclosing(config):
        raise UsageError(f"{config} is a result: what repeats it needs a name", hint="add --output FILE")
    stopwatch = Stopwatch("plan", "compile", "transfer", "kernel", "write")
    with _pool(engine, scheduler, target, trace) as pool, Progress(quiet=quiet, log=log) as progress:
        with stopwatch.task("plan"):
            batch = prepare_batch(
                config, overrides, target, output, trace, runs, shard=shard, force=force or dry_run, pool=pool
            )
        if resume:
            batch = with_choice(batch, target, progress)
            if is_complete(batch):
                progress.stage(f"{batch.output} is complete")
                return
        with stopwatch.task("plan"):
            check_batch(batch, planned=dry_run)
        if dry_run:
            progress.warn([*batch.warnings, *lack_of_space(batch)])
            _report_plan(batch, as_json=as_json)
            return
        batch, tally = solve_batch(batch, target, progress, stopwatch, resume=resume, pool=pool)
    _report(batch, tally, stopwatch, as_json=as_json, verbose=verbose)
    if tally.failed and not allow_failures:
        raise typer.Exit(ExitCode.FAILED_RUNS)


def _pool(
    engine: Engine | None, scheduler: str | None, target: Target | None, trace: Path | None
) -> "AbstractContextManager[Pool | None]":
    """Return what holds an engine open; nothing without one."""
    if scheduler is not None and engine != Engine.DASK:
        raise UsageError(f"--scheduler {scheduler} is for --engine dask", hint="add that, or leave it out")
    if engine is None:
        return nullcontext()
    if trace is not None:
        raise UsageError("--trace records what is solved here, and --engine solves elsewhere", hint="leave out one")
    from cubie_cli.runs.pools import opened  # noqa: PLC0415 - most batches are solved here

    return opened(engine, scheduler, gpus=target not in {Target.CPU, Target.PYTHON})


def _written(batch: "PreparedBatch") -> dict[str, Path]:
    """Return what is written: the result, and the trace."""
    written = {"file": batch.output, "trace": batch.tracing and batch.tracing.path}
    return {what: path for what, path in written.items() if path}


def _names(batch: "PreparedBatch") -> dict[str, str | None]:
    """Return the names of what is written; the result's is None where some runs are traced only."""
    return {"file": None, **{what: str(path) for what, path in _written(batch).items()}}


def _part(batch: "PreparedBatch") -> dict[str, Any]:
    """Return which runs of the whole batch are solved, as plain values; nothing where it is all of them."""
    if batch.shard is None:
        return {}
    return {"shard": str(batch.shard), "first_run": batch.selected.start, "batch_runs": batch.job.design.count}


def _part_told(batch: "PreparedBatch") -> list[tuple[str, str]]:
    """Return what is said of it, under a heading."""
    if batch.shard is None:
        return []
    first, last = batch.selected[0], batch.selected[-1]
    return [("shard", f"{batch.shard}: runs {first:,} to {last:,} of {batch.job.design.count:,}")]


def _report_plan(batch: "PreparedBatch", *, as_json: bool) -> None:
    from cubie_cli.reports import memory_tables, terminal  # noqa: PLC0415
    from cubie_cli.runs.estimate import estimate  # noqa: PLC0415

    time_needed = estimate(batch)
    if as_json:
        planned = {"runs": batch.runs, **_part(batch), "target": batch.target, "bytes": batch.bytes}
        planned["estimated_seconds"] = time_needed.seconds
        planned |= batch.tolerances | _names(batch)
        typer.echo(json.dumps(planned | {"memory_report": batch.report().as_json()}))
        return
    console = terminal.console()
    axes = batch.job.design.axes
    shape = " x ".join(f"{length:,} {axis}" for axis, length in axes.items())
    pairs = [
        ("runs", f"{batch.runs:,}" + f" of {shape}" * (len(axes) > 1)),
        *_part_told(batch),
        ("save times", f"{batch.exchange.time_count:,}"),
        ("variables", f"{len(batch.exchange.variables):,}"),
        *([("summaries", f"{len(batch.exchange.findings):,}")] if batch.exchange.findings else []),
        ("algorithm", batch.algorithm),
        *batch.tolerances_told,
        ("target", batch.target),
        ("time", str(time_needed)),
        ("file", _file_planned(batch)),
    ]
    console.print(terminal.summary("Plan", pairs))
    console.print(memory_tables.short(batch.report()))


def _file_planned(batch: "PreparedBatch") -> str:
    if batch.output is None:
        return "none"
    compressed = " before it is compressed" * batch.compressed
    return f"{batch.output} ({size(batch.bytes)}{compressed}, not written)"


def _report(batch: "PreparedBatch", tally: "Tally", stopwatch: Stopwatch, *, as_json: bool, verbose: bool) -> None:
    from cubie_cli.reports import memory_tables, result_tables, terminal  # noqa: PLC0415
    from cubie_cli.results.stores import bytes_of  # noqa: PLC0415

    seconds = stopwatch.seconds()
    if as_json:
        result = {
            "runs": batch.runs,
            **_part(batch),
            "failed": tally.failed,
            "statuses": {status.name.lower(): count for status, count in tally.counts.items() if count},
            "target": batch.target,
            "device": tally.device,
            "algorithm": batch.job.configuration.solve.algorithm,
            **({"choice": batch.choice.as_json()} if batch.choice else {}),
            "bytes": bytes_of(batch.output) if batch.output else 0,
            "seconds": seconds,
        }
        typer.echo(json.dumps(result | batch.tolerances | _names(batch)))
        return
    console = terminal.console()
    found = _endings(batch.output, tally) if batch.output and batch.output.is_file() else None
    parts = ", ".join(f"{name} {value:.3g}" for name, value in seconds.items() if name != "total")
    pairs = [
        ("runs", f"{batch.runs:,}"),
        *_part_told(batch),
        ("failed", tally.describe_failures()),
        *([("stopped", f"{tally.stopped:,}")] if tally.stopped else []),
        *([("steps", result_tables.steps(found, batch.runs))] if found else []),
        ("algorithm", batch.algorithm),
        *batch.tolerances_told,
        ("device", f"{tally.device} ({batch.target})"),
        ("seconds", f"{seconds['total']:.3g} ({parts})"),
        *((what, f"{path} ({size(bytes_of(path))})") for what, path in _written(batch).items()),
    ]
    console.print(terminal.summary(batch.title, pairs))
    for part in result_tables.failures(found) if found else ():
        console.print(part, crop=False)  # a command is longer than the terminal, rather than cut
    for part in terminal.commands("What next", _next(batch)):
        console.print(part, crop=False)
    if verbose:
        console.print("")
        console.print(memory_tables.full(tally.report))


def _endings(output: Path, tally: "Tally") -> dict[str, Any]:
    """Return how the runs of a result ended, with commands that look at those that failed."""
    from cubie_cli.commands.rerun import with_commands  # noqa: PLC0415
    from cubie_cli.reports import result_summary  # noqa: PLC0415
    from cubie_cli.results.opening import open_file  # noqa: PLC0415

    counts = {status.name.lower(): count for status, count in tally.counts.items() if count}
    with open_file(output) as file:
        found = result_summary.endings(file, counts, result_summary.swept_of(file))
        return with_commands(output, found, dict(file.attrs))


def _next(batch: "PreparedBatch") -> list[str]:
    """Return the commands with which one goes on."""
    if batch.shard is not None:
        return [f"cubie show {shlex.quote(str(batch.output))}"]
    if batch.output is None:
        return [f"cubie show {shlex.quote(name)}" for name in _names(batch).values() if name]
    return [f"cubie {command} {shlex.quote(str(batch.output))}" for command in ("show", "plot")]
