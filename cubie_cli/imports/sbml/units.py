"""Units of SBML as texts, such as `millimole/litre`."""

from typing import Any

import libsbml

_PREFIXES = {3: "kilo", 6: "mega", 9: "giga", -2: "centi", -3: "milli", -6: "micro", -9: "nano", -12: "pico"} | {
    -15: "femto",
    -18: "atto",
}
_NAMED = {("second", 60.0): "minute", ("second", 3600.0): "hour", ("second", 86400.0): "day"}
#: Powers of ten beyond this are no unit's.
_LARGEST_SCALE = 100
_SPELLED = {"liter": "litre", "meter": "metre", "item": "count", "avogadro": ""}


def unit_text(definition: Any) -> str:
    """Return a unit definition of libSBML as a text; empty where there is none, or it has no plain one."""
    if definition is None:
        return ""
    units = [definition.getUnit(index) for index in range(definition.getNumUnits())]
    above: list[str] = []
    below: list[str] = []
    for unit in units:
        name, exponent = _name(unit), unit.getExponentAsDouble()
        if name is None or exponent == 0:
            return ""
        if name:
            written = name if abs(exponent) == 1 else f"{name}**{abs(exponent):g}"
            (above if exponent > 0 else below).append(written)
    if not above and not below:
        return ""
    return "/".join(["*".join(above) or "1", *below])


def _name(unit: Any) -> str | None:
    """Return a unit's name with its prefix, empty for what has no dimension, None where it has no plain one."""
    kind = libsbml.UnitKind_toString(unit.getKind())
    if kind == "(Invalid UnitKind)":
        return None
    multiplier, scale = unit.getMultiplier(), unit.getScale()
    if kind == "dimensionless":
        return "" if multiplier == 1 and scale == 0 else None
    kind = _SPELLED.get(kind, kind)
    if abs(scale) > _LARGEST_SCALE:
        return None
    named = _NAMED.get((kind, multiplier * 10.0**scale))
    if named is not None:
        return named
    if scale and scale not in _PREFIXES:
        return None
    prefixed = f"{_PREFIXES.get(scale, '')}{kind}"
    return prefixed if multiplier == 1 else f"({multiplier:g}*{prefixed})"
