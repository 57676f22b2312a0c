"""How a kernel is launched: measured rules, each of which a setting overrides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from solvers.errors import PlanError
from solvers.execution.cuda.occupancy import (
    WARP,
    Architecture,
    KernelResources,
    architecture_facts,
    largest_block,
    occupancy,
)
from solvers.planning.exchange import Exchange
from solvers.settings import KernelSettings

#: Memory of its own that a thread can have, on all architectures.
LOCAL_BYTES_PER_THREAD = 512 * 1024
#: In steps of a lane: about what it costs a warp to store and to replace runs.
PATIENCE = 48
#: States up to which a queue pays. With more, the code that replaces runs is as long as the steps it saves.
QUEUE_STATES = 16
#: Swept quantities up to which runs that are neighbours in an order are alike in all of them.
FEW_DIMENSIONS = 3
#: Runs of a multiprocessor from which on an order pays: with fewer its warps do not wait for each other.
FEWEST_ORDERED = 256
#: Runs that each thread should take from a queue, for when it is empty the threads of a warp wait for the slowest.
RUNS_A_THREAD = 16
#: Threads of a multiprocessor that hide most of the latency of a step.
FEWEST_THREADS = 512
#: States up to which the assembler leaves registers to other runs better than it uses more of them.
SPARING_STATES = 2
#: That a thread can have.
MOST_REGISTERS = 255
#: Blocks that a multiprocessor holds at least, however much their runs save.
FEWEST_BLOCKS = 2
#: Warps that are better off with their stacks in the multiprocessor's own memory than together with others.
FEWEST_CACHED = 2
#: What their stacks may take of that memory. The rest is for what else a run reads: four warps with 0.97 of it took
#: 1.16 times as long as three of them, two with 0.92 do not mind.
CACHED_SHARE = 15 / 16


@dataclass(frozen=True)
class Grid:
    """The shape of a kernel's launches.

    Parameters
    ----------
    threads
        Threads a block: as many runs at a time, or fewer where threads share them.
    resident
        Most blocks that a multiprocessor works on at a time, where the grid is that of the device and goes through the
        runs; None: as many blocks as there are runs to fill them.
    fewest
        Blocks down to which there are fewer where threads would have less than `RUNS_A_THREAD`; None: `resident`.
    """

    threads: int
    resident: int | None
    fewest: int | None = None

    def shape(self, runs: int, multiprocessors: int) -> tuple[int, int]:
        """Return blocks, and threads a block, for some runs of a thread each.

        A batch that leaves multiprocessors without a block is cut into smaller blocks.
        """
        share = -(-runs // multiprocessors)
        threads = min(self.threads, max(WARP, -(-share // WARP) * WARP))
        blocks = -(-runs // threads)
        return (blocks if self.resident is None else min(blocks, self._held(runs, multiprocessors))), threads

    def _held(self, runs: int, multiprocessors: int) -> int:
        """Return the most blocks of the grid."""
        assert self.resident is not None  # noqa: S101 - see `shape`
        fewest = self.resident if self.fewest is None else self.fewest
        wanted = runs // (RUNS_A_THREAD * self.threads * multiprocessors)
        return min(self.resident, max(fewest, wanted)) * multiprocessors


def registers_rule(
    settings: KernelSettings, *, single: bool, adaptive: bool, explicit: bool, states: int
) -> int | None:
    """Return the most registers a thread; None: as the assembler sees fit.

    Left alone the assembler saves registers at the price of instructions and waits. Told that it may have all, it takes
    a few more, which was 0 to 6 % faster in all kernels measured but adaptive ones in float32 that are explicit or have
    few states: those were up to 11 % slower.

    Parameters
    ----------
    single
        Whether states are float32.
    adaptive
        Whether steps vary.
    explicit
        Whether steps solve no equations.
    states
        Of the system.
    """
    if settings.max_registers is not None:
        return settings.max_registers
    return None if single and adaptive and (explicit or states <= SPARING_STATES) else MOST_REGISTERS


def order_bytes_per_run(exchange: Exchange) -> int:
    """Return the bytes that an order takes on the device: a run's turn, and its arrays once more."""
    return 4 + exchange.bytes_per_run


def patience_rule(
    settings: KernelSettings, *, disorder: int, adaptive: bool, saves: bool, states: int, threads_per_run: int = 1
) -> int:
    """Return how many steps the lanes of a warp may miss until they take the next runs; 0: each thread has its own.

    Runs of about as many steps end together, and a queue would cost them 3 to 10 %; runs that save on their way store
    to neighbouring places, which it would scatter.

    Parameters
    ----------
    disorder
        See `solvers.planning.problem.Problem`.
    adaptive
        Whether steps vary.
    saves
        Whether runs save at other times than their end.
    states
        Of the system.
    threads_per_run
        That share a run; where there are several, there is no queue.
    """
    if settings.patience is not None or threads_per_run > 1:
        return settings.patience or 0
    return PATIENCE if adaptive and not saves and disorder > FEW_DIMENSIONS and states <= QUEUE_STATES else 0


def grid_rule(
    settings: KernelSettings,
    resources: KernelResources,
    stride: int,
    arch: Architecture,
    *,
    queue: bool,
    scattered_bytes: int = 0,
    iterates: bool = False,
    shared: bool = False,
) -> Grid | None:
    """Return the shape of a kernel's launches; None where not even one warp fits.

    Newton's method reads what has no place in registers again in each iteration. Where that is the matrix of many
    states, two or three warps whose stacks stay in the multiprocessor's own memory are up to 1.5 times as fast as
    eight that read theirs from the level-2 cache. Rosenbrock methods read it once a stage: nothing to gain there.

    Parameters
    ----------
    stride
        Bytes of dynamic shared memory a thread.
    queue
        Whether threads take runs from a queue.
    scattered_bytes
        What a run stores at times of its own, so that neighbouring runs fill a line of the cache one after the other.
    iterates
        Whether steps solve equations that are not linear.
    shared
        Whether threads share runs.
    """
    if iterates and not shared and not queue and settings.threads is None and settings.resident_blocks is None:
        room = int(architecture_facts(arch).shared_bytes * CACHED_SHARE)
        cached = room // (WARP * max(1, resources.stack_bytes + stride))
        if FEWEST_CACHED <= cached <= occupancy(resources, WARP, WARP * stride, arch).blocks // 2:
            return Grid(WARP, cached)
    threads = settings.threads or largest_block(resources, stride, arch)
    if threads is None:
        return None
    held = occupancy(resources, threads, threads * stride, arch).blocks
    if not held:
        return None
    if settings.resident_blocks is not None:
        return Grid(threads, min(held, settings.resident_blocks))
    if scattered_bytes:
        share = architecture_facts(arch).cache_bytes // (scattered_bytes * threads)
        return Grid(threads, min(held, max(FEWEST_BLOCKS, share)))
    return Grid(threads, held, -(-FEWEST_THREADS // threads)) if queue else Grid(threads, None)


def check_shared(stride: int, arch: Architecture) -> None:
    """Refuse shared buffers that a block of one warp has no room for.

    Raises
    ------
    PlanError
        With the figures.
    """
    if 32 * stride > architecture_facts(arch).shared_bytes_per_block:
        raise too_much_shared(stride, arch)


def check_local(nbytes: int) -> None:
    """Refuse buffers of a run that no thread has room for.

    Raises
    ------
    PlanError
        With the figures.
    """
    if nbytes > LOCAL_BYTES_PER_THREAD:
        message = f"the buffers of a run take {nbytes:,} bytes; a GPU has {LOCAL_BYTES_PER_THREAD:,} a thread"
        hint = 'use the processors, --target cpu, or a method that keeps less: an explicit one, or kind = "bicgstab"'
        raise PlanError(message, f"{hint} in [solve.linear]", "solve.algorithm")


def too_much_shared(stride: int, arch: Architecture) -> PlanError:
    """Return the error for shared buffers that the smallest block has no room for."""
    room = architecture_facts(arch).shared_bytes_per_block
    major, minor = arch
    message = (
        f"the buffers in shared memory take {stride} bytes a thread, {32 * stride} for the 32 of the smallest block; "
        f"sm_{major}{minor} has {room} bytes a block"
    )
    return PlanError(message, 'move buffers to "local" or "persistent"', "buffers")


@dataclass(frozen=True)
class Launch:
    """How a kernel is launched, and what it needs.

    Parameters
    ----------
    name
        The entry.
    resources
        What it needs.
    arch
        Compute capability.
    stride
        Bytes of dynamic shared memory a thread.
    settings
        What the user chose of it.
    queue
        Whether threads take runs from a queue.
    scatters
        Whether runs store at times of their own.
    ordered
        Whether the code can bring runs into the order of `RunOrder`.
    iterates
        Whether steps solve equations that are not linear.
    threads_per_run
        Threads that share a run.
    """

    name: str
    resources: KernelResources
    arch: Architecture
    stride: int
    settings: KernelSettings
    queue: bool
    scatters: bool
    ordered: bool
    iterates: bool
    threads_per_run: int = 1

    def grid(self, exchange: Exchange | None = None) -> Grid:
        """Return the shape of launches, for what is exchanged with the host.

        Raises
        ------
        PlanError
            If not even the smallest block has room for its shared buffers.
        """
        scattered = exchange.result_bytes_per_run // self.threads_per_run if exchange and self.scatters else 0
        rule = self.settings, self.resources, self.stride, self.arch
        found = grid_rule(
            *rule, queue=self.queue, scattered_bytes=scattered, iterates=self.iterates, shared=self.threads_per_run > 1
        )
        if found is None:
            raise too_much_shared(self.stride, self.arch)
        return found

    @property
    def threads(self) -> int:
        """Threads a block, unless a batch is small."""
        return self.grid().threads

    @property
    def shared_bytes(self) -> int:
        """Dynamic shared memory of such a block."""
        return self.threads * self.stride

    def facts(self) -> dict[str, Any]:
        """Return what the kernel needs and how many of its blocks a multiprocessor holds."""
        resources, (major, minor) = self.resources, self.arch
        resident = occupancy(resources, self.threads, self.shared_bytes, self.arch, self.grid().resident)
        return {
            "arch": f"sm_{major}{minor}",
            "registers": resources.registers,
            "local_bytes": resources.stack_bytes,
            "spill_bytes": resources.spill_store_bytes + resources.spill_load_bytes,
            "instructions": resources.instructions,
            "threads_per_run": self.threads_per_run,
            "threads_per_block": self.threads,
            "shared_bytes_per_block": self.shared_bytes,
            "occupancy": resident.fraction,
            "limiter": resident.limiter,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the launch that `dataclasses.asdict` gave the values of."""
        major, minor = values["arch"]
        resources, settings = KernelResources(**values["resources"]), KernelSettings(**values["settings"])
        return cls(**{**values, "resources": resources, "arch": (major, minor), "settings": settings})
