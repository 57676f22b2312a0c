"""The families of methods, as people call them."""

from typing import Literal

from solvers.tableaus import ButcherTableau, DiagonallyImplicitTableau, FullyImplicitTableau, RosenbrockTableau, Tableau

Family = Literal["explicit", "DIRK", "FIRK", "Rosenbrock", "Rosenbrock-W"]

#: Families whose stages are equations that Newton's method solves.
NEWTON_FAMILIES: tuple[Family, ...] = ("DIRK", "FIRK")


def family_of(method: Tableau) -> Family:
    """Return a method's family."""
    if isinstance(method, ButcherTableau):
        return "explicit"
    if isinstance(method, DiagonallyImplicitTableau):
        return "DIRK"
    if isinstance(method, FullyImplicitTableau):
        return "FIRK"
    assert isinstance(method, RosenbrockTableau)  # noqa: S101 - the last of the families
    return "Rosenbrock-W" if method.w_order else "Rosenbrock"
