"""Events of SBML as events here: triggers become times, or what crosses zero."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import TIME, ZERO, Formula, Name, Number, difference, names_in, product, quotient, total
from cubie_cli.imports.imported import Happening, ImportedModel
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.source import Event, Source
from cubie_cli.imports.sbml.translation import Translation
from cubie_cli.imports.sbml.triggers import Trigger
from cubie_cli.imports.sbml.waiting import Slot, Waiting

#: How many firings of an event wait at a time, where nothing says that it is fewer.
_SLOTS = 4


def add_events(model: ImportedModel, translation: Translation) -> None:
    """Add the events of a model in SBML to it.

    Raises
    ------
    NotRepresentableError
        Naming the event and what of it has no counterpart.
    """
    keeping: list[Happening] = []
    events = _by_priority(translation.source.events, model)
    for position, event in enumerate(events):
        reader = _Reader(model, translation, event)
        if _takes_what_others_set(translation.source, event, events[:position]):
            kept, found = reader.kept_and_set()
            keeping += kept
        else:
            found = reader.happenings()
        if not found:
            model.decided.append(f"the event {event.id!r} never fires, and is left out")
        model.events += [replace(each, label=model.labels.get(event.id, "")) for each in found]
    model.events = keeping + model.events


def _by_priority(events: Sequence[Event], model: ImportedModel) -> list[Event]:
    """Return events in the order in which they act where they fire together: the highest priority first."""
    priorities: dict[str, float] = {}
    for event in events:
        if isinstance(event.priority, Number):
            priorities[event.id] = event.priority.value
        elif event.priority is not None and len(events) > 1:
            raise NotRepresentableError(f"the priority of the event {event.id!r}, which is no number,")
    if priorities:
        model.decided.append("events that fire together act in the order of their priorities, those without one last")
    return sorted(events, key=lambda event: -priorities.get(event.id, -float("inf")))


def _takes_what_others_set(source: Source, event: Event, earlier: Sequence[Event]) -> bool:
    """Return whether an event takes values of before the events that act at its moment, and sooner, set them."""
    if not event.values_at_trigger:
        return False
    together = [each for each in earlier if each.trigger == event.trigger and each.delay in (None, ZERO)]
    changed = {name for each in together for name in each.changes}
    changed |= {each.id for each in source.species if each.compartment in changed}
    formulas = [*event.changes.values(), *([] if event.delay is None else [event.delay])]
    taken = {name for formula in formulas for name in names_in(formula)}
    return not changed.isdisjoint(taken | source.needs(taken))


class _Reader:
    def __init__(self, model: ImportedModel, translation: Translation, event: Event) -> None:
        self._model = model
        self._translation = translation
        self._event = event
        self._trigger = Trigger(model, translation, event, list(model.remarks.get(event.id, ())))

    def happenings(self) -> list[Happening]:
        """Return what stands for an event, nothing for one that never fires."""
        event, trigger = self._event, self._trigger
        if event.delay in (None, ZERO):
            return trigger.rises(event.id, self._changes_of(event.changes))
        assert event.delay is not None  # noqa: S101 - just seen
        if trigger.time is not None and trigger.is_known(event.delay):
            return [] if trigger.never_rises else self._at_known_time(trigger.time, event.delay)
        waiting = self._waiting()
        begins = trigger.rises(trigger.name("trigger"), waiting.begun(total(TIME, event.delay)))
        ends = [self._after_delay(slot) for slot in waiting.slots]
        return [*begins, *ends, *trigger.calls_off(waiting.freed)] if begins else []

    def kept_and_set(self) -> tuple[list[Happening], list[Happening]]:
        """Return what keeps the values of the moment of a trigger, which has to come first, and what sets them."""
        event, trigger = self._event, self._trigger
        if event.delay not in (None, ZERO):
            found = self.happenings()
            keeping = [each for each in found if each.name in (trigger.name("trigger"), trigger.name("at_start"))]
            return keeping, [each for each in found if each not in keeping]
        kept, changes = self._kept()
        found = _Reader(self._model, self._translation, replace(event, changes=changes)).happenings()
        remarks = ("keeps values of before events that fire together with it",)
        return [replace(each, name=f"{each.name}_trigger", changes=kept, remarks=remarks) for each in found], found

    # -- after a delay --------------------------------------------------------------------------

    def _at_known_time(self, time: Formula, delay: Formula) -> list[Happening]:
        event, remarks = self._event, self._trigger.remarks
        if not event.persistent:
            remarks.append("not persistent, which makes no difference: its trigger stays true")
        later = total(time, delay)
        if isinstance(time, Number) and isinstance(delay, Number):
            later = Number(time.value + delay.value)
        if not self._to_keep():
            remarks.append("the time of the trigger, and the delay")
            return [Happening(event.id, self._changes_of(event.changes), at=later, remarks=tuple(remarks))]
        kept, changes = self._kept()
        keeps = (*remarks, "keeps the values of this time")
        return [
            Happening(self._trigger.name("trigger"), kept, at=time, remarks=keeps),
            Happening(event.id, self._changes_of(changes), at=later, remarks=("after the delay",)),
        ]

    def _waiting(self) -> Waiting:
        """Return the slots in which firings wait: one where each is over, or called off, before the next begins."""
        once = self._trigger.time is not None
        size = _SLOTS if self._event.persistent and not once else 1
        return Waiting(self._model, self._event.id, size, self._to_keep(), once)

    def _after_delay(self, slot: Slot) -> Happening:
        name = self._trigger.name(slot.part) if slot.part else self._event.id
        changes = self._changes_of({**self._event.changes, **slot.kept}) | slot.freed
        return Happening(name, changes, when=difference(TIME, Name(slot.due)), remarks=("after the delay",))

    def _to_keep(self) -> dict[str, Formula]:
        """Return what is set to values of the time of the trigger, where they may not be those of later."""
        event = self._event
        if not event.values_at_trigger:
            return {}
        return {name: formula for name, formula in event.changes.items() if not self._trigger.is_known(formula)}

    def _kept(self) -> tuple[dict[str, Formula], dict[str, Formula]]:
        """Return what is kept when an event is triggered, and what it sets then."""
        kept: dict[str, Formula] = {}
        changes = dict(self._event.changes)
        for name, formula in self._to_keep().items():
            holder = self._model.new_parameter(f"{name}_of_{self._event.id}")
            self._model.remark(holder, f"what the event {self._event.id} sets {name} to")
            kept[holder], changes[name] = formulas.as_number(formula), Name(holder)
        return kept, changes

    # -- what it does ---------------------------------------------------------------------------

    def _changes_of(self, changes: Mapping[str, Formula]) -> dict[str, Formula]:
        """Return what states and parameters become; amounts are those in the size of the moment before."""
        translation, found = self._translation, {}
        for name, formula in changes.items():
            held = translation.state_of(name)
            if held != name:
                size = translation.species[name].compartment
                formula = product(formula, Name(size))  # noqa: PLW2901 - of the same species
            if held not in self._model.states and held not in self._model.parameters:
                raise NotRepresentableError(f"a change of {name!r}, which has a rule, of the event {self._event.id!r}")
            found[held] = formulas.as_number(formula)
        return found | self._thinned(changes)

    def _thinned(self, changes: Mapping[str, Formula]) -> dict[str, Formula]:
        """Return concentrations with rules in compartments whose size is set: amounts do not change with it."""
        translation = self._translation
        return {
            name: quotient(
                product(changes.get(name, Name(name)), Name(species.compartment)), changes[species.compartment]
            )
            for name, species in translation.species.items()
            if species.compartment in changes
            and name in translation.source.rates
            and not translation.is_amount(species)
        }
