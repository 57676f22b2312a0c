"""Decides what a result looks like on disk: its variables, dimensions, attributes and groups, and their places.

The file follows the netCDF-4 data model (dimension scales with the attributes netCDF-4 gives them) and
CF-1.10, so that netCDF-4 readers open it as it is.

Sources: Unidata, "NetCDF-4 Format"; CF conventions 1.10, section 3.5 (flags).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import h5py
import numpy as np

from cubie_cli.models.chosen import Whole, Wholes, joined
from solvers.planning.findings import Finding, rows_of
from solvers.status import Status

#: What a file holds besides its values and texts: attributes and report, and the header of a variable.
_FIXED_BYTES = 32 << 10
_VARIABLE_BYTES = 1 << 10

#: What every result tells of each run.
COUNTS: Mapping[str, tuple[np.dtype[Any], str]] = {
    "status": (np.dtype(np.int8), "outcome of the run"),
    "steps": (np.dtype(np.int32), "accepted steps"),
    "rejected": (np.dtype(np.int32), "rejected steps"),
}

_REPORT_COLUMNS = {
    "owner": str,
    "name": str,
    "location": str,
    "dtype": str,
    "elements": np.int64,
    "bytes": np.int64,
    "offset": np.int64,
}
#: A local buffer is the compiler's to place.
_NO_OFFSET = -1


@dataclass(frozen=True)
class Variable:
    """A quantity of the model, as the result names it.

    Parameters
    ----------
    name
        The variable in the file.
    units
        Its unit, if the model gives one.
    dtype
        Of a coordinate; None: float64.
    """

    name: str
    units: str | None = None
    dtype: np.dtype[Any] | None = None


class Stored(NamedTuple):
    """A variable of the file: its name, the rows of the solution that it holds, its dimensions and their lengths."""

    name: str
    rows: range
    dimensions: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Contents:
    """All that is known of a result before it is computed.

    Parameters
    ----------
    times
        Save times, float64, shape (n_times,).
    n_runs
        Runs of the batch.
    precision
        dtype of the variables in the file: float64 or float32.
    variables
        Saved states and observables, in the order of `Solution.variables`.
    coordinates
        Swept parameters and initial values, then positions along axes, in the order of the design.
    time_units
        The model's unit of time, if it gives one.
    attributes
        Global attributes: text or numbers.
    texts
        The input files' texts by name: string datasets in the group `input-files`; no variable has such
        a name.
    report
        The memory report.
    first_run
        Index of the first run in the whole batch.
    findings
        What else is told of each run, in the order of the rows of `Solution.findings`.
    wholes
        Which variables and findings are elements of vectors: these are one variable each, with dimensions of their own.
    compressed
        Whether the file is compressed once it is complete.
    """

    times: np.ndarray
    n_runs: int
    precision: np.dtype[Any]
    variables: tuple[Variable, ...]
    coordinates: tuple[Variable, ...]
    time_units: str | None
    attributes: Mapping[str, Any]
    texts: Mapping[str, str]
    report: Mapping[str, Any]
    first_run: int = 0
    findings: tuple[Finding, ...] = ()
    wholes: Wholes = field(default_factory=dict)
    compressed: bool = False

    @cached_property
    def stored(self) -> tuple[Stored, ...]:
        """Saved states and observables as variables of the file."""
        names = [variable.name for variable in self.variables]
        return tuple(
            Stored(each.name, each.rows, (*each.dimensions, ("time", len(self.times)), ("run", self.n_runs)))
            for each in joined(names, self.wholes)
        )

    @cached_property
    def told(self) -> tuple[Stored, ...]:
        """Findings as variables of the file."""
        rows = [*rows_of(self.findings).values()]
        found = []
        for each in joined([finding.name for finding in self.findings], self.wholes):
            first = self.findings[each.rows.start]
            own = ((first.dimension, first.length),) if first.dimension else ()
            place = range(rows[each.rows.start].start, rows[each.rows.stop - 1].stop)
            found.append(Stored(each.name, place, (*each.dimensions, *own, ("run", self.n_runs))))
        return tuple(found)

    @property
    def dimensions(self) -> dict[str, int]:
        """The dimensions besides time and run, and their lengths."""
        found = dict(each for variable in (*self.stored, *self.told) for each in variable.dimensions)
        return {name: length for name, length in found.items() if name not in {"time", "run"}}

    @property
    def header_bytes(self) -> int:
        """Bytes of all but the values, or somewhat more."""
        texts = sum(len(text.encode()) for text in self.texts.values())
        dimensions = sum(len(name) + 8 * length for name, length in self.dimensions.items())
        return texts + dimensions + _header_bytes(len(self.stored) + len(self.coordinates) + 2 * len(self.told))


def dimensions_of(findings: Iterable[Finding]) -> dict[str, int]:
    """Return the dimensions that findings have besides that of the runs, and their lengths."""
    return {each.dimension: each.length for each in findings if each.dimension}


def index_type(length: int) -> np.dtype[Any]:
    """Return the type of positions along an axis."""
    return np.dtype(np.int32 if length < 1 << 31 else np.int64)


def expected_bytes(
    n_runs: int,
    n_times: int,
    n_variables: int,
    n_coordinates: int,
    itemsize: int,
    findings: Sequence[Finding] = (),
    wholes: Wholes = MappingProxyType({}),
) -> int:
    """Return the bytes of a result of these sizes, its texts not counted, or somewhat more."""
    counts = sum(dtype.itemsize for dtype, _ in COUNTS.values())
    index = np.dtype(np.int64).itemsize
    told = sum(each.rows * np.dtype(each.dtype).itemsize for each in findings)
    a_run = n_variables * n_times * itemsize + n_coordinates * 8 + counts + index + told
    names = n_variables + n_coordinates + 2 * len(findings)
    # Each vector is one variable, and has an index.
    names -= sum(len(each.vector.elements) - 2 for each in wholes.values())
    return n_runs * a_run + n_times * 8 + sum(dimensions_of(findings).values()) * 8 + _header_bytes(names)


def _header_bytes(n_variables: int) -> int:
    return _FIXED_BYTES + _VARIABLE_BYTES * n_variables


@dataclass(frozen=True)
class Place:
    """Where the values of a variable begin, in bytes, and what they are."""

    offset: int
    dtype: np.dtype[Any]


def lay_out(path: Path, contents: Contents) -> dict[str, Place]:
    """Create the file with all but its values; return where those of each variable belong."""
    with path.open("xb") as file:  # fails here, if at all, and not inside HDF5
        file.write(bytes(contents.header_bytes))
    # The name is ours alone, so no lock is needed; folders on a network often have none.
    with h5py.File(path, "w", libver=("v108", "v110"), track_order=True, locking=False) as file:
        _write_headers(file, contents)
        return _places(file, contents)


def find_places(path: Path, contents: Contents) -> dict[str, Place]:
    """Return where the values of each variable belong in a file that was laid out."""
    with h5py.File(path, "r", locking=False) as file:
        return _places(file, contents)


def _places(file: h5py.File, contents: Contents) -> dict[str, Place]:
    names = [each.name for each in (*contents.stored, *contents.told)]
    names += [*(variable.name for variable in contents.coordinates), "run", *COUNTS]
    return {name: Place(file[name].id.get_offset(), file[name].dtype) for name in names}


def _write_headers(file: h5py.File, contents: Contents) -> None:
    file.attrs["_NCProperties"] = np.bytes_(f"version=2,h5py={h5py.__version__},hdf5={h5py.version.hdf5_version}")
    for name, value in contents.attributes.items():
        file.attrs[name] = value
    numbers = _write_dimensions(file, contents)
    listed = " ".join(variable.name for variable in contents.coordinates)
    for each in contents.stored:
        dataset = _create_variable(file, each, contents.precision, numbers)
        _describe(dataset, contents.variables[each.rows.start].units, listed)
    for variable in contents.coordinates:
        dtype = variable.dtype or np.dtype(np.float64)
        _describe(_create_column(file, variable.name, dtype, contents), variable.units)
    _write_findings(file, contents, listed, numbers)
    for name, (dtype, meaning) in COUNTS.items():
        column = _create_column(file, name, dtype, contents)
        column.attrs["long_name"] = meaning
        _describe(column, None, listed)
    _describe_status(file["status"])
    texts = file.create_group("input-files")
    for name, text in contents.texts.items():
        texts[name] = text
    _write_report(file.create_group("memory_report"), contents.report, len(numbers))


def _write_dimensions(file: h5py.File, contents: Contents) -> dict[str, int]:
    """Create the dimensions, and return their numbers."""
    time = file.create_dataset("time", data=contents.times)
    run = create_contiguous(file, "run", (contents.n_runs,), np.dtype(np.int64))
    time.attrs["long_name"] = "independent variable"
    run.attrs["long_name"] = "index of the run in the whole batch"
    _describe(time, contents.time_units)
    scales = {"time": time, "run": run}
    for name, length in contents.dimensions.items():
        scales[name] = file.create_dataset(name, data=np.arange(length, dtype=np.int32))
    for number, (name, scale) in enumerate(scales.items()):
        scale.make_scale(name)
        scale.attrs["_Netcdf4Dimid"] = np.int32(number)
    return {name: number for number, name in enumerate(scales)}


def _write_findings(file: h5py.File, contents: Contents, coordinates: str, numbers: Mapping[str, int]) -> None:
    """Create what is told of each run, over runs, or over dimensions of its own and runs."""
    parts = joined([finding.name for finding in contents.findings], contents.wholes)
    for each, part in zip(contents.told, parts, strict=True):
        first = contents.findings[part.rows.start]
        dataset = _create_variable(file, each, np.dtype(first.dtype), numbers)
        dataset.attrs["long_name"] = _meaning(first, part.whole)
        _describe(dataset, first.units, coordinates)


def _meaning(finding: Finding, whole: Whole | None) -> str:
    """Return what a finding is; of a vector, from what it is of the first element."""
    if whole is None:
        return finding.meaning
    return finding.meaning.replace(next(iter(whole.vector.elements)), whole.vector.name)


def _create_variable(file: h5py.File, stored: Stored, dtype: np.dtype[Any], numbers: Mapping[str, int]) -> h5py.Dataset:
    """Create a variable over its dimensions; what is missing of numbers with a fraction is NaN."""
    fill = {"fillvalue": dtype.type(np.nan)} if dtype.kind == "f" else {}
    shape = tuple(length for _, length in stored.dimensions)
    dataset = create_contiguous(file, stored.name, shape, dtype, **fill)
    for axis, (name, _) in enumerate(stored.dimensions):
        dataset.dims[axis].attach_scale(file[name])
    if len(shape) > 1:
        ids = [numbers[name] for name, _ in stored.dimensions]
        dataset.attrs["_Netcdf4Coordinates"] = np.array(ids, dtype=np.int32)
    if fill:
        dataset.attrs["_FillValue"] = np.array([fill["fillvalue"]])
    return dataset


def _create_column(file: h5py.File, name: str, dtype: np.dtype[Any], contents: Contents) -> h5py.Dataset:
    dataset = create_contiguous(file, name, (contents.n_runs,), dtype)
    dataset.dims[0].attach_scale(file["run"])
    return dataset


def create_contiguous(
    file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], **options: Any
) -> h5py.Dataset:
    """Create a contiguous dataset that has its place in the file at once, and no values yet."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return file.create_dataset(name, shape=shape, dtype=dtype, dcpl=creation, **options)


def _describe(dataset: h5py.Dataset, units: str | None, coordinates: str = "") -> None:
    if units:
        dataset.attrs["units"] = units
    if coordinates:
        dataset.attrs["coordinates"] = coordinates


def _describe_status(dataset: h5py.Dataset) -> None:
    ordered = sorted(Status)
    dataset.attrs["flag_values"] = np.array(ordered, dtype=np.int8)
    dataset.attrs["flag_meanings"] = " ".join(status.name.lower() for status in ordered)


def _write_report(group: h5py.Group, report: Mapping[str, Any], n_dimensions: int) -> None:
    """Write the report as JSON, and its buffers and totals as columns and attributes too.

    The file has some dimensions already, which are numbered.
    """
    group["json"] = json.dumps(report)
    for name, value in report["totals"].items():
        if value is not None:
            group.attrs[name] = value
    buffers: Sequence[Mapping[str, Any]] = report["buffers"]
    columns = {
        name: [row[name] if row[name] is not None else _NO_OFFSET for row in buffers] for name in _REPORT_COLUMNS
    }
    write_columns(group, "buffer", columns, _REPORT_COLUMNS, n_dimensions)
    group["offset"].attrs["_FillValue"] = np.array([_NO_OFFSET])


def write_columns(
    group: h5py.Group, index: str, columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, Any], n_dimensions: int
) -> None:
    """Write columns of a length over a dimension of their own, in a file that has some dimensions already.

    Parameters
    ----------
    index
        The dimension's name.
    columns, dtypes
        Values, and `str` or the type of a number, by the column's name.
    """
    length = len(next(iter(columns.values())))
    scale = group.create_dataset(index, data=np.arange(length, dtype=np.int32))
    scale.make_scale(index)
    scale.attrs["_Netcdf4Dimid"] = np.int32(n_dimensions)
    for name, dtype in dtypes.items():
        stored = h5py.string_dtype() if dtype is str else dtype
        group.create_dataset(name, data=columns[name], dtype=stored).dims[0].attach_scale(scale)
