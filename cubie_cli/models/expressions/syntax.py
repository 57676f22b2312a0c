"""Reads the text of an expression as a tree: a recursive-descent parser, whose grammar is the allow-list.

Python's own parser would refuse names such as `lambda` and fail on deep texts; SymPy's evaluates what it reads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from cubie_cli.models.expressions import constants
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
from cubie_cli.models.expressions.tokens import (
    FUNCTION_NAMES,
    OVER_INDEX,
    SLOPE,
    ExpressionError,
    Token,
    tokens,
)

LONGEST_TEXT = 65_536
DEEPEST = 200

#: What is told of a condition where a number should stand.
CONDITION_FOUND = "a number is needed here, this is a condition"

_FUNCTIONS = frozenset({*FUNCTION_NAMES, *OVER_INDEX, SLOPE})
_WORDS = ("and", "or", "not", "if", "else")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


_CHOICE = "write 2 if x > 1 else 3"
_BETWEEN = "it stands between two conditions, as in x > 1 and y > 1"
#: What to write where a word of the language, or a sign, stands where a number or name should.
_OF_WORDS = {
    **dict.fromkeys(("if", "else"), _CHOICE),
    **dict.fromkeys(("and", "or"), _BETWEEN),
    "not": "it stands before a condition, as in 1 if not x > 1 else 0",
    ">": "'!=' says that two are not equal",
    "[": "an element of a vector is u[0]; brackets that group are round",
}


#: What to do about a sign that does not belong where it stands.
_OF_SIGNS = {
    ")": "there is no '(' before it that it would close",
    "]": "there is no '[' before it that it would close",
    "//": "write floor(x/y); a comment stands outside of the quotes, behind #",
}


class NoFunctionError(ExpressionError):
    """What is called is no function, perhaps a quantity.

    Parameters
    ----------
    name, offset
        What is called, and where.
    """

    def __init__(self, name: str, offset: int) -> None:
        hint = f"write a product with *; a value of the past, {name}(t - 1), is not supported"
        if name in ("t", "pi"):
            hint = f"{name} stands alone, and a product is written with *"
        super().__init__(f"{quoted(name)} is not a function", offset, hint)
        self.name = name


@lru_cache(maxsize=8)
def read(text: str) -> Node:
    """Return the tree of an expression; within `deep_recursion`.

    The elements of a vector ask for one text one after the other.

    Raises
    ------
    ExpressionError
        With what is wrong, and at which character.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"the expression has {len(text)} characters, {LONGEST_TEXT} are the most", 0)
    return _Reader(text).read()


class _Reader:
    """One method a level of precedence, from loosest to tightest."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._now = next(self._tokens)
        self._level = 0

    def read(self) -> Node:
        """Read the whole text as a number."""
        if self._at_end():
            raise self._error("the expression is empty", "write what it is, 0 where it is nothing")
        found = self._number(self._choice())
        if not self._at_end():
            raise self._unexpected()
        return found

    def _choice(self) -> Node:
        first = self._any_of()
        if not self._at("if"):
            return first
        with self._deeper():
            self._take()
            value = self._number(first)
            condition = self._condition(self._any_of())
            self._expect("else", "'else' is missing: both values must be given")
            return Choice(first.offset, value, condition, self._number(self._choice()))

    def _any_of(self) -> Node:
        return self._conditions("or", self._all_of)

    def _all_of(self) -> Node:
        return self._conditions("and", self._negation)

    def _conditions(self, word: str, read_one: Callable[[], Node]) -> Node:
        first = read_one()
        if not self._at(word):
            return first
        conditions = [self._condition(first)]
        while self._at(word):
            self._take()
            conditions.append(self._condition(read_one()))
        return Joined(first.offset, word, tuple(conditions))

    def _negation(self) -> Node:
        if not self._at("not"):
            return self._comparison()
        offset = self._take().offset
        with self._deeper():
            return Not(offset, self._condition(self._negation()))

    def _comparison(self) -> Node:
        first = self._sum()
        if not self._at(*_COMPARISONS):
            return first
        links = []
        while self._at(*_COMPARISONS):
            sign = self._take()
            links.append((sign.offset, sign.text, self._number(self._sum())))
        return Comparison(first.offset, self._number(first), tuple(links))

    def _sum(self) -> Node:
        first = self._product()
        if not self._at("+", "-"):
            return first
        others = []
        while self._at("+", "-"):
            sign = self._take()
            others.append((sign.offset, sign.text, self._number(self._product())))
        return Sum(first.offset, self._number(first), tuple(others))

    def _product(self) -> Node:
        first = self._signed()
        if not self._at("*", "/"):
            return first
        factors, divisors = [self._number(first)], []
        while self._at("*", "/"):
            sign, value = self._take(), self._number(self._signed())
            if sign.text == "*":
                factors.append(value)
            else:
                divisors.append((sign.offset, value))
        return Product(first.offset, tuple(factors), tuple(divisors))

    def _signed(self) -> Node:
        if not self._at("+", "-"):
            return self._power()
        sign = self._take()
        with self._deeper():
            return Signed(sign.offset, -1.0 if sign.text == "-" else 1.0, self._number(self._signed()))

    def _power(self) -> Node:
        base = self._atom()
        if not self._at("**"):
            return base
        with self._deeper():
            self._take()
            return Power(base.offset, self._number(base), self._number(self._signed()))

    def _atom(self) -> Node:
        token = self._now
        if token.kind == "number":
            return self._literal(self._take())
        if token.kind == "name" and token.text not in _WORDS:
            return self._name(self._take())
        if not self._at("("):
            raise self._missing_atom()
        self._take()
        with self._deeper():
            inner = self._choice()
        self._expect(")", "')' is missing", f"it closes the '(' at character {token.offset + 1}")
        return replace(inner, offset=token.offset)

    def _literal(self, token: Token) -> Node:
        try:
            return Number(token.offset, constants.from_text(token.text))
        except constants.NotFiniteError:
            raise self._error(*constants.NOT_FINITE, token.offset) from None

    def _name(self, token: Token) -> Node:
        if self._at("("):
            if token.text not in _FUNCTIONS:
                raise NoFunctionError(token.text, token.offset)
            self._take()
            arguments = self._list(")")
            self._expect(")", "')' is missing", f"it closes the arguments of {token.text!r}")
            return Call(token.offset, token.text, arguments)
        if self._at("["):
            bracket = self._take().offset
            indices = self._list("]")
            self._expect("]", "']' is missing", f"it closes the index of {token.text!r}")
            return Element(token.offset, token.text, indices, bracket)
        if token.text in (SLOPE, *FUNCTION_NAMES):
            raise self._error(f"{token.text!r} is a function", f"write {token.text}(...)", token.offset)
        return Name(token.offset, token.text)

    def _list(self, end: str) -> tuple[Node, ...]:
        """Read numbers between commas, up to a sign that is left there."""
        found: list[Node] = []
        with self._deeper():
            while not (self._at(end) and not found):
                found.append(self._number(self._choice()))
                if not self._at(","):
                    break
                self._take()
        return tuple(found)

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

    def _number(self, node: Node) -> Node:
        if node.is_condition:
            raise self._error(CONDITION_FOUND, "a condition is used as in: 1 if x > 0 else 0", node.offset)
        return node

    def _condition(self, node: Node) -> Node:
        if not node.is_condition:
            hint = "compare it with something, as in x > 0"
            raise self._error("a condition is needed here, this is a number", hint, node.offset)
        return node

    def _unexpected(self) -> ExpressionError:
        if self._at("("):
            return self._error("an operator is missing before '('", "write a product with *, as in 2*(x + 1)")
        if self._at(","):
            return self._error("',' does not belong here", "numbers have a decimal point, and no commas")
        if self._now.kind == "sign" or self._at(*_WORDS):
            hint = _OF_SIGNS.get(self._now.text, "take it away, or write what stands around it")
            return self._error(f"{self._now.text!r} does not belong here", hint)
        if self._now.kind == "number" and self._now.text.startswith("."):
            return self._error("a number has one decimal point", "write it as in 1.52")
        hint = "write a product with *; a unit stands in [units]"
        return self._error(f"an operator is missing before {quoted(self._now.text)}", hint)

    def _missing_atom(self) -> ExpressionError:
        if self._at_end():
            hint = "write what should follow, or take away what stands last"
            return self._error("the expression ends where a number or name should follow", hint)
        hint = _OF_WORDS.get(self._now.text, "write it, or take away the sign before")
        return self._error(f"a number or name is missing before {self._now.text!r}", hint)

    def _error(self, message: str, hint: str | None = None, offset: int | None = None) -> ExpressionError:
        return ExpressionError(message, self._now.offset if offset is None else offset, hint)


def quoted(name: str) -> str:
    """Return a name in quotes, without its end where it is too long for a message."""
    return repr(name if len(name) <= 40 else f"{name[:37]}...")
