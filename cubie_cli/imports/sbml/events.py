"""Events of SBML as events here: triggers become times, or what crosses zero."""

from collections.abc import Mapping, Sequence

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
from cubie_cli.imports.sbml.source import Event
from cubie_cli.imports.sbml.translation import Translation


def add_events(model: ImportedModel, translation: Translation) -> None:
    """Add the events of a model in SBML to it.

    Raises
    ------
    NotRepresentableError
        Naming the event and what of it has no counterpart.
    """
    for event in _by_priority(translation.source.events, model):
        found = _Reader(model, translation, event).happenings()
        if not found:
            model.decided.append(f"the event {event.id!r} never fires, and is left out")
        model.events += found


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


class _Reader:
    def __init__(self, model: ImportedModel, translation: Translation, event: Event) -> None:
        self._model = model
        self._translation = translation
        self._event = event
        self._remarks = list(model.remarks.get(event.id, ()))
        label = model.labels.get(event.id)
        if label:
            self._remarks.insert(0, label)

    def happenings(self) -> list[Happening]:
        """Return what stands for an event, nothing for one that never fires."""
        event = self._event
        due = self._due()
        if due is not None:
            return self._at_time(*due)
        if event.delay not in (None, ZERO):
            hint = "a delay is known here where the trigger is a time, such as time >= 10"
            raise NotRepresentableError(f"the delay of the event {event.id!r}", hint)
        found = []
        if names_in(event.trigger) or uses(event.trigger, "t"):
            when, direction = self._crossing()
            remarks = tuple(self._remarks)
            found.append(Happening(event.id, self._changes(), when=when, direction=direction, remarks=remarks))
        if not event.true_before and event.trigger != FALSE:
            found.insert(0, self._at_start())
        return found

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
            raise self._refused("the delay, which changes in a run,", "a delay of parameters is known")
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
        event = self._event
        kept, changes = {}, {}
        for name, formula in event.changes.items():
            holder = f"{name}_of_{event.id}"
            while holder in self._model.names:
                holder = f"{holder}_"
            self._model.parameters[holder] = ZERO
            self._model.remark(holder, f"what the event {event.id} sets {name} to after its delay")
            kept[holder], changes[name] = formula, Name(holder)
        name = f"{event.id}_trigger"
        return [
            Happening(name, kept, at=time, remarks=(*self._remarks, "keeps the values of this time")),
            Happening(event.id, self._changes_of(changes), at=later, remarks=("after the delay",)),
        ]

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

    def _at_start(self) -> Happening:
        """Return an event that acts at the start where its trigger holds there."""
        changes = {
            name: formulas.choice(self._event.trigger, formula, Name(name)) for name, formula in self._changes().items()
        }
        remark = "fires at the start where its trigger holds there"
        return Happening(f"{self._event.id}_at_start", changes, at=ZERO, remarks=(*self._remarks, remark))

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
