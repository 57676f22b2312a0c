"""Lays out the summary of a result for a terminal of any width."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cubie_cli.documents.messages import counted, size
from cubie_cli.reports import terminal

if TYPE_CHECKING:
    from rich.console import RenderableType

_TABLES = {"Variables": "variables", "Summaries": "summaries", "Swept values": "swept"}
_NUMBERS = ("minimum", "mean", "maximum", "std")
#: Columns of a terminal from which on all numbers have room.
_WIDE = 80
#: What is told of where a result comes from; --json tells all.
_ORIGIN = {
    "command_line": "command",
    "created": "created",
    "source": "program",
    "algorithm_choice": "chosen because",
    "rtol": "rtol",
    "atol": "atol",
    "device": "device",
}


def tables(found: Mapping[str, Any], width: int, *, checked: bool = False) -> Iterator["RenderableType"]:
    """Yield what is printed of a result.

    Parameters
    ----------
    found
        What `result_summary.describe` returned.
    width
        Columns of the terminal.
    checked
        Whether the shards of a virtual result were read and found as they were.
    """
    yield terminal.summary(found["title"], _overview(found, checked=checked))
    for title, key in _TABLES.items():
        if found[key]:
            whose = ", of the runs that succeeded" if found["statistics_of"] == "succeeded" and key != "swept" else ""
            yield _statistics(f"{title}{whose}", found[key], width)
            yield ""
    yield from failures(found)
    yield terminal.summary("Where it comes from", _origin(found["attributes"]))
    file = shlex.quote(found["file"])
    yield from terminal.commands("More", [f"cubie plot {file}", f"cubie show {file} --model"])


def _overview(found: Mapping[str, Any], *, checked: bool) -> Iterator[tuple[str, str]]:
    sizes, span, units = found["dimensions"], found["time"], found["time_units"]
    axes = " x ".join(f"{length:,} {axis}" for axis, length in found["axes"].items())
    yield "runs", f"{sizes['run']:,}" + f" = {axes}" * (len(found["axes"]) > 1)
    if span:
        several = f"{sizes['time']:,}, {span['first']:g} to {span['last']:g}"
        yield "times", f"{several if sizes['time'] > 1 else format(span['last'], 'g')} {units}".rstrip()
    others = {name: length for name, length in sizes.items() if name not in {"run", "time"}}
    if others:
        yield "also over", ", ".join(f"{name} ({length:,})" for name, length in others.items())
    yield "outcome", ", ".join(f"{count:,} {name}" for name, count in found["status"].items())
    yield "steps", steps(found, sizes["run"])
    if found["shards"]:
        yield "shards", f"{found['shards']:,}{', all as they were' * checked}"
    yield "file", f"{found['file']} ({size(found['bytes'])})"


def _statistics(title: str, rows: Sequence[Mapping[str, Any]], width: int) -> "RenderableType":
    """Return a table of statistics, without columns that have nothing to tell or no room."""
    numbers = [column for column in _NUMBERS if width >= _WIDE or column != "std"]
    told = [column for column in ("missing", "units") if any(row[column] for row in rows)]
    columns = ("name", *numbers, *told)
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    return terminal.table(title, columns, cells, numeric=(*numbers, "missing"))


def steps(found: Mapping[str, Any], runs: int) -> str:
    """Return what `result_summary.endings` says of steps, in words."""
    each = found["steps_of_a_run"]
    ends = f" ({each['minimum']:,} to {each['maximum']:,})" if each["minimum"] < each["maximum"] else ""
    one = f", a run {each['mean']:,.0f}{ends}" if runs > 1 else ""
    return f"{found['steps']:,} accepted{one}, {found['rejected']:,} rejected"


def failures(found: Mapping[str, Any]) -> Iterator["RenderableType"]:
    """Yield the first runs that failed of each kind, and the command that looks at one; nothing where none did."""
    if not found["failures"]:
        return
    rows = []
    for kind in found["failures"]:
        for position, run in enumerate(kind["first"]):
            values = ", ".join(f"{name} = {value:.7g}" for name, value in run["values"].items())
            told = f"{kind['runs']:,} {kind['status']}" if position == 0 else ""
            rows.append([told, str(run["run"]), f"{run['steps']:,}", values])
    title = f"{counted(found['failed'], 'run')} failed; the first of each kind"
    yield terminal.table(title, ("status", "run", "steps", "values"), rows, numeric=("run", "steps"))
    yield ""
    look = found["look_at"]
    if look:
        but = f", but {look['trouble']}" if look["trouble"] else ""
        yield from terminal.commands(f"To see what the solvers do in the first of them{but}", [look["command"]])
        yield ""


def _origin(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, title in _ORIGIN.items():
        if name in attributes:
            target = f" ({attributes['target']})" if name == "device" and "target" in attributes else ""
            yield title, f"{_cell(attributes[name])}{target}"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
