"""The list of shards in a virtual result: HDF5 itself says nothing of one that is gone, and reads NaN."""

import hashlib
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from cubie_cli.documents.messages import UserError
from cubie_cli.results.layout import write_columns

GROUP = "manifest"
#: Shards that are read at a time to be hashed.
_READERS = 8
#: Files that a program has open besides.
_OTHER_FILES = 64
_COLUMNS = {"name": str, "first_run": np.int64, "runs": np.int64, "bytes": np.int64, "sha256": str}


@dataclass(frozen=True)
class Listed:
    """A shard, as it was when it was listed.

    Parameters
    ----------
    name
        Its file, relative to the folder of the list, or absolute.
    runs
        Its runs, by their index in the whole batch.
    bytes, sha256
        The file's length and digest.
    """

    name: str
    runs: range
    bytes: int
    sha256: str


def write_manifest(file: h5py.File, shards: Sequence[Listed], n_dimensions: int) -> None:
    """Write the list to a file that has so many dimensions already."""
    rows = [(each.name, each.runs.start, len(each.runs), each.bytes, each.sha256) for each in shards]
    columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
    write_columns(file.require_group(GROUP), "shard", columns, _COLUMNS, n_dimensions)


def is_virtual(file: h5py.File) -> bool:
    """Return whether a result takes its values from other files."""
    return isinstance(file.get(GROUP), h5py.Group)


def read_manifest(file: h5py.File) -> tuple[Listed, ...]:
    """Return the shards of a result; none where it has its values itself."""
    if not is_virtual(file):
        return ()
    group = file[GROUP]
    columns = [(group[name].asstr() if kind is str else group[name])[:].tolist() for name, kind in _COLUMNS.items()]
    return tuple(
        Listed(name, range(first, first + runs), length, digest)
        for name, first, runs, length, digest in zip(*columns, strict=True)
    )


def check_shards(file: h5py.File) -> None:
    """Refuse a result whose shards are not there as they were, or are more than can be open at once.

    Raises
    ------
    UserError
        Naming the first.
    """
    shards = read_manifest(file)
    for shard in shards:
        _check_shard(Path(file.filename), shard)
    allow_files(len(shards))


def _check_shard(path: Path, shard: Listed) -> None:
    told = f"the shard {shard.name}, which has the runs {shard.runs[0]:,} to {shard.runs[-1]:,}"
    try:
        found = _located(path, shard).stat().st_size
    except OSError as error:
        hint = "put it back, or run it again and merge anew"
        raise UserError(f"{told}, cannot be read: {error.strerror}", path, hint=hint) from error
    if found != shard.bytes:
        message = f"{told}, is another file than the one merged: it has {found:,} bytes instead of {shard.bytes:,}"
        raise UserError(message, path, hint="put the right one back, or merge anew")


def check_digests(file: h5py.File) -> int:
    """Compare each shard of a result, byte for byte, with what it was; return how many there are.

    Raises
    ------
    UserError
        Naming those that changed.
    """
    path, shards = Path(file.filename), read_manifest(file)
    found = digests([_located(path, shard) for shard in shards])
    changed = [shard.name for shard, digest in zip(shards, found, strict=True) if digest != shard.sha256]
    if changed:
        hint = "put the right ones back, or merge anew"
        raise UserError(f"shards changed since they were merged: {', '.join(changed)}", path, hint=hint)
    return len(shards)


def digests(paths: Sequence[Path], tell: Callable[[int], None] = lambda _: None) -> list[str]:
    """Return the SHA-256 of files, several at a time.

    Parameters
    ----------
    tell
        Is called with the position of each file once it is read.
    """
    found = []
    pool = ThreadPoolExecutor(_READERS)
    try:
        for index, digest in enumerate(pool.map(_digest, paths)):
            found.append(digest)
            tell(index)
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from error


def _located(path: Path, shard: Listed) -> Path:
    return path.resolve().parent / shard.name


def allow_files(count: int) -> None:
    """Let this program have so many files open at once: HDF5 reads what it cannot open as missing.

    Raises
    ------
    UserError
        The system does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + _OTHER_FILES
    if resource.RLIM_INFINITY != soft < needed:
        if resource.RLIM_INFINITY != hard < needed:
            message = f"{count:,} shards are read at once, and this system lets a program open {hard:,} files"
            raise UserError(message, hint="merge them without --virtual, or ask for a larger ulimit -n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
