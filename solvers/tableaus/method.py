"""What all methods have in common: names, source, orders, controller, and that they check themselves."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from solvers.settings import ControllerKind
from solvers.tableaus.controller_defaults import CONTROLLERS, ControllerDefaults
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.order_conditions import Array, Row

#: Families of methods, as people call them.
Family = Literal["explicit", "DIRK", "FIRK", "Rosenbrock", "Rosenbrock-W"]

#: Largest relative residual of a row sum or an order condition that passes for rounding of the coefficients.
ROUNDING = 1e-14

#: Fractions of a step at which continuous weights are checked.
THETAS = (0.1, 0.35, 0.5, 0.8, 1.0)


class TableauError(ValueError):
    """Coefficients which contradict what is claimed of them."""


@dataclass(frozen=True, kw_only=True)
class Method(ABC):
    """A one-step method.

    Parameters
    ----------
    name, title
        The name in configurations; a title for people.
    source
        Author, title, journal, year.
    order
        Order p of y_new.
    embedded_orders
        Orders of the methods the error estimates compare with; none: there is no estimate.
    aliases
        Other names users may write.
    controller
        Controller settings published with the method or measured for it, where they differ from the usual ones.
    blind_to
        What the embedded estimate does not see; the continuous extension is looked at in each step instead.
    """

    name: str
    title: str
    source: str
    order: int
    embedded_orders: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    controller: ControllerDefaults | None = None
    blind_to: str = ""

    #: The controller of methods which have an error estimate and no controller of their own.
    usual_controller: ClassVar[ControllerKind] = "pi"

    @property
    def embedded_order(self) -> int | None:
        """Order of the (first) embedded method, or None."""
        return self.embedded_orders[0] if self.embedded_orders else None

    @property
    def error_order(self) -> int | None:
        """The q for which the error norm behaves as h^(q+1), or None without an estimate.

        The exponent of a step-size controller is 1/(q+1).
        """
        return min(self.order, *self.embedded_orders) if self.embedded_orders else None

    @property
    @abstractmethod
    def family(self) -> Family:
        """The family it belongs to."""

    @property
    @abstractmethod
    def dense_output(self) -> DenseOutput | None:
        """The continuous extension; a method without one has to land on the save times."""

    def controller_defaults(self, kind: ControllerKind | None = None) -> ControllerDefaults:
        """Return controller settings for this method.

        Parameters
        ----------
        kind
            The kind the user asked for; None: the method's own, else its family's with an estimate, "fixed" without.

        Raises
        ------
        ValueError
            If the kind adapts the step and the method has no error estimate.
        """
        usual = self.controller or CONTROLLERS[self.usual_controller if self.embedded_orders else "fixed"]
        if kind in {None, usual.kind}:
            return usual
        if kind != "fixed" and not self.embedded_orders:
            raise ValueError(f"{self.name} has no error estimate: it takes fixed steps only")
        return CONTROLLERS[kind]

    @abstractmethod
    def check(self) -> None:
        """Verify every claim, orders included.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """

    def _require_small(self, residual: float, message: str) -> None:
        self._require(residual <= ROUNDING, f"{message} (relative residual {residual:.1e})")

    def _require_row_sums(self, rows: tuple[Row, ...], sums: Row, what: str) -> None:
        for index, (row, wanted) in enumerate(zip(rows, sums, strict=True)):
            size = abs(wanted) + sum(map(abs, row))
            self._require(abs(sum(row) - wanted) <= ROUNDING * size, f"{what} {index} does not sum to its node")

    def _require_lengths(self, rows: tuple[Row, ...], first: int, what: str) -> None:
        """Require rows of first, first + 1, ... entries."""
        lengths = [len(row) for row in rows]
        self._require(lengths == list(range(first, first + len(rows))), f"{what} has the wrong length")

    def _require(self, holds: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
        if not holds:
            raise TableauError(f"{self.name}: {message}")


def lower(rows: tuple[Row, ...]) -> Array:
    """Return rows that end on or before the diagonal as a square matrix."""
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, : len(row)] = row
    return matrix
