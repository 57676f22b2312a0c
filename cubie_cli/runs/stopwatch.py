"""Measures how long each task of a command takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from cubie_cli import STARTED


class Stopwatch:
    """Seconds by task; "import" is what passed before the first of them.

    Parameters
    ----------
    tasks
        Those that are reported in any case, in this order; others follow.
    """

    def __init__(self, *tasks: str) -> None:
        self._seconds = {"import": seconds_since_start()} | dict.fromkeys(tasks, 0.0)

    @contextmanager
    def task(self, name: str) -> Iterator[None]:
        """Add the time of a block to a task."""
        start = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Add a time that was measured elsewhere."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def move(self, seconds: float, source: str, goal: str) -> None:
        """Count a part of one task's time as another's."""
        self.add(source, -seconds)
        self.add(goal, seconds)

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each task, and the "total" since the program began."""
        return self._seconds | {"total": seconds_since_start()}


def seconds_since_start() -> float:
    """Return the seconds since this program began; the interpreter's own start comes before.

    The age of the process would be too much where a shell has become this program, as `sh -c "a && b"` does with b.
    """
    return time.monotonic() - STARTED
