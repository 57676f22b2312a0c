"""Copies the values of shards into one file, without holding more of them than a block."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py

from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.results.blocks import write_at
from cubie_cli.results.layout import create_contiguous
from cubie_cli.results.opening import open_file
from cubie_cli.results.shards import Column, ShardFile
from cubie_cli.results.skeleton import fill_of, merged_attributes, write_skeleton

#: Bytes that are read at a time.
_BLOCK = 8 << 20
#: Bytes that HDF5 may take for its own.
_ROOM = 4 << 10


def merged_bytes(shards: Sequence[ShardFile]) -> int:
    """Return the bytes that the merged result takes, or somewhat more."""
    return _header_bytes(shards) + sum(shard.values_bytes for shard in shards)


def write_merged(shards: Sequence[ShardFile], path: Path, tell: Callable[[int], None]) -> None:
    """Write a result with the runs of all shards.

    Parameters
    ----------
    shards
        Parts of a batch that are the whole of it, in the order of their runs.
    path
        The file, which is not there yet.
    tell
        Is called with the number of runs once they are written.

    Raises
    ------
    UserError
        A shard cannot be read, or changed.
    OSError
        The disk refused.
    """
    with path.open("xb") as file:  # fails here, if at all, and not inside HDF5
        file.write(bytes(_header_bytes(shards)))
        file.truncate(merged_bytes(shards))
    with (
        reading(shards[0].path),
        open_file(shards[0].here) as first,
        h5py.File(path, "w", libver=("v108", "v110"), track_order=True, locking=False) as new,
    ):
        write_skeleton(
            first,
            new,
            shards,
            lambda name, shape, data: create_contiguous(new, name, shape, data.dtype, **fill_of(data)),
        )
        offsets = [new[each.name].id.get_offset() for each in shards[0].columns]
    with path.open("rb+", buffering=0) as file:
        for shard in shards:
            _copy_shard(shard, file.fileno(), offsets)
            tell(len(shard.runs))


def _header_bytes(shards: Sequence[ShardFile]) -> int:
    """Return the bytes of all but the values: those of a shard, with what the whole tells of itself besides."""
    told = sum(len(str(value)) for value in merged_attributes(shards).values())
    return shards[0].state.bytes - shards[0].values_bytes + told + _ROOM


def _copy_shard(shard: ShardFile, target: int, offsets: Sequence[int]) -> None:
    shard.check_same()
    source = os.open(shard.here, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for column, begin, offset in zip(shard.columns, shard.offsets, offsets, strict=True):
            _copy_column(shard, column, source, begin, target, offset)
    finally:
        os.close(source)


def _copy_column(shard: ShardFile, column: Column, source: int, begin: int, target: int, offset: int) -> None:
    """Copy a variable, whose rows follow each other in the shard and lie apart in the whole."""
    row_bytes = len(shard.runs) * column.dtype.itemsize
    stride = shard.extent.count * column.dtype.itemsize
    offset += shard.runs.start * column.dtype.itemsize
    total = row_bytes * column.rows
    done = 0
    while done < total:
        block = memoryview(_read(shard.path, source, min(_BLOCK, total - done), begin + done))
        while block:
            row, within = divmod(done, row_bytes)
            piece = block[: row_bytes - within]
            write_at(target, piece, offset + row * stride + within)
            block, done = block[len(piece) :], done + len(piece)


def _read(path: Path, source: int, length: int, begin: int) -> bytes:
    try:
        block = os.pread(source, length, begin)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from error
    if not block:
        raise UserError("the file became shorter while it was merged", path, hint="merge anew")
    return block
