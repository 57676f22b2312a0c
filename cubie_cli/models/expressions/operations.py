"""Builds the SymPy expression of each operation, in bounded time and size, with finite constants.

Two properties keep SymPy from computing without bound: it is never given two constants to combine, and
coefficients that it might raise to a power are exact only where they are small.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy

from cubie_cli.models.expressions import constants
from cubie_cli.models.expressions.constants import LARGEST_EXACT, NotFiniteError, NotRealError, Number, is_constant
from solvers.equations.functions import FUNCTIONS
from solvers.equations.rewriting import choice, substituted

#: The largest offset of an exponent that is added to it after a factor, in one operation with it.
LARGEST_SPREAD = 4

#: A constant (`Number`) or a SymPy expression, which has no types.
Value: TypeAlias = Any

#: A known truth value or a SymPy condition.
Condition: TypeAlias = Any

_RELATIONS: Mapping[str, type] = MappingProxyType(
    {
        "<": sympy.StrictLessThan,
        "<=": sympy.LessThan,
        ">": sympy.StrictGreaterThan,
        ">=": sympy.GreaterThan,
        "==": sympy.Equality,
        "!=": sympy.Unequality,
    }
)


def total(terms: Sequence[Value]) -> Value:
    """Return the sum of terms."""
    symbolic = [term for term in terms if not is_constant(term)]
    constant = constants.total(term for term in terms if is_constant(term))
    if not symbolic:
        return constant
    return _settled(sympy.Add(constants.to_sympy(constant), *symbolic))


def product(factors: Sequence[Value], divisors: Sequence[Value] = ()) -> Value:
    """Return the product of factors over that of divisors."""
    constant = constants.product(filter(is_constant, factors), filter(is_constant, divisors))
    symbolic = [factor for factor in factors if not is_constant(factor)]
    symbolic += [sympy.Pow(divisor, -1) for divisor in divisors if not is_constant(divisor)]
    if not symbolic:
        return constant
    if len(symbolic) == 1:
        return _scaled(constant, symbolic[0])
    return _settled(sympy.Mul(constants.to_sympy(constant), *symbolic))


def _scaled(constant: Number, expression: sympy.Expr) -> Value:
    """Multiply by a constant; SymPy would distribute it over a sum, a multiplication a term."""
    coefficient, rest = expression.as_coeff_Mul()
    scale = constants.multiply(constant, _to_number(coefficient))
    if rest.is_Add and scale not in (-1, 0, 1):
        return sympy.Mul(constants.to_sympy(scale), rest, evaluate=False)
    return _settled(sympy.Mul(constants.to_sympy(scale), rest))


def power(base: Value, exponent: Value) -> Value:
    """Return base**exponent."""
    if is_constant(exponent):
        return constants.power(base, exponent) if is_constant(base) else _constant_power(base, exponent)
    if is_constant(base):
        return Fraction(1) if base == 1 else _settled(sympy.Pow(sympy.Float(float(base)), exponent))
    return _settled(sympy.Pow(base, exponent))


def _constant_power(base: sympy.Expr, exponent: Number) -> Value:
    """Raise the base's coefficient apart, where SymPy would do it exactly at any cost."""
    coefficient, rest = base.as_coeff_Mul()
    scale = _to_number(coefficient)
    if exponent % 1 != 0 and scale < 0:
        scale, rest = -scale, -rest
    symbolic = sympy.Pow(rest, constants.as_exponent(exponent))
    return _settled(sympy.Mul(constants.to_sympy(constants.power(scale, exponent)), symbolic))


def call(name: str, arguments: Sequence[Value]) -> Value:
    """Return a function of values."""
    if name == "pow":
        return power(arguments[0], arguments[1])
    if all(is_constant(argument) for argument in arguments):
        return constants.call(name, list(arguments))
    if name == "mod" and is_constant(arguments[1]):
        constants.divide(Fraction(1), arguments[1])  # refuses zero, of which SymPy would make something
    if name == "sqrt":
        return power(arguments[0], Fraction(1, 2))
    if len(arguments) > 2 and name in {"min", "max"}:
        # A tree of calls, where a chain of thousands would be too deep to walk.
        half = len(arguments) // 2
        return call(name, [_one_of(name, arguments[:half]), _one_of(name, arguments[half:])])
    if name == "exp":
        arguments = [_spread(arguments[0])]
    build = FUNCTIONS[name][0]
    return _settled(build(*(_to_expression(argument) for argument in arguments)))


def _spread(exponent: Value) -> Value:
    """Return c*(x + d) as c*x + c*d, one operation, where its error of half a unit of c*d is about that of exp itself.

    Elsewhere a difference stays as it is written: the sum would lose the digits that c*x and c*d have in common.
    """
    if not (exponent.is_Mul and len(exponent.args) == 2 and exponent.args[0].is_Number and exponent.args[1].is_Add):
        return exponent
    factor, (offset, rest) = exponent.args[0], exponent.args[1].as_coeff_Add()
    shift = constants.multiply(_to_number(factor), _to_number(offset))
    if rest.is_Add or abs(float(shift)) > LARGEST_SPREAD:
        return exponent
    return sympy.Add(constants.to_sympy(shift), _scaled(_to_number(factor), rest))


def _one_of(name: str, arguments: Sequence[Value]) -> Value:
    return call(name, arguments) if len(arguments) > 1 else arguments[0]


def compare(sign: str, first: Value, second: Value) -> Condition:
    """Return the comparison of two values."""
    if is_constant(first) and is_constant(second):
        return constants.compare(sign, first, second)
    # Evaluated, a comparison would ask SymPy for a proof, and negations would forget that NaN is neither.
    return _RELATIONS[sign](_to_expression(first), _to_expression(second), evaluate=False)


def conjunction(conditions: Iterable[Condition]) -> Condition:
    """Return whether all conditions hold."""
    return _joined(sympy.And, conditions, decisive=False)


def disjunction(conditions: Iterable[Condition]) -> Condition:
    """Return whether any condition holds."""
    return _joined(sympy.Or, conditions, decisive=True)


def _joined(kind: type, conditions: Iterable[Condition], *, decisive: bool) -> Condition:
    known = list(conditions)
    if any(condition is decisive for condition in known):
        return decisive
    symbolic = [condition for condition in known if not isinstance(condition, bool)]
    if len(symbolic) < 2:
        return symbolic[0] if symbolic else not decisive
    return kind(*symbolic, evaluate=False)


def negation(condition: Condition) -> Condition:
    """Return whether a condition does not hold."""
    return not condition if isinstance(condition, bool) else sympy.Not(condition, evaluate=False)


def either(condition: Condition, value: Value, otherwise: Value) -> Value:
    """Return one value where a condition holds that is not known, and another elsewhere."""
    return choice((_to_expression(value), condition), (_to_expression(otherwise), True))


def unless_zero(divisor: Value, value: Value) -> Value:
    """Return a value, but no number where a divisor is 0."""
    none = sympy.sqrt(-1 - sympy.Abs(divisor))
    return choice((_to_expression(value), compare("!=", divisor, Fraction(0))), (none, True))


def finished(value: Value) -> sympy.Expr:
    """Return a value as an expression, after checking that it is real and its constants are finite.

    Raises
    ------
    NotFiniteError
        A constant is beyond binary64.
    NotRealError
        The expression is not real.
    """
    expression = _to_expression(value)
    named = {}
    for node in sympy.preorder_traversal(expression):
        if node.is_Number:
            _to_number(node)
        elif node.is_NumberSymbol:
            named[node] = sympy.Float(float(node))
        elif node in (sympy.I, sympy.zoo):
            raise NotRealError
    return substituted(expression, named) if named else expression


def _to_expression(value: Value) -> sympy.Expr:
    return constants.to_sympy(value) if isinstance(value, Fraction | float) else value


def _to_number(number: sympy.Expr) -> Number:
    if number.is_Rational:
        return constants.reduced(Fraction(int(number.p), int(number.q)))
    value = constants.finite(float(number))
    if value == 0 and number != 0:
        raise NotFiniteError
    return value


def _settled(expression: sympy.Expr) -> Value:
    """Return what SymPy made of an operation: a number, or terms whose coefficients are of bounded size."""
    if expression.is_Number:
        return _to_number(expression)
    if expression.is_number:
        if not expression.is_comparable:
            raise NotRealError
        return constants.finite(float(expression))
    terms = sympy.Add.make_args(expression)
    if all(_is_small(term) for term in terms):
        return expression
    return sympy.Add(*[_with_small_coefficient(term) for term in terms])


def _is_small(term: sympy.Expr) -> bool:
    coefficient = term.as_coeff_Mul()[0]
    if coefficient.is_Rational:
        return bool(max(abs(coefficient.p), coefficient.q) <= LARGEST_EXACT)
    return math.isfinite(float(coefficient))


def _with_small_coefficient(term: sympy.Expr) -> sympy.Expr:
    coefficient, rest = term.as_coeff_Mul()
    return sympy.Mul(constants.to_sympy(_to_number(coefficient)), rest)
