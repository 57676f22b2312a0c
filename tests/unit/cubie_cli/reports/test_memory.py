from io import StringIO

import pytest
from rich.console import Console

from buffers import BufferRegistry, Locations
from cubie_cli.documents.messages import size
from cubie_cli.reports.memory import Array, MemoryReport, full, short, table

KERNEL = {"arch": "sm_90", "registers": 48, "shared_bytes_per_block": 3072, "occupancy": 0.5, "limiter": "registers"}


def memory(kernel=None, runs_per_chunk=100, chunks=3):
    registry = BufferRegistry(Locations(assignments=(("step.stages", "shared"),)))
    registry.register("step", "slope", 3, "float64")
    registry.register("step", "stages", 3, "float64")
    return MemoryReport(
        registry=registry,
        kernel=kernel,
        kernel_hint=None if kernel else "no toolkit",
        arrays=(Array("results", 2048), Array("swept values", 1024)),
        runs_per_chunk=runs_per_chunk,
        chunks=chunks,
        output_bytes=5_000_000,
    )


def printed(renderable):
    text = StringIO()
    Console(file=text, width=120).print(renderable)
    return text.getvalue()


def test_json_has_the_parts_of_the_contract():
    found = memory(KERNEL).as_json()
    slope, stages = found["buffers"]
    assert slope == {
        "owner": "step",
        "name": "slope",
        "location": "local",
        "dtype": "float64",
        "elements": 3,
        "bytes": 24,
        "offset": None,
    }
    assert (stages["location"], stages["offset"]) == ("shared", 0)
    assert found["totals"] == {"shared": 24, "local": 24, "persistent": 0, "shared_per_block": 3072}
    assert found["kernel"] == KERNEL
    assert found["device"]["bytes"] == 3072
    assert (found["device"]["runs_per_chunk"], found["device"]["chunks"]) == (100, 3)
    assert found["output"] == {"bytes": 5_000_000}
    assert "hint" not in found


def test_without_a_kernel_there_is_a_hint():
    found = memory().as_json()
    assert found["kernel"] is None
    assert found["hint"] == "no toolkit"
    assert found["totals"]["shared_per_block"] is None


def test_tables_show_the_figures():
    text = printed(full(memory(KERNEL)))
    for figure in ("stages", "shared", "24 B", "48", "50%", "registers", "2 KiB", "4.77 MiB"):
        assert figure in text
    assert "no toolkit" in printed(short(memory()))


def test_unknown_chunks_are_not_invented():
    assert "as many as fit the device" in printed(short(memory(runs_per_chunk=None, chunks=None)))


def test_cells_are_no_markup():
    assert "[bold]x[/bold]" in printed(table("T", ["a"], [["[bold]x[/bold]"]]))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1023 * 1024, "1023 KiB"), (1 << 30, "1 GiB")],
)
def test_sizes_are_readable(count, text):
    assert size(count) == text
