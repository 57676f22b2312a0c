"""Reads a problem in version 2 of PEtab."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from petab import v2

from cubie_cli.imports.formulas import Formula
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.petab.files import Files
from cubie_cli.imports.petab.library import invalid
from cubie_cli.imports.petab.mathematics import formula_of
from cubie_cli.imports.petab.source import Experiment, Measurement, Observable, Parameter, Period, Prior, Problem

#: What measurements without an experiment are of: the model as it is.
_AS_IS = "the model as it is"


def read_version_2(files: Files, path: Path, _told: Sequence[str]) -> Problem:
    """Return a problem in version 2; see `read_version_1`."""
    source = v2.Problem.from_yaml(dict(files.configuration), base_path=str(path.parent))
    wrong = [each.message for each in source.validate() if each.level >= v2.lint.ValidationIssueSeverity.ERROR]
    if wrong:
        raise invalid(path, wrong[0])
    problem = Problem("2", files.model)
    problem.parameters = [_parameter(each) for each in source.parameters]
    problem.observables = [_observable(each) for each in source.observables]
    problem.measurements = [_measurement(each) for each in source.measurements]
    measured = dict.fromkeys(each.experiment for each in problem.measurements)
    changes = {
        each.id: {change.target_id: formula_of(change.target_value) for change in each.changes}
        for each in source.conditions
    }
    known = {each.id: _experiment(each, changes) for each in source.experiments}
    problem.experiments = [known.get(name, Experiment(name, (Period(0.0, {}),))) for name in measured]
    idle = [name for name in known if name not in measured]
    if idle:
        problem.decided.append(f"experiments that no measurement refers to are left out: {', '.join(idle)}")
    compartments = source.model.sbml_model.getListOfCompartments()
    problem.fixed = {each.getId(): "the size of a compartment" for each in compartments}
    return problem


def _parameter(source: v2.Parameter) -> Parameter:
    if not source.estimate:
        return Parameter(source.id, source.nominal_value)
    kind = source.prior_distribution
    prior = Prior(source.lb, source.ub, kind=kind and str(kind), numbers=tuple(source.prior_parameters))
    return Parameter(source.id, source.nominal_value, prior)


def _observable(source: v2.Observable) -> Observable:
    placeholders = tuple(str(each) for each in source.observable_placeholders)
    return Observable(source.id, source.name or "", formula_of(source.formula), placeholders)


def _measurement(source: v2.Measurement) -> Measurement:
    overrides = tuple(map(formula_of, source.observable_parameters))
    return Measurement(source.observable_id, source.experiment_id or _AS_IS, float(source.time), overrides)


def _experiment(source: v2.Experiment, changes: Mapping[str, Mapping[str, Formula]]) -> Experiment:
    if source.has_preequilibration:
        hint = "leave its measurements out, or start them from values that are given"
        raise NotRepresentableError(f"the preequilibration of {source.id!r}, a run until nothing changes,", hint)
    periods = [
        Period(float(each.time), {key: value for name in each.condition_ids for key, value in changes[name].items()})
        for each in source.sorted_periods
    ]
    return Experiment(source.id, tuple(periods))
