"""Equations that are sums of rates, as those of reaction networks: each is worked out once, by some thread of a run.

The threads put their states into what they have in common, work out the rates that are dealt to them, put those there
too, and each adds up those of its own equations.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
import sympy

from solvers.equations.dealt import DealtExpressions, States, without_names
from solvers.equations.depth import deep_recursion
from solvers.equations.forcing import Forcing
from solvers.equations.jacobian import Jacobian
from solvers.equations.system import System
from solvers.straightline import literal
from solvers.straightline.banks import banks, in_rounds, in_rows
from solvers.straightline.dealing import Dealing
from solvers.straightline.pool import Pool, PooledElements, cell_of

#: Rows that threads have at least to tell each other numbers in, as those do which eliminate a matrix together.
FEWEST_ROWS = 4


class _Term(NamedTuple):
    """A rate, by its number, with a sign."""

    rate: int
    sign: int


class RateSums:
    """Expressions, each a sum of rates that others have as well, up to their signs.

    Parameters
    ----------
    system
        The equations that they belong to.
    expressions
        What is computed, over quantities alone.
    precision
        "float64" or "float32".
    forcing
        The drivers.
    dealing
        Which thread has which state.
    """

    def __init__(
        self, system: System, expressions: Sequence[Any], precision: str, forcing: Forcing, dealing: Dealing
    ) -> None:
        self._precision, self._lanes = precision, dealing.lanes
        self._together = banks(dealing.lanes, np.dtype(precision).itemsize)
        numbers: dict[sympy.Expr, int] = {}
        self._terms = [[*_terms(each, numbers)] for each in expressions]
        with deep_recursion():
            self._rates = DealtExpressions(system, [*numbers], [0] * len(numbers), precision, forcing)
        rates = range(len(numbers))
        reads = [[cell_of(dealing, at) if kind == "y" else at for kind, at in self._rates.operands(k)] for k in rates]
        self._rows = in_rows([*map(self._rates.kind, rates)], reads, self._lanes, self._together)

    def __str__(self) -> str:
        """Tell how many rates of how many forms there are."""
        return f"{sum(each is not None for row in self._rows for each in row):,} rates over {self._rates}"

    @cached_property
    def _signs(self) -> list[tuple[int, int]]:
        """Rows of rates that are put into the pool, each with the sign that it has there."""
        wanted = {(term.rate, term.sign) for terms in self._terms for term in terms}
        return [
            (row, sign)
            for row, rates in enumerate(self._rows)
            for sign in (1, -1)
            if any((rate, sign) in wanted for rate in rates if rate is not None)
        ]

    @cached_property
    def _cells(self) -> dict[_Term, int]:
        """Where each term lies in the pool."""
        return {
            _Term(rate, sign): place * self._lanes + lane
            for place, (row, sign) in enumerate(self._signs)
            for lane, rate in enumerate(self._rows[row])
            if rate is not None
        }

    @property
    def rows(self) -> int:
        """Rows that they need of a pool; the last one is for zeros."""
        return len(self._signs) + 1

    def values(self, rows: Iterable[Sequence[int | None]], t: Any, states: States, p: Any, pool: Pool) -> Iterator[Any]:
        """Yield for each row the value of the expression that each lane has in it, 0 where it has none.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        states, p
            All states; the array of all parameters.
        pool
            Of `rows` rows.
        """
        rates = [*self._rates.values(self._rows, t, states, p)]
        for place, (row, sign) in enumerate(self._signs):
            pool.put(place, rates[row] if sign > 0 else -rates[row])
        zeros = range(len(self._signs) * self._lanes, self.rows * self._lanes)
        pool.put(len(self._signs), literal(p, 0.0, self._precision))
        pool.settle()
        for each in rows:
            wanted = [[] if index is None else [self._cells[term] for term in self._terms[index]] for index in each]
            rounds = in_rounds(wanted, zeros, self._together) or [[*zeros]]
            yield reduce(add, map(pool.by_lane, rounds))


class RateEquations:
    """The derivatives of a system's states, as sums of rates, and the entries of their Jacobian.

    Parameters
    ----------
    system
        The equations.
    named
        Observables that derivatives use, each over quantities and earlier ones.
    precision
        "float64" or "float32".
    dealing
        Which thread has which state.
    forcing
        The drivers.
    """

    def __init__(
        self,
        system: System,
        named: Sequence[tuple[sympy.Symbol, sympy.Expr]],
        precision: str,
        dealing: Dealing,
        forcing: Forcing,
    ) -> None:
        self.dealing = dealing
        self.jacobian = Jacobian(system, precision, forcing)
        with deep_recursion():
            slopes = without_names(named, system.derivatives)
            entries = self.jacobian.spelled_out
        given = precision, forcing, dealing
        self._slopes, self._entries = RateSums(system, slopes, *given), RateSums(system, entries, *given)
        self._parameters = len(system.parameters)

    def __str__(self) -> str:
        """Tell how many equations are dealt, and among how many threads."""
        return f"{len(self.dealing.places):,} dealt among {self.dealing.lanes} threads, {self._slopes}"

    @property
    def room(self) -> int:
        """Elements behind the parameters that the threads of a run put states and rates into."""
        rows = max(self._slopes.rows, self._entries.rows, FEWEST_ROWS)
        return self.dealing.lanes * (len(self.dealing.slots) + rows)

    def values(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the slopes of a thread's states, given its states, an array or a list of values."""
        return [*self._slopes.values(self.dealing.slots, t, self.pooled(y, p), p, self.pool(p))]

    def entries(self, rows: Iterable[Sequence[int | None]], t: Any, y: Any, p: Any) -> list[Any]:
        """Return for each row the entry of the Jacobian, by its number, that each lane has in it, 0 for none."""
        return [*self._entries.values(rows, t, self.pooled(y, p), p, self.pool(p))]

    def pooled(self, y: Any, p: Any) -> PooledElements:
        """Return all states, put where all threads of the run find them."""
        return PooledElements(y, self.dealing, Pool(p, self._parameters, self.dealing.lanes))

    def pool(self, p: Any) -> Pool:
        """Return the rows behind those of the states."""
        lanes = self.dealing.lanes
        return Pool(p, self._parameters + len(self.dealing.slots) * lanes, lanes)


def _terms(expression: sympy.Expr, numbers: dict[sympy.Expr, int]) -> Iterator[_Term]:
    """Yield the terms of a sum; numbers are given to rates as they are met."""
    for term in sympy.Add.make_args(expression):
        if term == 0:
            continue
        negative = [each.could_extract_minus_sign() for each in sympy.Mul.make_args(term)]
        factors = [-each if turn else each for each, turn in zip(sympy.Mul.make_args(term), negative, strict=True)]
        rate = sympy.Mul(*factors)
        yield _Term(numbers.setdefault(rate, len(numbers)), -1 if sum(negative) % 2 else 1)
