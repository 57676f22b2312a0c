"""The quantities of a model: names and values, which are known before any expression is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Quantities:
    """Names and values of a system.

    Parameters
    ----------
    name
        A title for reports.
    states, initial_values
        Names and default initial values, in the order written.
    parameters, parameter_values
        Names and default values of what may be swept.
    observables
        Names; each is defined by earlier ones only.
    units
        Optional unit by name.
    """

    name: str
    states: tuple[str, ...]
    initial_values: tuple[float, ...]
    parameters: tuple[str, ...]
    parameter_values: tuple[float, ...]
    observables: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
