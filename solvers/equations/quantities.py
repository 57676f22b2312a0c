"""The quantities of a model: names and values, which are known before any expression is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from solvers.equations.drivers import Driver


@dataclass(frozen=True)
class EventFacts:
    """What is known of an event without its expressions.

    Parameters
    ----------
    name
        What the result calls it.
    stop
        The firing that ends the run, from 1; 0: none does.
    first
        How many firings are recorded, from the first on.
    states, observables
        Positions of those whose values are recorded with the times.
    """

    name: str
    stop: int = 0
    first: int = 0
    states: tuple[int, ...] = ()
    observables: tuple[int, ...] = ()


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
    event_facts
        What is known of each event without its expressions.
    event_numbers
        Times of events that are numbers, by name: `events[0].start`, `events[2].times[5]` and so on.
    drivers
        Forcing from tables.
    """

    name: str
    states: tuple[str, ...]
    initial_values: tuple[float, ...]
    parameters: tuple[str, ...]
    parameter_values: tuple[float, ...]
    observables: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    event_facts: tuple[EventFacts, ...] = ()
    event_numbers: Mapping[str, float] = field(default_factory=dict)
    drivers: tuple[Driver, ...] = ()
