"""Splits the text of an expression into words and signs; lists the words that are reserved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["number", "name", "sign", "end"]

#: Names of the functions of the language; `solvers.equations.functions` has what they are.
FUNCTION_NAMES = (
    *("min", "max", "abs", "sqrt", "exp", "expm1", "log", "log10", "log1p"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("floor", "ceil", "sign", "pow", "erf"),
    *("mod", "heaviside", "clip", "log2", "cbrt", "hypot"),
)

#: How many arguments functions take that do not take one: at least, and at most; None: any number.
_ARGUMENTS = {
    **dict.fromkeys(("min", "max"), (2, None)),
    **dict.fromkeys(("atan2", "pow", "mod", "hypot"), (2, 2)),
    "clip": (3, 3),
}
#: The fewest and the most arguments of each function.
ARGUMENTS: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {name: _ARGUMENTS.get(name, (1, 1)) for name in FUNCTION_NAMES}
)
#: What is computed over an index; `min` and `max` may be. A model may give these names to quantities.
OVER_INDEX = ("sum", "prod")

#: What stands before a state in brackets, for its right-hand side.
SLOPE = "der"
#: Words that can name no quantity.
RESERVED = frozenset({"t", "pi", "and", "or", "not", "if", "else", SLOPE, *FUNCTION_NAMES})

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z_0-9]*)
    |(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/()<>,\[\]])""",
    re.VERBOSE,
)
_MODULE = re.compile(r"\b(np|numpy|math|Math|sp|sympy|torch|jnp)$")
#: What stands for a sign or a name elsewhere.
_ASCII = dict(
    zip(
        "\xb7\xd7\u22c5\u2212\u2013\xf7\u03c0\u2264\u2265\u2260",
        ["*", "*", "*", "-", "-", "/", "pi", "<=", ">=", "!="],
        strict=True,
    )
) | {"\xb2": "**2", "\xb3": "**3", "\u221a": "sqrt(x)"}
#: What to write for the power of a function that is written behind its name.
_OF_FUNCTION, _POWER_OF_FUNCTION = "write a power behind the brackets, as in {}(x)**2", {"exp": "write exp(x)"}
_HINTS = {
    "?": ("'?' is not an operator here", "write 2 if x > 1 else 3"),
    "x'": (
        "derivatives are not marked in an expression",
        "write only the right-hand side; observables and events have der(x)",
    ),
    ";": ("one expression stands alone", "give another a name of its own, as an observable"),
    ":": ("':' does not belong in an expression", "write only what stands on the right"),
    "#": ("'#' does not belong in an expression", "a comment stands outside of the quotes"),
    "^": ("'^' is not an operator here", "write a power as x**2"),
    "=": ("'=' does not belong in an expression", "write only what stands on the right; '==' compares"),
    "!": ("'!' is not an operator here", "write 'not'; '!=' compares; there is no factorial"),
    "&": ("'&' is not an operator here", "write 'and'"),
    "||": ("'||' is not an operator here", "write 'or'"),
    "|": ("'|' is not an operator here", "write abs(x) for |x|, and 'or' between conditions"),
    "%": ("'%' is not an operator here", "write mod(x, y)"),
    ".": ("'.' does not belong here", "only numbers have a point, and names have no parts"),
    "{": ("'{' does not belong here", "only round brackets are used"),
    "}": ("'}' does not belong here", "only round brackets are used"),
}


class ExpressionError(ValueError):
    """An expression is not in the language.

    Parameters
    ----------
    message
        What is wrong.
    offset
        At which character of the text, from 0.
    hint
        What to do about it.
    """

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign, and the offset of its first character."""

    kind: Kind
    text: str
    offset: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the words and signs of a text, and one token of kind "end".

    Raises
    ------
    ExpressionError
        A character has no place in an expression.
    """
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _unexpected(text, position)
        if found.lastgroup == "number":
            _check_number_ends(text, found)
        if found.lastgroup != "space":
            yield Token(found.lastgroup, found.group(), position)  # type: ignore[arg-type] # the pattern's groups
        position = found.end()
    yield Token("end", "", len(text))


def _check_number_ends(text: str, number: re.Match[str]) -> None:
    following = text[number.end() : number.end() + 1]
    if not (following.isascii() and following.isalpha()) and following != "_":
        return
    word = re.match("[A-Za-z_0-9]+", text[number.end() :])
    assert word is not None  # noqa: S101 - its first character was just seen
    message = f"{number.group() + word.group()[:40]!r} is neither a number nor a name"
    raise ExpressionError(message, number.start(), _meant(number.group(), word.group()[:40]))


def _meant(number: str, word: str) -> str:
    """Return what to write for a number and what follows it at once."""
    if re.fullmatch("(_[0-9]+)+", word):
        return f"write {number}{word.replace('_', '')}: numbers have digits alone"
    if number == "0" and re.fullmatch("[xX][0-9a-fA-F]+", word):
        return f"write {int(word[1:], 16)}: numbers are decimal"
    if re.fullmatch("[dD][0-9]+", word):
        return f"write {number}e{word[1:]}"
    return f"write a product as {number}*{word}; a unit stands in [units]"


def _unexpected(text: str, position: int) -> ExpressionError:
    char = text[position]
    marks = char == "'" and re.search(r"[\w)']$", text[:position])
    found = _HINTS["x'"] if marks else _HINTS.get(text[position : position + 2]) or _HINTS.get(char)
    if found:
        message, hint = found
        if power := re.search(r"\b(\w+)$", text[:position]) if char == "^" else None:
            hint = (
                _POWER_OF_FUNCTION.get(power[1], _OF_FUNCTION.format(power[1])) if power[1] in FUNCTION_NAMES else hint
            )
        if char == "=" and text[:position].endswith(("+", "-", "*", "/")):
            hint = "write all that it becomes, as in x + 1"
        if char == ":" and text.rfind("[", 0, position) > text.rfind("]", 0, position):
            hint = "an index is one number; sum(j, 1, 2, u[j]) adds some elements, min and max work alike"
        if char == "." and _MODULE.search(text[:position]):
            hint = "functions stand without the name of a module: exp(x)"
        return ExpressionError(message, position, hint)
    if char in _ASCII:
        return ExpressionError(f"the character {char!r} is not ASCII", position, f"write {_ASCII[char]}")
    if char in "'\"`":
        return ExpressionError("text in quotes does not belong in an expression", position, "take the quotes away")
    if not char.isascii():
        name = char if char.isprintable() else f"U+{ord(char):04X}"
        return ExpressionError(f"the character {name!r} is not ASCII", position, "use plain letters, digits and signs")
    hint = "names have letters, digits and _"
    return ExpressionError(f"the character {char!r} does not belong in an expression", position, hint)
