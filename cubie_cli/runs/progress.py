"""Shows progress on standard error: a bar on a terminal, a line now and then elsewhere; and keeps it in a log."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.console import Console

from cubie_cli.documents.messages import OutputError, UserError

if TYPE_CHECKING:
    from rich.progress import Progress as Rich
    from rich.progress import TaskID

#: Seconds between two lines that tell how far a batch is.
LINE_SECONDS = 10.0


class Bar(Protocol):
    """Shows how many runs are done."""

    def update(self, done: int, pace: str) -> None:
        """Show their number, and in words how fast it grows."""

    def stop(self) -> None:
        """Take the bar away."""


class Progress:
    """Tell a person what a command is doing.

    Parameters
    ----------
    quiet
        Say nothing.
    console
        Where to write; None: standard error.
    log
        A file that takes the same as lines with the time, quiet or not; what it has already stays.

    Raises
    ------
    OutputError
        The log cannot be written.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None, log: Path | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._log = _opened(log) if log else None
        self._bar: Bar | None = None
        self._total = self._done = self._failed = self._under_way = 0
        self._verb = ""
        self._before, self._started, self._told = 0, time.monotonic(), time.monotonic()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar off the terminal, and end the log with what went wrong."""
        if self._bar is not None:
            self._bar.stop()
        if self._log is None:
            return
        notes = getattr(error, "__notes__", [])
        for line in ([str(error)] if isinstance(error, UserError) else []) + ([*notes] if error else []):
            self._take_down(line)
        self._log.close()

    def stage(self, text: str) -> None:
        """Name the task that begins now."""
        if not self._quiet:
            self._console.print(text, markup=False, soft_wrap=True)
        self._take_down(text)

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
        from rich.progress import Progress as Rich  # noqa: PLC0415 - for a terminal only
        from rich.progress import TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (TextColumn(text), TimeElapsedColumn())
        with Rich(*columns, console=self._console, transient=True, refresh_per_second=2) as bar:
            bar.add_task(text, total=None)
            yield

    def start(self, total: int, already: int = 0, doing: str = "solving", done: str = "solved") -> None:
        """Begin to count runs, of which some are there already."""
        self._total, self._done, self._before, self._verb = total, already, already, done
        self._started = self._told = time.monotonic()
        self._bar = None if self._quiet else self._new_bar(total, already, doing)

    def _new_bar(self, total: int, already: int, doing: str) -> "Bar | None":
        """Return a bar that is shown, None where there is no terminal."""
        if not self._console.is_terminal:
            return None
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415 - for a terminal only
        from rich.progress import Progress as Rich  # noqa: PLC0415
        from rich.table import Column  # noqa: PLC0415

        # The bar takes what room the numbers leave, which stay whole.
        shown = BarColumn(None, table_column=Column(ratio=1))
        columns = (TextColumn(doing), shown, MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
        bar = Rich(*columns, console=self._console, transient=True, expand=True)
        task = bar.add_task(doing, total=total, completed=already, pace="")
        bar.start()
        return _TerminalBar(bar, task)

    def under_way(self, runs: int) -> None:
        """Show how many runs have been begun and are not written yet."""
        self._under_way = runs
        self._show()

    def advance(self, runs: int, failed: int = 0) -> None:
        """Count runs that are solved and written, some of which failed."""
        self._done, self._failed, self._under_way = self._done + runs, self._failed + failed, 0
        self._show()

    def _show(self) -> None:
        if self._bar is not None:
            seen = min(self._done + self._under_way, self._total)
            self._bar.update(seen, self._pace(seen))
        now = time.monotonic()
        if now - self._told < LINE_SECONDS and self._done < self._total:
            return
        self._told = now
        line = f"{self._verb} {self._done:,} of {self._total:,} runs{self._pace(self._done, ': ')}"
        if self._bar is None and not self._quiet:
            self._console.print(f"{_now()} {line}", markup=False, soft_wrap=True)
        self._take_down(line)

    def _pace(self, seen: int, prefix: str = "") -> str:
        """Return runs a second, the time that is left and how many failed so far."""
        seconds, solved = time.monotonic() - self._started, seen - self._before
        parts = []
        if solved and seconds > 0:
            rate = solved / seconds
            parts.append(f"{_count(rate)} a second")
            if seen < self._total:
                parts.append(f"{duration((self._total - seen) / rate)} left")
        if self._failed:
            parts.append(f"{self._failed:,} failed")
        return prefix + ", ".join(parts) if parts else ""

    def _take_down(self, text: str) -> None:
        if self._log is not None:
            self._log.writelines(f"{_now()} {line}\n" for line in text.splitlines())
            self._log.flush()


class _TerminalBar:
    def __init__(self, bar: "Rich", task: "TaskID") -> None:
        self._bar, self._task = bar, task

    def update(self, done: int, pace: str) -> None:
        self._bar.update(self._task, completed=done, pace=pace)

    def stop(self) -> None:
        self._bar.stop()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the log {path}: {error.strerror}", hint="name another with --log") from error


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _count(rate: float) -> str:
    """Return a number of runs a second with about three digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def duration(seconds: float) -> str:
    """Return a time in words, with one or two units."""
    whole = round(seconds)
    for unit, larger, name, smaller in ((86400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s")):
        if whole >= unit:
            rest = whole % unit // larger
            return f"{whole // unit} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"
