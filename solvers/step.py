"""What every method's step offers to the loop, and how steps are put together from parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from buffers import BufferRegistry
from solvers.memory import Frame
from solvers.right_hand_side import RightHandSide
from solvers.targets.target import DeviceFunction, Target


class StepFunctions(NamedTuple):
    """A method's device functions. `memory` is the step's frame; `mask` says for which runs a change counts.

    start(mask, t, y, p, memory) -> finite: take up a new run; whether f(t, y) is finite.
    first_step(t, y, p, memory) -> dt: estimate a first step.
    attempt(active, t, h, y, p, memory) -> (error, trouble): the mean square of the error over the tolerances, and the
        status that explains why there is none, 0 where there is.
    finite(memory) -> whether the attempted state is.
    prepare(t, h, y, p, memory): what `interpolate` needs besides the step.
    interpolate(theta, h, y, memory, values): values = y(t + theta*h), theta in float64; at theta = 1 the
        attempted state, exactly.
    advance(mask, y, memory): make the attempted state the present one.
    """

    start: DeviceFunction
    first_step: DeviceFunction
    attempt: DeviceFunction
    finite: DeviceFunction
    prepare: DeviceFunction
    interpolate: DeviceFunction
    advance: DeviceFunction


class Step(Protocol):
    """A component that advances a run by one step."""

    owner: str
    rhs: RightHandSide

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host its solvers."""

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the step's frame."""

    def build(self, target: Target, longest: float, shortest: float) -> StepFunctions:
        """Return the device functions, given the limits of the first step."""


@dataclass(frozen=True)
class Part:
    """A part of a step: a function (active, t, h, y, p, memory), which leaves its results in `memory`.

    Parameters
    ----------
    function
        Straight-line code not yet lowered, or a device function.
    straight
        Which of the two.
    """

    function: Callable[..., Any]
    straight: bool = True


def sequence(target: Target, parts: Sequence[Part]) -> DeviceFunction:
    """Return a device function that runs parts one after the other; straight neighbours become one function."""
    functions = []
    for straight, group in groupby(parts, lambda part: part.straight):
        members = [part.function for part in group]
        functions += [_joined(target, members)] if straight else members
    first, *rest = functions
    for following in rest:
        first = _then(target, first, following)
    return first


def _joined(target: Target, functions: Sequence[Callable[..., Any]]) -> DeviceFunction:
    @target.straight_line
    def joined(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        for function in functions:
            function(active, t, h, y, p, memory)

    return joined


def _then(target: Target, first: DeviceFunction, second: DeviceFunction) -> DeviceFunction:
    @target.control
    def then(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        first(active, t, h, y, p, memory)
        second(active, t, h, y, p, memory)

    return then
