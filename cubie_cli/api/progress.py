"""Progress of a call: in a notebook a bar below the cell, elsewhere as the command shows it; warnings are Python's."""

import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from types import TracebackType
from typing import Any

from cubie_cli.api.errors import CubieWarning, in_python
from cubie_cli.runs.progress import Bar, Progress

#: Seconds between two pictures of a bar in a notebook.
_AT_MOST = 0.1
_OWN = ("cubie_cli", "solvers", "buffers")


class CallProgress(Progress):
    """Tell what a call is doing.

    Parameters
    ----------
    quiet
        Say nothing but warnings.
    """

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self.hints: list[str] = []
        self._cell = None if quiet or not _in_notebook() else _Cell()

    def warn(self, texts: Iterable[str]) -> None:
        """Give warnings at the line that called."""
        for text in texts:
            warnings.warn(in_python(text), CubieWarning, stacklevel=_frames_of_ours())

    def hint(self, texts: Iterable[str]) -> None:
        """Keep what to try."""
        self.hints += map(in_python, texts)

    def stage(self, text: str) -> None:
        """Name the task that begins now."""
        if self._cell is None:
            super().stage(text)
        else:
            self._cell.show(f"<pre>{escape(text)}</pre>")

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Show on a terminal how long a block has been taking."""
        if self._cell is not None:
            yield
            return
        with super().timed(text):
            yield

    def _new_bar(self, total: int, already: int, doing: str) -> Bar | None:
        if self._cell is None:
            return super()._new_bar(total, already, doing)
        return _CellBar(self._cell, total, doing)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what is shown."""
        super().__exit__(kind, error, trace)
        if self._cell is not None:
            self._cell.clear()


class _Cell:
    """What is shown below the cell of a notebook, in one place that changes."""

    _shown: Any = None

    def show(self, html: str) -> None:
        from IPython.display import HTML, display  # noqa: PLC0415 - it is there, as this is a notebook

        if self._shown is None:
            self._shown = display(HTML(html), display_id=True)
        else:
            self._shown.update(HTML(html))

    def clear(self) -> None:
        if self._shown is not None:
            self.show("")


class _CellBar:
    def __init__(self, cell: _Cell, total: int, doing: str) -> None:
        self._cell, self._total, self._doing = cell, total, doing
        self._last = 0.0
        self.update(0, "")

    def update(self, done: int, pace: str) -> None:
        now = time.monotonic()
        if now - self._last < _AT_MOST:
            return
        self._last = now
        bar = f'<progress value="{done}" max="{self._total}"></progress>'
        self._cell.show(f"{self._doing} {bar} {done:,} of {self._total:,} {escape(pace)}")

    def stop(self) -> None:
        self._cell.clear()


def _in_notebook() -> bool:
    """Return whether this is the kernel of a notebook."""
    found = sys.modules.get("IPython")
    shell = found.get_ipython() if found else None
    return hasattr(shell, "kernel")


def _frames_of_ours() -> int:
    """Return how many frames above its caller the first one is that is not this program's."""
    frame, count = sys._getframe(1), 1  # noqa: SLF001 - as `warnings` itself does
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in _OWN:
        frame, count = frame.f_back, count + 1
    return count
