"""Step-size controllers: how long the next step is, and whether the last one counts. They know no method."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.error_norm import bounded
from solvers.memory import Frame, make_frame
from solvers.straightline import (
    absolute,
    both,
    convert,
    exp2_estimate,
    fma,
    larger,
    literal,
    log2_estimate,
    select,
    smaller,
)
from solvers.targets.target import DeviceFunction, Target

#: Errors below 1e-4 count as that in the history, so that one lucky step does not throttle the next; log2 of 1e-8.
LEAST_REMEMBERED = 2 * math.log2(1e-4)
#: Stands for log2 of the step before the first: any step has grown so much that no error foresees the next.
NO_STEP = -1e4


class ControllerFunctions(NamedTuple):
    """A controller's device functions.

    propose(t, left, dt, steps, stop) -> (h, t_next, ends): a step to try, to `stop` at the latest, and whether it ends
        the run; `left` is stop - t in the states' precision.
    judge(active, error, trouble, h, dt, memory) -> (accept, dt): see `StepFunctions.attempt`.
    reset(fresh, memory): forget what another run left.
    """

    propose: DeviceFunction
    judge: DeviceFunction
    reset: DeviceFunction


@dataclass(frozen=True)
class FixedController:
    """Equal steps.

    Parameters
    ----------
    t0, t1
        The span.
    steps
        Their number; the last lands on t1.
    lands
        Whether every time to stop at is the end of a step, up to rounding.
    """

    t0: float
    t1: float
    steps: int
    lands: bool = False

    owner = "controller"

    @property
    def fixed_step(self) -> float | None:
        """The step, a constant that steps may fold into their weights."""
        return (self.t1 - self.t0) / self.steps

    @property
    def attempts(self) -> float:
        """The most attempts that a run can take."""
        return self.steps

    def register(self, registry: BufferRegistry) -> None:
        """Register nothing: there is no history."""
        registry.declare(self.owner)

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return an empty frame."""
        return make_frame(registry, self.owner, ())

    def build(self, target: Target) -> ControllerFunctions:
        """Return the device functions."""
        h = self.fixed_step
        assert h is not None  # noqa: S101 - see above

        @target.straight_line
        def propose(_t: Any, _left: Any, dt: Any, steps: Any, stop: Any) -> Any:
            following = steps + 1
            t_next = convert(following, "float64") * h + self.t0
            if self.lands:
                t_next = select(absolute(t_next - stop) < 0.5 * h, stop, t_next)
            ends = following >= self.steps
            return dt, select(ends, self.t1, t_next), ends

        @target.straight_line
        def judge(active: Any, _error: Any, trouble: Any, _h: Any, dt: Any, _memory: Any) -> Any:
            return both(active, trouble == 0), dt

        @target.straight_line
        def reset(_fresh: Any, _memory: Any) -> None:
            return None

        return ControllerFunctions(propose, judge, reset)


@dataclass(frozen=True)
class AdaptiveController:
    """The deadbeat controller, dt_next = h * safety * e^-exponent; what others add to it, they derive.

    After a rejected step only the present error counts, and the step does not grow.

    Parameters
    ----------
    exponent
        Of the error of the step just tried.
    safety, min_factor, max_factor
        The factor on the step, and its limits.
    t1, dt_min, dt_max
        End of the span, shortest and longest step; infinity: as long as the span.
    precision
        Of steps and history.
    lands
        Whether steps are cut short to end at save times.
    """

    exponent: float
    safety: float
    min_factor: float
    max_factor: float
    t1: float
    dt_min: float
    dt_max: float
    precision: str
    lands: bool

    owner = "controller"
    fixed_step = None
    attempts = math.inf

    @property
    def history(self) -> dict[str, int]:
        """Names and lengths of the buffers that are kept from step to step; they hold logarithms, in float32."""
        return {}

    def past(self, _size: Any, _h: Any, _memory: Any) -> Any:
        """Return log2 of what the history contributes to the factor of an accepted step."""
        return None

    def remember(self, accept: Any, size: Any, h: Any, memory: Any) -> None:
        """Keep what the next factor needs of an accepted step, given log2 of the mean square of its error."""

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""

    def register(self, registry: BufferRegistry) -> None:
        """Register the history."""
        registry.declare(self.owner)
        for name, elements in self.history.items():
            registry.register(self.owner, name, elements, "float32", lifetime="run")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the frame: the history."""
        return make_frame(registry, self.owner, tuple(self.history))

    @property
    def _margin(self) -> float:
        return 1.0 - 2.0**-22 if self.precision == "float32" else 1.0

    def build(self, target: Target) -> ControllerFunctions:
        """Return the device functions."""

        @target.straight_line
        def propose(t: Any, left: Any, dt: Any, _steps: Any, stop: Any) -> Any:
            # What waits for dt delays the whole step. The margin is that of rounding, so that no step ends behind its
            # goal.
            last = dt >= left * self._margin
            h = select(last, left, dt)
            t_next = select(last, stop, t + h)
            # Rounding may lead to the end before its time, and nothing is left for a last step.
            return h, t_next, t_next >= self.t1

        return ControllerFunctions(propose, target.straight_line(self._judge), target.straight_line(self.forget))

    def _judge(self, active: Any, error: Any, trouble: Any, h: Any, dt: Any, memory: Any) -> Any:
        accept = both(active, both(trouble == 0, error <= 1.0))
        single = convert(error, "float32")
        size = log2_estimate(single)
        start: Any = math.log2(self.safety)
        past = self.past(size, h, memory)
        if past is not None:
            start = select(accept, past + start, literal(past, start, "float32"))
        # Sizes are log2 of mean squares, hence half the exponent.
        change = exp2_estimate(fma(size, -self.exponent / 2, start))
        change = smaller(larger(change, self.min_factor), self._largest_factor(accept, single, trouble))
        self.remember(accept, size, h, memory)
        proposed = h * convert(change, self.precision)
        if self.dt_max < math.inf:
            proposed = smaller(proposed, self.dt_max)
        if self.dt_min:
            proposed = larger(proposed, self.dt_min)
        if self.lands:
            # A step cut short to land somewhere says nothing against the longer one.
            proposed = select(both(accept, h < dt), larger(proposed, dt), proposed)
        return accept, select(active, proposed, dt)

    def _largest_factor(self, accept: Any, error: Any, trouble: Any) -> Any:
        """Return the limit of the factor, which is ready before the factor is."""
        known = both(trouble == 0, error == error)  # noqa: PLR0124 - false for NaN
        least, one, most = (literal(error, factor, "float32") for factor in (self.min_factor, 1.0, self.max_factor))
        return select(accept, most, select(known, one, least))


@dataclass(frozen=True)
class FilterController(AdaptiveController):
    """I, PI and PID control by one formula: the deadbeat factor times e_(n-1)^b2 * e_(n-2)^-b3.

    Source: G. Soderlind, Digital filters in adaptive time-stepping, ACM Trans. Math. Softw. 29 (2003).

    Parameters
    ----------
    beta2, beta3
        Exponents of past errors.
    """

    beta2: float = 0.0
    beta3: float = 0.0

    @property
    def history(self) -> dict[str, int]:
        """Names and lengths of the buffers that are kept from step to step."""
        length = 2 if self.beta3 else 1 if self.beta2 else 0
        return {"error_history": length} if length else {}

    def past(self, _size: Any, _h: Any, memory: Any) -> Any:
        """Return log2 of what past errors contribute to the factor of an accepted step."""
        if not self.history:
            return None
        contribution = memory[0][0] * (self.beta2 / 2)
        if self.beta3:
            contribution = fma(memory[0][1], -self.beta3 / 2, contribution)
        return contribution

    def remember(self, accept: Any, size: Any, _h: Any, memory: Any) -> None:
        """Keep log2 of the mean square of an accepted step's error."""
        if not self.history:
            return
        errors = memory[0]
        if self.beta3:
            errors[1] = select(accept, errors[0], errors[1])
        errors[0] = select(accept, larger(size, LEAST_REMEMBERED), errors[0])

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""
        for index in range(sum(self.history.values())):
            errors = memory[0]
            errors[index] = select(fresh, literal(errors, 0.0, "float32"), errors[index])  # log2 of 1: no past


@dataclass(frozen=True)
class PredictiveController(AdaptiveController):
    """Gustafsson's controller: the deadbeat factor, times (h_n/h_(n-1)) * (e_(n-1)/e_n)^exponent where that is smaller.

    Source: K. Gustafsson, Control-theoretic techniques for stepsize selection in implicit Runge-Kutta methods, ACM
    Trans. Math. Softw. 20 (1994) 496-517.
    """

    @property
    def history(self) -> dict[str, int]:
        """Names and lengths of the buffers that are kept from step to step."""
        return {"error_history": 1, "step_history": 1}

    def past(self, size: Any, h: Any, memory: Any) -> Any:
        """Return log2 of what the step before contributes to the factor of an accepted step."""
        errors, steps = memory
        growth = self._length(h) - steps[0]
        slope = (errors[0] - larger(size, LEAST_REMEMBERED)) * (self.exponent / 2)
        return smaller(growth + slope, 0.0)

    @staticmethod
    def _length(h: Any) -> Any:
        return log2_estimate(bounded(h))

    def remember(self, accept: Any, size: Any, h: Any, memory: Any) -> None:
        """Keep log2 of the mean square of an accepted step's error, and of the step."""
        errors, steps = memory
        errors[0] = select(accept, larger(size, LEAST_REMEMBERED), errors[0])
        steps[0] = select(accept, self._length(h), steps[0])

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""
        for buffer, nothing in zip(memory, (0.0, NO_STEP), strict=True):
            buffer[0] = select(fresh, literal(buffer, nothing, "float32"), buffer[0])
