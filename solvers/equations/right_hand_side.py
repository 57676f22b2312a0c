"""The right-hand side f(t, y, p) and the observables of a system, as straight-line functions."""

from collections.abc import Callable, Iterable
from functools import cached_property, reduce
from itertools import islice
from typing import Any

import sympy

from solvers.equations import functions
from solvers.equations.crossings import sides
from solvers.equations.dealt import DealtEquations
from solvers.equations.depth import deep_recursion
from solvers.equations.early import time_first
from solvers.equations.forcing import Forcing
from solvers.equations.looped import MOST_STATES, SHARE, LoopedEquations, weight
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, evaluate_at
from solvers.equations.rates import RateEquations
from solvers.equations.start_values import ComputedValue, StartValues
from solvers.equations.system import (
    MIDDLE,
    TIME,
    System,
    observable_symbol,
    parameter_symbol,
    slope_symbol,
)
from solvers.straightline import either
from solvers.straightline.dealing import Dealing, Whole
from solvers.straightline.loops import ALWAYS_WRITTEN_OUT, LONGEST_WRITTEN_OUT, Repeated, record_of

#: Nodes of an argument up to which SymPy is asked for its sign.
_SMALL = 50


class RightHandSide:
    """Straight-line code for a system's derivatives and observables.

    Parameters
    ----------
    system
        The equations.
    precision
        "float64" or "float32": of states, parameters and constants.
    most_written_out
        Operations, weighted as `solvers.equations.looped.weight` does, up to which slopes are written out where loops
        could compute them; None: they always are, as who asks for them has no arrays that loops could fill.
    forcing
        The drivers; None: as the interpreter has them.
    threads
        That share a run; states and derivatives are dealt among several, each of which works out its own.
    rows
        How states are dealt among threads that work out derivatives together, as sums of rates; None: they do not.
    """

    def __init__(
        self,
        system: System,
        precision: str,
        most_written_out: int | None = None,
        forcing: Forcing | None = None,
        threads: int = 1,
        rows: Dealing | None = None,
    ) -> None:
        self.system = system
        self.precision = precision
        self.forcing = forcing or Forcing.known(system.drivers, precision)
        self._most_written_out = most_written_out
        self._threads, self._rows = threads, rows

    @cached_property
    def derivatives(self) -> Program:
        """The program that computes f(t, y, p)."""
        return self._program(self.system.derivatives)

    @cached_property
    def start_values(self) -> StartValues:
        """The values that are expressions of parameters."""
        parameters = [parameter_symbol(index) for index in range(len(self.system.parameters))]
        return StartValues(
            tuple(
                ComputedValue(*self.system.place_of(symbol), compile_program(parameters, [expression]))
                for symbol, expression in self.system.values
            )
        )

    @property
    def uses_time(self) -> bool:
        """Whether the derivatives depend on t, by themselves or by drivers."""
        symbols = self.system.inputs
        timed = {TIME, MIDDLE, *symbols[len(symbols) - 2 * len(self.system.drivers) :]}
        return any(self.derivatives.uses(slot) for slot, symbol in enumerate(symbols) if symbol in timed)

    @cached_property
    def partial(self) -> bool:
        """Whether there may be finite states at which the derivatives have no value; quotients aside."""
        needed = needed_observables(self.system, self.system.derivatives)
        expressions = *self.system.derivatives, *(self.system.observable_expressions[index] for index in needed)
        return any(_is_partial(node) for each in expressions for node in sympy.preorder_traversal(each))

    @cached_property
    def sides(self) -> Program | None:
        """The program that tells on which side of its conditions a state is; None where it has none."""
        found = sides(self.system, needed_observables(self.system, self.system.derivatives))
        return self._program(found) if found else None

    @cached_property
    def looped(self) -> LoopedEquations | None:
        """The derivatives by loops, where they are many and of few forms."""
        if self._most_written_out is None or self.dealt:
            return None
        whole = weight(self.derivatives)
        if whole <= self._most_written_out and len(self.system.states) <= MOST_STATES:
            return None
        derivatives = dict(enumerate(self.system.derivatives))
        found = LoopedEquations(self.system, derivatives, self._named_slopes, self.precision, self.forcing)
        return found if found.weight <= SHARE * whole else None

    @cached_property
    def dealt(self) -> DealtEquations | RateEquations | None:
        """The derivatives dealt among the threads of a run; None where a run has one."""
        if self._rows:
            return RateEquations(self.system, self._named_slopes, self.precision, self._rows, self.forcing)
        if self._threads == 1:
            return None
        return DealtEquations(self.system, self._named_slopes, self.precision, self._threads, self.forcing)

    @property
    def _named_slopes(self) -> list[tuple[sympy.Symbol, sympy.Expr]]:
        """The observables that derivatives use."""
        return self._named(needed_observables(self.system, self.system.derivatives))

    @property
    def dealing(self) -> Dealing | None:
        """Which thread of a run has which state; None where a run has one."""
        return self.dealt.dealing if self.dealt else None

    @property
    def room(self) -> int:
        """Elements behind the parameters through which the threads of a run tell each other numbers."""
        return self.dealt.room if isinstance(self.dealt, RateEquations) else 0

    def settle(self, p: Any) -> None:
        """Wait until no thread of the run reads the parameters any more, where threads have one array of them."""
        log = record_of(p)
        if self.room and log:
            log.settle()

    @property
    def states(self) -> Repeated:
        """What is done for each state."""
        longest = LONGEST_WRITTEN_OUT if self.looped else ALWAYS_WRITTEN_OUT
        return Repeated(len(self.system.states), longest, self.dealing)

    @property
    def operations(self) -> int:
        """Operations of one evaluation."""
        return self.derivatives.operations

    def evaluate(self, t: Any, y: Any, p: Any, dy: Any, offset: int = 0, *, observables: Any = None) -> None:
        """Store f(t, y, p) into `dy`, from an offset on.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        y, p
            Arrays of states and parameters.
        dy
            Array that takes the derivatives.
        observables
            Array that takes those they use, where they are computed by loops.
        """
        if self.looped:
            self.looped.store(t, y, p, observables, dy, offset)
            return
        for index, slope in enumerate(self.values(t, y, p)):
            dy[offset + index] = slope

    def values(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return f(t, y, p), of a thread's states where they are dealt; y may be a list of values."""
        if self.dealt:
            return self.dealt.values(t, y, p)
        return self._run(self.derivatives, t, y, p)

    def crosses(self, start: tuple[Any, Any], end: tuple[Any, Any], p: Any) -> Any:
        """Return whether any condition changes between two pairs (t, y)."""
        assert self.sides  # noqa: S101 - asked of systems that have conditions
        before, after = (self._run(self.sides, t, y, p) for t, y in (start, end))
        changed = [first != then for first, then in zip(before, after, strict=True)]
        return reduce(either, changed)

    def observables(self, indices: tuple[int, ...]) -> Callable[[Any, Any, Any], list[Any]]:
        """Return a function (t, y, p) -> values of some observables."""
        return self.computed(tuple(observable_symbol(index) for index in indices))

    def whole(self, y: Any) -> Any:
        """Return states by their own positions, given an array of them or a list of values."""
        return y if self.dealing is None or isinstance(y, list) else Whole(y, self.dealing)

    def computed(self, expressions: tuple[sympy.Expr, ...]) -> Callable[[Any, Any, Any], list[Any]]:
        """Return a function (t, y, p) -> values of expressions in anything, `slope_symbol` too."""
        program = self._program(expressions)
        return lambda t, y, p: self._run(program, t, y, p)

    def states_of_observables(self, indices: tuple[int, ...]) -> tuple[int, ...]:
        """Return the positions of the states that some observables depend on."""
        program = self._program(tuple(observable_symbol(index) for index in indices))
        return tuple(index for index in range(len(self.system.states)) if program.uses(2 + index))

    def _program(self, expressions: tuple[sympy.Expr, ...]) -> Program:
        system = self.system
        with deep_recursion():
            named = self._named(needed_observables(system, expressions), expressions)
        return compile_program(system.inputs, expressions, named, time_first(self.precision, system))

    def _named(
        self, observables: Iterable[int], expressions: Iterable[sympy.Expr] = ()
    ) -> list[tuple[sympy.Symbol, sympy.Expr]]:
        """Return observables by their symbols, and right-hand sides, each before what refers to it."""
        slopes = {slope_symbol(index): expression for index, expression in enumerate(self.system.derivatives)}
        named: dict[sympy.Symbol, sympy.Expr] = {}

        def name_slopes(expression: sympy.Expr) -> None:
            used = expression.free_symbols & slopes.keys()
            named.update((symbol, slopes[symbol]) for symbol in sorted(used, key=str))

        for index in observables:
            expression = self.system.observable_expressions[index]
            name_slopes(expression)
            named[observable_symbol(index)] = expression
        for expression in expressions:
            name_slopes(expression)
        return [*named.items()]

    def _run(self, program: Program, t: Any, y: Any, p: Any) -> list[Any]:
        return evaluate_at(program, self.system, self.precision, t, self.whole(y), p, forcing=self.forcing)


def needed_observables(system: System, expressions: tuple[sympy.Expr, ...]) -> list[int]:
    """Return the positions of the observables that expressions use, directly or through others."""
    positions = {observable_symbol(index): index for index in range(len(system.observables))}
    slopes = {slope_symbol(index): expression for index, expression in enumerate(system.derivatives)}
    needed: set[int] = set()
    pending = list(expressions)
    while pending:
        symbols = pending.pop().free_symbols
        pending += [slopes[symbol] for symbol in symbols & slopes.keys()]
        for symbol in symbols & positions.keys():
            index = positions[symbol]
            if index not in needed:
                needed.add(index)
                pending.append(system.observable_expressions[index])
    return sorted(needed)


def _is_partial(node: sympy.Basic) -> bool:
    """Return whether a function of states may have no value."""
    if not isinstance(node, sympy.Pow):
        return isinstance(node, functions.PARTIAL)
    if node.exp.is_Integer or node.base.is_Number:
        return False
    return len([*islice(sympy.preorder_traversal(node.base), _SMALL)]) == _SMALL or not node.base.is_nonnegative
