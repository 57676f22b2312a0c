"""Reads files of columns: text (CSV), or one-dimensional variables of HDF5 and netCDF files."""

import csv
import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.documents.messages import UserError, shortened
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.documents.suggestions import did_you_mean

if TYPE_CHECKING:
    import h5py

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC_NETCDF = b"CDF"
_DELIMITERS = ("\t", ";", ",")
_DIGITS = "0123456789"


class Columns(ABC):
    """A file of columns of one length, by name.

    Parameters
    ----------
    path
        The file.
    content
        Its bytes.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self._content = content

    @cached_property
    def sha256(self) -> str:
        """The file's SHA-256 as hexadecimal digits."""
        return hashlib.sha256(self._content).hexdigest()

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""

    @abstractmethod
    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""

    @abstractmethod
    def _read(self, name: str) -> np.ndarray:
        """Return the numbers of a column that is there."""

    def numbers(self, name: str) -> np.ndarray:
        """Return the finite numbers of a column, float64.

        Raises
        ------
        UserError
            With the place of the first cell that is none; for a name that is not there use `names` first.
        """
        found = self._read(name)
        wrong = np.flatnonzero(~np.isfinite(found))
        if wrong.size:
            row = int(wrong[0])
            what = "missing" if np.isnan(found[row]) else "infinite"
            raise self.error(f"the value is {what}, and a number is needed", name, row, "leave the row out")
        return found

    def unknown(self, name: str) -> tuple[str, str | None]:
        """Return what is wrong with a name that is no column, and a remedy."""
        return f"{self.path} has no column {name!r}", did_you_mean(name, self.names)


def read_columns(path: Path) -> Columns:
    """Open a file of columns.

    Raises
    ------
    UserError
        It is missing, or no such file.
    """
    try:
        regular_bytes(path)
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError("no such file", path, hint="the name is relative to the file that names it") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    if content.startswith(_HDF5):
        return VariableColumns(path, content)
    if content.startswith(_CLASSIC_NETCDF):
        message = "this is netCDF of the classic format, which cannot be read here"
        raise UserError(message, path, hint=f"convert it: nccopy -k nc4 {path.name} new.nc")
    return TextColumns(path, content)


# -- text ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cells:
    """What a text says: the names in its first row, the cells below, and the line that each row ends in."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]


class TextColumns(Columns):
    """Columns separated by commas, semicolons or tabs; the first row that is not blank names them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        return self._cells.names

    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""
        return UserError(f"column {name!r}: {message}", self.path, self._cells.lines[row], hint=hint)

    def _read(self, name: str) -> np.ndarray:
        place = self.names.index(name)
        cells = [row[place] for row in self._cells.rows]
        try:
            found = np.array([float(cell) for cell in cells])
        except ValueError:
            found = None
        if found is not None and not any("_" in cell for cell in cells):
            return found
        row, cell = next((row, cell) for row, cell in enumerate(cells) if not _is_number(cell))
        if not cell.strip():
            raise self.error("the cell is empty, and a number is needed", name, row, "leave the row out")
        hint = f"write {cell.strip().replace(',', '.')}: numbers have a decimal point" if _has_comma(cell) else None
        raise self.error(f"{shortened(cell.strip())!r} is no number", name, row, hint)

    @cached_property
    def _text(self) -> str:
        if b"\0" in self._content:
            raise UserError("this is a binary file, neither text nor HDF5", self.path)
        try:
            return self._content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self._content.count(b"\n", 0, error.start) + 1
            raise UserError("this is not UTF-8 text", self.path, line, hint="save the file as UTF-8") from None

    @cached_property
    def _cells(self) -> _Cells:
        rows = self._rows()
        header, _ = next(rows, ([], 0))
        if not header:
            raise UserError("the file is empty", self.path, hint="its first row names the columns")
        names = tuple(cell.strip() for cell in header)
        self._check_header(names)
        found, lines = [], []
        for row, line in rows:
            if len(row) != len(names):
                raise self._uneven(row, names, line)
            found.append(row)
            lines.append(line)
        return _Cells(names, found, lines)

    def _rows(self) -> Iterator[tuple[list[str], int]]:
        """Yield the cells of rows that are not blank, and the line that each ends in."""
        first = next((line for line in self._text.splitlines() if line.strip()), "")
        delimiter = next((each for each in _DELIMITERS if each in first), ",")
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if len(row) > 1 or (row and row[0].strip()):
                    yield row, reader.line_num
        except csv.Error as error:
            raise UserError(f"this row cannot be read: {error}", self.path, reader.line_num) from None

    def _check_header(self, names: tuple[str, ...]) -> None:
        if all(map(_is_number, names)):
            message = "the first row has numbers, and it has to name the columns"
            raise UserError(message, self.path, self._first_line, hint="add a row such as time,value")
        for index, name in enumerate(names):
            if name and name in names[:index]:
                raise UserError(f"two columns are named {name!r}", self.path, self._first_line)

    @property
    def _first_line(self) -> int:
        return next(self._rows())[1]

    def _uneven(self, row: Sequence[str], names: Sequence[str], line: int) -> UserError:
        message = f"the row has {_counted(len(row))}, and {len(names)} are named"
        hint = None
        if len(row) > len(names) and all(cell.strip(" +-" + _DIGITS) == "" for cell in row):
            hint = "numbers have a decimal point; where commas are decimal signs, write points instead"
        return UserError(message, self.path, line, hint=hint)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # which Python has between digits


def _has_comma(cell: str) -> bool:
    return cell.count(",") == 1 and _is_number(cell.replace(",", "."))


# -- HDF5 ---------------------------------------------------------------------------------------


class VariableColumns(Columns):
    """The one-dimensional variables of numbers of an HDF5 or netCDF-4 file; those in groups have a path as a name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        return tuple(self._datasets)

    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""
        return UserError(f"variable {name!r}, element {row}: {message}", self.path, hint=hint)

    def _read(self, name: str) -> np.ndarray:
        dataset = self._datasets[name]
        values = np.asarray(dataset[...])
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
            if isinstance(item, h5py.Dataset) and item.ndim == 1 and item.dtype.kind in "iuf":
                found[name] = item

        try:
            h5py.File(io.BytesIO(self._content), "r").visititems(take)
        except (OSError, RuntimeError) as error:
            raise UserError(f"cannot be read as HDF5: {error}", self.path) from None
        if not found:
            raise UserError("the file has no one-dimensional variable of numbers", self.path)
        return found
