"""Decides what a result looks like on disk: its variables, dimensions, attributes and groups, and their places.

The file follows the netCDF-4 data model (dimension scales with the attributes netCDF-4 gives them) and
CF-1.10, so that netCDF-4 readers open it as it is.

Sources: Unidata, "NetCDF-4 Format"; CF conventions 1.10, section 3.5 (flags).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from solvers.planning.findings import Finding
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
    """

    name: str
    units: str | None = None


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
        dtype of the variables: float64 or float32.
    variables
        Saved states and observables, in the order of `Solution.variables`.
    coordinates
        Swept parameters and initial values, in the order of the batch's axes.
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

    @property
    def header_bytes(self) -> int:
        """Bytes of all but the values, or somewhat more."""
        texts = sum(len(text.encode()) for text in self.texts.values())
        dimensions = sum(len(name) + 8 * length for name, length in dimensions_of(self.findings).items())
        return texts + dimensions + _header_bytes(len(self.variables) + len(self.coordinates) + 2 * len(self.findings))


def dimensions_of(findings: Iterable[Finding]) -> dict[str, int]:
    """Return the dimensions that findings have besides that of the runs, and their lengths."""
    return {each.dimension: each.length for each in findings if each.dimension}


def expected_bytes(
    n_runs: int, n_times: int, n_variables: int, n_coordinates: int, itemsize: int, findings: Sequence[Finding] = ()
) -> int:
    """Return the bytes of a result of these sizes, its texts not counted, or somewhat more."""
    counts = sum(dtype.itemsize for dtype, _ in COUNTS.values())
    index = np.dtype(np.int64).itemsize
    told = sum(each.rows * np.dtype(each.dtype).itemsize for each in findings)
    a_run = n_variables * n_times * itemsize + n_coordinates * 8 + counts + index + told
    names = n_variables + n_coordinates + 2 * len(findings)
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
    names = [variable.name for variable in (*contents.variables, *contents.coordinates)]
    names += [*(finding.name for finding in contents.findings), "run", *COUNTS]
    return {name: Place(file[name].id.get_offset(), file[name].dtype) for name in names}


def _write_headers(file: h5py.File, contents: Contents) -> None:
    file.attrs["_NCProperties"] = np.bytes_(f"version=2,h5py={h5py.__version__},hdf5={h5py.version.hdf5_version}")
    for name, value in contents.attributes.items():
        file.attrs[name] = value
    _write_dimensions(file, contents)
    listed = " ".join(variable.name for variable in contents.coordinates)
    for variable in contents.variables:
        _describe(_create_grid(file, variable.name, contents), variable.units, listed)
    for variable in contents.coordinates:
        _describe(_create_column(file, variable.name, np.dtype(np.float64), contents), variable.units)
    _write_findings(file, contents, listed)
    for name, (dtype, meaning) in COUNTS.items():
        column = _create_column(file, name, dtype, contents)
        column.attrs["long_name"] = meaning
        _describe(column, None, listed)
    _describe_status(file["status"])
    texts = file.create_group("input-files")
    for name, text in contents.texts.items():
        texts[name] = text
    _write_report(file.create_group("memory_report"), contents.report, 2 + len(dimensions_of(contents.findings)))


def _write_dimensions(file: h5py.File, contents: Contents) -> None:
    time = file.create_dataset("time", data=contents.times)
    run = _create(file, "run", (contents.n_runs,), np.dtype(np.int64))
    for number, (name, scale) in enumerate({"time": time, "run": run}.items()):
        scale.make_scale(name)
        scale.attrs["_Netcdf4Dimid"] = np.int32(number)
    time.attrs["long_name"] = "independent variable"
    run.attrs["long_name"] = "index of the run in the whole batch"
    _describe(time, contents.time_units)


def _write_findings(file: h5py.File, contents: Contents, coordinates: str) -> None:
    """Create what is told of each run, over runs, or over a dimension of its own and runs."""
    for number, (name, length) in enumerate(dimensions_of(contents.findings).items()):
        index = file.create_dataset(name, data=np.arange(length, dtype=np.int32))
        index.make_scale(name)
        index.attrs["_Netcdf4Dimid"] = np.int32(2 + number)
    numbers = {name: 2 + number for number, name in enumerate(dimensions_of(contents.findings))}
    for each in contents.findings:
        dtype = np.dtype(each.dtype)
        fill = {"fillvalue": dtype.type(np.nan)} if dtype.kind == "f" else {}
        shape = (each.length, contents.n_runs) if each.dimension else (contents.n_runs,)
        dataset = _create(file, each.name, shape, dtype, **fill)
        dataset.dims[len(shape) - 1].attach_scale(file["run"])
        if each.dimension:
            dataset.dims[0].attach_scale(file[each.dimension])
            dataset.attrs["_Netcdf4Coordinates"] = np.array([numbers[each.dimension], 1], dtype=np.int32)
        if fill:
            dataset.attrs["_FillValue"] = np.array([fill["fillvalue"]])
        dataset.attrs["long_name"] = each.meaning
        _describe(dataset, each.units, coordinates)


def _create_grid(file: h5py.File, name: str, contents: Contents) -> h5py.Dataset:
    """Create a variable over time and run."""
    fill = contents.precision.type(np.nan)
    shape = (len(contents.times), contents.n_runs)
    dataset = _create(file, name, shape, contents.precision, fillvalue=fill)
    dataset.dims[0].attach_scale(file["time"])
    dataset.dims[1].attach_scale(file["run"])
    dataset.attrs["_Netcdf4Coordinates"] = np.array([0, 1], dtype=np.int32)
    dataset.attrs["_FillValue"] = np.array([fill])
    return dataset


def _create_column(file: h5py.File, name: str, dtype: np.dtype[Any], contents: Contents) -> h5py.Dataset:
    dataset = _create(file, name, (contents.n_runs,), dtype)
    dataset.dims[0].attach_scale(file["run"])
    return dataset


def _create(file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], **options: Any) -> h5py.Dataset:
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
    index = group.create_dataset("buffer", data=np.arange(len(buffers), dtype=np.int32))
    index.make_scale("buffer")
    index.attrs["_Netcdf4Dimid"] = np.int32(n_dimensions)
    text = h5py.string_dtype()
    for column, dtype in _REPORT_COLUMNS.items():
        values = [row[column] if row[column] is not None else _NO_OFFSET for row in buffers]
        dataset = group.create_dataset(column, data=values, dtype=text if dtype is str else dtype)
        dataset.dims[0].attach_scale(index)
    group["offset"].attrs["_FillValue"] = np.array([_NO_OFFSET])
