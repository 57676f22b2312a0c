"""Writes a result that takes the values of its runs from the shards, by HDF5's virtual datasets."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.results.manifest import GROUP, Listed, digests, write_manifest
from cubie_cli.results.opening import open_file
from cubie_cli.results.shards import ShardFile
from cubie_cli.results.skeleton import write_skeleton

#: Shards that a variable has mappings to itself; more are divided among other datasets.
_MAPPINGS = 64
#: The group beside the list of shards that has these, and what HDF5 calls the file that a dataset is in.
PARTS, _SAME_FILE = "parts", "."
#: Indices of runs that are compressed together.
_CHUNK = 1 << 16


def virtual_image(shards: Sequence[ShardFile], folder: Path, tell: Callable[[int], None]) -> bytes:
    """Return the bytes of a result without values of its own.

    HDF5 makes them in memory, for it takes a disk that is full badly.

    Parameters
    ----------
    shards
        Parts of a batch that are the whole of it, in the order of their runs.
    folder
        Where the result will be: shards beside or below it are named relative to it.
    tell
        Is called with the number of runs once they are looked at.

    Raises
    ------
    UserError
        A shard cannot be read, or changed.
    """
    found = digests([shard.path for shard in shards], lambda index: tell(len(shards[index].runs)))
    for shard in shards:
        shard.check_same()
    listed = [
        Listed(_named(shard.path, folder), shard.runs, shard.state.bytes, digest)
        for shard, digest in zip(shards, found, strict=True)
    ]
    with (
        reading(shards[0].path),
        open_file(shards[0].path) as first,
        h5py.File("virtual", "w", driver="core", backing_store=False, libver=("v108", "v110"), track_order=True) as new,
    ):
        if GROUP in first:
            message = f"the shards have a variable {GROUP!r}, which is what a virtual result calls its list of shards"
            raise UserError(message, hint="merge without --virtual")
        write_skeleton(first, new, shards, lambda name, shape, data: _create(new, name, shape, data, listed))
        write_manifest(new, listed, 1 + max(_numbers(new)))
        new.flush()
        return bytes(new.id.get_file_image())


def _numbers(file: h5py.File) -> list[int]:
    """Return the numbers that dimensions have in a file."""
    found: list[int] = []
    file.visititems(lambda _, item: found.append(int(item.attrs.get("_Netcdf4Dimid", 0))))
    return found


def _named(path: Path, folder: Path) -> str:
    """Return a shard's name, relative to a folder that it is in or below."""
    whole = path.parent.resolve() / path.name
    name = str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)
    try:
        name.encode()
    except UnicodeEncodeError:
        hint = "rename it, or merge without --virtual"
        raise UserError("a virtual result names files in UTF-8 only", repr(name), hint=hint) from None
    return name


def _create(
    file: h5py.File, name: str, shape: tuple[int, ...], data: h5py.Dataset, listed: Sequence[Listed]
) -> h5py.Dataset:
    """Create a variable that reads from all shards; the indices of the runs are known without them.

    HDF5 goes through all mappings of a dataset whenever it is opened, which readers do tens of times. So where there
    are many, the variable reads from datasets beside the list of shards, of which each reads from a few shards.
    """
    if name == "run":
        return _create_indices(file, *shape)
    rows = shape[:-1]
    if len(listed) <= _MAPPINGS:
        return _create_mapped(file, name, rows, data.dtype, [(each.name, name, each.runs) for each in listed])
    few, sources = math.isqrt(len(listed) - 1) + 1, []
    for first in range(0, len(listed), few):
        some = listed[first : first + few]
        part, begin = f"{GROUP}/{PARTS}/{name}/{first // few}", some[0].runs.start
        mapped = [(each.name, name, range(each.runs.start - begin, each.runs.stop - begin)) for each in some]
        _create_mapped(file, part, rows, data.dtype, mapped)
        sources.append((_SAME_FILE, f"/{part}", range(begin, some[-1].runs.stop)))
    return _create_mapped(file, name, rows, data.dtype, sources)


def _create_mapped(
    file: h5py.File, name: str, rows: tuple[int, ...], dtype: np.dtype[Any], sources: Sequence[tuple[str, str, range]]
) -> h5py.Dataset:
    """Create a variable with a mapping for each source: a file, a dataset in it, the runs that this has here."""
    shape = (*rows, sources[-1][2].stop)
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    space = h5py.h5s.create_simple(shape)
    for source, dataset, runs in sources:
        part = (*rows, len(runs))
        space.select_hyperslab((*(0 for _ in rows), runs.start), (1,) * len(shape), None, part)
        # A per cent sign stands for the number of a block in HDF5's names.
        names = [each.replace("%", "%%").encode() for each in (source, dataset)]
        creation.set_virtual(space, *names, h5py.h5s.create_simple(part))
    return file.create_dataset(name, shape=shape, dtype=dtype, dcpl=creation, fillvalue=_missing(dtype))


def _create_indices(file: h5py.File, count: int) -> h5py.Dataset:
    """Create the indices of all runs, which take hardly any space once they are compressed."""
    chunk = min(count, _CHUNK)
    data = file.create_dataset("run", (count,), np.int64, chunks=(chunk,), compression="gzip", shuffle=True)
    for first in range(0, count, chunk):
        data[first : first + chunk] = np.arange(first, min(first + chunk, count))
    return data


def _missing(dtype: np.dtype[Any]) -> Any:
    """Return what is read where a shard is gone: no number, a run that was not solved, a count that cannot be."""
    return dtype.type(np.nan if dtype.kind == "f" else -1)
