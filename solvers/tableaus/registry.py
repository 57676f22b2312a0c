"""All methods by name."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TypeVar

from solvers.tableaus import (
    dop853,
    gauss_legendre,
    kencarp,
    kvaerno,
    lobatto_iiic,
    low_order,
    low_order_implicit,
    order_five,
    radau_iia,
    rodas4,
    rodas5,
    rosenbrock_three,
    rosenbrock_w,
    sdirk,
    vern6,
    vern7,
    vern8,
    vern9,
)
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.tableau import ButcherTableau

#: Any implicit method.
ImplicitTableau = DiagonallyImplicitTableau | FullyImplicitTableau | RosenbrockTableau

#: Any method.
Tableau = ButcherTableau | ImplicitTableau

_Tableau = TypeVar("_Tableau", bound=Tableau)


def _by_name(methods: Iterable[_Tableau]) -> Mapping[str, _Tableau]:
    return MappingProxyType({method.name: method for method in methods})


def _by_alias(methods: Iterable[Tableau]) -> Mapping[str, str]:
    return MappingProxyType({alias: method.name for method in methods for alias in method.aliases})


#: Name -> method, of the methods there are steps for.
TABLEAUS: Mapping[str, ButcherTableau] = _by_name(
    (
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
)

#: Name -> method, of the implicit and linearly implicit ones.
IMPLICIT_TABLEAUS: Mapping[str, ImplicitTableau] = _by_name(
    (
        low_order_implicit.BACKWARDS_EULER,
        low_order_implicit.BACKWARDS_EULER_PC,
        low_order_implicit.CRANK_NICOLSON,
        low_order_implicit.IMPLICIT_MIDPOINT,
        low_order_implicit.TRAPEZOIDAL,
        low_order_implicit.SDIRK2,
        sdirk.SDIRK3,
        sdirk.SDIRK4,
        low_order_implicit.TR_BDF2,
        kvaerno.KVAERNO3,
        kvaerno.KVAERNO5,
        kencarp.KENCARP3,
        kencarp.KENCARP4,
        kencarp.KENCARP5,
        gauss_legendre.GAUSS_LEGENDRE_2,
        gauss_legendre.GAUSS_LEGENDRE_4,
        gauss_legendre.GAUSS_LEGENDRE_6,
        radau_iia.RADAU_IIA_3,
        radau_iia.RADAU_IIA_5,
        radau_iia.RADAU_IIA_9,
        lobatto_iiic.LOBATTO_IIIC_4,
        rosenbrock_w.ROSENBROCK23,
        rosenbrock_three.ROS3P,
        rosenbrock_three.RODAS3,
        rosenbrock_three.RODAS3P,
        rodas4.RODAS4,
        rodas4.RODAS4P,
        rodas5.RODAS5,
        rodas5.RODAS5P,
        rosenbrock_w.ROS34PW2,
        rosenbrock_w.ROS34PW3,
    )
)

#: Alias -> name, of the methods of `TABLEAUS` and of those of `IMPLICIT_TABLEAUS`.
ALIASES: Mapping[str, str] = _by_alias(TABLEAUS.values())
IMPLICIT_ALIASES: Mapping[str, str] = _by_alias(IMPLICIT_TABLEAUS.values())


class UnknownAlgorithmError(ValueError):
    """No method has that name."""


def find(name: str) -> ButcherTableau:
    """Return the method of `TABLEAUS` of a name or alias; case, and hyphens for underscores, do not matter.

    Raises
    ------
    UnknownAlgorithmError
        With the nearest names.
    """
    return _find(name, TABLEAUS, ALIASES)


def find_any(name: str) -> Tableau:
    """Return the method of a name or alias, explicit or implicit; otherwise as `find`.

    Raises
    ------
    UnknownAlgorithmError
        With the nearest names.
    """
    return _find(name, {**TABLEAUS, **IMPLICIT_TABLEAUS}, {**ALIASES, **IMPLICIT_ALIASES})


def _find(name: str, methods: Mapping[str, _Tableau], aliases: Mapping[str, str]) -> _Tableau:
    key = name.lower().replace("-", "_")
    key = aliases.get(key, key)
    if key in methods:
        return methods[key]
    near = get_close_matches(key, [*methods, *aliases], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(methods)}"
    raise UnknownAlgorithmError(f"unknown algorithm {name!r}; {hint}")
