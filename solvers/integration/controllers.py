"""Step-size controllers: how long the next step is, and whether the last one counts. They know no method."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.algebra.error_norm import bounded
from solvers.methods.weighted_sums import combine
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
from solvers.straightline.setting import Number, is_used, log2
from solvers.targets.target import DeviceFunction, Target

#: Errors below 1e-4 count as that in the history, so that one lucky step does not throttle the next; log2 of 1e-8.
LEAST_REMEMBERED = 2 * math.log2(1e-4)
#: log2 of e^-exponent before the first step: so small that the next error seems to fall, which foresees nothing.
NO_ERROR_YET = -1e4


class ControllerFunctions(NamedTuple):
    """A controller's device functions. `change` is log2 of the factor on the step.

    judge(active, error, trouble, memory) -> (accept, change): whether a step counts, and the change after those that
        do; see `StepFunctions.attempt`.
    retreat(reject, error, trouble, change) -> change: the change after those that were rejected.
    follow(accept, h, dt, change, memory) -> dt: the step to try next.
    reset(fresh, memory): forget what another run left.
    """

    judge: DeviceFunction
    retreat: DeviceFunction
    follow: DeviceFunction
    reset: DeviceFunction


@dataclass(frozen=True)
class FixedController:
    """Equal steps.

    Parameters
    ----------
    t0, t1
        The span.
    steps
        Their number.
    """

    t0: Number
    t1: Number
    steps: Number

    owner = "controller"

    @property
    def fixed_step(self) -> Number | None:
        """The step, a setting that steps may fold into their weights."""
        return (self.t1 - self.t0) / self.steps

    def register(self, registry: BufferRegistry) -> None:
        """Register nothing: there is no history."""
        registry.declare(self.owner)

    def build(self, target: Target) -> ControllerFunctions:
        """Return the device functions."""

        @target.straight_line
        def judge(active: Any, _error: Any, trouble: Any, _memory: Any) -> Any:
            return both(active, trouble == 0), literal(trouble, 0.0, "float32")

        @target.straight_line
        def retreat(_reject: Any, _error: Any, _trouble: Any, change: Any) -> Any:
            return change

        @target.straight_line
        def follow(_accept: Any, _h: Any, dt: Any, _change: Any, _memory: Any) -> Any:
            return dt

        @target.straight_line
        def reset(_fresh: Any, _memory: Any) -> None:
            return None

        return ControllerFunctions(judge, retreat, follow, reset)


@dataclass(frozen=True)
class AdaptiveController:
    """The deadbeat controller, dt_next = h * safety * e^-exponent; what others add to it, they derive.

    Buffers: `error_history`, logarithms kept from step to step, where the control looks at them.

    After a rejected step only the present error counts, and the step does not grow.

    Parameters
    ----------
    exponent
        Of the error of the step just tried.
    safety, min_factor, max_factor
        The factor on the step, and its limits.
    dt_min, dt_max
        Shortest and longest step; infinity: as long as the span.
    precision
        Of steps and history.
    lands
        Whether steps are cut short to end at save times.
    """

    exponent: Number
    safety: Number
    min_factor: Number
    max_factor: Number
    dt_min: Number
    dt_max: Number
    precision: str
    lands: bool

    owner = "controller"
    fixed_step = None

    @property
    def history(self) -> int:
        """The length of `error_history`."""
        return 0

    def past(self, asked: Any, _size: Any, _memory: Any) -> Any:
        """Return the change after an accepted step: what its error asks for, and what the history adds to that."""
        return asked

    def remember(self, accept: Any, size: Any, memory: Any) -> None:
        """Keep what the next change needs of an accepted step, given log2 of the mean square of its error."""

    def move(self, change: Any, memory: Any) -> None:
        """Keep what the next change needs of this one, which is final."""

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""

    def register(self, registry: BufferRegistry) -> None:
        """Register the history."""
        registry.declare(self.owner)
        if self.history:
            registry.register(self.owner, "error_history", self.history, "float32", lifetime="run")

    def build(self, target: Target) -> ControllerFunctions:
        """Return the device functions."""
        functions = self._judge, self._retreat, self._follow, self.forget
        return ControllerFunctions(*(target.straight_line(function) for function in functions))

    def _judge(self, active: Any, error: Any, trouble: Any, memory: Any) -> Any:
        accept = both(active, both(trouble == 0, error <= 1.0))
        size = log2_estimate(convert(error, "float32"))
        change = smaller(self.past(self._asked(size), size, memory), log2(self.max_factor))
        change = larger(change, log2(self.min_factor))
        self.remember(accept, size, memory)
        return accept, change

    def _retreat(self, reject: Any, error: Any, trouble: Any, change: Any) -> Any:
        least = literal(change, log2(self.min_factor), "float32")
        asked = smaller(larger(self._asked(log2_estimate(convert(error, "float32"))), least), 0.0)
        known = both(trouble == 0, error == error)  # noqa: PLR0124 - false for NaN
        return select(reject, select(known, asked, least), change)

    def _asked(self, size: Any) -> Any:
        """Return the change that an error asks for, given log2 of its mean square."""
        return fma(size, self._gain, literal(size, log2(self.safety), "float32"))

    @property
    def _gain(self) -> Number:
        """The change by log2 of the mean square of an error."""
        return -self.exponent / 2

    def _follow(self, accept: Any, h: Any, dt: Any, change: Any, memory: Any) -> Any:
        proposed = h * convert(exp2_estimate(change), self.precision)
        if self.dt_max != math.inf:
            proposed = smaller(proposed, self.dt_max)
        if is_used(self.dt_min):
            proposed = larger(proposed, self.dt_min)
        if self.lands:
            # A step cut short to land somewhere says nothing against the longer one.
            proposed = select(both(accept, h < dt), larger(proposed, dt), proposed)
        if self.lands or is_used(self.dt_min) or self.dt_max != math.inf:
            change = log2_estimate(bounded(proposed)) - log2_estimate(bounded(h))
        self.move(change, memory)
        return proposed


@dataclass(frozen=True)
class FilterController(AdaptiveController):
    """I, PI and PID control by one formula: the deadbeat factor times e_(n-1)^b2 * e_(n-2)^-b3.

    Source: G. Soderlind, Digital filters in adaptive time-stepping, ACM Trans. Math. Softw. 29 (2003).

    Parameters
    ----------
    beta2, beta3
        Exponents of past errors.
    """

    beta2: Number = 0.0
    beta3: Number = 0.0

    @property
    def history(self) -> int:
        """The length of `error_history`."""
        return 2 if is_used(self.beta3) else 1 if is_used(self.beta2) else 0

    @property
    def _gains(self) -> tuple[Number, ...]:
        return (self.beta2, -self.beta3)[: self.history]

    def past(self, asked: Any, _size: Any, memory: Any) -> Any:
        """Add what past errors add."""
        if not self.history:
            return asked
        return combine([gain / 2 for gain in self._gains], memory.error_history.__getitem__, asked)

    def remember(self, accept: Any, size: Any, memory: Any) -> None:
        """Keep log2 of the mean square of an accepted step's error."""
        if not self.history:
            return
        errors = memory.error_history
        if is_used(self.beta3):
            errors[1] = select(accept, errors[0], errors[1])
        errors[0] = select(accept, larger(size, LEAST_REMEMBERED), errors[0])

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""
        for index in range(self.history):
            errors = memory.error_history
            errors[index] = select(fresh, literal(errors, 0.0, "float32"), errors[index])  # log2 of 1: no past


@dataclass(frozen=True)
class PredictiveController(AdaptiveController):
    """Gustafsson's controller: the deadbeat factor, times (h_n/h_(n-1)) * (e_(n-1)/e_n)^exponent where that is smaller.

    Source: K. Gustafsson, Control-theoretic techniques for stepsize selection in implicit Runge-Kutta methods, ACM
    Trans. Math. Softw. 20 (1994) 496-517.
    """

    @property
    def history(self) -> int:
        """The length of `error_history`."""
        return 1

    def past(self, asked: Any, size: Any, memory: Any) -> Any:
        """Add what the step before adds, which is never positive."""
        return asked + smaller(self._power(size) - memory.error_history[0], 0.0)

    def _power(self, size: Any) -> Any:
        """Return log2 of e^-exponent."""
        return larger(size, LEAST_REMEMBERED) * self._gain

    def remember(self, accept: Any, size: Any, memory: Any) -> None:
        """Keep log2 of e^-exponent of an accepted step."""
        errors = memory.error_history
        errors[0] = select(accept, self._power(size), errors[0])

    def move(self, change: Any, memory: Any) -> None:
        """Take off how much longer the step to try next is than the one whose error is kept.

        That it may be cut short, to land somewhere or to end the span, is not looked at.
        """
        memory.error_history[0] = memory.error_history[0] - change

    def forget(self, fresh: Any, memory: Any) -> None:
        """Drop what another run left."""
        errors = memory.error_history
        errors[0] = select(fresh, literal(errors, NO_ERROR_YET, "float32"), errors[0])
