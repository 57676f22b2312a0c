"""What happens between steps: a run goes on from a stop, and events act."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from solvers.equations.instant import renewed
from solvers.integration.clock import ClockFunctions
from solvers.integration.controllers import ControllerFunctions
from solvers.integration.events import EventFunctions, Events
from solvers.integration.lane import end_of, stop_of
from solvers.integration.output import OutputFunctions
from solvers.integration.summary_functions import SummaryFunctions
from solvers.methods.step import StepFunctions
from solvers.straightline import both, either, negate, select, smaller
from solvers.targets.target import DeviceFunction, Target


class HappeningFunctions(NamedTuple):
    """The device functions; `memory` is the loop's frame, `reach` where a step leads or a `Stretch`.

    wake(fresh, t0, progress, saving, memory, place, results) -> status: act on runs at t0.
    appoint(mask, time, saving, memory) -> time: take up the next appointment.
    refuse(fresh, woken, status, active) -> (status, active): let no run start that has ended at t0.
    watch(active, point, t_next, memory) -> (trying, stirs): look at an attempt, before it is judged; see
        `EventFunctions`.
    pass_by(accept, stirs, point, t_next, time, memory, place, results) -> reach: how far a step counts.
    keep(trying, dt, before) -> dt: the step to try next, the one before where an attempt does not count.
    lead(reach), stop(reach) -> t: where the step leads, and where what counts of it ends.
    ends(ends, reach) -> mask: whether a step that leads to the end of the span reaches it.
    happen(accept, reach, time, saving, status, going, memory, place, results) -> (time, saving, status, going): all
        that happens where a step has ended.
    end(mask, status, t, time, memory, place, results) -> t: tell what is known at the end, and when that is.
    """

    wake: DeviceFunction
    appoint: DeviceFunction
    refuse: DeviceFunction
    watch: DeviceFunction
    pass_by: DeviceFunction
    keep: DeviceFunction
    lead: DeviceFunction
    stop: DeviceFunction
    ends: DeviceFunction
    happen: DeviceFunction
    end: DeviceFunction


class _Parts(NamedTuple):
    step: StepFunctions
    controller: ControllerFunctions
    clock: ClockFunctions
    output: OutputFunctions
    summaries: SummaryFunctions


@dataclass(frozen=True)
class Happenings:
    """What the loop does about stops and events.

    Parameters
    ----------
    events
        The events; None: there are none.
    stops
        Whether there are stops on the way.
    """

    events: Events | None
    stops: bool

    def build(
        self,
        target: Target,
        step: StepFunctions,
        controller: ControllerFunctions,
        clock: ClockFunctions,
        output: OutputFunctions,
        summaries: SummaryFunctions,
    ) -> HappeningFunctions:
        """Return the device functions, given those of the loop's parts."""
        parts = _Parts(step, controller, clock, output, summaries)
        lead, stop = target.straight_line(end_of), target.straight_line(stop_of)
        ends = target.straight_line(_ends)
        if self.events is None:
            return HappeningFunctions(
                wake=target.straight_line(_nothing),
                appoint=target.straight_line(_no_appointment),
                refuse=target.straight_line(_no_refusal),
                watch=target.straight_line(_all_count),
                pass_by=target.straight_line(_whole_step),
                keep=target.straight_line(_following),
                lead=lead,
                stop=stop,
                ends=ends,
                happen=self._turn(target, parts),
                end=target.straight_line(_no_end),
            )
        events = self.events.build(target, step)
        return HappeningFunctions(
            wake=self._wake(target, parts, events),
            appoint=self._appoint(target, parts, events),
            refuse=target.straight_line(_refuse),
            watch=self._watch(target, events),
            pass_by=self._pass_by(target, events),
            keep=target.straight_line(select if self.events.waits else _following),
            lead=lead,
            stop=stop,
            ends=ends,
            happen=self._happen(target, parts, events),
            end=self._end(target, events),
        )

    # -- stops alone ----------------------------------------------------------------------------

    def _turn(self, target: Target, parts: _Parts) -> DeviceFunction:
        """Return code that starts anew where a run has stopped: what a step keeps is of the past."""
        clock, start_step, reset, any_lane = parts.clock, parts.step.start, parts.controller.reset, target.any_lane
        turns, turn_clock, instant = clock.turns, clock.turn, clock.instant

        @target.straight_line
        def nothing(
            _accept: Any,
            _reach: Any,
            time: Any,
            saving: Any,
            status: Any,
            going: Any,
            _memory: Any,
            _place: Any,
            _results: Any,
        ) -> Any:
            return time, saving, status, going

        @target.control
        def turn(
            accept: Any,
            reach: Any,
            time: Any,
            saving: Any,
            status: Any,
            going: Any,
            memory: Any,
            _place: Any,
            _results: Any,
        ) -> Any:
            turning = turns(accept, time, reach)
            if any_lane(turning):
                time = turn_clock(turning, time, saving, memory.parameters)
                start_step(turning, instant(time.t, time), memory.state, memory.parameters, memory.step)
                reset(turning, memory.controller)
            return time, saving, status, going

        return turn if self.stops else nothing

    # -- events ---------------------------------------------------------------------------------

    def _wake(self, target: Target, parts: _Parts, events: EventFunctions) -> DeviceFunction:
        begin_time, instant = parts.clock.begin, parts.clock.instant
        begin, act = events.begin, events.act
        fine = target.straight_line(lambda fresh, status: both(fresh, status == 0))
        nowhere = target.straight_line(lambda fresh: both(fresh, negate(fresh)))

        @target.control
        def wake(fresh: Any, t0: Any, progress: Any, saving: Any, memory: Any, place: Any, results: Any) -> Any:
            y, p = memory.state, memory.parameters
            t = instant(t0, begin_time(fresh, progress.time, saving, p))
            status = begin(fresh, t, y, p, progress.status, memory.events)
            sound = fine(fresh, status)
            status, _ = act(sound, nowhere(fresh), t, y, p, status, memory.events, place, results)
            return status

        return wake

    def _appoint(self, target: Target, parts: _Parts, events: EventFunctions) -> DeviceFunction:
        appointed, appoint_clock = events.appointed, parts.clock.appoint

        @target.control
        def appoint(mask: Any, time: Any, saving: Any, memory: Any) -> Any:
            return appoint_clock(mask, time, saving, appointed(time.t, memory.events))

        return appoint

    def _watch(self, target: Target, events: EventFunctions) -> DeviceFunction:
        inner = events.watch

        @target.control
        def watch(active: Any, point: Any, t_next: Any, memory: Any) -> Any:
            return inner(active, point, t_next, memory.step, memory.events)

        return watch

    def _pass_by(self, target: Target, events: EventFunctions) -> DeviceFunction:
        inner, acting = events.pass_by, target.straight_line(self._acting_next)

        @target.control
        def pass_by(
            accept: Any, stirs: Any, point: Any, t_next: Any, time: Any, memory: Any, place: Any, results: Any
        ) -> Any:
            return inner(accept, stirs, point, t_next, acting(time), memory.step, memory.events, place, results)

        return pass_by

    def _acting_next(self, time: Any) -> Any:
        """Return when an event acts at the next: where expressions may jump, they may cross zero by that."""
        jumps = self.events is not None and self.events.firings.jumps
        return smaller(time.appointed, time.stop) if jumps else time.appointed

    def _happen(self, target: Target, parts: _Parts, events: EventFunctions) -> DeviceFunction:
        """Return code that has events act where a step ended, and starts anew where anything has changed."""
        clock, any_lane = parts.clock, target.any_lane
        turns, turn_clock, instant = clock.turns, clock.turn, clock.instant
        start_step, reset, settle = parts.step.start, parts.controller.reset, parts.output.settle
        take, act, appoint = events.take, events.act, self._appoint(target, parts, events)
        jump, since = parts.summaries.jump, target.straight_line(renewed)
        happens, acting = target.straight_line(_happens), target.straight_line(_acting)
        anew, goes_on = target.straight_line(_anew), target.straight_line(_goes_on)

        @target.control
        def happen(  # noqa: PLR0913, PLR0917 - what happens may change all of it
            accept: Any,
            reach: Any,
            time: Any,
            saving: Any,
            status: Any,
            going: Any,
            memory: Any,
            place: Any,
            results: Any,
        ) -> Any:
            y, p = memory.state, memory.parameters
            turning = turns(accept, time, reach.stop)
            if any_lane(happens(turning, reach)):
                time = turn_clock(turning, time, saving, p)
                take(reach.cut, y, memory.events)
                acts = acting(reach, status)
                t = instant(time.t, time)
                status, changed = act(acts, reach.cut, t, y, p, status, memory.events, place, results)
                t = since(t, changed)
                jump(changed, t, memory)
                saving = settle(acts, t, y, p, results, place, saving)
                time = turn_clock(changed, time, saving, p)
                time = appoint(acts, time, saving, memory)
                starts = anew(turning, changed, reach)
                start_step(starts, instant(time.t, time), y, p, memory.step)
                reset(starts, memory.controller)
                going = goes_on(going, acts, status)
            return time, saving, status, going

        return happen

    def _end(self, target: Target, events: EventFunctions) -> DeviceFunction:
        end, when = events.end, target.straight_line(_when)

        @target.control
        def end_events(mask: Any, status: Any, t: Any, time: Any, memory: Any, place: Any, results: Any) -> Any:
            t = when(status, t, time)
            end(mask, t, memory.events, place, results)
            return t

        return end_events


def _nothing(_fresh: Any, _t0: Any, progress: Any, _saving: Any, _memory: Any, _place: Any, _results: Any) -> Any:
    return progress.status


def _no_appointment(_mask: Any, time: Any, _saving: Any, _memory: Any) -> Any:
    return time


def _no_refusal(_fresh: Any, _woken: Any, status: Any, active: Any) -> Any:
    return status, active


def _all_count(active: Any, _point: Any, _t_next: Any, _memory: Any) -> Any:
    return active, active


def _following(_trying: Any, dt: Any, _before: Any) -> Any:
    return dt


def _whole_step(
    _accept: Any, _stirs: Any, _point: Any, t_next: Any, _time: Any, _memory: Any, _place: Any, _results: Any
) -> Any:
    return t_next


def _no_end(_mask: Any, _status: Any, t: Any, _time: Any, _memory: Any, _place: Any, _results: Any) -> Any:
    return t


def _refuse(fresh: Any, woken: Any, status: Any, active: Any) -> Any:
    ended = both(fresh, negate(woken == 0))
    return select(ended, woken, status), both(active, negate(ended))


def _ends(ends: Any, reach: Any) -> Any:
    end, stop = end_of(reach), stop_of(reach)
    return ends if end is stop else both(ends, stop >= end)


def _happens(turning: Any, reach: Any) -> Any:
    return either(turning, reach.acts)


def _acting(reach: Any, status: Any) -> Any:
    return both(reach.acts, status == 0)


def _anew(turning: Any, changed: Any, reach: Any) -> Any:
    return either(turning, either(changed, reach.cut))


def _goes_on(going: Any, acts: Any, status: Any) -> Any:
    return both(going, negate(both(acts, negate(status == 0))))


def _when(status: Any, t: Any, time: Any) -> Any:
    return select(status == 0, t, time.t)
