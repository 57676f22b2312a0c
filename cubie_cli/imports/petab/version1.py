"""Reads a problem in version 1 of PEtab."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from petab import v1

from cubie_cli.imports.formulas import Formula, names_in
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.petab.files import Files
from cubie_cli.imports.petab.library import invalid
from cubie_cli.imports.petab.mathematics import read_formula
from cubie_cli.imports.petab.source import Experiment, Measurement, Observable, Parameter, Period, Prior, Problem

Row = Mapping[str, Any]


def read_version_1(files: Files, path: Path, told: Sequence[str]) -> Problem:
    """Return a problem in version 1.

    Parameters
    ----------
    files, path
        The files, and the first of them.
    told
        Gets what the library logs.

    Raises
    ------
    UserError
        The library finds a mistake.
    NotRepresentableError
        Naming what cannot be imported.
    """
    source = v1.Problem.from_yaml(dict(files.configuration), base_path=str(path.parent))
    if v1.lint_problem(source):
        raise invalid(path, told[0] if told else "the checks of the PEtab library fail")
    problem = Problem("1", files.model)
    conditions = {str(row[v1.C.CONDITION_ID]): row for row in _rows(source.condition_df)}
    problem.parameters = [_parameter(row) for row in _rows(source.parameter_df)]
    problem.observables = [_observable(row) for row in _rows(source.observable_df)]
    problem.measurements = [_measurement(row) for row in _rows(source.measurement_df)]
    measured = dict.fromkeys(each.experiment for each in problem.measurements)
    problem.experiments = [Experiment(name, (Period(0.0, _changes(conditions[name])),)) for name in measured]
    idle = [name for name in conditions if name not in measured]
    if idle:
        problem.decided.append(f"conditions that no measurement refers to are left out: {', '.join(idle)}")
    return problem


def _rows(table: pd.DataFrame) -> Iterator[Row]:
    for row in table.reset_index().to_dict("records"):
        yield {str(name): cell for name, cell in row.items()}


def _given(row: Row, key: str) -> Any:
    """Return a cell; None where it is empty or there is no such column."""
    value = row.get(key)
    return None if value is None or pd.isna(value) or value == "" else value


def _parameter(row: Row) -> Parameter:
    nominal = _given(row, v1.C.NOMINAL_VALUE)
    name, value = str(row[v1.C.PARAMETER_ID]), None if nominal is None else float(nominal)
    return Parameter(name, value, _prior(row) if int(row[v1.C.ESTIMATE]) else None)


def _prior(row: Row) -> Prior:
    """Return what a parameter may be: where its estimation starts, or else what its estimate is held to."""
    scale = _given(row, v1.C.PARAMETER_SCALE) or "lin"
    lower, upper = (float(row[key]) for key in (v1.C.LOWER_BOUND, v1.C.UPPER_BOUND))
    for kind, numbers in (
        (v1.C.INITIALIZATION_PRIOR_TYPE, v1.C.INITIALIZATION_PRIOR_PARAMETERS),
        (v1.C.OBJECTIVE_PRIOR_TYPE, v1.C.OBJECTIVE_PRIOR_PARAMETERS),
    ):
        if _given(row, kind) is not None:
            given = str(_given(row, numbers) or "")
            return Prior(lower, upper, scale, _given(row, kind), tuple(map(float, filter(None, given.split(";")))))
    return Prior(lower, upper, scale)


def _observable(row: Row) -> Observable:
    name = str(row[v1.C.OBSERVABLE_ID])
    formula = read_formula(row[v1.C.OBSERVABLE_FORMULA])
    pattern = re.compile(rf"observableParameter([0-9]+)_{re.escape(name)}")
    found = [match for match in map(pattern.fullmatch, names_in(formula)) if match]
    placeholders = tuple(match[0] for match in sorted(found, key=lambda match: int(match[1])))
    return Observable(name, str(_given(row, v1.C.OBSERVABLE_NAME) or ""), formula, placeholders)


def _measurement(row: Row) -> Measurement:
    name, condition = str(row[v1.C.OBSERVABLE_ID]), str(row[v1.C.SIMULATION_CONDITION_ID])
    before = _given(row, v1.C.PREEQUILIBRATION_CONDITION_ID)
    if before is not None:
        hint = "leave its measurements out, or start them from values that are given"
        raise NotRepresentableError(f"the preequilibration {before!r}, a run until nothing changes any more,", hint)
    given = _given(row, v1.C.OBSERVABLE_PARAMETERS)
    overrides = tuple(read_formula(each.strip()) for each in str(given).split(";")) if given is not None else ()
    return Measurement(name, condition, float(row[v1.C.TIME]), overrides)


def _changes(row: Row) -> Mapping[str, Formula]:
    """Return what a condition sets; an empty cell leaves a quantity as it is."""
    aside = (v1.C.CONDITION_ID, v1.C.CONDITION_NAME)
    return {
        str(key): read_formula(_given(row, key)) for key in row if key not in aside and _given(row, key) is not None
    }
