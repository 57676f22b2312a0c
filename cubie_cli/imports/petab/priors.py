"""What an estimated parameter may be, as values of a sample."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cubie_cli.imports.petab.source import Prior

Values = dict[str, object]
#: From the scale of a parameter to its values.
_BACK: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"lin": float, "log": math.exp, "log10": lambda power: 10.0**power}
)
_FACTORS: Mapping[str, float] = MappingProxyType({"log": 1.0, "log10": math.log(10.0)})


def sample_of(prior: Prior) -> tuple[Values | None, str]:
    """Return the values of a sample that a parameter is drawn from, None where it has none, and what was decided."""
    build = _KINDS.get(prior.kind or "")
    if prior.kind is not None and build is not None and len(prior.numbers) == 2:
        return build(prior, *prior.numbers), ""
    told = (
        ""
        if prior.kind is None or build
        else f"drawn between its bounds, as its prior, {prior.kind}, is not known here"
    )
    low, high = prior.lower, prior.upper
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return None, "not drawn, as it has no two finite bounds that differ"
    if prior.scale == "lin":
        return {"uniform": [low, high]}, told
    if low <= 0:
        return {"uniform": [low, high]}, told or f"drawn uniformly, as its bounds do not suit the scale {prior.scale}"
    return {"loguniform": [low, high]}, told


def _uniform(prior: Prior, low: float, high: float) -> Values:
    return {"uniform": [max(low, prior.lower), min(high, prior.upper)]}


def _log_uniform(prior: Prior, low: float, high: float) -> Values:
    return {"loguniform": [max(low, prior.lower), min(high, prior.upper)]}


def _normal(prior: Prior, mean: float, deviation: float) -> Values:
    return {"normal": [mean, deviation]} | _bounds(prior)


def _lognormal(prior: Prior, mean: float, deviation: float) -> Values:
    return {"lognormal": [math.exp(mean), deviation]} | _bounds(prior)


def _scaled_uniform(prior: Prior, low: float, high: float) -> Values:
    back = _BACK[prior.scale]
    return (_uniform if prior.scale == "lin" else _log_uniform)(prior, back(low), back(high))


def _scaled_normal(prior: Prior, mean: float, deviation: float) -> Values:
    if prior.scale == "lin":
        return _normal(prior, mean, deviation)
    return {"lognormal": [_BACK[prior.scale](mean), deviation * _FACTORS[prior.scale]]} | _bounds(prior)


def _bounds(prior: Prior) -> Values:
    return {key: each for key, each in (("min", prior.lower), ("max", prior.upper)) if math.isfinite(each)}


_KINDS: Mapping[str, Callable[[Prior, float, float], Values]] = MappingProxyType(
    {
        "uniform": _uniform,
        "log-uniform": _log_uniform,
        "normal": _normal,
        "logNormal": _lognormal,
        "log-normal": _lognormal,
        "parameterScaleUniform": _scaled_uniform,
        "parameterScaleNormal": _scaled_normal,
    }
)
