"""The result of a batch: one HDF5 file that netCDF-4 readers open as it is.

The file follows the netCDF-4 data model (dimension scales with the attributes netCDF-4 gives them) and
CF-1.10. It is written under a temporary name beside its own, and renamed once it is complete and on disk:
whatever stops the program, a file of the right name is a whole result.

Sources: Unidata, "NetCDF-4 Format"; CF conventions 1.10, section 3.5 (flags).
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from cubie_cli.diagnostics import OutputError
from solvers.engine import Solution
from solvers.status import Status

#: A chunk of a chunked variable holds whole rows of runs, about this many bytes of them.
_CHUNK_BYTES = 32 << 20
#: HDF5 refuses chunks of 4 GiB and more.
_CHUNK_LIMIT = (4 << 30) - 1
#: What a file holds besides its data: headers, texts, the report.
_OVERHEAD_BYTES = 32 << 10

_COUNTS: Mapping[str, tuple[np.dtype[Any], str]] = {
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
    n_runs, runs_per_write
        Runs of the batch, and how many are written at once.
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
    """

    times: np.ndarray
    n_runs: int
    runs_per_write: int
    precision: np.dtype[Any]
    variables: tuple[Variable, ...]
    coordinates: tuple[Variable, ...]
    time_units: str | None
    attributes: Mapping[str, Any]
    texts: Mapping[str, str]
    report: Mapping[str, Any]

    @property
    def bytes(self) -> int:
        """Bytes the file will take, less than one per cent too many for all but the smallest."""
        return expected_bytes(
            self.n_runs, len(self.times), len(self.variables), len(self.coordinates), self.precision.itemsize
        ) + sum(len(text) for text in self.texts.values())


def expected_bytes(n_runs: int, n_times: int, n_variables: int, n_coordinates: int, itemsize: int) -> int:
    """Return the bytes of a result of these sizes."""
    counts = sum(dtype.itemsize for dtype, _ in _COUNTS.values())
    index = np.dtype(np.int64).itemsize
    a_run = n_variables * n_times * itemsize + n_coordinates * 8 + counts + index
    return n_runs * a_run + n_times * 8 + _OVERHEAD_BYTES + 1024 * (n_variables + n_coordinates)


class ResultFile:
    """A result being written; a context manager that leaves nothing but what was published.

    Parameters
    ----------
    path
        The name the complete file gets.
    contents
        What it will hold.

    Raises
    ------
    OutputError
        The file cannot be written.
    """

    def __init__(self, path: Path, contents: Contents) -> None:
        self._path = path
        # Cut, so that the longest name a file system takes has a temporary one too.
        self._temporary = path.with_name(f".{path.name[:64]}.{secrets.token_hex(8)}.part")
        self._contents = contents
        try:
            self._file = self._create()
        except BaseException as error:
            self._discard()
            raise _as_output_error(path, error) from error

    def _create(self) -> h5py.File:
        # The name is new and ours alone, so no lock is needed; folders on a network often have none.
        file = h5py.File(self._temporary, "x", libver=("v108", "v110"), track_order=True, locking=False)
        try:
            _write_headers(file, self._contents)
        except BaseException:
            file.close()
            raise
        return file

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, first_run: int, values: np.ndarray, solution: Solution) -> None:
        """Write a range of runs.

        Parameters
        ----------
        first_run
            Index of the first of them in the whole batch.
        values
            Swept values, shape (n_axes, n).
        solution
            What was computed for these n runs.
        """
        runs = slice(first_run, first_run + solution.status.shape[0])
        names = [variable.name for variable in self._contents.variables]
        coordinates = [variable.name for variable in self._contents.coordinates]
        try:
            for name, block in zip(names, solution.variables, strict=True):
                self._file[name][:, runs] = block
            for name, row in zip(coordinates, values, strict=True):
                self._file[name][runs] = row
            for name in _COUNTS:
                self._file[name][runs] = getattr(solution, name)
            self._file["run"][runs] = np.arange(runs.start, runs.stop)
        except (OSError, RuntimeError) as error:
            raise _as_output_error(self._path, error) from error

    def publish(self) -> None:
        """Put the complete file in its place, safe on disk.

        Raises
        ------
        OutputError
            The disk refused; no result is left.
        """
        try:
            self._file.close()
            _sync(self._temporary)
            self._temporary.replace(self._path)
        except (OSError, RuntimeError) as error:
            raise _as_output_error(self._path, error) from error
        with suppress(OSError):  # some network file systems cannot sync a folder
            _sync(self._path.parent)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not published."""
        self._discard()

    def _discard(self) -> None:
        # A disk that is full fails the flush on closing too; the file goes away either way.
        with suppress(OSError, RuntimeError, AttributeError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_output_error(path: Path, error: BaseException) -> BaseException:
    """Return the error to raise: a user's message where the disk refused, the error itself otherwise."""
    if not isinstance(error, OSError | RuntimeError):
        return error
    return OutputError(
        f"cannot write {path}: {error}", hint="free some space, or write to another disk with --output"
    )


def _write_headers(file: h5py.File, contents: Contents) -> None:
    file.attrs["_NCProperties"] = np.bytes_(
        f"version=2,h5py={h5py.__version__},hdf5={h5py.version.hdf5_version}"
    )
    for name, value in contents.attributes.items():
        file.attrs[name] = value
    _write_dimensions(file, contents)
    listed = " ".join(variable.name for variable in contents.coordinates)
    for variable in contents.variables:
        _describe(_create_grid(file, variable.name, contents), variable.units, listed)
    for variable in contents.coordinates:
        _describe(_create_column(file, variable.name, np.dtype(np.float64), contents), variable.units)
    for name, (dtype, meaning) in _COUNTS.items():
        column = _create_column(file, name, dtype, contents)
        column.attrs["long_name"] = meaning
        _describe(column, None, listed)
    _describe_status(file["status"])
    texts = file.create_group("input-files")
    for name, text in contents.texts.items():
        texts[name] = text
    _write_report(file.create_group("memory_report"), contents.report)


def _write_dimensions(file: h5py.File, contents: Contents) -> None:
    time = file.create_dataset("time", data=contents.times)
    run = file.create_dataset("run", shape=(contents.n_runs,), dtype=np.int64, fill_time="never")
    for number, (name, scale) in enumerate({"time": time, "run": run}.items()):
        scale.make_scale(name)
        scale.attrs["_Netcdf4Dimid"] = np.int32(number)
    time.attrs["long_name"] = "independent variable"
    run.attrs["long_name"] = "index of the run in the whole batch"
    _describe(time, contents.time_units)


def _create_grid(file: h5py.File, name: str, contents: Contents) -> h5py.Dataset:
    """Create a variable over time and run; every element is written before the file gets its name."""
    shape = (len(contents.times), contents.n_runs)
    fill = contents.precision.type(np.nan)
    dataset = file.create_dataset(
        name,
        shape=shape,
        dtype=contents.precision,
        chunks=_chunks(shape, contents.runs_per_write, contents.precision.itemsize),
        fillvalue=fill,
        fill_time="never",
    )
    dataset.dims[0].attach_scale(file["time"])
    dataset.dims[1].attach_scale(file["run"])
    dataset.attrs["_Netcdf4Coordinates"] = np.array([0, 1], dtype=np.int32)
    dataset.attrs["_FillValue"] = np.array([fill])
    return dataset


def _chunks(shape: tuple[int, int], runs_per_write: int, itemsize: int) -> tuple[int, int] | None:
    """Return the chunk shape: rows as wide as a write, or None (contiguous) where one write is all."""
    n_times, n_runs = shape
    if runs_per_write >= n_runs:
        return None
    runs = min(runs_per_write, _CHUNK_LIMIT // itemsize)
    rows = max(1, _CHUNK_BYTES // (runs * itemsize))
    return min(n_times, rows), runs


def _create_column(file: h5py.File, name: str, dtype: np.dtype[Any], contents: Contents) -> h5py.Dataset:
    dataset = file.create_dataset(name, shape=(contents.n_runs,), dtype=dtype, fill_time="never")
    dataset.dims[0].attach_scale(file["run"])
    return dataset


def _describe(dataset: h5py.Dataset, units: str | None, coordinates: str = "") -> None:
    if units:
        dataset.attrs["units"] = units
    if coordinates:
        dataset.attrs["coordinates"] = coordinates


def _describe_status(dataset: h5py.Dataset) -> None:
    ordered = sorted(Status)
    dataset.attrs["flag_values"] = np.array(ordered, dtype=np.int8)
    dataset.attrs["flag_meanings"] = " ".join(status.name.lower() for status in ordered)


def _write_report(group: h5py.Group, report: Mapping[str, Any]) -> None:
    """Write the report as JSON, and its buffers and totals as columns and attributes too."""
    group["json"] = json.dumps(report)
    for name, value in report["totals"].items():
        if value is not None:
            group.attrs[name] = value
    buffers: Sequence[Mapping[str, Any]] = report["buffers"]
    index = group.create_dataset("buffer", data=np.arange(len(buffers), dtype=np.int32))
    index.make_scale("buffer")
    index.attrs["_Netcdf4Dimid"] = np.int32(2)
    text = h5py.string_dtype()
    for column, dtype in _REPORT_COLUMNS.items():
        values = [row[column] if row[column] is not None else _NO_OFFSET for row in buffers]
        dataset = group.create_dataset(column, data=values, dtype=text if dtype is str else dtype)
        dataset.dims[0].attach_scale(index)
    group["offset"].attrs["_FillValue"] = np.array([_NO_OFFSET])
