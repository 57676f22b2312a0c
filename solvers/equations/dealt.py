"""Equations dealt among the threads of a run: each computes those of its own states, and asks others for theirs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from solvers.equations.depth import deep_recursion
from solvers.equations.early import time_first
from solvers.equations.families import Body, Column, make_body
from solvers.equations.forcing import Forcing
from solvers.equations.forms import NUMBER, Form, Leaf, form_of
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, evaluate_at, literals
from solvers.equations.system import System, parameter_symbol, state_symbol
from solvers.equations.timed import TimedParts
from solvers.straightline import literal
from solvers.straightline.dealing import Whole, chosen, deal
from solvers.straightline.loops import by_lane
from solvers.straightline.pool import PooledElements
from solvers.straightline.record import INDEX

#: All states of a run, by their own numbers.
States = Whole | PooledElements

#: The kind of a leaf that is the same for all lanes.
_PART = "part"


@dataclass(frozen=True)
class _Kind:
    """Expressions of one form.

    Parameters
    ----------
    body
        Their code.
    members
        The number of each among them, by its index.
    """

    body: Body
    members: Mapping[int, int]

    def operands(self, index: int) -> list[tuple[str, int]]:
        """Return the states and parameters that one is computed of, in the order of the form."""
        member = self.members[index]
        columns = (column for column in self.body.columns if column.kind in {"y", "p"})
        return [(column.kind, int(column.values[member])) for column in columns]

    def value(self, sources: Mapping[str, Any], row: Sequence[int | None], precision: str) -> Any:
        """Return the value of each lane's expression; None: of none."""
        members = [None if index is None else self.members[index] for index in row]
        inputs = [_read(column, sources, members, precision) for column in self.body.columns]
        (value,) = self.body.program.evaluate(inputs, literals(sources["p"], precision))
        return value


def _read(column: Column, sources: Mapping[str, Any], members: Sequence[int | None], precision: str) -> Any:
    """Return what stands at one place of a form, for each lane's member of a kind."""
    found = [None if member is None else column.values[member] for member in members]
    if column.kind == NUMBER:
        return by_lane(sources["p"], precision, found)
    places = [None if value is None else int(value) for value in found]
    if column.kind == "y":
        return sources["y"].by_lane(places)
    if column.kind == _PART:
        return _part(sources[_PART], places)
    return sources[column.kind][by_lane(sources["p"], INDEX, places)]


def _part(parts: Sequence[Any], places: Sequence[int | None]) -> Any:
    """Return for each lane one of some values."""
    found = None
    for place in dict.fromkeys(place for place in places if place is not None):
        value = parts[place]
        found = value if found is None else chosen([each == place for each in places], value, found)
    return found


class DealtExpressions:
    """Expressions over a system's quantities, each of which some thread of a run works out.

    Those of one form are worked out together; those that have conditions of time by all threads, one after the other.

    Parameters
    ----------
    system
        The equations.
    expressions
        What is computed.
    owners
        The state that each belongs to.
    precision
        "float64" or "float32".
    forcing
        The drivers.
    """

    def __init__(
        self,
        system: System,
        expressions: Sequence[Any],
        owners: Sequence[int],
        precision: str,
        forcing: Forcing,
    ) -> None:
        self._system, self._precision, self._forcing = system, precision, forcing
        with deep_recursion():
            parts = TimedParts(system)
            self._kinds, alone = _kinds(system, parts.taken_out(expressions), owners, parts.symbols.values())
            self._parts = parts.program(system, precision)
            early = time_first(precision, system)
            self._alone = {index: compile_program(system.inputs, [expressions[index]], (), early) for index in alone}
        self._kind_of: dict[int, int] = {
            index: number for number, kind in enumerate(self._kinds) for index in kind.members
        }

    @property
    def forms(self) -> int:
        """Forms of expressions, each of those with conditions of time its own."""
        return len(self._kinds) + len(self._alone)

    def kind(self, index: int) -> int:
        """Return what an expression has in common with others of its form, a negative number where it is alone."""
        return self._kind_of.get(index, -1 - index)

    def operands(self, index: int) -> list[tuple[str, int]]:
        """Return the states ("y") and parameters ("p") that an expression is computed of, none where it is alone."""
        return self._kinds[self._kind_of[index]].operands(index) if index in self._kind_of else []

    def reads(self, index: int) -> Sequence[int]:
        """Return the states that an expression is computed of, in the order of its form; none where it is alone."""
        return [position for kind, position in self.operands(index) if kind == "y"]

    def __str__(self) -> str:
        """Tell how many expressions of how many forms there are, and how many are worked out by all threads."""
        forms = "1 form" if len(self._kinds) == 1 else f"{len(self._kinds)} forms"
        return f"{forms}, {len(self._alone):,} done by each"

    def values(self, rows: Iterable[Sequence[int | None]], t: Any, states: States, p: Any) -> Iterator[Any]:
        """Yield for each row the value of the expression that each lane has in it, 0 where it has none.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        states, p
            All states; the array of all parameters.
        """
        sources = {"y": states, "p": p, _PART: self._evaluate(self._parts, t, states, p)}
        for row in rows:
            found = None
            for held, value in self._among(row, t, sources):
                found = value if found is None else chosen(held, value, found)
            nothing = literal(p, 0.0, self._precision)
            yield nothing if found is None else chosen([each is not None for each in row], found, nothing)

    def _among(self, row: Sequence[int | None], t: Any, sources: Mapping[str, Any]) -> Iterator[tuple[list[bool], Any]]:
        """Yield values of a row, a kind at a time: in which lanes it is one of those, and the value."""
        present = [index for index in row if index is not None]
        for number in dict.fromkeys(self._kind_of.get(index) for index in present):
            if number is None:
                continue
            own = [None if index is None or self._kind_of.get(index) != number else index for index in row]
            yield (
                [index is not None for index in own],
                self._kinds[number].value(sources, own, self._precision),
            )
        for index in present:
            if index in self._alone:
                (value,) = self._evaluate(self._alone[index], t, sources["y"], sources["p"])
                yield [each == index for each in row], value

    def _evaluate(self, program: Program, t: Any, states: States, p: Any) -> list[Any]:
        return evaluate_at(program, self._system, self._precision, t, states, p, forcing=self._forcing)


class DealtEquations:
    """The derivatives of a system's states, dealt among the threads of a run.

    Parameters
    ----------
    system
        The equations.
    named
        Observables that derivatives use, each over quantities and earlier ones.
    precision
        "float64" or "float32".
    lanes
        Threads of a run.
    forcing
        The drivers.

    Attributes
    ----------
    dealing
        Which thread has which state.
    """

    def __init__(
        self,
        system: System,
        named: Sequence[tuple[sympy.Symbol, sympy.Expr]],
        precision: str,
        lanes: int,
        forcing: Forcing,
    ) -> None:
        with deep_recursion():
            slopes = without_names(named, system.derivatives)
        states = range(len(slopes))
        self._slopes = DealtExpressions(system, slopes, states, precision, forcing)
        self.dealing = deal([*map(self._slopes.kind, states)], [*map(self._slopes.reads, states)], lanes)

    @property
    def forms(self) -> int:
        """Forms of equations, each of those with conditions of time its own."""
        return self._slopes.forms

    def __str__(self) -> str:
        """Tell how many equations are dealt, and among how many threads."""
        count = sum(self._slopes.kind(state) >= 0 for state in self.dealing.places)
        return f"{count:,} dealt among {self.dealing.lanes} threads over {self._slopes}"

    def values(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the slopes of a thread's states; see `DealtExpressions.values`."""
        return [*self._slopes.values(self.dealing.slots, t, Whole(y, self.dealing), p)]


def without_names(named: Sequence[tuple[sympy.Symbol, sympy.Expr]], expressions: Iterable[Any]) -> list[Any]:
    """Return expressions with what they use put in place of its names."""
    known: dict[sympy.Symbol, sympy.Expr] = {}
    for symbol, expression in named:
        known[symbol] = expression.xreplace(known)
    return [expression.xreplace(known) for expression in expressions]


def _kinds(
    system: System, expressions: Sequence[Any], owners: Sequence[int], parts: Iterable[sympy.Symbol]
) -> tuple[list[_Kind], list[int]]:
    """Return expressions by their forms, and the indices of those that have time or drivers besides some parts."""
    count = len(system.states)
    symbols = ("y", state_symbol, count), ("p", parameter_symbol, len(system.parameters))
    quantities = {symbol(k): Leaf(kind, k) for kind, symbol, number in symbols for k in range(number)}
    quantities |= {symbol: Leaf(_PART, k) for k, symbol in enumerate(parts)}
    others = frozenset(system.inputs) - quantities.keys()
    found: dict[str, list[tuple[int, Form]]] = defaultdict(list)
    alone = []
    for index, (expression, state) in enumerate(zip(expressions, owners, strict=True)):
        if expression.free_symbols & others:
            alone.append(index)
            continue

        def around(leaf: Leaf, state: int = state) -> float:
            """Return how far on a state is: neighbours then come in one order all around a ring."""
            return (leaf.value - state) % count if leaf.kind == "y" else leaf.value

        form = form_of(expression, quantities, around)
        found[form.key].append((index, form))
    kinds = []
    for members in found.values():
        indices, forms = zip(*members, strict=True)
        kinds.append(_Kind(make_body(forms, ()), {index: number for number, index in enumerate(indices)}))
    return kinds, alone
