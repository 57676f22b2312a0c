"""`cubie compile`: fill the cache of kernels before the batch runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, Quiet, TargetChoice
from cubie_cli.documents.messages import size

if TYPE_CHECKING:
    from cubie_cli.configurations.job import Job
    from cubie_cli.runs.progress import Progress

Arch = Annotated[
    list[str] | None,
    typer.Option(
        "--arch", metavar="sm_XX", help="Compile for this GPU architecture, here or not. Repeatable; implies cuda."
    ),
]
Dump = Annotated[
    Path | None,
    typer.Option("--dump", metavar="DIR", help="Write what the kernel is made of, as texts, to a folder that is new."),
]


def compile_kernel(
    config: Configuration,
    *,
    overrides: Overrides = None,
    target: TargetChoice = None,
    arch: Arch = None,
    dump: Dump = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compile the kernel of CONFIG and keep it, so that a run of it starts at once."""
    from cubie_cli.configurations.job import load  # noqa: PLC0415
    from cubie_cli.kernels.choice import settled  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.kernels.job_kernel import keep  # noqa: PLC0415
    from cubie_cli.runs.progress import Progress  # noqa: PLC0415

    architectures: list[str | None] = [*arch] if arch else [None]
    with Progress(quiet=quiet) as progress:
        job, _ = settled(load(config, overrides or ()), progress)
        if dump is None:
            answers = [keep(job, target, name, audience=progress).as_json() for name in architectures]
        else:
            answers = _dumped(dump, job, overrides, target, architectures, progress)
    typer.echo(json.dumps(answers) if as_json else "\n".join(map(_told, answers)))


def _dumped(
    dump: Path,
    job: "Job",
    overrides: Overrides,
    target: TargetChoice,
    architectures: Sequence[str | None],
    progress: "Progress",
) -> list[dict[str, Any]]:
    """Compile a job's kernel for each architecture, keep it, and write what it is made of."""
    from cubie_cli.kernels.job_kernel import keep  # noqa: PLC0415 - see above
    from cubie_cli.reports import kernel_dump  # noqa: PLC0415
    from cubie_cli.runs.prepared_batch import report_memory  # noqa: PLC0415
    from solvers.targets.listing import Listing  # noqa: PLC0415

    kernel_dump.open_folder(dump)
    answers = []
    for name in architectures:
        listing = Listing()
        kept = keep(job, target, name, listing, progress)
        answer = kept.as_json()
        folder = dump / str(name) if len(architectures) > 1 else dump
        title = f"{job.model.quantities.name}, {kept.target} {_processor(answer)}, kernel {kept.path.stem}"
        memory = report_memory(job.path, overrides, kept.target, name)
        answers.append({**answer, "dump": kernel_dump.write(folder, title, listing, memory)})
    return answers


def _told(answer: dict[str, Any]) -> str:
    """Return what became of a kernel."""
    dump = answer.get("dump")
    compiled = f"compiled in {answer['seconds']:.2f} s"
    what = compiled if not answer["known"] else f"{compiled} anew" if dump else "was there already"
    lines = [f"{answer['target']} {_processor(answer)}: {what}, {answer['path']} ({size(answer['bytes'])})"]
    if dump:
        lines += [f"  {len(dump['files'])} files in {dump['folder']}", *(f"  {each}" for each in dump["remarks"])]
    return "\n".join(lines)


def _processor(answer: dict[str, Any]) -> str:
    """Return what a kernel is compiled for, without the list of its features."""
    name: str = answer["architecture"]
    return name.split(maxsplit=1)[0]
