"""Events of SBML as events here: triggers become times, or what crosses zero."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import (
    TIME,
    ZERO,
    Formula,
    Name,
    Number,
    difference,
    product,
    quotient,
    total,
)
from cubie_cli.imports.imported import Happening, ImportedModel
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.source import Event, Source, changed_by, taken_by
from cubie_cli.imports.sbml.together import Together
from cubie_cli.imports.sbml.translation import Translation
from cubie_cli.imports.sbml.triggers import Trigger
from cubie_cli.imports.sbml.turns import Turns
from cubie_cli.imports.sbml.waiting import DUE, Slot, Waiting

#: How many firings of an event wait at a time, where nothing says that it is fewer.
_SLOTS = 4
#: How many at most, however many other events may trigger it at one moment.
_MOST = 16


def add_events(model: ImportedModel, translation: Translation) -> None:
    """Add the events of a model in SBML to it.

    Raises
    ------
    NotRepresentableError
        Naming the event and what of it has no counterpart.
    """
    source = translation.source
    priorities = {event.id: event.rank.value for event in source.events if isinstance(event.rank, Number)}
    if any(event.priority is not None for event in source.events):
        model.decided.append("events that fire together act in the order of their priorities, those without one last")
    events = sorted(source.events, key=lambda event: -priorities.get(event.id, -float("inf")))
    readers = [_Reader(model, translation, event) for event in events]
    times = {each.event.id: each.trigger.time for each in readers if each.trigger.time is not None}
    moments = {each.event.id: each.trigger.moments for each in readers}
    together = Together(source, events, priorities, times, moments)
    reason = together.reason()
    if reason is None:
        model.events = _in_order(readers, source)
    else:
        model.decided.append(f"events act in turns, and all triggers are looked at after each: {reason}")
        if together.ranked:
            readers.sort(key=lambda each: source.events.index(each.event))
        model.events = _in_turns(readers, model, together)


def _in_order(readers: Sequence["_Reader"], source: Source) -> list[Happening]:
    """Return events that act one after the other.

    Delays that begin, and what keeps values of before events act, come first: all triggers are looked at before any of
    them acts.
    """
    keeping: list[Happening] = []
    acting: list[Happening] = []
    for position, reader in enumerate(readers):
        earlier = [each.event for each in readers[:position]]
        if reader.is_delayed or _takes_what_others_set(source, reader.event, earlier):
            kept, found = reader.kept_and_set()
            keeping += reader.labelled(kept)
        else:
            found = reader.happenings()
        acting += reader.told(found)
    return keeping + acting


def _in_turns(readers: Sequence["_Reader"], model: ImportedModel, together: Together) -> list[Happening]:
    """Return events of which only one acts before all triggers are looked at again."""
    turns = Turns(model, together.ranked)
    looking: list[Happening] = [turns.given]
    acting: list[Happening] = []
    for reader in readers:
        looks, acts = reader.turns(turns, together.touching(reader.event))
        looking += looks
        acting += reader.told(acts)
    return looking + acting


def _takes_what_others_set(source: Source, event: Event, earlier: Sequence[Event]) -> bool:
    """Return whether an event takes values of before the events that act at its moment, and sooner, set them."""
    together = [each for each in earlier if each.trigger == event.trigger and each.delay in (None, ZERO)]
    changed = {name for each in together for name in changed_by(source, each)}
    return not changed.isdisjoint(taken_by(source, event))


class _Reader:
    def __init__(self, model: ImportedModel, translation: Translation, event: Event) -> None:
        self.event = event
        self._model = model
        self._translation = translation
        self.trigger = Trigger(model, translation, event, list(model.remarks.get(event.id, ())))

    @property
    def is_delayed(self) -> bool:
        """Whether it does not act when it is triggered."""
        return self.event.delay not in (None, ZERO)

    def told(self, found: Sequence[Happening]) -> list[Happening]:
        """Return what stands for an event with what a person calls it; where there is nothing, tell that."""
        if not found:
            self._model.decided.append(f"the event {self.event.id!r} never fires, and is left out")
        return self.labelled(found)

    def labelled(self, found: Sequence[Happening]) -> list[Happening]:
        """Return what stands for an event with what a person calls it."""
        return [replace(each, label=self._model.labels.get(self.event.id, "")) for each in found]

    def happenings(self) -> list[Happening]:
        """Return what stands for an event, nothing for one that never fires."""
        event, trigger = self.event, self.trigger
        if not self.is_delayed:
            return trigger.rises(event.id, self._changes_of(event.changes))
        assert event.delay is not None  # noqa: S101 - just seen
        if trigger.time is not None and trigger.is_known(event.delay):
            return [] if trigger.never_rises else self._at_known_time(trigger.time, event.delay)
        waiting = self._waiting(_SLOTS)
        begins = trigger.rises(trigger.name("trigger"), waiting.begun(total(TIME, event.delay)) | trigger.marked)
        ends = [self._after_delay(slot) for slot in waiting.slots]
        return [*begins, *ends, *trigger.calls_off(waiting.slots[0].is_taken, waiting.freed)] if begins else []

    def kept_and_set(self) -> tuple[list[Happening], list[Happening]]:
        """Return what keeps the values of the moment of a trigger, which has to come first, and what sets them."""
        event, trigger = self.event, self.trigger
        if self.is_delayed:
            found = self.happenings()
            keeping = [each for each in found if each.name in (trigger.name("trigger"), trigger.name("at_start"))]
            return keeping, [each for each in found if each not in keeping]
        kept, changes = self._kept()
        found = _Reader(self._model, self._translation, replace(event, changes=changes)).happenings()
        remarks = ("keeps values of before events that fire together with it",)
        return [replace(each, name=f"{each.name}_trigger", changes=kept, remarks=remarks) for each in found], found

    def turns(self, turns: Turns, touching: int) -> tuple[list[Happening], list[Happening]]:
        """Return what looks at the trigger and at delays, and what acts where it is its turn.

        Parameters
        ----------
        turns
            Who acts next.
        touching
            How many events may make the trigger true at one moment.
        """
        delay, trigger = self.event.delay or ZERO, self.trigger
        waiting = self._waiting(max(1 if delay == ZERO else _SLOTS, min(touching, _MOST)))
        due = DUE if delay == ZERO else total(TIME, delay)
        begins = trigger.rises(trigger.name("trigger"), waiting.begun(due) | trigger.marked)
        if not begins:
            return [], []
        over = [] if delay == ZERO else [self._due_now(slot) for slot in waiting.slots]
        turns.enter(waiting.slots, self.event.rank)
        acts = [self._in_turn(slot, turns) for slot in waiting.slots]
        return [*begins, *over, *trigger.calls_off(waiting.slots[0].is_taken, waiting.freed)], acts

    def _due_now(self, slot: Slot) -> Happening:
        name = self.trigger.name(f"over{slot.part and '_'}{slot.part}")
        return Happening(name, {slot.due: DUE}, when=difference(TIME, Name(slot.due)), remarks=("the delay is over",))

    def _in_turn(self, slot: Slot, turns: Turns) -> Happening:
        changes = self._changes_of({**self.event.changes, **slot.kept}) | slot.freed | turns.taken
        height = turns.height(slot, self.event.rank)
        return Happening(self._name_of(slot), changes, when=height, remarks=tuple(self.trigger.remarks))

    # -- after a delay --------------------------------------------------------------------------

    def _at_known_time(self, time: Formula, delay: Formula) -> list[Happening]:
        event, remarks = self.event, self.trigger.remarks
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
            Happening(self.trigger.name("trigger"), kept, at=time, remarks=keeps),
            Happening(event.id, self._changes_of(changes), at=later, remarks=("after the delay",)),
        ]

    def _waiting(self, size: int) -> Waiting:
        """Return the slots in which firings wait: one where each is over, or called off, before the next begins."""
        once = self.trigger.time is not None
        size = size if self.event.persistent and not once else 1
        return Waiting(self._model, self.event.id, size, self._to_keep(), once)

    def _after_delay(self, slot: Slot) -> Happening:
        changes = self._changes_of({**self.event.changes, **slot.kept}) | slot.freed
        remarks = ("after the delay",)
        return Happening(self._name_of(slot), changes, when=difference(TIME, Name(slot.due)), remarks=remarks)

    def _name_of(self, slot: Slot) -> str:
        return self.trigger.name(slot.part) if slot.part else self.event.id

    def _to_keep(self) -> dict[str, Formula]:
        """Return what is set to values of the time of the trigger, where they may not be those of later."""
        event = self.event
        if not event.values_at_trigger:
            return {}
        return {name: formula for name, formula in event.changes.items() if not self.trigger.is_known(formula)}

    def _kept(self) -> tuple[dict[str, Formula], dict[str, Formula]]:
        """Return what is kept when an event is triggered, and what it sets then."""
        kept: dict[str, Formula] = {}
        changes = dict(self.event.changes)
        for name, formula in self._to_keep().items():
            holder = self._model.new_parameter(f"{name}_of_{self.event.id}")
            self._model.remark(holder, f"what the event {self.event.id} sets {name} to")
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
                raise NotRepresentableError(f"a change of {name!r}, which has a rule, of the event {self.event.id!r}")
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
