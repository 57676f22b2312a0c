"""`cubie submit`: a batch as an array of Slurm jobs, and one that merges their results."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, TargetChoice
from cubie_cli.documents.messages import DeviceError, OutputError, UsageError, counted

if TYPE_CHECKING:
    from cubie_cli.runs.slurm import Submission

Shards = Annotated[int, typer.Option("--shards", min=1, metavar="N", help="How many jobs share the batch.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the result goes, instead.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a result that exists.")]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--sbatch", metavar="OPTION", help="An option of sbatch for the shards, such as --gpus=1. Repeatable."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write the scripts; submit nothing.")]


def submit(  # noqa: PLR0913 - one parameter an option
    config: Configuration,
    *,
    shards: Shards,
    overrides: Overrides = None,
    target: TargetChoice = None,
    output: Output = None,
    force: Force = False,
    sbatch: Options = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Have Slurm solve the batch that CONFIG describes: an array of jobs, one a shard, and a job that merges them."""
    from cubie_cli.configurations.job import load  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.results.destination import check_destination  # noqa: PLC0415
    from cubie_cli.runs.slurm import OWN_OPTIONS, Submission  # noqa: PLC0415

    for option in sbatch or ():
        if not option.startswith("-") or not option.isprintable():
            hint = f"write --sbatch=--{option}" if option.isprintable() else "write --sbatch=--partition=gpu"
            raise UsageError(f"--sbatch {option}: this is no option of sbatch", hint=hint)
        if re.split("[= ]", option)[0] in OWN_OPTIONS:
            hint = "--shards says how many jobs there are, --output where the result goes"
            raise UsageError(f"--sbatch {option}: this is what cubie tells sbatch itself", hint=hint)
    if not dry_run and shutil.which("sbatch") is None:
        raise DeviceError("there is no sbatch here", hint="submit where Slurm is, or add --dry-run for its scripts")
    job = load(config, overrides or ())
    if shards > job.design.count:
        message = f"--shards {shards}: the batch has {counted(job.design.count, 'run')}, too few for {shards} shards"
        raise UsageError(message, hint=f"cut it into {job.design.count} at most")
    path = (output or job.configuration.output).absolute()
    check_destination(path, inputs=[*job.files.values()], force=force)
    arguments = ["run", str(config.absolute())]
    for override in overrides or ():
        arguments += ["--set", override]
    arguments += ["--target", target] if target else []
    submission = Submission(path.stem, arguments, path, shards, sbatch or (), force)
    _write(submission)
    jobs = [] if dry_run else _submitted(submission)
    _report(submission, jobs, as_json=as_json)


def _write(submission: "Submission") -> None:
    """Write the scripts; what shards have finished before stays, for them to go on with."""
    try:
        submission.folder.mkdir(exist_ok=True)
        for path, text in submission.scripts.items():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
    except OSError as error:
        raise OutputError(f"cannot write {submission.folder}: {error.strerror}") from error


def _submitted(submission: "Submission") -> list[str]:
    """Return the numbers of the array and of the merge, which waits for it."""
    array, merge = submission.scripts
    number = _sbatch([str(array)])
    return [number, _sbatch([f"--dependency=afterok:{number}", str(merge)])]


def _sbatch(arguments: Sequence[str]) -> str:
    done = subprocess.run(["sbatch", "--parsable", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - it is the user's
    if done.returncode:
        raise DeviceError(f"sbatch refused: {done.stderr.strip()}", hint="give what it asks for with --sbatch=OPTION")
    return done.stdout.strip().split(";")[0]


def _report(submission: "Submission", jobs: Sequence[str], *, as_json: bool) -> None:
    from cubie_cli.reports import terminal  # noqa: PLC0415

    array, merge = map(str, submission.scripts)
    if as_json:
        told = {"shards": submission.shards, "jobs": list(jobs), "scripts": [array, merge]}
        typer.echo(json.dumps(told | {"folder": str(submission.folder), "file": str(submission.output)}))
        return
    pairs = [("shards", f"{submission.shards:,}"), ("scripts", f"{array}, {merge}")]
    if jobs:
        pairs += [("jobs", f"{jobs[0]}, then {jobs[1]} to merge"), ("look", f"squeue -j {','.join(jobs)}")]
    else:
        pairs += [("submit", f"sbatch {array}; sbatch --dependency=afterok:JOB {merge}")]
    pairs += [("logs", str(submission.folder)), ("file", f"{submission.output}, once all is merged")]
    terminal.console().print(terminal.summary(submission.name, pairs))
