"""Formulas of libSBML as formulas here; function definitions are put in where they are used."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import libsbml

from cubie_cli.imports import mathematics
from cubie_cli.imports.formulas import FALSE, PI, TIME, TRUE, Apply, Formula, Name, Number, substituted
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.models.expressions.tokens import SLOPE

#: What is put in for functions may grow with a power of how deep they are nested.
_MOST_PARTS = 20_000
_AVOGADRO = 6.02214179e23

_FUNCTION = "AST_FUNCTION_"
_MATHML_NAMES = {
    **{
        getattr(libsbml, name): name.removeprefix(_FUNCTION).lower()
        for name in dir(libsbml)
        if name.startswith(_FUNCTION)
    },
    libsbml.AST_PLUS: "plus",
    libsbml.AST_MINUS: "minus",
    libsbml.AST_TIMES: "times",
    libsbml.AST_DIVIDE: "divide",
    libsbml.AST_POWER: "power",
    libsbml.AST_FUNCTION_POWER: "power",
    libsbml.AST_LOGICAL_AND: "and",
    libsbml.AST_LOGICAL_OR: "or",
    libsbml.AST_LOGICAL_NOT: "not",
    libsbml.AST_LOGICAL_XOR: "xor",
    libsbml.AST_LOGICAL_IMPLIES: "implies",
    libsbml.AST_RELATIONAL_EQ: "eq",
    libsbml.AST_RELATIONAL_GEQ: "geq",
    libsbml.AST_RELATIONAL_GT: "gt",
    libsbml.AST_RELATIONAL_LEQ: "leq",
    libsbml.AST_RELATIONAL_LT: "lt",
    libsbml.AST_RELATIONAL_NEQ: "neq",
}
_CONSTANTS: dict[int, Formula] = {
    libsbml.AST_NAME_TIME: TIME,
    libsbml.AST_NAME_AVOGADRO: Number(_AVOGADRO),
    libsbml.AST_CONSTANT_E: Number(math.e),
    libsbml.AST_CONSTANT_PI: PI,
    libsbml.AST_CONSTANT_TRUE: TRUE,
    libsbml.AST_CONSTANT_FALSE: FALSE,
}
_ORDERS = {
    libsbml.AST_RELATIONAL_LT: operator.lt,
    libsbml.AST_RELATIONAL_LEQ: operator.le,
    libsbml.AST_RELATIONAL_GT: operator.gt,
    libsbml.AST_RELATIONAL_GEQ: operator.ge,
}
_NUMBERS = (libsbml.AST_INTEGER, libsbml.AST_REAL, libsbml.AST_REAL_E, libsbml.AST_RATIONAL)


class Mathematics:
    """Reads formulas.

    Parameters
    ----------
    definitions
        Formulas (`lambda`) of function definitions, by name.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._bodies: dict[str, tuple[list[str], Formula]] = {}
        self._within: list[str] = []

    def read(self, node: Any, remark: Callable[[str], None], local: Mapping[str, str] | None = None) -> Formula:
        """Return a formula.

        Parameters
        ----------
        node
            The root of the formula, a libSBML `ASTNode`.
        remark
            Is told what was decided.
        local
            Other names for some names.

        Raises
        ------
        NotRepresentableError
            Naming what has no counterpart.
        """
        names = local or {}
        kind = node.getType()
        if kind in _NUMBERS:
            return _number(node.getValue())
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == libsbml.AST_NAME:
            return Name(names.get(node.getName(), node.getName()))
        if kind in _ORDERS and (known := _order_with_infinity(node)) is not None:
            return known
        arguments = [self.read(node.getChild(index), remark, names) for index in range(node.getNumChildren())]
        if kind == libsbml.AST_FUNCTION:
            return self._defined(node.getName(), arguments, remark)
        return _applied(kind, node.getName(), arguments, remark)

    def _defined(self, name: str, arguments: Sequence[Formula], remark: Callable[[str], None]) -> Formula:
        """Return the body of a function definition with arguments put in."""
        parameters, body = self._body(name, remark)
        if len(parameters) != len(arguments):
            raise NotRepresentableError(f"the function {name!r} with {len(arguments)} arguments")
        given = dict(zip(parameters, arguments, strict=True))
        sizes = {parameter: _size(argument, {}) for parameter, argument in given.items()}
        if _size(body, sizes) > _MOST_PARTS:
            raise NotRepresentableError(
                f"the function {name!r}, which makes a formula of more than {_MOST_PARTS} parts"
            )
        return substituted(body, given)

    def _body(self, name: str, remark: Callable[[str], None]) -> tuple[list[str], Formula]:
        if name in self._within:
            raise NotRepresentableError(f"the function {name!r}, which is defined by itself,")
        if name not in self._definitions:
            raise NotRepresentableError(f"the function {name!r}, which is not defined,")
        if name not in self._bodies:
            node = self._definitions[name]
            *bound, last = [node.getChild(index) for index in range(node.getNumChildren())]
            self._within.append(name)
            self._bodies[name] = [each.getName() for each in bound], self.read(last, remark)
            self._within.pop()
        return self._bodies[name]


def _order_with_infinity(node: Any) -> Formula | None:
    """Return what a comparison of two with infinity is, as all else is finite; None for any other."""
    sides = [node.getChild(index) for index in range(node.getNumChildren())]
    values = [side.getValue() if side.getType() in _NUMBERS else 0.0 for side in sides]
    if len(values) != 2 or not any(map(math.isinf, values)) or any(map(math.isnan, values)):
        return None
    return TRUE if _ORDERS[node.getType()](*values) else FALSE


def _number(value: float) -> Number:
    if not math.isfinite(value):
        raise NotRepresentableError(f"the number {value}")
    return Number(float(value))


def _size(formula: Formula, sizes: Mapping[str, int]) -> int:
    """Return the number of a formula's parts, where names have some number of them."""
    if isinstance(formula, Name):
        return sizes.get(formula.name, 1)
    return 1 + sum(_size(each, sizes) for each in formula.arguments) if isinstance(formula, Apply) else 1


def _applied(kind: int, name: str, arguments: list[Formula], remark: Callable[[str], None]) -> Formula:
    if kind == libsbml.AST_FUNCTION_PIECEWISE:
        return _piecewise(arguments, remark)
    if kind == libsbml.AST_FUNCTION_LOG:
        *base, argument = arguments
        return mathematics.logarithm(argument, *base)
    if kind == libsbml.AST_FUNCTION_ROOT:
        *degree, argument = arguments
        return mathematics.root(argument, *degree)
    if kind == libsbml.AST_FUNCTION_RATE_OF:
        return Apply(SLOPE, tuple(arguments))
    if kind == libsbml.AST_FUNCTION_DELAY:
        raise NotRepresentableError("'delay', a delay differential equation,")
    return mathematics.function(_MATHML_NAMES.get(kind, name or "of no name"), arguments)


def _piecewise(arguments: list[Formula], remark: Callable[[str], None]) -> Formula:
    pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
    otherwise = arguments[-1] if len(arguments) % 2 else None
    found, chosen = mathematics.piecewise(pairs, otherwise)
    if chosen:
        remark("a piecewise function without otherwise: where no condition holds, it has the value of its last piece")
    return found
