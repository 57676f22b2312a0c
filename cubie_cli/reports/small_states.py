"""Finds the states that stayed so small that no tolerance controlled their relative error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from solvers.planning.exchange import Exchange, Solution
from solvers.status import Status

Array = np.ndarray

#: States that are named one by one.
_NAMED = 8


@dataclass
class SmallStates:
    """Counts, chunk by chunk, the runs in which a state never rose above atol/rtol, as far as was saved.

    States that are not saved are left out, and so are runs in which a state was 0 all the time: there was nothing to
    control.

    Parameters
    ----------
    exchange
        What is saved, the initial values and the tolerances.
    """

    exchange: Exchange
    _found: dict[int, tuple[int, float]] = field(default_factory=dict)
    _runs: int = 0

    def look(self, values: Array, solution: Solution) -> None:
        """Look at a chunk: swept values, (swept, runs), and what was computed."""
        if self.exchange.solve.dt is not None:
            return
        succeeded = np.isin(solution.status, [status for status in Status if status.succeeded])
        self._runs += int(succeeded.sum())
        for saved, state in zip(solution.variables, self.exchange.save.states, strict=False):
            small = np.flatnonzero(succeeded & (self._starts(state, values) <= self._limit(state)))
            for row in reversed(saved):  # the last of them first: most states that rise have risen by then
                # What a run that was stopped did not reach is NaN.
                small = small[~(np.abs(row[small]) > self._limit(state))]
                if not small.size:
                    break
            else:
                self._count(state, saved, small)

    def add(self, other: "SmallStates") -> None:
        """Count what another has seen of the same batch."""
        self._runs += other._runs  # noqa: SLF001 - they are alike
        for state, (count, largest) in other._found.items():  # noqa: SLF001 - likewise
            known, before = self._found.get(state, (0, 0.0))
            self._found[state] = (known + count, max(before, largest))

    def warnings(self) -> Iterator[str]:
        """Yield a line for each such state or vector, the first few of them."""
        names = self.exchange.quantities.states
        found: dict[str, list[int]] = {}
        for state in self._found:
            # Elements of a vector have its name and their indices.
            found.setdefault(names[state].partition("[")[0], []).append(state)
        for name, states in list(found.items())[:_NAMED]:
            yield self._one(names[states[0]], states) if len(states) == 1 else self._some(name, states)
        if len(found) > _NAMED:
            yield f"{len(found) - _NAMED} more states never rose above atol/rtol"

    def _one(self, name: str, states: Sequence[int]) -> str:
        (count, _), where = self._found[states[0]], ""
        if count != self._runs:
            where = f" in {count:,} of {self._runs:,} runs"
        return (
            f"{name} never rose above atol/rtol = {self._limit(states[0]):g}{where}, so its relative error was "
            f"not controlled: {self._remedy(name, states)}"
        )

    def _some(self, name: str, states: Sequence[int]) -> str:
        return (
            f"{len(states):,} elements of {name} never rose above atol/rtol = {self._limit(states[0]):g}, so their "
            f"relative errors were not controlled: {self._remedy(name, states)}"
        )

    def _remedy(self, name: str, states: Sequence[int]) -> str:
        largest = max(self._found[state][1] for state in states)
        wanted = self.exchange.solve.rtol * largest * 1e-3
        return f"give atol for each state, with {name} = {wanted:.1g}, where it matters"

    def _limit(self, state: int) -> float:
        return self.exchange.solve.atol[state] / self.exchange.solve.rtol

    def _starts(self, state: int, values: Array) -> Any:
        """Return the magnitudes of a state's initial values."""
        name = self.exchange.quantities.states[state]
        if name in self.exchange.swept:
            return abs(values[self.exchange.swept.index(name)])
        return abs(self.exchange.quantities.initial_values[state])

    def _count(self, state: int, saved: Sequence[Array], small: Array) -> None:
        sizes = np.fmax.reduce([np.abs(row[small]) for row in saved])
        if (sizes > 0).any():
            count, largest = self._found.get(state, (0, 0.0))
            self._found[state] = (count + int((sizes > 0).sum()), max(largest, float(np.fmax.reduce(sizes))))
