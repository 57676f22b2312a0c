"""Reads the results of parts of a batch, and refuses those that do not make up the whole of one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from cubie_cli.batches.selection import Shard, read_shard
from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.results.extent import Extent, read_extent
from cubie_cli.results.manifest import is_virtual
from cubie_cli.results.opening import dimensions, open_result
from cubie_cli.results.unfinished import find_unfinished

#: Runs that are looked at together.
_BLOCK = 1 << 20
#: Things of a kind that a message names.
_NAMED = 5


class Column(NamedTuple):
    """A variable over runs: its name and type, and how many values it has of each run."""

    name: str
    dtype: np.dtype[Any]
    rows: int

    @property
    def bytes(self) -> int:
        """Bytes of its values of a run."""
        return self.rows * self.dtype.itemsize


class FileState(NamedTuple):
    """What tells whether a file is still the one that was read."""

    device: int
    number: int
    bytes: int
    changed: int


@dataclass(frozen=True)
class ShardFile:
    """A result that has some runs of a batch.

    Parameters
    ----------
    path, here, state
        Its file, or its object and the copy of that which is here.
    extent
        Which batch it is of, and which runs it has.
    names, attributes
        Of all that the file has, and what it tells of itself.
    columns, offsets
        Its variables over runs, and where in the file the values of each begin, in bytes.
    statuses
        The number of runs by the value of their status.
    """

    path: Path
    here: Path
    state: FileState
    extent: Extent
    names: tuple[str, ...]
    attributes: Mapping[str, Any]
    columns: tuple[Column, ...]
    offsets: tuple[int, ...]
    statuses: Mapping[int, int]

    @property
    def runs(self) -> range:
        """Its runs, by their index in the whole batch."""
        return self.extent.runs

    @property
    def values_bytes(self) -> int:
        """Bytes of the values of its runs."""
        return len(self.runs) * sum(each.bytes for each in self.columns)

    def check_same(self) -> None:
        """Refuse a file that is no longer what it was.

        Raises
        ------
        UserError
            It is another one now, or none.
        """
        try:
            same = _state_of(self.here) == self.state
        except OSError as error:
            raise UserError(f"cannot be read: {error.strerror}", self.path) from error
        if not same:
            raise UserError("the file changed while it was merged", self.path, hint="merge anew")


def _state_of(path: Path) -> FileState:
    found = path.stat()
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def read_shards(paths: Sequence[Path], here: Sequence[Path] | None = None) -> tuple[ShardFile, ...]:
    """Return the parts of a batch in the order of their runs.

    Parameters
    ----------
    paths, here
        What they are called, and where they are; None: there.

    Raises
    ------
    UserError
        One is no finished result, or of another batch; some are missing, or have the same runs.
    """
    shards: list[ShardFile] = []
    for path, file in zip(paths, here or paths, strict=True):
        shards.append(_read_shard(path, file, *shards[:1]))
        if shards[-1].extent.differences(shards[0].extent) or shards[-1].columns != shards[0].columns:
            raise _foreign(shards[-1], shards[0])
    shards.sort(key=lambda shard: (shard.runs.start, shard.runs.stop))
    for one, next_one in pairwise(shards):
        if one.state == next_one.state:
            raise UserError("this shard is given twice", next_one.path, hint="give each once")
        if next_one.runs.start < one.runs.stop:
            both = _told(range(next_one.runs.start, min(one.runs.stop, next_one.runs.stop)))
            message = f"{one.path} and {next_one.path} both have {both}"
            raise UserError(message, hint="give shards of one and the same division")
    _check_complete(shards)
    return tuple(shards)


def _read_shard(path: Path, here: Path, other: ShardFile | None = None) -> ShardFile:
    """Return a shard; quicker with another that is like it."""
    _check_finished(here)
    with reading(path), _named(path, here), open_result(here) as file:
        if is_virtual(file):
            message = "this result is virtual: it has no values itself"
            raise UserError(message, path, hint="merge the shards that its group `manifest` lists")
        extent = read_extent(file)
        if extent is None:
            message = "this result does not tell which runs of which batch it has"
            raise UserError(message, path, hint="only what `cubie run` writes can be merged, nothing made of it")
        like = other if other and other.names == tuple(file) else None
        names = [each.name for each in like.columns] if like else over_runs(file)
        return replace(_described(here, file, extent, names), path=path)


@contextmanager
def _named(path: Path, here: Path) -> Iterator[None]:
    """Have mistakes in a copy told of what it is a copy of."""
    try:
        yield
    except UserError as error:
        if error.file == str(here):
            error.file = str(path)
        raise


def over_runs(file: h5py.File) -> list[str]:
    """Return the names of variables whose last dimension is that of the runs, and of that itself."""
    datasets = {name: data for name, data in file.items() if isinstance(data, h5py.Dataset)}
    return [name for name, data in datasets.items() if name == "run" or dimensions(data)[-1:] == ("run",)]


def _described(path: Path, file: h5py.File, extent: Extent, names: Iterable[str]) -> ShardFile:
    columns, offsets, over = [], [], file["run"].shape
    for name in names:
        data = file[name]
        offsets.append(data.id.get_offset())
        if offsets[-1] is None or data.shape[-1:] != over:
            raise UserError(
                f"{name} is not laid out as `cubie run` does", path, hint="merge the file as it was written"
            )
        columns.append(Column(name, data.dtype, prod(data.shape[:-1])))
    _check_runs(path, file["run"], extent.runs)
    return ShardFile(
        path,
        path,
        _state_of(path),
        extent,
        tuple(file),
        dict(file.attrs),
        tuple(columns),
        tuple(offsets),
        _counted(file["status"]),
    )


def _check_runs(path: Path, indices: h5py.Dataset, runs: range) -> None:
    same = len(indices) == len(runs)
    for first in range(0, len(runs) if same else 0, _BLOCK):
        expected = np.arange(first, min(first + _BLOCK, len(runs))) + runs.start
        same = same and np.array_equal(indices[first : first + _BLOCK], expected)
    if not same:
        message = f"this result should have {_told(runs)} and has others: it was not finished, or changed"
        raise UserError(message, path, hint="run it again")


def _counted(status: h5py.Dataset) -> Counter[int]:
    """Return the number of runs by the value of their status."""
    counts: Counter[int] = Counter()
    for first in range(0, len(status), _BLOCK):
        values, found = np.unique(status[first : first + _BLOCK], return_counts=True)
        counts.update(dict(zip(values.tolist(), found.tolist(), strict=True)))
    return counts


def _check_finished(path: Path) -> None:
    if path.name.startswith(".") and path.name.endswith(".part"):
        message = "this is what is left of a result that was not finished"
        raise UserError(message, path, hint="finish it with: cubie run --resume")
    if not path.exists() and (left := find_unfinished(path)):
        message = f"this shard is not finished: {left.runs:,} of its runs are there"
        raise UserError(message, path, hint="finish it: add --resume to the command that was stopped")


def _foreign(other: ShardFile, first: ShardFile) -> UserError:
    names = other.extent.differences(first.extent) or ["the variables"]
    message = f"this is of another batch than {first.path}: they differ in {', '.join(names)}"
    return UserError(message, other.path, hint="shards of one batch come from one configuration and one version")


def _check_complete(shards: Sequence[ShardFile]) -> None:
    count, reached = shards[0].extent.count, 0
    missing = []
    for start, stop in [*((shard.runs.start, shard.runs.stop) for shard in shards), (count, count)]:
        if reached < start:
            missing.append(range(reached, start))
        reached = stop
    if not missing:
        return
    one = sum(map(len, missing)) == 1
    message = f"of {count:,} runs {_several([_told(runs) for runs in missing])} {'is' if one else 'are'} missing"
    absent = _absent(shards, count)
    if absent:
        message += f": shard{'s' * (len(absent) > 1)} {_several([*map(str, absent)])}"
        raise UserError(message, hint=f"solve what is missing: cubie run CONFIG --shard {absent[0]}")
    runs = f"{missing[0].start}:{missing[0].stop}"
    raise UserError(message, hint=f"solve what is missing: cubie run CONFIG --runs {runs} --output FILE")


def _absent(shards: Sequence[ShardFile], count: int) -> list[Shard]:
    """Return the shards that are not there, where all that are come from one division."""
    found = [read_shard(shard.extent.shard) for shard in shards]
    divisions = {shard.of if shard else 0 for shard in found}
    if len(divisions) > 1 or 0 in divisions:
        return []
    there = {shard.index for shard in found if shard}
    (of,) = divisions
    return [Shard(index, of) for index in range(min(of, count)) if index not in there]


def _told(runs: range) -> str:
    return f"the run {runs[0]:,}" if len(runs) == 1 else f"the runs {runs[0]:,} to {runs[-1]:,}"


def _several(texts: Sequence[str]) -> str:
    """Return a list of texts, of which only the first are named where there are many."""
    if len(texts) <= _NAMED:
        return ", ".join(texts[:-1]) + " and " * (len(texts) > 1) + texts[-1]
    return ", ".join(texts[:_NAMED]) + f" and {len(texts) - _NAMED:,} more"
