"""The matrices of implicit methods: products for iterative solvers, factors for the direct one."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from solvers.algebra.complex_numbers import Complex, Numbers, reciprocal
from solvers.algebra.elimination import AnyJacobian, AnyLU, factor, make_lu, whole
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.looped_matrix import LoopedMatrix
from solvers.algebra.point import Point
from solvers.straightline import View, both, fma, literal
from solvers.straightline.loops import Repeated
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
    blocks
        Whether loops eliminate large dense blocks of it, and its solution is called where it is large.
    """

    def __init__(
        self,
        jacobian: AnyJacobian,
        gamma: float,
        norm: ErrorNorm,
        *,
        loops: bool = False,
        blocks: bool = True,
    ) -> None:
        self.jacobian = jacobian
        self.gamma = gamma
        self.norm = norm
        self.loops = loops
        self.blocks = blocks
        self.precision = jacobian.precision
        self.size = jacobian.size

    @cached_property
    def _lu(self) -> AnyLU:
        return make_lu(self.size, self.jacobian, blocks=self.blocks)

    @cached_property
    def _looped(self) -> LoopedMatrix:
        return LoopedMatrix(whole(self.jacobian), loops=self.norm.states.loops)

    @property
    def large(self) -> bool:
        """Whether its solution is so much code that it stands once, and is called."""
        return self.blocks and (self.loops or self._lu.first < self.size)

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that a factorisation takes."""
        return self._looped.lu.size if self.loops else self._lu.size

    @property
    def factor_terms(self) -> int:
        """Length of the buffer that what the entries have in common takes, where loops compute them."""
        return self._looped.terms if self.loops else 0

    @property
    def components(self) -> Repeated:
        """What is done for each component of a vector."""
        return Repeated(self.size, self.norm.longest)

    def unit(self, h: Any) -> Any:
        """Return the s for which s*W tends to I as h tends to 0."""
        return h * self.gamma

    def shift(self, h: Any) -> Any:
        """Return what stands on the diagonal besides J."""
        return shift(h, self.gamma)

    def product(self, point: Point, v: Sequence[Any]) -> list[Any]:
        """Return W v."""
        diagonal = self.shift(point.h)
        slopes = whole(self.jacobian).product(point.t, point.y, point.p, v)
        return [diagonal * value - slope for value, slope in zip(v, slopes, strict=True)]

    @property
    def diagonal_elements(self) -> int:
        """Length of the buffer that the diagonal takes."""
        return self.size

    def diagonal(self, point: Point) -> list[Any]:
        """Return the diagonal of W."""
        diagonal = self.shift(point.h)
        return [diagonal - entry for entry in whole(self.jacobian).diagonal(point.t, point.y, point.p)]

    def divide(self, diagonal: Any, r: list[Any]) -> list[Any]:
        """Return r divided by the diagonal of W."""
        return [value / diagonal[index] for index, value in enumerate(r)]

    def factor(self, point: Point, factors: Any, terms: Any = None) -> Any:
        """Factor W; return whether all pivots are sound."""
        if self.loops:
            self._looped.store(point, terms, factors)
            return self._looped.lu.factor(self.shift(point.h), factors, factors)
        entries = self.jacobian.entries(point.t, point.y, point.p)
        by_place: dict[Any, Any] = dict(zip(self.jacobian.pattern, entries, strict=True))
        return factor(self._lu, self.jacobian, point, self._lu.shifted(by_place, self.shift(point.h)), factors)

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with W x = b."""
        return self._lu.solve(factors, b)

    def solve_in_place(self, factors: Any, b: Any) -> None:
        """Replace an array b by x."""
        if self.loops:
            self._looped.lu.solve(factors, b)
            return
        for index, value in enumerate(self.solve(factors, [b[i] for i in range(self.size)])):
            b[index] = value

    def mean_square(self, v: Any, y: Any) -> Any:
        """Return the mean square of a vector over the tolerances at y."""
        return self.norm.mean_square(lambda i: v[i], y)


class CoupledMatrix:
    """M = I - h*(A x J): the matrix of all stages of a fully implicit method, J at the start of the step.

    The direct solver splits it with the method's `Transformation`: T^-1 A^-1 T in blocks g and ((a, -b), (b, a)) leaves
    one real system (g/h I - J) and one complex system ((a + ib)/h I - J) a block. Source: E. Hairer, G. Wanner, Solving
    Ordinary Differential Equations II, Springer 1996, IV.8.

    Vectors hold the states stage by stage.

    Parameters
    ----------
    jacobian
        J and its products.
    tableau
        The method.
    norm
        The tolerances, for residuals.
    loops
        Whether it is factored by loops.
    blocks
        Whether loops eliminate large dense blocks of it, and its solution is called where it is large.
    """

    def __init__(
        self,
        jacobian: AnyJacobian,
        tableau: FullyImplicitTableau,
        norm: ErrorNorm,
        *,
        loops: bool = False,
        blocks: bool = True,
    ) -> None:
        self.jacobian = jacobian
        self.tableau = tableau
        self.norm = norm
        self.precision = jacobian.precision
        self.n = jacobian.size
        self.size = self.n * tableau.stages
        self.loops = loops
        self.blocks = blocks

    @cached_property
    def _real(self) -> AnyLU:
        return make_lu(self.n, self.jacobian, blocks=self.blocks)

    @cached_property
    def _complex(self) -> AnyLU:
        return make_lu(self.n, self.jacobian, blocks=self.blocks, is_complex=True)

    @cached_property
    def _looped(self) -> LoopedMatrix:
        return LoopedMatrix(whole(self.jacobian), loops=self.norm.states.loops)

    @property
    def large(self) -> bool:
        """Whether its solution is so much code that it stands once, and is called."""
        return self.blocks and (self.loops or self._real.first < self.n)

    @property
    def _block_sizes(self) -> tuple[int, int]:
        """Elements of a real block, and of a complex one, 0 where there is none."""
        split = self.tableau.transformation
        if self.loops:
            return self._looped.lu.size, 2 * self._looped.lu.size
        return self._real.size if split.real else 0, self._complex.size if split.pairs else 0

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that the factors take: the real blocks, the complex ones, then 1/h."""
        split, (real, pair) = self.tableau.transformation, self._block_sizes
        return len(split.real) * real + len(split.pairs) * pair + 1

    @property
    def factor_terms(self) -> int:
        """Length of the buffer that what the entries have in common takes, where loops compute them."""
        return self._looped.terms if self.loops else 0

    @property
    def components(self) -> Repeated:
        """What is done for each component of a vector."""
        return Repeated(self.size, self.norm.longest)

    def _blocks(self, factors: Any) -> tuple[list[Any], list[Any]]:
        """Return the parts of the buffer that hold the real and the complex blocks."""
        split, (size, pair) = self.tableau.transformation, self._block_sizes
        real = [View(factors, index * size) for index in range(len(split.real))]
        starts = [len(split.real) * size + index * pair for index in range(len(split.pairs))]
        if self.loops:
            return real, [Numbers(View(factors, start), View(factors, start + size)) for start in starts]
        return real, [View(factors, start) for start in starts]

    def stages(self, vector: Sequence[Any]) -> list[list[Any]]:
        """Return a vector's states, a list a stage."""
        return [[vector[j * self.n + i] for i in range(self.n)] for j in range(self.tableau.stages)]

    def unit(self, h: Any) -> Any:
        """Return 1: M itself tends to I as h tends to 0."""
        return literal(h, 1.0, self.precision)

    def product(self, point: Point, v: Sequence[Any]) -> list[Any]:
        """Return M v."""
        slopes = [whole(self.jacobian).product(point.t, point.y, point.p, stage) for stage in self.stages(v)]
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
        return [point.h * entry for entry in whole(self.jacobian).diagonal(point.t, point.y, point.p)]

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

    def factor(self, point: Point, factors: Any, terms: Any = None) -> Any:
        """Factor the blocks; return whether all pivots are sound."""
        if self.loops:
            return self._factor_by_loops(point, factors, terms)
        entries = self.jacobian.entries(point.t, point.y, point.p)
        by_place: dict[Any, Any] = dict(zip(self.jacobian.pattern, entries, strict=True))
        split = self.tableau.transformation
        real, pairs = self._blocks(factors)
        inverse = reciprocal(point.h)
        factors[self.factor_elements - 1] = inverse
        sound: Any = True
        for value, block in zip(split.real, real, strict=True):
            matrix = self._real.shifted(by_place, inverse * value)
            sound = both(factor(self._real, self.jacobian, point, matrix, block), sound)
        for (a, b), block in zip(split.pairs, pairs, strict=True):
            matrix = self._complex.shifted(by_place, Complex(inverse * a, inverse * b))
            sound = both(factor(self._complex, self.jacobian, point, matrix, block), sound)
        return sound

    def _factor_by_loops(self, point: Point, factors: Any, terms: Any) -> Any:
        """Store J where the first block lies, whose turn is last, as its factors take the place."""
        split, looped, (real, pairs) = self.tableau.transformation, self._looped, self._blocks(factors)
        inverse, entries = reciprocal(point.h), View(factors, 0)
        factors[self.factor_elements - 1] = inverse
        looped.store(point, terms, entries)
        shifts = [
            *(inverse * value for value in split.real),
            *(Complex(inverse * a, inverse * b) for a, b in split.pairs),
        ]
        sound: Any = True
        for alpha, block in reversed([*zip(shifts, [*real, *pairs], strict=True)]):
            sound = both(looped.lu.factor(alpha, entries, block), sound)
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
        if self.loops:
            self._solve_by_loops(factors, b)
            return
        for index, value in enumerate(self.solve(factors, [b[i] for i in range(self.size)])):
            b[index] = value

    def _solve_by_loops(self, factors: Any, b: Any) -> None:
        """Do what `solve` does, in place."""
        split, lu, (real, pairs) = self.tableau.transformation, self._looped.lu, self._blocks(factors)
        inverse, (turn, back) = factors[self.factor_elements - 1], (split.blocks @ np.array(split.inverse), split.t)
        stages = [View(b, j * self.n) for j in range(self.tableau.stages)]

        def transform(matrix: Sequence[Sequence[float]], i: Any, scale: Any = None) -> None:
            mixed = mix(matrix, [[stage[i]] for stage in stages])
            for stage, (value,) in zip(stages, mixed, strict=True):
                stage[i] = value if scale is None else scale * value

        states = self.norm.states
        states.each(b, lambda i: transform(turn.tolist(), i, inverse))
        for block, stage in zip(real, stages, strict=False):
            lu.solve(block, stage)
        for index, block in enumerate(pairs):
            first = len(real) + 2 * index
            lu.solve(block, Numbers(*stages[first : first + 2]))
        states.each(b, lambda i: transform(back, i))

    def mean_square(self, v: Any, y: Any) -> Any:
        """Return the mean square of a vector over the tolerances at y."""
        total: Any = None
        for j in range(self.tableau.stages):
            stage = View(v, j * self.n)
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
