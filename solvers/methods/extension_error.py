"""The error of a continuous extension within its step: an embedded estimate looks at the end alone.

Where a system is stiff, the end of a step can be right at any length, and what lies before it wrong: such methods find
a slow solution again at each end, whatever it does in between. What is wrong shows in the defect f(t, u) - u' of the
extension u, and a step of Newton's method, (I/(h*gamma) - J)^-1 times the defect, tells by how much.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import LinearSolver
from solvers.algebra.point import Point
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.step import Part
from solvers.straightline import select
from solvers.targets.target import DeviceFunction, Target

#: Where in a step the extension is looked at: not in the middle, where the error of a symmetric one has no slope.
THETA = 0.35
#: Where it is looked at besides where conditions on states may change: what comes after all stages is seen at the end.
END = 1.0
#: Tolerances that an error between steps may be, as it adds up to nothing. A smaller number has methods of order 5 with
#: extensions of order 3 take up to twice the steps, to no end: their own errors add up to more.
ALLOWED = 10.0


class ExtensionCheck:
    """Leaves the mean square of a continuous extension's error over what is allowed in `extension_error`.

    Buffers, of the step: `extension_error`; with an iterative solver `extension_defect` and `extension_change`.

    Parameters
    ----------
    norm
        The tolerances.
    linear
        Solves with the step's matrix.
    defect
        Straight-line code (theta, point, memory) -> f(t, u) - u' there, a value a state.
    linear_memory
        Straight-line code (memory) -> the solver's frame.
    allowed
        Tolerances that the error may be.
    thetas
        Where in a step the extension is looked at.
    store_defect
        Straight-line code (theta, point, memory) that leaves the defect in `extension_defect` by loops, with room for a
        state in `extension_change`; None: where the matrix is not factored by loops.
    """

    def __init__(
        self,
        norm: ErrorNorm,
        linear: LinearSolver,
        defect: Callable[[float, Point, Any], list[Any]],
        linear_memory: Callable[[Any], Any],
        allowed: float,
        thetas: Sequence[float],
        store_defect: Callable[[float, Point, Any], None] | None = None,
    ) -> None:
        self.norm = norm
        self.linear = linear
        self._defect = defect
        self._linear_memory = linear_memory
        self._allowed = allowed
        self._thetas = thetas
        self._store_by_loops = store_defect

    def register(self, registry: BufferRegistry, owner: str) -> None:
        """Register the buffers under the step."""
        precision = self.linear.operator.precision
        registry.register(owner, "extension_error", 1, precision)
        if not self.linear.direct or self._store_by_loops:
            for name in ("extension_defect", "extension_change"):
                registry.register(owner, name, len(self.norm.atol), precision)

    def parts(self, target: Target, solve: Callable[[DeviceFunction], DeviceFunction]) -> list[Part]:
        """Return the parts of an attempt that do it, after those that make the extension.

        Parameters
        ----------
        solve
            Control code (active, point, memory) that solves from `extension_defect` to `extension_change`, given the
            solver's device function.
        """
        solver = None if self.linear.direct else solve(self.linear.build(target))
        return [part for theta in self._thetas for part in self._parts_at(theta, solver)]

    def _parts_at(self, theta: float, solve: DeviceFunction | None) -> list[Part]:
        if solve is None:
            return [Part(partial(self._by_loops if self._store_by_loops else self._directly, theta))]
        store, measure = partial(self._store_defect, theta), partial(self._measure, theta)
        return [Part(store), Part(solve, straight=False), Part(measure)]

    def larger(self, error: Any, memory: Any) -> Any:
        """Return the larger of a step's error and the extension's; straight-line code. NaN stays NaN."""
        between = memory.extension_error[0]
        return select(between > error, between, error)

    def _directly(self, theta: float, _active: Any, point: Point, memory: Any) -> None:
        factors = self._linear_memory(memory).factors
        change = self.linear.operator.solve(factors, self._defect(theta, point, memory))
        self._keep(theta, change.__getitem__, point, memory)

    def _by_loops(self, theta: float, _active: Any, point: Point, memory: Any) -> None:
        assert self._store_by_loops is not None  # noqa: S101 - see `_parts_at`
        self._store_by_loops(theta, point, memory)
        self.linear.operator.solve_in_place(self._linear_memory(memory).factors, memory.extension_defect)
        self._keep(theta, lambda i: memory.extension_defect[i], point, memory)

    def _store_defect(self, theta: float, _active: Any, point: Point, memory: Any) -> None:
        for i, value in enumerate(self._defect(theta, point, memory)):
            memory.extension_defect[i] = value

    def _measure(self, theta: float, _active: Any, point: Point, memory: Any) -> None:
        self._keep(theta, lambda i: memory.extension_change[i], point, memory)

    def _keep(self, theta: float, change: Callable[[Any], Any], point: Point, memory: Any) -> None:
        square = self.norm.mean_square(change, point.y, memory.stage_accumulator, share=1 / self._allowed)
        memory.extension_error[0] = square if theta == self._thetas[0] else self.larger(square, memory)


def looked_at(rhs: RightHandSide) -> tuple[float, ...]:
    """Return where in a step the extension is looked at."""
    return (THETA, END) if rhs.sides else (THETA,)
