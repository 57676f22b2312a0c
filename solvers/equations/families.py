"""Equations of one form, as loops: compiled once, they look up in tables which quantities and numbers they read.

A ring, a grid, cells of a cable, sums over all others, mass action: such systems have thousands of equations and a
handful of forms. The terms of a long sum are a loop within the loop.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from solvers.equations.forms import NUMBER, Form, Leaf, form_of
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, literals
from solvers.straightline.loops import Table, fold, for_each, looked_up
from solvers.straightline.record import INDEX

#: Equations of one form from which on they are a loop.
FEWEST_MEMBERS = 4
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
        self._counts = Column("count", tuple(len(each) for each in terms))
        self._firsts = Column("first", (0, *np.cumsum(self._counts.values[:-1]).tolist()))

    @property
    def program(self) -> Program:
        """What is done for each term."""
        return self._body.program

    def evaluate(self, sources: Mapping[str, Any], i: Any, precision: str) -> Any:
        """Return the sum of a member."""
        like = sources["y"]
        first = self._firsts.place(like, i)

        def add(j: Any, totals: tuple[Any, ...]) -> tuple[Any, ...]:
            return (self._body.evaluate(sources, first + j, precision, *totals),)

        count = self._counts.place(like, i)
        (total,) = fold(like, count, (literals(like, precision)(0.0),), add, longest=FEW_TERMS)
        return total


class Family:
    """Equations of one form.

    Parameters
    ----------
    forms
        Those of the members.
    results
        Positions of what they compute.
    """

    def __init__(self, forms: Sequence[Form], results: Sequence[int]) -> None:
        self.members = len(forms)
        self._sums = [_Sum(terms) for terms in zip(*(form.sums for form in forms), strict=True)]
        symbols = [sympy.Symbol(f"sum{number}", real=True) for number in range(len(self._sums))]
        self._body = make_body(forms, symbols)
        self._results = Column("result", tuple(results))

    @property
    def programs(self) -> list[Program]:
        """What the loops do."""
        return [self._body.program, *(each.program for each in self._sums)]

    def store(self, sources: Mapping[str, Any], out: Any, offset: int, precision: str) -> None:
        """Store all members' values into an array, from an offset on."""

        def one(i: Any) -> None:
            sums = [each.evaluate(sources, i, precision) for each in self._sums]
            value = self._body.evaluate(sources, i, precision, *sums)
            out[self._results.place(sources["y"], i) + offset] = value

        for_each(sources["y"], self.members, one, longest=FEWEST_MEMBERS)


def find_families(
    expressions: Mapping[int, sympy.Expr], quantities: Mapping[sympy.Symbol, Leaf], others: frozenset[sympy.Symbol]
) -> tuple[list[Family], list[int]]:
    """Return families among expressions, and the positions of those that are alone.

    Parameters
    ----------
    expressions
        By the positions of their results.
    quantities
        Symbols that members may read.
    others
        Symbols that members may not have.
    """
    found: dict[str, list[tuple[Form, int]]] = defaultdict(list)
    alone = []
    for position, expression in expressions.items():
        if expression.free_symbols & others:
            alone.append(position)
            continue
        form = form_of(expression, quantities)
        found[form.key].append((form, position))
    families = []
    for members in found.values():
        if len(members) < FEWEST_MEMBERS and not members[0][0].sums:
            alone += [position for _, position in members]
        else:
            forms, positions = zip(*members, strict=True)
            families.append(Family(forms, positions))
    return families, sorted(alone)
