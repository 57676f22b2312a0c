"""What a file of columns is, whatever its format."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cubie_cli.documents.messages import UserError, counted
from cubie_cli.documents.suggestions import did_you_mean


@dataclass(frozen=True)
class TableFile:
    """The file of a table.

    Parameters
    ----------
    path, sha256
        The file, and the SHA-256 of what it had, as hexadecimal digits.
    """

    path: Path
    sha256: str


class Columns(ABC):
    """A file of columns of one length, by name.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def file(self) -> "TableFile":
        """The file, and the digest of what it has."""
        with self.path.open("rb") as content:
            return TableFile(self.path, hashlib.file_digest(content, "sha256").hexdigest())

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""

    @property
    def asides(self) -> frozenset[str]:
        """The columns that only say what the rows are."""
        return frozenset()

    @abstractmethod
    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""

    def error_in_names(self, message: str, hint: str | None = None) -> UserError:
        """Return an error where the columns are named."""
        return UserError(message, self.path, hint=hint)

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

    def matrix(self, names: Sequence[str]) -> np.ndarray:
        """Return the finite numbers of some columns, float64, shape (names, rows).

        Raises
        ------
        UserError
            As `numbers`, and where columns have different lengths.
        """
        found = [self.numbers(name) for name in names]
        for name, column in zip(names, found, strict=True):
            if len(column) != len(found[0]):
                message = f"{name!r} has {counted(len(column), 'value')}, and {names[0]!r} has {len(found[0]):,}"
                raise self.error_in_names(message, "columns of one table have one length")
        return np.array(found)

    def unknown(self, name: str) -> tuple[str, str | None]:
        """Return what is wrong with a name that is no column, and a remedy."""
        return f"{self.path} has no column {name!r}", did_you_mean(name, self.names)
