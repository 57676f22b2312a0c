"""The loop: takes runs from a queue, steps each to the end of its span, and stores what it leaves.

It knows the method, the controller and the output only by their device functions.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.algebra.point import Point
from solvers.integration.clock import Clock, ClockFunctions, make_clock
from solvers.integration.controllers import AdaptiveController, ControllerFunctions, FixedController
from solvers.integration.events import Events
from solvers.integration.happenings import HappeningFunctions, Happenings
from solvers.integration.lane import Place, Progress
from solvers.integration.output import Output, OutputFunctions
from solvers.integration.run_end import RunEnd
from solvers.integration.run_start import RunStart
from solvers.integration.stops import Stops
from solvers.integration.summaries import Summaries
from solvers.integration.summary_functions import SummaryFunctions, no_summaries
from solvers.methods.step import Step, StepFunctions
from solvers.straightline import both, either
from solvers.straightline.setting import Number
from solvers.targets.memory import make_frame
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import ATTEMPT


class _Functions(NamedTuple):
    """The device functions of the loop's children, and of its clock."""

    step: StepFunctions
    controller: ControllerFunctions
    clock: ClockFunctions
    output: OutputFunctions
    summaries: SummaryFunctions
    happenings: HappeningFunctions


@dataclass(frozen=True)
class Loop:
    """One run after the other, on each lane.

    Parameters
    ----------
    step, controller, output
        Its children.
    t0, t1
        The span.
    dt
        First step; None: estimated.
    dt_min, dt_max
        Limits of the step.
    max_steps
        Most attempts of a run; None: it cannot use them up.
    swept_states, swept_parameters
        Position of each input row by the position of the state or parameter that it sets.
    lands
        Whether steps must end at the save times.
    stops
        Where steps have to end, and how long they may be; None: nothing stops them.
    events
        What else happens on the way.
    summaries
        What is told of quantities at the end; None: nothing.
    """

    step: Step
    controller: FixedController | AdaptiveController
    output: Output
    t0: Number
    t1: Number
    dt: Number | None
    dt_min: Number
    dt_max: Number
    max_steps: Number | None
    swept_states: dict[int, int]
    swept_parameters: dict[int, int]
    lands: bool
    stops: Stops | None
    events: Events | None = None
    summaries: Summaries | None = None

    owner = "loop"

    def register(self, registry: BufferRegistry) -> None:
        """Register the loop's buffers and host its children."""
        rhs = self.step.rhs
        registry.register(self.owner, "state", rhs.states.held, rhs.precision, lifetime="run")
        parameters = len(rhs.system.parameters) + rhs.room
        registry.register(self.owner, "parameters", parameters, rhs.precision, lifetime="run", common=rhs.room > 0)
        children: dict[str, Any] = {"algorithm": self.step, "controller": self.controller, "output": self.output}
        children |= {"events": self.events} if self.events else {}
        children |= {"summaries": self.summaries} if self.summaries else {}
        for role, child in children.items():
            child.register(registry)
            registry.host(self.owner, child.owner, role)

    def build(self, target: Target, registry: BufferRegistry) -> DeviceFunction:
        """Return the device function that works on a queue of runs until it is empty.

        Its arguments are (queue, runs, inputs, defaults, results, reports, shared, persistent): `inputs` are the swept
        values, (row, run); `defaults` the states, then the parameters; `results` and `reports` those of
        `solvers.integration.lane`, where `place`, `progress` and `saving` are explained too.
        """
        allocate = target.allocate(make_frame(registry, self.owner))
        any_lane, any_member, take = target.any_lane, target.any_member, target.take
        step = self.step.build(target, self.dt_max, self.dt_min)
        controller, clock = self.controller.build(target), self._clock(target).build(target)
        watched = self.events is not None and self.events.firings.watches
        looked_at = self._prepared(target, step) if watched else step
        summaries = self.summaries.build(target, looked_at.prepare) if self.summaries else no_summaries(target)
        inner = watched or (self.summaries is not None and bool(self.summaries.inner))
        output = self.output.build(target, self._prepared(target, step) if inner else step)
        happenings = Happenings(self.events, stops=self.stops is not None)
        happening = happenings.build(target, step, controller, clock, output, summaries)
        parts = _Functions(step, controller, clock, output, summaries, happening)
        take_up = self._take_up(target, parts)
        go_on = self._go_on(target, self._try_step(target, parts))
        finish = self._finish(target, parts)
        nobody = target.straight_line(self._start.nobody)
        occupied = target.straight_line(self._occupied)
        busy = target.straight_line(self._busy)
        waits = target.straight_line(self._end.waits)

        @target.control
        def integrate(
            queue: Any,
            runs: Any,
            inputs: Any,
            defaults: Any,
            results: Any,
            reports: Any,
            shared: Any,
            persistent: Any,
        ) -> None:
            memory = allocate(shared, persistent)
            run, fresh, active, progress, saving = nobody(runs)
            run = take(queue, run, fresh)
            fresh = occupied(run, runs, fresh)
            while any_member(busy(fresh, active)):
                place = Place(run, runs)
                if any_lane(fresh):
                    active, progress, saving = take_up(
                        fresh, place, inputs, defaults, results, memory, active, progress, saving
                    )
                active, progress, saving = go_on(active, place, results, memory, progress, saving)
                waiting = waits(place, active)
                if any_lane(waiting):
                    finish(waiting, place, results, reports, memory, progress, saving)
                run = take(queue, run, waiting)
                fresh = occupied(run, runs, waiting)

        return integrate

    @property
    def _start(self) -> RunStart:
        swept = self.swept_states, self.swept_parameters
        stops, events = self.stops is not None, self.events is not None
        return RunStart(self.step.rhs, self.t0, self.dt, *swept, stops=stops, events=events)

    @property
    def _end(self) -> RunEnd:
        return RunEnd(
            states=self.step.rhs.states,
            t1=self.t1,
            fixed=self.controller.fixed_step is not None,
            dt_min=self.dt_min,
            max_steps=self.max_steps,
        )

    def _clock(self, target: Target) -> Clock:
        rhs, landings = self.step.rhs, self.output.times if self.lands else 0
        steps = self.controller.steps if isinstance(self.controller, FixedController) else None
        asked = rhs.uses_time or not self.output.only_end or target.watched or self.summaries is not None
        span = self.t0, self.t1, rhs.precision
        events = self.events is not None
        return make_clock(*span, steps=steps, landings=landings, stops=self.stops, events=events, asked=asked)

    @staticmethod
    def _prepared(target: Target, step: StepFunctions) -> StepFunctions:
        """Return a step whose continuous extension somebody has looked at already."""

        @target.straight_line
        def ready(_point: Any, _memory: Any) -> None:
            """Do nothing."""

        return step._replace(prepare=ready)

    # -- parts of it ----------------------------------------------------------------------------

    def _take_up(self, target: Target, parts: _Functions) -> DeviceFunction:
        """Return code that starts fresh runs, and leaves the others as they are."""
        start = self._start
        load = target.straight_line(start.load)
        begin = target.straight_line(start.begin)
        check = target.straight_line(start.check)
        first_step = start.first_step(target, parts.step.first_step)
        start_step, reset = parts.step.start, parts.controller.reset
        begin_output, begin_time, instant = parts.output.begin, parts.clock.begin, parts.clock.instant
        wake, appoint, refuse = parts.happenings.wake, parts.happenings.appoint, parts.happenings.refuse
        begin_summaries = parts.summaries.begin

        @target.control
        def take_up(  # noqa: PLR0913, PLR0917 - a run starts from all of it
            fresh: Any,
            place: Any,
            inputs: Any,
            defaults: Any,
            results: Any,
            memory: Any,
            active: Any,
            progress: Any,
            saving: Any,
        ) -> Any:
            y, p = memory.state, memory.parameters
            load(fresh, place, inputs, defaults, y, p)
            t0, attempts, rejected = begin(fresh, progress.attempts, progress.rejected)
            woken = wake(fresh, t0, progress, saving, memory, place, results)
            saving = begin_output(fresh, t0, y, p, results, place, saving)
            time = begin_time(fresh, progress.time, saving, p)
            time = appoint(fresh, time, saving, memory)
            t = instant(t0, time)
            begin_summaries(fresh, t, memory)
            sound = start_step(fresh, t, y, p, memory.step)
            status, active = check(fresh, sound, y, progress.status, active)
            status, active = refuse(fresh, woken, status, active)
            dt = first_step(fresh, progress.dt, t, y, p, memory.step)
            reset(fresh, memory.controller)
            return active, Progress(time, dt, attempts, rejected, status, progress.done), saving

        return take_up

    def _go_on(self, target: Target, try_step: DeviceFunction) -> DeviceFunction:
        """Return code that tries steps until runs have to be replaced."""
        any_lane, proceed, spell = target.any_lane, target.proceed, target.spell
        waits = target.straight_line(self._end.waits)

        @target.control
        def alone(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            while any_lane(active):
                active, progress, saving = try_step(active, place, results, memory, progress, saving)
            return active, progress, saving

        @target.control
        def together(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            going, idle = proceed(active, waits(place, active), 0)
            while going:
                tries = 0
                while any_lane(active) and tries < spell:
                    active, progress, saving = try_step(active, place, results, memory, progress, saving)
                    tries += 1
                going, idle = proceed(active, waits(place, active), idle)
            return active, progress, saving

        return together if spell else alone

    def _try_step(self, target: Target, parts: _Functions) -> DeviceFunction:
        """Return code that tries one step of each active run, saves what it passes, and counts it."""
        step, controller, clock, output, summaries, happenings = parts
        any_lane, end = target.any_lane, self._end
        overflow = target.straight_line(end.overflow)
        account = target.straight_line(end.account)
        give_up = target.straight_line(end.give_up)
        attempt, state_finite, advance = step.attempt, step.finite, step.advance
        judge, retreat, follow = controller.judge, controller.retreat, controller.follow
        propose, measure, stay, advance_time = clock.propose, clock.measure, clock.stay, clock.advance
        instant, watch, pass_by, keep = clock.instant, happenings.watch, happenings.pass_by, happenings.keep
        ends_there = happenings.ends
        lead, stop, happen = happenings.lead, happenings.stop, happenings.happen
        is_due, save, summarise = output.due, output.save, summaries.update
        probe = target.probe(ATTEMPT)

        @target.control
        def try_step(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            rejected, status, dt = progress.rejected, progress.status, progress.dt
            t, h, t_next, ends = propose(progress.time, dt, progress.attempts, saving)
            point = Point(instant(t, progress.time), h, memory.state, memory.parameters)
            length = measure(h)
            error, trouble = attempt(active, point, memory.step)
            trying, stirs = watch(active, point, t_next, memory)
            accept, change = judge(trying, error, trouble, memory.controller)
            reach = pass_by(accept, stirs, point, t_next, progress.time, memory, place, results)
            summarise(accept, point, lead(reach), stop(reach), memory)
            due, going = is_due(accept, saving, reach), active
            if any_lane(due):
                due, status, going = overflow(due, state_finite(memory.step), status, active)
                saving = save(due, point, reach, memory.step, memory.output, results, place, saving)
            advance(accept, memory.state, memory.step)
            ends = ends_there(ends, reach)
            going, reject, attempts, done = account(trying, going, accept, ends, progress.attempts, progress.done)
            if any_lane(reject):
                change = retreat(reject, error, trouble, change)
                going, rejected, status = give_up(reject, going, point, error, trouble, rejected, status)
                length = stay(reject, length)
            dt = keep(trying, follow(accept, h, dt, change, memory.controller), dt)
            time = advance_time(accept, progress.time, length, stop(reach), saving)
            time, saving, status, going = happen(accept, reach, time, saving, status, going, memory, place, results)
            probe((place.run, t, h, error, trouble, accept, dt))
            return going, Progress(time, dt, attempts, rejected, status, done), saving

        return try_step

    def _finish(self, target: Target, parts: _Functions) -> DeviceFunction:
        """Return code that stores what finished runs leave."""
        conclude = target.straight_line(self._end.conclude)
        report = target.straight_line(self._end.report)
        end_output, end_events, end_summaries = parts.output.end, parts.happenings.end, parts.summaries.end

        @target.control
        def finish(
            waiting: Any, place: Any, results: Any, reports: Any, memory: Any, progress: Any, saving: Any
        ) -> None:
            y, p = memory.state, memory.parameters
            status, t = conclude(waiting, progress, y)
            t = end_events(waiting, status, t, progress.time, memory, place, results)
            end_output(waiting, status, t, y, p, results, place, saving)
            end_summaries(waiting, status, t, memory, results, place)
            report(waiting, place, status, progress, reports)

        return finish

    def _occupied(self, run: Any, runs: Any, wanted: Any) -> Any:
        return both(wanted, run < runs)

    def _busy(self, fresh: Any, active: Any) -> Any:
        return either(fresh, active)
