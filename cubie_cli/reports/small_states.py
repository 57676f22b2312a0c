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

    def warnings(self) -> Iterator[str]:
        """Yield a line for each such state, the first few of them."""
        rtol, names = self.exchange.solve.rtol, self.exchange.quantities.states
        for state, (count, largest) in list(self._found.items())[:_NAMED]:
            where = "" if count == self._runs else f" in {count:,} of {self._runs:,} runs"
            yield (
                f"{names[state]} never rose above atol/rtol = {self._limit(state):g}{where}, so its relative error was "
                f"not controlled: give atol for each state, with {names[state]} = {rtol * largest * 1e-3:.1g}, "
                "where it matters"
            )
        if len(self._found) > _NAMED:
            yield f"{len(self._found) - _NAMED} more states never rose above atol/rtol"

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
