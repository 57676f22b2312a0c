"""What a target is: a way to run device code, as a small set of verbs and facts."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from solvers.targets.memory import Frame
from solvers.trace import Event

DeviceFunction = Callable[..., Any]


class Target(ABC):
    """Lowers device code.

    Device code is either *straight-line* (see `solvers.straightline`) or *control*: functions which call straight-line
    functions and each other, with `while` and `if` on what `any_lane` and `proceed` return.
    """

    #: The name users write.
    name: str
    #: Runs that advance together.
    lanes: int
    #: Steps that runs try before it is looked which of them wait; 0: as many as they take.
    spell = 1
    #: Whether somebody looks at what `probe` reports.
    watched = False

    @abstractmethod
    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Lower a straight-line function."""

    @abstractmethod
    def control(self, function: DeviceFunction, *, inline: bool = True) -> DeviceFunction:
        """Lower a function with control flow; one that is large and called often is better not inlined."""

    def apart(self, function: DeviceFunction) -> DeviceFunction:
        """Lower a control function that is called rarely and from many places: its code is there once."""
        return self.control(function, inline=False)

    @abstractmethod
    def allocate(self, frame: Frame) -> DeviceFunction:
        """Return a function (shared, persistent) -> the frame's named tuple."""

    @property
    def anyone(self) -> DeviceFunction:
        """A function mask -> whether it holds for any run that is stepped together with this one; all come here."""
        return self.any_lane

    @property
    @abstractmethod
    def any_lane(self) -> DeviceFunction:
        """A function (mask) -> whether it holds for any run that advances together."""

    @property
    def any_member(self) -> DeviceFunction:
        """A function (mask) -> whether it holds for any run of those that are taken from the queue together."""
        return self.any_lane

    @property
    @abstractmethod
    def proceed(self) -> DeviceFunction:
        """A function (active, waiting, idle) -> (going, idle).

        Whether to go on before runs that wait are stored and replaced; `idle` is 0 after that, and otherwise what the
        target made of it before.
        """

    @property
    @abstractmethod
    def take(self) -> DeviceFunction:
        """A function (queue, run, wanted) -> run, with the next run of the queue where one is wanted.

        A run is an int64; it is -1 before the first, and at least the number of runs once the queue is empty.
        """

    def probe(self, event: Event) -> DeviceFunction:
        """Return a function that reports the values of an event's fields, a tuple; here it compiles to nothing."""
        del event
        return self.straight_line(_no_report)


def _no_report(_values: Any) -> None:
    """Leave the values unused: the compiler drops what is computed for them alone."""
