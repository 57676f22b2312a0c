"""Switches: moments, known in closed form for each run, at which conditions of time alone change.

A comparison, `floor`, `ceil`, `sign`, `abs`, `min` or `max` looks at an argument. Where that is linear in t between the
switches of what it contains itself, as t - 24*floor(t/24) - 7 is, it says when its value changes next. Steps end there,
and within one every such condition is what it is in the middle between two switches.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
from sympy.core.relational import Relational

from solvers.equations import functions
from solvers.equations.depth import deep_recursion
from solvers.equations.derivative import Derivatives
from solvers.equations.instant import right_of
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, literals
from solvers.equations.rewriting import at_most, choice, less, rebuilt, substituted
from solvers.equations.system import MIDDLE, TIME, Event, System, observable_symbol, parameter_symbol
from solvers.straightline import both, call, convert, literal, minimum, select
from solvers.straightline.setting import Number

#: Nodes whose value jumps or bends.
_KINDS = (Relational, sympy.floor, sympy.ceiling, sympy.sign, sympy.Abs, functions.minimum, functions.maximum)
#: How far from the end of a stretch rounding does not matter, as a share of its half.
INWARDS = 2.0**-40
#: Nodes of an expression, observables written out, up to which it is looked into.
_LARGEST = 20_000


@dataclass(frozen=True)
class Condition:
    """What a node looks at: an argument that is linear in t as long as no condition before this one changes.

    Parameters
    ----------
    whole
        Whether its mode is the whole number below it, and not its sign.
    program
        Computes its value, its slope, and its value at t = 0, from t, the parameters, and the modes of conditions
        before this one.
    """

    whole: bool
    program: Program

    def right_of(self, t: Any, after: Any, inputs: Sequence[Any]) -> tuple[Any, Any]:
        """Return the mode right of t, and when it changes; straight-line code.

        Changes up to `after` are over: where there is none to come, the time is not above it, or not finite.
        """
        number = literals(t, "float64")
        value, slope, start = self.program.evaluate(inputs, number)
        moves, rises = slope != 0.0, slope > 0.0
        divisor = select(moves, slope, number(1.0))
        if self.whole:
            below, direction = call("floor", value), select(rises, number(1.0), number(-1.0))
            edge = below + select(rises, number(1.0), number(0.0))
            passed = both(moves, (edge - start) / divisor <= after)
            mode = select(passed, below + direction, below)
            time = (select(passed, edge + direction, edge) - start) / divisor
        else:
            time = (0.0 - start) / divisor
            here = both(moves, both(time <= after, time >= t - (after - t)))
            mode = select(here, _sign(slope, number), _sign(value, number))
        return mode, select(moves, time, number(math.inf))


def _sign(value: Any, number: Callable[[float], Any]) -> Any:
    return select(value > 0.0, number(1.0), select(value < 0.0, number(-1.0), number(0.0)))


@dataclass(frozen=True)
class SwitchTimes:
    """When conditions of time alone change.

    Parameters
    ----------
    conditions
        The conditions, each after those that it contains.
    parameters
        The number of parameters.
    """

    conditions: tuple[Condition, ...]
    parameters: int

    def following(self, t: Any, p: Any, end: Number) -> Any:
        """Return when the next condition changes, float64; straight-line code.

        Parameters
        ----------
        t
            The time; what changes within its rounding has changed.
        p
            Array of parameters.
        end
            What is returned where none changes before.
        """
        after, following = right_of(t), literal(t, end, "float64")
        inputs = [t, *(convert(p[index], "float64") for index in range(self.parameters))]
        for condition in self.conditions:
            mode, time = condition.right_of(t, after, inputs)
            inputs.append(mode)
            following = select(time > after, minimum(time, following), following)
        return following


@dataclass(frozen=True)
class Switched:
    """A system whose conditions of time alone look at `MIDDLE`, and when they change; None where there are none."""

    system: System
    times: SwitchTimes | None


def find_switches(system: System) -> Switched:
    """Find the conditions of time alone in a system."""
    with deep_recursion():
        search = _Search(system)
        derivatives = tuple(map(search.whole, system.derivatives))
        observables = tuple(map(search.whole, system.observable_expressions))
        events = tuple(map(search.event, system.events))
    if not search.conditions:
        return Switched(system, None)
    settled = replace(system, derivatives=derivatives, observable_expressions=observables, events=events)
    return Switched(settled, SwitchTimes(tuple(search.conditions), len(system.parameters)))


class _CurvedError(Exception):
    """An expression is no linear function of time between its switches."""


@dataclass
class _Search:
    """Finds switching nodes, innermost first."""

    system: System
    conditions: list[Condition] = field(default_factory=list)
    _modes: dict[tuple[bool, sympy.Expr], sympy.Symbol] = field(default_factory=dict)
    _right: dict[sympy.Basic, Any] = field(default_factory=dict)
    _settled: dict[sympy.Basic, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._timed = _of_time(self.system)
        self._parameters = [parameter_symbol(index) for index in range(len(self.system.parameters))]

    # -- the system, with conditions that look at the middle ------------------------------------

    def event(self, event: Event) -> Event:
        """Return an event whose conditions of time alone look at `MIDDLE`."""
        changes = tuple((symbol, self.whole(value)) for symbol, value in event.changes)
        return replace(event, when=None if event.when is None else self.whole(event.when), changes=changes)

    def whole(self, expression: sympy.Expr) -> sympy.Expr:
        """Return an expression whose conditions of time alone look at `MIDDLE`.

        Where it has no value so, they look at t: some guard a single time, at which steps begin and end, or the edge of
        what a function is defined for. Where rounding has left that, too, it is as it is a little further in.
        """
        settled = self.settled(expression)
        if settled is expression or not any(map(self._may_fail_in_time, sympy.preorder_traversal(expression))):
            return settled
        further = substituted(settled, {TIME: TIME + (MIDDLE - TIME) * sympy.Float(INWARDS)})
        return choice((settled, _has_value(settled)), (expression, _has_value(expression)), (further, True))

    def _may_fail_in_time(self, node: Any) -> bool:
        """Return whether there may be times at which a node has no value."""
        return _is_partial(node) and not node.free_symbols.isdisjoint({TIME, *self._timed})

    def settled(self, node: Any) -> Any:
        """Return an expression whose conditions of time alone look at `MIDDLE`."""
        if node not in self._settled:
            self._settled[node] = self._settle(node)
        return self._settled[node]

    def _settle(self, node: Any) -> Any:
        if isinstance(node, functions.near):
            return node
        arguments = [self.settled(argument) for argument in node.args]
        if isinstance(node, _KINDS) and self._is_found(node):
            return self._looking(node, arguments)
        return rebuilt(node, arguments)

    def _is_found(self, node: Any) -> bool:
        """Return whether it is known when a node switches; take up its times."""
        if not node.free_symbols <= {TIME, *self._parameters, *self._timed}:
            return False
        whole = substituted(node, self._timed)
        if TIME not in whole.free_symbols:
            return False
        try:
            self._of_right(whole)
        except _CurvedError:
            return False
        return True

    def _looking(self, node: Any, arguments: list[Any]) -> Any:
        """Return a switching node that looks at the middle, and has the values of its time."""
        middle = {TIME: MIDDLE}
        first, *rest = (substituted(substituted(each, self._timed), middle) for each in node.args)
        if isinstance(node, Relational):
            return node.func(first, *rest, evaluate=False)
        if isinstance(node, sympy.Abs):
            return choice((-arguments[0], less(first, 0)), (arguments[0], True))
        if isinstance(node, functions.minimum | functions.maximum):
            difference = first - rest[0] if isinstance(node, functions.minimum) else rest[0] - first
            nan = sympy.Add(*arguments, evaluate=False)
            return choice((arguments[1], less(0, difference)), (arguments[0], at_most(difference, 0)), (nan, True))
        return node.func(first, evaluate=False)

    # -- when they change -----------------------------------------------------------------------

    def _of_right(self, node: Any) -> Any:
        """Return an expression of time as it is right of t, without nodes that switch."""
        if node not in self._right:
            self._right[node] = self._make_right(node)
        return self._right[node]

    def _make_right(self, node: Any) -> Any:
        if TIME not in node.free_symbols or node == TIME:
            return node
        if isinstance(node, functions.at_least):
            return self._of_right(node.args[0])
        if isinstance(node, _KINDS):
            return self._switching_right(node)
        return rebuilt(node, [self._of_right(each) for each in node.args])

    def _switching_right(self, node: Any) -> Any:
        """Return a switching node right of t, in terms of modes."""
        if isinstance(node, sympy.floor):
            return self._floor(node.args[0])
        if isinstance(node, sympy.ceiling):
            return -self._floor(-node.args[0])
        if isinstance(node, sympy.Abs | sympy.sign):
            mode = self._sign(node.args[0])
            return mode * self._of_right(node.args[0]) if isinstance(node, sympy.Abs) else mode
        first, second = node.args
        mode = self._sign(first - second)
        if isinstance(node, Relational):
            return node.func(mode, 0, evaluate=False)
        takes_first = less(mode, 0) if isinstance(node, functions.minimum) else less(0, mode)
        return choice((self._of_right(first), takes_first), (self._of_right(second), True))

    def _sign(self, argument: sympy.Expr) -> sympy.Expr:
        """Return the sign of an argument right of t."""
        return self._mode(argument, whole=False)

    def _floor(self, argument: sympy.Expr) -> sympy.Expr:
        """Return the whole number below an argument right of t."""
        return self._mode(argument, whole=True)

    def _mode(self, argument: sympy.Expr, *, whole: bool) -> sympy.Expr:
        key = whole, argument
        if key not in self._modes:
            value = self._of_right(argument)
            slope = Derivatives({TIME: {0: sympy.S.One}}, lambda each: each).of(value).get(0, sympy.S.Zero)
            if TIME in slope.free_symbols:
                raise _CurvedError
            symbols = [TIME, *self._parameters, *self._modes.values()]
            program = compile_program(symbols, [value, slope, substituted(value, {TIME: sympy.S.Zero})])
            self._modes[key] = sympy.Symbol(f"mode{len(self._modes)}", real=True)
            self.conditions.append(Condition(whole, program))
        return self._modes[key]


def _has_value(expression: sympy.Expr) -> Any:
    return functions.near(functions.magnitude(expression), sympy.oo, evaluate=False)


def _is_partial(node: Any) -> bool:
    """Return whether a node may have no value."""
    return isinstance(node, (*functions.PARTIAL, sympy.tan)) or (
        node.is_Pow and not (node.exp.is_Integer and node.exp.is_positive)
    )


def _of_time(system: System) -> Mapping[sympy.Symbol, sympy.Expr]:
    """Return the observables of time and parameters alone, written out."""
    found: dict[sympy.Symbol, sympy.Expr] = {}
    sizes: dict[sympy.Symbol, int] = {}
    own = {TIME, *(parameter_symbol(index) for index in range(len(system.parameters)))}
    for index, expression in enumerate(system.observable_expressions):
        size = sum(sizes.get(node, 1) for node in sympy.preorder_traversal(expression))
        if expression.free_symbols <= own | found.keys() and size <= _LARGEST:
            symbol = observable_symbol(index)
            found[symbol], sizes[symbol] = substituted(expression, found), size
    return found
