"""Passing by: an accepted step is looked at for crossings, and counts up to the first that changes anything."""

from dataclasses import dataclass
from typing import Any

from solvers.algebra.point import Point
from solvers.equations.instant import at_time
from solvers.integration.crossings import QUARTERS, SOON, Bracket, moment
from solvers.integration.firings import Firings
from solvers.integration.lane import Stretch
from solvers.methods.step import StepFunctions
from solvers.straightline import both, convert, either, literal, negate, select
from solvers.targets.target import DeviceFunction, Target


@dataclass(frozen=True)
class Passing:
    """What is done about events within steps.

    Parameters
    ----------
    firings
        The events.
    patience
        Attempts that a run with a crossing waits for runs that step together with it; 0: none.
    """

    firings: Firings
    patience: int = 0

    def watch(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return `EventFunctions.watch`."""
        prepare, interpolate, crossings = step.prepare, step.interpolate, self.firings.crossings
        straight = target.straight_line
        begin, stirring, wait = straight(crossings.open), straight(crossings.stirs), self._wait(target)
        sample_first, sample_second, sample_third, sample_last = (
            straight(crossings.sample(quarter)) for quarter in range(1, len(QUARTERS) + 1)
        )
        first, second, third, last = QUARTERS

        @target.control
        def watch(active: Any, point: Any, t_next: Any, step_memory: Any, memory: Any) -> Any:
            prepare(point, step_memory)
            begin(memory)
            interpolate(first, point, step_memory, memory.state)
            sample_first(first, point, t_next, memory)
            interpolate(second, point, step_memory, memory.state)
            sample_second(second, point, t_next, memory)
            interpolate(third, point, step_memory, memory.state)
            sample_third(third, point, t_next, memory)
            interpolate(last, point, step_memory, memory.state)
            sample_last(last, point, t_next, memory)
            stirs = stirring(active, memory)
            return wait(active, stirs, memory), stirs

        return watch

    def _wait(self, target: Target) -> DeviceFunction:
        """Return code (active, stirs, memory) -> the runs whose attempts count; the others try the same step again.

        What is done about a crossing takes as long as some steps, for one run and for all that step together. Runs that
        are alike would soon have their crossings one after the other, and wait for each other all the time.
        """
        if not self.patience:
            return target.straight_line(lambda active, _stirs, _memory: active)
        anyone = target.anyone
        others = target.straight_line(lambda active, stirs: both(active, negate(stirs)))
        overdue = target.straight_line(lambda stirs, memory: both(stirs, memory.waited[0] >= self.patience))

        @target.straight_line
        def hold(active: Any, stirs: Any, memory: Any) -> Any:
            memory.waited[0] = memory.waited[0] + convert(stirs, "int32")
            return both(active, negate(stirs))

        @target.straight_line
        def release(memory: Any) -> None:
            memory.waited[0] = 0

        @target.control
        def wait(active: Any, stirs: Any, memory: Any) -> Any:
            if anyone(others(active, stirs)) and not anyone(overdue(stirs, memory)):
                return hold(active, stirs, memory)
            release(memory)
            return active

        return wait

    def _find(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return code (searching, point, t_next, bracket, step_memory, memory) -> bracket of the next moment."""
        any_lane, interpolate, crossings = target.any_lane, step.interpolate, self.firings.crossings
        straight = target.straight_line
        rests, look, scan = straight(crossings.rests), straight(crossings.look), straight(crossings.scan)
        still, aim, settle = straight(both), straight(crossings.aim), straight(crossings.settle)
        approach = self._approach(target, step)
        soonest, sooner_still, sooner, soon = SOON

        @target.control
        def find(searching: Any, point: Any, t_next: Any, bracket: Any, step_memory: Any, memory: Any) -> Any:
            resting = rests(searching, bracket, memory)
            if any_lane(resting):
                interpolate(soonest, point, step_memory, memory.state)
                bracket = look(resting, soonest, point, t_next, bracket, memory)
                interpolate(sooner_still, point, step_memory, memory.state)
                bracket = look(resting, sooner_still, point, t_next, bracket, memory)
                interpolate(sooner, point, step_memory, memory.state)
                bracket = look(resting, sooner, point, t_next, bracket, memory)
                interpolate(soon, point, step_memory, memory.state)
                bracket = look(resting, soon, point, t_next, bracket, memory)
            bracket = scan(searching, bracket, memory)
            found = still(searching, bracket.found)
            if any_lane(found):
                bracket = aim(found, point, t_next, bracket, memory)
                bracket = approach(found, point, t_next, bracket, step_memory, memory)
                bracket = settle(found, bracket)
            return bracket

        return find

    def _approach(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return code (found, point, t_next, bracket, step_memory, memory) -> bracket that is narrow."""
        any_lane, interpolate, crossings = target.any_lane, step.interpolate, self.firings.crossings
        straight = target.straight_line
        is_wide, guess, narrow = straight(crossings.is_wide), straight(crossings.guess), straight(crossings.narrow)
        pinch = straight(crossings.pinch if crossings.exact else _unpinched)

        @target.straight_line
        def nothing(_theta: Any, _point: Any, _step_memory: Any, _state: Any) -> None:
            """Do nothing: no state is looked at."""

        evaluate = nothing if crossings.exact else interpolate

        @target.control
        def approach(found: Any, point: Any, t_next: Any, bracket: Any, step_memory: Any, memory: Any) -> Any:
            outside, bracket = pinch(found, bracket, memory)
            wide = is_wide(outside, bracket)
            while any_lane(wide):
                theta = guess(bracket)
                evaluate(theta, point, step_memory, memory.state)
                bracket = narrow(wide, theta, point, t_next, bracket, memory)
                wide = is_wide(outside, bracket)
            return bracket

        return approach

    def build(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return `EventFunctions.pass_by`."""
        once = all(self.firings.events[index].changes for index in self.firings.watched)
        search = (self._once if once else self._again)(target, step)
        calm = target.straight_line(lambda accept, stirs: both(accept, negate(stirs)))
        stay = target.straight_line(self.firings.crossings.stay)

        @target.control
        def pass_by(  # noqa: PLR0913, PLR0917 - a step that counts is all of it
            accept: Any,
            stirs: Any,
            point: Any,
            t_next: Any,
            appointed: Any,
            step_memory: Any,
            memory: Any,
            place: Any,
            results: Any,
        ) -> Any:
            stay(calm(accept, stirs), memory)
            return search(accept, stirs, point, t_next, appointed, step_memory, memory, place, results)

        return pass_by

    def _once(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return code that looks for the first crossing alone: all of them change something."""
        any_lane, interpolate, crossings = target.any_lane, step.interpolate, self.firings.crossings
        find, decide = self._find(target, step), target.straight_line(self._decide)
        whole, nothing = target.straight_line(whole_step), target.straight_line(crossings.nothing)
        still = target.straight_line(both)

        @target.control
        def search(  # noqa: PLR0913, PLR0917 - a step that counts is all of it
            accept: Any,
            stirs: Any,
            point: Any,
            t_next: Any,
            appointed: Any,
            step_memory: Any,
            memory: Any,
            place: Any,
            results: Any,
        ) -> Any:
            searching, stretch = still(accept, stirs), whole(accept, t_next, appointed)
            if any_lane(searching):
                bracket = find(searching, point, t_next, nothing(accept), step_memory, memory)
                acts = still(searching, bracket.found)
                if any_lane(acts):
                    interpolate(bracket.high, point, step_memory, memory.state)
                    _, bracket, stretch = decide(
                        acts, point, t_next, appointed, bracket, stretch, memory, place, results
                    )
            return stretch

        return search

    def _again(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return code that looks for one crossing after the other, up to the first that changes anything."""
        any_lane, interpolate, crossings = target.any_lane, step.interpolate, self.firings.crossings
        find, decide = self._find(target, step), target.straight_line(self._decide)
        whole, nothing = target.straight_line(whole_step), target.straight_line(crossings.nothing)
        still = target.straight_line(both)

        @target.control
        def search(  # noqa: PLR0913, PLR0917 - a step that counts is all of it
            accept: Any,
            stirs: Any,
            point: Any,
            t_next: Any,
            appointed: Any,
            step_memory: Any,
            memory: Any,
            place: Any,
            results: Any,
        ) -> Any:
            bracket, searching, stretch = nothing(accept), still(accept, stirs), whole(accept, t_next, appointed)
            while any_lane(searching):
                bracket = find(searching, point, t_next, bracket, step_memory, memory)
                searching = still(searching, bracket.found)
                if any_lane(searching):
                    interpolate(bracket.high, point, step_memory, memory.state)
                    searching, bracket, stretch = decide(
                        searching, point, t_next, appointed, bracket, stretch, memory, place, results
                    )
            if any_lane(stretch.cut):
                interpolate(bracket.high, point, step_memory, memory.state)
            return stretch

        return search

    def _decide(  # noqa: PLR0913, PLR0917 - a moment is all of it
        self,
        mask: Any,
        point: Point,
        t_next: Any,
        appointed: Any,
        bracket: Bracket,
        stretch: Stretch,
        memory: Any,
        place: Any,
        results: Any,
    ) -> tuple[Any, Bracket, Stretch]:
        """Stop at a moment where an event acts, and tell of one that changes nothing.

        Return for which runs to look further, their brackets, and how far steps count.
        """
        t = moment(bracket.high, point.t, t_next)
        watched, crossings = self.firings.watched, self.firings.crossings
        crossed = {index: crossings.crossed(number, memory) for number, index in enumerate(watched)}
        acts = self.firings.too_many(memory, more=len(watched))
        for index, crosses in crossed.items():
            if self.firings.events[index].changes:
                acts = either(acts, crosses)
            elif self.firings.facts[index].stop:
                acts = either(acts, both(crosses, memory.firings[index] + 1 >= self.firings.facts[index].stop))
        if self.firings.dated:
            acts = either(acts, t >= appointed)
        stops, goes_on = both(mask, acts), both(mask, negate(acts))
        for index, crosses in crossed.items():
            fires, instant = both(goes_on, crosses), at_time(point.t, t)
            memory.firings[index] = memory.firings[index] + convert(fires, "int32")
            self.firings.tell(fires, index, instant, memory.state, point.p, memory, place, results)
        stretch = Stretch(
            stretch.end, select(stops, t, stretch.stop), either(stops, stretch.acts), either(stops, stretch.cut)
        )
        return goes_on, self.firings.crossings.resume(goes_on, bracket, memory), stretch


def whole_step(accept: Any, t_next: Any, appointed: Any) -> Stretch:
    """Return a step that counts as a whole."""
    return Stretch(t_next, t_next, both(accept, t_next >= appointed), literal(t_next, False, "mask"))  # noqa: FBT003


def _unpinched(found: Any, bracket: Bracket, _memory: Any) -> tuple[Any, Bracket]:
    return found, bracket
