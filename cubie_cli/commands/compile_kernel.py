"""`cubie compile`: fill the cache of kernels before the batch runs."""

import json
from typing import Annotated

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, TargetChoice
from cubie_cli.documents.messages import size

Arch = Annotated[
    list[str] | None,
    typer.Option(
        "--arch", metavar="sm_XX", help="Compile for this GPU architecture, here or not. Repeatable; implies cuda."
    ),
]


def compile_kernel(
    config: Configuration,
    *,
    overrides: Overrides = None,
    target: TargetChoice = None,
    arch: Arch = None,
    as_json: Json = False,
) -> None:
    """Compile the kernel of CONFIG and keep it, so that a run of it starts at once."""
    from cubie_cli.configurations.job import load  # noqa: PLC0415
    from cubie_cli.kernels import prepare as kernels  # noqa: PLC0415 - each command loads what it needs, when it runs

    job = load(config, overrides or ())
    architectures: list[str | None] = [*arch] if arch else [None]
    kept = [kernels.keep(job, target, name) for name in architectures]
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in kept]))
        return
    for each in kept:
        what = "was there already" if each.known else f"compiled in {each.seconds:.2f} s"
        processor, *_ = each.architecture.split()  # without the list of its features
        typer.echo(f"{each.target} {processor}: {what}, {each.path} ({size(each.bytes)})")
