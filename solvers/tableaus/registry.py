"""All explicit methods by name."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from solvers.tableaus import dop853, low_order, order_five, vern6, vern7, vern8, vern9
from solvers.tableaus.tableau import ButcherTableau

_ALL = (
    low_order.EULER,
    low_order.MIDPOINT,
    low_order.HEUN,
    low_order.RALSTON,
    low_order.RK4,
    low_order.SSPRK33,
    low_order.BOGACKI_SHAMPINE32,
    order_five.FEHLBERG45,
    order_five.CASH_KARP54,
    order_five.DORMAND_PRINCE54,
    order_five.TSIT5,
    vern6.VERN6,
    vern7.VERN7,
    vern8.VERN8,
    vern9.VERN9,
    dop853.DOP853,
)

#: Name -> method.
TABLEAUS: Mapping[str, ButcherTableau] = MappingProxyType({tableau.name: tableau for tableau in _ALL})

#: Alias -> name.
ALIASES: Mapping[str, str] = MappingProxyType({alias: tableau.name for tableau in _ALL for alias in tableau.aliases})


class UnknownAlgorithmError(ValueError):
    """No method has that name."""


def find(name: str) -> ButcherTableau:
    """Return the method of a name or alias; case, and hyphens for underscores, do not matter.

    Raises
    ------
    UnknownAlgorithmError
        With the nearest names.
    """
    key = name.lower().replace("-", "_")
    key = ALIASES.get(key, key)
    if key in TABLEAUS:
        return TABLEAUS[key]
    near = get_close_matches(key, [*TABLEAUS, *ALIASES], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(TABLEAUS)}"
    raise UnknownAlgorithmError(f"unknown algorithm {name!r}; {hint}")
