"""Solvers for the linear systems of implicit methods, as components with buffers of their own.

All solve M x = b for a matrix M that an `Operator` knows. The iterative ones need its products only, and stop on the
reduction of the residual; the direct one factors it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from buffers import BufferRegistry
from solvers.algebra.point import Point
from solvers.algebra.preconditioners import neumann
from solvers.settings import LinearSettings
from solvers.straightline import both, convert, fma, literal, select
from solvers.straightline.loops import Repeated
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import LINEAR


class Operator(Protocol):
    """A matrix at a `Point`, with the norm its residuals are measured in."""

    precision: str
    #: Whether it is factored by loops.
    loops: bool

    @property
    def large(self) -> bool:
        """Whether its solution is so much code that it stands once, and is called."""

    @property
    def size(self) -> int:
        """The number of rows."""

    @property
    def components(self) -> Repeated:
        """What is done for each component of a vector."""

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that a factorisation takes."""

    @property
    def factor_terms(self) -> int:
        """Length of the buffer that what its entries share takes, where it is factored by loops."""

    def unit(self, h: Any) -> Any:
        """Return the s for which s*M tends to I as h tends to 0."""

    def product(self, point: Point, v: Any) -> list[Any]:
        """Return M v."""

    @property
    def diagonal_elements(self) -> int:
        """Length of the buffer that the diagonal takes."""

    def diagonal(self, point: Point) -> list[Any]:
        """Return what `divide` needs of the diagonal of M."""

    def divide(self, diagonal: Any, r: list[Any]) -> list[Any]:
        """Return r divided by the diagonal of M, in blocks where states have several entries."""

    def factor(self, point: Point, factors: Any, terms: Any = None) -> Any:
        """Factor M; return whether all pivots are sound."""

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with M x = b."""

    def solve_in_place(self, factors: Any, b: Any) -> None:
        """Replace an array b by x."""

    def mean_square(self, v: Any, y: Any) -> Any:
        """Return the mean square of a vector over the tolerances."""


class LinearSolver(Protocol):
    """A component that solves linear systems.

    `prepare` is straight-line code (point, memory) -> sound, to be run once for each matrix. `solve` is code
    (active, point, b, x, memory) -> sound that leaves the solution in x and may change b.
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

    def prepare(self, point: Point, memory: Any) -> Any:
        """Prepare for a matrix."""

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""


@dataclass(frozen=True)
class DirectSolver:
    """Solves by a factorisation whose order of pivots and pattern are fixed when the code is written.

    Buffers: `factors`, kept from step to step; where loops compute the matrix `terms`, what its entries share.

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
        operator = self.operator
        registry.register(self.owner, "factors", operator.factor_elements, operator.precision, lifetime="run")
        if operator.loops:
            registry.register(self.owner, "terms", operator.factor_terms, operator.precision)

    def prepare(self, point: Point, memory: Any) -> Any:
        """Factor the matrix; return whether every pivot is sound."""
        return self.operator.factor(point, memory.factors, memory.terms if self.operator.loops else None)

    def solve(self, _active: Any, _point: Point, b: Any, x: Any, memory: Any) -> Any:
        """Solve with the factors."""
        if x is not b:
            self.operator.components.each(x, lambda i: x.__setitem__(i, b[i]))
        self.operator.solve_in_place(memory.factors, x)
        return True

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""
        return target.straight_line(self.solve)


class Iteration(NamedTuple):
    """Where an iterative solver stands: mean square of the residual, that at which it stops, iterations so far."""

    square: Any
    limit: Any
    iterations: Any


class Bicgstab(NamedTuple):
    """An `Iteration` of bi-conjugate gradients, with the scalars that the method carries on."""

    square: Any
    limit: Any
    iterations: Any
    rho: Any
    alpha: Any
    omega: Any


#: What an iteration leaves for the next one.
State = TypeVar("State", Iteration, Bicgstab)


class IterativeSolver(ABC):
    """What the matrix-free solvers share: preconditioning, and stopping on the residual.

    Buffers: `preconditioned_vec` and `temp` are M's argument and product; `diagonal` is there for "jacobi".

    Parameters
    ----------
    operator
        The matrix.
    settings
        Preconditioner.
    tolerance
        Reduction of the residual, by its RMS norm over the tolerances.
    max_iters
        Most iterations.
    owner
        The component's name.
    """

    direct = False
    #: Vectors that a solver keeps besides the common ones.
    vectors: tuple[str, ...] = ()

    def __init__(
        self, operator: Operator, settings: LinearSettings, tolerance: Number, max_iters: Number, owner: str
    ) -> None:
        self.operator = operator
        self.owner = owner
        self.settings = settings
        self.tolerance = tolerance
        self.max_iters = max_iters

    def register(self, registry: BufferRegistry) -> None:
        """Register the solver's vectors."""
        operator = self.operator
        for name in ("preconditioned_vec", "temp", *self.vectors):
            registry.register(self.owner, name, operator.size, operator.precision)
        if self.settings.preconditioner == "jacobi":
            registry.register(self.owner, "diagonal", operator.diagonal_elements, operator.precision, lifetime="run")

    def prepare(self, point: Point, memory: Any) -> Any:
        """Store the diagonal where it is the preconditioner."""
        if self.settings.preconditioner == "jacobi":
            for index, value in enumerate(self.operator.diagonal(point)):
                memory.diagonal[index] = value
        return True

    def precondition(self, point: Point, r: Any, memory: Any) -> list[Any]:
        """Return P r for an approximate inverse P of M."""
        residual = [r[i] for i in range(self.operator.size)]
        if self.settings.preconditioner == "jacobi":
            return self.operator.divide(memory.diagonal, residual)
        unit = self.operator.unit(point.h)
        first = [unit * value for value in residual]
        if self.settings.preconditioner == "none":
            return first

        def less(z: Sequence[Any]) -> list[Any]:
            """Return (I - unit*M) z."""
            product = self.operator.product(point, z)
            return [fma(-unit, new, old) for old, new in zip(z, product, strict=True)]

        return neumann(less, first, self.settings.neumann_order)

    def build(self, target: Target) -> DeviceFunction:
        """Return `solve` as a device function."""
        any_lane = target.any_lane
        begin = target.straight_line(self.begin)
        iterate = target.straight_line(self.iterate)
        unfinished = target.straight_line(self._unfinished)
        finished = target.straight_line(self._finished)
        probe = target.probe(LINEAR)

        @target.control
        def solve(active: Any, point: Any, b: Any, x: Any, memory: Any) -> Any:
            state = first = begin(point.y, b, x, memory)
            going = unfinished(active, state)
            while any_lane(going):
                state = iterate(going, point, b, x, memory, state)
                probe((state.iterations, first.square, state.square, state.limit))
                going = unfinished(going, state)
            return finished(active, state)

        return solve

    def begin(self, y: Any, b: Any, x: Any, memory: Any) -> Any:
        """Start from zero; return the state before the first iteration."""
        values = [b[i] for i in range(self.operator.size)]
        for index in range(self.operator.size):
            x[index] = literal(b, 0.0, self.operator.precision)
        square = self.operator.mean_square(values, y)
        return self.carry(
            Iteration(square, square * (self.tolerance * self.tolerance), literal(b, 0, "int32")), b, memory
        )

    def carry(self, first: Iteration, _b: Any, _memory: Any) -> Any:
        """Return the first state, with what the method carries from one iteration to the next."""
        return first

    @abstractmethod
    def iterate(self, going: Any, point: Point, r: Any, x: Any, memory: Any, state: Any) -> Any:
        """Improve x and its residual r where `going`; return the state after it."""

    def _apply(self, point: Point, vector: Any, z: Any, product: Any, memory: Any) -> None:
        """Store z = P vector and M z."""
        for index, value in enumerate(self.precondition(point, vector, memory)):
            z[index] = value
        values = [z[i] for i in range(self.operator.size)]
        for index, value in enumerate(self.operator.product(point, values)):
            product[index] = value

    def _unfinished(self, going: Any, state: Any) -> Any:
        return both(going, both(state.square > state.limit, state.iterations < self.max_iters))

    def _finished(self, active: Any, state: Any) -> Any:
        return both(active, state.square <= state.limit)

    def _counted(self, going: Any, y: Any, r: Any, state: State) -> State:
        """Return the state after an iteration that left a residual."""
        square = self.operator.mean_square([r[i] for i in range(self.operator.size)], y)
        return state._replace(
            square=select(going, square, state.square), iterations=state.iterations + convert(going, "int32")
        )


class DescentSolver(IterativeSolver):
    """One-dimensional minimisation along the preconditioned residual z.

    "minimal_residual" takes the step (r, Mz)/(Mz, Mz), which minimises the residual; "steepest_descent" takes
    (r, z)/(z, Mz), which minimises the energy norm for a symmetric positive definite matrix.
    Source: Y. Saad, Iterative Methods for Sparse Linear Systems, SIAM 2003, 5.3.

    Parameters
    ----------
    operator, settings, tolerance, max_iters, owner
        As for every iterative solver.
    """

    @property
    def _minimal_residual(self) -> bool:
        return self.settings.kind == "minimal_residual"

    def iterate(self, going: Any, point: Point, r: Any, x: Any, memory: Any, state: Iteration) -> Iteration:
        """Improve x and its residual r where `going`."""
        z, product, size = memory.preconditioned_vec, memory.temp, self.operator.size
        self._apply(point, r, z, product, memory)
        against = product if self._minimal_residual else z
        above, below = dot(r, against, size), dot(product, against, size)
        step = select(going, above / below, above * 0.0)
        for i in range(size):
            x[i] = select(going, fma(step, z[i], x[i]), x[i])
            r[i] = select(going, fma(-step, product[i], r[i]), r[i])
        return self._counted(going, point.y, r, state)


class BicgstabSolver(IterativeSolver):
    """Stabilised bi-conjugate gradients, preconditioned from the right.

    Source: H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13 (1992) 631-644.
    """

    vectors = ("shadow", "direction", "direction_product")

    def carry(self, first: Iteration, b: Any, memory: Any) -> Bicgstab:
        """Return rho, alpha and omega, all 1; the shadow residual is the first one."""
        for i in range(self.operator.size):
            memory.shadow[i] = b[i]
            memory.direction[i] = b[i] * 0.0
            memory.direction_product[i] = b[i] * 0.0
        one = literal(b, 1.0, self.operator.precision)
        return Bicgstab(*first, rho=one, alpha=one, omega=one)

    def iterate(self, going: Any, point: Point, r: Any, x: Any, memory: Any, state: Bicgstab) -> Bicgstab:
        """Improve x and its residual r where `going`."""
        z, product, shadow = memory.preconditioned_vec, memory.temp, memory.shadow
        direction, direction_product = memory.direction, memory.direction_product
        size = self.operator.size
        rho = dot(shadow, r, size)
        beta = (rho / state.rho) * (state.alpha / state.omega)
        for i in range(size):
            fresh = fma(beta, fma(-state.omega, direction_product[i], direction[i]), r[i])
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
        return self._counted(going, point.y, r, state)._replace(rho=rho, alpha=alpha, omega=omega)


def dot(first: Any, second: Any, size: int) -> Any:
    """Return the inner product of two buffers."""
    total = first[0] * second[0]
    for i in range(1, size):
        total = fma(first[i], second[i], total)
    return total


def make_linear_solver(
    operator: Operator, settings: LinearSettings, tolerance: Number, max_iters: Number, owner: str = "linear"
) -> LinearSolver:
    """Return the solver that settings name.

    Parameters
    ----------
    tolerance, max_iters
        Reduction of the residual, and most iterations, of one that iterates.
    owner
        The component's name.
    """
    if settings.kind == "lu":
        return DirectSolver(operator, owner)
    kind = BicgstabSolver if settings.kind == "bicgstab" else DescentSolver
    return kind(operator, settings, tolerance, max_iters, owner)
