"""Shows progress on standard error: a bar on a terminal, a few plain lines elsewhere, nothing if quiet."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_PLAIN_LINES = 10


class Progress:
    """Tell a person what a command is doing.

    Parameters
    ----------
    quiet
        Say nothing.
    console
        Where to write; None: standard error.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._bar: Bar | None = None
        self._done = self._total = 0
        self._verb = ""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()

    def stage(self, text: str) -> None:
        """Name the task that begins now."""
        if not self._quiet:
            self._console.print(text, markup=False, soft_wrap=True)

    def warn(self, texts: Iterable[str]) -> None:
        """Say what is allowed and probably not meant."""
        for text in texts:
            self.stage(f"warning: {text}")

    def hint(self, texts: Iterable[str]) -> None:
        """Say what to try."""
        for text in texts:
            self.stage(f"hint: {text}")

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Show on a terminal how long a block has been taking, until it ends."""
        if self._quiet or not self._console.is_terminal:
            yield
            return
        from rich.progress import Progress as Bar  # noqa: PLC0415 - for a terminal only
        from rich.progress import TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (TextColumn(text), TimeElapsedColumn())
        with Bar(*columns, console=self._console, transient=True, refresh_per_second=2) as bar:
            bar.add_task(text, total=None)
            yield

    def start(self, total: int, doing: str = "solving", done: str = "solved") -> None:
        """Begin to count runs."""
        self._total, self._verb = total, done
        if self._quiet or not self._console.is_terminal:
            return
        from rich.progress import (  # noqa: PLC0415 - for a terminal only
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=self._console, transient=True)
        self._bar.add_task(doing, total=total)
        self._bar.start()

    def advance(self, runs: int) -> None:
        """Count runs that are solved and written."""
        before, self._done = self._done, self._done + runs
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], runs)
        elif not self._quiet and self._tenth(self._done) > self._tenth(before):
            self._console.print(f"{self._verb} {self._done:,} of {self._total:,} runs", markup=False)

    def _tenth(self, runs: int) -> int:
        return runs * _PLAIN_LINES // max(self._total, 1)
