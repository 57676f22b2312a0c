"""Conditions that change on a run's way, at moments that nobody knows before: on which side of each a state is.

A step over a jump of the right-hand side has an error that depends on where in the step the jump is, and for some
places an embedded estimate is zero.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import sympy
from sympy.core.relational import Relational

from solvers.equations import functions
from solvers.equations.rewriting import choice, less
from solvers.equations.system import TIME, System, driver_symbol, observable_symbol, state_symbol

_ROUNDED = (sympy.floor, sympy.ceiling)
_SIGNED = (sympy.Abs, sympy.sign)
_COMPARED = (sympy.StrictLessThan, sympy.LessThan, sympy.StrictGreaterThan, sympy.GreaterThan)
_CHOSEN = (functions.minimum, functions.maximum)


def conditions(system: System, observables: Iterable[int]) -> tuple[sympy.Basic, ...]:
    """Return the conditions on states, or on time in a way that is no switch, each once.

    Parameters
    ----------
    system
        As `solvers.equations.switches` leaves it.
    observables
        Positions of those that the derivatives use.
    """
    drivers = (index for index, driver in enumerate(system.drivers) if driver.method != "hold")
    moving = {TIME, *(state_symbol(index) for index in range(len(system.states))), *map(driver_symbol, drivers)}
    for index, expression in enumerate(system.observable_expressions):
        if expression.free_symbols & moving:
            moving.add(observable_symbol(index))
    expressions = *system.derivatives, *(system.observable_expressions[index] for index in observables)
    found = (node for expression in expressions for node in _conditions(expression) if node.free_symbols & moving)
    return tuple(dict.fromkeys(found))


def sides(system: System, observables: Iterable[int]) -> tuple[sympy.Expr, ...]:
    """Return for each of a system's conditions a number that tells its side."""
    return tuple(dict.fromkeys(_side(node) for node in conditions(system, observables)))


def _conditions(node: Any) -> Iterator[Any]:
    if isinstance(node, functions.near):
        return
    if isinstance(node, (*_ROUNDED, *_SIGNED, *_COMPARED, *_CHOSEN)):
        yield node
    for argument in _first_form(node):
        yield from _conditions(argument)


def _first_form(node: Any) -> tuple[Any, ...]:
    """Return the arguments of a node, of several forms of one value the first."""
    if isinstance(node, sympy.Piecewise) and isinstance(node.args[0].args[1], functions.near):
        return (node.args[0].args[0],) if node.args[0].args[1].args[1] == sympy.oo else node.args
    return tuple(node.args)


def _side(node: Any) -> sympy.Expr:
    if isinstance(node, _ROUNDED):
        return node
    first, second = node.args if len(node.args) == 2 else (node.args[0], sympy.S.Zero)
    if isinstance(node, Relational):
        first, second = node.lts, node.gts
    return choice((1, less(first, second)), (0, True))
