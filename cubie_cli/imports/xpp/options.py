"""Options of XPP (`@`) as a run configuration."""

from collections.abc import Mapping
from types import MappingProxyType

from cubie_cli.imports.imported import RunSettings
from cubie_cli.imports.mathematics import NotRepresentableError

_ADAPTIVE, _FIXED = "adaptive", "fixed"
#: Methods by the letters that tell them apart; what stands for them here.
_METHODS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "euler": ("euler", _FIXED),
        "modeuler": ("heun", _FIXED),
        "rungekutta": ("rk4", _FIXED),
        "backeul": ("backwards_euler", _FIXED),
        "adams": ("tsit5", _ADAPTIVE),
        "gear": ("rodas5p", _ADAPTIVE),
        "stiff": ("rodas5p", _ADAPTIVE),
        "cvode": ("kvaerno5", _ADAPTIVE),
        "qualrk": ("dormand_prince54", _ADAPTIVE),
        "5dp": ("dormand_prince54", _ADAPTIVE),
        "83dp": ("dop853", _ADAPTIVE),
        "2rb": ("rosenbrock23", _ADAPTIVE),
    }
)
_ALSO = {"rk4": "rungekutta", "runge": "rungekutta", "qualst.rk4": "qualrk", "mod.euler": "modeuler"}
_REFUSED = {"discrete": "difference equations", "volterra": "Volterra equations", "ymp": "a symplectic method"}
_NUMBERS = ("total", "dt", "t0", "trans", "njmp", "nout", "tol", "toler", "atol", "atoler", "bound", "bounds", "dtmax")
#: Fewer letters do not tell methods apart.
_LETTERS = 3


def options_of(text: str) -> dict[str, str]:
    """Return the options of a line without its `@`, by name."""
    pairs = text.replace(",", " ").replace(" =", "=").replace("= ", "=").split()
    return {name: value for name, sign, value in (pair.partition("=") for pair in pairs) if sign}


def run_settings(options: Mapping[str, str]) -> RunSettings:
    """Return what options say of solving, with XPP's defaults where they say nothing.

    Raises
    ------
    NotRepresentableError
        For a method of another kind of equation, and for what is no number.
    """
    numbers = {name: _number(name, options[name]) for name in _NUMBERS if name in options}
    start, total = numbers.get("t0", 0.0), numbers.get("total", 20.0)
    step = abs(numbers.get("dt", 0.05))
    if total <= 0 or step == 0:
        raise NotRepresentableError("a span or a step of zero or less in its options")
    method, algorithm, kind = _method(options.get("meth", options.get("method", "rungekutta")))
    remarks = [f"The method {method} of XPP: {algorithm}."]
    solve: dict[str, object] = {"t0": start, "t1": start + total, "algorithm": algorithm}
    if kind == _FIXED:
        solve["dt"] = step
    else:
        solve |= _tolerances(numbers, remarks)
    if numbers.get("trans"):
        remarks.append(f"XPP does not keep what is before trans = {numbers['trans']:g}; here all is kept.")
    if "bound" in numbers or "bounds" in numbers:
        remarks.append("XPP ends where a variable is beyond its bounds; here a run ends where one is not finite.")
    every = step * max(1.0, numbers.get("njmp", numbers.get("nout", 1.0)))
    return RunSettings({"solve": solve, "output": {"save_every": min(every, total)}}, tuple(remarks))


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotRepresentableError(f"the option {name}={text}, which is no number,") from None


def _method(written: str) -> tuple[str, str, str]:
    """Return a method's full name, what stands for it, and whether its steps are fixed."""
    name = _ALSO.get(written, written)
    known = [each for each in (*_METHODS, *_REFUSED) if each.startswith(name[: max(_LETTERS, len(name))])]
    if not known:
        raise NotRepresentableError(f"the method {written!r}", f"known: {', '.join(_METHODS)}")
    if known[0] in _REFUSED:
        raise NotRepresentableError(f"the method {known[0]!r}, for {_REFUSED[known[0]]},")
    return known[0], *_METHODS[known[0]]


def _tolerances(numbers: Mapping[str, float], remarks: list[str]) -> dict[str, object]:
    names = {"rtol": ("tol", "toler"), "atol": ("atol", "atoler"), "dt_max": ("dtmax",)}
    given = {
        key: next((numbers[each] for each in others if numbers.get(each, 0.0) > 0), None)
        for key, others in names.items()
    }
    if given["rtol"] is None:
        remarks.append("The tolerances are cubie's own, which are tighter than XPP's.")
    return {key: value for key, value in given.items() if value is not None}
