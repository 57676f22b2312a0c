"""The Jacobian df/dy of a system and its relatives, as straight-line functions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import sympy

from solvers.equations.dealt import without_names
from solvers.equations.depth import deep_recursion
from solvers.equations.derivative import Derivatives, Slopes
from solvers.equations.early import time_first
from solvers.equations.edges import levelled, unless_zero
from solvers.equations.forcing import Forcing
from solvers.equations.looped import LoopedEquations
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, evaluate_at
from solvers.equations.system import (
    TIME,
    System,
    driver_slope_symbol,
    driver_symbol,
    observable_symbol,
    parameter_symbol,
    state_symbol,
)
from solvers.straightline import fma, literal


class Operations(NamedTuple):
    """Operations of one evaluation of each function."""

    entries: int
    product: int
    time_derivative: int
    diagonal: int


class Jacobian:
    """Straight-line code for J = df/dy, J v, the diagonal of J and df/dt.

    Observables are differentiated by the chain rule and computed once, not substituted. Evaluated in one straight-line
    function, `RightHandSide.evaluate` and these share what they have in common.

    Parameters
    ----------
    system
        The equations.
    precision
        "float64" or "float32".
    forcing
        The drivers; None: as the interpreter has them.

    Attributes
    ----------
    pattern : tuple of (row, column)
        Entries that are not zero by structure, row by row.
    constants : mapping of (row, column) to float
        Entries that are plain numbers.
    """

    def __init__(self, system: System, precision: str, forcing: Forcing | None = None) -> None:
        self.system = system
        self.precision = precision
        self.forcing = forcing or Forcing.known(system.drivers, precision)
        self._states = [state_symbol(index) for index in range(len(system.states))]
        self._directions = [sympy.Symbol(f"v{index}", real=True) for index in range(len(system.states))]
        self._equations = _Equations(system)
        rows = self._equations.gradients(self._states)
        self._symbolic = {(i, j): row[j] for i, row in enumerate(rows) for j in sorted(row)}
        self.pattern = tuple(self._symbolic)
        self.constants: Mapping[tuple[int, int], float] = {
            entry: float(value) for entry, value in self._symbolic.items() if value.is_Number
        }

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self._states)

    @property
    def spelled_out(self) -> list[sympy.Expr]:
        """The entries in the order of `pattern`, over quantities alone."""
        return self._spelled_out(self._symbolic.values())

    @property
    def time_spelled_out(self) -> list[sympy.Expr]:
        """The n derivatives df/dt, over quantities alone."""
        return self._spelled_out(self._slopes_in_time)

    def _spelled_out(self, expressions: Iterable[sympy.Expr]) -> list[sympy.Expr]:
        results = [*expressions]
        return without_names(self._equations.needed(results), results)

    @property
    def uses_time(self) -> bool:
        """Whether the derivatives depend on t."""
        return any(self._slopes_in_time)

    @property
    def operations(self) -> Operations:
        """Operations of one evaluation of each function."""
        product = self._product.operations if self._product else self._matrix_product_operations
        return Operations(
            self._entries_program.operations,
            product,
            self._time_derivative.operations,
            self._diagonal.operations,
        )

    # -- straight-line code ---------------------------------------------------------------------

    def entries(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the entries of J in the order of `pattern`.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        y, p
            Arrays of states and parameters.
        """
        return self._run(self._entries_program, t, y, p)

    def diagonal(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the n entries on the diagonal of J."""
        return self._run(self._diagonal, t, y, p)

    def time_derivative(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the n derivatives df/dt where y stands still; drivers move."""
        return self._run(self._time_derivative, t, y, p)

    def product(self, t: Any, y: Any, p: Any, v: Sequence[Any]) -> list[Any]:
        """Return the n values of J v, without forming J where that takes fewer operations."""
        if self._product:
            return self._run(self._product, t, y, p, [v[index] for index in range(len(self._states))])
        return self._multiply(self.entries(t, y, p), y, v)

    def _multiply(self, entries: Sequence[Any], y: Any, v: Sequence[Any]) -> list[Any]:
        totals: list[Any] = [None] * len(self._states)
        for (i, j), entry in zip(self.pattern, entries, strict=True):
            totals[i] = entry * v[j] if totals[i] is None else fma(entry, v[j], totals[i])
        return [literal(y, 0.0, self.precision) if total is None else total for total in totals]

    def _run(self, program: Program, t: Any, y: Any, p: Any, v: Sequence[Any] = ()) -> list[Any]:
        return evaluate_at(program, self.system, self.precision, t, y, p, v, self.forcing)

    def looped(self, places: Sequence[int]) -> LoopedEquations:
        """Return code that stores the entries by loops, each where it is told to, in the order of `pattern`."""
        expressions = dict(zip(places, self._symbolic.values(), strict=True))
        with deep_recursion():
            named = self._equations.needed(expressions.values())
        return LoopedEquations(self.system, expressions, named, self.precision, self.forcing)

    # -- programs -------------------------------------------------------------------------------

    @cached_property
    def _entries_program(self) -> Program:
        return self._program(self._symbolic.values())

    @cached_property
    def _diagonal(self) -> Program:
        return self._program(self._symbolic.get((i, i), sympy.S.Zero) for i in range(len(self._states)))

    @cached_property
    def _slopes_in_time(self) -> tuple[sympy.Expr, ...]:
        moving = (index for index, driver in enumerate(self.system.drivers) if driver.method != "hold")
        slopes = {driver_symbol(index): driver_slope_symbol(index) for index in moving}
        return self._equations.along({TIME: sympy.S.One, **slopes})

    @cached_property
    def _time_derivative(self) -> Program:
        return self._program(self._slopes_in_time)

    @cached_property
    def _product(self) -> Program | None:
        """The derivative in a direction; None where multiplying with the matrix is cheaper."""
        seeds = dict(zip(self._states, self._directions, strict=True))
        program = self._program(self._equations.along(seeds), self._directions)
        return program if program.operations <= self._matrix_product_operations else None

    @property
    def _matrix_product_operations(self) -> int:
        return self._entries_program.operations + len(self.pattern)

    def _program(self, expressions: Iterable[sympy.Expr], directions: Sequence[sympy.Symbol] = ()) -> Program:
        results = tuple(expressions)
        symbols = [*self.system.inputs, *directions]
        with deep_recursion():
            named = self._equations.needed(results)
        return compile_program(symbols, results, named, time_first(self.precision, self.system, directions))


class _Equations:
    """A system's equations, differentiated with names for what is used more than once.

    Parameters
    ----------
    system
        The equations.
    """

    def __init__(self, system: System) -> None:
        self._observables = [
            (observable_symbol(index), expression) for index, expression in enumerate(system.observable_expressions)
        ]
        self._derivatives = system.derivatives
        #: Observables that may have no finite slope, which a switch then has to keep out.
        self._breakable = {symbol for symbol, expression in self._observables if _may_break(expression)}
        self._names: dict[sympy.Expr, sympy.Symbol] = {}
        with deep_recursion():
            parameters = {parameter_symbol(index) for index in range(len(system.parameters))}
            self._levelled = levelled(self._derivatives, dict(self._observables), parameters)

    def gradients(self, states: Sequence[sympy.Symbol]) -> list[dict[int, sympy.Expr]]:
        """Return for each right-hand side its derivatives by position of the state, those that are not zero."""
        partials = Derivatives({symbol: {symbol: sympy.S.One} for symbol in states}, self._name, self._levelled)
        known = {symbol: {index: sympy.S.One} for index, symbol in enumerate(states)}
        own = set(states)

        def gradient(expression: sympy.Expr) -> dict[int, sympy.Expr]:
            terms: dict[int, list[sympy.Expr]] = {}
            for symbol, partial in partials.of(expression).items():
                # A state's partial derivative is used once, an observable's for every state it depends on.
                factor = partial if symbol in own else self._shortened(partial)
                guarded = symbol in self._breakable and _may_switch_off(partial)
                for index, slope in known[symbol].items():
                    term = unless_zero(factor, factor * slope, self._name) if guarded else factor * slope
                    terms.setdefault(index, []).append(term)
            sums = {index: sympy.Add(*parts) for index, parts in terms.items()}
            return {index: total for index, total in sums.items() if total != 0}

        with deep_recursion():
            for symbol, expression in self._observables:
                known[symbol] = {index: self._shortened(slope) for index, slope in gradient(expression).items()}
                if known[symbol]:
                    partials.seed(symbol, {symbol: sympy.S.One})
            return [gradient(expression) for expression in self._derivatives]

    def along(self, direction: Mapping[sympy.Symbol, sympy.Expr]) -> tuple[sympy.Expr, ...]:
        """Return the derivatives of all right-hand sides in the direction given by those of symbols."""
        seeds: dict[sympy.Symbol, Slopes] = {symbol: {0: slope} for symbol, slope in direction.items()}
        derivatives = Derivatives(seeds, self._name, self._levelled)
        with deep_recursion():
            for symbol, expression in self._observables:
                slopes = derivatives.of(expression)
                derivatives.seed(symbol, {key: self._shortened(slope) for key, slope in slopes.items()})
            return tuple(derivatives.of(expression).get(0, sympy.S.Zero) for expression in self._derivatives)

    def needed(self, expressions: Iterable[sympy.Expr]) -> list[tuple[sympy.Symbol, sympy.Expr]]:
        """Return the named expressions that some expressions use, each after those it refers to."""
        wanted = set().union(*(expression.free_symbols for expression in expressions))
        named = [*self._observables, *((symbol, expression) for expression, symbol in self._names.items())]
        kept = []
        for symbol, expression in reversed(named):
            if symbol in wanted:
                wanted |= expression.free_symbols
                kept.append((symbol, expression))
        return kept[::-1]

    def _shortened(self, expression: sympy.Expr) -> sympy.Expr:
        return expression if _is_short(expression) else self._name(expression)

    def _name(self, expression: sympy.Expr) -> sympy.Expr:
        if expression not in self._names:
            self._names[expression] = sympy.Symbol(f"n{len(self._names)}", real=True)
        return self._names[expression]


def _may_break(expression: sympy.Expr) -> bool:
    """Return whether an expression is more than sums and products."""
    powers = (not (power.exp.is_Integer and power.exp.is_positive) for power in expression.atoms(sympy.Pow))
    return expression.has(sympy.Function) or any(powers)


def _may_switch_off(slope: sympy.Expr) -> bool:
    """Return whether a slope is zero in a branch of a switch."""
    return any(branch == 0 for switch in slope.atoms(sympy.Piecewise) for branch, _ in switch.args)


def _is_short(expression: sympy.Expr) -> bool:
    """Return whether an expression is a symbol, a number, or a product of both."""
    return expression.is_Atom or (expression.is_Mul and len(expression.args) == 2 and expression.args[0].is_Number)
