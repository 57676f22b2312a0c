"""Compresses a complete result: its values in blocks, as many at once as there are processors.

HDF5 itself compresses one block after the other. Here its filters, a shuffle of bytes and deflate, are applied before
it is handed the blocks; any reader undoes them as usual.

Source: The HDF Group, "HDF5 File Format Specification", version 3.0, IV.A.2.l (filter pipeline).
"""

import errno
import os
import shutil
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cubie_cli.results.shards import over_runs
from cubie_cli.results.skeleton import copy_all_else, fill_of

#: Of deflate: beyond it, time grows faster than files shrink.
_LEVEL = 4
#: Runs and values of a block at most: one run over time, or all runs at a time, are read without much else.
_BLOCK_RUNS, _BLOCK_VALUES = 4096, 1 << 17
#: The attribute that tells of it, of parts of a result too.
_TOLD = "compression"


def compression_told(*, compressed: bool) -> Mapping[str, str]:
    """Return what a result, or a part of one, tells of its compression."""
    return {_TOLD: "gzip"} if compressed else {}


def is_to_be_compressed(attributes: Mapping[str, Any]) -> bool:
    """Return whether a result whose part has these attributes is to be compressed."""
    return _TOLD in attributes


def compress(path: Path, temporary: Path) -> None:
    """Compress a result.

    Parameters
    ----------
    path
        The result, which stays as it is unless all goes well.
    temporary
        A name beside it, for the time being.

    Raises
    ------
    OSError
        The disk refused.
    """
    try:
        write_compressed(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_compressed(path: Path, new_path: Path) -> None:
    """Write a result anew, compressed.

    Parameters
    ----------
    path
        The result.
    new_path
        The file, which is not there yet.

    Raises
    ------
    OSError
        The disk refused, or has no room for as much again: it would fail inside HDF5, which may crash then.
    """
    if shutil.disk_usage(path.parent).free < path.stat().st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    new_path.open("xb").close()  # fails here, if at all
    workers = len(os.sched_getaffinity(0))
    with (
        h5py.File(path, "r", locking=False) as file,
        h5py.File(new_path, "w", libver=("v108", "v110"), track_order=True, locking=False) as new,
        ThreadPoolExecutor(workers, "compress") as pool,
    ):
        new.attrs.update(file.attrs)
        columns = over_runs(file)
        copy_all_else(file, new, columns, lambda name, shape, like: _create(new, name, shape, like))
        for name in columns:
            packed: deque[tuple[tuple[slice, ...], Future[bytes]]] = deque()
            for place in _blocks(file[name].shape, new[name].chunks):
                packed.append((place, pool.submit(_packed, file[name][place], new[name].chunks)))
                if len(packed) > 2 * workers:
                    _write(new[name], *packed.popleft())
            for each in packed:
                _write(new[name], *each)


def _create(file: h5py.File, name: str, shape: tuple[int, ...], like: h5py.Dataset) -> h5py.Dataset:
    options = {"compression": "gzip", "compression_opts": _LEVEL, "shuffle": like.dtype.itemsize > 1}
    return file.create_dataset(
        name, shape=shape, dtype=like.dtype, chunks=_block(shape), **options, **fill_of(like)
    )  # fmt: skip


def _block(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of a block: many runs, some times, one of all else."""
    *outer, runs = shape
    if not outer:
        return (min(runs, _BLOCK_VALUES),)
    runs = min(runs, _BLOCK_RUNS)
    times = max(1, min(outer[-1], _BLOCK_VALUES // runs))
    return (*(1 for _ in outer[:-1]), times, runs)


def _blocks(shape: Sequence[int], block: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Yield the places of blocks in a variable."""
    starts = (range(0, length, step) for length, step in zip(shape, block, strict=True))
    for place in product(*starts):
        yield tuple(
            slice(start, min(start + step, length)) for start, step, length in zip(place, block, shape, strict=True)
        )


def _packed(values: np.ndarray, block: Sequence[int]) -> bytes:
    """Return the values of a block, compressed; those beyond the variable's end are zeros."""
    if values.shape != tuple(block):
        whole = np.zeros(block, dtype=values.dtype)
        whole[tuple(slice(length) for length in values.shape)] = values
        values = whole
    content = np.ascontiguousarray(values).view(np.uint8)
    if values.itemsize > 1:
        content = np.ascontiguousarray(content.reshape(-1, values.itemsize).T)
    return zlib.compress(content.data, _LEVEL)


def _write(data: h5py.Dataset, place: Sequence[slice], packed: Future[bytes]) -> None:
    data.id.write_direct_chunk(tuple(each.start for each in place), packed.result())
