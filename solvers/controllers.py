"""Step-size controllers: how long the next step is, and whether the last one counts. They know no method."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.error_norm import bounded
from solvers.memory import Frame, make_frame
from solvers.straightline import (
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

#: Errors below this count as this in the history, so that one lucky step does not throttle the next.
SMALLEST_REMEMBERED_ERROR = 1e-4


class ControllerFunctions(NamedTuple):
    """A controller's device functions.

    propose(t, dt, steps, stop) -> (h, t_next, ends): a step to try, to `stop` at the latest; whether it is the last.
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
    """

    t0: float
    t1: float
    steps: int

    owner = "controller"

    @property
    def fixed_step(self) -> float | None:
        """The step, a constant that steps may fold into their weights."""
        return (self.t1 - self.t0) / self.steps

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
        def propose(_t: Any, dt: Any, steps: Any, _stop: Any) -> Any:
            following = steps + 1
            t_next = convert(following, "float64") * h + self.t0
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
    """I, PI and PID control by one formula: dt_next = h * safety * e_n^-b1 * e_(n-1)^b2 * e_(n-2)^-b3.

    After a rejected step only the present error counts, and the step does not grow.
    Source: G. Soderlind, Digital filters in adaptive time-stepping, ACM Trans. Math. Softw. 29 (2003).

    Parameters
    ----------
    betas
        b1, b2, b3.
    safety, min_factor, max_factor
        The factor on the step, and its limits.
    t1, dt_max
        End of the span, and longest step.
    precision
        Of steps and history.
    """

    betas: tuple[float, float, float]
    safety: float
    min_factor: float
    max_factor: float
    t1: float
    dt_max: float
    precision: str

    owner = "controller"
    fixed_step = None

    @property
    def _remembered(self) -> int:
        return 2 if self.betas[2] else 1 if self.betas[1] else 0

    def register(self, registry: BufferRegistry) -> None:
        """Register the logarithms of past errors."""
        registry.declare(self.owner)
        if self._remembered:
            registry.register(self.owner, "error_history", self._remembered, self.precision, lifetime="run")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the frame: the history, where there is one."""
        return make_frame(registry, self.owner, ("error_history",) if self._remembered else ())

    def build(self, target: Target) -> ControllerFunctions:
        """Return the device functions."""

        @target.straight_line
        def propose(t: Any, dt: Any, _steps: Any, stop: Any) -> Any:
            remaining = stop - t
            last = convert(dt, "float64") >= remaining
            h = select(last, convert(remaining, self.precision), dt)
            return h, select(last, stop, t + h), both(last, stop >= self.t1)

        return ControllerFunctions(propose, self._judge(target), self._reset(target))

    def _judge(self, target: Target) -> DeviceFunction:
        # The history holds log2 of mean squares, hence half the exponents.
        beta1, beta2, beta3 = (beta / 2 for beta in self.betas)
        bias = math.log2(self.safety)

        def factor(accept: Any, error: Any, trouble: Any, history: Any) -> tuple[Any, Any]:
            """Return the factor on the step and log2 of the mean square, both float32."""
            size = log2_estimate(bounded(error))
            exponent = fma(size, -beta1, bias)
            if self._remembered:
                past = convert(history[0], "float32") * beta2
                if self._remembered > 1:
                    past = fma(convert(history[1], "float32"), -beta3, past)
                exponent = exponent + select(accept, past, literal(past, 0.0, "float32"))
            change = smaller(larger(exp2_estimate(exponent), self.min_factor), self.max_factor)
            known = both(trouble == 0, error == error)  # noqa: PLR0124 - false for NaN
            return select(accept, change, select(known, smaller(change, 1.0), self.min_factor)), size

        def judge(active: Any, error: Any, trouble: Any, h: Any, dt: Any, memory: Any) -> Any:
            history: Any = memory[0] if self._remembered else None
            accept = both(active, both(trouble == 0, error <= 1.0))
            change, size = factor(accept, error, trouble, history)
            if self._remembered > 1:
                history[1] = select(accept, history[0], history[1])
            if self._remembered:
                size = convert(larger(size, self._least), self.precision)
                history[0] = select(accept, size, history[0])
            proposed = smaller(h * convert(change, self.precision), self.dt_max)
            # A step cut short to land somewhere says nothing against the longer one.
            proposed = select(both(accept, h < dt), larger(proposed, dt), proposed)
            return accept, select(active, proposed, dt)

        return target.straight_line(judge)

    @property
    def _least(self) -> float:
        """The smallest entry of the history."""
        return 2 * math.log2(SMALLEST_REMEMBERED_ERROR)

    def _reset(self, target: Target) -> DeviceFunction:
        def reset(fresh: Any, memory: Any) -> None:
            for index in range(self._remembered):
                history = memory[0]
                history[index] = select(fresh, literal(history, self._least, self.precision), history[index])

        return target.straight_line(reset)
