"""Fully implicit Runge-Kutta steps: all stages at once, solved by Newton's method."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import LinearSolver
from solvers.algebra.matrices import CoupledMatrix, mix
from solvers.algebra.newton import NewtonSolver
from solvers.algebra.point import Point
from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.extension_error import ALLOWED, ExtensionCheck, looked_at
from solvers.methods.step import ExtensionStages, OneStepMethod, sequence
from solvers.methods.weighted_sums import Sum, blend, polynomial, weighted_sum
from solvers.status import Status
from solvers.straightline import View, both, convert, fma, literal, negate, reciprocal, select
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.targets.target import DeviceFunction, Target


class CoupledEquations:
    """F(z) = z - h*(A x I) f(y + z) for the differences z of all stages from y, stage by stage.

    Parameters
    ----------
    rhs
        f.
    operator
        Its matrix.
    """

    def __init__(self, rhs: RightHandSide, operator: CoupledMatrix) -> None:
        self.rhs = rhs
        self.operator = operator

    def residual(self, point: Point, base: Any, z: Any) -> list[Any]:
        """Return -F(z); the point is the start of the step."""
        tableau, n = self.operator.tableau, self.operator.n
        slopes = []
        for j, node in enumerate(tableau.c):
            state = Sum(base, View(z, j * n))
            slopes.append(self.rhs.values(later(point.t, point.h * node), state, point.p))
        mixed = mix(tableau.a, slopes)
        return [fma(point.h, mixed[j][i], -z[j * n + i]) for j in range(tableau.stages) for i in range(n)]

    @property
    def terms(self) -> int:
        """Length of the array that `store_residual` needs besides."""
        return self.rhs.looped.terms if self.rhs.looped else 0

    def store_residual(self, point: Point, base: Any, z: Any, terms: Any, out: Any) -> None:
        """Store -F(z), by loops; the point is the start of the step."""
        tableau, n = self.operator.tableau, self.operator.n
        for j, node in enumerate(tableau.c):
            time, state = later(point.t, point.h * node), Sum(base, View(z, j * n))
            self.rhs.evaluate(time, state, point.p, out, j * n, observables=terms)

        def subtract(i: Any) -> None:
            slopes = [[out[j * n + i]] for j in range(tableau.stages)]
            for j, (total,) in enumerate(mix(tableau.a, slopes)):
                out[j * n + i] = fma(point.h, total, -z[j * n + i])

        self.rhs.states.each(z, subtract)

    def linearisation(self, base: Any, _z: Any) -> Any:
        """Return the start of the step: one matrix serves all stages."""
        return base


class FullyImplicitStep(OneStepMethod):
    """A step of a fully implicit Runge-Kutta method.

    Buffers: `stage_increment` are the differences z of the stages from y; `kept_increment` those of the last accepted
    step and `kept_step` its length, then the length on trial, from which the first guess is continued;
    `stage_accumulator` is the attempted state; `slope` is f(t, y); `error` the estimate, `error_rhs` what it is
    filtered from; `trouble` a status.

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
    error_filter
        Solves with I/(h*error_gamma) - J; None where steps are fixed.
    dense
        Whether values between steps are needed.
    """

    def __init__(
        self,
        tableau: FullyImplicitTableau,
        rhs: RightHandSide,
        norm: ErrorNorm,
        newton: NewtonSolver,
        error_filter: LinearSolver | None,
        *,
        dense: bool,
    ) -> None:
        super().__init__(rhs, norm, tableau.order)
        self.tableau = tableau
        self.newton = newton
        self.error_filter = error_filter
        self.dense = dense
        self.loops = newton.equations.operator.loops
        self.check = None
        if error_filter and (dense or tableau.blind_to or rhs.sides):
            by_loops = self._store_defect if self.loops else None
            defect = self._defect, lambda memory: memory.filter, ALLOWED, looked_at(rhs), by_loops
            self.check = ExtensionCheck(norm, error_filter, *defect)

    # -- buffers --------------------------------------------------------------------------------

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host its solvers."""
        n, stages, precision = self.n, self.tableau.stages, self.rhs.precision
        registry.register(self.owner, "stage_increment", stages * n, precision)
        registry.register(self.owner, "kept_increment", stages * n, precision, lifetime="run")
        registry.register(self.owner, "kept_step", 2, precision, lifetime="run")
        for name in ("stage_accumulator", "slope", "error", "error_rhs"):
            registry.register(self.owner, name, n, precision)
        registry.register(self.owner, "trouble", 1, "int32")
        if self.check:
            self.check.register(registry, self.owner)
        solvers: dict[str, Any] = {"solver": self.newton} | ({"filter": self.error_filter} if self.error_filter else {})
        for role, solver in solvers.items():
            solver.register(registry)
            registry.host(self.owner, solver.owner, role)

    # -- device functions -----------------------------------------------------------------------

    def _attempt(self, target: Target) -> DeviceFunction:
        begin = target.straight_line(self._begin)
        solve = self.newton.build(target)
        end = target.straight_line(self._end)
        filter_error = self._filter(target)
        check = self._check_extension(target)
        outcome = target.straight_line(self._outcome)

        @target.control
        def attempt(active: Any, point: Any, memory: Any) -> Any:
            sound = begin(active, point, memory)
            trouble = solve(sound, point, point.y, memory.stage_increment, memory.newton)
            end(point, trouble, memory)
            filter_error(active, point, memory)
            check(active, point, memory)
            return outcome(point, memory)

        return attempt

    def _filter(self, target: Target) -> DeviceFunction:
        """Return code that leaves the filtered error in `error`."""
        if self.error_filter is None:
            return target.straight_line(_nothing)
        prepare = target.straight_line(self.error_filter.prepare)
        solve = self.error_filter.build(target)
        note = target.straight_line(self._note_filter)

        @target.control
        def filter_error(active: Any, point: Any, memory: Any) -> None:
            prepared = prepare(point, memory.filter)
            solved = solve(active, point, memory.error_rhs, memory.error, memory.filter)
            note(prepared, solved, memory)

        return filter_error

    def _check_extension(self, target: Target) -> DeviceFunction:
        """Return code that leaves the error of the continuous extension in `extension_error`."""
        if self.check is None:
            return target.straight_line(_nothing)

        def solve_defect(solve: DeviceFunction) -> DeviceFunction:
            @target.control
            def part(active: Any, point: Any, memory: Any) -> None:
                solve(active, point, memory.extension_defect, memory.extension_change, memory.filter)

            return part

        return sequence(target, self.check.parts(target, solve_defect))

    # -- straight-line code ---------------------------------------------------------------------

    def _observables(self, memory: Any) -> Any:
        return memory.newton.terms

    def _first_step_buffers(self, _t: Any, _y: Any, _p: Any, memory: Any) -> tuple[Any, ...]:
        own = memory.slope, memory.stage_accumulator, memory.error
        return (*own, self._observables(memory)) if self.rhs.looped else own

    def _start(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        kept_step = memory.kept_step
        kept_step[0] = select(mask, literal(kept_step, 0.0, self.rhs.precision), kept_step[0])
        self.newton.reset(mask, memory.newton)
        self._evaluate(t, y, p, memory, memory.slope)
        self.states.each(y, lambda i: memory.stage_accumulator.__setitem__(i, memory.slope[i]))
        return self._finite(memory)

    def _begin(self, active: Any, point: Point, memory: Any) -> Any:
        """Evaluate f(t, y), guess the stages, prepare the matrix; return which runs may go on."""
        h, kept, trouble = point.h, memory.kept_increment, memory.trouble
        self._evaluate(point.t, point.y, point.p, memory, memory.slope)
        memory.kept_step[1] = h
        before = memory.kept_step[0]
        known = before > 0.0
        ratio = h / select(known, before, h)

        def guess(stage: int, weights: Sequence[Any], i: Any) -> None:
            total = blend(weights, lambda m: kept[m * self.n + i], None)
            start = select(known, total, literal(h, 0.0, self.rhs.precision))
            memory.stage_increment[stage * self.n + i] = start

        for stage, weights in enumerate(self._continued(ratio)):
            self.states.each(kept, partial(guess, stage, weights))
        sound = self.newton.prepare(point, memory.newton)
        failed = literal(trouble, Status.LINEAR_FAILED, "int32")
        trouble[0] = literal(trouble, 0, "int32") if sound is True else select(sound, failed * 0, failed)
        return active if sound is True else both(active, sound)

    def _continued(self, ratio: Any) -> list[list[Any]]:
        """Return the weights with which the last step's z give the guess: its polynomial at 1 + c_i*ratio, less y."""
        dense, increments = self.tableau.dense_increments, self.tableau.increments
        rows = []
        for node in self.tableau.c:
            theta = fma(ratio, node, 1.0)
            rows.append([polynomial(dense[m], theta) - float(increments[m]) for m in range(self.tableau.stages)])
        return rows

    def _end(self, point: Point, trouble: Any, memory: Any) -> None:
        increment, troubles, h = memory.stage_increment, memory.trouble, point.h
        troubles[0] = select(troubles[0] == 0, trouble, troubles[0])

        def advance(i: Any) -> None:
            rise = weighted_sum(self.tableau.increments.tolist(), increment, i, self.n, None)
            memory.stage_accumulator[i] = point.y[i] + rise

        self.states.each(increment, advance)
        if self.error_filter is None:
            return
        inverse = reciprocal(h * self.tableau.error_gamma)

        def estimate(i: Any) -> None:
            known = weighted_sum(self.tableau.error_increments.tolist(), increment, i, self.n, None)
            memory.error_rhs[i] = inverse * fma(h * self.tableau.error[0], memory.slope[i], known)

        self.states.each(increment, estimate)

    def _note_filter(self, prepared: Any, solved: Any, memory: Any) -> None:
        """Remember that the error was not filtered, where nothing went wrong before."""
        trouble = memory.trouble
        lost = both(trouble[0] == 0, negate(both(prepared, solved)))
        trouble[0] = select(lost, literal(trouble, Status.LINEAR_FAILED, "int32"), trouble[0])

    def _outcome(self, point: Point, memory: Any) -> tuple[Any, Any]:
        accumulator, trouble = memory.stage_accumulator, memory.trouble[0]
        if self.error_filter is None:
            return literal(accumulator, 0.0, self.rhs.precision), trouble
        error = self.norm.mean_square(lambda i: memory.error[i], point.y, accumulator)
        error = self.check.larger(error, memory) if self.check else error
        return self._told(error, point, memory), trouble

    def _following_slope(self, point: Point, memory: Any) -> Any:
        if not self.loops:
            return super()._following_slope(point, memory)
        self._evaluate(later(point.t, point.h), memory.stage_accumulator, point.p, memory, memory.error_rhs)
        return memory.error_rhs

    def _extension_weights(self, theta: float) -> tuple[list[float], list[float]]:
        """Return the weights of the stages' z in the continuous extension less y, and in h times its slope."""
        rows = self.tableau.dense_increments
        weights = [float(sum(c * theta ** (m + 1) for m, c in enumerate(row))) for row in rows]
        return weights, [float(sum((m + 1) * c * theta**m for m, c in enumerate(row))) for row in rows]

    def _defect(self, theta: float, point: Point, memory: Any) -> list[Any]:
        """Return the defect of the continuous extension at a place in the step."""
        inverse, (weights, slopes) = reciprocal(point.h), self._extension_weights(theta)
        state, rises = [], []
        for i in range(self.n):
            state.append(weighted_sum(weights, memory.stage_increment, i, self.n, point.y[i]))
            rises.append(weighted_sum(slopes, memory.stage_increment, i, self.n, None))
        rates = self.rhs.values(later(point.t, point.h * theta), state, point.p)
        return [fma(rise, -inverse, rate) for rise, rate in zip(rises, rates, strict=True)]

    def _store_defect(self, theta: float, point: Point, memory: Any) -> None:
        """Store the same in `extension_defect`, by loops."""
        inverse, (weights, slopes) = reciprocal(point.h), self._extension_weights(theta)
        state, defect, increment = memory.extension_change, memory.extension_defect, memory.stage_increment

        def place(i: Any) -> None:
            state[i] = weighted_sum(weights, increment, i, self.n, point.y[i])

        def subtract(i: Any) -> None:
            defect[i] = fma(weighted_sum(slopes, increment, i, self.n, None), -inverse, defect[i])

        self.states.each(state, place)
        self._evaluate(later(point.t, point.h * theta), state, point.p, memory, defect)
        self.states.each(defect, subtract)

    def _interpolate(self, theta: Any, point: Point, memory: Any, values: Any) -> None:
        increment, y_new = memory.stage_increment, memory.stage_accumulator
        if not self.dense:
            self.states.each(y_new, lambda i: values.__setitem__(i, y_new[i]))
            return
        weights = [convert(polynomial(row, theta), self.rhs.precision) for row in self.tableau.dense_increments]

        def place(i: Any) -> None:
            stages = [increment[j * self.n + i] for j in range(self.tableau.stages)]
            values[i] = select(theta == 1.0, y_new[i], blend(weights, stages.__getitem__, point.y[i]))

        self.states.each(y_new, place)

    @property
    def _extension(self) -> Sequence[Sequence[float]]:
        rows: list[list[float]] = self.tableau.dense_increments.tolist()
        return rows

    def _extension_stages(self, _point: Point, memory: Any) -> ExtensionStages:
        return ExtensionStages(lambda j, i: memory.stage_increment[j * self.n + i], None)

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        kept, kept_step = memory.kept_increment, memory.kept_step
        kept_step[0] = select(mask, kept_step[1], kept_step[0])

        def keep(index: Any) -> None:
            kept[index] = select(mask, memory.stage_increment[index], kept[index])

        self.states.each(y, lambda i: y.__setitem__(i, select(mask, memory.stage_accumulator[i], y[i])))
        self.newton.equations.operator.components.each(y, keep)


def _nothing(_active: Any, _point: Point, _memory: Any) -> None:
    """Filter nothing."""
