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
from solvers.straightline.dealing import Dealing, Whole, chosen, deal, read
from solvers.straightline.loops import by_lane
from solvers.straightline.record import INDEX

#: The kind of a leaf that is the same for all lanes.
_PART = "part"


@dataclass(frozen=True)
class _Kind:
    """Equations of one form.

    Parameters
    ----------
    body
        Their code.
    members
        The number of each among them, by its state.
    """

    body: Body
    members: Mapping[int, int]

    def reads(self, state: int) -> list[int]:
        """Return the states that the slope of one is computed of, in the order of the form."""
        member = self.members[state]
        return [int(column.values[member]) for column in self.body.columns if column.kind == "y"]

    def value(self, sources: Mapping[str, Any], dealing: Dealing, states: Sequence[int | None], precision: str) -> Any:
        """Return the slope of each lane's state; None: of none."""
        members = [None if state is None else self.members[state] for state in states]
        inputs = [_read(column, sources, dealing, members, precision) for column in self.body.columns]
        (value,) = self.body.program.evaluate(inputs, literals(sources["y"], precision))
        return value


def _read(
    column: Column, sources: Mapping[str, Any], dealing: Dealing, members: Sequence[int | None], precision: str
) -> Any:
    """Return what stands at one place of a form, for each lane's member of a kind."""
    found = [None if member is None else column.values[member] for member in members]
    if column.kind == NUMBER:
        return by_lane(sources["y"], precision, found)
    places = [None if value is None else int(value) for value in found]
    if column.kind == "y":
        return read(sources["y"], dealing, places)
    if column.kind == _PART:
        return _part(sources[_PART], places)
    return sources[column.kind][by_lane(sources["y"], INDEX, places)]


def _part(parts: Sequence[Any], places: Sequence[int | None]) -> Any:
    """Return for each lane one of some values."""
    found = None
    for place in dict.fromkeys(place for place in places if place is not None):
        value = parts[place]
        found = value if found is None else chosen([each == place for each in places], value, found)
    return found


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
        self._system, self._precision, self._forcing = system, precision, forcing
        with deep_recursion():
            slopes, parts = _without(named, system.derivatives), TimedParts(system)
            self._kinds, alone = _kinds(system, parts.taken_out(slopes), parts.symbols.values())
            self._parts = parts.program(system, precision)
            early = time_first(precision, system)
            self._alone = {state: compile_program(system.inputs, [slopes[state]], (), early) for state in alone}
        self._kind_of: dict[int, int] = {
            state: number for number, kind in enumerate(self._kinds) for state in kind.members
        }
        kinds = [self._kind_of.get(state, -1 - state) for state in range(len(slopes))]
        reads = [self._kinds[kind].reads(state) if kind >= 0 else () for state, kind in enumerate(kinds)]
        self.dealing = deal(kinds, reads, lanes)

    @property
    def forms(self) -> int:
        """Forms of equations, each of those with conditions of time its own."""
        return len(self._kinds) + len(self._alone)

    def __str__(self) -> str:
        """Tell how many equations are dealt, and among how many threads."""
        count, kinds = len(self._kind_of), len(self._kinds)
        forms = "1 form" if kinds == 1 else f"{kinds} forms"
        return f"{count:,} dealt among {self.dealing.lanes} threads over {forms}, {len(self._alone):,} done by each"

    def store(self, t: Any, y: Any, p: Any, out: Any, offset: int = 0) -> None:
        """Store the slopes of a thread's states into `out`, from an offset on.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        y, p
            Arrays of the thread's states, and of all parameters.
        """
        sources = {"y": y, "p": p, _PART: self._evaluate(self._parts, t, y, p)}
        for slot, states in enumerate(self.dealing.slots):
            nothing = literal(y, 0.0, self._precision)
            slope = None
            for held, value in self._slopes(states, t, sources):
                slope = value if slope is None else chosen(held, value, slope)
            out[offset + slot] = (
                nothing if slope is None else chosen([each is not None for each in states], slope, nothing)
            )

    def _slopes(
        self, states: Sequence[int | None], t: Any, sources: Mapping[str, Any]
    ) -> Iterator[tuple[list[bool], Any]]:
        """Yield the slopes of a slot's states, a kind at a time: in which lanes it is one of those, and the slope."""
        present = [state for state in states if state is not None]
        for number in dict.fromkeys(self._kind_of.get(state) for state in present):
            if number is None:
                continue
            own = [None if state is None or self._kind_of.get(state) != number else state for state in states]
            value = self._kinds[number].value(sources, self.dealing, own, self._precision)
            yield [state is not None for state in own], value
        for state in present:
            if state in self._alone:
                (value,) = self._evaluate(self._alone[state], t, sources["y"], sources["p"])
                yield [each == state for each in states], value

    def _evaluate(self, program: Program, t: Any, y: Any, p: Any) -> list[Any]:
        whole = Whole(y, self.dealing)
        return evaluate_at(program, self._system, self._precision, t, whole, p, forcing=self._forcing)


def _without(named: Sequence[tuple[sympy.Symbol, sympy.Expr]], derivatives: Sequence[Any]) -> list[Any]:
    """Return derivatives with what they use put in place of its names."""
    known: dict[sympy.Symbol, sympy.Expr] = {}
    for symbol, expression in named:
        known[symbol] = expression.xreplace(known)
    return [expression.xreplace(known) for expression in derivatives]


def _kinds(system: System, slopes: Sequence[Any], parts: Iterable[sympy.Symbol]) -> tuple[list[_Kind], list[int]]:
    """Return equations by their forms, and the states whose equations have time or drivers besides some parts."""
    count = len(slopes)
    symbols = ("y", state_symbol, count), ("p", parameter_symbol, len(system.parameters))
    quantities = {symbol(k): Leaf(kind, k) for kind, symbol, number in symbols for k in range(number)}
    quantities |= {symbol: Leaf(_PART, k) for k, symbol in enumerate(parts)}
    others = frozenset(system.inputs) - quantities.keys()
    found: dict[str, list[tuple[int, Form]]] = defaultdict(list)
    alone = []
    for state, slope in enumerate(slopes):
        if slope.free_symbols & others:
            alone.append(state)
            continue

        def around(leaf: Leaf, state: int = state) -> float:
            """Return how far on a state is: neighbours then come in one order all around a ring."""
            return (leaf.value - state) % count if leaf.kind == "y" else leaf.value

        form = form_of(slope, quantities, around)
        found[form.key].append((state, form))
    kinds = []
    for members in found.values():
        states, forms = zip(*members, strict=True)
        kinds.append(_Kind(make_body(forms, ()), {state: number for number, state in enumerate(states)}))
    return kinds, alone
