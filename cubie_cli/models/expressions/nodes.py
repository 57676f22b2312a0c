"""What an expression says, as a tree; `syntax` makes it of a text, `parser` gives it a meaning.

Each node knows where its text begins. Nodes are equal only to themselves, so that what is found out about one is kept
by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A part of an expression."""

    offset: int

    @property
    def parts(self) -> "Iterator[Node]":
        """What it is made of."""
        for name in type(self).__slots__:
            yield from _nodes_in(getattr(self, name))

    @property
    def is_condition(self) -> bool:
        """Whether it holds or not, and is no number."""
        return isinstance(self, Comparison | Joined | Not)


def _nodes_in(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes_in(each)


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """A number as it is written, or binary64 where that is beyond small fractions."""

    value: Fraction | float


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """A name."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Element(Node):
    """An element of a vector: its name, an expression for each index, and where the bracket is."""

    text: str
    indices: tuple[Node, ...]
    bracket: int


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """A function of arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Power(Node):
    """A base and its exponent."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True, eq=False)
class Signed(Node):
    """A sign, 1.0 or -1.0, and what follows it."""

    sign: float
    operand: Node


@dataclass(frozen=True, slots=True, eq=False)
class Product(Node):
    """Factors, and divisors with the places of their signs."""

    factors: tuple[Node, ...]
    divisors: tuple[tuple[int, Node], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sum(Node):
    """The first term, and the others with the places of their signs and the signs."""

    first: Node
    others: tuple[tuple[int, str, Node], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Node):
    """What is compared first, and what with, each with the place of its sign and the sign."""

    first: Node
    links: tuple[tuple[int, str, Node], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Joined(Node):
    """Conditions with one word between them, "and" or "or"."""

    word: str
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not(Node):
    """The opposite of a condition."""

    condition: Node


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Node):
    """A value where a condition holds, and one elsewhere."""

    value: Node
    condition: Node
    otherwise: Node
