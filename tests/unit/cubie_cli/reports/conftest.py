"""A memory report, and what a terminal shows."""

from io import StringIO

import pytest
from rich.console import Console

from buffers import BufferRegistry, Locations
from cubie_cli.reports.memory import Array, MemoryReport


@pytest.fixture
def memory():
    """Return a function that makes the report of two buffers."""

    def made(kernel=None, runs_per_chunk=100, chunks=3):
        registry = BufferRegistry(Locations(assignments=(("step.stages", "shared"),)))
        registry.register("step", "slope", 3, "float64")
        registry.register("step", "stages", 3, "float64")
        return MemoryReport(
            registry=registry,
            form="written out",
            threads_per_run=1,
            kernel=kernel,
            kernel_hint=None if kernel else "no toolkit",
            arrays=(Array("results", 2048), Array("swept values", 1024)),
            runs_per_chunk=runs_per_chunk,
            chunks=chunks,
            output_bytes=5_000_000,
        )

    return made


@pytest.fixture
def printed():
    """Return a function that prints something 120 characters wide, and returns the text."""

    def text(renderable):
        shown = StringIO()
        Console(file=shown, width=120).print(renderable)
        return shown.getvalue()

    return text
