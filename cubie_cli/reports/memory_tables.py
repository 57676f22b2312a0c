"""Makes the tables of the memory report: all of it, and the few lines that end a run."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from buffers import LOCATIONS
from cubie_cli.documents.messages import size
from cubie_cli.reports.memory import BUFFER_KEYS, MemoryReport, branches
from cubie_cli.reports.terminal import summary, table


def full(report: MemoryReport) -> RenderableType:
    """Return the report as tables."""
    return Group(
        _buffer_table(report),
        Text(""),
        _tree_table(report),
        Text(""),
        summary("Totals", _totals(report)),
        summary("Kernel", [("equations", report.form), *_kernel(report)]),
        summary("Device", [*((array.name, size(array.bytes)) for array in report.arrays), *_chunks(report)]),
        summary("Output", [("on disk", size(report.output_bytes))]),
    )


def short(report: MemoryReport) -> RenderableType:
    """Return the few lines that end a run."""
    device = ("device arrays", size(sum(array.bytes for array in report.arrays)))
    return summary("Memory", [*_totals(report), *_kernel(report), device, *_chunks(report)])


def _buffer_table(report: MemoryReport) -> RenderableType:
    rows = [["" if row[key] is None else str(row[key]) for key in BUFFER_KEYS] for row in report.as_json()["buffers"]]
    if not rows:
        return Text("This solver has no buffers.")
    title = f"Buffers of one {_holder(report)}"
    return table(title, BUFFER_KEYS, rows, numeric=("elements", "bytes", "offset"), keys=2)


def _holder(report: MemoryReport) -> str:
    """Return what has all of the buffers."""
    threads = report.threads_per_run
    return "run" if threads == 1 else f"thread, of {threads} that share a run"


def _tree_table(report: MemoryReport) -> RenderableType:
    """Return for each component its own bytes, and those reserved for the components below it."""
    columns = [heading for location in LOCATIONS for heading in (location, f"{location} below")]
    rows = [
        ["  " * branch.depth + branch.owner]
        + [str(count) for where in LOCATIONS for count in (branch.own[where], branch.reserved[where])]
        for branch in branches(report.registry)
    ]
    return table("Bytes of each component and of those below it", ("component", *columns), rows, numeric=columns)


def _totals(report: MemoryReport) -> list[tuple[str, str]]:
    totals, holder = report.registry.totals(), "run" if report.threads_per_run == 1 else "thread"
    found = [(f"{where}, a {holder}", size(getattr(totals, where))) for where in ("local", "persistent", "shared")]
    return [*found, ("shared, all threads of a run", size(totals.common))] if totals.common else found


def _kernel(report: MemoryReport) -> list[tuple[str, str]]:
    if report.kernel is None:
        return [("kernel", report.kernel_hint or "no figures")]
    return [(name.replace("_", " "), _figure(name, value)) for name, value in report.kernel.items()]


def _figure(name: str, value: Any) -> str:
    if name == "occupancy":
        return f"{value:.0%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _chunks(report: MemoryReport) -> list[tuple[str, str]]:
    if report.runs_per_chunk is None or report.chunks is None:
        return [("runs per chunk", "as many as fit the device")]
    return [("runs per chunk", f"at most {report.runs_per_chunk:,}")]
