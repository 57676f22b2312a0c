"""Rosenbrock steps: one linear system a stage, no iteration on the stages."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.elimination import AnyJacobian
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import DirectSolver, LinearSolver
from solvers.algebra.point import Point
from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.extension_error import ALLOWED, ExtensionCheck, looked_at
from solvers.methods.step import ExtensionStages, OneStepMethod, Part, at_node, attempt_in_parts
from solvers.methods.weighted_sums import blend, interpolation_weights, split_share, weighted_sum
from solvers.status import Status
from solvers.straightline import View, both, fma, literal, reciprocal, select
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.targets.target import DeviceFunction, Target

#: States up to which weights that are divided by h do not crowd out what else is kept in registers.
FEW_STATES = 4


class RosenbrockStep(OneStepMethod):
    """A step of a Rosenbrock or Rosenbrock-W method, in the form that needs no product with the Jacobian.

    Buffers: `stage_increment` holds the u_i, stage by stage; `stage_accumulator` the state at which a right-hand side
    is evaluated, after a step the attempted state; `time_derivative` f_t, where the system depends on time; `trouble` a
    status. Iterative linear solvers add `stage_rhs` and `stage_solution`, large direct ones, which are called,
    the former.

    Parameters
    ----------
    tableau
        The method.
    rhs, jacobian
        f, J and f_t.
    norm
        Tolerances.
    linear
        Solves with I/(h*gamma) - J.
    fixed
        Whether steps are fixed, so that no error is needed.
    dense
        Whether values between steps are needed.
    """

    def __init__(
        self,
        tableau: RosenbrockTableau,
        rhs: RightHandSide,
        jacobian: AnyJacobian,
        norm: ErrorNorm,
        linear: LinearSolver,
        *,
        fixed: bool,
        dense: bool,
    ) -> None:
        super().__init__(rhs, norm, tableau.order)
        self.tableau = tableau
        self.jacobian = jacobian
        self.linear = linear
        self.fixed = fixed
        self.dense = dense
        checked = tableau.dense_output and (dense or tableau.blind_to or rhs.sides) and not fixed
        allowed = 1.0 if tableau.blind_to else ALLOWED
        places = looked_at(rhs) if checked else ()
        by_loops = self._store_defect if linear.operator.loops else None
        defect = self._defect, _linear_memory, allowed, places, by_loops
        self.check = ExtensionCheck(norm, linear, *defect) if checked else None

    # -- buffers --------------------------------------------------------------------------------

    @property
    def _calls(self) -> bool:
        """Whether the direct solution is a function that is called."""
        return self.linear.direct and self.linear.operator.large

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host the linear solver."""
        registry.register(self.owner, "stage_increment", self.tableau.stages * self.n, self.rhs.precision)
        time_derivative = ("time_derivative",) if self.jacobian.uses_time else ()
        iteration = ("stage_rhs", "stage_solution")[: 1 if self._calls else 0 if self.linear.direct else 2]
        following = ("following_slope",) if self.rhs.looped and self.rhs.partial else ()
        for name in ("stage_accumulator", *time_derivative, *iteration, *following):
            registry.register(self.owner, name, self.n, self.rhs.precision)
        if self.rhs.looped:
            registry.register(self.owner, "observables", self.rhs.looped.terms, self.rhs.precision)
        registry.register(self.owner, "trouble", 1, "int32")
        if self.check:
            self.check.register(registry, self.owner)
        self.linear.register(registry)
        registry.host(self.owner, self.linear.owner, "solver")

    # -- device functions -----------------------------------------------------------------------

    def _attempt(self, target: Target) -> DeviceFunction:
        parts = [Part(self._begin), *(self._called_stages(target) if self._calls else self._stages(target))]
        parts.append(Part(self._end))
        if self.check:
            parts += self.check.parts(target, partial(self._solve_defect, target))
        return attempt_in_parts(target, parts, self._outcome)

    def _stages(self, target: Target) -> Iterator[Part]:
        solve = None if self.linear.direct else self._solve_part(target)
        for stage in range(self.tableau.stages):
            yield Part(partial(self._stage_rhs, stage))
            if solve is None:
                yield Part(partial(self._solve_directly, stage))
            else:
                yield from (Part(solve, straight=False), Part(partial(self._keep, stage)))

    def _called_stages(self, target: Target) -> Iterator[Part]:
        """Yield parts that call what all stages have in common: the right-hand side, and the solution."""

        @target.straight_line
        def evaluate(point: Any, memory: Any) -> None:
            self._evaluate(point.t, memory.stage_accumulator, point.p, memory, memory.stage_rhs)

        @target.straight_line
        def solve(active: Any, point: Any, memory: Any) -> None:
            assert isinstance(self.linear, DirectSolver)  # noqa: S101 - the only one that is direct
            self.linear.solve(active, point, memory.stage_rhs, memory.stage_rhs, memory.linear)

        @partial(target.control, inline=False)
        def call_evaluate(_active: Any, point: Any, memory: Any) -> None:
            evaluate(point, memory)

        @partial(target.control, inline=False)
        def call_solve(active: Any, point: Any, memory: Any) -> None:
            solve(active, point, memory)

        for stage in range(self.tableau.stages):
            yield Part(partial(self._stage_state, stage))
            yield Part(at_node(target, self.tableau.alpha[stage], call_evaluate), straight=False)
            yield Part(partial(self._add_past_stages, stage))
            yield Part(call_solve, straight=False)
            yield Part(partial(self._keep, stage))

    @staticmethod
    def _solve_defect(target: Target, solve: DeviceFunction) -> DeviceFunction:
        @target.control
        def part(active: Any, point: Any, memory: Any) -> None:
            solve(active, point, memory.extension_defect, memory.extension_change, memory.linear)

        return part

    def _solve_part(self, target: Target) -> DeviceFunction:
        """Return the part that solves for a stage iteratively."""
        solve = self.linear.build(target)

        @target.straight_line
        def note(active: Any, sound: Any, memory: Any) -> None:
            self._note(both(active, sound), memory)

        @target.control
        def part(active: Any, point: Any, memory: Any) -> None:
            note(active, solve(active, point, memory.stage_rhs, memory.stage_solution, memory.linear), memory)

        return part

    # -- straight-line code ---------------------------------------------------------------------

    def _first_step_buffers(self, t: Any, y: Any, p: Any, memory: Any) -> tuple[Any, ...]:
        increments = memory.stage_increment
        self._evaluate(t, y, p, memory, increments)
        own = increments, memory.stage_accumulator, View(increments, self.n)
        return (*own, memory.observables) if self.rhs.looped else own

    def _start(self, _mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        self._evaluate(t, y, p, memory, memory.stage_accumulator)
        return self._finite(memory)

    def _begin(self, _active: Any, point: Point, memory: Any) -> None:
        memory.trouble[0] = literal(memory.trouble, 0, "int32")
        self._note(self.linear.prepare(point, memory.linear), memory)
        if self.jacobian.uses_time:
            for i, slope in enumerate(self.jacobian.time_derivative(point.t, point.y, point.p)):
                memory.time_derivative[i] = slope

    def _note(self, sound: Any, memory: Any) -> None:
        """Remember that a linear system was not solved."""
        trouble = memory.trouble
        if sound is not True:
            trouble[0] = select(sound, trouble[0], literal(trouble, Status.LINEAR_FAILED, "int32"))

    def _stage_rhs(self, stage: int, active: Any, point: Point, memory: Any) -> None:
        """Store the right-hand side of a stage's linear system."""
        self._stage_state(stage, active, point, memory)
        time, b = later(point.t, point.h * self.tableau.alpha[stage]), self._stage_vector(stage, memory)
        self._evaluate(time, memory.stage_accumulator, point.p, memory, b)
        self._add_past_stages(stage, active, point, memory)

    def _stage_state(self, stage: int, _active: Any, point: Point, memory: Any) -> None:
        """Store the state at which a stage evaluates the right-hand side."""
        increments, accumulator = memory.stage_increment, memory.stage_accumulator

        def combine(i: Any) -> None:
            accumulator[i] = weighted_sum(self.tableau.a[stage], increments, i, self.n, point.y[i])

        self.states.each(accumulator, combine)

    def _add_past_stages(self, stage: int, _active: Any, point: Point, memory: Any) -> None:
        """Add to the slopes what a stage's linear system takes from those before."""
        increments, tableau, h = memory.stage_increment, self.tableau, point.h
        b, inverse = self._stage_vector(stage, memory), reciprocal(h)

        def add_past(i: Any) -> None:
            value = self._add_past(tableau.c[stage], inverse, increments, i, b[i])
            if self.jacobian.uses_time and tableau.d[stage]:
                value = fma(h * tableau.d[stage], memory.time_derivative[i], value)
            b[i] = value

        self.states.each(increments, add_past)

    def _add_past(self, weights: Sequence[float], inverse: Any, increments: Any, i: int, value: Any) -> Any:
        """Return value + sum_j weights_j u_j / h of one state."""
        if not any(weights):
            return value
        if sum(map(bool, weights)) < self.n <= FEW_STATES:
            # Fewer products are needed if the weights are divided by h, once for all states.
            scaled = [inverse * weight if weight else None for weight in weights]
            return blend(scaled, lambda j: increments[j * self.n + i], value)
        return fma(weighted_sum(weights, increments, i, self.n, None), inverse, value)

    def _stage_vector(self, stage: int, memory: Any) -> Any:
        """Return where a stage's right-hand side is put."""
        if self.linear.direct and not self._calls:
            return View(memory.stage_increment, stage * self.n)
        return memory.stage_rhs

    def _solve_directly(self, stage: int, active: Any, point: Point, memory: Any) -> None:
        assert isinstance(self.linear, DirectSolver)  # noqa: S101 - the only one that is direct
        vector = self._stage_vector(stage, memory)
        self.linear.solve(active, point, vector, vector, memory.linear)

    def _keep(self, stage: int, _active: Any, _point: Point, memory: Any) -> None:
        solution = memory.stage_rhs if self._calls else memory.stage_solution

        def keep(i: Any) -> None:
            memory.stage_increment[stage * self.n + i] = solution[i]

        self.states.each(solution, keep)

    def _end(self, _active: Any, point: Point, memory: Any) -> None:
        def advance(i: Any) -> None:
            step = weighted_sum(self.tableau.m, memory.stage_increment, i, self.n, point.y[i])
            memory.stage_accumulator[i] = step

        self.states.each(point.y, advance)

    def _defect(self, theta: float, point: Point, memory: Any) -> list[Any]:
        """Return the defect of the continuous extension at a place in the step."""
        extension, increments, inverse = self.tableau.dense_output, memory.stage_increment, reciprocal(point.h)
        weights, slopes = extension.weights(theta).tolist(), extension.slopes(theta).tolist()
        state = [weighted_sum(weights, increments, i, self.n, point.y[i]) for i in range(self.n)]
        rates = self.rhs.values(later(point.t, point.h * theta), state, point.p)
        rises = [weighted_sum(slopes, increments, i, self.n, None) for i in range(self.n)]
        return [fma(rise, -inverse, rate) for rise, rate in zip(rises, rates, strict=True)]

    def _store_defect(self, theta: float, point: Point, memory: Any) -> None:
        """Store the same in `extension_defect`, by loops."""
        extension, increments, inverse = self.tableau.dense_output, memory.stage_increment, reciprocal(point.h)
        weights, slopes = extension.weights(theta).tolist(), extension.slopes(theta).tolist()
        state, defect = memory.extension_change, memory.extension_defect

        def place(i: Any) -> None:
            state[i] = weighted_sum(weights, increments, i, self.n, point.y[i])

        def subtract(i: Any) -> None:
            defect[i] = fma(weighted_sum(slopes, increments, i, self.n, None), -inverse, defect[i])

        self.states.each(state, place)
        self._evaluate(later(point.t, point.h * theta), state, point.p, memory, defect)
        self.states.each(defect, subtract)

    def _following_slope(self, point: Point, memory: Any) -> Any:
        if not self.rhs.looped:
            return super()._following_slope(point, memory)
        t, slope = later(point.t, point.h), memory.following_slope
        self._evaluate(t, memory.stage_accumulator, point.p, memory, slope)
        return slope

    def _outcome(self, point: Point, memory: Any) -> tuple[Any, Any]:
        increments, trouble = memory.stage_increment, memory.trouble[0]
        if self.fixed:
            return literal(increments, 0.0, self.rhs.precision), trouble
        share, weights = split_share(self.tableau.error)
        error = self.norm.mean_square(
            lambda i: weighted_sum(weights, increments, i, self.n, None), point.y, memory.stage_accumulator, share=share
        )
        error = self.check.larger(error, memory) if self.check else error
        return self._told(error, point, memory), trouble

    def _interpolate(self, theta: Any, point: Point, memory: Any, values: Any) -> None:
        increments, y_new = memory.stage_increment, memory.stage_accumulator
        if not self.dense:
            self.states.each(y_new, lambda i: values.__setitem__(i, y_new[i]))
            return
        weights = interpolation_weights(self.tableau.dense_output, theta, self.rhs.precision)

        def place(i: Any) -> None:
            between = blend(weights, lambda j: increments[j * self.n + i], point.y[i])
            values[i] = select(theta == 1.0, y_new[i], between)

        self.states.each(y_new, place)

    @property
    def _extension(self) -> Sequence[Sequence[float]]:
        return self.tableau.dense_output.coefficients

    def _extension_stages(self, _point: Point, memory: Any) -> ExtensionStages:
        return ExtensionStages(lambda j, i: memory.stage_increment[j * self.n + i], None)

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        def advance(i: Any) -> None:
            y[i] = select(mask, memory.stage_accumulator[i], y[i])

        self.states.each(y, advance)


def _linear_memory(memory: Any) -> Any:
    return memory.linear
