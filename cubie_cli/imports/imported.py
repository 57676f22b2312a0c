"""A model as an import reads it, whatever its format: quantities by the names of their source, formulas, remarks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cubie_cli.imports.formulas import ONE, ZERO, Formula


@dataclass(frozen=True)
class State:
    """A quantity with a derivative.

    Parameters
    ----------
    initial
        Its initial value, of any quantities.
    slope
        The right-hand side of its derivative.
    """

    initial: Formula
    slope: Formula


@dataclass(frozen=True)
class Table:
    """Forcing over time; the words are those of a driver."""

    times: tuple[float, ...]
    values: tuple[float, ...]
    method: str = "linear"
    outside: str = "hold"


@dataclass(frozen=True)
class Happening:
    """An event.

    Parameters
    ----------
    name
        What it is called in the source.
    changes
        What it sets, by name.
    at
        A time, of parameters; or
    when
        what crosses zero.
    direction
        Of crossings that count: "up", "down" or "both".
    remarks
        What was decided.
    stop
        Whether it ends the run.
    label
        What a person calls it.
    """

    name: str
    changes: Mapping[str, Formula]
    at: Formula | None = None
    when: Formula | None = None
    direction: str = "up"
    remarks: tuple[str, ...] = ()
    stop: bool = False
    label: str = ""


@dataclass(frozen=True)
class RunSettings:
    """What a source says of how it is to be solved, as values of the tables of a run configuration.

    Parameters
    ----------
    tables
        Values by table and key.
    remarks
        What was decided.
    """

    tables: Mapping[str, Mapping[str, object]]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runs:
    """The runs that a source tells of, by the names of the source.

    Parameters
    ----------
    labels
        What each run is called.
    columns
        What differs between them: numbers by quantity, one for each run.
    samples
        What quantities may be drawn from, as values of a sample.
    remarks
        What was decided of these.
    observables
        What is measured.
    """

    labels: tuple[str, ...]
    columns: Mapping[str, tuple[float, ...]]
    samples: Mapping[str, Mapping[str, object]]
    remarks: tuple[str, ...]
    observables: tuple[str, ...]


@dataclass
class ImportedModel:
    """A model that is read; readers fill it.

    Parameters
    ----------
    title
        Its name.
    format
        In words, such as "SBML level 3 version 2".
    states, parameters, observables, drivers
        By name, in the order in which they are written.
    events
        In the order in which they act.
    units
        By name.
    time_unit
        The time's.
    labels
        What a person calls a quantity, by its name.
    remarks
        What was decided of a quantity, by its name.
    decided
        What was decided of the model as a whole.
    settings
        What is said of solving it, if anything.
    runs
        Which runs are told of, if any are.
    start
        The time at which initial values are taken.
    """

    title: str
    format: str
    states: dict[str, State] = field(default_factory=dict)
    parameters: dict[str, Formula] = field(default_factory=dict)
    observables: dict[str, Formula] = field(default_factory=dict)
    drivers: dict[str, Table] = field(default_factory=dict)
    events: list[Happening] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    time_unit: str = ""
    settings: RunSettings | None = None
    runs: Runs | None = None
    start: float = 0.0

    def remark(self, name: str, text: str) -> None:
        """Note what was decided of a quantity, once."""
        known = self.remarks.setdefault(name, [])
        if text not in known:
            known.append(text)

    def clock(self) -> str:
        """Return the name of a state; where there is none, of one that is added, as a run needs one."""
        if not self.states:
            name = self.new_name("clock")
            self.states[name] = State(ZERO, ONE)
            self.remark(name, "nothing else has a rate of change, and a run needs a state")
        return next(iter(self.states))

    def new_parameter(self, name: str, value: Formula = ZERO) -> str:
        """Add a parameter, and return its name: another where that is taken."""
        name = self.new_name(name)
        self.parameters[name] = value
        return name

    def new_name(self, name: str) -> str:
        """Return a name, or another where that is taken."""
        while name in self.names:
            name = f"{name}_"
        return name

    @property
    def names(self) -> tuple[str, ...]:
        """All quantities, in the order of the tables."""
        return (*self.states, *self.parameters, *self.observables, *self.drivers)
