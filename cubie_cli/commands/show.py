"""`cubie show`: what is in a result or a trace."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cubie_cli.commands.options import Json
from cubie_cli.documents.messages import UsageError, UserError

File = Annotated[Path, typer.Argument(metavar="FILE", help="A result, or a trace.")]


Check = Annotated[
    bool, typer.Option("--check", help="Read the shards of a virtual result, and tell whether they are as they were.")
]


def show(file: File, *, check: Check = False, as_json: Json = False) -> None:
    """Print a summary of a result, or what the solvers did from a trace."""
    from cubie_cli.reports import trace_summary  # noqa: PLC0415 - each command loads what it needs, when it runs

    found = _describe(file, check=check)
    if as_json:
        typer.echo(json.dumps(_finite(found)))
    elif found["kind"] == "trace":
        typer.echo("\n".join(trace_summary.lines(found)))
    else:
        _print_result(found, checked=check)


def _describe(path: Path, *, check: bool) -> dict[str, Any]:
    from cubie_cli.reports import result_summary, trace_summary  # noqa: PLC0415
    from cubie_cli.results.manifest import check_digests, check_shards  # noqa: PLC0415
    from cubie_cli.results.opening import is_result, open_file  # noqa: PLC0415

    try:
        with open_file(path) as file:
            if trace_summary.is_trace(file):
                return trace_summary.describe(file)
            if is_result(file):
                check_shards(file)
                if check and not check_digests(file):
                    raise UsageError(f"--check: {path} has its values itself, and no shards to read")
                return result_summary.describe(file)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"cannot read {path}: it is damaged, or not a file of cubie", path) from error
    raise UserError("this is neither a result nor a trace of cubie", path)


def _print_result(found: Mapping[str, Any], *, checked: bool) -> None:
    from cubie_cli.reports import terminal  # noqa: PLC0415

    sizes, span = found["dimensions"], found["time"]
    pairs = [
        ("runs", f"{sizes['run']:,}"),
        ("times", f"{sizes['time']:,}, {span['first']:g} to {span['last']:g}" if span else "0"),
        ("outcome", ", ".join(f"{count:,} {name}" for name, count in found["status"].items())),
        ("steps", f"{found['steps']:,} accepted, {found['rejected']:,} rejected"),
        *([("shards", f"{found['shards']:,}{', all as they were' * checked}")] if found["shards"] else []),
    ]
    columns = ("name", "minimum", "maximum", "missing", "units")
    console = terminal.console()
    console.print(terminal.summary(found["title"], pairs))
    tables = {"Variables": "variables", "Summaries": "summaries", "Swept values": "swept"}
    for title, rows in ((title, found[key]) for title, key in tables.items()):
        cells = [[_cell(row[column]) for column in columns] for row in rows]
        if cells:
            console.print(terminal.table(title, columns, cells, numeric=columns[1:4]))
            console.print()
    told = {name: text for name, text in found["attributes"].items() if name != "identity"}  # for programs
    console.print(terminal.summary("Where it comes from", told.items()))


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.7g}" if isinstance(value, float) else str(value)


def _finite(value: Any) -> Any:
    """Return plain values with null in place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
