"""What every method's step offers to the loop, and how steps are put together from parts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import numpy as np

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm, first_step
from solvers.algebra.point import Point
from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.weighted_sums import MILD, bernstein, combine
from solvers.straightline import are_finite, convert, fma, literal, select
from solvers.straightline.dealing import exchanged
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target

#: Share of the largest weight below which one is rounding of published coefficients.
NO_WEIGHT = 1e-14


class StepFunctions(NamedTuple):
    """A method's device functions.

    `memory` is the step's frame; `mask` says for which runs a change counts; `point` is where the step starts.

    start(mask, t, y, p, memory) -> finite: take up a new run; whether f(t, y) is finite.
    first_step(t, y, p, memory) -> dt: estimate a first step.
    attempt(active, point, memory) -> (error, trouble): the mean square of the error over the tolerances, and the
        status that explains why there is none, 0 where there is.
    finite(memory) -> whether the attempted state is.
    prepare(point, memory): what `interpolate` needs besides the step.
    interpolate(theta, point, memory, values): values = y(t + theta*h), theta in float64; at theta = 1 the
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

    def build(self, target: Target, longest: Number, shortest: Number) -> StepFunctions:
        """Return the device functions, given the limits of the first step."""


class OneStepMethod(ABC):
    """What the steps of all families share: the attempted state is in their buffer `stage_accumulator`.

    Attributes
    ----------
    rhs, norm, order
        f, the tolerances, and the order of the method.
    n, states
        The number of states that a thread has room for, and what is done for each of them.
    """

    owner = "step"

    def __init__(self, rhs: RightHandSide, norm: ErrorNorm, order: int) -> None:
        self.rhs = rhs
        self.norm = norm
        self.order = order
        self.states = rhs.states
        self.n = self.states.held

    def build(self, target: Target, longest: Number, shortest: Number) -> StepFunctions:
        """Return the device functions.

        Parameters
        ----------
        longest, shortest
            Limits of the first step.
        """
        estimate = first_step(self.rhs, self.norm, self.order, longest, shortest)

        def estimate_first_step(t: Any, y: Any, p: Any, memory: Any) -> Any:
            return estimate(t, y, p, *self._first_step_buffers(t, y, p, memory))

        return StepFunctions(
            start=target.straight_line(self._start),
            first_step=target.straight_line(estimate_first_step),
            attempt=self._attempt(target),
            finite=target.straight_line(self._finite),
            prepare=target.straight_line(self._prepare),
            interpolate=target.straight_line(self._interpolate),
            advance=target.straight_line(self._advance),
        )

    @abstractmethod
    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host its solvers."""

    @abstractmethod
    def _attempt(self, target: Target) -> DeviceFunction:
        """Return `StepFunctions.attempt`."""

    @abstractmethod
    def _first_step_buffers(self, t: Any, y: Any, p: Any, memory: Any) -> tuple[Any, ...]:
        """Return f(t, y), room for a state and for a slope, and for observables where slopes are computed by loops."""

    @abstractmethod
    def _start(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        """Write `StepFunctions.start`."""

    @abstractmethod
    def _interpolate(self, theta: Any, point: Point, memory: Any, values: Any) -> None:
        """Write `StepFunctions.interpolate`."""

    @abstractmethod
    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        """Write `StepFunctions.advance`."""

    def _evaluate(self, t: Any, y: Any, p: Any, memory: Any, slopes: Any, offset: int = 0) -> None:
        """Store f(t, y, p) into an array, from an offset on."""
        observables = self._observables(memory) if self.rhs.looped else None
        self.rhs.evaluate(t, y, p, slopes, offset, observables=observables)

    def _observables(self, memory: Any) -> Any:
        """Return the array for observables where slopes are computed by loops."""
        return memory.observables

    def _prepare(self, _point: Point, _memory: Any) -> None:  # noqa: B027 - most need nothing
        """Do nothing: what the step holds is all that interpolation needs."""

    def _told(self, error: Any, point: Point, memory: Any) -> Any:
        """Return the error of an attempt, NaN if no step could start from the attempted state; straight-line code."""
        if not self.rhs.partial:
            return error
        nothing = literal(error, float("nan"), self.rhs.precision)
        return select(are_finite(self._following_slope(point, memory), self.states), error, nothing)

    def _following_slope(self, point: Point, memory: Any) -> Any:
        """Return f at the attempted state."""
        return self.rhs.values(later(point.t, point.h), memory.stage_accumulator, point.p)

    def _finite(self, memory: Any) -> Any:
        return are_finite(memory.stage_accumulator, self.states)

    @property
    @abstractmethod
    def _extension(self) -> Sequence[Sequence[float]]:
        """The polynomials b_j of the continuous extension, a row of coefficients of theta^(m+1) each."""

    @abstractmethod
    def _extension_stages(self, point: Point, memory: Any) -> "ExtensionStages":
        """Return what those weigh."""

    @property
    def extension_degree(self) -> int:
        """The degree of the continuous extension."""
        return len(self._extension[0])

    def extension(self, point: Point, memory: Any) -> Callable[[int], list[Any]]:
        """Return a function of a state: its continuous extension in Bernstein's form; straight-line code.

        The first coefficient is the state at the start, the last the attempted one, exactly. What lies between is a sum
        over the stages, added to whichever of the two leaves it fewer terms.
        """
        weigh = ExtensionWeights.of(self._extension)
        stages, y_new = self._extension_stages(point, memory), memory.stage_accumulator
        wide = self.rhs.precision == "float32" and weigh.largest > MILD

        def change(row: Sequence[float], i: int) -> Any:
            stage = (lambda j: convert(stages.stage(j, i), "float64")) if wide else (lambda j: stages.stage(j, i))
            total = combine(row, stage, None)
            return convert(total, self.rhs.precision) if wide and total is not None else total

        def coefficients(i: int) -> list[Any]:
            found = [point.y[i]]
            for from_start, row in weigh.inner:
                base, weighty = point.y[i] if from_start else y_new[i], [j for j, weight in enumerate(row) if weight]
                if len(weighty) == 1 and stages.scale is not None:
                    # A step times a weight is one product for all states.
                    found.append(fma(stages.scale * row[weighty[0]], stages.stage(weighty[0], i), base))
                    continue
                total = change(row, i)
                if total is None:
                    found.append(base)
                else:
                    found.append(base + total if stages.scale is None else fma(stages.scale, total, base))
            return [*found, y_new[i]]

        dealing = self.states.dealing
        if dealing is None:
            return coefficients

        def handed_over(i: int) -> list[Any]:
            slot, lane = dealing.places[i]
            return [exchanged(value, [lane] * dealing.lanes) for value in coefficients(slot)]

        return handed_over


class ExtensionStages(NamedTuple):
    """What the polynomials of a continuous extension weigh: y + scale * sum_j b_j(theta) stage(j, i).

    Attributes
    ----------
    stage
        The value of a stage, by its number and a state.
    scale
        The step; None for 1.
    """

    stage: Callable[[int, int], Any]
    scale: Any


@dataclass(frozen=True)
class ExtensionWeights:
    """The weights of the stages in the inner coefficients of a continuous extension in Bernstein's form.

    Parameters
    ----------
    inner
        For each, whether it is added to the state at the start, and not to that at the end; and a weight a stage.
    largest
        The largest weight.
    """

    inner: tuple[tuple[bool, tuple[float, ...]], ...]
    largest: float

    @classmethod
    def of(cls, extension: Sequence[Sequence[float]]) -> "ExtensionWeights":
        """Return those of the polynomials b_j."""
        columns = np.array([bernstein(row) for row in extension]).T
        tiny = NO_WEIGHT * np.abs(columns).max()
        inner = []
        for column in columns[:-1]:
            choices = [np.where(np.abs(each) > tiny, each, 0.0) for each in (column, column - columns[-1])]
            from_start = np.count_nonzero(choices[0]) <= np.count_nonzero(choices[1])
            inner.append((bool(from_start), tuple(choices[0 if from_start else 1].tolist())))
        return cls(tuple(inner), float(np.abs(columns).max()))


#: Parts that one device function calls; compilers take their time for each of these.
CHAINED = 4


@dataclass(frozen=True)
class Part:
    """A part of a step: a function (active, point, memory), which leaves its results in `memory`.

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
    while len(functions) > 1:
        functions = [
            _chained(target, functions[start : start + CHAINED]) for start in range(0, len(functions), CHAINED)
        ]
    return functions[0]


def at_node(target: Target, node: float, function: DeviceFunction) -> DeviceFunction:
    """Return the part of a step that runs a function (active, point, memory) at the time of a stage."""

    @target.straight_line
    def time(t: Any, h: Any) -> Any:
        return later(t, h * node)

    @target.control
    def part(active: Any, point: Any, memory: Any) -> None:
        function(active, Point(time(point.t, point.h), point.h, point.y, point.p), memory)

    return part


def attempt_in_parts(target: Target, parts: Sequence[Part], outcome: Callable[..., Any]) -> DeviceFunction:
    """Return `StepFunctions.attempt`: parts one after the other, then the outcome.

    Parameters
    ----------
    outcome
        Straight-line code (point, memory) -> (error, trouble).
    """
    run = sequence(target, parts)
    tell = target.straight_line(outcome)

    @target.control
    def attempt(active: Any, point: Any, memory: Any) -> Any:
        run(active, point, memory)
        return tell(point, memory)

    return attempt


def _joined(target: Target, functions: Sequence[Callable[..., Any]]) -> DeviceFunction:
    @target.straight_line
    def joined(active: Any, point: Point, memory: Any) -> None:
        for function in functions:
            function(active, point, memory)

    return joined


def _chained(target: Target, functions: Sequence[DeviceFunction]) -> DeviceFunction:
    """Return a device function that runs up to `CHAINED` others one after the other."""
    idle = target.straight_line(_idle)
    filled = list(functions) + [idle] * (CHAINED - len(functions))
    first, second, third, fourth = filled

    @target.control
    def chained(active: Any, point: Any, memory: Any) -> None:
        first(active, point, memory)
        second(active, point, memory)
        third(active, point, memory)
        fourth(active, point, memory)

    return chained


def _idle(_active: Any, _point: Any, _memory: Any) -> None:
    """Do nothing."""
