"""When an event of SBML is triggered: at a time that is known, or where something crosses zero."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import (
    FALSE,
    ONE,
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
    uses,
)
from cubie_cli.imports.imported import Happening, ImportedModel
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.source import Event, changed_by, needed_by
from cubie_cli.imports.sbml.start_values import StartValues
from cubie_cli.imports.sbml.translation import Translation
from cubie_cli.models.expressions.tokens import SLOPE

#: Functions that go up and down by steps.
_STEPS = ("floor", "ceil", "sign")
#: By how much a strict comparison of what is the same fails: so it holds as soon as one of them moves.
_JUST_BELOW = Number(-1e-30)


@dataclass(frozen=True)
class Trigger:
    """The trigger of an event.

    Parameters
    ----------
    model
        The model so far.
    translation
        What its quantities are.
    event
        The event.
    remarks
        What is decided of the trigger.
    """

    model: ImportedModel
    translation: Translation
    event: Event
    remarks: list[str] = field(default_factory=list)
    _jumping: dict[str, bool] = field(default_factory=dict)

    def is_known(self, formula: Formula) -> bool:
        """Return whether a formula is one of parameters that nothing changes."""
        fixed = self.model.parameters.keys() - self.translation.set_by_events
        return not uses(formula, "t") and not uses(formula, "der") and all(name in fixed for name in names_in(formula))

    def name(self, part: str) -> str:
        """Return the name of an event that is a part of this one, which no other has."""
        name = f"{self.event.id}_{part}"
        while any(name == each.id for each in self.translation.source.events):
            name = f"{name}_"
        return name

    # -- at a time ------------------------------------------------------------------------------

    @property
    def time(self) -> Formula | None:
        """The time from which on it holds, if that is known."""
        found = self._from()
        if found is None:
            return None
        time, _ = found
        if self.event.true_before:
            return time
        return Number(max(time.value, 0.0)) if isinstance(time, Number) else call("max", time, ZERO)

    @property
    def never_rises(self) -> bool:
        """Whether it holds at the start already, and counts as true before it."""
        found = self._from()
        if found is None or not self.event.true_before:
            return False
        time, after = found
        return isinstance(time, Number) and (time.value < 0 or (time.value == 0 and not after))

    @property
    def moments(self) -> frozenset[Formula]:
        """The times that are known at which it may become true."""
        return frozenset({self.time} if self.time is not None else self._times_in(self.event.trigger))

    def _times_in(self, condition: Formula) -> Iterator[Formula]:
        """Yield the times that are known with which a condition compares the time."""
        if not isinstance(condition, Apply):
            return
        if condition.operation in formulas.COMPARISONS and TIME in condition.arguments:
            yield from (each for each in condition.arguments if self.is_known(each))
        for each in condition.arguments:
            yield from self._times_in(each)

    def _from(self) -> tuple[Formula, bool] | None:
        """Return the time from which on the trigger holds, if it is one, and whether it does not hold at that time."""
        trigger = self.event.trigger
        if not (isinstance(trigger, Apply) and trigger.operation in (">", ">=", "<", "<=", "==")):
            return None
        left, right = trigger.arguments
        sign = trigger.operation
        if right == TIME and sign in ("<", "<=", "=="):
            left, right, sign = right, left, {"<": ">", "<=": ">=", "==": "=="}[sign]
        if left != TIME or sign in ("<", "<=") or not self.is_known(right):
            return None
        return right, sign == ">"

    # -- where something crosses zero -----------------------------------------------------------

    def rises(self, name: str, changes: Mapping[str, Formula]) -> list[Happening]:
        """Return what changes something where it becomes true, nothing where it never does."""
        if self.never_rises:
            return []
        if self.time is not None:
            return [Happening(name, changes, at=self.time, remarks=tuple(self.remarks))]
        found = []
        if not self.event.true_before and self.event.trigger != FALSE:
            found.append(self._at_start(changes))
        if self._varies:
            when, direction = self._crossing()
            found.append(Happening(name, changes, when=when, direction=direction, remarks=tuple(self.remarks)))
        return found

    def calls_off(self, waiting: Formula, changes: Mapping[str, Formula]) -> list[Happening]:
        """Return what ends the waiting of an event that is not persistent, where its trigger becomes false.

        What makes it false may do so at the moment at which it has become true: what crosses zero does not show that,
        as it was not above zero before.

        Parameters
        ----------
        waiting
            Whether it waits.
        changes
            What ends that.
        """
        if self.event.persistent or self.time is not None or not self._varies:
            return []
        height, _ = self._crossing()
        remarks = ("not persistent: nothing waits any more where the trigger no longer holds",)
        if self._level is None:
            return [Happening(self.name("cancel"), changes, when=height, direction="down", remarks=remarks)]
        below = formulas.both(waiting, formulas.compare("<", height, call("min", Name(self._level), ZERO)))
        return [Happening(self.name("cancel"), changes, when=_jump(below), remarks=remarks)]

    @property
    def marked(self) -> dict[str, Formula]:
        """What has to be kept when it becomes true so that it is known when it is false again."""
        return {} if self._level is None else {self._level: self._crossing()[0]}

    @cached_property
    def _level(self) -> str | None:
        """The parameter with the height at which it became true: rounding may have that below zero."""
        event = self.event
        if event.persistent or self.time is not None or not self._varies or self._crossing()[1] == "both":
            return None
        source = self.translation.source
        others = {name for each in source.events if each is not event for name in changed_by(source, each)}
        if needed_by(source, event.trigger).isdisjoint(others):
            return None
        level = self.model.new_parameter(f"{event.id}_level")
        self.model.remark(level, f"how far above its threshold the trigger of {event.id} was when it became true")
        return level

    @property
    def _varies(self) -> bool:
        return bool(names_in(self.event.trigger)) or uses(self.event.trigger, "t")

    def _at_start(self, changes: Mapping[str, Formula]) -> Happening:
        """Return an event that acts at the start where its trigger holds there."""
        changes = {name: formulas.choice(self.event.trigger, formula, Name(name)) for name, formula in changes.items()}
        remark = "fires at the start where its trigger holds there"
        return Happening(self.name("at_start"), changes, at=ZERO, remarks=(*self.remarks, remark))

    def _crossing(self) -> tuple[Formula, str]:
        trigger = self.event.trigger
        if self._only_jumps(trigger):
            return _jump(trigger), "up"
        if isinstance(trigger, Apply) and trigger.operation == "==":
            remark = "fires where both sides become equal"
            if remark not in self.remarks:
                self.remarks.append(remark)
            return difference(*trigger.arguments), "both"
        return self._height(trigger), "up"

    def _height(self, condition: Formula) -> Formula:
        """Return what is above zero where a condition holds, and below where it does not."""
        if not isinstance(condition, Apply):
            raise self._refused("a part of the trigger that is no condition", "compare it with something")
        if self._only_jumps(condition):
            return _jump(condition)
        sign, arguments = condition.operation, condition.arguments
        if sign in ("<", "<=", ">", ">="):
            return self._lead(condition)
        if sign == "not":
            return negative(self._height(arguments[0]))
        if sign in ("and", "or"):
            return call("min" if sign == "and" else "max", *map(self._height, arguments))
        if sign == "if":
            raise self._refused("a piecewise function in the trigger", "write it with 'and' and 'or'")
        raise self._refused(f"{sign!r} in the trigger", "compare with < or >")

    def _lead(self, condition: Apply) -> Formula:
        """Return by how much a comparison holds; where both sides are the same may be a moment that counts."""
        left, right = condition.arguments
        lead = difference(left, right) if condition.operation in (">", ">=") else difference(right, left)
        if condition.operation in (">", "<") and self._may_meet(left, right):
            return formulas.choice(formulas.compare("!=", left, right), lead, _JUST_BELOW)
        return lead

    def _may_meet(self, left: Formula, right: Formula) -> bool:
        """Return whether both sides are the same at the start, or an event sets one to the other.

        An event that sets its own trigger to its edge would fire for ever, if that has to be left again.
        """
        if self.event.delay in (None, ZERO) and _sets_equal(self.event, left, right):
            return False
        start = self._starts.of(left)
        if start is not None and start == self._starts.of(right):
            return True
        return any(_sets_equal(each, left, right) for each in self.translation.source.events)

    @cached_property
    def _starts(self) -> StartValues:
        return StartValues(self.model)

    def _only_jumps(self, formula: Formula) -> bool:
        """Return whether a formula changes by jumps alone: where events set something, or by steps of its own."""
        if isinstance(formula, Number):
            return True
        if isinstance(formula, Name):
            if formula.name not in self._jumping:
                self._jumping[formula.name] = self._is_jumping(formula.name)
            return self._jumping[formula.name]
        if formula.operation in _STEPS or formula in (formulas.PI, formulas.TRUE, FALSE):
            return True
        values = formula.arguments[1:] if formula.operation == "if" else formula.arguments
        return bool(values) and formula.operation != SLOPE and all(map(self._only_jumps, values))

    def _is_jumping(self, name: str) -> bool:
        model = self.model
        if name in model.observables:
            return self._only_jumps(model.observables[name])
        return name not in model.states or model.states[name].slope == ZERO

    def _refused(self, what: str, hint: str | None = None) -> NotRepresentableError:
        return NotRepresentableError(f"{what} of the event {self.event.id!r}", hint)


def _sets_equal(event: Event, first: Formula, second: Formula) -> bool:
    """Return whether an event sets a quantity to what it is compared with."""
    pairs = ((first, second), (second, first))
    return any(isinstance(name, Name) and event.changes.get(name.name) == value for name, value in pairs)


def _jump(condition: Formula) -> Formula:
    """Return what jumps over zero where a condition becomes true."""
    return formulas.choice(condition, ONE, Number(-1.0))
