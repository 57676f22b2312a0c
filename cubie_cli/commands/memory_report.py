"""`cubie memory-report`: where every byte of a batch will lie."""

import json
from typing import Annotated

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, Quiet, TargetChoice

Arch = Annotated[
    str | None,
    typer.Option("--arch", metavar="sm_XX", help="Compile for this GPU architecture; no GPU is needed."),
]


def memory_report(
    config: Configuration,
    *,
    overrides: Overrides = None,
    target: TargetChoice = None,
    arch: Arch = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Report the memory that the batch in CONFIG takes, without running it."""
    from cubie_cli.reports import memory_tables, terminal  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.runs.prepared_batch import report_memory  # noqa: PLC0415
    from cubie_cli.runs.progress import Progress  # noqa: PLC0415

    with Progress(quiet=quiet) as progress:
        report = report_memory(config, overrides, target, arch, progress)
    if as_json:
        typer.echo(json.dumps(report.as_json()))
    else:
        terminal.console().print(memory_tables.full(report))
