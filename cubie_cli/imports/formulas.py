"""Formulas of models that are imported: a small tree, how it is made and changed."""

import itertools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from cubie_cli.models.expressions.tokens import SLOPE


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A quantity, by the name it has in its source."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function of the language, `if` (condition, value, otherwise), `t`, `pi`, `true` or `false`."""

    operation: str
    arguments: "tuple[Formula, ...]" = ()


Formula: TypeAlias = Number | Name | Apply

TIME, PI, TRUE, FALSE = Apply("t"), Apply("pi"), Apply("true"), Apply("false")
ZERO, ONE = Number(0.0), Number(1.0)

_DECIDE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
)
COMPARISONS = tuple(_DECIDE)
CONDITIONS = frozenset({*COMPARISONS, "and", "or", "not", "true", "false"})


def is_condition(formula: Formula) -> bool:
    """Return whether a formula is true or false, and no number."""
    return isinstance(formula, Apply) and formula.operation in CONDITIONS


def as_number(formula: Formula) -> Formula:
    """Return a formula as a number: 1 for what is true."""
    return Apply("if", (formula, ONE, ZERO)) if is_condition(formula) else formula


def as_condition(formula: Formula) -> Formula:
    """Return a formula as a condition: what is not 0 is true."""
    return formula if is_condition(formula) else Apply("!=", (formula, ZERO))


def call(name: str, *arguments: Formula) -> Formula:
    """Return a function of numbers."""
    return Apply(name, tuple(map(as_number, arguments)))


def compare(sign: str, *arguments: Formula) -> Formula:
    """Return a comparison of numbers, each with the next; of known ones whether it holds."""
    return both(*(_compared(sign, as_number(a), as_number(b)) for a, b in itertools.pairwise(arguments)))


def _compared(sign: str, first: Formula, second: Formula) -> Formula:
    if isinstance(first, Number) and isinstance(second, Number):
        return TRUE if _DECIDE[sign](first.value, second.value) else FALSE
    return Apply(sign, (first, second))


def both(*conditions: Formula) -> Formula:
    """Return whether all of some conditions hold."""
    kept = [each for each in map(as_condition, conditions) if each != TRUE]
    return FALSE if FALSE in kept else TRUE if not kept else kept[0] if len(kept) == 1 else Apply("and", tuple(kept))


def either(*conditions: Formula) -> Formula:
    """Return whether any of some conditions holds."""
    kept = [each for each in map(as_condition, conditions) if each != FALSE]
    return TRUE if TRUE in kept else FALSE if not kept else kept[0] if len(kept) == 1 else Apply("or", tuple(kept))


def negation(condition: Formula) -> Formula:
    """Return whether a condition does not hold."""
    condition = as_condition(condition)
    if condition in (TRUE, FALSE):
        return FALSE if condition == TRUE else TRUE
    return Apply("not", (condition,))


def choice(condition: Formula, value: Formula, otherwise: Formula) -> Formula:
    """Return one value or the other; two conditions make a condition."""
    condition = as_condition(condition)
    if condition in (TRUE, FALSE):
        return value if condition == TRUE else otherwise
    if is_condition(value) and is_condition(otherwise):
        return either(both(condition, value), both(negation(condition), otherwise))
    return Apply("if", (condition, as_number(value), as_number(otherwise)))


def total(*terms: Formula) -> Formula:
    """Return a sum."""
    kept = [each for each in map(as_number, terms) if each != ZERO]
    return ZERO if not kept else kept[0] if len(kept) == 1 else Apply("+", tuple(kept))


def product(*factors: Formula) -> Formula:
    """Return a product."""
    kept = [each for each in map(as_number, factors) if each != ONE]
    return ONE if not kept else kept[0] if len(kept) == 1 else Apply("*", tuple(kept))


def negative(formula: Formula) -> Formula:
    """Return the negative of a formula."""
    formula = as_number(formula)
    if isinstance(formula, Number):
        return Number(-formula.value)
    if isinstance(formula, Apply) and formula.operation == "-":
        return formula.arguments[0]
    if isinstance(formula, Apply) and formula.operation == "*" and isinstance(formula.arguments[0], Number):
        return product(negative(formula.arguments[0]), *formula.arguments[1:])
    return Apply("-", (formula,))


def difference(first: Formula, second: Formula) -> Formula:
    """Return first - second."""
    return total(first, negative(second))


def quotient(dividend: Formula, divisor: Formula) -> Formula:
    """Return dividend/divisor."""
    return as_number(dividend) if divisor == ONE else Apply("/", (as_number(dividend), as_number(divisor)))


def power(base: Formula, exponent: Formula) -> Formula:
    """Return base**exponent."""
    return as_number(base) if exponent == ONE else Apply("**", (as_number(base), as_number(exponent)))


def names_in(formula: Formula) -> dict[str, None]:
    """Return the names of the quantities that a formula refers to, each once, in order."""
    if isinstance(formula, Name):
        return {formula.name: None}
    found: dict[str, None] = {}
    for each in formula.arguments if isinstance(formula, Apply) else ():
        found.update(names_in(each))
    return found


def uses(formula: Formula, operation: str) -> bool:
    """Return whether an operation is anywhere in a formula."""
    if not isinstance(formula, Apply):
        return False
    return formula.operation == operation or any(uses(each, operation) for each in formula.arguments)


def replaced(formula: Formula, replace: Callable[[Formula], Formula | None]) -> Formula:
    """Return a formula with some of its parts replaced, the outermost first.

    Parameters
    ----------
    formula
        The formula.
    replace
        Returns what stands in place of a part, or None where it stays and its own parts are looked at.
    """
    found = replace(formula)
    if found is not None:
        return found
    if not isinstance(formula, Apply):
        return formula
    return rebuilt(formula.operation, [replaced(each, replace) for each in formula.arguments])


def rebuilt(operation: str, arguments: list[Formula]) -> Formula:
    """Return an operation of other arguments, with numbers and conditions where they belong."""
    if operation in _BUILDERS:
        return _BUILDERS[operation](*arguments)
    if operation in COMPARISONS:
        return compare(operation, *arguments)
    return Apply(operation, tuple(arguments)) if operation == SLOPE or not arguments else call(operation, *arguments)


_BUILDERS: Mapping[str, Callable[..., Formula]] = MappingProxyType(
    {
        "+": total,
        "*": product,
        "/": quotient,
        "-": negative,
        "**": power,
        "if": choice,
        "and": both,
        "or": either,
        "not": negation,
    }
)


def substituted(formula: Formula, values: Mapping[str, Formula]) -> Formula:
    """Return a formula with formulas in place of some names."""
    return replaced(formula, lambda part: values.get(part.name) if isinstance(part, Name) else None)
