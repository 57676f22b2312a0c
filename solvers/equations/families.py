"""Equations of one form, as loops: compiled once, they look up in tables which quantities and numbers they read.

A ring, a grid, cells of a cable, sums over all others, mass action: such systems have thousands of equations and a
handful of forms. The terms of a long sum are a loop within the loop. Where each of a chain needs what the one before
came to, as a tridiagonal matrix is solved, the loop is within one over the links.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import sympy

from solvers.equations.forms import NUMBER, Form, Leaf, form_of
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, literals
from solvers.straightline.loops import Table, fold, for_each, looked_up
from solvers.straightline.record import INDEX

#: Equations of one form from which on they are a loop.
FEWEST_MEMBERS = 4
#: Links of a chain from which on they are a loop.
FEWEST_LINKS = 4
#: Times up to which terms of a sum are written out.
FEW_TERMS = 4


@dataclass(frozen=True, eq=False)
class Column:
    """What stands at one place of a form, member by member.

    Parameters
    ----------
    kind
        That of the quantities, or `NUMBER`.
    values
        Their positions, or the numbers.
    """

    kind: str
    values: tuple[float, ...]
    _tables: dict[str, Table] = field(default_factory=dict)

    @property
    def constant(self) -> bool:
        """Whether all members have the same there."""
        return len(set(self.values)) == 1

    def place(self, like: Any, i: Any) -> Any:
        """Return the position of a member's quantity."""
        if self._line is None:
            return looked_up(like, self._table(INDEX), i)
        first, stride = self._line
        return i * stride + first if stride else first

    @cached_property
    def _line(self) -> tuple[int, int] | None:
        """First position and stride where all lie on a line."""
        first = int(self.values[0])
        stride = int(self.values[1]) - first if len(self.values) > 1 else 0
        on_it = all(value == first + stride * k for k, value in enumerate(self.values))
        return (first, stride) if on_it else None

    def _table(self, dtype: str) -> Table:
        """Return the values as a table, the same at each use."""
        return self._tables.setdefault(dtype, Table(dtype, self.values))

    def read(self, sources: Mapping[str, Any], i: Any, precision: str) -> Any:
        """Return a member's quantity or number."""
        like = sources["y"]
        if self.kind == NUMBER:
            return looked_up(like, self._table(precision), i)
        return sources[self.kind][self.place(like, i)]


@dataclass(frozen=True)
class Body:
    """A form of some members, compiled.

    Parameters
    ----------
    program
        Its inputs are the columns, then what is added to them.
    columns
        What differs from member to member, and quantities.
    """

    program: Program
    columns: tuple[Column, ...]

    def evaluate(self, sources: Mapping[str, Any], i: Any, precision: str, *more: Any) -> Any:
        """Return the value of a member."""
        values = [column.read(sources, i, precision) for column in self.columns]
        (value,) = self.program.evaluate([*values, *more], literals(sources["y"], precision))
        return value


def make_body(forms: Sequence[Form], more: Sequence[sympy.Symbol], result: Any = None) -> Body:
    """Return the body of forms with one key.

    Parameters
    ----------
    more
        Symbols of the inputs after the columns; those of long sums first.
    result
        A function from the form's expression to what is computed; None: that itself.
    """
    columns, symbols, leaves = [], [], []
    for number, members in enumerate(zip(*(form.leaves for form in forms), strict=True)):
        column = Column(members[0].kind, tuple(leaf.value for leaf in members))
        if column.kind == NUMBER and column.constant:
            leaves.append(_as_number(column.values[0]))
            continue
        columns.append(column)
        symbols.append(sympy.Symbol(f"leaf{number}", real=True))
        leaves.append(symbols[-1])
    expression = forms[0].build(iter(leaves), iter(more))
    program = compile_program([*symbols, *more], [result(expression) if result else expression])
    return Body(program, tuple(columns))


def _as_number(value: float) -> Any:
    return sympy.Integer(int(value)) if abs(value) < 2**53 and value == int(value) else sympy.Float(value)


class _Shares:
    """How many each of some has, of what lies one after the other."""

    def __init__(self, counts: Sequence[int]) -> None:
        self._counts = Column("count", tuple(counts))
        self._firsts = Column("first", (0, *np.cumsum(counts[:-1]).tolist()))

    def of(self, like: Any, i: Any) -> tuple[Any, Any]:
        """Return where those of one begin, and how many they are."""
        return self._firsts.place(like, i), self._counts.place(like, i)


class _Sum:
    """A long sum of each member of a family.

    Parameters
    ----------
    terms
        For each member its terms.
    """

    def __init__(self, terms: Sequence[tuple[Form, ...]]) -> None:
        total = sympy.Symbol("total", real=True)
        rows = [form for each in terms for form in each]
        self._body = make_body(rows, [total], lambda expression: total + expression)
        self._shares = _Shares([len(each) for each in terms])

    @property
    def program(self) -> Program:
        """What is done for each term."""
        return self._body.program

    def evaluate(self, sources: Mapping[str, Any], i: Any, precision: str) -> Any:
        """Return the sum of a member."""
        like = sources["y"]
        first, count = self._shares.of(like, i)

        def add(j: Any, totals: tuple[Any, ...]) -> tuple[Any, ...]:
            return (self._body.evaluate(sources, first + j, precision, *totals),)

        (total,) = fold(like, count, (literals(like, precision)(0.0),), add, longest=FEW_TERMS)
        return total


class Member(NamedTuple):
    """An expression of a form, and the position of what it computes."""

    form: Form
    position: int


class Family:
    """Expressions of one form.

    Parameters
    ----------
    links
        The members; of a chain, for each link its own.
    """

    def __init__(self, links: Sequence[Sequence[Member]]) -> None:
        forms, positions = zip(*(member for link in links for member in link), strict=True)
        self.members = len(forms)
        self._shares = _Shares([len(link) for link in links])
        self._sums = [_Sum(terms) for terms in zip(*(form.sums for form in forms), strict=True)]
        symbols = [sympy.Symbol(f"sum{number}", real=True) for number in range(len(self._sums))]
        self._body = make_body(forms, symbols)
        self._results = Column("result", positions)

    @property
    def programs(self) -> list[Program]:
        """What the loops do."""
        return [self._body.program, *(each.program for each in self._sums)]

    def store(self, sources: Mapping[str, Any], out: Any, offset: int, precision: str, link: Any = 0) -> None:
        """Store the values of a link's members into an array, from an offset on."""
        first, count = self._shares.of(sources["y"], link)

        def one(k: Any) -> None:
            i = first + k
            sums = [each.evaluate(sources, i, precision) for each in self._sums]
            value = self._body.evaluate(sources, i, precision, *sums)
            out[self._results.place(sources["y"], i) + offset] = value

        for_each(sources["y"], count, one, longest=FEWEST_MEMBERS)


class ByForm(NamedTuple):
    """Expressions that need no other of them.

    Parameters
    ----------
    found
        Members by their forms.
    others
        Positions of those that may be members of nothing.
    """

    found: Mapping[str, Sequence[Member]]
    others: Sequence[int]

    @property
    def kind(self) -> tuple[frozenset[str], bool]:
        """Equal for links of one chain."""
        return frozenset(self.found), bool(self.others)


def by_form(
    expressions: Mapping[int, sympy.Expr], quantities: Mapping[sympy.Symbol, Leaf], others: frozenset[sympy.Symbol]
) -> ByForm:
    """Return expressions by their forms.

    Parameters
    ----------
    expressions
        By the positions of their results.
    quantities
        Symbols that members may read.
    others
        Symbols that members may not have.
    """
    found: dict[str, list[Member]] = defaultdict(list)
    alone = []
    for position, expression in expressions.items():
        if expression.free_symbols & others:
            alone.append(position)
            continue
        form = form_of(expression, quantities)
        found[form.key].append(Member(form, position))
    return ByForm(found, alone)


def chained(stages: Iterable[ByForm]) -> Iterator[Sequence[ByForm]]:
    """Yield stages, of which each needs those before, by themselves and, where their forms recur, as a chain."""
    for (_, others), alike in groupby(stages, key=lambda stage: stage.kind):
        links = list(alike)
        if len(links) >= FEWEST_LINKS and not others:
            yield links
        else:
            yield from ([link] for link in links)


def find_families(links: Sequence[ByForm]) -> tuple[list[Family], list[int]]:
    """Return families among expressions, and the positions of those that are alone: of a chain, none."""
    first, alone, families = links[0], [*links[0].others], []
    for key, members in first.found.items():
        if len(links) == 1 and len(members) < FEWEST_MEMBERS and not members[0].form.sums:
            alone += [member.position for member in members]
        else:
            families.append(Family([link.found[key] for link in links]))
    return families, sorted(alone)
