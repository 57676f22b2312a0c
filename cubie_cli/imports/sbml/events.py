"""Events of SBML as events here: triggers become times, or what crosses zero."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import (
    FALSE,
    TIME,
    ZERO,
    Apply,
    Formula,
    Name,
    Number,
    call,
    difference,
    names_in,
    negative,
    product,
    quotient,
    total,
    uses,
)
from cubie_cli.imports.imported import Happening, ImportedModel
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.source import Event, Source
from cubie_cli.imports.sbml.translation import Translation

#: A time at which nothing is due.
_FAR = Number(1e30)


def _no_number(state: str) -> Formula:
    """Return a formula that has no value anywhere."""
    return call("sqrt", difference(Number(-1.0), call("abs", Name(state))))


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
        self._remarks = list(model.remarks.get(event.id, ()))

    def happenings(self) -> list[Happening]:
        """Return what stands for an event, nothing for one that never fires."""
        event = self._event
        due = self._due()
        if due is not None:
            return self._at_time(*due)
        delayed = event.delay not in (None, ZERO)
        name = self._trigger_name if delayed else event.id
        changes, later = self._waiting() if delayed else (self._changes(), [])
        found = []
        if not event.true_before and event.trigger != FALSE:
            found.append(self._at_start(changes))
        if names_in(event.trigger) or uses(event.trigger, "t"):
            when, direction = self._crossing()
            found.append(Happening(name, changes, when=when, direction=direction, remarks=tuple(self._remarks)))
            if delayed and not event.persistent:
                later.append(self._cancelled(when))
        return found + later if found else []

    def kept_and_set(self) -> tuple[list[Happening], list[Happening]]:
        """Return what keeps the values of the moment of a trigger, which has to come first, and what sets them."""
        event = self._event
        if event.delay not in (None, ZERO):
            found = self.happenings()
            keeping = [each for each in found if each.name in (self._trigger_name, self._start_name)]
            return keeping, [each for each in found if each not in keeping]
        kept, changes = self._kept()
        found = _Reader(self._model, self._translation, replace(event, changes=changes)).happenings()
        remarks = ("keeps values of before events that fire together with it",)
        return [replace(each, name=f"{each.name}_trigger", changes=kept, remarks=remarks) for each in found], found

    @property
    def _start_name(self) -> str:
        return f"{self._event.id}_at_start"

    @property
    def _trigger_name(self) -> str:
        return f"{self._event.id}_trigger"

    def _refused(self, what: str, hint: str | None = None) -> NotRepresentableError:
        return NotRepresentableError(f"{what} of the event {self._event.id!r}", hint)

    # -- at a time ------------------------------------------------------------------------------

    def _due(self) -> tuple[Formula, bool] | None:
        """Return the time from which on the trigger holds, if it is one, and whether it does not hold at that time."""
        trigger = self._event.trigger
        if not (isinstance(trigger, Apply) and trigger.operation in (">", ">=", "<", "<=", "==")):
            return None
        left, right = trigger.arguments
        sign = trigger.operation
        if right == TIME and sign in ("<", "<=", "=="):
            left, right, sign = right, left, {"<": ">", "<=": ">=", "==": "=="}[sign]
        if left != TIME or sign in ("<", "<=") or not self._is_known(right):
            return None
        return right, sign == ">"

    def _is_known(self, formula: Formula) -> bool:
        """Return whether a formula is one of parameters that nothing changes."""
        fixed = self._model.parameters.keys() - self._translation.set_by_events
        return not uses(formula, "t") and not uses(formula, "der") and all(name in fixed for name in names_in(formula))

    def _at_time(self, time: Formula, after: bool) -> list[Happening]:  # noqa: FBT001 - private, and named
        event = self._event
        if not event.true_before:
            time = Number(max(time.value, 0.0)) if isinstance(time, Number) else call("max", time, ZERO)
        elif isinstance(time, Number) and (time.value < 0 or (time.value == 0 and not after)):
            return []
        if event.delay in (None, ZERO):
            return [Happening(event.id, self._changes(), at=time, remarks=tuple(self._remarks))]
        delay = event.delay
        assert delay is not None  # noqa: S101 - just seen
        if not self._is_known(delay):
            changes, waiting = self._waiting()
            return [Happening(self._trigger_name, changes, at=time, remarks=tuple(self._remarks)), *waiting]
        if not event.persistent:
            self._remarks.append("not persistent, which makes no difference: its trigger stays true")
        later = total(time, delay)
        if isinstance(time, Number) and isinstance(delay, Number):
            later = Number(time.value + delay.value)
        if not event.values_at_trigger or all(self._is_known(each) for each in event.changes.values()):
            self._remarks.append("the time of the trigger, and the delay")
            return [Happening(event.id, self._changes(), at=later, remarks=tuple(self._remarks))]
        return self._kept_and_set(time, later)

    def _kept_and_set(self, time: Formula, later: Formula) -> list[Happening]:
        """Return an event that keeps values at the time of a trigger, and one that sets them after the delay."""
        kept, changes = self._kept()
        remarks = (*self._remarks, "keeps the values of this time")
        return [
            Happening(self._trigger_name, kept, at=time, remarks=remarks),
            Happening(self._event.id, self._changes_of(changes), at=later, remarks=("after the delay",)),
        ]

    def _kept(self) -> tuple[dict[str, Formula], dict[str, Formula]]:
        """Return what is kept when an event is triggered, and what is set to that after its delay."""
        event = self._event
        kept: dict[str, Formula] = {}
        changes: dict[str, Formula] = {}
        for name, formula in event.changes.items():
            holder = self._new_parameter(f"{name}_of_{event.id}", ZERO)
            self._model.remark(holder, f"what the event {event.id} sets {name} to")
            kept[holder], changes[name] = formulas.as_number(formula), Name(holder)
        return kept, changes

    def _new_parameter(self, name: str, value: Formula) -> str:
        while name in self._model.names:
            name = f"{name}_"
        self._model.parameters[name] = value
        return name

    # -- after a delay that begins at any moment ------------------------------------------------

    def _waiting(self) -> tuple[dict[str, Formula], list[Happening]]:
        """Return what a trigger sets, and the event after its delay.

        The time at which that is due is a parameter, far away while nothing waits.
        """
        event = self._event
        assert event.delay is not None  # noqa: S101 - there is one to wait for
        kept, changes = self._kept() if event.values_at_trigger else ({}, dict(event.changes))
        due = self._new_parameter(self._due_name, _FAR)
        self._model.remark(due, f"when the event {event.id} is due: {_FAR.value:g} while it does not wait")
        self._model.remark(
            due, "one firing waits at a time: a run in which it is triggered meanwhile ends as nonfinite"
        )
        waits = formulas.both(formulas.compare("<", TIME, Name(due)), formulas.compare("<", Name(due), _FAR))
        state = self._model.clock()
        first = {due: total(TIME, event.delay), state: formulas.choice(waits, _no_number(state), Name(state))}
        later = Happening(
            event.id,
            self._changes_of(changes),
            when=difference(TIME, Name(due)),
            remarks=("after the delay",),
        )
        return kept | first, [later]

    @property
    def _due_name(self) -> str:
        return f"{self._event.id}_due"

    def _cancelled(self, height: Formula) -> Happening:
        """Return an event that calls off what waits, where a trigger no longer holds."""
        remarks = ("not persistent: nothing waits any more where the trigger no longer holds",)
        return Happening(
            f"{self._event.id}_cancel", {self._due_name: _FAR}, when=height, direction="down", remarks=remarks
        )

    # -- where something crosses zero -----------------------------------------------------------

    def _crossing(self) -> tuple[Formula, str]:
        trigger = self._event.trigger
        if isinstance(trigger, Apply) and trigger.operation == "==":
            self._remarks.append("fires where both sides become equal")
            return difference(*trigger.arguments), "both"
        return self._height(trigger), "up"

    def _height(self, condition: Formula) -> Formula:
        """Return what is above zero where a condition holds, and below where it does not."""
        if not isinstance(condition, Apply):
            raise self._refused("a part of the trigger that is no condition", "compare it with something")
        sign, arguments = condition.operation, condition.arguments
        if sign in (">", ">="):
            return difference(*arguments)
        if sign in ("<", "<="):
            return difference(arguments[1], arguments[0])
        if sign == "not":
            return negative(self._height(arguments[0]))
        if sign in ("and", "or"):
            return call("min" if sign == "and" else "max", *map(self._height, arguments))
        if sign == "if":
            raise self._refused("a piecewise function in the trigger", "write it with 'and' and 'or'")
        raise self._refused(f"{sign!r} in the trigger", "compare with < or >")

    def _at_start(self, changes: Mapping[str, Formula]) -> Happening:
        """Return an event that acts at the start where its trigger holds there."""
        changes = {name: formulas.choice(self._event.trigger, formula, Name(name)) for name, formula in changes.items()}
        remark = "fires at the start where its trigger holds there"
        return Happening(self._start_name, changes, at=ZERO, remarks=(*self._remarks, remark))

    # -- what it does ---------------------------------------------------------------------------

    def _changes(self) -> dict[str, Formula]:
        return self._changes_of(self._event.changes)

    def _changes_of(self, changes: Mapping[str, Formula]) -> dict[str, Formula]:
        """Return what states and parameters become; amounts are those in the size of the moment before."""
        translation, found = self._translation, {}
        for name, formula in changes.items():
            held = translation.state_of(name)
            if held != name:
                size = translation.species[name].compartment
                formula = product(formula, Name(size))  # noqa: PLW2901 - of the same species
            if held not in self._model.states and held not in self._model.parameters:
                raise self._refused(f"a change of {name!r}, which has a rule,")
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
