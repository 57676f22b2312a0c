"""Rosenbrock steps: one linear system a stage, no iteration on the stages."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import DirectSolver, LinearSolver
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.step import OneStepMethod, Part, attempt_in_parts
from solvers.methods.weighted_sums import blend, interpolation_weights, split_share, weighted_sum
from solvers.status import Status
from solvers.straightline import View, both, fma, literal, reciprocal, select
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.targets.memory import Frame, make_frame
from solvers.targets.target import DeviceFunction, Target

#: States up to which weights that are divided by h do not crowd out what else is kept in registers.
FEW_STATES = 4


class RosenbrockStep(OneStepMethod):
    """A step of a Rosenbrock or Rosenbrock-W method, in the form that needs no product with the Jacobian.

    Buffers: `stage_increment` holds the u_i, stage by stage; `stage_accumulator` the state at which a right-hand side
    is evaluated, after a step the attempted state; `time_derivative` f_t, where the system depends on time; `trouble` a
    status. Iterative linear solvers add `stage_rhs` and `stage_solution`.

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

    attempted = 1

    def __init__(
        self,
        tableau: RosenbrockTableau,
        rhs: RightHandSide,
        jacobian: Jacobian,
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

    # -- buffers --------------------------------------------------------------------------------

    @property
    def _vectors(self) -> dict[str, int]:
        """Names of the buffers of states, and how many states each holds."""
        vectors = {"stage_increment": self.tableau.stages, "stage_accumulator": 1}
        if self.jacobian.uses_time:
            vectors["time_derivative"] = 1
        if not self.linear.direct:
            vectors |= {"stage_rhs": 1, "stage_solution": 1}
        return vectors

    def register(self, registry: BufferRegistry) -> None:
        """Register the step's buffers, and host the linear solver."""
        for name, states in self._vectors.items():
            registry.register(self.owner, name, states * self.n, self.rhs.precision)
        registry.register(self.owner, "trouble", 1, "int32")
        self.linear.register(registry)
        registry.host(self.owner, self.linear.owner, "solver")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the step's frame."""
        names = (*self._vectors, "trouble")
        return make_frame(registry, self.owner, names, {"solver": self.linear.frame(registry)})

    def _buffer(self, memory: Any, name: str) -> Any:
        return memory[(*self._vectors, "trouble").index(name)]

    # -- device functions -----------------------------------------------------------------------

    def _attempt(self, target: Target) -> DeviceFunction:
        parts = [Part(self._begin)]
        solve = None if self.linear.direct else self._solve_part(target)
        for stage in range(self.tableau.stages):
            parts.append(Part(partial(self._stage_rhs, stage)))
            if solve is None:
                parts.append(Part(partial(self._solve_directly, stage)))
            else:
                parts += [Part(solve, straight=False), Part(partial(self._keep, stage))]
        return attempt_in_parts(target, [*parts, Part(self._end)], self._outcome)

    def _solve_part(self, target: Target) -> DeviceFunction:
        """Return the part that solves for a stage iteratively."""
        solve = self.linear.build(target)
        names = (*self._vectors, "trouble")
        rhs, solution, frame = names.index("stage_rhs"), names.index("stage_solution"), len(names)

        @target.straight_line
        def note(active: Any, sound: Any, memory: Any) -> None:
            self._note(both(active, sound), memory)

        @target.control
        def part(active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
            note(active, solve(active, t, h, y, p, memory[rhs], memory[solution], memory[frame]), memory)

        return part

    # -- straight-line code ---------------------------------------------------------------------

    def _first_step_buffers(self, t: Any, y: Any, p: Any, memory: Any) -> tuple[Any, Any, Any]:
        increments, accumulator = memory[:2]
        self.rhs.evaluate(t, y, p, increments)
        return increments, accumulator, View(increments, self.n)

    def _start(self, _mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        accumulator = memory[1]
        self.rhs.evaluate(t, y, p, accumulator)
        return self._finite(memory)

    def _begin(self, _active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        trouble = self._buffer(memory, "trouble")
        trouble[0] = literal(trouble, 0, "int32")
        self._note(self.linear.prepare(t, h, y, p, memory[-1]), memory)
        if self.jacobian.uses_time:
            slopes = self._buffer(memory, "time_derivative")
            for i, slope in enumerate(self.jacobian.time_derivative(t, y, p)):
                slopes[i] = slope

    def _note(self, sound: Any, memory: Any) -> None:
        """Remember that a linear system was not solved."""
        trouble = self._buffer(memory, "trouble")
        if sound is not True:
            trouble[0] = select(sound, trouble[0], literal(trouble, Status.LINEAR_FAILED, "int32"))

    def _stage_rhs(self, stage: int, _active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        """Store the right-hand side of a stage's linear system."""
        increments, accumulator = memory[:2]
        tableau = self.tableau
        for i in range(self.n):
            accumulator[i] = weighted_sum(tableau.a[stage], increments, i, self.n, y[i])
        b = self._stage_vector(stage, memory)
        self.rhs.evaluate(t + h * tableau.alpha[stage], accumulator, p, b)
        inverse = reciprocal(h)
        for i in range(self.n):
            value = self._add_past(tableau.c[stage], inverse, increments, i, b[i])
            if self.jacobian.uses_time and tableau.d[stage]:
                value = fma(h * tableau.d[stage], self._buffer(memory, "time_derivative")[i], value)
            b[i] = value

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
        if self.linear.direct:
            return View(memory[0], stage * self.n)
        return self._buffer(memory, "stage_rhs")

    def _solve_directly(self, stage: int, active: Any, t: Any, h: Any, y: Any, p: Any, memory: Any) -> None:
        assert isinstance(self.linear, DirectSolver)  # noqa: S101 - the only one that is direct
        vector = self._stage_vector(stage, memory)
        self.linear.solve(active, t, h, y, p, vector, vector, memory[-1])

    def _keep(self, stage: int, _active: Any, _t: Any, _h: Any, _y: Any, _p: Any, memory: Any) -> None:
        solution = self._buffer(memory, "stage_solution")
        for i in range(self.n):
            memory[0][stage * self.n + i] = solution[i]

    def _end(self, _active: Any, _t: Any, _h: Any, y: Any, _p: Any, memory: Any) -> None:
        increments, accumulator = memory[:2]
        for i in range(self.n):
            accumulator[i] = weighted_sum(self.tableau.m, increments, i, self.n, y[i])

    def _outcome(self, y: Any, memory: Any) -> tuple[Any, Any]:
        increments, accumulator = memory[:2]
        trouble = self._buffer(memory, "trouble")[0]
        if self.fixed:
            return literal(increments, 0.0, self.rhs.precision), trouble
        share, weights = split_share(self.tableau.error)
        errors = (weighted_sum(weights, increments, i, self.n, None) for i in range(self.n))
        return self.norm.mean_square(errors, y, accumulator, share=share), trouble

    def _interpolate(self, theta: Any, _h: Any, y: Any, memory: Any, values: Any) -> None:
        increments, y_new = memory[:2]
        if not self.dense:
            for i in range(self.n):
                values[i] = y_new[i]
            return
        weights = interpolation_weights(self.tableau.dense_output, theta, self.rhs.precision)
        for i in range(self.n):
            stages = [increments[j * self.n + i] for j in range(self.tableau.stages)]
            values[i] = select(theta == 1.0, y_new[i], blend(weights, stages.__getitem__, y[i]))

    def _advance(self, mask: Any, y: Any, memory: Any) -> None:
        for i in range(self.n):
            y[i] = select(mask, memory[1][i], y[i])
