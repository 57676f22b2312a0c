"""Formulas of the PEtab library, which are SymPy's, as formulas here."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy
from petab.v1.math import sympify_petab

from cubie_cli.imports import formulas, mathematics
from cubie_cli.imports.formulas import FALSE, TIME, TRUE, Formula, Name, Number, call
from cubie_cli.imports.mathematics import NotRepresentableError

#: Functions of SymPy whose name is not that of MathML.
_NAMES = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sec", "csc", "cot")}
_NAMES |= {f"a{name}h": f"arc{name}h" for name in ("sin", "cos", "tan", "sec", "csc", "cot")}
_NAMES |= {"Abs": "abs", "Min": "min", "Max": "max", "log": "ln", "And": "and", "Or": "or", "Not": "not"}
_NAMES |= {"Equality": "eq", "Unequality": "neq", "StrictLessThan": "lt", "LessThan": "leq"}
_NAMES |= {"StrictGreaterThan": "gt", "GreaterThan": "geq"}


def read_formula(text: object) -> Formula:
    """Return a formula of a table.

    Raises
    ------
    NotRepresentableError
        It is no formula of PEtab, or has no counterpart here.
    """
    if isinstance(text, str) and not text.strip():
        raise NotRepresentableError("an empty formula")
    try:
        expression = sympify_petab(text)
    except (ValueError, TypeError, AssertionError, AttributeError, RecursionError) as error:
        raise NotRepresentableError(f"the formula {str(text)[:80]!r}, which is not one of PEtab: {error}:") from None
    return formula_of(expression)


def formula_of(expression: sympy.Basic) -> Formula:
    """Return a formula of SymPy, whose symbols are names and the time, as one here.

    Raises
    ------
    NotRepresentableError
        It has no counterpart here.
    """
    if expression.is_Symbol:
        return TIME if expression.name == "time" else Name(expression.name)
    if expression in (sympy.true, sympy.false):
        return TRUE if expression == sympy.true else FALSE
    if expression.is_Number or expression.is_NumberSymbol:
        return _number(expression)
    build = _BUILDERS.get(type(expression).__name__)
    if build is not None:
        return build(expression)
    name = type(expression).__name__
    return mathematics.function(_NAMES.get(name, name), [formula_of(each) for each in expression.args])


def _number(expression: sympy.Basic) -> Formula:
    value = float(expression)
    if not math.isfinite(value):
        raise NotRepresentableError(f"the value {value}")
    return Number(value)


def _product(expression: sympy.Mul) -> Formula:
    """Return a product, with what has a negative exponent below."""
    if expression.args[0] == -1:
        return formulas.negative(formula_of(sympy.Mul(*expression.args[1:])))
    below = [each for each in expression.args if each.is_Pow and each.exp.is_Number and each.exp < 0]
    above = formulas.product(*(formula_of(each) for each in expression.args if each not in below))
    if not below:
        return above
    return formulas.quotient(above, formulas.product(*(formula_of(sympy.Pow(each.base, -each.exp)) for each in below)))


def _power(expression: sympy.Pow) -> Formula:
    base, exponent = expression.args
    if exponent.is_Number and exponent < 0:
        return formulas.quotient(formulas.ONE, formula_of(sympy.Pow(base, -exponent)))
    if exponent == sympy.Rational(1, 2) or exponent == sympy.Float(0.5):
        return call("sqrt", formula_of(base))
    return formulas.power(formula_of(base), formula_of(exponent))


def _piecewise(expression: sympy.Piecewise) -> Formula:
    pieces = [(formula_of(value), formula_of(condition)) for value, condition in expression.args]
    return mathematics.piecewise(pieces, None)[0]


_BUILDERS: Mapping[str, Callable[[sympy.Basic], Formula]] = MappingProxyType(
    {
        "Add": lambda expression: formulas.total(*map(formula_of, expression.args)),
        "Mul": _product,
        "Pow": _power,
        "Piecewise": _piecewise,
        "sign": lambda expression: call("sign", formula_of(expression.args[0])),
    }
)
