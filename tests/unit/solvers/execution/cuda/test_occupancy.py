"""Occupancy against numbers worked out by hand.

Each row of `BY_HAND` follows NVIDIA's occupancy calculator: registers of a warp are 32 times those of a
thread, rounded up to 256, and each of the four partitions has 16,384; a block's shared memory has 1 KiB added
from 8.0 on and is rounded up to 128 bytes (256 before). `cuda_occupancy.h` of toolkit 13.5 gives the same.
"""

import pytest

from solvers.execution.cuda.occupancy import (
    FACTS,
    KernelResources,
    architecture_facts,
    largest_block,
    occupancy,
)

KIB = 1024

BY_HAND = [
    # arch, threads, registers, static, dynamic -> blocks, limiter
    ((9, 0), 128, 32, 0, 0, 16, "threads"),  # 64 warps / 4 a block
    ((9, 0), 32, 32, 0, 0, 32, "blocks"),  # 64 warps would fit
    ((9, 0), 128, 63, 0, 0, 8, "registers"),  # 63*32 -> 2048; 16384/2048 = 8 warps a partition, 32 in all
    ((9, 0), 128, 72, 0, 0, 7, "registers"),  # 2304; 7 warps a partition, 28 in all
    ((9, 0), 128, 255, 0, 0, 2, "registers"),  # 8160 -> 8192; 2 a partition
    ((9, 0), 96, 255, 0, 0, 2, "registers"),  # 8 warps in all / 3
    ((9, 0), 320, 255, 0, 0, 0, "registers"),  # 8 warps in all / 10
    ((9, 0), 128, 40, 0, 10_000, 12, "registers"),  # shared: 233472 / (11024 -> 11136) = 20
    ((9, 0), 128, 40, 0, 20_000, 11, "shared memory"),  # 233472 / (21024 -> 21120) = 11.05
    ((9, 0), 128, 40, 512, 20_000, 10, "shared memory"),  # 233472 / (21536 -> 21632) = 10.8
    ((9, 0), 128, 32, 0, 227 * KIB, 1, "shared memory"),
    ((9, 0), 128, 32, 0, 227 * KIB + 1, 0, "shared memory"),
    ((8, 0), 256, 64, 0, 40 * KIB, 4, "registers"),  # shared: 164 / 41 = 4 too
    ((8, 6), 64, 32, 0, 0, 16, "blocks"),  # 48/2 = 24 by threads
    ((8, 9), 256, 48, 0, 24 * KIB, 4, "shared memory"),  # 100 KiB / 25
    ((7, 5), 128, 64, 0, 0, 8, "threads"),  # registers: 8 a partition, 32 warps / 4 = 8 too
    ((7, 0), 128, 32, 0, 96 * KIB, 1, "shared memory"),  # no reserve before 8.0
    ((7, 0), 128, 32, 0, 6 * KIB + 1, 15, "shared memory"),  # 6145 -> 6400
    ((12, 0), 33, 8, 0, 0, 24, "threads"),  # 2 warps a block; 24 blocks is the limit on blocks too
    ((10, 0), 1024, 64, 0, 0, 1, "registers"),  # 2048*32 = 65536: just fits
]


@pytest.mark.parametrize(("arch", "threads", "registers", "static", "dynamic", "blocks", "limiter"), BY_HAND)
def test_blocks_and_limiter(arch, threads, registers, static, dynamic, blocks, limiter):
    resources = KernelResources(registers, static_shared_bytes=static)
    found = occupancy(resources, threads, dynamic, arch)
    assert (found.blocks, found.limiter) == (blocks, limiter)
    assert found.warps == blocks * -(-threads // 32)
    assert found.fraction == found.warps / FACTS[arch].warps


@pytest.mark.parametrize("threads", [0, 1025])
def test_a_block_has_1_to_1024_threads(threads):
    with pytest.raises(ValueError, match="1 to 1024"):
        occupancy(KernelResources(32), threads)


def test_shared_bytes_per_block_are_those_of_the_guide():
    guide = {
        (7, 0): 96,
        (7, 5): 64,
        (8, 0): 163,
        (8, 6): 99,
        (8, 9): 99,
        (9, 0): 227,
        (10, 0): 227,
        (12, 0): 99,
    }
    assert {arch: FACTS[arch].shared_bytes_per_block // KIB for arch in guide} == guide


def test_an_unknown_architecture_takes_its_predecessor():
    assert architecture_facts((9, 1)) is FACTS[9, 0]
    assert architecture_facts((13, 0)) is FACTS[max(FACTS)]
    with pytest.raises(ValueError, match=r"6\.1"):
        architecture_facts((6, 1))


def test_largest_block_is_128_unless_another_holds_more_warps():
    assert largest_block(KernelResources(40)) == 128
    # 100 registers: 4 warps a partition; 128, 64 and 32 threads hold 16 warps, 256 too: 128 is preferred
    assert largest_block(KernelResources(100)) == 128
    # 48 registers: 1536 a warp, 10 a partition, 40 warps: 128 threads hold 10 blocks
    assert largest_block(KernelResources(48), arch=(8, 6)) == 128
    # 16 blocks of 4 warps would be 64; the limit of 48 warps is met by 12
    assert largest_block(KernelResources(32), arch=(8, 6)) == 128


def test_warps_go_through_long_code_together():
    assert largest_block(KernelResources(255, instructions=4000)) == 256
    assert largest_block(KernelResources(255, instructions=2000)) == 128
    # 160 registers: three blocks of 128, but one of 256.
    assert largest_block(KernelResources(160, instructions=4000)) == 128


def test_largest_block_fits_shared_memory():
    resources = KernelResources(64)
    # 2 KiB a thread: 128 threads want 256 KiB, 96 hold 3 warps, 32 hold 3 blocks of 65 KiB: 3 warps
    assert largest_block(resources, 2 * KIB) == 96
    assert largest_block(resources, 2 * KIB, shared_bytes_per_block=40 * KIB) == 64
    assert largest_block(resources, 8 * KIB) is None
