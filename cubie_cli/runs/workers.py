"""Several devices solve one batch: each takes chunks as it finishes others, and writes into one file.

The first is this process's, in a thread, so that it begins at once; each of the others has a process of its own.
"""

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Self

from cubie_cli.documents.messages import DeviceError, OutputError
from cubie_cli.reports.small_states import SmallStates
from cubie_cli.runs.worker import Ended, Lost, Refused, Task, Wanted, Written, take_part, work
from solvers.execution.solver import PATIENCE, Solver

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

#: Which part of the runs that a worker wants it gets at least, while there are some.
_SMALLEST_PART = 8


@dataclass
class _Member:
    """A worker: its GPU, the runs it was given and has not written, and how many it waits for, if it does."""

    index: int
    given: deque[range] = field(default_factory=deque)
    waits_for: int = 0


class Pending:
    """Runs that nobody has been given yet."""

    def __init__(self) -> None:
        self._ranges: deque[range] = deque()

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._ranges)

    def add(self, ranges: Iterable[range]) -> None:
        """Add runs behind the others."""
        self._ranges.extend(ranges)

    def give_back(self, ranges: Sequence[range]) -> None:
        """Add runs before the others, in their order."""
        self._ranges.extendleft(reversed(ranges))

    def take(self, wanted: int, workers: int) -> range:
        """Return the next runs, so many at most: fewer towards the end, so that all workers end together."""
        left = sum(map(len, self._ranges))
        runs = self._ranges.popleft()
        given = runs[: min(wanted, max(left // (2 * workers), wanted // _SMALLEST_PART, 1))]
        if len(given) < len(runs):
            self._ranges.appendleft(runs[len(given) :])
        return given


class Workers:
    """Workers that solve a batch together; a context manager that ends them.

    Parameters
    ----------
    task
        What they do.
    solver
        That of the first, which is ready.
    indices
        The GPU of each.
    warn
        Is told of a device that fails.
    """

    def __init__(
        self, task: Task, solver: Solver, indices: Sequence[int], warn: Callable[[Iterable[str]], None]
    ) -> None:
        self._task, self._warn = task, warn
        self._members: dict[Connection, _Member] = {}
        self._all: list[BaseProcess] = []
        self._pending = Pending()
        self.small = SmallStates(task.exchange)
        for index in indices[1:]:
            self._start(index)
        self._here = self._begin_here(solver, indices[0])

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End those that still work: what they have not told of is not counted as written."""
        for process in self._all:
            process.terminate()
        for connection in self._members:
            connection.close()
        self._here.join()
        for process in self._all:
            process.join()

    def solve(self, ranges: Iterable[range], take: Callable[[Written], None]) -> None:
        """Have all runs solved and written.

        Parameters
        ----------
        ranges
            The runs.
        take
            Is told of each chunk that is written.

        Raises
        ------
        DeviceError
            No device is left.
        OutputError
            The disk refused.
        """
        self._pending.add(ranges)
        while self._members:
            for connection in wait([*self._members], PATIENCE):
                assert isinstance(connection, Connection)  # noqa: S101 - nothing else is waited for
                self._hear(connection, take)
            self._serve()
        if self._pending:
            raise DeviceError("every device failed", hint="--resume goes on with what was finished")

    def _start(self, index: int) -> None:
        # A process that has opened a device cannot be forked.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(self._task, index, theirs), daemon=True)
        with _no_main():
            process.start()
        theirs.close()
        self._members[ours] = _Member(index)
        self._all.append(process)

    def _begin_here(self, solver: Solver, index: int) -> Thread:
        ours, theirs = multiprocessing.Pipe()
        thread = Thread(target=take_part, args=(self._task, solver.adopt, theirs), daemon=True)
        self._members[ours] = _Member(index)
        thread.start()
        return thread

    def _hear(self, connection: Connection, take: Callable[[Written], None]) -> None:
        member = self._members[connection]
        try:
            message = connection.recv()
        except (EOFError, OSError):
            self._lose(connection, "its process ended")
            return
        if isinstance(message, Wanted):
            self._answer(connection, message)
        elif isinstance(message, Written):
            member.given.remove(message.runs)
            take(message)
        elif isinstance(message, Ended):
            self.small.add(message.small)
            del self._members[connection]
        elif isinstance(message, Lost):
            self._lose(connection, message.reason)
        elif isinstance(message, Refused):
            raise OutputError(
                f"cannot write {self._task.part}: {message.reason}", hint="free some space or choose another --output"
            )

    def _answer(self, connection: Connection, wanted: Wanted) -> None:
        member = self._members[connection]
        if self._pending:
            runs = self._pending.take(wanted.runs, len(self._members))
            member.given.append(runs)
            connection.send(runs)
        elif wanted.patient:
            member.waits_for = wanted.runs
        else:
            connection.send(None)

    def _serve(self) -> None:
        """Give those that wait the runs that others gave back; let all go once none can come."""
        waiting = [connection for connection, member in self._members.items() if member.waits_for]
        if self._pending:
            for connection in waiting:
                member = self._members[connection]
                wanted, member.waits_for = member.waits_for, 0
                self._answer(connection, Wanted(wanted, patient=True))
        elif len(waiting) == len(self._members):
            for connection in waiting:
                self._members[connection].waits_for = 0
                connection.send(None)

    def _lose(self, connection: Connection, reason: str) -> None:
        member = self._members.pop(connection)
        connection.close()
        self._pending.give_back(member.given)
        left = len(self._members)
        others = f"; {left} {'goes' if left == 1 else 'go'} on" if left else ""
        self._warn([f"GPU {member.index} failed: {reason}{others}"])


@contextmanager
def _no_main() -> Iterator[None]:
    """Hide the program that is running: a process that starts would run it again, to find what is defined there."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
