"""Explicit Runge-Kutta steps, in the uniform shape: each step ends with the slope that the next one starts from."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.point import Point
from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.step import ExtensionStages, OneStepMethod
from solvers.methods.weighted_sums import blend, combine, interpolation_weights, split_share
from solvers.straightline import View, are_finite, both, fma, literal, quotient_estimate, select
from solvers.straightline.setting import Number
from solvers.tableaus.tableau import ButcherTableau
from solvers.targets.target import DeviceFunction, Target

#: Tolerances that the trapezoidal rule may differ by in a step over a jump: it has a large error of its own.
ALLOWED = 10.0

if TYPE_CHECKING:
    from solvers.tableaus.dense_output import DenseOutput


class ExplicitRungeKuttaStep(OneStepMethod):
    """A step of an explicit Runge-Kutta method.

    Buffers: `slope` is f(t, y), kept from step to step; `stage_slopes` are the others, stage by stage;
    `stage_accumulator` is the state at which a slope is evaluated, after a step the attempted state. Continuous
    extensions with slopes of their own add `dense_slopes` and `dense_accumulator`, slopes that are computed by loops
    `observables`, those that they use.

    Parameters
    ----------
    tableau
        The method.
    rhs
        The right-hand side.
    norm
        Tolerances.
    fixed
        Whether steps are fixed, so that no error is needed.
    fixed_step
        The constant step, folded into the weights; None where steps vary, or are cut short.
    dense
        Whether values between steps are needed.
    """

    def __init__(
        self,
        tableau: ButcherTableau,
        rhs: RightHandSide,
        norm: ErrorNorm,
        *,
        fixed: bool,
        fixed_step: Number | None,
        dense: bool,
    ) -> None:
        super().__init__(rhs, norm, tableau.order)
        self.tableau = tableau
        self.fixed = fixed
        self.fixed_step = fixed_step
        self.dense: DenseOutput | None = tableau.dense_output if dense else None

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers."""
        precision, n = self.rhs.precision, self.n
        registry.register(self.owner, "slope", n, precision, lifetime="run")
        registry.register(self.owner, "stage_slopes", (self.tableau.stages - 1) * n, precision)
        registry.register(self.owner, "stage_accumulator", n, precision)
        if self.rhs.looped:
            registry.register(self.owner, "observables", self.rhs.looped.terms, precision)
        if self._extra_slopes:
            registry.register(self.owner, "dense_slopes", self._extra_slopes * n, precision)
            registry.register(self.owner, "dense_accumulator", n, precision)

    @property
    def _extra_slopes(self) -> int:
        return len(self.dense.extra_a) if self.dense else 0

    # -- straight-line code ---------------------------------------------------------------------

    def _start(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        slope, accumulator = memory.slope, memory.stage_accumulator
        self._evaluate(t, y, p, memory, accumulator)

        def take(i: Any) -> None:
            slope[i] = select(mask, accumulator[i], slope[i])

        self.states.each(y, take)
        return are_finite(accumulator, self.states)

    def _attempt(self, target: Target) -> DeviceFunction:
        return target.straight_line(self._attempt_step)

    def _first_step_buffers(self, _t: Any, _y: Any, _p: Any, memory: Any) -> tuple[Any, ...]:
        own = memory.slope, memory.stage_accumulator, memory.stage_slopes
        return (*own, memory.observables) if self.rhs.looped else own

    def _attempt_step(self, _active: Any, point: Point, memory: Any) -> tuple[Any, Any]:
        accumulator, slopes = memory.stage_accumulator, self._slopes(memory)
        for stage in range(1, self.tableau.stages):
            last = stage == self.tableau.stages - 1
            self._stage(self.tableau.rows[stage], point, slopes, accumulator, last=last)
            time = later(point.t, point.h * self.tableau.nodes[stage])
            self._evaluate(time, accumulator, point.p, memory, memory.stage_slopes, (stage - 1) * self.n)
        trouble = literal(point.h, 0, "int32")
        if self.fixed:
            return literal(point.h, 0.0, self.rhs.precision), trouble
        error = self._error(point, accumulator, slopes)
        if self.rhs.sides:
            error = self._over_a_jump(error, point, accumulator, slopes)
        seen = any(row[-1] for row in self.tableau.error_rows)
        return error if seen else self._told(error, point, memory), trouble

    def _stage(self, row: Sequence[float], point: Point, slopes: "_Slopes", out: Any, *, last: bool = False) -> None:
        """Store y + h * sum_j row_j k_j; the last row's is the next step's y."""
        step, y = self.fixed_step, point.y
        if step is None:

            def advance(i: Any) -> None:
                out[i] = fma(point.h, self._combine(row, slopes, i), y[i])

            self.states.each(y, advance)
            return
        weights = [step * weight if weight else 0.0 for weight in row]
        # Summed by themselves, increments are rounded at their own size. It costs an addition, and matters where
        # rounding adds up from step to step and is seen.
        apart = last and sum(map(bool, row)) > 1 and self.rhs.precision == "float32"

        def advance_evenly(i: Any) -> None:
            out[i] = y[i] + self._combine(weights, slopes, i) if apart else self._combine(weights, slopes, i, y[i])

        self.states.each(y, advance_evenly)

    def _combine(self, row: Sequence[Number], slopes: "_Slopes", i: Any, start: Any = None) -> Any:
        """Return start + sum_j row_j k_j of one state."""
        return combine(row, lambda j: slopes(j, i), start)

    def _error(self, point: Point, y_new: Any, slopes: "_Slopes") -> Any:
        squares = []
        for share, row in map(split_share, self.tableau.error_rows):
            error = partial(self._estimate, row, point, slopes)
            squares.append(self.norm.mean_square(error, point.y, y_new, share=share))
        if len(squares) == 1:
            return squares[0]
        fifth, third = squares
        return self._combined_estimate(fifth, third)

    def _estimate(self, row: Sequence[float], point: Point, slopes: "_Slopes", i: Any) -> Any:
        return point.h * self._combine(row, slopes, i)

    def _over_a_jump(self, error: Any, point: Point, y_new: Any, slopes: "_Slopes") -> Any:
        """Return the error; where a condition changes in the step, at least what the trapezoidal rule differs by.

        For some places of a jump between the stages an embedded estimate is zero, and this one for another.
        """
        last = self.tableau.stages - 1

        def misfit(i: Any) -> Any:
            mean = (slopes(0, i) + slopes(last, i)) * 0.5
            return fma(point.h, mean, point.y[i] - y_new[i])

        other = self.norm.mean_square(misfit, point.y, y_new, share=1 / ALLOWED)
        crosses = self.rhs.crosses((point.t, point.y), (later(point.t, point.h), y_new), point.p)
        return select(both(crosses, other > error), other, error)

    @staticmethod
    def _combined_estimate(fifth: Any, third: Any) -> Any:
        """Return the square of n5^2/sqrt(n5^2 + 0.01 n3^2)."""
        below = fma(third, 0.01, fifth)
        return select(below > 0.0, fifth * quotient_estimate(fifth, below), below)

    def _following_slope(self, _point: Point, memory: Any) -> Any:
        return View(memory.stage_slopes, (self.tableau.stages - 2) * self.n)

    def _prepare(self, point: Point, memory: Any) -> None:
        if self.dense is None or not self._extra_slopes:
            return
        accumulator, slopes = memory.dense_accumulator, self._slopes(memory)
        for extra, (row, node) in enumerate(zip(self.dense.extra_a, self.dense.extra_c, strict=True)):
            self._stage(row, point, slopes, accumulator)
            time = later(point.t, point.h * node)
            self._evaluate(time, accumulator, point.p, memory, memory.dense_slopes, extra * self.n)

    def _interpolate(self, theta: Any, point: Point, memory: Any, values: Any) -> None:
        y_new = memory.stage_accumulator
        if self.dense is None:
            self.states.each(y_new, lambda i: values.__setitem__(i, y_new[i]))
            return
        slopes = self._slopes(memory)
        weights = interpolation_weights(self.dense, theta, self.rhs.precision)

        def place(i: Any) -> None:
            change = blend(weights, lambda j: slopes(j, i), None)
            values[i] = select(theta == 1.0, y_new[i], fma(point.h, change, point.y[i]))

        self.states.each(y_new, place)

    @property
    def _extension(self) -> Sequence[Sequence[float]]:
        assert self.tableau.dense_output  # noqa: S101 - asked of methods that have one
        return self.tableau.dense_output.coefficients

    def _extension_stages(self, point: Point, memory: Any) -> ExtensionStages:
        return ExtensionStages(self._slopes(memory), point.h)

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        slope, last = memory.slope, (self.tableau.stages - 2) * self.n

        def advance(i: Any) -> None:
            y[i] = select(mask, memory.stage_accumulator[i], y[i])
            slope[i] = select(mask, memory.stage_slopes[last + i], slope[i])

        self.states.each(y, advance)

    def _slopes(self, memory: Any) -> "_Slopes":
        """Return a function (slope number, state) -> value over the buffers that hold them."""
        n, count = self.n, self.tableau.stages

        def slope(j: int, i: Any) -> Any:
            if j == 0:
                return memory.slope[i]
            return memory.stage_slopes[(j - 1) * n + i] if j < count else memory.dense_slopes[(j - count) * n + i]

        return slope


_Slopes = Callable[[int, Any], Any]
