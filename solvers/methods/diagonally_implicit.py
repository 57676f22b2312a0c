"""Diagonally implicit Runge-Kutta steps: stage after stage, each solved by Newton's method."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import DirectSolver
from solvers.algebra.newton import NewtonSolver
from solvers.algebra.operators import StageMatrix, shift
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.step import OneStepMethod, Part, attempt_in_parts
from solvers.methods.weighted_sums import blend, interpolation_weights, weighted_sum
from solvers.status import Status
from solvers.straightline import both, fma, literal, negate, select
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.targets.memory import Frame, make_frame
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

    def residual(self, t: Any, h: Any, p: Any, base: Any, z: Any) -> list[Any]:
        """Return -F(w)."""
        slopes = self.rhs.values(t, self.linearisation(base, z), p)
        inverse = self.operator.shift(h)
        return [fma(-inverse, z[i], slope) for i, slope in enumerate(slopes)]

    def linearisation(self, base: Any, z: Any) -> list[Any]:
        """Return the stage's state."""
        return [base[i] + z[i] for i in range(self.operator.size)]


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

    attempted = 2

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

    # -- buffers --------------------------------------------------------------------------------

    @property
    def _filters(self) -> bool:
        return self.tableau.filtered and not self.fixed

    @property
    def _names(self) -> tuple[str, ...]:
        names = ("slope", "stage_slopes", "stage_accumulator", "stage_increment", "trouble")
        return (*names, "filter_rhs") if self._filters and not self.newton.linear.direct else names

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host Newton's solver."""
        precision, n = self.rhs.precision, self.n
        registry.register(self.owner, "slope", n, precision, lifetime="run")
        registry.register(self.owner, "stage_slopes", (self.tableau.stages - 1) * n, precision)
        registry.register(self.owner, "stage_accumulator", n, precision)
        registry.register(self.owner, "stage_increment", n, precision)
        registry.register(self.owner, "trouble", 1, "int32")
        if "filter_rhs" in self._names:
            registry.register(self.owner, "filter_rhs", n, precision)
        self.newton.register(registry)
        registry.host(self.owner, self.newton.owner, "solver")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the step's frame; Newton's is its last."""
        return make_frame(registry, self.owner, self._names, {"solver": self.newton.frame(registry)})

    # -- device functions -----------------------------------------------------------------------

    def _attempt(self, target: Target) -> DeviceFunction:
        solve = self._solve_part(target)
        parts = [Part(self._begin)]
        for stage in range(1, self.tableau.stages):
            if self.tableau.rows[stage][stage]:
                parts += [
                    Part(partial(self._guess, stage)),
                    Part(self._at_stage(target, stage, solve), straight=False),
                    Part(partial(self._keep, stage)),
                ]
            else:
                parts.append(Part(partial(self._explicit_stage, stage)))
        return attempt_in_parts(target, [*parts, *self._error_parts(target)], self._outcome)

    def _solve_part(self, target: Target) -> DeviceFunction:
        """Return a device function (active, t, h, y, p, memory) that solves a stage."""
        solve = self.newton.build(target)
        frame = len(self._names)

        @target.straight_line
        def healthy(active: Any, memory: Any) -> Any:
            return both(active, memory[4][0] == 0)

        @target.straight_line
        def note(trouble: Any, memory: Any) -> None:
            before = memory[4][0]
            memory[4][0] = select(before == 0, trouble, before)

        @target.control
        def part(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
            sound = healthy(active, memory)
            note(solve(sound, t, h, y, p, memory[2], memory[3], memory[frame]), memory)

        return part

    def _at_stage(self, target: Target, stage: int, solve: DeviceFunction) -> DeviceFunction:
        """Return the part that solves at a stage's time."""
        node = self.tableau.nodes[stage]

        @target.straight_line
        def time(t: Any, h: Any) -> Any:
            return t + h * node

        @target.control
        def part(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
            solve(active, time(t, h), h, y, p, memory)

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
        solve, frame = linear.build(target), len(self._names)

        @target.straight_line
        def note(sound: Any, memory: Any) -> None:
            trouble = memory[4]
            lost = both(trouble[0] == 0, negate(sound))
            trouble[0] = select(lost, literal(trouble, Status.LINEAR_FAILED, "int32"), trouble[0])

        @target.control
        def part(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
            note(solve(active, t, h, y, p, memory[5], memory[3], memory[frame][-1]), memory)

        return [Part(self._filter_rhs), Part(part, straight=False)]

    # -- straight-line code ---------------------------------------------------------------------

    def _first_step_buffers(self, _t: Any, _y: Any, _p: Any, memory: Any) -> tuple[Any, Any, Any]:
        slope, _, accumulator, increment = memory[:4]
        return slope, accumulator, increment

    def _start(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        slope, accumulator = memory[0], memory[2]
        self.rhs.evaluate(t, y, p, accumulator)
        self.newton.reset(mask, memory[-1])
        for i in range(self.n):
            slope[i] = select(mask, accumulator[i], slope[i])
        return self._finite(memory)

    def _begin(self, _active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        trouble = memory[4]
        trouble[0] = literal(trouble, 0, "int32")
        sound = self.newton.prepare(t, h, y, p, memory[-1])
        if sound is not True:
            trouble[0] = select(sound, trouble[0], literal(trouble, Status.LINEAR_FAILED, "int32"))

    def _combine(self, weights: Sequence[float], memory: Any, i: int) -> Any:
        """Return sum_j weights_j k_j of one state; None for no weights."""
        slope, stage_slopes = memory[:2]
        first = slope[i] * weights[0] if weights and weights[0] else None
        return weighted_sum(weights[1:], stage_slopes, i, self.n, first)

    def _sum_up(self, weights: Sequence[float], h: Any, y: Any, memory: Any) -> None:
        """Store y + h * sum_j weights_j k_j."""
        for i in range(self.n):
            total = self._combine(weights, memory, i)
            memory[2][i] = y[i] if total is None else fma(h, total, y[i])

    def _guess(self, stage: int, _active: Any, _t: Any, h: Any, y: Any, _p: Any, memory: Any) -> None:
        """Store what a stage starts from, and a guess of its increment."""
        self._sum_up(self.tableau.rows[stage][:stage], h, y, memory)
        weight = h * self.tableau.gamma
        for i in range(self.n):
            slope = self._combine(self.tableau.predictors[stage - 1], memory, i)
            memory[3][i] = literal(h, 0.0, self.rhs.precision) if slope is None else weight * slope

    def _keep(self, stage: int, _active: Any, _t: Any, h: Any, _y: Any, _p: Any, memory: Any) -> None:
        """Store a solved stage's state, and its slope, which the equation gives better than f does."""
        _, stage_slopes, accumulator, increment = memory[:4]
        inverse = shift(h, self.tableau.gamma)
        for i in range(self.n):
            stage_slopes[(stage - 1) * self.n + i] = increment[i] * inverse
            accumulator[i] += increment[i]

    def _explicit_stage(self, stage: int, _active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        self._sum_up(self.tableau.rows[stage], h, y, memory)
        self.rhs.evaluate(t + h * self.tableau.nodes[stage], memory[2], p, memory[1], (stage - 1) * self.n)

    def _error(self, h: Any, memory: Any) -> list[Any]:
        return [h * self._combine(self.tableau.error, memory, i) for i in range(self.n)]

    def _plain_error(self, _active: Any, _t: Any, h: Any, _y: Any, _p: Any, memory: Any) -> None:
        for i, error in enumerate(self._error(h, memory)):
            memory[3][i] = error

    def _scaled_error(self, h: Any, memory: Any) -> list[Any]:
        """Return the right-hand side whose solution is the filtered error."""
        inverse = shift(h, self.tableau.gamma)
        return [error * inverse for error in self._error(h, memory)]

    def _filter_rhs(self, _active: Any, _t: Any, h: Any, _y: Any, _p: Any, memory: Any) -> None:
        for i, error in enumerate(self._scaled_error(h, memory)):
            memory[5][i] = error

    def _filter_directly(self, _active: Any, _t: Any, h: Any, _y: Any, _p: Any, memory: Any) -> None:
        operator, factors = self.newton.equations.operator, memory[-1][-1][0]
        for i, error in enumerate(operator.solve(factors, self._scaled_error(h, memory))):
            memory[3][i] = error

    def _outcome(self, y: Any, memory: Any) -> tuple[Any, Any]:
        _, _, accumulator, increment, trouble = memory[:5]
        if self.fixed:
            return literal(increment, 0.0, self.rhs.precision), trouble[0]
        return self.norm.mean_square((increment[i] for i in range(self.n)), y, accumulator), trouble[0]

    def _interpolate(self, theta: Any, h: Any, y: Any, memory: Any, values: Any) -> None:
        slope, stage_slopes, y_new = memory[:3]
        if self.dense is None:
            for i in range(self.n):
                values[i] = y_new[i]
            return
        weights = interpolation_weights(self.dense, theta, self.rhs.precision)
        for i in range(self.n):
            slopes = [slope[i], *(stage_slopes[j * self.n + i] for j in range(self.tableau.stages - 1))]
            values[i] = select(theta == 1.0, y_new[i], fma(h, blend(weights, slopes.__getitem__, None), y[i]))

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        slope, stage_slopes, y_new = memory[:3]
        last = (self.tableau.stages - 2) * self.n
        for i in range(self.n):
            y[i] = select(mask, y_new[i], y[i])
            slope[i] = select(mask, stage_slopes[last + i], slope[i])
