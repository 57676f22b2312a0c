"""Diagonally implicit Runge-Kutta steps: stage after stage, each solved by Newton's method."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import DirectSolver
from solvers.algebra.matrices import StageMatrix, shift
from solvers.algebra.newton import NewtonSolver
from solvers.algebra.point import Point
from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.extension_error import ALLOWED, ExtensionCheck, looked_at
from solvers.methods.step import ExtensionStages, OneStepMethod, Part, at_node, attempt_in_parts
from solvers.methods.weighted_sums import Sum, blend, combine, interpolation_weights, weighted_sum
from solvers.status import Status
from solvers.straightline import both, fma, literal, negate, select
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.targets.target import DeviceFunction, Target


class StageEquation:
    """F(w) = w - h*gamma*f(t, base + w) for w = h*gamma*k, divided by h*gamma as its matrix I/(h*gamma) - J is.

    Parameters
    ----------
    rhs
        f.
    operator
        The matrix.
    """

    def __init__(self, rhs: RightHandSide, operator: StageMatrix) -> None:
        self.rhs = rhs
        self.operator = operator

    def residual(self, point: Point, base: Any, z: Any) -> list[Any]:
        """Return -F(w)."""
        slopes = self.rhs.values(point.t, self.linearisation(base, z), point.p)
        inverse = self.operator.shift(point.h)
        return [fma(-inverse, z[i], slope) for i, slope in enumerate(slopes)]

    @property
    def terms(self) -> int:
        """Length of the array that `store_residual` needs besides."""
        return self.rhs.looped.terms if self.rhs.looped else 0

    def store_residual(self, point: Point, base: Any, z: Any, terms: Any, out: Any) -> None:
        """Store -F(w), by loops."""
        self.rhs.evaluate(point.t, self.linearisation(base, z), point.p, out, observables=terms)
        inverse = self.operator.shift(point.h)
        self.rhs.states.each(z, lambda i: out.__setitem__(i, fma(-inverse, z[i], out[i])))

    def linearisation(self, base: Any, z: Any) -> Sum:
        """Return the stage's state."""
        return Sum(base, z)


class DiagonallyImplicitStep(OneStepMethod):
    """A step of a diagonally implicit Runge-Kutta method, in the uniform shape of its tableau.

    Buffers: `slope` is f(t, y), kept from step to step; `stage_slopes` are the others, stage by stage;
    `stage_accumulator` is what a stage starts from and then its state, after a step the attempted one;
    `stage_increment` is what Newton's method solves for; `trouble` a status. `filter_rhs` is there where the error is
    filtered by an iterative solver.

    Parameters
    ----------
    tableau
        The method.
    rhs
        f.
    norm
        Tolerances.
    newton
        Solves the stages; hosts the linear solver.
    fixed
        Whether steps are fixed, so that no error is needed.
    dense
        Whether values between steps are needed.
    """

    def __init__(
        self,
        tableau: DiagonallyImplicitTableau,
        rhs: RightHandSide,
        norm: ErrorNorm,
        newton: NewtonSolver,
        *,
        fixed: bool,
        dense: bool,
    ) -> None:
        super().__init__(rhs, norm, tableau.order)
        self.tableau = tableau
        self.newton = newton
        self.fixed = fixed
        self.dense = tableau.dense_output if dense else None
        self.loops = newton.equations.operator.loops
        checked = tableau.dense_output and (dense or rhs.sides) and not fixed
        places = looked_at(rhs) if checked else ()
        by_loops = self._store_defect if self.loops else None
        defect = self._defect, _linear_memory, ALLOWED, places, by_loops
        self.check = ExtensionCheck(norm, newton.linear, *defect) if checked else None

    # -- buffers --------------------------------------------------------------------------------

    @property
    def _filters(self) -> bool:
        return self.tableau.filtered and not self.fixed

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host Newton's solver."""
        precision, n = self.rhs.precision, self.n
        registry.register(self.owner, "slope", n, precision, lifetime="run")
        registry.register(self.owner, "stage_slopes", (self.tableau.stages - 1) * n, precision)
        registry.register(self.owner, "stage_accumulator", n, precision)
        registry.register(self.owner, "stage_increment", n, precision)
        registry.register(self.owner, "trouble", 1, "int32")
        if self._filters and not self.newton.linear.direct:
            registry.register(self.owner, "filter_rhs", n, precision)
        if self.check:
            self.check.register(registry, self.owner)
        self.newton.register(registry)
        registry.host(self.owner, self.newton.owner, "solver")

    # -- device functions -----------------------------------------------------------------------

    def _attempt(self, target: Target) -> DeviceFunction:
        solve = self._solve_part(target)
        parts = [Part(self._begin)]
        for stage in range(1, self.tableau.stages):
            if self.tableau.rows[stage][stage]:
                parts += [
                    Part(partial(self._guess, stage)),
                    Part(at_node(target, self.tableau.nodes[stage], solve), straight=False),
                    Part(partial(self._keep, stage)),
                ]
            else:
                parts.append(Part(partial(self._explicit_stage, stage)))
        if self.check:
            parts += self.check.parts(target, partial(self._solve_defect, target))
        return attempt_in_parts(target, [*parts, *self._error_parts(target)], self._outcome)

    @staticmethod
    def _solve_defect(target: Target, solve: DeviceFunction) -> DeviceFunction:
        @target.control
        def part(active: Any, point: Any, memory: Any) -> None:
            solve(active, point, memory.extension_defect, memory.extension_change, memory.newton.linear)

        return part

    def _solve_part(self, target: Target) -> DeviceFunction:
        """Return a device function (active, point, memory) that solves a stage."""
        solve = self.newton.build(target)

        @target.straight_line
        def healthy(active: Any, memory: Any) -> Any:
            return both(active, memory.trouble[0] == 0)

        @target.straight_line
        def note(trouble: Any, memory: Any) -> None:
            before = memory.trouble[0]
            memory.trouble[0] = select(before == 0, trouble, before)

        @target.control
        def part(active: Any, point: Any, memory: Any) -> None:
            sound = healthy(active, memory)
            note(solve(sound, point, memory.stage_accumulator, memory.stage_increment, memory.newton), memory)

        return part

    def _error_parts(self, target: Target) -> list[Part]:
        """Return what filters the error; it ends up in `stage_increment`."""
        if self.fixed:
            return []
        if not self._filters:
            return [Part(self._plain_error)]
        linear = self.newton.linear
        if isinstance(linear, DirectSolver):
            return [Part(self._filter_directly)]
        solve = linear.build(target)

        @target.straight_line
        def note(sound: Any, memory: Any) -> None:
            trouble = memory.trouble
            lost = both(trouble[0] == 0, negate(sound))
            trouble[0] = select(lost, literal(trouble, Status.LINEAR_FAILED, "int32"), trouble[0])

        @target.control
        def part(active: Any, point: Any, memory: Any) -> None:
            note(solve(active, point, memory.filter_rhs, memory.stage_increment, memory.newton.linear), memory)

        return [Part(self._filter_rhs), Part(part, straight=False)]

    # -- straight-line code ---------------------------------------------------------------------

    def _observables(self, memory: Any) -> Any:
        return memory.newton.terms

    def _first_step_buffers(self, _t: Any, _y: Any, _p: Any, memory: Any) -> tuple[Any, ...]:
        own = memory.slope, memory.stage_accumulator, memory.stage_increment
        return (*own, self._observables(memory)) if self.rhs.looped else own

    def _start(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        slope, accumulator = memory.slope, memory.stage_accumulator
        self._evaluate(t, y, p, memory, accumulator)
        self.newton.reset(mask, memory.newton)
        self.states.each(y, lambda i: slope.__setitem__(i, select(mask, accumulator[i], slope[i])))
        return self._finite(memory)

    def _begin(self, _active: Any, point: Point, memory: Any) -> None:
        trouble = memory.trouble
        trouble[0] = literal(trouble, 0, "int32")
        sound = self.newton.prepare(point, memory.newton)
        if sound is not True:
            trouble[0] = select(sound, trouble[0], literal(trouble, Status.LINEAR_FAILED, "int32"))

    def _combine(self, weights: Sequence[float], memory: Any, i: Any) -> Any:
        """Return sum_j weights_j k_j of one state; None for no weights."""
        first = memory.slope[i] * weights[0] if weights and weights[0] else None
        return weighted_sum(weights[1:], memory.stage_slopes, i, self.n, first)

    def _sum_up(self, weights: Sequence[float], point: Point, memory: Any) -> None:
        """Store y + h * sum_j weights_j k_j."""

        def place(i: Any) -> None:
            total, y = self._combine(weights, memory, i), point.y[i]
            memory.stage_accumulator[i] = y if total is None else fma(point.h, total, y)

        self.states.each(point.y, place)

    def _guess(self, stage: int, _active: Any, point: Point, memory: Any) -> None:
        """Store what a stage starts from, and a guess of its increment."""
        self._sum_up(self.tableau.rows[stage][:stage], point, memory)
        h = point.h
        weight = h * self.tableau.gamma

        def guess(i: Any) -> None:
            slope = self._combine(self.tableau.predictors[stage - 1], memory, i)
            none = slope is None
            memory.stage_increment[i] = literal(h, 0.0, self.rhs.precision) if none else weight * slope

        self.states.each(point.y, guess)

    def _keep(self, stage: int, _active: Any, point: Point, memory: Any) -> None:
        """Store a solved stage's state, and its slope, which the equation gives better than f does."""
        increment, inverse = memory.stage_increment, shift(point.h, self.tableau.gamma)

        def keep(i: Any) -> None:
            memory.stage_slopes[(stage - 1) * self.n + i] = increment[i] * inverse
            memory.stage_accumulator[i] += increment[i]

        self.states.each(increment, keep)

    def _explicit_stage(self, stage: int, _active: Any, point: Point, memory: Any) -> None:
        self._sum_up(self.tableau.rows[stage], point, memory)
        time, place = later(point.t, point.h * self.tableau.nodes[stage]), (stage - 1) * self.n
        self._evaluate(time, memory.stage_accumulator, point.p, memory, memory.stage_slopes, place)

    def _error(self, h: Any, memory: Any, i: Any) -> Any:
        return h * self._combine(self.tableau.error, memory, i)

    def _plain_error(self, _active: Any, point: Point, memory: Any) -> None:
        increment = memory.stage_increment
        self.states.each(increment, lambda i: increment.__setitem__(i, self._error(point.h, memory, i)))

    def _store_scaled_error(self, h: Any, memory: Any, out: Any) -> None:
        """Store the right-hand side whose solution is the filtered error."""
        inverse = shift(h, self.tableau.gamma)
        self.states.each(out, lambda i: out.__setitem__(i, self._error(h, memory, i) * inverse))

    def _filter_rhs(self, _active: Any, point: Point, memory: Any) -> None:
        self._store_scaled_error(point.h, memory, memory.filter_rhs)

    def _filter_directly(self, _active: Any, point: Point, memory: Any) -> None:
        self._store_scaled_error(point.h, memory, memory.stage_increment)
        self.newton.equations.operator.solve_in_place(memory.newton.linear.factors, memory.stage_increment)

    def _outcome(self, point: Point, memory: Any) -> tuple[Any, Any]:
        increment, trouble = memory.stage_increment, memory.trouble[0]
        if self.fixed:
            return literal(increment, 0.0, self.rhs.precision), trouble
        error = self.norm.mean_square(lambda i: increment[i], point.y, memory.stage_accumulator)
        error = self.check.larger(error, memory) if self.check else error
        return self._told(error, point, memory), trouble

    def _following_slope(self, point: Point, memory: Any) -> Any:
        if not self.loops:
            return super()._following_slope(point, memory)
        self._evaluate(later(point.t, point.h), memory.stage_accumulator, point.p, memory, memory.stage_increment)
        return memory.stage_increment

    def _slopes_of(self, memory: Any, i: Any) -> list[Any]:
        """Return the slopes of one state, the first to the last stage's."""
        return [memory.slope[i], *(memory.stage_slopes[j * self.n + i] for j in range(self.tableau.stages - 1))]

    def _defect(self, theta: float, point: Point, memory: Any) -> list[Any]:
        """Return the defect of the continuous extension at a place in the step."""
        extension = self.tableau.dense_output
        assert extension is not None  # noqa: S101 - what is checked is there
        weights, slopes = extension.weights(theta).tolist(), extension.slopes(theta).tolist()
        stages = [self._slopes_of(memory, i) for i in range(self.n)]
        rises = [combine(weights, stages[i].__getitem__, None) for i in range(self.n)]
        state = [fma(point.h, rise, point.y[i]) for i, rise in enumerate(rises)]
        rates = self.rhs.values(later(point.t, point.h * theta), state, point.p)
        return [rate - combine(slopes, stages[i].__getitem__, None) for i, rate in enumerate(rates)]

    def _store_defect(self, theta: float, point: Point, memory: Any) -> None:
        """Store the same in `extension_defect`, by loops."""
        extension = self.tableau.dense_output
        assert extension is not None  # noqa: S101 - what is checked is there
        weights, slopes = extension.weights(theta).tolist(), extension.slopes(theta).tolist()
        state, defect = memory.extension_change, memory.extension_defect

        def place(i: Any) -> None:
            state[i] = fma(point.h, combine(weights, self._slopes_of(memory, i).__getitem__, None), point.y[i])

        def subtract(i: Any) -> None:
            defect[i] = defect[i] - combine(slopes, self._slopes_of(memory, i).__getitem__, None)

        self.states.each(state, place)
        self._evaluate(later(point.t, point.h * theta), state, point.p, memory, defect)
        self.states.each(defect, subtract)

    def _interpolate(self, theta: Any, point: Point, memory: Any, values: Any) -> None:
        y_new = memory.stage_accumulator
        if self.dense is None:
            self.states.each(y_new, lambda i: values.__setitem__(i, y_new[i]))
            return
        weights = interpolation_weights(self.dense, theta, self.rhs.precision)

        def place(i: Any) -> None:
            step = blend(weights, self._slopes_of(memory, i).__getitem__, None)
            values[i] = select(theta == 1.0, y_new[i], fma(point.h, step, point.y[i]))

        self.states.each(y_new, place)

    @property
    def _extension(self) -> Sequence[Sequence[float]]:
        assert self.tableau.dense_output  # noqa: S101 - asked of methods that have one
        return self.tableau.dense_output.coefficients

    def _extension_stages(self, point: Point, memory: Any) -> ExtensionStages:
        return ExtensionStages(lambda j, i: self._slopes_of(memory, i)[j], point.h)

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        slope, last = memory.slope, (self.tableau.stages - 2) * self.n

        def advance(i: Any) -> None:
            y[i] = select(mask, memory.stage_accumulator[i], y[i])
            slope[i] = select(mask, memory.stage_slopes[last + i], slope[i])

        self.states.each(y, advance)


def _linear_memory(memory: Any) -> Any:
    return memory.newton.linear
