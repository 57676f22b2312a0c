"""The arguments and options that several commands take."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

TRACEBACK_VARIABLE = "CUBIE_TRACEBACK"


class Target(StrEnum):
    """What a batch runs on."""

    AUTO = "auto"
    CUDA = "cuda"
    CPU = "cpu"
    PYTHON = "python"


class Engine(StrEnum):
    """What hands out the chunks of a batch to workers elsewhere."""

    DASK = "dask"
    MPI = "mpi"


def _show_tracebacks(verbose: bool) -> bool:  # noqa: FBT001 - the parser hands over the option's value
    if verbose:
        os.environ[TRACEBACK_VARIABLE] = "1"
    return verbose


# Existence is checked where the file is read: a missing configuration is a mistake in it, not in the usage.
Configuration = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="The run configuration, a TOML file; or a result, which holds its own.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="TABLE.KEY=VALUE",
        help="Change a value of CONFIG, or with @FILE all that are in FILE. Repeatable.",
    ),
]
TargetChoice = Annotated[Target | None, typer.Option("--target", help="What to run on, instead of what CONFIG says.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", callback=_show_tracebacks, help="Print the whole report, and tracebacks.")
]
