"""What a result tells of a model's events."""

from collections.abc import Iterator

from solvers.equations.quantities import EventFacts, Quantities
from solvers.planning.findings import Finding
from solvers.settings import Precision

#: When a run ended, where an event may end it.
END = "t_end"


def event_findings(quantities: Quantities, precision: Precision) -> tuple[Finding, ...]:
    """Return the findings of a model's events, in the order of their rows.

    Parameters
    ----------
    quantities
        The names, and what is known of the events.
    precision
        Of the recorded states and observables.
    """
    found = [finding for event in quantities.event_facts for finding in _of_event(event, quantities, precision)]
    if any(event.stop for event in quantities.event_facts):
        found.insert(0, Finding(END, "end of the run", units=quantities.units.get("t")))
    return tuple(found)


def count_of(event: EventFacts) -> str:
    """Return the name of the finding that tells how often an event fired."""
    return f"{event.name}_count"


def times_of(event: EventFacts) -> str:
    """Return the name of the finding that tells when it fired, which what is recorded then follows."""
    return f"{event.name}_time"


def _of_event(event: EventFacts, quantities: Quantities, precision: Precision) -> Iterator[Finding]:
    name, units = event.name, quantities.units
    yield Finding(count_of(event), f"how often {name} fired", "int32")
    if not event.first:
        return
    recorded = f"{name}_firing", event.first
    yield Finding(times_of(event), f"when {name} fired", "float64", units.get("t"), *recorded)
    values = [quantities.states[index] for index in event.states]
    values += [quantities.observables[index] for index in event.observables]
    for value in values:
        yield Finding(f"{name}_{value}", f"{value} when {name} fired", precision, units.get(value), *recorded)
