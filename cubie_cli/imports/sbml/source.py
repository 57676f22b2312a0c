"""What an SBML file says, as plain values: no library behind them, no meaning yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cubie_cli.imports.formulas import ONE, ZERO, Formula, choice, is_condition, names_in


@dataclass(frozen=True)
class Compartment:
    """A compartment; `size` is None where it is not given, `constant` is whether nothing changes it."""

    id: str
    size: float | None
    dimensions: float
    constant: bool = True


@dataclass(frozen=True)
class Species:
    """A species.

    Parameters
    ----------
    id, compartment
        Names.
    amount, concentration
        The initial value, given as one of them or not at all.
    in_amounts
        Whether its name stands for an amount in formulas, and not for a concentration.
    boundary
        Whether reactions leave it as it is.
    constant
        Whether nothing changes it.
    factor
        The quantity by which reactions' amounts are multiplied, if any.
    """

    id: str
    compartment: str
    amount: float | None = None
    concentration: float | None = None
    in_amounts: bool = False
    boundary: bool = False
    constant: bool = False
    factor: str | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter, or the stoichiometry of a species that has a name.

    `value` is None where it is not given, `constant` is whether nothing changes it.
    """

    id: str
    value: float | None
    constant: bool = True


@dataclass(frozen=True)
class Participant:
    """How many of a species a reaction makes, negative for what it uses up."""

    species: str
    stoichiometry: Formula


@dataclass(frozen=True)
class Reaction:
    """A reaction and its rate, an amount over time."""

    id: str
    rate: Formula
    participants: tuple[Participant, ...]


@dataclass(frozen=True)
class Event:
    """An event; see the specification of SBML for what its parts mean."""

    id: str
    trigger: Formula
    changes: Mapping[str, Formula]
    true_before: bool = True
    persistent: bool = True
    values_at_trigger: bool = True
    delay: Formula | None = None
    priority: Formula | None = None
    line: int | None = None

    @property
    def rank(self) -> Formula | None:
        """The priority as a number: 1 for what is true."""
        return choice(self.priority, ONE, ZERO) if self.priority and is_condition(self.priority) else self.priority


@dataclass
class Source:
    """A model in SBML.

    Parameters
    ----------
    level, version, title
        Of the file.
    compartments, species, parameters, reactions, events
        In the order of the file; parameters of a reaction among the others, by a name of their own.
    assignments, rates, initial
        Rules and initial assignments by the name of what they are for.
    stoichiometries
        Which of the parameters are stoichiometries that have a name.
    units, labels, time_unit, remarks, decided
        As in `ImportedModel`.
    """

    level: int
    version: int
    title: str
    compartments: list[Compartment] = field(default_factory=list)
    species: list[Species] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    assignments: dict[str, Formula] = field(default_factory=dict)
    rates: dict[str, Formula] = field(default_factory=dict)
    initial: dict[str, Formula] = field(default_factory=dict)
    stoichiometries: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    time_unit: str = ""
    remarks: dict[str, list[str]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)

    def needs(self, names: Iterable[str]) -> set[str]:
        """Return what some quantities depend on, by any number of assignment rules and rates of reactions."""
        formulas = {each.id: each.rate for each in self.reactions} | self.assignments
        found: set[str] = set()
        waiting = [*names]
        while waiting:
            formula = formulas.get(waiting.pop())
            new = [name for name in ({} if formula is None else names_in(formula)) if name not in found]
            found.update(new)
            waiting += new
        return found


def changed_by(source: Source, event: Event) -> set[str]:
    """Return the quantities that an event changes: with a size the concentrations in it."""
    return {*event.changes, *(each.id for each in source.species if each.compartment in event.changes)}


def taken_by(source: Source, event: Event) -> set[str]:
    """Return the quantities of which an event takes values when it is triggered."""
    taken = [*event.changes.values()] if event.values_at_trigger else []
    return needed_by(source, *taken, *([] if event.delay is None else [event.delay]))


def needed_by(source: Source, *formulas: Formula) -> set[str]:
    """Return the quantities that formulas depend on."""
    names = {name for formula in formulas for name in names_in(formula)}
    return names | source.needs(names)
