"""Solvers for the linear systems of implicit methods, as components with buffers of their own.

All solve M x = b for a matrix M that an `Operator` knows. The iterative ones need its products only, and stop on the
reduction of the residual; the direct one factors it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from buffers import BufferRegistry, Lifetime
from solvers.algebra.preconditioners import neumann
from solvers.settings import LinearSettings
from solvers.straightline import both, convert, fma, literal, select
from solvers.targets.memory import Frame, make_frame
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import LINEAR


class Operator(Protocol):
    """A matrix M(t, h, y, p), with the norm its residuals are measured in."""

    precision: str

    @property
    def size(self) -> int:
        """The number of rows."""

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that a factorisation takes."""

    def unit(self, h: Any) -> Any:
        """Return the s for which s*M tends to I as h tends to 0."""

    def product(self, t: Any, h: Any, y: Any, p: Any, v: Any) -> list[Any]:
        """Return M v."""

    @property
    def diagonal_elements(self) -> int:
        """Length of the buffer that the diagonal takes."""

    def diagonal(self, t: Any, h: Any, y: Any, p: Any) -> list[Any]:
        """Return what `divide` needs of the diagonal of M."""

    def divide(self, diagonal: Any, r: list[Any]) -> list[Any]:
        """Return r divided by the diagonal of M, in blocks where states have several entries."""

    def factor(self, t: Any, h: Any, y: Any, p: Any, factors: Any) -> Any:
        """Factor M; return whether all pivots are sound."""

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with M x = b."""

    def mean_square(self, v: list[Any], y: Any) -> Any:
        """Return the mean square of a vector over the tolerances."""


class LinearSolver(Protocol):
    """A component that solves linear systems.

    `prepare` is straight-line code (t, h, y, p, memory) -> sound, to be run once for each matrix. `solve` is code
    (active, t, h, y, p, b, x, memory) -> sound that leaves the solution in x and may change b.
    """

    @property
    def owner(self) -> str:
        """The component's name."""

    @property
    def direct(self) -> bool:
        """Whether `solve` is straight-line code, which `build` returns lowered."""

    @property
    def operator(self) -> Operator:
        """The matrix."""

    def register(self, registry: BufferRegistry) -> None:
        """Register the solver's buffers."""

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the solver's frame."""

    def prepare(self, t: Any, h: Any, y: Any, p: Any, memory: Any) -> Any:
        """Prepare for a matrix."""

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""


@dataclass(frozen=True)
class DirectSolver:
    """Solves by a factorisation whose order of pivots and pattern are fixed when the code is written.

    Buffers: `factors`, kept from step to step.

    Parameters
    ----------
    operator
        The matrix.
    owner
        The component's name.
    """

    operator: Operator
    owner: str = "linear"

    direct = True

    def register(self, registry: BufferRegistry) -> None:
        """Register the factors."""
        registry.register(self.owner, "factors", self.operator.factor_elements, self.operator.precision, lifetime="run")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the solver's frame."""
        return make_frame(registry, self.owner, ("factors",))

    def prepare(self, t: Any, h: Any, y: Any, p: Any, memory: Any) -> Any:
        """Factor the matrix; return whether every pivot is sound."""
        return self.operator.factor(t, h, y, p, memory[0])

    def solve(self, _active: Any, _t: Any, _h: Any, _y: Any, _p: Any, b: Any, x: Any, memory: Any) -> Any:
        """Solve with the factors."""
        size = self.operator.size
        for index, value in enumerate(self.operator.solve(memory[0], [b[i] for i in range(size)])):
            x[index] = value
        return True

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""
        return target.straight_line(self.solve)


class IterativeSolver(ABC):
    """What the matrix-free solvers share: preconditioning, and stopping on the residual.

    Buffers: `preconditioned_vec` and `temp` are M's argument and product; `diagonal` is there for "jacobi".

    Parameters
    ----------
    operator
        The matrix.
    settings
        Preconditioner, and when to stop.
    tolerance
        Reduction of the residual, by its RMS norm over the tolerances.
    owner
        The component's name.
    """

    direct = False
    #: Vectors that a solver keeps besides the common ones.
    vectors: tuple[str, ...] = ()

    def __init__(self, operator: Operator, settings: LinearSettings, tolerance: float, owner: str) -> None:
        self.operator = operator
        self.owner = owner
        self.settings = settings
        self.tolerance = tolerance

    def register(self, registry: BufferRegistry) -> None:
        """Register the solver's vectors."""
        for name in self._names:
            lifetime: Lifetime = "run" if name == "diagonal" else "call"
            size = self.operator.diagonal_elements if name == "diagonal" else self.operator.size
            registry.register(self.owner, name, size, self.operator.precision, lifetime=lifetime)

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the solver's frame."""
        return make_frame(registry, self.owner, self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        jacobi = ("diagonal",) if self.settings.preconditioner == "jacobi" else ()
        return ("preconditioned_vec", "temp", *self.vectors, *jacobi)

    def prepare(self, t: Any, h: Any, y: Any, p: Any, memory: Any) -> Any:
        """Store the diagonal where it is the preconditioner."""
        if self.settings.preconditioner == "jacobi":
            for index, value in enumerate(self.operator.diagonal(t, h, y, p)):
                memory[-1][index] = value
        return True

    def precondition(self, point: Any, r: Any, memory: Any) -> list[Any]:
        """Return P r for an approximate inverse P of M."""
        residual = [r[i] for i in range(self.operator.size)]
        if self.settings.preconditioner == "jacobi":
            return self.operator.divide(memory[-1], residual)
        unit = self.operator.unit(point[1])
        first = [unit * value for value in residual]
        if self.settings.preconditioner == "none":
            return first

        def less(z: Sequence[Any]) -> list[Any]:
            """Return (I - unit*M) z."""
            product = self._product(point, z)
            return [fma(-unit, new, old) for old, new in zip(z, product, strict=True)]

        return neumann(less, first, self.settings.neumann_order)

    def _product(self, point: Any, v: Sequence[Any]) -> list[Any]:
        t, h, y, p = point
        return self.operator.product(t, h, y, p, v)

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""
        any_lane = target.any_lane
        begin = target.straight_line(self.begin)
        iterate = target.straight_line(self.iterate)
        unfinished = target.straight_line(self._unfinished)
        finished = target.straight_line(self._finished)
        probe = target.probe(LINEAR)

        @target.control
        def solve(active: Any, t: Any, h: Any, y: Any, p: Any, b: Any, x: Any, memory: Any) -> Any:
            state = first = begin(y, b, x, memory)
            going = unfinished(active, state)
            while any_lane(going):
                state = iterate(going, (t, h, y, p), b, x, memory, state)
                probe((state[2], first[0], state[0], state[1]))
                going = unfinished(going, state)
            return finished(active, state)

        return solve

    def begin(self, y: Any, b: Any, x: Any, memory: Any) -> tuple[Any, ...]:
        """Start from zero; return (norm, limit, iterations) and what the method carries from one to the next."""
        values = [b[i] for i in range(self.operator.size)]
        for index in range(self.operator.size):
            x[index] = literal(b, 0.0, self.operator.precision)
        size = self.operator.mean_square(values, y)
        limit = size * self.tolerance**2
        return (size, limit, literal(b, 0, "int32"), *self.carry(b, memory))

    def carry(self, _b: Any, _memory: Any) -> tuple[Any, ...]:
        """Return what the method carries from one iteration to the next."""
        return ()

    @abstractmethod
    def iterate(self, going: Any, point: Any, r: Any, x: Any, memory: Any, state: Any) -> tuple[Any, ...]:
        """Improve x and its residual r where `going`; return the state after it."""

    def _unfinished(self, going: Any, state: Any) -> Any:
        norm, limit, iterations = state[:3]
        return both(going, both(norm > limit, iterations < self.settings.max_iters))

    def _finished(self, active: Any, state: Any) -> Any:
        return both(active, state[0] <= state[1])

    def _counted(self, going: Any, y: Any, r: Any, state: Any) -> tuple[Any, Any, Any]:
        """Return norm, limit and iterations after an iteration."""
        values = [r[i] for i in range(self.operator.size)]
        norm = self.operator.mean_square(values, y)
        return select(going, norm, state[0]), state[1], state[2] + convert(going, "int32")


class DescentSolver(IterativeSolver):
    """One-dimensional minimisation along the preconditioned residual z.

    "minimal_residual" takes the step (r, Mz)/(Mz, Mz), which minimises the residual; "steepest_descent" takes
    (r, z)/(z, Mz), which minimises the energy norm for a symmetric positive definite matrix.
    Source: Y. Saad, Iterative Methods for Sparse Linear Systems, SIAM 2003, 5.3.

    Parameters
    ----------
    operator, settings, tolerance, owner
        As for every iterative solver.
    """

    @property
    def _minimal_residual(self) -> bool:
        return self.settings.kind == "minimal_residual"

    def iterate(self, going: Any, point: Any, r: Any, x: Any, memory: Any, state: Any) -> tuple[Any, ...]:
        """Improve x and its residual r where `going`."""
        z, product = memory[0], memory[1]
        size = self.operator.size
        for index, value in enumerate(self.precondition(point, r, memory)):
            z[index] = value
        for index, value in enumerate(self._product(point, [z[i] for i in range(size)])):
            product[index] = value
        against = product if self._minimal_residual else z
        above, below = dot(r, against, size), dot(product, against, size)
        step = select(going, above / below, above * 0.0)
        for i in range(size):
            x[i] = select(going, fma(step, z[i], x[i]), x[i])
            r[i] = select(going, fma(-step, product[i], r[i]), r[i])
        return self._counted(going, point[2], r, state)


class BicgstabSolver(IterativeSolver):
    """Stabilised bi-conjugate gradients, preconditioned from the right.

    Source: H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13 (1992) 631-644.
    """

    vectors = ("shadow", "direction", "direction_product")

    def carry(self, b: Any, memory: Any) -> tuple[Any, ...]:
        """Return rho, alpha and omega, all 1; the shadow residual is the first one."""
        shadow, direction, product = memory[2:5]
        for i in range(self.operator.size):
            shadow[i] = b[i]
            direction[i] = b[i] * 0.0
            product[i] = b[i] * 0.0
        one = literal(b, 1.0, self.operator.precision)
        return one, one, one

    def iterate(self, going: Any, point: Any, r: Any, x: Any, memory: Any, state: Any) -> tuple[Any, ...]:
        """Improve x and its residual r where `going`."""
        z, product, shadow, direction, direction_product = memory[:5]
        size = self.operator.size
        rho_old, alpha, omega = state[3:6]
        rho = dot(shadow, r, size)
        beta = (rho / rho_old) * (alpha / omega)
        for i in range(size):
            fresh = fma(beta, fma(-omega, direction_product[i], direction[i]), r[i])
            direction[i] = select(going, fresh, direction[i])
        self._apply(point, direction, z, direction_product, memory)
        alpha = rho / dot(shadow, direction_product, size)
        for i in range(size):
            x[i] = select(going, fma(alpha, z[i], x[i]), x[i])
            r[i] = select(going, fma(-alpha, direction_product[i], r[i]), r[i])
        self._apply(point, r, z, product, memory)
        square = dot(product, product, size)
        omega = select(square > 0.0, dot(product, r, size) / square, square)
        for i in range(size):
            x[i] = select(going, fma(omega, z[i], x[i]), x[i])
            r[i] = select(going, fma(-omega, product[i], r[i]), r[i])
        return (*self._counted(going, point[2], r, state), rho, alpha, omega)

    def _apply(self, point: Any, vector: Any, z: Any, product: Any, memory: Any) -> None:
        """Store z = P vector and M z."""
        for index, value in enumerate(self.precondition(point, vector, memory)):
            z[index] = value
        values = [z[i] for i in range(self.operator.size)]
        for index, value in enumerate(self._product(point, values)):
            product[index] = value


def dot(first: Any, second: Any, size: int) -> Any:
    """Return the inner product of two buffers."""
    total = first[0] * second[0]
    for i in range(1, size):
        total = fma(first[i], second[i], total)
    return total


def make_linear_solver(
    operator: Operator, settings: LinearSettings, tolerance: float, owner: str = "linear"
) -> LinearSolver:
    """Return the solver that settings name.

    Parameters
    ----------
    tolerance
        Reduction of the residual where the settings leave it open.
    owner
        The component's name.
    """
    if settings.kind == "lu":
        return DirectSolver(operator, owner)
    chosen = tolerance if settings.tolerance is None else settings.tolerance
    kind = BicgstabSolver if settings.kind == "bicgstab" else DescentSolver
    return kind(operator, settings, chosen, owner)
