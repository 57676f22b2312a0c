"""Acting: at a moment at which events are due, each changes what it has to, and others may follow from that."""

from dataclasses import dataclass
from typing import Any

from solvers.equations.instant import renewed, time_of
from solvers.equations.system import Event
from solvers.integration.firings import Firings
from solvers.status import Status
from solvers.straightline import both, convert, either, literal, negate, select
from solvers.targets.target import DeviceFunction, Target


@dataclass(frozen=True)
class Acting:
    """What is done where events fire.

    Parameters
    ----------
    firings
        The events.
    """

    firings: Firings

    def build(self, target: Target) -> DeviceFunction:
        """Return `EventFunctions.act`."""
        any_lane, again = target.any_lane, target.straight_line(self._once)

        @target.control
        def act(  # noqa: PLR0913, PLR0917 - a moment is all of it
            mask: Any, cut: Any, t: Any, y: Any, p: Any, status: Any, memory: Any, place: Any, results: Any
        ) -> Any:
            following, changed, status = again(mask, cut, t, y, p, status, memory, place, results)
            while any_lane(following):
                t = since(t, changed)
                following, once_more, status = again(
                    following, idle(following), t, y, p, status, memory, place, results
                )
                changed = joined(changed, once_more)
            return status, changed

        idle = target.straight_line(lambda mask: literal(mask, False, "mask"))  # noqa: FBT003
        joined, since = target.straight_line(either), target.straight_line(renewed)
        return act

    def _once(  # noqa: PLR0913, PLR0917 - a moment is all of it
        self, mask: Any, cut: Any, t: Any, y: Any, p: Any, status: Any, memory: Any, place: Any, results: Any
    ) -> tuple[Any, Any, Any]:
        """Let each event act that has to, in the order written, each on what the one before left.

        Return where what they have set makes others cross zero, where anything was set, and the status.
        """
        going, changed = mask, literal(mask, False, "mask")  # noqa: FBT003
        for index, event in enumerate(self.firings.events):
            fires, value, residue = self._fires(index, cut, t, y, p, memory)
            fires = both(going, fires)
            self._set(fires, event, t, y, p)
            t = renewed(t, fires) if event.changes else t
            self._go_on(fires, index, value, residue, t, y, p, memory)
            self.firings.tell(fires, index, t, y, p, memory, place, results)
            changed = either(changed, fires) if event.changes else changed
            status = self._told(fires, index, status, memory)
            going = both(going, status == 0)
        return both(going, self._followed(mask, t, y, p, memory)), changed, status

    def _fires(self, index: int, cut: Any, t: Any, y: Any, p: Any, memory: Any) -> tuple[Any, Any, Any]:
        """Return where an event fires, what its expression is, and how far from zero it is then still on it."""
        if index in self.firings.dated:
            return memory.appointments[self.firings.dated.index(index)] <= time_of(t), None, None
        number, crossings = self.firings.watched.index(index), self.firings.crossings
        value = self.firings.expression(index, t, y, p)
        found = both(cut, crossings.crossed(number, memory))
        residue = crossings.rounding(found, number, value, memory)
        fires = either(found, crossings.crosses_to(number, value, memory))
        crossings.reach(both(cut, negate(fires)), number, value, memory)
        return fires, value, residue

    def _set(self, fires: Any, event: Event, t: Any, y: Any, p: Any) -> None:
        """Set states and parameters; every value is of the moment before."""
        if not event.changes:
            return
        values = self.firings.rhs.computed(tuple(value for _, value in event.changes))(t, y, p)
        self.firings.rhs.settle(p)
        for (symbol, _), value in zip(event.changes, values, strict=True):
            of_state, index = self.firings.rhs.system.place_of(symbol)
            array = self.firings.rhs.whole(y) if of_state else p
            array[index] = select(fires, value, array[index])

    def _go_on(self, fires: Any, index: int, before: Any, residue: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
        """Note when an event that fired has to act next, or on which side of zero its expression is now."""
        memory.firings[index] = memory.firings[index] + convert(fires, "int32")
        if index in self.firings.dated:
            place = self.firings.dated.index(index)
            following = self.firings.diary(index).following(memory.appointments[place], p)
            memory.appointments[place] = select(fires, following, memory.appointments[place])
            return
        number = self.firings.watched.index(index)
        value, crossings = self.firings.expression(index, t, y, p), self.firings.crossings
        crossings.leave(fires, number, value, residue, memory)
        crossings.pass_over(both(fires, value == before), number, value, residue, memory)

    def _told(self, fires: Any, index: int, status: Any, memory: Any) -> Any:
        """Return the status where an event ends the run."""
        stop = self.firings.facts[index].stop
        if stop:
            ends = both(fires, memory.firings[index] >= stop)
            status = select(ends, literal(status, Status.STOPPED, "int32"), status)
        many = both(fires, both(status == 0, self.firings.too_many(memory)))
        return select(many, literal(status, Status.TOO_MANY_EVENTS, "int32"), status)

    def _followed(self, mask: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        """Return where an expression crosses zero by what was set or jumped, and note the sides of the others."""
        followed = literal(mask, False, "mask")  # noqa: FBT003
        if not self.firings.jumps and not any(event.changes for event in self.firings.events):
            return followed
        for number, index in enumerate(self.firings.watched):
            value = self.firings.expression(index, t, y, p)
            crosses = both(mask, self.firings.crossings.crosses_to(number, value, memory))
            followed = either(followed, crosses)
            self.firings.crossings.note(both(mask, negate(crosses)), number, value, memory)
        return followed
