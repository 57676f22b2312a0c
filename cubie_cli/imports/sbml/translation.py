"""Gives what an SBML file says its meaning: quantities with initial values, equations and events."""

from collections.abc import Mapping
from functools import cached_property

from cubie_cli.imports.formulas import (
    ZERO,
    Formula,
    Name,
    Number,
    names_in,
    negative,
    product,
    quotient,
    substituted,
    total,
)
from cubie_cli.imports.imported import ImportedModel, State
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.source import Compartment, Parameter, Source, Species

_NO_REACTION = "nothing but events changes it"


class Translation:
    """How the quantities of a model in SBML are told apart.

    Compartments, parameters and stoichiometries are observables where they have an assignment rule, states where they
    have a rate rule, and parameters otherwise. Species are too, and states where reactions change them. The state is
    what the name stands for in formulas, an amount or a concentration; but an amount beside an observable where the
    compartment's size changes, so that nothing is lost.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.compartments = {each.id: each for each in source.compartments}
        self.species = {each.id: each for each in source.species}
        self._taken = {*self.compartments, *self.species, *(each.id for each in source.parameters)}
        self._taken |= {each.id for each in source.reactions}
        self._amounts: dict[str, str] = {}

    @cached_property
    def set_by_events(self) -> frozenset[str]:
        """Quantities that events set."""
        return frozenset(name for event in self.source.events for name in event.changes)

    def model(self) -> ImportedModel:
        """Return the model without its events."""
        source = self.source
        model = ImportedModel(source.title, f"SBML level {source.level} version {source.version}")
        model.labels, model.units, model.time_unit = dict(source.labels), dict(source.units), source.time_unit
        model.remarks = {name: list(remarks) for name, remarks in source.remarks.items()}
        model.decided = list(source.decided)
        changes = self._changes()
        for species in source.species:
            self._add_species(model, species, changes.get(species.id))
        for compartment in source.compartments:
            self._add_plain(model, compartment.id, self._size_given(compartment, model))
        for parameter in source.parameters:
            if parameter.id in self._plain_stoichiometries:
                continue
            self._add_plain(model, parameter.id, self._value_given(parameter, model))
        for reaction in source.reactions:
            model.observables[reaction.id] = reaction.rate
        return model

    # -- compartments and parameters ------------------------------------------------------------

    def _add_plain(self, model: ImportedModel, name: str, given: Formula | None) -> None:
        """Add a quantity that no reaction changes, with the value that is given for its start."""
        source = self.source
        if name in source.assignments:
            model.observables[name] = source.assignments[name]
            return
        if given is None:
            hint = "give it a value in the file"
            raise NotRepresentableError(f"the quantity {name!r}, which has no value,", hint)
        if name in source.rates:
            model.states[name] = State(given, source.rates[name])
        else:
            model.parameters[name] = given

    def _size_given(self, compartment: Compartment, model: ImportedModel) -> Formula | None:
        name = compartment.id
        if name in self.source.initial:
            return self.source.initial[name]
        if compartment.size is None and name not in self.source.assignments:
            model.remark(name, "no size is given: taken as 1")
            return Number(1.0)
        return None if compartment.size is None else Number(compartment.size)

    def _value_given(self, parameter: Parameter, model: ImportedModel) -> Formula | None:
        name = parameter.id
        if name in self.source.initial:
            return self.source.initial[name]
        needed = self._used | self.source.stoichiometries | self.source.assignments.keys()
        if parameter.value is None and name not in needed:
            model.remark(name, "no value is given, and nothing uses it")
            return ZERO
        return None if parameter.value is None else Number(parameter.value)

    @cached_property
    def _plain_stoichiometries(self) -> Mapping[str, Formula]:
        """Stoichiometries that have a name of which nothing makes use."""
        known = {each.id: each.value for each in self.source.parameters if each.id in self.source.stoichiometries}
        changed = {*self._used, *self.source.assignments, *self.source.initial, *self.set_by_events}
        return {name: Number(value) for name, value in known.items() if value is not None and name not in changed}

    @cached_property
    def _used(self) -> set[str]:
        """Names that formulas refer to, but stoichiometries, and those that have rates."""
        source = self.source
        formulas = [*source.assignments.values(), *source.rates.values(), *source.initial.values()]
        formulas += [reaction.rate for reaction in source.reactions]
        for event in source.events:
            formulas += [event.trigger, *event.changes.values()]
            formulas += [each for each in (event.delay, event.priority) if each is not None]
        factors = {each.factor for each in source.species if each.factor is not None}
        return {*source.rates, *factors, *(name for each in formulas for name in names_in(each))}

    # -- species --------------------------------------------------------------------------------

    def is_amount(self, species: Species) -> bool:
        """Return whether the name of a species stands for an amount."""
        return species.in_amounts or self.compartments[species.compartment].dimensions == 0

    def varies(self, compartment: str) -> bool:
        """Return whether a compartment's size changes in a run."""
        return (
            compartment in self.source.assignments
            or compartment in self.source.rates
            or (compartment in self.set_by_events)
        )

    def state_of(self, name: str) -> str:
        """Return the state or parameter that holds a species: its amount, where that is one beside it."""
        return self._amounts.get(name, name)

    def _add_species(self, model: ImportedModel, species: Species, change: Formula | None) -> None:
        name, source = species.id, self.source
        if name in source.assignments:
            model.observables[name] = source.assignments[name]
            return
        size = Name(species.compartment)
        if name in source.rates:
            model.states[name] = State(self._start(species, model), source.rates[name])
        elif not self.is_amount(species) and self.varies(species.compartment):
            amount = self._amount_name(name)
            self._hold(model, amount, self._amount_at_start(species, model), change)
            model.units[amount] = ""
            model.remark(amount, f"the amount of {name}: the size of {species.compartment} changes")
            model.observables[name] = quotient(Name(amount), size)
        else:
            slope = change if change is None or self.is_amount(species) else quotient(change, size)
            self._hold(model, name, self._start(species, model), slope)

    def _hold(self, model: ImportedModel, name: str, start: Formula, slope: Formula | None) -> None:
        """Add a species as a state where something changes it, else as a parameter."""
        if slope is not None:
            model.states[name] = State(start, slope)
        elif name in self.set_by_events or any(self.state_of(each) == name for each in self.set_by_events):
            model.states[name] = State(start, ZERO)
            model.remark(name, _NO_REACTION)
        else:
            model.parameters[name] = start

    def _amount_name(self, name: str) -> str:
        found = f"{name}_amount"
        while found in self._taken:
            found = f"{found}_"
        self._taken.add(found)
        self._amounts[name] = found
        return found

    def _start(self, species: Species, model: ImportedModel) -> Formula:
        """Return what a species' name stands for at the start."""
        name, size = species.id, Name(species.compartment)
        if name in self.source.initial:
            return self.source.initial[name]
        if species.amount is not None:
            given = Number(species.amount)
            return given if self.is_amount(species) or given == ZERO else quotient(given, size)
        if species.concentration is not None:
            given = Number(species.concentration)
            return product(given, size) if self.is_amount(species) and given != ZERO else given
        model.remark(name, "no initial value is given: taken as 0")
        return ZERO

    def _amount_at_start(self, species: Species, model: ImportedModel) -> Formula:
        if species.id not in self.source.initial and species.amount is not None:
            return Number(species.amount)
        start = self._start(species, model)
        return start if start == ZERO else product(start, Name(species.compartment))

    def _changes(self) -> Mapping[str, Formula]:
        """Return by species the rate at which reactions change its amount."""
        terms: dict[str, list[Formula]] = {}
        for reaction in self.source.reactions:
            for each in reaction.participants:
                species = self.species[each.species]
                if not (species.boundary or species.constant):
                    stoichiometry = substituted(each.stoichiometry, self._plain_stoichiometries)
                    terms.setdefault(each.species, []).append(_times(stoichiometry, Name(reaction.id)))
        return {name: self._converted(name, total(*found)) for name, found in terms.items()}

    def _converted(self, name: str, change: Formula) -> Formula:
        factor = self.species[name].factor
        return change if factor is None else product(Name(factor), change)


def _times(stoichiometry: Formula, rate: Formula) -> Formula:
    if stoichiometry == Number(-1.0):
        return negative(rate)
    if isinstance(stoichiometry, Number) and stoichiometry.value < 0:
        return negative(product(Number(-stoichiometry.value), rate))
    return product(stoichiometry, rate)
