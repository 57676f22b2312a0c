"""Writes the result of a batch, run by run, to a file that appears only once it is complete.

It is written under a temporary name beside its own, and renamed once it is complete and on disk:
whatever stops the program, a file of the right name is a whole result.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from cubie_cli.documents.messages import OutputError
from cubie_cli.results.destination import put_in_place, sync, temporary_beside
from cubie_cli.results.layout import COUNTS, Contents, find_places, lay_out
from cubie_cli.results.unfinished import Journal, Unfinished

if TYPE_CHECKING:
    from solvers.execution.engine import Solution


#: Seconds after which what is written is put on disk, so that a crash of the machine costs no more.
_SYNC_SECONDS = 30.0


class ResultFile:
    """A result being written; a context manager that leaves what was published, or what can be gone on with.

    HDF5 lays the file out and closes it before the first run is computed; values are then written to where it
    placed them. A disk that fills up is thus an `OSError` of the system, where inside HDF5 it is a crash.

    Parameters
    ----------
    path
        The name the complete file gets.
    contents
        What it will hold.
    replace
        Whether a file of that name may be replaced.
    facts
        What the values depend on. With them, what is written is kept where the block does not end, for `begun`.
    begun
        What is left of this result, to go on with.

    Raises
    ------
    OutputError
        The file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        contents: Contents,
        *,
        replace: bool = False,
        facts: Mapping[str, str] | None = None,
        begun: Unfinished | None = None,
    ) -> None:
        self._path = path
        self._replace = replace
        self._temporary = begun.part if begun else temporary_beside(path)
        self._contents = contents
        self._facts, self._finished = facts, begun.finished if begun else ()
        self._journal: Journal | None = None
        self._synced = time.monotonic()
        self._descriptor = -1
        try:
            with self._refusals_told():
                self._places = find_places(self._temporary, contents) if begun else lay_out(self._temporary, contents)
                self._descriptor = os.open(self._temporary, os.O_RDWR)
                if begun and facts is not None:
                    self._journal = Journal(path, self._temporary, facts, begun.finished)
        except BaseException:
            self._discard()
            raise

    def statuses(self) -> np.ndarray:
        """Return the status of each run that was there to begin with, shape (runs,)."""
        place, first = self._places["status"], self._contents.first_run
        parts = [os.pread(self._descriptor, len(runs), place.offset + runs.start - first) for runs in self._finished]
        return np.frombuffer(b"".join(parts), dtype=place.dtype)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, first_run: int, values: Sequence[np.ndarray], solution: "Solution") -> None:
        """Write a range of runs.

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
        OutputError
            The disk refused.
        """
        indices = np.arange(first_run, first_run + solution.status.shape[0], dtype=np.int64)
        with self._refusals_told():
            for stored, rows in ((self._contents.stored, solution.variables), (self._contents.told, solution.findings)):
                for each in stored:
                    block = rows[each.rows.start : each.rows.stop]
                    self._write_block(each.name, first_run, block.reshape(-1, block.shape[-1]))
            for variable, row in zip(self._contents.coordinates, values, strict=True):
                self._write_block(variable.name, first_run, row[None])
            for name, column in {"run": indices, **{name: getattr(solution, name) for name in COUNTS}}.items():
                self._write_block(name, first_run, column[None])
            self._take_down(range(first_run, first_run + len(indices)))

    def _take_down(self, runs: range) -> None:
        """Note what is written, where more is to come; once in a while have it on disk."""
        if self._journal is None:
            if self._facts is None or len(runs) == self._contents.n_runs:
                return
            self._journal = Journal(self._path, self._temporary, self._facts)
        self._journal.add(runs)
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        os.fdatasync(self._descriptor)
        if self._journal:
            self._journal.mark()
        self._synced = time.monotonic()

    def publish(self) -> None:
        """Put the complete file in its place, safe on disk.

        Raises
        ------
        OutputError
            The disk refused; no result is left.
        """
        with self._refusals_told():
            os.fsync(self._descriptor)
            put_in_place(self._temporary, self._path, replace=self._replace)
        with suppress(OSError):  # some network file systems cannot sync a folder
            sync(self._temporary.parent)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not published, but for what can be gone on with."""
        if error is None or self._journal is None or not self._journal.runs:
            self._discard()
            return
        with suppress(OSError):
            self._sync()
        kept = f"{self._journal.runs:,} of {self._contents.n_runs:,} runs are kept: --resume goes on with them"
        error.add_note(kept)
        self._close(keep=True)

    def _write_block(self, name: str, first_run: int, block: np.ndarray) -> None:
        """Write the rows of a block, each a range of runs, to their places in a variable."""
        place = self._places[name]
        block = np.ascontiguousarray(block, dtype=place.dtype)
        rows, width = block.shape
        if width == self._contents.n_runs:  # rows follow each other on disk too
            rows, block = 1, block.reshape(1, -1)
        stride = self._contents.n_runs * block.itemsize
        start = place.offset + (first_run - self._contents.first_run) * block.itemsize
        for row in range(rows):
            write_at(self._descriptor, memoryview(block[row]).cast("B"), start + row * stride)

    @contextmanager
    def _refusals_told(self) -> Iterator[None]:
        """Turn the system's refusals, HDF5's among them, into messages."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            told = error.strerror if isinstance(error, OSError) and error.strerror else error
            message = f"cannot write {self._path}: {told}"
            raise OutputError(message, hint="free some space or choose another --output") from error

    def _discard(self) -> None:
        self._close(keep=False)
        self._temporary.unlink(missing_ok=True)

    def _close(self, *, keep: bool) -> None:
        if self._journal:
            self._journal.close(keep=keep)
            self._journal = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """Write all of a buffer; the system takes no more than 2 GiB at once."""
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
