"""`cubie show`: what is in a result or a trace."""

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from cubie_cli.commands.options import Json
from cubie_cli.documents.messages import UsageError, UserError

File = Annotated[Path, typer.Argument(metavar="FILE", help="A result, or a trace.")]
Model = Annotated[
    bool, typer.Option("--model", help="Print the configuration, the model and the tables that made it, instead.")
]


Check = Annotated[
    bool, typer.Option("--check", help="Read the shards of a virtual result, and tell whether they are as they were.")
]


def show(file: File, *, model: Model = False, check: Check = False, as_json: Json = False) -> None:
    """Print a summary of a result, or what the solvers did from a trace."""
    found = _files(file) if model else _describe(file, check=check)
    if as_json:
        typer.echo(json.dumps(_finite(found)))
    elif model:
        typer.echo("\n".join(_written_out(found["files"])))
    elif found["kind"] == "trace":
        from cubie_cli.reports import trace_summary  # noqa: PLC0415 - each command loads what it needs, when it runs

        typer.echo("\n".join(trace_summary.lines(found)))
    else:
        from cubie_cli.reports import result_tables, terminal  # noqa: PLC0415

        console = terminal.console()
        for part in result_tables.tables(found, console.width, checked=check):
            console.print(part, crop=False)  # a command is longer than the terminal, rather than cut


def _describe(path: Path, *, check: bool) -> dict[str, Any]:
    from cubie_cli.commands.rerun import with_commands  # noqa: PLC0415
    from cubie_cli.documents.damage import reading  # noqa: PLC0415
    from cubie_cli.reports import result_summary, trace_summary  # noqa: PLC0415
    from cubie_cli.results.manifest import check_digests, check_shards  # noqa: PLC0415
    from cubie_cli.results.opening import is_result, open_file  # noqa: PLC0415

    with reading(path), open_file(path) as file:
        if trace_summary.is_trace(file):
            return trace_summary.describe(file)
        if is_result(file):
            check_shards(file)
            if check and not check_digests(file):
                raise UsageError(f"--check: {path} has its values itself, and no shards to read")
            found = result_summary.describe(file)
            return with_commands(path, found, found["attributes"])
    raise UserError("this is neither a result nor a trace of cubie", path)


def _files(path: Path) -> dict[str, Any]:
    from cubie_cli.documents.damage import reading  # noqa: PLC0415
    from cubie_cli.reports.result_summary import embedded_files  # noqa: PLC0415
    from cubie_cli.results.opening import open_file  # noqa: PLC0415

    with reading(path), open_file(path) as file:
        if "input-files" not in file:
            raise UserError("this is neither a result nor a trace of cubie", path)
        return {"file": str(path), "files": embedded_files(file)}


def _written_out(files: dict[str, str]) -> list[str]:
    """Return the texts of files under their names, as comments; one that is in another is not told again."""
    from cubie_cli.documents.enclosed import CHANGED  # noqa: PLC0415 - what options came to, for programs

    lines: list[str] = []
    for name, text in files.items():
        if (name == "model" and text == files.get("configuration")) or name == CHANGED:
            continue
        lines += ["", f"# ---- {name} ----", text.rstrip("\n")]
    return lines[1:]


def _finite(value: Any) -> Any:
    """Return plain values with null in place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
