"""Reads columns from text: cells between commas, semicolons or tabs."""

import csv
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cubie_cli.documents.columns import Columns
from cubie_cli.documents.encodings import trouble
from cubie_cli.documents.messages import UserError, shortened

_DELIMITERS = ("\t", ";", ",")
_DIGITS = "0123456789"
#: What makes more of a row than cells between delimiters.
_SIGNS = (b"#", b"\0")
#: A number whose digits commas put in groups.
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d\d")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class _Cells:
    """What a text says below the names: the cells of rows, and the line that each row ends in."""

    rows: Sequence[Sequence[str]]
    lines: Sequence[int]


class TextColumns(Columns):
    """Columns separated by commas, semicolons or tabs; the first row names them.

    Blank rows and those that begin with # say nothing.
    """

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        header, _ = next(self._rows(), ([], 0))
        if not header:
            raise UserError("the file is empty", self.path, hint="its first row names the columns")
        names = tuple(cell.strip() for cell in header)
        self._check_header(names)
        return names

    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""
        return UserError(f"column {name!r}: {message}", self.path, self._cells.lines[row], hint=hint)

    def error_in_names(self, message: str, hint: str | None = None) -> UserError:
        """Return an error where the columns are named."""
        return UserError(message, self.path, self._first_line, hint=hint)

    def matrix(self, names: Sequence[str]) -> np.ndarray:
        """Return the finite numbers of some columns, float64, shape (names, rows); see `Columns.matrix`."""
        found = self._at_once([self.names.index(name) for name in names])
        return super().matrix(names) if found is None else found

    def _at_once(self, places: Sequence[int]) -> np.ndarray | None:
        """Return columns read in one go, None where anything is out of the ordinary: what, is found cell by cell."""
        every = len(places) == len(self.names)
        if not every and not self._is_plain():
            return None
        try:
            with warnings.catch_warnings(action="ignore"):  # there are no rows
                found = np.loadtxt(
                    self.path,
                    delimiter=self._delimiter,
                    comments=None,
                    quotechar='"',
                    skiprows=self._first_line,
                    usecols=None if every else places,
                    unpack=True,
                    ndmin=2,
                    encoding="utf-8-sig",
                )
        except (ValueError, OSError):
            return None
        if len(found) != len(places) or not found.size or not np.isfinite(found).all():
            return None
        return found[list(places)] if every else found

    def _is_plain(self) -> bool:
        """Return whether all rows below the names have as many cells as names, and cells no delimiters."""
        start = re.match(rb"(?:[^\n]*\n){%d}" % self._first_line, self._content)
        if start is None or any(self._content.find(sign, start.end()) >= 0 for sign in _SIGNS):
            return False
        quoted = b"".join(_QUOTED.findall(self._content, start.end()))
        if b"\n" in quoted or self._delimiter.encode() in quoted:
            return False
        body = np.frombuffer(self._content.rstrip(), dtype=np.uint8)[start.end() :]
        ends, between = (np.flatnonzero(body == ord(sign)) for sign in ("\n", self._delimiter))
        bounds = np.concatenate([[-1], ends, [body.size]])
        inner = len(self.names) - 1
        if between.size != inner * (bounds.size - 1) or not body.size:
            return False
        rows = between.reshape(-1, inner)
        return bool((rows[:, 0] > bounds[:-1]).all() and (rows[:, -1] < bounds[1:]).all())

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
        raise self.error(f"{shortened(cell.strip())!r} is no number", name, row, _instead(cell.strip()))

    @cached_property
    def _content(self) -> bytes:
        return self.path.read_bytes()

    def _lines(self) -> Iterator[str]:
        """Yield the lines, those empty that are comments."""
        if wrong := trouble(self._content, "text, HDF5 or Parquet"):
            raise UserError(wrong[0], self.path, hint=wrong[1])
        text = io.TextIOWrapper(io.BytesIO(self._content), encoding="utf-8-sig", newline="")
        try:
            for line in text:
                yield "\n" if line.lstrip().startswith("#") else line
        except UnicodeDecodeError:
            place = _first_undecodable(self._content)
            raise UserError("this is not UTF-8 text", self.path, place, hint="save the file as UTF-8") from None

    @cached_property
    def _cells(self) -> _Cells:
        rows = self._rows()
        names = self.names
        next(rows)
        found, lines = [], []
        for row, line in rows:
            if len(row) != len(names):
                raise self._uneven(row, names, line)
            found.append(row)
            lines.append(line)
        return _Cells(found, lines)

    def _rows(self) -> Iterator[tuple[list[str], int]]:
        """Yield the cells of rows that are not blank, and the line that each ends in."""
        reader, first = csv.reader(self._lines(), delimiter=self._delimiter, strict=True), 1
        try:
            for row in reader:
                if len(row) > 1 or (row and row[0].strip()):
                    yield row, reader.line_num
                first = reader.line_num + 1
        except csv.Error as error:
            hint = "a cell that begins with a quote ends with one, and a quote within it is written twice"
            raise UserError(f"this row cannot be read: {error}", self.path, first, hint=hint) from None

    @cached_property
    def _delimiter(self) -> str:
        first = next((line for line in self._lines() if line.strip()), "")
        return next((each for each in _DELIMITERS if each in first), ",")

    def _check_header(self, names: tuple[str, ...]) -> None:
        if names[0].startswith("sep="):
            raise self.error_in_names("this line is none of the table", "take it out: separators are found without it")
        if all(map(_is_number, names)):
            message = "the first row has numbers, and it has to name the columns"
            raise self.error_in_names(message, "add a row of names above, without # before it")
        for index, name in enumerate(names):
            if name and name in names[:index]:
                raise self.error_in_names(f"two columns are named {name!r}", "rename or remove one of them")

    @cached_property
    def _first_line(self) -> int:
        return next(self._rows())[1]

    def _uneven(self, row: Sequence[str], names: Sequence[str], line: int) -> UserError:
        message = f"the row has {_counted(len(row))}, and {len(names)} are named"
        hint = "give each row as many cells as there are names, or leave it out"
        if len(row) > len(names) and all(cell.strip(" +-" + _DIGITS) == "" for cell in row):
            hint = "numbers have a decimal point; where commas are decimal signs, write points instead"
        return UserError(message, self.path, line, hint=hint)


def _first_undecodable(content: bytes) -> int:
    """Return the line of the first byte that is not UTF-8."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 1


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # which Python has between digits


def _instead(cell: str) -> str:
    """Return what to write in place of what is no number."""
    decimal = f"write {cell.replace(',', '.')}: numbers have a decimal point"
    if _THOUSANDS.fullmatch(cell):
        whole = f"write {cell.replace(',', '')}: numbers have no separators"
        return f"{whole}; where the comma is decimal, {decimal}" if cell.count(",") == 1 and "." not in cell else whole
    if cell.count(",") == 1 and _is_number(cell.replace(",", ".")):
        return decimal
    if _DATE.match(cell):
        return "count time from a moment of your choice, as in 36.5"
    return "write a number, or leave the row out"
