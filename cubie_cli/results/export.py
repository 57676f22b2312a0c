"""Writes chosen quantities of a result to a table of text, or to a result of their own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import h5py
import numpy as np

from cubie_cli.documents.messages import UsageError
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.results.layout import COUNTS
from cubie_cli.results.opening import dimensions

#: Values that are held at a time.
_BLOCK = 1 << 20
#: Dimensions that every result has, the last of a variable.
_DIMENSIONS = ("time", "run")
#: What says of a result that nothing of its batch is missing.
_OF_WHOLE = {"identity"}
#: What HDF5 keeps of scales, which a copy has anew.
_OF_SCALES = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "_Netcdf4Dimid", "_Netcdf4Coordinates"}


class Quantity(NamedTuple):
    """A variable of a result, or an element of one: its name, the variable, and where along its own dimensions."""

    name: str
    data: h5py.Dataset
    place: tuple[int, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """The dimensions besides time and run, which stand before them."""
        return tuple(name for name in dimensions(self.data) if name not in _DIMENSIONS)

    @property
    def over_time(self) -> bool:
        """Whether there is a value for each time."""
        return "time" in dimensions(self.data)

    def elements(self) -> "Iterator[Quantity]":
        """Yield what has one value for a run and time: itself, or its elements."""
        if self.place or not self.own:
            yield self
            return
        for place in np.ndindex(self.data.shape[: len(self.own)]):
            yield Quantity(f"{self.name}[{','.join(map(str, place))}]", self.data, place)


def chosen(file: h5py.File, patterns: Sequence[str]) -> list[Quantity]:
    """Return the quantities that are asked for, in the order of the file.

    Parameters
    ----------
    file
        A result.
    patterns
        Names, of elements too, and globs; none: all that is saved over time, or if nothing is, all that is told of
        runs. Times and runs are always written.

    Raises
    ------
    UsageError
        One of them fits nothing.
    """
    known = {name: Quantity(name, data) for name, data in file.items() if isinstance(data, h5py.Dataset)}
    known = {name: quantity for name, quantity in known.items() if not quantity.data.is_scale}
    found: dict[str, Quantity] = {}
    for pattern in patterns:
        found |= _fitting(known, pattern)
        if pattern not in _DIMENSIONS and not _fitting(known, pattern):
            raise UsageError(f"the result has no quantity {pattern!r}", hint=_hint(known, pattern))
    if patterns:
        places = list(known)
        return sorted(found.values(), key=lambda each: places.index(_variable(each)))
    over_time = [quantity for quantity in known.values() if quantity.over_time]
    return over_time or [quantity for quantity in known.values() if not quantity.own]


def _fitting(known: Mapping[str, Quantity], pattern: str) -> dict[str, Quantity]:
    """Return what a name or a glob stands for; a name beats a glob that it could be too."""
    if pattern in known:
        return {pattern: known[pattern]}
    whole = known.get(pattern.partition("[")[0])
    if whole and pattern.endswith("]"):
        return {each.name: each for each in whole.elements() if each.name == "".join(pattern.split())}
    return {name: quantity for name, quantity in known.items() if fnmatchcase(name, pattern)}


def _hint(known: Mapping[str, Quantity], pattern: str) -> str | None:
    whole = known.get(pattern.partition("[")[0])
    if whole and whole.own:
        lengths = " by ".join(map(str, whole.data.shape[: len(whole.own)]))
        return f"{whole.name!r} has {lengths} elements, such as {next(whole.elements()).name}, counted from 0"
    return did_you_mean(pattern, known)


def _variable(quantity: Quantity) -> str:
    return str(quantity.data.name).rpartition("/")[2]


def with_swept(file: h5py.File, quantities: Sequence[Quantity], *, again: bool) -> list[Quantity]:
    """Return quantities with what was swept before them.

    Parameters
    ----------
    again
        Whether what is written is a result again: then how runs ended, and where they are along the axes of a grid, go
        with it.
    """
    coordinates = [name for name in str(file["status"].attrs.get("coordinates", "")).split() if name in file]
    along_axes = {f"{axis}_index" for axis in str(file.attrs.get("batch_axes", "")).split()}
    swept = [name for name in coordinates if again or name not in along_axes]
    first = [Quantity(name, file[name]) for name in swept]
    last = [Quantity(name, file[name]) for name in COUNTS] if again else []
    return list({quantity.name: quantity for quantity in (*first, *quantities, *last)}.values())


def write_csv(file: h5py.File, quantities: Sequence[Quantity], runs: range, stream: TextIO, *, times: bool) -> int:
    """Write a table with a row a run, or a run and time where something is over time; return the number of rows.

    Parameters
    ----------
    times
        Whether there is a row for each time even if nothing is over time.
    """
    over_time = times or any(quantity.over_time for quantity in quantities)
    written = [element for quantity in quantities for element in quantity.elements()]
    names = [_quoted(element.name) for element in written]
    stream.write(",".join(["run", *(["time"] if over_time else []), *names]) + "\n")
    saved = file["time"][:] if over_time else np.zeros(1)
    some = max(1, _BLOCK // (len(saved) * max(1, len(written))))
    for first in range(runs.start, runs.stop, some):
        last = min(first + some, runs.stop)
        columns = [_column(element, first, last, len(saved)) for element in written]
        index = np.repeat(file["run"][first:last], len(saved))
        given = [index, np.tile(saved, last - first), *columns] if over_time else [index, *columns]
        stream.writelines(_rows(given))
    return len(runs) * len(saved)


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _column(element: Quantity, first: int, last: int, n_times: int) -> np.ndarray:
    """Return values of some runs, run by run, once for each time."""
    values = np.asarray(element.data[(*element.place, ..., slice(first, last))])
    return values.T.ravel() if element.over_time else np.repeat(values, n_times)


def _rows(columns: Sequence[np.ndarray]) -> Iterator[str]:
    texts = [list(map(_text, column.tolist())) for column in columns]
    return (f"{','.join(row)}\n" for row in zip(*texts, strict=True))


def _text(value: Any) -> str:
    """Return a cell, empty for what is missing."""
    return "" if isinstance(value, float) and math.isnan(value) else repr(value)


def write_netcdf(file: h5py.File, quantities: Sequence[Quantity], runs: range, path: Path) -> None:
    """Write variables, their dimensions and what a result tells of itself to a new file."""
    with h5py.File(path, "w", libver=("v108", "v110"), track_order=True, locking=False) as new:
        new.attrs.update({key: value for key, value in file.attrs.items() if key not in _OF_WHOLE})
        needed = dict.fromkeys(chain(("time", "run"), *(_kept(quantity) for quantity in quantities)))
        for number, name in enumerate(needed):
            scale = new.create_dataset(
                name, data=file[name][runs.start : runs.stop] if name == "run" else file[name][:]
            )
            _copy_attributes(file[name], scale)
            scale.make_scale(name)
            scale.attrs["_Netcdf4Dimid"] = np.int32(number)
        numbers = {name: number for number, name in enumerate(needed)}
        for quantity in quantities:
            _copy(quantity, new, runs, numbers)


def _kept(quantity: Quantity) -> tuple[str, ...]:
    """Return the dimensions of a quantity as it is written: an element has none of its own."""
    return dimensions(quantity.data)[len(quantity.place) :]


def _copy(quantity: Quantity, new: h5py.File, runs: range, numbers: dict[str, int]) -> None:
    """Copy a variable, or an element of it, a part at a time."""
    data, place, names = quantity.data, quantity.place, _kept(quantity)
    lengths = data.shape[len(place) :]
    shape = tuple(len(runs) if name == "run" else length for name, length in zip(names, lengths, strict=True))
    copy = new.create_dataset(quantity.name, shape=shape, dtype=data.dtype, fillvalue=data.fillvalue)
    for axis, dimension in enumerate(names):
        copy.dims[axis].attach_scale(new[dimension])
    _copy_attributes(data, copy)
    if len(names) > 1:
        copy.attrs["_Netcdf4Coordinates"] = np.array([numbers[each] for each in names], dtype=np.int32)
    some = max(1, _BLOCK // max(1, math.prod(shape[:-1])))
    for first in range(0, len(runs), some):
        last = min(first + some, len(runs))
        copy[..., first:last] = data[(*place, ..., slice(runs.start + first, runs.start + last))]


def _copy_attributes(data: h5py.Dataset, copy: h5py.Dataset) -> None:
    for key, value in data.attrs.items():
        if key not in _OF_SCALES:
            copy.attrs[key] = value
