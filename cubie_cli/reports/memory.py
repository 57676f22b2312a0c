"""Takes the numbers of the memory report: buffers, the tree of components, kernel, device arrays, disk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from buffers import LOCATIONS, BufferRegistry
from solvers.execution.cuda.launch import order_bytes_per_run
from solvers.planning.exchange import Exchange

if TYPE_CHECKING:
    from solvers.execution.kernel import Kernel
    from solvers.planning.plan import Plan

NOT_ASKED = "cubie memory-report --arch sm_90 tells what a CUDA kernel needs"
BUFFER_KEYS = ("owner", "name", "location", "dtype", "elements", "bytes", "offset")
_RESERVED = "_shared"


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
    form
        How the equations are compiled.
    threads_per_run
        Threads that share a run; the buffers are those of one.
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
    form: str
    threads_per_run: int
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
                {key: getattr(row, key) for key in BUFFER_KEYS} for row in self.registry.rows() if row.kind == "own"
            ],
            "totals": {
                "shared": totals.shared,
                "local": totals.local,
                "persistent": totals.persistent,
                "shared_per_block": self.shared_per_block,
            },
            "equations": self.form,
            "threads_per_run": self.threads_per_run,
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


def memory_of(
    work: "Plan | Kernel",
    exchange: Exchange,
    runs: int,
    output_bytes: int,
    runs_per_chunk: int | None = None,
    kernel: Mapping[str, Any] | None = None,
) -> MemoryReport:
    """Return the memory that a batch takes.

    Parameters
    ----------
    work
        What solves it.
    exchange
        The arrays that pass between the host and the kernel.
    runs
        How many are solved.
    output_bytes
        Bytes of the result on disk.
    runs_per_chunk
        How many runs the device takes at once; None: not known before it is asked.
    kernel
        What the compiler made of the kernel, where that is known.
    """
    in_memory = runs_per_chunk or runs
    arrays = [
        Array("swept values", exchange.input_bytes_per_run * in_memory),
        Array("results, status and counts", exchange.result_bytes_per_run * in_memory),
    ]
    if exchange.tables:
        arrays.append(Array("tables of drivers", sum(table.nbytes for table in exchange.tables.values())))
    if work.ordered:
        arrays.append(Array("all of it in order", order_bytes_per_run(exchange) * in_memory))
    return MemoryReport(
        registry=work.registry,
        form=work.form,
        threads_per_run=work.threads_per_run,
        kernel=kernel,
        kernel_hint=None if kernel else NOT_ASKED,
        arrays=tuple(arrays),
        runs_per_chunk=runs_per_chunk,
        chunks=None if runs_per_chunk is None else -(-runs // runs_per_chunk),
        output_bytes=output_bytes,
    )


# -- the tree of components ---------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """A component of the solver, and the memory it needs.

    Parameters
    ----------
    owner
        Its name.
    parent, role
        The component that hosts it, and as what; None for the first.
    depth
        How many components are above it.
    own, reserved
        Bytes of its own buffers, and those reserved for the components below it, by location.
    """

    owner: str
    parent: str | None
    role: str | None
    depth: int
    own: Mapping[str, int]
    reserved: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the branch as plain values."""
        return {
            "owner": self.owner,
            "parent": self.parent,
            "role": self.role,
            "own": dict(self.own),
            "reserved": dict(self.reserved),
        }


def branches(registry: BufferRegistry) -> list[Branch]:
    """Return the components, parents before children, in the order in which they registered."""
    roles: dict[str, list[str]] = {}
    for row in registry.rows():
        if row.kind == "aggregation" and row.name.endswith(_RESERVED):
            roles.setdefault(row.owner, []).append(row.name.removesuffix(_RESERVED))
    owners = iter(registry.owners)
    return list(_grow(registry, roles, owners, None, None, 0)) if registry.owners else []


def _grow(
    registry: BufferRegistry,
    roles: Mapping[str, list[str]],
    owners: Iterator[str],
    parent: str | None,
    role: str | None,
    depth: int,
) -> Iterator[Branch]:
    """Yield the next component and those below it: each registers before the components that it hosts."""
    owner = next(owners)
    sizes = {location: registry.byte_sizes(owner, location) for location in LOCATIONS}
    own: dict[str, int] = {location: size.own for location, size in sizes.items()}
    reserved: dict[str, int] = {location: size.hosted for location, size in sizes.items()}
    yield Branch(owner, parent, role, depth, own, reserved)
    for hosted in roles.get(owner, []):
        yield from _grow(registry, roles, owners, owner, hosted, depth + 1)
