"""Writes the result of a batch, run by run, to a file that appears only once it is complete.

It is written under a temporary name beside its own, and renamed once it is complete and on disk:
whatever stops the program, a file of the right name is a whole result.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from cubie_cli.documents.messages import OutputError
from cubie_cli.documents.urls import Url
from cubie_cli.results.blocks import Blocks
from cubie_cli.results.compressing import write_compressed
from cubie_cli.results.destination import put_in_place, sync, temporary_beside
from cubie_cli.results.layout import Contents, Place, find_places, lay_out
from cubie_cli.results.unfinished import Journal, Unfinished

if TYPE_CHECKING:
    from solvers.execution.engine import Solution


#: Bytes after which what is written is put on disk meanwhile, so that little is left to do at the end, and seconds, so
#: that a crash of the machine costs no more.
_SYNC_BYTES, _SYNC_SECONDS = 64 << 20, 5.0


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
        self._bytes, self._synced = 0, time.monotonic()
        self._syncing: Future[None] | None = None
        self._syncer = ThreadPoolExecutor(1, "syncer")
        self._blocks: Blocks | None = None
        self._places: Mapping[str, Place] = _places_left(path, begun, contents) if begun else {}
        try:
            with self._refusals_told():
                self._places = self._places or lay_out(self._temporary, contents)
                self._blocks = Blocks(self._temporary, contents, self._places)
                if begun and facts is not None:
                    self._journal = Journal(path, self._temporary, facts, begun.finished)
        except BaseException:
            self._discard()
            raise

    def statuses(self) -> np.ndarray:
        """Return the status of each run that was there to begin with, shape (runs,)."""
        assert self._blocks is not None  # noqa: S101 - it is closed no sooner than the block ends
        return self._blocks.statuses(self._finished)

    @property
    def laid_out(self) -> tuple[Path, Contents, Mapping[str, Place]]:
        """The file under its present name, what it holds and where: others may write there; see `take_down`."""
        return self._temporary, self._contents, self._places

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, first_run: int, values: Sequence[np.ndarray], solution: "Solution") -> None:
        """Write a range of runs, and take it down; see `Blocks.write`.

        Raises
        ------
        OutputError
            The disk refused.
        """
        assert self._blocks is not None  # noqa: S101 - likewise
        with self._refusals_told():
            written = self._blocks.write(first_run, values, solution)
        self.take_down(range(first_run, first_run + len(solution.status)), written)

    def take_down(self, runs: range, written: int) -> None:
        """Note what is written, where more is to come; once in a while have it put on disk.

        Parameters
        ----------
        runs
            Their index in the whole batch.
        written
            How many bytes they take.

        Raises
        ------
        OutputError
            The disk refused.
        """
        self._bytes += written
        with self._refusals_told():
            if self._journal is None:
                if self._facts is None or (len(runs) == self._contents.n_runs and not isinstance(self._path, Url)):
                    return
                self._journal = Journal(self._path, self._temporary, self._facts)
            self._journal.add(runs)
            waited = time.monotonic() - self._synced > _SYNC_SECONDS
            if (waited or self._bytes > _SYNC_BYTES) and (self._syncing is None or self._syncing.done()):
                self._end_sync()
                self._bytes, self._synced = 0, time.monotonic()
                self._syncing = self._syncer.submit(self._sync, self._journal.entries)

    def _sync(self, entries: int) -> None:
        """Put on disk what is written, of which the first entries of the journal tell."""
        if self._blocks:
            self._blocks.sync()
        if self._journal:
            self._journal.mark(entries)

    def _end_sync(self) -> None:
        """Wait until nothing is being put on disk.

        Raises
        ------
        OSError
            The disk refused.
        """
        if self._syncing:
            syncing, self._syncing = self._syncing, None
            syncing.result()

    def publish(self) -> None:
        """Put the complete file in its place, safe on disk.

        Raises
        ------
        OutputError
            The disk refused; no result is left.
        """
        with self._refusals_told():
            self._end_sync()
            if self._contents.compressed:
                self._publish_compressed()
            else:
                self._put_in_place(self._temporary)
        with suppress(OSError):  # some network file systems cannot sync a folder
            sync(self._temporary.parent)

    def _publish_compressed(self) -> None:
        """Put a compressed copy in place; until it is there, what it is made of can be gone on with."""
        compressed = temporary_beside(self._path)
        try:
            write_compressed(self._temporary, compressed)
            self._put_in_place(compressed)
        finally:
            compressed.unlink(missing_ok=True)

    def _put_in_place(self, complete: Path) -> None:
        sync(complete)
        put_in_place(complete, self._path, replace=self._replace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not published, but for what can be gone on with."""
        if error is None or self._journal is None or not self._journal.runs:
            self._discard()
            return
        with suppress(OSError):
            self._end_sync()
            self._sync(self._journal.entries)
        kept = f"{self._journal.runs:,} of {self._contents.n_runs:,} runs are kept: --resume goes on with them"
        error.add_note(kept)
        self._close(keep=True)

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
        self._syncer.shutdown()
        if self._journal:
            self._journal.close(keep=keep)
            self._journal = None
        if self._blocks:
            self._blocks.close()
            self._blocks = None


def _places_left(path: Path, begun: Unfinished, contents: Contents) -> Mapping[str, Place]:
    """Return where the values of each variable belong in what is left of a result."""
    try:
        return find_places(begun.part, contents)
    except (OSError, RuntimeError, KeyError) as error:
        message = f"what is left of {path} is damaged: {begun.part.name} is no whole file any more"
        raise OutputError(message, hint="start anew with --force") from error
