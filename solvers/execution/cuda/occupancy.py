"""How many blocks of a kernel one multiprocessor holds at once, and what stops it from holding more.

The facts are the table "Technical specifications per compute capability" of the CUDA Programming Guide
(NVIDIA, version 13, section "Compute Capabilities"). The rules of allocation, which the guide leaves out, are
those of NVIDIA's occupancy calculator, as the toolkit's header `cuda_occupancy.h` states them: registers go
to whole warps, 256 at a time, in each of four partitions; shared memory goes to blocks, with 1 KiB of the
system's own from compute capability 8.0 on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Architecture = tuple[int, int]
Limiter = Literal["threads", "blocks", "registers", "shared memory", "resident blocks"]

WARP = 32
REGISTERS = 65_536
PARTITIONS = 4
REGISTER_UNIT = 256
LARGEST_BLOCK = 1024


@dataclass(frozen=True)
class KernelResources:
    """What the assembler says one kernel needs.

    Parameters
    ----------
    registers
        Registers a thread, 32 bits each.
    stack_bytes
        Local memory a thread for arrays that found no registers.
    spill_store_bytes, spill_load_bytes
        Bytes a thread stores and loads, counted in the code, because registers ran out.
    static_shared_bytes
        Shared memory a block that the code itself declares.
    instructions
        Machine instructions, without padding.
    constant_bytes
        Constant memory, arguments included.
    """

    registers: int
    stack_bytes: int = 0
    spill_store_bytes: int = 0
    spill_load_bytes: int = 0
    static_shared_bytes: int = 0
    instructions: int = 0
    constant_bytes: int = 0


@dataclass(frozen=True)
class ArchitectureFacts:
    """Limits of one multiprocessor of an architecture.

    Parameters
    ----------
    warps, blocks
        Most resident warps and blocks.
    shared_bytes
        Shared memory of a multiprocessor.
    reserved_bytes
        Shared memory that every block loses to the system.
    shared_unit
        Shared memory is handed out in multiples of this many bytes.
    cache_bytes
        A multiprocessor's share of the level-2 cache, to about a factor of two: it differs between chips of one
        architecture.
    """

    warps: int
    blocks: int
    shared_bytes: int
    reserved_bytes: int = 1024
    shared_unit: int = 128
    cache_bytes: int = 384 * 1024

    @property
    def shared_bytes_per_block(self) -> int:
        """The most shared memory a block may ask for, static and dynamic together."""
        return self.shared_bytes - self.reserved_bytes


_KIB = 1024
_VOLTA = ArchitectureFacts(64, 32, 96 * _KIB, reserved_bytes=0, shared_unit=256)
_TURING = ArchitectureFacts(32, 16, 64 * _KIB, reserved_bytes=0, shared_unit=256)

FACTS: Mapping[Architecture, ArchitectureFacts] = MappingProxyType(
    {
        (7, 0): _VOLTA,
        (7, 2): _VOLTA,
        (7, 5): _TURING,
        (8, 0): ArchitectureFacts(64, 32, 164 * _KIB),
        (8, 6): ArchitectureFacts(48, 16, 100 * _KIB),
        (8, 7): ArchitectureFacts(48, 16, 164 * _KIB),
        (8, 8): ArchitectureFacts(48, 16, 100 * _KIB),
        (8, 9): ArchitectureFacts(48, 24, 100 * _KIB),
        (9, 0): ArchitectureFacts(64, 32, 228 * _KIB),
        (10, 0): ArchitectureFacts(64, 32, 228 * _KIB),
        (10, 3): ArchitectureFacts(64, 32, 228 * _KIB),
        (10, 7): ArchitectureFacts(32, 16, 228 * _KIB),
        (11, 0): ArchitectureFacts(48, 24, 228 * _KIB),
        (12, 0): ArchitectureFacts(48, 24, 100 * _KIB),
        (12, 1): ArchitectureFacts(48, 24, 100 * _KIB),
    }
)


def architecture_facts(arch: Architecture) -> ArchitectureFacts:
    """Return the facts of an architecture; of its nearest predecessor where the table does not know it.

    Raises
    ------
    ValueError
        For an architecture older than 7.0.
    """
    known = [each for each in FACTS if each <= arch]
    if not known:
        major, minor = arch
        raise ValueError(f"compute capability {major}.{minor} is older than 7.0, the oldest supported")
    return FACTS[max(known)]


@dataclass(frozen=True)
class Occupancy:
    """Resident blocks and warps of one multiprocessor.

    Parameters
    ----------
    blocks, warps
        How many are resident at once; 0 where a block does not fit at all.
    fraction
        Of the warps the multiprocessor could hold.
    limiter
        What allows no more.
    """

    blocks: int
    warps: int
    fraction: float
    limiter: Limiter


def occupancy(
    resources: KernelResources,
    threads: int,
    dynamic_shared_bytes: int = 0,
    arch: Architecture = (9, 0),
    resident: int | None = None,
) -> Occupancy:
    """Compute how many blocks of a kernel one multiprocessor holds.

    Parameters
    ----------
    resources
        Of the kernel.
    threads
        Threads a block, 1 to 1024.
    dynamic_shared_bytes
        Shared memory a block, asked for at the launch.
    arch
        Compute capability, (major, minor).
    resident
        Most blocks a multiprocessor that the grid has; None: any number.

    Returns
    -------
    Occupancy
        Where two limits are equal the one that the kernel cannot change is named.

    Raises
    ------
    ValueError
        For a block of no threads or more than 1024, or an architecture older than 7.0.
    """
    if not 0 < threads <= LARGEST_BLOCK:
        raise ValueError(f"a block has 1 to {LARGEST_BLOCK} threads, not {threads}")
    facts = architecture_facts(arch)
    warps = -(-threads // WARP)
    limits: dict[Limiter, int] = {
        "threads": facts.warps // warps,
        "blocks": facts.blocks,
        "registers": _blocks_by_registers(resources.registers, warps),
        "shared memory": _blocks_by_shared(resources.static_shared_bytes + dynamic_shared_bytes, facts),
    }
    if resident is not None:
        limits["resident blocks"] = resident
    limiter = min(limits, key=limits.__getitem__)
    blocks = limits[limiter]
    return Occupancy(blocks, blocks * warps, blocks * warps / facts.warps, limiter)


def _blocks_by_registers(registers: int, warps: int) -> int:
    a_warp = max(_round_up(registers * WARP, REGISTER_UNIT), REGISTER_UNIT)
    return REGISTERS // PARTITIONS // a_warp * PARTITIONS // warps


def _blocks_by_shared(shared_bytes: int, facts: ArchitectureFacts) -> int:
    if shared_bytes > facts.shared_bytes_per_block:
        return 0
    a_block = _round_up(shared_bytes + facts.reserved_bytes, facts.shared_unit)
    return facts.shared_bytes // a_block if a_block else facts.blocks


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit


#: Machine instructions from which warps gain from being in one block, and so about the same place of the code.
LONG_CODE = 3000

#: Threads a block to choose from, the preferred first: small enough to leave few threads idle at the end of a
#: batch, large enough that the limit on blocks does not bind.
BLOCK_SIZES = (128, 256, 64, 192, 96, 224, 160, 32)


def largest_block(
    resources: KernelResources,
    shared_bytes_per_thread: int = 0,
    arch: Architecture = (9, 0),
    *,
    shared_bytes_per_block: int = 0,
) -> int | None:
    """Choose the threads a block that keep most warps resident.

    Parameters
    ----------
    resources
        Of the kernel.
    shared_bytes_per_thread, shared_bytes_per_block
        Dynamic shared memory: what every thread needs, and what a block needs once.
    arch
        Compute capability, (major, minor).

    Returns
    -------
    int or None
        128, or 256 for long code, unless another size from 32 to 256 holds more warps; None where not even one warp
        fits.
    """

    def warps(threads: int) -> int:
        shared_bytes = shared_bytes_per_block + threads * shared_bytes_per_thread
        return occupancy(resources, threads, shared_bytes, arch).warps

    preferred = (256,) if resources.instructions > LONG_CODE else ()
    best = max((*preferred, *BLOCK_SIZES), key=warps)
    return best if warps(best) else None
