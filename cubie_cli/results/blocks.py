"""Writes values to their places in a file that HDF5 has laid out and closed, as many processes as there are at once."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cubie_cli.results.layout import COUNTS, Contents, Place

if TYPE_CHECKING:
    from solvers.execution.engine import Solution


class Blocks:
    """A file that takes ranges of runs.

    Parameters
    ----------
    path
        The file.
    contents
        What it will hold.
    places
        Where the values of each variable belong.

    Raises
    ------
    OSError
        It cannot be opened.
    """

    def __init__(self, path: Path, contents: Contents, places: Mapping[str, Place]) -> None:
        self._contents, self._places = contents, places
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def statuses(self, finished: Sequence[range]) -> np.ndarray:
        """Return the status of each of some runs, by their index in the whole batch, shape (runs,)."""
        place, first = self._places["status"], self._contents.first_run
        parts = [os.pread(self._descriptor, len(runs), place.offset + runs.start - first) for runs in finished]
        return np.frombuffer(b"".join(parts), dtype=place.dtype)

    def write(self, first_run: int, values: Sequence[np.ndarray], solution: "Solution") -> int:
        """Write a range of runs; return the bytes that they take.

        Parameters
        ----------
        first_run
            Index of the first of them in the whole batch.
        values
            Those of the coordinates, each of shape (n,).
        solution
            What was computed for these n runs.

        Raises
        ------
        OSError
            The disk refused.
        """
        contents, total = self._contents, 0
        for stored, rows in ((contents.stored, solution.variables), (contents.told, solution.findings)):
            for each in stored:
                block = rows[each.rows.start : each.rows.stop]
                total += self._write_block(each.name, first_run, block.reshape(-1, block.shape[-1]))
        for variable, row in zip(contents.coordinates, values, strict=True):
            total += self._write_block(variable.name, first_run, row[None])
        indices = np.arange(first_run, first_run + solution.status.shape[0], dtype=np.int64)
        for name, column in {"run": indices, **{name: getattr(solution, name) for name in COUNTS}}.items():
            total += self._write_block(name, first_run, column[None])
        return total

    def sync(self) -> None:
        """Put on disk what is written."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _write_block(self, name: str, first_run: int, block: np.ndarray) -> int:
        """Write the rows of a block, each a range of runs, to their places in a variable; return their bytes."""
        place = self._places[name]
        with np.errstate(over="ignore"):  # what is too large for a smaller type is infinite there
            block = np.ascontiguousarray(block, dtype=place.dtype)
        rows, width = block.shape
        if width == self._contents.n_runs:  # rows follow each other on disk too
            rows, block = 1, block.reshape(1, -1)
        stride = self._contents.n_runs * block.itemsize
        start = place.offset + (first_run - self._contents.first_run) * block.itemsize
        for row in range(rows):
            write_at(self._descriptor, memoryview(block[row]).cast("B"), start + row * stride)
        return block.nbytes


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """Write all of a buffer; the system takes no more than 2 GiB at once."""
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
