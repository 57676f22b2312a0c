"""Reads columns from HDF5 and netCDF-4 files: their one-dimensional variables."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.documents.columns import Columns
from cubie_cli.documents.messages import UserError

if TYPE_CHECKING:
    import h5py

_OF_RESULTS = ("run", "status", "steps", "rejected")


class VariableColumns(Columns):
    """The one-dimensional variables of an HDF5 or netCDF-4 file; those in groups have a path as a name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        return tuple(self._datasets)

    @property
    def asides(self) -> frozenset[str]:
        """What numbers a dimension, and all that a result tells of its runs."""
        result = all(name in self._datasets for name in _OF_RESULTS)
        return frozenset(name for name, dataset in self._datasets.items() if result or dataset.is_scale)

    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""
        return UserError(f"variable {name!r}, element {row}: {message}", self.path, hint=hint)

    def _read(self, name: str) -> np.ndarray:
        dataset = self._datasets[name]
        if not _has_numbers(dataset):
            raise self.error_in_names(f"variable {name!r} has no numbers", "write it as numbers, or take it out")
        if dataset.external:
            raise self.error_in_names(f"variable {name!r} has its values in another file", "copy them into this one")
        try:
            values = np.asarray(dataset[...])
        except (OSError, RuntimeError) as error:
            raise self.error_in_names(f"variable {name!r} cannot be read: {error}") from None
        missing = [dataset.attrs[key] for key in ("_FillValue", "missing_value") if key in dataset.attrs]
        found: np.ndarray = values.astype(np.float64)
        for number in missing:
            found[values == np.ravel(number)[0]] = np.nan
        scale, offset = (
            float(np.ravel(dataset.attrs.get(key, n))[0]) for key, n in (("scale_factor", 1.0), ("add_offset", 0.0))
        )
        return found * scale + offset

    @cached_property
    def _datasets(self) -> "dict[str, h5py.Dataset]":
        import h5py  # noqa: PLC0415 - other files need none

        found: dict[str, h5py.Dataset] = {}

        def take(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and item.ndim == 1:
                found[name] = item

        try:
            h5py.File(self.path, "r", locking=False).visititems(take)
        except (OSError, RuntimeError) as error:
            raise UserError(f"cannot be read as HDF5: {error}", self.path, hint="is the file complete?") from None
        if not any(map(_has_numbers, found.values())):
            hint = "a table has a variable for each quantity, with one number for each run"
            raise UserError("the file has no one-dimensional variable of numbers", self.path, hint=hint)
        return found


def _has_numbers(dataset: "h5py.Dataset") -> bool:
    return dataset.dtype.kind in "iuf"
