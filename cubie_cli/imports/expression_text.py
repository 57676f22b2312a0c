"""The text of a formula in the language of expressions."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType

from cubie_cli.imports.formulas import (
    COMPARISONS,
    FALSE,
    TRUE,
    Apply,
    Formula,
    Name,
    Number,
    as_number,
    negative,
    product,
)
from cubie_cli.models.expressions.tokens import FUNCTION_NAMES, SLOPE

#: How tightly operators bind: what binds less stands in brackets.
_CHOICE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_BINDING: Mapping[str, int] = MappingProxyType(
    {
        "if": _CHOICE,
        "or": _OR,
        "and": _AND,
        "not": _NOT,
        **dict.fromkeys(COMPARISONS, _COMPARISON),
        "+": _SUM,
        "*": _PRODUCT,
        "/": _PRODUCT,
        "-": _SIGN,
        "**": _POWER,
    }
)
#: Whole numbers from here on are written with an exponent.
_LARGEST_WHOLE = 1e15


def expression_text(formula: Formula, names: Mapping[str, str]) -> str:
    """Return a formula in the language of expressions.

    Parameters
    ----------
    formula
        The formula.
    names
        What quantities are called, by their names in the source.
    """
    return _Writer(names).text(as_number(formula), _CHOICE)


def number_text(value: float) -> str:
    """Return a number as a person writes it, of the same value."""
    if value == int(value) and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    return repr(value)


@dataclass(frozen=True)
class _Writer:
    names: Mapping[str, str]

    def text(self, formula: Formula, least: int) -> str:
        """Return the text of a formula, in brackets where it binds less tightly than `least`."""
        if isinstance(formula, Name):
            return self.names[formula.name]
        if isinstance(formula, Number):
            return self._number(formula.value, least)
        written = self._apply(formula.operation, formula.arguments)
        binding = _BINDING.get(formula.operation, _COMPARISON if formula in (TRUE, FALSE) else _ATOM)
        return f"({written})" if binding < least else written

    def _number(self, value: float, least: int) -> str:
        written = number_text(abs(value))
        if math.copysign(1.0, value) > 0 or value == 0:
            return written
        return f"(-{written})" if least > _PRODUCT else f"-{written}"

    def _apply(self, operation: str, arguments: tuple[Formula, ...]) -> str:
        if operation in ("t", "pi"):
            return operation
        if operation in ("true", "false"):
            return "0 == 0" if operation == "true" else "0 != 0"
        if operation in FUNCTION_NAMES or operation == SLOPE:
            return f"{operation}({', '.join(self.text(each, _CHOICE) for each in arguments)})"
        return _SIGNS.get(operation, _Writer._joined)(self, operation, arguments)

    def _joined(self, operation: str, arguments: tuple[Formula, ...]) -> str:
        """Return comparisons, conjunctions and disjunctions."""
        return f" {operation} ".join(self.text(each, _BINDING[operation] + 1) for each in arguments)

    def _choice(self, _: str, arguments: tuple[Formula, ...]) -> str:
        condition, value, otherwise = arguments
        last = self.text(otherwise, _CHOICE)
        return f"{self.text(value, _OR)} if {self.text(condition, _OR)} else {last}"

    def _negation(self, _: str, arguments: tuple[Formula, ...]) -> str:
        return f"not {self.text(arguments[0], _NOT)}"

    def _sum(self, _: str, arguments: tuple[Formula, ...]) -> str:
        first, *others = arguments
        return reduce(self._added, others, self.text(first, _SUM))

    def _added(self, before: str, term: Formula) -> str:
        """Return a sum with a term more, which is taken away where it is a negative one."""
        if isinstance(term, Apply) and term.operation == "-":
            return f"{before} - {self.text(term.arguments[0], _PRODUCT)}"
        if isinstance(term, Number) and term.value < 0:
            return f"{before} - {number_text(-term.value)}"
        if isinstance(term, Apply) and term.operation == "*":
            first, *others = term.arguments
            if isinstance(first, Number) and first.value < 0:
                return f"{before} - {self.text(product(negative(first), *others), _PRODUCT)}"
        return f"{before} + {self.text(term, _PRODUCT)}"

    def _product(self, _: str, arguments: tuple[Formula, ...]) -> str:
        first, *others = arguments
        return "*".join([self.text(first, _PRODUCT), *(self.text(each, _SIGN + 1) for each in others)])

    def _quotient(self, _: str, arguments: tuple[Formula, ...]) -> str:
        dividend, divisor = arguments
        return f"{self.text(dividend, _PRODUCT)}/{self.text(divisor, _POWER)}"

    def _negative(self, _: str, arguments: tuple[Formula, ...]) -> str:
        return f"-{self.text(arguments[0], _PRODUCT)}"  # (-a)*b is -(a*b)

    def _power(self, _: str, arguments: tuple[Formula, ...]) -> str:
        base, exponent = arguments
        return f"{self.text(base, _ATOM)}**{self.text(exponent, _POWER)}"


_SIGNS: Mapping[str, Callable[[_Writer, str, tuple[Formula, ...]], str]] = MappingProxyType(
    {
        "if": _Writer._choice,  # noqa: SLF001 - its own class
        "not": _Writer._negation,  # noqa: SLF001
        "+": _Writer._sum,  # noqa: SLF001
        "*": _Writer._product,  # noqa: SLF001
        "/": _Writer._quotient,  # noqa: SLF001
        "-": _Writer._negative,  # noqa: SLF001
        "**": _Writer._power,  # noqa: SLF001
    }
)
