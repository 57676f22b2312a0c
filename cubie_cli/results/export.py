"""Writes chosen quantities of a result to a table of text, or to a result of their own."""

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import h5py
import numpy as np

from cubie_cli.documents.messages import UsageError
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.results.extent import EXTENT
from cubie_cli.results.opening import dimensions

#: Values that are held at a time.
_BLOCK = 1 << 20
_DIMENSIONS = {"time", "run"}
#: What HDF5 keeps of scales, which a copy has anew.
_OF_SCALES = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "_Netcdf4Dimid", "_Netcdf4Coordinates"}


def chosen(file: h5py.File, patterns: Sequence[str]) -> list[str]:
    """Return the names of variables that are asked for, in the order of the file.

    Parameters
    ----------
    file
        A result.
    patterns
        Names and globs; none: all that is saved over time, or if nothing is, all that is told of runs.

    Raises
    ------
    UsageError
        One of them fits nothing.
    """
    known = {name: data for name, data in file.items() if isinstance(data, h5py.Dataset) and not data.is_scale}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise UsageError(f"the result has no quantity {pattern!r}", hint=did_you_mean(pattern, known))
    if patterns:
        return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]
    over_time = [name for name, data in known.items() if dimensions(data)[-2:] == ("time", "run")]
    return over_time or [name for name, data in known.items() if dimensions(data) == ("run",)]


def with_swept(file: h5py.File, names: Sequence[str], *, positions: bool) -> list[str]:
    """Return names with those of what was swept before them, and where asked for of positions along a grid's axes."""
    coordinates = [name for name in str(file["status"].attrs.get("coordinates", "")).split() if name in file]
    along_axes = {f"{axis}_index" for axis in str(file.attrs.get("batch_axes", "")).split()}
    swept = [name for name in coordinates if positions or name not in along_axes]
    return [*swept, *(name for name in names if name not in swept)]


def write_csv(file: h5py.File, names: Sequence[str], runs: range, stream: TextIO) -> int:
    """Write a table with a row a run, or a run and time where something is over time; return the number of rows.

    Raises
    ------
    UsageError
        For a variable over something else.
    """
    for name in names:
        if not set(dimensions(file[name])) <= _DIMENSIONS:
            message = f"{name!r} is over {', '.join(dimensions(file[name]))}, and a row is a run and a time"
            raise UsageError(message, hint="write it to a file whose name ends in .nc")
    over_time = any("time" in dimensions(file[name]) for name in names)
    stream.write(",".join(["run", *(["time"] if over_time else []), *names]) + "\n")
    times = file["time"][:] if over_time else np.zeros(1)
    some = max(1, _BLOCK // (len(times) * max(1, len(names))))
    for first in range(runs.start, runs.stop, some):
        last = min(first + some, runs.stop)
        columns = [_column(file[name], first, last, len(times)) for name in names]
        index = np.repeat(file["run"][first:last], len(times))
        given = [index, np.tile(times, last - first), *columns] if over_time else [index, *columns]
        stream.writelines(_rows(given))
    return len(runs) * len(times)


def _column(data: h5py.Dataset, first: int, last: int, n_times: int) -> np.ndarray:
    """Return values of some runs, run by run, once for each time."""
    if "time" in dimensions(data):
        return np.asarray(data[:, first:last]).T.ravel()
    return np.repeat(data[first:last], n_times)


def _rows(columns: Sequence[np.ndarray]) -> Iterator[str]:
    texts = [list(map(_text, column.tolist())) for column in columns]
    return (f"{','.join(row)}\n" for row in zip(*texts, strict=True))


def _text(value: Any) -> str:
    """Return a cell, empty for what is missing."""
    return "" if isinstance(value, float) and math.isnan(value) else repr(value)


def write_netcdf(file: h5py.File, names: Sequence[str], runs: range, path: Path) -> None:
    """Write variables, their dimensions and what a result tells of itself to a new file."""
    with h5py.File(path, "w", libver=("v108", "v110"), track_order=True, locking=False) as new:
        # What is chosen of a result is no result that a batch could be made up of.
        new.attrs.update({name: value for name, value in file.attrs.items() if name not in EXTENT})
        needed = dict.fromkeys(chain(("time", "run"), *(dimensions(file[name]) for name in names)))
        for number, name in enumerate(needed):
            scale = new.create_dataset(
                name, data=file[name][runs.start : runs.stop] if name == "run" else file[name][:]
            )
            _copy_attributes(file[name], scale)
            scale.make_scale(name)
            scale.attrs["_Netcdf4Dimid"] = np.int32(number)
        numbers = {name: number for number, name in enumerate(needed)}
        for name in names:
            _copy(file[name], new, runs, numbers)


def _copy(data: h5py.Dataset, new: h5py.File, runs: range, numbers: dict[str, int]) -> None:
    """Copy a variable, a part at a time."""
    names = dimensions(data)
    shape = tuple(len(runs) if name == "run" else length for name, length in zip(names, data.shape, strict=True))
    name = str(data.name).rpartition("/")[2]
    copy = new.create_dataset(name, shape=shape, dtype=data.dtype, fillvalue=data.fillvalue)
    for axis, dimension in enumerate(names):
        copy.dims[axis].attach_scale(new[dimension])
    _copy_attributes(data, copy)
    if len(names) > 1:
        copy.attrs["_Netcdf4Coordinates"] = np.array([numbers[each] for each in names], dtype=np.int32)
    some = max(1, _BLOCK // max(1, math.prod(shape[:-1])))
    for first in range(0, len(runs), some):
        last = min(first + some, len(runs))
        copy[..., first:last] = data[..., runs.start + first : runs.start + last]


def _copy_attributes(data: h5py.Dataset, copy: h5py.Dataset) -> None:
    for key, value in data.attrs.items():
        if key not in _OF_SCALES:
            copy.attrs[key] = value
