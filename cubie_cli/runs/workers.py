"""Several devices solve one batch: a process each takes chunks as it finishes others, and writes into one file."""

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING, Self

from cubie_cli.documents.messages import DeviceError, OutputError
from cubie_cli.reports.small_states import SmallStates
from cubie_cli.runs.worker import Ended, Lost, Refused, Task, Wanted, Written, work
from solvers.execution.solver import PATIENCE

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


class Workers:
    """Processes that solve a batch together; a context manager that ends them.

    Parameters
    ----------
    task
        What they do.
    indices
        The GPU of each.
    warn
        Is told of a device that fails.
    """

    def __init__(self, task: Task, indices: Sequence[int], warn: Callable[[Iterable[str]], None]) -> None:
        self._task, self._warn = task, warn
        self._members: dict[Connection, _Member] = {}
        self._all: list[BaseProcess] = []
        self._pending: deque[range] = deque()
        self.small = SmallStates(task.exchange)
        for index in indices:
            self._start(index)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End those that still work: what they have not told of is not counted as written."""
        for process in self._all:
            process.terminate()
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
        self._pending.extend(ranges)
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
            runs = self._pending.popleft()
            given = runs[: self._fair(wanted.runs)]
            if len(given) < len(runs):
                self._pending.appendleft(runs[len(given) :])
            member.given.append(given)
            connection.send(given)
        elif wanted.patient:
            member.waits_for = wanted.runs
        else:
            connection.send(None)

    def _fair(self, wanted: int) -> int:
        """Return how many runs a worker gets that wants some: fewer towards the end, so that all end together."""
        left = sum(map(len, self._pending))
        return min(wanted, max(left // (2 * len(self._members)), wanted // _SMALLEST_PART, 1))

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
        self._pending.extendleft(reversed(member.given))
        others = f"; {len(self._members)} go on" if self._members else ""
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
