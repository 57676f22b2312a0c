"""The numbers of a result, and whether two have the same to the last bit."""

import h5py
import numpy as np


def numbers(path):
    """Return all that a result has for each run, by variable, runs first."""
    with h5py.File(path, locking=False) as file:
        return {name: _by_run(each) for name, each in file.items() if _is_for_runs(each)}


def _is_for_runs(item):
    return isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf" and "run" in _over(item)


def _over(dataset):
    """Return the names of a variable's dimensions; what has none is one itself."""
    scales = [scale for dimension in dataset.dims for scale in dimension.values()] or [dataset]
    return [scale.name.rpartition("/")[2] for scale in scales]


def _by_run(dataset):
    return np.moveaxis(dataset[()], _over(dataset).index("run"), 0)


def difference(found, expected):
    """Return the name of a variable that differs in a bit, or is in one of two results alone; None where none does."""
    for name in sorted({*found, *expected}):
        one, other = found.get(name), expected.get(name)
        if one is None or other is None or one.dtype != other.dtype or one.tobytes() != other.tobytes():
            return name
    return None
