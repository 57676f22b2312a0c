"""The matrices of implicit methods: products for iterative solvers, factors for the direct one."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from solvers.algebra.banded_lu import BandedLU, half_bandwidth
from solvers.algebra.complex_numbers import Complex, reciprocal
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.looped_lu import LoopedLU
from solvers.algebra.point import Point
from solvers.algebra.sparse_lu import SparseLU, iteration_matrix
from solvers.equations.jacobian import Jacobian
from solvers.equations.looped import LoopedEquations
from solvers.straightline import View, both, fma, literal
from solvers.straightline.loops import for_each
from solvers.tableaus.fully_implicit import FullyImplicitTableau


def shift(h: Any, gamma: float) -> Any:
    """Return 1/(h*gamma), from the 1/h that Rosenbrock methods need anyway."""
    return reciprocal(h) * (1.0 / gamma)


class StageMatrix:
    """W = I/(h*gamma) - J(t, y): the matrix of one stage of a DIRK or Rosenbrock method.

    Parameters
    ----------
    jacobian
        J and its products.
    gamma
        The method's diagonal coefficient.
    norm
        The tolerances, for residuals.
    loops
        Whether it is factored by loops.
    """

    def __init__(self, jacobian: Jacobian, gamma: float, norm: ErrorNorm, *, loops: bool = False) -> None:
        self.jacobian = jacobian
        self.gamma = gamma
        self.norm = norm
        self.loops = loops
        self.precision = jacobian.precision
        self.size = len(jacobian.system.states)

    @cached_property
    def _lu(self) -> SparseLU:
        return SparseLU(self.size, self.jacobian.pattern, self.precision)

    @cached_property
    def _looped_lu(self) -> LoopedLU | BandedLU:
        """The elimination by loops: over a band, where that takes no more than twice the operations."""
        half = half_bandwidth(self.jacobian.pattern)
        if self.size * half * (half + 1) <= 2 * self._lu.operations.factor:
            return BandedLU(self.size, self.jacobian.pattern, self.precision)
        return LoopedLU(self._lu)

    @cached_property
    def _entries(self) -> LoopedEquations:
        return self.jacobian.looped(self._looped_lu.places(self.jacobian.pattern))

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that a factorisation takes."""
        return self._looped_lu.size if self.loops else self._lu.size

    @property
    def factor_terms(self) -> int:
        """Length of the buffer that what the entries have in common takes, where loops compute them."""
        return self._entries.terms if self.loops else 0

    def unit(self, h: Any) -> Any:
        """Return the s for which s*W tends to I as h tends to 0."""
        return h * self.gamma

    def shift(self, h: Any) -> Any:
        """Return what stands on the diagonal besides J."""
        return shift(h, self.gamma)

    def product(self, point: Point, v: Sequence[Any]) -> list[Any]:
        """Return W v."""
        diagonal = self.shift(point.h)
        slopes = self.jacobian.product(point.t, point.y, point.p, v)
        return [diagonal * value - slope for value, slope in zip(v, slopes, strict=True)]

    @property
    def diagonal_elements(self) -> int:
        """Length of the buffer that the diagonal takes."""
        return self.size

    def diagonal(self, point: Point) -> list[Any]:
        """Return the diagonal of W."""
        diagonal = self.shift(point.h)
        return [diagonal - entry for entry in self.jacobian.diagonal(point.t, point.y, point.p)]

    def divide(self, diagonal: Any, r: list[Any]) -> list[Any]:
        """Return r divided by the diagonal of W."""
        return [value / diagonal[index] for index, value in enumerate(r)]

    def factor(self, point: Point, factors: Any, terms: Any = None) -> Any:
        """Factor W; return whether all pivots are sound."""
        if self.loops:
            for_each(factors, self.factor_elements, lambda k: factors.__setitem__(k, 0.0), longest=0)
            self._entries.store(point.t, point.y, point.p, terms, factors)
            return self._looped_lu.factor(self.shift(point.h), factors)
        entries = self.jacobian.entries(point.t, point.y, point.p)
        by_place = dict(zip(self.jacobian.pattern, entries, strict=True))
        return self._lu.factor(iteration_matrix(by_place, self.size, self.shift(point.h)), factors)

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with W x = b."""
        return self._lu.solve(factors, b)

    def solve_in_place(self, factors: Any, b: Any) -> None:
        """Replace an array b by x."""
        if self.loops:
            self._looped_lu.solve(factors, b)
            return
        for index, value in enumerate(self.solve(factors, [b[i] for i in range(self.size)])):
            b[index] = value

    def mean_square(self, v: Sequence[Any], y: Any) -> Any:
        """Return the mean square of a vector over the tolerances at y."""
        return self.norm.mean_square(v.__getitem__, y)


class CoupledMatrix:
    """M = I - h*(A x J): the matrix of all stages of a fully implicit method, J at the start of the step.

    The direct solver splits it with the method's `Transformation`: T^-1 A^-1 T in blocks g and ((a, -b), (b, a)) leaves
    one real system (g/h I - J) and one complex system ((a + ib)/h I - J) a block. Source: E. Hairer, G. Wanner, Solving
    Ordinary Differential Equations II, Springer 1996, IV.8.

    Vectors hold the states stage by stage. It is never factored by loops.

    Parameters
    ----------
    jacobian
        J and its products.
    tableau
        The method.
    norm
        The tolerances, for residuals.
    """

    def __init__(self, jacobian: Jacobian, tableau: FullyImplicitTableau, norm: ErrorNorm) -> None:
        self.jacobian = jacobian
        self.tableau = tableau
        self.norm = norm
        self.precision = jacobian.precision
        self.n = len(jacobian.system.states)
        self.size = self.n * tableau.stages
        self.loops = False

    @cached_property
    def _real(self) -> SparseLU:
        return SparseLU(self.n, self.jacobian.pattern, self.precision)

    @cached_property
    def _complex(self) -> SparseLU:
        return SparseLU(self.n, self.jacobian.pattern, self.precision, is_complex=True)

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that the factors take: the real blocks, the complex ones, then h."""
        split = self.tableau.transformation
        real = len(split.real) * self._real.size if split.real else 0
        return real + (len(split.pairs) * self._complex.size if split.pairs else 0) + 1

    @property
    def factor_terms(self) -> int:
        """Return 0: loops do not factor it."""
        return 0

    def _blocks(self, factors: Any) -> tuple[list[Any], list[Any]]:
        """Return the parts of the buffer that hold the real and the complex blocks."""
        split = self.tableau.transformation
        real = [View(factors, index * self._real.size) for index in range(len(split.real))]
        start = len(split.real) * self._real.size if split.real else 0
        pairs = [View(factors, start + index * self._complex.size) for index in range(len(split.pairs))]
        return real, pairs

    def stages(self, vector: Sequence[Any]) -> list[list[Any]]:
        """Return a vector's states, a list a stage."""
        return [[vector[j * self.n + i] for i in range(self.n)] for j in range(self.tableau.stages)]

    def unit(self, h: Any) -> Any:
        """Return 1: M itself tends to I as h tends to 0."""
        return literal(h, 1.0, self.precision)

    def product(self, point: Point, v: Sequence[Any]) -> list[Any]:
        """Return M v."""
        slopes = [self.jacobian.product(point.t, point.y, point.p, stage) for stage in self.stages(v)]
        mixed = mix(self.tableau.a, slopes)
        return [
            fma(-point.h, mixed[j][i], v[j * self.n + i]) for j in range(self.tableau.stages) for i in range(self.n)
        ]

    @property
    def diagonal_elements(self) -> int:
        """Length of the buffer that the diagonal takes."""
        return self.n

    def diagonal(self, point: Point) -> list[Any]:
        """Return h times the diagonal of J."""
        return [point.h * entry for entry in self.jacobian.diagonal(point.t, point.y, point.p)]

    def divide(self, diagonal: Any, r: list[Any]) -> list[Any]:
        """Return the solution of M x = r with J cut down to its diagonal: (I - h*J_ii*A)^-1 couples a state's stages.

        In the method's blocks that is g/(g - h*J_ii), and the same with a + ib for g.
        """
        split = self.tableau.transformation
        turned = mix(split.inverse, self.stages(r))
        solved = []
        for value, stage in zip(split.real, turned, strict=False):
            solved.append([each * (value / (value - diagonal[i])) for i, each in enumerate(stage)])
        for index, (a, b) in enumerate(split.pairs):
            first = len(split.real) + 2 * index
            imaginary = literal(diagonal, b, self.precision)
            weights = [Complex(a, b) * reciprocal(Complex(a - diagonal[i], imaginary)) for i in range(self.n)]
            parts = zip(weights, turned[first], turned[first + 1], strict=True)
            numbers = [weight * Complex(re, im) for weight, re, im in parts]
            solved += [[number.re for number in numbers], [number.im for number in numbers]]
        return [value for stage in mix(split.t, solved) for value in stage]

    def factor(self, point: Point, factors: Any, _terms: Any = None) -> Any:
        """Factor the blocks; return whether all pivots are sound."""
        entries = self.jacobian.entries(point.t, point.y, point.p)
        by_place = dict(zip(self.jacobian.pattern, entries, strict=True))
        split = self.tableau.transformation
        real, pairs = self._blocks(factors)
        inverse = reciprocal(point.h)
        factors[self.factor_elements - 1] = inverse
        sound: Any = True
        for value, block in zip(split.real, real, strict=True):
            matrix = iteration_matrix(by_place, self.n, inverse * value)
            sound = both(self._real.factor(matrix, block), sound)
        for (a, b), block in zip(split.pairs, pairs, strict=True):
            matrix = iteration_matrix(by_place, self.n, Complex(inverse * a, inverse * b))
            sound = both(self._complex.factor(matrix, block), sound)
        return sound

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with M x = b: with w = T^-1 x and B the blocks, (B/h - J) w = B T^-1 b / h."""
        split = self.tableau.transformation
        inverse = factors[self.factor_elements - 1]
        real, pairs = self._blocks(factors)
        turned = mix((split.blocks @ np.array(split.inverse)).tolist(), self.stages(b))
        scaled = [[inverse * value for value in stage] for stage in turned]
        solved = [self._real.solve(block, scaled[index]) for index, block in enumerate(real)]
        for index, block in enumerate(pairs):
            first = len(real) + 2 * index
            right = [Complex(re, im) for re, im in zip(scaled[first], scaled[first + 1], strict=True)]
            numbers = self._complex.solve(block, right)
            solved += [[number.re for number in numbers], [number.im for number in numbers]]
        return [value for stage in mix(split.t, solved) for value in stage]

    def solve_in_place(self, factors: Any, b: Any) -> None:
        """Replace an array b by x."""
        for index, value in enumerate(self.solve(factors, [b[i] for i in range(self.size)])):
            b[index] = value

    def mean_square(self, v: Sequence[Any], y: Any) -> Any:
        """Return the mean square of a vector over the tolerances at y."""
        total: Any = None
        for stage in self.stages(v):
            square = self.norm.mean_square(stage.__getitem__, y)
            total = square if total is None else total + square
        return total * (1.0 / self.tableau.stages)


def mix(matrix: Sequence[Sequence[float]], stages: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return for each row of a matrix the sum of stages with its weights; all entries of a row may not be zero."""
    mixed = []
    for row in matrix:
        sums = []
        for values in zip(*stages, strict=True):
            total: Any = None
            for weight, value in zip(row, values, strict=True):
                if weight:
                    total = value * weight if total is None else fma(value, weight, total)
            sums.append(total)
        mixed.append(sums)
    return mixed
