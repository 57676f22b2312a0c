"""Reads the drivers of a model: forcing from tables, written out or in files of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cubie_cli.documents import tables
from cubie_cli.documents.column_files import named_columns
from cubie_cli.documents.columns import Columns, TableFile
from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from solvers.equations.drivers import METHODS, OUTSIDE, Driver

KEYS = ("table", "time", "value", "times", "values", "method", "outside")
_IN_FILE, _WRITTEN_OUT = ("table", "time", "value"), ("times", "values")
#: What others call some of them.
_ALSO = {"spline": "cubic", "step": "hold", "previous": "hold", "constant": "hold", "makima": "pchip"}
_METHOD, _OUTSIDE = "linear", "hold"

#: What to write for what is no driver.
_OF_OTHERS = "such as { times = [0.0, 1.0], values = [0.0, 2.0] }"
_OF_TEXT = 'a file is { table = "rain.csv", time = "hour", value = "rain" }; a formula stands in [observables]'
#: What to do about times that do not rise.
_IN_ORDER = 'sort the rows, and give each time one; a jump is one row where method = "hold"'


@dataclass(frozen=True)
class Drivers:
    """The drivers of a model.

    Parameters
    ----------
    drivers
        In the order written.
    files
        The files of those that have one, by their names.
    """

    drivers: tuple[Driver, ...]
    files: dict[str, TableFile]


def read_drivers(document: Document, prefix: KeyPath) -> Drivers:
    """Read the table `drivers` of a model.

    Raises
    ------
    UserError
        With the place of the first mistake, in the model or in a table's file.
    """
    reader = _Reader(document, (*prefix, "drivers"))
    drivers = tuple(reader.driver(name) for name in tables.table(document, reader.path))
    return Drivers(drivers, reader.files)


class _Reader:
    def __init__(self, document: Document, path: KeyPath) -> None:
        self._document = document
        self.path = path
        self.files: dict[str, TableFile] = {}
        self._read: dict[str, Columns] = {}

    def driver(self, name: str) -> Driver:
        """Read a driver."""
        path: KeyPath = (*self.path, name)
        value = self._document.get(path)
        if not isinstance(value, dict):
            message = f"a driver is a table over time, this is {tables.kind_of(value)}"
            raise self._document.error(message, path, hint=_OF_TEXT if isinstance(value, str) else _OF_OTHERS)
        tables.check_keys(self._document, path, KEYS, "[drivers]")
        method = self._choice((*path, "method"), METHODS, _METHOD)
        outside = self._choice((*path, "outside"), OUTSIDE, _OUTSIDE)
        times, values = self._from_file(name, path) if self._is_in_file(path, value) else self._written_out(path)
        return Driver(name, times, values, method, outside)

    def _choice(self, path: KeyPath, known: Sequence[Any], default: Any) -> Any:
        value = self._document.get(path, default)
        if value not in known:
            message = f"{path[-1]!r} must be one of {', '.join(known)}"
            raise self._document.error(message, path, hint=did_you_mean(_ALSO.get(value, str(value)), known))
        return value

    def _is_in_file(self, path: KeyPath, value: dict[str, Any]) -> bool:
        """Return whether a driver's rows are in a file, and refuse what is neither that nor written out, or both."""
        in_file = "table" in value
        wanted, other = (_IN_FILE, _WRITTEN_OUT) if in_file else (_WRITTEN_OUT, _IN_FILE)
        for key in other:
            if key in value:
                message = f"{key!r} does not go with {wanted[0]!r}" if in_file else f"{key!r} needs a 'table'"
                hint = "give a table in a file, or its times and values"
                raise self._document.error(message, (*path, key), "key", hint)
        for key in wanted:
            if key not in value:
                hint = "name the column" if in_file else "give its times and values, or a table in a file"
                raise self._document.error(f"the driver {path[-1]!r} has no {key!r}", path, "key", hint)
        return in_file

    # -- rows -----------------------------------------------------------------------------------

    def _written_out(self, path: KeyPath) -> tuple[np.ndarray, np.ndarray]:
        times, values = (self._numbers((*path, key)) for key in _WRITTEN_OUT)
        if len(times) != len(values):
            message = f"there are {len(times)} times and {len(values)} values"
            raise self._document.error(message, (*path, "values"), hint="each time has a value")
        self._check_count(len(times), path)
        row = _first_fall(times)
        if row is not None:
            raise self._document.error(_fall(times, row), (*path, "times", row), hint=_IN_ORDER)
        return times, values

    def _numbers(self, path: KeyPath) -> np.ndarray:
        value = self._document.get(path)
        if not isinstance(value, list):
            raise self._document.error(f"{path[-1]!r} must be a list, this is {tables.kind_of(value)}", path)
        return tables.numbers(self._document, path)

    def _from_file(self, name: str, path: KeyPath) -> tuple[np.ndarray, np.ndarray]:
        held = self._document.enclosed and self._document.enclosed.table(f"drivers/{name}", f"driver_{name}")
        if held and not self._document.changed((*path, "table")):
            _, (times, values), self.files[name] = held
            return times, values
        columns = self._columns((*path, "table"))
        times, values = (self._column(columns, (*path, key)) for key in ("time", "value"))
        if len(times) != len(values):
            message = f"{columns.path} has {len(times)} times and {len(values)} values"
            raise self._document.error(message, (*path, "value"), hint="both need the same number of rows")
        self._check_count(len(times), (*path, "table"))
        row = _first_fall(times)
        if row is not None:
            raise columns.error(_fall(times, row), str(self._document.get((*path, "time"))), row, _IN_ORDER)
        self.files[name] = columns.file
        return times, values

    def _columns(self, path: KeyPath) -> Columns:
        name = self._document.get(path)
        if not isinstance(name, str) or name not in self._read:
            self._read[str(name)] = named_columns(self._document, path)
        return self._read[str(name)]

    def _column(self, columns: Columns, path: KeyPath) -> np.ndarray:
        name = tables.text(self._document, path)
        if name not in columns.names:
            message, hint = columns.unknown(name)
            raise self._document.error(message, path, hint=hint)
        return columns.numbers(name)

    def _check_count(self, count: int, path: KeyPath) -> None:
        if count < 2:
            message = f"a table over time needs at least two rows, this has {count}"
            raise self._document.error(message, path, hint="a value that does not change is a parameter")


def _first_fall(times: np.ndarray) -> int | None:
    """Return the first row whose time is not above the one before, if any."""
    rows = np.flatnonzero(~(np.diff(times) > 0.0))
    return int(rows[0]) + 1 if rows.size else None


def _fall(times: np.ndarray, row: int) -> str:
    return f"times must rise, and {times[row]:.15g} follows {times[row - 1]:.15g}"
