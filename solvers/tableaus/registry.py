"""All methods by name, each loaded from its module when it is first asked for."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
    from solvers.tableaus.fully_implicit import FullyImplicitTableau
    from solvers.tableaus.rosenbrock import RosenbrockTableau
    from solvers.tableaus.tableau import ButcherTableau

    #: Any implicit method.
    ImplicitTableau = DiagonallyImplicitTableau | FullyImplicitTableau | RosenbrockTableau

    #: Any method.
    Tableau = ButcherTableau | ImplicitTableau

_Tableau = TypeVar("_Tableau", bound="Tableau")


class Methods(Mapping[str, _Tableau]):
    """Name -> method.

    Parameters
    ----------
    modules
        Modules of this package with the names of methods, which they define in capitals, in the order listed.
    """

    def __init__(self, *modules: tuple[str, tuple[str, ...]]) -> None:
        self._modules = {name: module for module, names in modules for name in names}

    def __getitem__(self, name: str) -> _Tableau:
        module = import_module(f"{__package__}.{self._modules[name]}")
        method: _Tableau = getattr(module, name.upper())
        return method

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Alias -> name."""
        return {alias: method.name for method in self.values() for alias in method.aliases}


#: The explicit methods.
TABLEAUS: "Methods[ButcherTableau]" = Methods(
    ("low_order", ("euler", "midpoint", "heun", "ralston", "rk4", "ssprk33", "bogacki_shampine32")),
    ("order_five", ("fehlberg45", "cash_karp54", "dormand_prince54", "tsit5")),
    ("vern6", ("vern6",)),
    ("vern7", ("vern7",)),
    ("vern8", ("vern8",)),
    ("vern9", ("vern9",)),
    ("dop853", ("dop853",)),
)

#: The implicit and linearly implicit methods.
IMPLICIT_TABLEAUS: "Methods[ImplicitTableau]" = Methods(
    ("low_order_implicit", ("backwards_euler", "backwards_euler_pc", "crank_nicolson", "implicit_midpoint")),
    ("low_order_implicit", ("trapezoidal", "sdirk2")),
    ("sdirk", ("sdirk3", "sdirk4")),
    ("low_order_implicit", ("tr_bdf2",)),
    ("kvaerno", ("kvaerno3", "kvaerno5")),
    ("kencarp", ("kencarp3", "kencarp4", "kencarp5")),
    ("gauss_legendre", ("gauss_legendre_2", "gauss_legendre_4", "gauss_legendre_6")),
    ("radau_iia", ("radau_iia_3", "radau_iia_5", "radau_iia_9")),
    ("lobatto_iiic", ("lobatto_iiic_4",)),
    ("rosenbrock_w", ("rosenbrock23",)),
    ("rosenbrock_three", ("ros3p", "rodas3", "rodas3p")),
    ("rodas4", ("rodas4", "rodas4p")),
    ("rodas5", ("rodas5", "rodas5p")),
    ("rosenbrock_w", ("ros34pw2", "ros34pw3")),
)


class UnknownAlgorithmError(ValueError):
    """No method has that name."""


def find(name: str) -> "Tableau":
    """Return the method of a name or alias; case, and hyphens for underscores, do not matter.

    Raises
    ------
    UnknownAlgorithmError
        With the nearest names.
    """
    key = name.lower().replace("-", "_")
    if key in TABLEAUS:
        return TABLEAUS[key]
    if key in IMPLICIT_TABLEAUS:
        return IMPLICIT_TABLEAUS[key]
    aliases = {**TABLEAUS.aliases, **IMPLICIT_TABLEAUS.aliases}
    if key in aliases:
        return find(aliases[key])
    names = [*TABLEAUS, *IMPLICIT_TABLEAUS]
    near = get_close_matches(key, [*names, *aliases], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    raise UnknownAlgorithmError(f"unknown algorithm {name!r}; {hint}")
