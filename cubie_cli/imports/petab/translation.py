"""Adds to a model what a PEtab problem says of it: values, observables, and a run for each condition."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from cubie_cli.imports.formulas import (
    Formula,
    Name,
    Number,
    choice,
    compare,
    names_in,
    substituted,
)
from cubie_cli.imports.imported import Happening, ImportedModel, Runs, RunSettings, State
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.petab.priors import sample_of
from cubie_cli.imports.petab.source import Observable, Parameter, Period, Problem

_CONDITION = "condition"


def add_problem(model: ImportedModel, problem: Problem) -> None:
    """Add a problem to its model.

    Raises
    ------
    NotRepresentableError
        Naming what cannot be imported.
    """
    _Adding(model, problem).add()


class _Adding:
    def __init__(self, model: ImportedModel, problem: Problem) -> None:
        self._model = model
        self._problem = problem
        #: The parameter that tells which condition a run is of; None while nothing needs it.
        self._condition: str | None = None

    def add(self) -> None:
        """Add values first, then what is made of them."""
        model, problem = self._model, self._problem
        model.decided += problem.decided
        self._check_times()
        for parameter in problem.parameters:
            self._add_value(parameter)
        observables = [name for each in problem.observables for name in self._add_observable(each)]
        columns = dict(self._add_starts())
        self._add_later_periods()
        samples, remarks = self._samples()
        model.decided.append("what is measured is left out, but for its times; so is how it scatters")
        labels = tuple(each.id for each in problem.experiments)
        if self._condition is not None:
            columns[self._condition] = tuple(map(float, range(len(labels))))
        if len(labels) > 1 and not columns:
            model.decided.append(f"all conditions come to the same run: {', '.join(labels)}")
        model.runs = Runs(labels, columns, samples, tuple(remarks), tuple(observables))
        model.settings = self._settings(tables=bool(columns))

    # -- times ----------------------------------------------------------------------------------

    def _check_times(self) -> None:
        starts = sorted({each.periods[0].time for each in self._problem.experiments})
        if not starts:
            raise NotRepresentableError("a problem without measurements", "runs are made for what is measured")
        if len(starts) > 1:
            raise NotRepresentableError(f"experiments that begin at different times, {starts[0]:g} and {starts[-1]:g},")
        self._model.start = starts[0]
        for each in self._problem.measurements:
            if not math.isfinite(each.time):
                hint = "give it a time by which nothing changes any more"
                raise NotRepresentableError(f"the measurement of {each.observable!r} in a steady state", hint)
            if each.time < starts[0]:
                raise NotRepresentableError(
                    f"the measurement of {each.observable!r} at {each.time:g}, before the start,"
                )

    def _settings(self, *, tables: bool) -> RunSettings:
        start = self._model.start
        times = sorted({each.time for each in self._problem.measurements})
        end = times[-1] if times[-1] > start else start + 1.0
        solve: dict[str, object] = {**({"t0": start} if start else {}), "t1": end, "rtol": 1e-6}
        remarks = ["Saves at the times of all measurements; each run has those of the others too."]
        found: dict[str, Mapping[str, object]] = {"solve": solve, "output": {"save_at": times}}
        if tables:
            remarks.append("Each row of the table is a condition. The tolerance is this program's, not the source's.")
        return RunSettings(found, tuple(remarks))

    # -- values and observables -----------------------------------------------------------------

    @cached_property
    def _used(self) -> set[str]:
        """What the model and formulas refer to, but those of noise."""
        problem = self._problem
        formulas = [each.formula for each in problem.observables]
        formulas += [formula for each in problem.measurements for formula in each.overrides]
        periods = [period for each in problem.experiments for period in each.periods]
        formulas += [formula for period in periods for formula in period.changes.values()]
        targets = (name for period in periods for name in period.changes)
        return {*self._model.names, *targets, *(name for each in formulas for name in names_in(each))}

    def _add_value(self, parameter: Parameter) -> None:
        model, name = self._model, parameter.id
        if name not in self._used:
            model.decided.append(f"the parameter {name!r} is left out: only noise, or nothing, uses it")
            return
        if name in model.names and name not in model.parameters:
            raise NotRepresentableError(f"the parameter {name!r}, which changes in the model,")
        if parameter.nominal is not None and math.isfinite(parameter.nominal):
            model.parameters[name] = Number(parameter.nominal)
        elif name in model.parameters:
            model.remark(name, "no nominal value is given: the model's is kept")
        else:
            raise NotRepresentableError(f"the parameter {name!r} without a nominal value", "give it one in the table")

    def _add_observable(self, observable: Observable) -> Iterator[str]:
        """Add an observable, once for each set of values that measurements put in for its placeholders."""
        model = self._model
        of_this = [each for each in self._problem.measurements if each.observable == observable.id]
        sets = list(dict.fromkeys(each.overrides for each in of_this))
        if not sets:
            model.decided.append(f"the observable {observable.id!r} is left out: nothing measures it")
        for number, overrides in enumerate(sets, 1):
            if len(overrides) != len(observable.placeholders):
                raise NotRepresentableError(f"a measurement of {observable.id!r} with {len(overrides)} parameters")
            name = observable.id if len(sets) == 1 else f"{observable.id}_{number}"
            if name in model.names:
                raise NotRepresentableError(f"the observable {name!r}, whose name the model has,")
            values = dict(zip(observable.placeholders, overrides, strict=True))
            formula = substituted(observable.formula, values)
            self._check_known(formula, f"the observable {name!r}")
            model.observables[name] = formula
            model.labels[name] = observable.label
            if len(sets) > 1:
                where = dict.fromkeys(each.experiment for each in of_this if each.overrides == overrides)
                model.remark(name, f"{observable.id} as it is measured in {', '.join(where)}")
            yield name

    def _check_known(self, formula: Formula, what: str) -> None:
        for name in names_in(formula):
            if name not in self._model.names:
                raise NotRepresentableError(f"{what}, which refers to {name!r}, that is unknown,")

    # -- conditions -----------------------------------------------------------------------------

    def _number(self) -> Name:
        """Return the number of a run's condition, a parameter that is made where it is first asked for."""
        if self._condition is None:
            name = _CONDITION
            while name in self._model.names:
                name = f"{name}_"
            labels = [f"{index} {each.id}" for index, each in enumerate(self._problem.experiments)]
            self._model.parameters[name] = Number(0.0)
            self._model.remark(name, f"the number of the condition: {', '.join(labels)}")
            self._condition = name
        return Name(self._condition)

    def _add_starts(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Give quantities what conditions set at the start; yield numbers that differ, to stand in a table."""
        first = [each.periods[0] for each in self._problem.experiments]
        for target in dict.fromkeys(name for period in first for name in period.changes):
            own = self._start_of(target)
            values = [self._changed(period, target, own) for period in first]
            numbers = [each.value for each in values if isinstance(each, Number)]
            if len(set(values)) == 1:
                self._set_start(target, values[0])
            elif len(numbers) == len(values):
                self._set_start(target, values[0])
                yield target, tuple(numbers)
            else:
                self._set_start(target, self._by_condition(values))

    def _changed(self, period: Period, target: str, own: Formula) -> Formula:
        found = period.changes.get(target)
        if found is None:
            return own
        others = [name for name in names_in(found) if name in period.changes and name != target]
        if others:
            raise NotRepresentableError(f"a condition that sets {target!r} by {others[0]!r}, which it sets too,")
        self._check_change(target, found)
        return substituted(found, {target: own})

    def _check_change(self, target: str, formula: Formula) -> None:
        if target in self._problem.fixed:
            raise NotRepresentableError(f"a condition that sets {target!r}, {self._problem.fixed[target]},")
        self._check_known(formula, f"the value of {target!r} in a condition")

    def _by_condition(self, values: Sequence[Formula], first: int = 0) -> Formula:
        """Return the value of a run's condition, told by its number, which is `first` or more.

        It is halved, as a chain of choices for hundreds of conditions would be too deep.
        """
        if len(set(values)) == 1:
            return values[0]
        half = len(values) // 2
        sides = (self._by_condition(values[:half], first), self._by_condition(values[half:], first + half))
        sign, bound = ("==", first) if len(values) == 2 else ("<", first + half)
        return choice(compare(sign, self._number(), Number(float(bound))), *sides)

    def _start_of(self, target: str) -> Formula:
        model = self._model
        if target in model.states:
            return model.states[target].initial
        if target in model.parameters:
            return model.parameters[target]
        hint = "conditions set parameters and initial values that are no sums or quotients of others"
        raise NotRepresentableError(f"a condition that sets {target!r}, which is computed from other quantities,", hint)

    def _set_start(self, target: str, value: Formula) -> None:
        model = self._model
        if target in model.states:
            model.states[target] = State(value, model.states[target].slope)
        else:
            model.parameters[target] = value

    def _add_later_periods(self) -> None:
        """Add an event for each time at which a later period of any experiment begins."""
        found: dict[float, dict[int, Period]] = {}
        for index, experiment in enumerate(self._problem.experiments):
            for period in experiment.periods[1:]:
                found.setdefault(period.time, {})[index] = period
        end = max(each.time for each in self._problem.measurements)
        for number, (time, periods) in enumerate(sorted(found.items()), 1):
            if time > end:
                self._model.decided.append(f"periods from {time:g} on are left out: nothing is measured in them")
                continue
            changes = self._changes_at(periods)
            if changes:
                name = f"period_{number}"
                told = ", ".join(self._problem.experiments[index].id for index in periods)
                remarks = (f"a period of {told} begins",)
                self._model.events.append(Happening(name, changes, at=Number(time), remarks=remarks))

    def _changes_at(self, periods: Mapping[int, Period]) -> Mapping[str, Formula]:
        """Return what is set when periods begin, by the number of the condition; in others all stays as it is."""
        targets = dict.fromkeys(target for period in periods.values() for target in period.changes)
        changes: dict[str, Formula] = {}
        for target in targets:
            self._start_of(target)
            values: list[Formula] = [Name(target)] * len(self._problem.experiments)
            for index, period in periods.items():
                if target in period.changes:
                    self._check_change(target, period.changes[target])
                    values[index] = period.changes[target]
            changes[target] = self._by_condition(values)
        return changes

    # -- samples --------------------------------------------------------------------------------

    def _samples(self) -> tuple[dict[str, Mapping[str, object]], list[str]]:
        """Return what estimated parameters are drawn from, and what was decided of these."""
        samples: dict[str, Mapping[str, object]] = {}
        remarks = []
        for each in self._problem.parameters:
            if each.prior is None or each.id not in self._used:
                continue
            values, told = sample_of(each.prior)
            if values is not None:
                samples[each.id] = values
            if told:
                remarks.append(f"{each.id} is {told}")
        return samples, remarks
