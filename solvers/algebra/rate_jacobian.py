"""The Jacobian of equations that are sums of rates, dealt by rows among the threads of a run."""

from functools import cached_property
from typing import Any

from solvers.algebra.row_layout import Place, RowLayout
from solvers.equations.dealt import DealtExpressions
from solvers.equations.rates import RateEquations
from solvers.straightline.pool import Pool


class RateJacobian:
    """Straight-line code for a thread's entries of J = df/dy, and for df/dt of its states.

    Parameters
    ----------
    equations
        f.

    Attributes
    ----------
    layout
        Where the factors of matrices alpha*I - J lie.
    size
        The number of rows that a thread has room for.
    pattern : tuple of Place or int
        Where entries lie that are not zero by structure; slots, for those on the diagonal.
    """

    def __init__(self, equations: RateEquations) -> None:
        jacobian = equations.jacobian
        self._equations, self._jacobian = equations, jacobian
        self.system, self.precision, self.uses_time = jacobian.system, jacobian.precision, jacobian.uses_time
        self.layout = layout = RowLayout(jacobian.pattern, equations.dealing, jacobian.precision)
        self.size = len(equations.dealing.slots)
        rows: dict[Place | int, Any] = dict(layout.entries.items())
        rows |= {slot: entries for slot, entries in enumerate(layout.diagonals) if any(entries)}
        self.pattern = tuple(rows)
        numbers = {entry: number for number, entry in enumerate(jacobian.pattern)}
        self._rows = [[None if each is None else numbers[each] for each in entries] for entries in rows.values()]

    @cached_property
    def _in_time(self) -> DealtExpressions:
        jacobian = self._jacobian
        slopes = jacobian.time_spelled_out
        return DealtExpressions(jacobian.system, slopes, range(len(slopes)), jacobian.precision, jacobian.forcing)

    # -- straight-line code ---------------------------------------------------------------------

    def entries(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the thread's entries in the order of `pattern`; see `RateSums.values`."""
        return self._equations.entries(self._rows, t, y, p)

    def pool(self, p: Any) -> Pool:
        """Return rows in which the threads of a run tell each other numbers, given the array of parameters."""
        return self._equations.pool(p)

    def time_derivative(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the derivatives df/dt of the thread's states, which stand still; drivers move."""
        states = self._equations.pooled(y, p)
        found = [*self._in_time.values(self._equations.dealing.slots, t, states, p)]
        states.settle()
        return found
