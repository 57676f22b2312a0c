"""Reads formulas as XPP does.

Its operators have three levels: `+ - |`, then `* / &` and signs, then powers and comparisons, which are taken from left
to right. (The table of symbols in XPPAUT's parser has these.)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import ONE, PI, TIME, Formula, Name, Number, call, difference, negative, quotient
from cubie_cli.imports.mathematics import NotRepresentableError

_TOKEN = re.compile(
    r"\s*(?P<token>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[a-z_]\w*|\*\*|<=|>=|==|!=|[-+*/^()<>&|,])", re.ASCII
)
_SUM = re.compile(r"\bsum\s*\(")
_COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
_MIXED = "XPP compares before it adds or multiplies: what stands beside a comparison without brackets is not compared"

_PLAIN = (
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "exp",
    "log10",
    "sqrt",
    "sign",
    "abs",
)
#: For each function how many arguments it takes, and what it is here.
_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Formula]]] = MappingProxyType(
    {
        **{name: (1, lambda argument, name=name: call(name, argument)) for name in _PLAIN},
        **{name: (1, lambda argument: call("log", argument)) for name in ("ln", "log")},
        **{name: (2, lambda a, b, name=name: call(name, a, b)) for name in ("atan2", "min", "max", "mod")},
        "erf": (1, lambda argument: call("erf", argument)),
        "heav": (1, lambda argument: call("heaviside", argument)),
        "flr": (1, lambda argument: call("floor", argument)),
        "erfc": (1, lambda argument: difference(ONE, call("erf", argument))),
        "not": (1, formulas.negation),
    }
)
#: What XPP has and a system of ordinary differential equations has not.
_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("delay", "del_shft"), "a delay differential equation"),
        **dict.fromkeys(("ran", "normal", "poisson"), "a random number"),
        **dict.fromkeys(("int", "hom_bcs"), "an integral or boundary condition"),
        **dict.fromkeys(("shift", "ishift", "sum", "of", "set"), "an index in a formula"),
        **dict.fromkeys(("besselj", "bessely", "besseli", "lgamma"), "a function that is not known here"),
    }
)
WORDS = frozenset({"t", "pi", "if", "then", "else", *_FUNCTIONS, *_REFUSED})


@dataclass(frozen=True)
class Definition:
    """A function: the names of its arguments, and its formula."""

    arguments: tuple[str, ...]
    body: Formula


@dataclass
class Scope:
    """What formulas may refer to.

    Parameters
    ----------
    names
        Quantities.
    functions
        Functions by name; the formula of one is read where it is first used.
    tables
        Tables by name.
    """

    names: set[str] = field(default_factory=set)
    functions: dict[str, Callable[[], Definition]] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)


def read_formula(text: str, scope: Scope, remark: Callable[[str], None], arguments: Sequence[str] = ()) -> Formula:
    """Return a formula.

    Parameters
    ----------
    text
        In lower case.
    scope
        What it may refer to.
    remark
        Is told what was decided.
    arguments
        Names that it may refer to besides.

    Raises
    ------
    NotRepresentableError
        Naming what is not known, or has no counterpart.
    """
    if _SUM.search(text):
        raise NotRepresentableError("sum(...)of(...), a sum over an index,", "write out its terms")
    return _Parser(text, scope, remark, arguments).read()


class _Parser:
    def __init__(self, text: str, scope: Scope, remark: Callable[[str], None], arguments: Sequence[str]) -> None:
        self._tokens = _split(text)
        self._position = 0
        self._scope = scope
        self._remark = remark
        self._arguments = set(arguments)
        self._bracketed: list[Formula] = []

    def read(self) -> Formula:
        found = self._sum()
        if self._now:
            raise NotRepresentableError(f"the sign or word {self._now!r} in this place")
        return found

    @property
    def _now(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._now
        self._position += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise NotRepresentableError(f"a formula in which {token!r} is missing")

    # -- levels ---------------------------------------------------------------------------------

    def _sum(self) -> Formula:
        found = self._product()
        while self._now in ("+", "-", "|"):
            sign = self._take()
            other = self._product()
            if sign == "|":
                found = formulas.either(found, other)
            else:
                found = formulas.total(self._operand(found), self._operand(other if sign == "+" else negative(other)))
        return found

    def _product(self) -> Formula:
        found = self._signed()
        while self._now in ("*", "/", "&"):
            sign = self._take()
            other = self._signed()
            if sign == "&":
                found = formulas.both(found, other)
            elif sign == "*":
                found = _times(self._operand(found), self._operand(other))
            else:
                found = quotient(self._operand(found), self._operand(other))
        return found

    def _signed(self) -> Formula:
        if self._now in ("+", "-"):
            sign = self._take()
            found = self._signed()
            return negative(self._operand(found)) if sign == "-" else found
        return self._power()

    def _power(self) -> Formula:
        found = self._atom()
        before = ""
        while self._now in ("^", "**", *_COMPARISONS):
            sign = self._take()
            other = self._signed() if self._now in ("+", "-") else self._atom()
            if sign in _COMPARISONS:
                found = formulas.compare(sign, found, other)
            elif before in ("^", "**"):
                raise NotRepresentableError("a power of a power without brackets", "say by brackets which comes first")
            else:
                found = formulas.power(self._operand(found), other)
            before = sign
        return found

    def _operand(self, formula: Formula) -> Formula:
        """Return an operand of arithmetic; one that is a comparison without brackets is told."""
        if formulas.is_condition(formula) and not any(formula is each for each in self._bracketed):
            self._remark(_MIXED)
        return formulas.as_number(formula)

    # -- atoms ----------------------------------------------------------------------------------

    def _atom(self) -> Formula:
        token = self._take()
        if not token:
            raise NotRepresentableError("a formula that ends too early")
        if token[0].isdigit() or token[0] == ".":
            return Number(float(token))
        if token == "(":  # noqa: S105 - no password
            found = self._sum()
            self._expect(")")
            self._bracketed.append(found)
            return found
        if not (token[0].isalpha() or token[0] == "_"):
            raise NotRepresentableError(f"the sign {token!r} in this place")
        return self._choice() if token == "if" else self._named(token)  # noqa: S105 - no password

    def _choice(self) -> Formula:
        self._expect("(")
        condition = self._sum()
        parts = []
        for word in ("then", "else"):
            self._expect(")")
            self._expect(word)
            self._expect("(")
            parts.append(self._sum())
        self._expect(")")
        return formulas.choice(condition, *parts)

    def _named(self, name: str) -> Formula:
        if name in self._arguments or (name in self._scope.names and self._now != "("):
            return Name(name)
        if name in ("t", "pi"):
            return TIME if name == "t" else PI
        if name in _REFUSED:
            raise NotRepresentableError(f"{name!r}, {_REFUSED[name]},")
        if self._now == "(":
            return self._called(name)
        raise NotRepresentableError(f"the name {name!r}, which is not defined,", f"give it a value, as in par {name}=1")

    def _called(self, name: str) -> Formula:
        self._take()
        arguments = [self._sum()]
        while self._now == ",":
            self._take()
            arguments.append(self._sum())
        self._expect(")")
        if name in self._scope.tables:
            return _looked_up(name, arguments)
        if name in self._scope.functions:
            definition = self._scope.functions[name]()
            self._check_count(name, len(definition.arguments), arguments)
            return formulas.substituted(definition.body, dict(zip(definition.arguments, arguments, strict=True)))
        if name not in _FUNCTIONS:
            hint = f"define it, as in {name}(x)=x^2"
            raise NotRepresentableError(f"the function {name!r}, which is not defined,", hint)
        count, build = _FUNCTIONS[name]
        self._check_count(name, count, arguments)
        self._bracketed.append(build(*arguments))
        return self._bracketed[-1]

    def _check_count(self, name: str, count: int, arguments: Sequence[Formula]) -> None:
        if len(arguments) != count:
            raise NotRepresentableError(f"the function {name!r} with {len(arguments)} arguments in place of {count}")


def _times(first: Formula, second: Formula) -> Formula:
    """Return a product, of more than two factors as one."""
    if isinstance(first, formulas.Apply) and first.operation == "*":
        return formulas.product(*first.arguments, second)
    return formulas.product(first, second)


def _looked_up(name: str, arguments: Sequence[Formula]) -> Formula:
    if list(arguments) != [TIME]:
        hint = "a table of the time is a driver; write another one as a formula"
        raise NotRepresentableError(f"the table {name!r} of something else than t", hint)
    return Name(name)


def _split(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise NotRepresentableError(f"the character {text[position:].strip()[0]!r}")
        tokens.append(found["token"])
        position = found.end()
    return tokens
