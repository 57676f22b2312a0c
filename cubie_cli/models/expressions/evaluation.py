"""Computes what the tree of an expression comes to, with the operations of numbers or of SymPy."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from types import ModuleType
from typing import Any

from cubie_cli.models.expressions.constants import NOT_FINITE, NotFiniteError, NotRealError, is_constant
from cubie_cli.models.expressions.names import Over, Scope, count_over, names_in, over
from cubie_cli.models.expressions.nodes import (
    Call,
    Choice,
    Comparison,
    Element,
    Joined,
    Name,
    Node,
    Not,
    Number,
    Power,
    Product,
    Signed,
    Sum,
)
from cubie_cli.models.expressions.tokens import SLOPE, ExpressionError
from cubie_cli.models.expressions.vectors import OutsideError, Vector

#: Of `min` and `max`; each is code of its own in every stage, and a compiler takes minutes for thousands.
MOST_ARGUMENTS = 1000
#: Of the sums of one expression, and of all that are written for a vector.
MOST_TERMS = 65_536
MOST_TERMS_OF_VECTOR = 1_000_000


class Evaluation:
    """Computes an expression whose names have been checked; one method a kind of node.

    Conditions on what is known decide at once, and what they leave out is not computed.

    Parameters
    ----------
    scope
        What names stand for.
    indices
        What indices are.
    algebra
        The module whose operations are carried out: `constants` where everything is a number, else `operations`.
    members
        How many quantities the expression is written for.
    """

    def __init__(self, scope: Scope, indices: Mapping[str, int], algebra: ModuleType, members: int = 1) -> None:
        self._scope = scope
        self._indices = dict(indices)
        self._algebra = algebra
        self._members = members
        self._terms = 0
        self._ways: Mapping[type[Node], Callable[[Any], Any]] = {
            Number: lambda node: node.value,
            Name: self._name,
            Element: self._element,
            Call: self._call,
            Power: self._power,
            Signed: self._signed,
            Product: self._product,
            Sum: self._sum,
            Comparison: self._comparison,
            Joined: self._joined,
            Not: self._not,
            Choice: self._choice,
        }

    def value(self, node: Node) -> Any:
        """Return what a node comes to: a number, an expression, or a condition.

        Raises
        ------
        ExpressionError
            Where that is nothing.
        """
        return self._ways[type(node)](node)

    def build(self, offset: int, operation: Callable[..., Any], *arguments: object) -> Any:
        """Carry out an operation, and say where it stands if it cannot be."""
        try:
            return operation(*arguments)
        except NotFiniteError:
            message, hint = NOT_FINITE
        except NotRealError:
            message, hint = "this is not a real number", "look for roots or logarithms of negative values"
        raise self._error(message, offset, hint)

    def _error(self, message: str, offset: int, hint: str | None = None) -> ExpressionError:
        where = ", ".join(f"{name} = {value}" for name, value in self._indices.items())
        return ExpressionError(f"{message} for {where}" if where else message, offset, hint)

    # -- names ----------------------------------------------------------------------------------

    def _name(self, node: Name) -> Any:
        if node.text in self._indices:
            return Fraction(self._indices[node.text])
        return self._scope.symbols.get(node.text, math.pi)

    def _element(self, node: Element) -> Any:
        name = self._element_name(node)
        return Fraction(0) if name is None else self._scope.symbols[name]

    def _element_name(self, node: Element) -> str | None:
        vector = self._scope.vectors[node.text]
        place = [self._whole(each) for each in node.indices]
        try:
            return vector.read(place)
        except OutsideError as error:
            outside = node.indices[error.dimension]
            message = f"there is no {vector.element(place)}"
            hint = _remedy(vector, place, error.dimension, outside)
            if not self._indices.keys() & set(names_in(outside)):  # it is so for each element
                raise ExpressionError(message, outside.offset, hint) from None
            raise self._error(message, outside.offset, hint) from None

    def _whole(self, node: Node) -> int:
        """Return a whole number that is known."""
        found = self.value(node)
        if is_constant(found) and found % 1 == 0:
            return int(found)
        hint = "it is made of indices, constants and numbers; mod, floor and a choice may be used"
        if is_constant(found):
            raise self._error(f"an index is a whole number, and this is {float(found):g}", node.offset, hint)
        message = "an index must be known when the model is read, and this is not"
        raise ExpressionError(message, node.offset, hint)

    # -- functions ------------------------------------------------------------------------------

    def _call(self, node: Call) -> Any:
        if node.name == SLOPE:
            return self._slope(node.arguments[0])
        found = over(node, self._scope, self._indices)
        if found:
            return self._over(node, found)
        arguments = self._distinct(node, [self.value(each) for each in node.arguments])
        return self.build(node.offset, self._algebra.call, node.name, arguments)

    def _slope(self, state: Node) -> Any:
        if isinstance(state, Name):
            return self._scope.slopes[state.text]
        assert isinstance(state, Element)  # noqa: S101 - checked with the names
        name = self._element_name(state)
        return Fraction(0) if name is None else self._scope.slopes[name]

    def _distinct(self, node: Call, arguments: list[Any]) -> list[Any]:
        """Return arguments that are not too many, where equal ones count once."""
        if len(arguments) <= MOST_ARGUMENTS:
            return arguments
        distinct = list(dict.fromkeys(arguments))
        if len(distinct) > MOST_ARGUMENTS:
            message = f"{node.name!r} has {len(distinct):,} arguments that differ"
            raise self._error(message, node.offset, f"{MOST_ARGUMENTS:,} are the most it can have")
        return distinct if len(distinct) > 1 else arguments[:2]

    def _over(self, node: Call, found: Over) -> Any:
        values = self._values_over(node, found)
        if node.name == "sum":
            return self.build(node.offset, self._algebra.total, values)
        if node.name == "prod":
            return self.build(node.offset, self._algebra.product, values)
        if len(values) < 2:
            if values:
                return values[0]
            raise self._error(f"{node.name!r} has no values here", node.offset)
        return self.build(node.offset, self._algebra.call, node.name, self._distinct(node, values))

    def _values_over(self, node: Call, found: Over) -> list[Any]:
        bounds = [self._whole(each) for each in found.bounds]
        first, last = bounds or (0, count_over(found, self._scope) - 1)
        self._terms += max(0, last - first + 1)
        self._check_terms(node)
        values, name = [], found.running.text
        for index in range(first, last + 1):
            self._indices[name] = index
            values.append(self.value(found.body))
        self._indices.pop(name, None)
        return values

    def _check_terms(self, node: Call) -> None:
        most, told = MOST_TERMS, f"{node.name!r} has {self._terms:,} terms"
        if self._terms * self._members > MOST_TERMS_OF_VECTOR:
            most = MOST_TERMS_OF_VECTOR // self._members
            told = f"{told}, for each of {self._members:,} elements"
        if self._terms > most:
            raise self._error(told, node.offset, f"{most:,} are the most here")

    # -- operations -----------------------------------------------------------------------------

    def _power(self, node: Power) -> Any:
        base = self.value(node.base)
        return self.build(node.offset, self._algebra.power, base, self.value(node.exponent))

    def _signed(self, node: Signed) -> Any:
        return self.build(node.offset, self._algebra.product, [node.sign, self.value(node.operand)])

    def _product(self, node: Product) -> Any:
        factors = [self.value(each) for each in node.factors]
        divisors = []
        for offset, each in node.divisors:
            divisors.append(self.value(each))
            if is_constant(divisors[-1]) and divisors[-1] == 0:
                raise self._error("division by zero", offset, "what is divided by has the value 0 here")
        return self.build(node.offset, self._algebra.product, factors, divisors)

    def _sum(self, node: Sum) -> Any:
        terms = [self.value(node.first)]
        for offset, sign, each in node.others:
            term = self.value(each)
            terms.append(term if sign == "+" else self.build(offset, self._algebra.product, [-1.0, term]))
        return self.build(node.offset, self._algebra.total, terms)

    # -- conditions -----------------------------------------------------------------------------

    def _comparison(self, node: Comparison) -> Any:
        left, found = self.value(node.first), []
        for offset, sign, each in node.links:
            right = self.value(each)
            found.append(self.build(offset, self._algebra.compare, sign, left, right))
            left = right
        return self.build(node.offset, self._algebra.conjunction, found)

    def _joined(self, node: Joined) -> Any:
        decisive = node.word == "or"
        found = []
        for each in node.conditions:
            found.append(self.value(each))
            if found[-1] is decisive:
                return decisive
        join = self._algebra.disjunction if decisive else self._algebra.conjunction
        return self.build(node.offset, join, found)

    def _not(self, node: Not) -> Any:
        return self.build(node.offset, self._algebra.negation, self.value(node.condition))

    def _choice(self, node: Choice) -> Any:
        condition = self.value(node.condition)
        if isinstance(condition, bool):
            return self.value(node.value if condition else node.otherwise)
        values = [self.value(each) for each in (node.value, node.otherwise)]
        found = self.build(node.offset, self._algebra.either, condition, *values)
        for divisor in map(self.value, _divisors(node.condition)):
            if not is_constant(divisor):
                found = self.build(node.offset, self._algebra.unless_zero, divisor, found)
        return found


def _divisors(node: Node) -> Iterator[Node]:
    """Yield what a condition takes remainders by: where that is 0 it is neither true nor false."""
    if isinstance(node, Call) and node.name == "mod":
        yield node.arguments[1]
    for part in node.parts:
        yield from _divisors(part)


def _remedy(vector: Vector, place: Sequence[int], dimension: int, index: Node) -> str:
    """Return what to do about an element that is not there."""
    known = f"there are {vector.told}"
    name = next(names_in(index), None)
    if name is None:
        return known
    condition = f"{name} > 0" if place[dimension] < 0 else f"{name} < {vector.shape[dimension] - 1}"
    choice = f"keep to these by a choice, as in (... if {condition} else 0)"
    return f'{known}; {choice}, or give {vector.name} ends = "periodic"'
