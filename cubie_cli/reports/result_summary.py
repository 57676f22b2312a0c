"""Sums up the file of a result, as plain values."""

import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from cubie_cli.results.layout import COUNTS
from cubie_cli.results.manifest import read_manifest
from cubie_cli.results.opening import dimensions

#: Values of a variable that are looked at together.
_BLOCK = 1 << 22


def describe(file: h5py.File) -> dict[str, Any]:
    """Return a summary of a result: sizes, ranges of the variables, outcomes, and where it comes from."""
    columns = {
        name: data
        for name, data in file.items()
        if isinstance(data, h5py.Dataset) and not data.is_scale and name not in COUNTS
    }
    indices = [f"{axis}_index" for axis in str(file.attrs.get("batch_axes", "")).split()]
    swept = [name for name in str(file["status"].attrs.get("coordinates", "")).split() if name not in indices]
    saved = [name for name, data in columns.items() if "time" in dimensions(data)]
    told = [name for name in columns if name not in {*swept, *saved, *indices}]
    times = file["time"]
    return {
        "kind": "result",
        "file": file.filename,
        "title": str(file.attrs.get("title", "")),
        "dimensions": {"time": len(times), "run": len(file["run"])},
        "time": {"first": float(times[0]), "last": float(times[-1])} if len(times) else None,
        "variables": [_range(name, columns[name]) for name in saved],
        "summaries": [_range(name, columns[name]) for name in told],
        "swept": [_range(name, columns[name]) for name in swept],
        "shards": len(read_manifest(file)),
        "status": _outcomes(file["status"]),
        "steps": int(file["steps"][:].sum()),
        "rejected": int(file["rejected"][:].sum()),
        "attributes": {name: str(value) for name, value in file.attrs.items() if not name.startswith("_")},
    }


def _range(name: str, data: h5py.Dataset) -> dict[str, Any]:
    """Return a variable's smallest and largest value, and how many values are missing."""
    lowest, highest, missing = math.inf, -math.inf, 0
    for block in _blocks(data):
        known = block[~np.isnan(block)]
        missing += block.size - known.size
        if known.size:
            lowest, highest = min(lowest, float(known.min())), max(highest, float(known.max()))
    empty = missing == data.size
    return {
        "name": name,
        "units": str(data.attrs.get("units", "")),
        "minimum": None if empty else lowest,
        "maximum": None if empty else highest,
        "missing": missing,
    }


def _blocks(data: h5py.Dataset) -> Iterator[np.ndarray]:
    """Yield all values, some at a time."""
    for place in np.ndindex(data.shape[:-1]):
        for first in range(0, data.shape[-1], _BLOCK):
            yield data[(*place, slice(first, first + _BLOCK))]


def _outcomes(status: h5py.Dataset) -> dict[str, int]:
    """Return the number of runs by the name of their status, those that occur."""
    names = dict(zip(status.attrs["flag_values"].tolist(), str(status.attrs["flag_meanings"]).split(), strict=True))
    found, counts = np.unique(status[:], return_counts=True)
    return {names.get(int(value), str(value)): int(count) for value, count in zip(found, counts, strict=True)}
