"""Texts and bytes that are nearly valid: made by a grammar, or changed from what is valid."""

import re
from collections.abc import Callable, Sequence
from random import Random

from cubie_cli.models.expressions.tokens import FUNCTION_NAMES

NAMES = ("x", "y", "k", "t", "pi", "u", "u[0]", "u[1]", "der(x)")
NUMBERS = (
    *("0", "1", "-1", "2", "0.5", "1e-3", "1e308", "1e-320", "1e999", "9" * 40, "0x10", "1_000", "1.", ".5", "-0.0"),
    *("nan", "inf", "-inf", "2147483648", "9223372036854775808", "65537", "1e16", "0.1", "3", "7"),
)
SIGNS = ("+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "(", ")", ",", "[", "]")
WORDS = ("if", "else", "and", "or", "not", "sum", "prod", *FUNCTION_NAMES)
TEXTS = (
    *('""', '"x"', "'''", '"', "true", "[]", "{}", "[1.0]", "{ linspace = [0.0, 1.0, 3] }", "1979-05-27", "\\", "\t"),
    *('"auto"', '"*"', '"../x"', '"/dev/null"', '"x\\u0000"', "[[", "]]", "=", ".", "#", "\n", "\r\n", "\ufeff", "é"),
    *('"x**x**x"', "\"__import__('os')\"", '"9**9**9**9"', '"-x"', '"x/0"', '"mod(t, 0)"', "[[1.0], [2.0]]"),
)
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|\s+|.", re.DOTALL)
_NUMBER = re.compile(r"(?<![A-Za-z_])[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?")
#: Longest text that a mutation makes.
_LONGEST = 100_000


def expression(rng: Random, depth: int = 4) -> str:
    """Return an expression of the language, but for what its names are and how many arguments functions take."""
    if depth <= 0 or rng.random() < 0.2:
        return rng.choice(NAMES if rng.random() < 0.6 else NUMBERS)
    return rng.choice(_FORMS)(rng, depth - 1)


def _condition(rng: Random, depth: int) -> str:
    return f"{expression(rng, depth)} {rng.choice(SIGNS[5:11])} {expression(rng, depth)}"


def _call(rng: Random, depth: int) -> str:
    arguments = ", ".join(expression(rng, depth) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    return f"{rng.choice(FUNCTION_NAMES)}({arguments})"


_FORMS: Sequence[Callable[[Random, int], str]] = (
    lambda rng, depth: f"{expression(rng, depth)} {rng.choice(SIGNS[:4])} {expression(rng, depth)}",
    lambda rng, depth: f"{expression(rng, depth)}**{rng.choice(NUMBERS)}",
    lambda rng, depth: f"({expression(rng, depth)})",
    lambda rng, depth: f"-{expression(rng, depth)}",
    lambda rng, depth: f"{expression(rng, depth)} if {_condition(rng, depth)} else {expression(rng, depth)}",
    lambda rng, depth: f"({_condition(rng, depth)} and not {_condition(rng, depth)})",
    lambda rng, _: f"{rng.choice(('sum', 'prod'))}(j, {rng.randint(-1, 3)}, {rng.randint(0, 9)}, u[j])",
    lambda rng, depth: f"sum(j, u[j]*{expression(rng, depth)})",
    _call,
    _call,
)


def mutated_text(rng: Random, text: str, words: Sequence[str] = ()) -> str:
    """Return a text with a few of its words, numbers and lines changed.

    Parameters
    ----------
    rng
        What decides.
    text
        A text that is valid.
    words
        Further words that mean something in such texts.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(_CHANGES)(rng, text, words)[:_LONGEST]
    return text


def mutated_bytes(rng: Random, content: bytes) -> bytes:
    """Return bytes with a few of them changed, left out, put in or said twice."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(changed) + 1)
        length = rng.choice((1, 1, 2, 8, 64))
        kind = rng.randrange(4)
        if kind == 0:
            changed[at : at + length] = rng.randbytes(length)
        elif kind == 1:
            del changed[at : at + length]
        elif kind == 2:
            changed[at:at] = rng.randbytes(length)
        else:
            changed[at:at] = changed[at : at + length] * rng.choice((2, 10))
    return bytes(changed)


def _word(rng: Random, words: Sequence[str]) -> str:
    kinds = [NUMBERS, SIGNS, WORDS, NAMES, TEXTS, *([words] * 3 if words else [])]
    return rng.choice(rng.choice(kinds))


def _replace_word(rng: Random, text: str, words: Sequence[str]) -> str:
    parts = _TOKEN.findall(text) or [""]
    parts[rng.randrange(len(parts))] = _word(rng, words)
    return "".join(parts)


def _insert_word(rng: Random, text: str, words: Sequence[str]) -> str:
    parts = _TOKEN.findall(text)
    parts.insert(rng.randrange(len(parts) + 1), _word(rng, words))
    return "".join(parts)


def _replace_number(rng: Random, text: str, words: Sequence[str]) -> str:
    found = list(_NUMBER.finditer(text))
    if not found:
        return _replace_word(rng, text, words)
    chosen = rng.choice(found)
    return f"{text[: chosen.start()]}{rng.choice(NUMBERS)}{text[chosen.end() :]}"


def _change_value(rng: Random, text: str, _: Sequence[str]) -> str:
    """Put another value, of any kind, behind a key."""
    lines = text.split("\n")
    having = [index for index, line in enumerate(lines) if "=" in line]
    if not having:
        return text + rng.choice(TEXTS)
    index = rng.choice(having)
    key = lines[index].partition("=")[0]
    kind = rng.randrange(3)
    value = (f'"{expression(rng)}"', rng.choice(NUMBERS), rng.choice(TEXTS))[kind]
    lines[index] = f"{key}= {value}"
    return "\n".join(lines)


def _shuffle_lines(rng: Random, text: str, words: Sequence[str]) -> str:
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        name = _word(rng, words)
        lines.insert(at, rng.choice((f"[{name}]", f"[[{name}]]", f"{name} = {rng.choice(TEXTS)}")))
    return "\n".join(lines)


def _cut(rng: Random, text: str, _: Sequence[str]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] if rng.random() < 0.5 else text[:at] + text[at + rng.randrange(1, 20) :]


def _repeat(rng: Random, text: str, _: Sequence[str]) -> str:
    at = rng.randrange(len(text) + 1)
    part = text[at : at + rng.choice((1, 1, 3, 20))]
    return text[:at] + part * rng.choice((2, 3, 50, 1000)) + text[at:]


_CHANGES: Sequence[Callable[[Random, str, Sequence[str]], str]] = (
    _replace_word,
    _replace_word,
    _insert_word,
    _replace_number,
    _replace_number,
    _change_value,
    _change_value,
    _shuffle_lines,
    _shuffle_lines,
    _cut,
    _repeat,
)
