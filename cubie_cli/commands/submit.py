"""`cubie submit`: a batch as an array of a scheduler's jobs, and one that merges their results."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, TargetChoice
from cubie_cli.commands.stopping import parse_duration
from cubie_cli.documents.messages import DeviceError, OutputError, UsageError, counted
from cubie_cli.documents.urls import Url
from cubie_cli.runs.schedulers import SCHEDULERS, Scheduler, SchedulerName

if TYPE_CHECKING:
    from cubie_cli.runs.submission import Submission

Shards = Annotated[int, typer.Option("--shards", "--jobs", min=1, metavar="N", help="How many jobs share the batch.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the result goes, instead.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a result that exists.")]
Choice = Annotated[
    SchedulerName,
    typer.Option("--scheduler", help="What takes the jobs: Slurm, Grid Engine, PBS, or a Snakefile for Snakemake."),
]
Time = Annotated[
    str | None,
    typer.Option("--time", metavar="TIME", help="How long a shard may take at a time, such as 4h; then it goes on."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "--sbatch",
        metavar="OPTION",
        help="An option of the scheduler for the shards, such as --option=--gpus=1 for Slurm. Repeatable.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write the scripts; submit nothing.")]


def submit(  # noqa: PLR0913 - one parameter an option
    config: Configuration,
    *,
    shards: Shards,
    scheduler: Choice = SchedulerName.SLURM,
    overrides: Overrides = None,
    target: TargetChoice = None,
    output: Output = None,
    force: Force = False,
    time: Time = None,
    options: Options = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have a cluster solve the batch that CONFIG describes: an array of jobs, one a shard, and one that merges them."""
    from cubie_cli.configurations.job import load  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.results.destination import check_destination  # noqa: PLC0415
    from cubie_cli.runs.submission import Submission  # noqa: PLC0415

    found = SCHEDULERS.get(scheduler)
    _check_options(found, options or ())
    if found and not dry_run and shutil.which(found.submit[0]) is None:
        hint = f"submit where {found.title} is, or add --dry-run for its scripts"
        raise DeviceError(f"there is no {found.submit[0]} here", hint=hint)
    seconds = None if time is None else parse_duration(time, "--time")
    job = load(config, overrides or ())
    if shards > job.design.count:
        message = f"--shards {shards}: the batch has {counted(job.design.count, 'run')}, too few for {shards} shards"
        raise UsageError(message, hint=f"cut it into {job.design.count} at most")
    path = (output or job.configuration.output).absolute()
    check_destination(path, inputs=[*job.files.values()], force=force)
    if found is None:
        _check_rules(path)
    settings = [word for override in overrides or () for word in ("--set", override)]
    settings += ["--target", target] if target else []
    inputs = [*dict.fromkeys(file.absolute() for file in job.files.values())]
    submission = Submission(config.absolute(), settings, inputs, path, shards, options or (), seconds, force)
    scripts = _written(submission, found)
    jobs = _submitted(found, scripts) if found and not dry_run else []
    _report(submission, found, scripts, jobs, as_json=as_json)


def _check_options(scheduler: Scheduler | None, options: Sequence[str]) -> None:
    """Refuse what is no option of a scheduler; None for Snakemake."""
    for option in options:
        if scheduler is None:
            hint = "give it to snakemake, or write it in a profile"
            raise UsageError(f"--option {option}: a Snakefile has no place for it", hint=hint)
        program = scheduler.submit[0]
        if not option.startswith("-") or not option.isprintable():
            raise UsageError(f"--option {option}: this is no option of {program}", hint="write --option=--name=value")
        if re.split("[= ]", option)[0] in scheduler.own:
            hint = "--shards says how many jobs there are, --output where the result goes"
            raise UsageError(f"--option {option}: this is what cubie tells {program} itself", hint=hint)


def _check_rules(path: Path) -> None:
    """Refuse an output that no rule of Snakemake makes."""
    if isinstance(path, Url):
        hint = "name a file with --output, and copy it there"
        raise UsageError(f"--scheduler snakemake: its rules are about files, and {path} is in a store", hint=hint)
    if {"{", "}"} & set(str(path)):
        message = f"--scheduler snakemake takes braces in names for its own: {path}"
        raise UsageError(message, hint="name another file with --output")


def _written(submission: "Submission", scheduler: Scheduler | None) -> list[Path]:
    """Write the scripts and return them; what shards have finished before stays, for them to go on with."""
    scripts = submission.scripts(scheduler)
    try:
        submission.folder.mkdir(exist_ok=True)
        for turns in submission.folder.glob(".turns-*"):
            turns.unlink()
        for path, text in scripts.items():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
    except OSError as error:
        raise OutputError(f"cannot write {submission.folder}: {error.strerror}") from error
    return [*scripts]


def _submitted(scheduler: Scheduler, scripts: Sequence[Path]) -> list[str]:
    """Return the numbers of the array and of the merge, which waits for it."""
    array, merge = map(str, scripts)
    number = _asked(scheduler, [array])
    return [number, _asked(scheduler, [*scheduler.after(number), merge])]


def _asked(scheduler: Scheduler, arguments: Sequence[str]) -> str:
    done = subprocess.run([*scheduler.submit, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - it is the user's
    if done.returncode:
        hint = "give what it asks for with --option=OPTION"
        raise DeviceError(f"{scheduler.submit[0]} refused: {done.stderr.strip()}", hint=hint)
    return scheduler.number(done.stdout.strip())


def _report(
    submission: "Submission",
    scheduler: Scheduler | None,
    scripts: Sequence[Path],
    jobs: Sequence[str],
    *,
    as_json: bool,
) -> None:
    from cubie_cli.reports import terminal  # noqa: PLC0415

    names = [*map(str, scripts)]
    if as_json:
        told = {"shards": submission.shards, "jobs": list(jobs), "scripts": names}
        typer.echo(json.dumps(told | {"folder": str(submission.folder), "file": str(submission.output)}))
        return
    pairs = [("shards", f"{submission.shards:,}"), ("scripts", ", ".join(names))]
    pairs += [("jobs", f"{jobs[0]}, then {jobs[1]} to merge")] if jobs else []
    pairs += [("logs", str(submission.folder)), ("file", f"{submission.output}, once all is merged")]
    console = terminal.console()
    console.print(terminal.summary(submission.name, pairs))
    for part in terminal.commands("What next", _next(scheduler, names, jobs)):
        console.print(part, crop=False)


def _next(scheduler: Scheduler | None, scripts: Sequence[str], jobs: Sequence[str]) -> list[str]:
    """Return the commands that submit the scripts, or look at the jobs that were."""
    if scheduler is None:
        return [shlex.join(["snakemake", "--snakefile", scripts[0], "--cores", "all"])]
    if jobs:
        return [scheduler.look.format(*jobs)]
    commands = ([scripts[0]], [*scheduler.after("JOB"), scripts[1]])
    return [shlex.join([scheduler.submit[0], *words]) for words in commands]
