"""Units of CellML as texts, such as `millivolt/millisecond`."""

from typing import Any

_SPELLED = {"liter": "litre", "meter": "metre"}
_MOST_LEVELS = 20


def unit_text(units: Any, model: Any, level: int = 0) -> str:
    """Return units of libCellML as a text; empty where they have no plain one, or no dimension."""
    if units is None or level > _MOST_LEVELS:
        return ""
    name = _SPELLED.get(units.name(), units.name())
    if units.unitCount() == 0:
        known = model.units(units.name()) if level else None
        if known is not None and known.unitCount():
            return unit_text(known, model, level + 1)
        return "" if name == "dimensionless" else name
    above: list[str] = []
    below: list[str] = []
    for index in range(units.unitCount()):
        exponent = units.unitAttributeExponent(index)
        part = _part(units, index, model, level)
        if part is None or exponent == 0:
            return ""
        if part:
            written = part if abs(exponent) == 1 else f"{part}**{abs(exponent):g}"
            (above if exponent > 0 else below).append(written)
    return "/".join(["*".join(above) or "1", *below]) if above or below else ""


def _part(units: Any, index: int, model: Any, level: int) -> str | None:
    """Return one of the units that a unit is made of, with its prefix."""
    reference = units.unitAttributeReference(index)
    prefix, multiplier = units.unitAttributePrefix(index), units.unitAttributeMultiplier(index)
    known = model.units(reference)
    text = unit_text(known, model, level + 1) if known is not None else _SPELLED.get(reference, reference)
    if reference == "dimensionless":
        return "" if multiplier == 1 and not prefix else None
    compound = not text.isidentifier()
    if not text or (prefix and (compound or not prefix.isalpha())):
        return None
    written = f"({text})" if compound else f"{prefix}{text}"
    return written if multiplier == 1 else f"({multiplier:g}*{written})"
