"""Turns the text of an expression into SymPy, and never evaluates it as a program.

A recursive-descent parser, whose grammar is the allow-list. Python's own parser would refuse names such as
`lambda` and fail on deep texts; SymPy's evaluates what it reads.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import sympy
from sympy.logic.boolalg import Boolean

from cubie_cli.documents.suggestions import did_you_mean, nearest
from cubie_cli.models.expressions import constants, operations
from cubie_cli.models.expressions.constants import NotFiniteError
from cubie_cli.models.expressions.operations import Condition, NotRealError, Value
from cubie_cli.models.expressions.tokens import SLOPE, ExpressionError, Token, tokens
from solvers.equations.depth import deep_recursion
from solvers.equations.functions import FUNCTIONS
from solvers.equations.system import TIME

LONGEST_TEXT = 65_536
DEEPEST = 200
#: Of `min` and `max`; each is code of its own in every stage, and a compiler takes minutes for thousands.
MOST_ARGUMENTS = 1000

#: What is told of a condition where a number should stand.
CONDITION_FOUND = "a number is needed here, this is a condition"

_WORDS = ("and", "or", "not", "if", "else")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_OTHER_NAMES = {"ln": "log", "arctan2": "atan2", "ceiling": "ceil", "e": "exp(1)"}


def parse(
    text: str,
    symbols: Mapping[str, sympy.Symbol | float],
    slopes: Mapping[str, sympy.Symbol] = MappingProxyType({}),
) -> sympy.Expr:
    """Read an expression.

    Parameters
    ----------
    text
        The expression.
    symbols
        What each name stands for: a symbol, or a finite number.
    slopes
        What `der(name)` stands for; nothing where it has no meaning.

    Returns
    -------
    sympy.Expr
        In the given symbols and `solvers.equations.system.TIME`; every constant is finite in binary64.

    Raises
    ------
    ExpressionError
        With what is wrong, and at which character.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"the expression has {len(text)} characters, {LONGEST_TEXT} are the most", 0)
    with deep_recursion():
        return _Parser(text, symbols, slopes).parse()


@dataclass(frozen=True, slots=True)
class _Operand:
    """A number or condition, and where its text begins."""

    value: Value | Condition
    offset: int


class _Parser:
    """One method a level of precedence, from loosest to tightest."""

    def __init__(
        self, text: str, symbols: Mapping[str, sympy.Symbol | float], slopes: Mapping[str, sympy.Symbol]
    ) -> None:
        self._slopes = slopes
        self._symbols: Mapping[str, sympy.Symbol | float] = {**symbols, "t": TIME, "pi": math.pi}
        self._tokens = tokens(text)
        self._now = next(self._tokens)
        self._level = 0

    def parse(self) -> sympy.Expr:
        """Read the whole text as a number."""
        if self._at_end():
            raise self._error("the expression is empty")
        value = self._number(self._choice())
        if not self._at_end():
            raise self._unexpected()
        return self._build(0, operations.finished, value)

    def _choice(self) -> _Operand:
        first = self._any_of()
        if not self._at("if"):
            return first
        with self._deeper():
            self._take()
            value = self._number(first)
            condition = self._condition(self._any_of())
            self._expect("else", "'else' is missing: both values must be given")
            otherwise = self._number(self._choice())
        return self._combine(first.offset, operations.either, condition, value, otherwise)

    def _any_of(self) -> _Operand:
        return self._conditions("or", self._all_of, operations.disjunction)

    def _all_of(self) -> _Operand:
        return self._conditions("and", self._negation, operations.conjunction)

    def _conditions(self, word: str, read: Callable[[], _Operand], join: Callable[..., Condition]) -> _Operand:
        first = read()
        if not self._at(word):
            return first
        conditions = [self._condition(first)]
        while self._at(word):
            self._take()
            conditions.append(self._condition(read()))
        return self._combine(first.offset, join, conditions)

    def _negation(self) -> _Operand:
        if not self._at("not"):
            return self._comparison()
        offset = self._take().offset
        with self._deeper():
            return self._combine(offset, operations.negation, self._condition(self._negation()))

    def _comparison(self) -> _Operand:
        first = left = self._sum()
        if not self._at(*_COMPARISONS):
            return first
        links = []
        while self._at(*_COMPARISONS):
            sign, right = self._take(), self._sum()
            link = self._build(sign.offset, operations.compare, sign.text, self._number(left), self._number(right))
            links.append(link)
            left = right
        return self._combine(first.offset, operations.conjunction, links)

    def _sum(self) -> _Operand:
        first = self._product()
        if not self._at("+", "-"):
            return first
        terms = [self._number(first)]
        while self._at("+", "-"):
            sign, term = self._take(), self._number(self._product())
            terms.append(term if sign.text == "+" else self._build(sign.offset, operations.product, [-1.0, term]))
        return self._combine(first.offset, operations.total, terms)

    def _product(self) -> _Operand:
        first = self._signed()
        if not self._at("*", "/"):
            return first
        factors, divisors = [self._number(first)], list[Value]()
        while self._at("*", "/"):
            sign, value = self._take(), self._number(self._signed())
            if sign.text == "/" and isinstance(value, constants.Number) and value == 0:
                raise self._error("division by zero", offset=sign.offset)
            (factors if sign.text == "*" else divisors).append(value)
        return self._combine(first.offset, operations.product, factors, divisors)

    def _signed(self) -> _Operand:
        if not self._at("+", "-"):
            return self._power()
        sign = self._take()
        with self._deeper():
            value = self._number(self._signed())
        return self._combine(sign.offset, operations.product, [-1.0 if sign.text == "-" else 1.0, value])

    def _power(self) -> _Operand:
        base = self._atom()
        if not self._at("**"):
            return base
        with self._deeper():
            self._take()
            exponent = self._number(self._signed())
        return self._combine(base.offset, operations.power, self._number(base), exponent)

    def _atom(self) -> _Operand:
        token = self._now
        if token.kind == "number":
            self._take()
            return self._combine(token.offset, constants.from_text, token.text)
        if token.kind == "name" and token.text not in _WORDS:
            return self._name(self._take())
        if not self._at("("):
            raise self._missing_atom()
        self._take()
        with self._deeper():
            inner = self._choice()
        self._expect(")", "')' is missing", f"it closes the '(' at character {token.offset + 1}")
        return _Operand(inner.value, token.offset)

    def _name(self, token: Token) -> _Operand:
        if self._at("(") and token.text not in self._symbols:
            return self._call(token)
        if token.text in self._symbols:
            if self._at("("):
                raise self._error(f"{token.text!r} is not a function", "write a product with *", token.offset)
            return _Operand(self._symbols[token.text], token.offset)
        if token.text in FUNCTIONS or token.text == SLOPE:
            raise self._error(f"{token.text!r} is a function", f"write {token.text}(...)", token.offset)
        hint = self._hint(token.text, [*self._symbols, *FUNCTIONS])
        raise self._error(f"undefined name {_short(token.text)}", hint, token.offset)

    def _slope(self, word: Token) -> _Operand:
        """Read the state after `der`."""
        if not self._slopes:
            hint = "write what stands on the right of its equation"
            raise self._error(
                "der(...), the right-hand side of a state, stands in observables and events only", hint, word.offset
            )
        self._take()
        state = self._take()
        if state.text not in self._slopes or not self._at(")", ""):
            hint = self._hint(state.text, self._slopes) or f"as in der({next(iter(self._slopes))})"
            raise self._error("der takes the name of a state", hint, state.offset)
        self._expect(")", "')' is missing", "it closes the state of 'der'")
        return _Operand(self._slopes[state.text], word.offset)

    def _call(self, name: Token) -> _Operand:
        if name.text == SLOPE:
            return self._slope(name)
        if name.text not in FUNCTIONS:
            hint = self._hint(name.text, FUNCTIONS) or f"known: {' '.join(FUNCTIONS)}"
            raise self._error(f"unknown function {_short(name.text)}", hint, name.offset)
        self._take()
        arguments: list[Value] = []
        with self._deeper():
            while not (self._at(")") and not arguments):
                arguments.append(self._number(self._choice()))
                if not self._at(","):
                    break
                self._take()
        self._expect(")", "')' is missing", f"it closes the arguments of {name.text!r}")
        self._check_count(name, len(arguments))
        return self._combine(name.offset, operations.call, name.text, self._distinct(name, arguments))

    def _distinct(self, name: Token, arguments: list[Value]) -> list[Value]:
        """Return arguments that are not too many, where equal ones count once."""
        if len(arguments) <= MOST_ARGUMENTS:
            return arguments
        distinct = list(dict.fromkeys(arguments))
        if len(distinct) > MOST_ARGUMENTS:
            message = f"{name.text!r} has {len(distinct):,} arguments that differ"
            raise self._error(message, f"{MOST_ARGUMENTS:,} are the most it can have", name.offset)
        return distinct if len(distinct) > 1 else arguments[:2]

    def _check_count(self, name: Token, given: int) -> None:
        _, fewest, most = FUNCTIONS[name.text]
        if given < fewest or (most is not None and given > most):
            wanted = f"at least {fewest}" if most is None else str(fewest)
            plural = "" if wanted == "1" else "s"
            raise self._error(f"{name.text!r} takes {wanted} argument{plural}, {given} given", offset=name.offset)

    # -- helpers --------------------------------------------------------------------------------

    def _take(self) -> Token:
        token = self._now
        self._now = next(self._tokens)
        return token

    def _at_end(self) -> bool:
        return self._now.kind == "end"

    def _at(self, *texts: str) -> bool:
        return self._now.text in texts

    def _expect(self, text: str, message: str, hint: str | None = None) -> None:
        if not self._at(text):
            if self._now.kind in ("name", "number") and not self._at(*_WORDS):
                raise self._unexpected()
            raise self._error(message, hint)
        self._take()

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._level += 1
        if self._level > DEEPEST:
            hint = "give names to parts of it as observables"
            raise self._error(f"the expression is nested more than {DEEPEST} levels deep", hint)
        yield
        self._level -= 1

    def _number(self, operand: _Operand) -> Value:
        if isinstance(operand.value, bool | Boolean) and not isinstance(operand.value, sympy.Symbol):
            hint = "a condition is used as in: 1 if x > 0 else 0"
            raise self._error(CONDITION_FOUND, hint, operand.offset)
        return operand.value

    def _condition(self, operand: _Operand) -> Condition:
        if isinstance(operand.value, sympy.Symbol) or not isinstance(operand.value, bool | Boolean):
            hint = "compare it with something, as in x > 0"
            raise self._error("a condition is needed here, this is a number", hint, operand.offset)
        return operand.value

    def _combine(self, offset: int, build: Callable[..., Value | Condition], *arguments: object) -> _Operand:
        return _Operand(self._build(offset, build, *arguments), offset)

    def _build(self, offset: int, build: Callable[..., Value | Condition], *arguments: object) -> Value | Condition:
        try:
            return build(*arguments)
        except NotFiniteError:
            message, hint = "a constant here is infinite or undefined", "constants must be finite"
        except NotRealError:
            message, hint = "this is not a real number", "look for roots or logarithms of negative values"
        raise self._error(message, hint, offset)

    def _hint(self, name: str, known: Mapping[str, object] | list[str]) -> str | None:
        if name in _OTHER_NAMES:
            return f"write {_OTHER_NAMES[name]}"
        near = nearest(name, known)
        return did_you_mean(name, [near]) if near else None

    def _unexpected(self) -> ExpressionError:
        if self._now.kind == "sign" or self._at(*_WORDS):
            return self._error(f"{self._now.text!r} does not belong here")
        return self._error(f"an operator is missing before {_short(self._now.text)}", "write a product with *")

    def _missing_atom(self) -> ExpressionError:
        if self._at_end():
            return self._error("the expression ends where a number or name should follow")
        hint = "this is a word of the language, and no name" if self._at(*_WORDS) else None
        return self._error(f"a number or name is missing before {self._now.text!r}", hint)

    def _error(self, message: str, hint: str | None = None, offset: int | None = None) -> ExpressionError:
        return ExpressionError(message, self._now.offset if offset is None else offset, hint)


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:37]}...")
