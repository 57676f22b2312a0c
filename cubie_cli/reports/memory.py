"""The memory report: where every byte lies, as plain values for JSON and as tables to read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from buffers import LOCATIONS, BufferRegistry
from cubie_cli.documents.messages import size
from cubie_cli.reports.memory_tree import branches

_BUFFER_KEYS = ("owner", "name", "location", "dtype", "elements", "bytes", "offset")
_WIDTH_OF_FILES = 140


@dataclass(frozen=True)
class Array:
    """An array of the device, as long as a chunk of runs needs it.

    Parameters
    ----------
    name
        What it holds.
    bytes
        Its length.
    """

    name: str
    bytes: int


@dataclass(frozen=True)
class MemoryReport:
    """All of the report.

    Parameters
    ----------
    registry
        The kernel's buffers.
    kernel
        What the compiler made of the kernel, by name; None where it cannot be told.
    kernel_hint
        Why there is no `kernel`, and what to do; None where there is one.
    arrays
        The device's arrays.
    runs_per_chunk, chunks
        How the batch is cut; None where only the device can tell.
    output_bytes
        Bytes of the result on disk.
    """

    registry: BufferRegistry
    kernel: Mapping[str, Any] | None
    kernel_hint: str | None
    arrays: tuple[Array, ...]
    runs_per_chunk: int | None
    chunks: int | None
    output_bytes: int

    @property
    def shared_per_block(self) -> int | None:
        """Bytes of shared memory that the runs of one block take together, where there are blocks."""
        return None if self.kernel is None else int(self.kernel["shared_bytes_per_block"])

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        totals = self.registry.totals()
        report: dict[str, Any] = {
            "tree": [branch.as_json() for branch in branches(self.registry)],
            "buffers": [
                {key: getattr(row, key) for key in _BUFFER_KEYS} for row in self.registry.rows() if row.kind == "own"
            ],
            "totals": {
                "shared": totals.shared,
                "local": totals.local,
                "persistent": totals.persistent,
                "shared_per_block": self.shared_per_block,
            },
            "kernel": None if self.kernel is None else dict(self.kernel),
            "device": {
                "arrays": [{"name": array.name, "bytes": array.bytes} for array in self.arrays],
                "bytes": sum(array.bytes for array in self.arrays),
                "runs_per_chunk": self.runs_per_chunk,
                "chunks": self.chunks,
            },
            "output": {"bytes": self.output_bytes},
        }
        if self.kernel_hint is not None:
            report["hint"] = self.kernel_hint
        return report


def full(report: MemoryReport) -> RenderableType:
    """Return the report as tables."""
    return Group(
        _buffer_table(report),
        Text(""),
        _tree_table(report),
        Text(""),
        _pairs("Totals", _totals(report)),
        _pairs("Kernel", _kernel(report)),
        _pairs("Device", [*((array.name, size(array.bytes)) for array in report.arrays), *_chunks(report)]),
        _pairs("Output", [("on disk", size(report.output_bytes))]),
    )


def short(report: MemoryReport) -> RenderableType:
    """Return the few lines that end a run."""
    device = ("device arrays", size(sum(array.bytes for array in report.arrays)))
    return _pairs("Memory", [*_totals(report), *_kernel(report), device, *_chunks(report)])


def summary(title: str, pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Return what a command has to say as two columns under a title."""
    return _pairs(title, pairs)


def console() -> Console:
    """Return standard output: as wide as the terminal, and wide enough for every column in a file."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[str] = ()) -> Table:
    """Return a table whose cells are text, not markup.

    Parameters
    ----------
    title
        Its heading.
    columns
        Headings, in order.
    rows
        A cell for each column.
    numeric
        The columns set to the right.
    """
    result = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        result.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text(cell) for cell in row))
    return result


def _buffer_table(report: MemoryReport) -> RenderableType:
    rows = [["" if row[key] is None else str(row[key]) for key in _BUFFER_KEYS] for row in report.as_json()["buffers"]]
    if not rows:
        return Text("This solver has no buffers.")
    return table("Buffers of one run", _BUFFER_KEYS, rows, numeric=("elements", "bytes", "offset"))


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
    totals = report.registry.totals()
    return [
        ("local, a run", size(totals.local)),
        ("persistent, a run", size(totals.persistent)),
        ("shared, a run", size(totals.shared)),
    ]


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
    return [("runs per chunk", f"{report.runs_per_chunk:,}"), ("chunks", f"{report.chunks:,}")]


def _pairs(title: str, pairs: Iterable[tuple[str, str]]) -> RenderableType:
    result = Table(box=None, show_header=False, pad_edge=False)
    result.add_column(style="dim")
    result.add_column(overflow="fold")
    for name, value in pairs:
        result.add_row(Text(name), Text(value))
    return Group(Text(title, style="bold"), result, Text(""))
