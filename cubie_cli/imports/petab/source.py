"""What a PEtab problem says of simulation, as plain values: no library behind them, the same for both versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cubie_cli.imports.formulas import Formula


@dataclass(frozen=True)
class Prior:
    """What an estimated parameter may be.

    Parameters
    ----------
    lower, upper
        Its bounds.
    scale
        On which it is estimated: "lin", "log" or "log10".
    kind
        The distribution, in the words of version 1 or 2; None: all between the bounds.
    numbers
        Its parameters.
    """

    lower: float
    upper: float
    scale: str = "lin"
    kind: str | None = None
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A row of the parameter table; `nominal` is None where it is not given, `prior` where it is not estimated."""

    id: str
    nominal: float | None
    prior: Prior | None = None


@dataclass(frozen=True)
class Observable:
    """What is measured.

    Parameters
    ----------
    id, label
        Its name, and what a person calls it.
    formula
        Of the model's quantities, parameters and placeholders.
    placeholders
        What each measurement puts something in for.
    """

    id: str
    label: str
    formula: Formula
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """What a measurement is of: all but its value; `overrides` are put in for placeholders."""

    observable: str
    experiment: str
    time: float
    overrides: tuple[Formula, ...] = ()


@dataclass(frozen=True)
class Period:
    """From when on changes hold, and what they set to what."""

    time: float
    changes: Mapping[str, Formula]


@dataclass(frozen=True)
class Experiment:
    """What is simulated once; its first period begins it."""

    id: str
    periods: tuple[Period, ...]


@dataclass
class Problem:
    """A problem.

    Parameters
    ----------
    version
        Of the format.
    model
        The file of the model, in SBML.
    parameters, observables, measurements, experiments
        In the order of the tables; experiments that are measured.
    fixed
        Quantities that no condition may set here, and why.
    decided
        What was decided.
    """

    version: str
    model: Path
    parameters: list[Parameter] = field(default_factory=list)
    observables: list[Observable] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
