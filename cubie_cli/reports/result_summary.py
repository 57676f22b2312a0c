"""Sums up the file of a result, as plain values."""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from cubie_cli.reports.failures import failed, failures, outcomes
from cubie_cli.reports.statistics import blocks_of, statistics
from cubie_cli.results.layout import COUNTS
from cubie_cli.results.manifest import read_manifest
from cubie_cli.results.opening import dimensions


def describe(file: h5py.File) -> dict[str, Any]:
    """Return a summary of a result: sizes, statistics of the variables, outcomes, and where it comes from.

    Statistics of what was computed are those of the runs that succeeded, unless none did.
    """
    columns = {
        name: data
        for name, data in file.items()
        if isinstance(data, h5py.Dataset) and not data.is_scale and name not in COUNTS
    }
    axes = _axes(file)
    indices = [f"{axis}_index" for axis in axes]
    swept = swept_of(file)
    saved = [name for name, data in columns.items() if "time" in dimensions(data)]
    told = [name for name in columns if name not in {*swept, *saved, *indices}]
    times = file["time"]
    counts = outcomes(file["status"])
    status = _failing(file, counts)
    return {
        "kind": "result",
        "file": file.filename,
        "bytes": file.id.get_filesize(),
        "title": str(file.attrs.get("title", "")),
        "dimensions": {name: len(file[name]) for name in _dimensions(columns)},
        "axes": axes,
        "time": {"first": float(times[0]), "last": float(times[-1])} if len(times) else None,
        "time_units": str(times.attrs.get("units", "")),
        "shards": len(read_manifest(file)),
        **endings(file, counts, swept),
        "statistics_of": "succeeded" if status is not None else "all",
        "variables": [_row(name, columns[name], status) for name in saved],
        "summaries": [_row(name, columns[name], status) for name in told],
        "swept": [_row(name, columns[name], None) for name in swept],
        "attributes": {name: _plain(value) for name, value in file.attrs.items() if not name.startswith("_")},
    }


def endings(file: h5py.File, counts: Mapping[str, int], swept: Sequence[str]) -> dict[str, Any]:
    """Return how the runs of a result ended, and in how many steps.

    Parameters
    ----------
    file
        The result.
    counts
        The number of runs by the name of their status.
    swept
        Names of the variables whose values are told of runs that failed.
    """
    steps = statistics(file["steps"], _failing(file, counts)).as_json()
    return {
        "status": dict(counts),
        "failed": sum(failed(counts).values()),
        "failures": failures(file, counts, swept),
        "steps": _sum(file["steps"]),
        "rejected": _sum(file["rejected"]),
        "steps_of_a_run": {key: steps[key] for key in ("minimum", "mean", "maximum")},
    }


def swept_of(file: h5py.File) -> list[str]:
    """Return the names of the variables that hold swept values."""
    indices = {f"{axis}_index" for axis in _axes(file)}
    return [name for name in str(file["status"].attrs.get("coordinates", "")).split() if name not in indices]


def _failing(file: h5py.File, counts: Mapping[str, int]) -> h5py.Dataset | None:
    """Return the statuses where some runs failed, and others did not."""
    return file["status"] if 0 < sum(failed(counts).values()) < len(file["run"]) else None


def embedded_files(file: h5py.File) -> dict[str, str]:
    """Return the texts of the files behind a result or a trace, by what they are."""
    found: dict[str, str] = {}

    def take(name: str, each: h5py.Dataset | h5py.Group) -> None:
        if isinstance(each, h5py.Dataset):
            found[name] = each[()].decode("utf-8", errors="replace")

    file["input-files"].visititems(take)
    first = [name for name in ("configuration", "settings", "model") if name in found]
    return {name: found[name] for name in (*first, *(name for name in found if name not in first))}


def _axes(file: h5py.File) -> dict[str, int]:
    """Return the axes of a grid and their lengths."""
    names = str(file.attrs.get("batch_axes", "")).split()
    return dict(zip(names, np.ravel(file.attrs["batch_shape"]).tolist(), strict=True)) if names else {}


def _dimensions(columns: Mapping[str, h5py.Dataset]) -> list[str]:
    """Return the names of all dimensions, those of every result first."""
    return list(dict.fromkeys(["time", "run", *(name for data in columns.values() for name in dimensions(data))]))


def _row(name: str, data: h5py.Dataset, status: h5py.Dataset | None) -> dict[str, Any]:
    told = {"name": name, "units": str(data.attrs.get("units", "")), "meaning": str(data.attrs.get("long_name", ""))}
    return told | {"dimensions": list(dimensions(data)), "type": str(data.dtype)} | statistics(data, status).as_json()


def _sum(data: h5py.Dataset) -> int:
    return sum(int(data[runs].sum(dtype=np.int64)) for runs in blocks_of(len(data)))


def _plain(value: Any) -> Any:
    """Return the value of an attribute as text or a number, or a list of these."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
