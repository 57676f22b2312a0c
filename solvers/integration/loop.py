"""The loop: takes runs from a queue, steps each to the end of its span, and stores what it leaves.

It knows the method, the controller and the output only by their device functions.
"""

import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.integration.clock import Clock, ClockFunctions, make_clock
from solvers.integration.controllers import AdaptiveController, ControllerFunctions, FixedController
from solvers.integration.output import Output, OutputFunctions
from solvers.methods.step import Step, StepFunctions
from solvers.status import Status
from solvers.straightline import (
    absolute,
    are_finite,
    both,
    convert,
    either,
    gather,
    is_finite,
    larger,
    literal,
    negate,
    scatter,
    select,
)
from solvers.targets.memory import Frame, make_frame
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import ATTEMPT


class _Functions(NamedTuple):
    """The device functions of the loop's children, and of its clock."""

    step: StepFunctions
    controller: ControllerFunctions
    clock: ClockFunctions
    output: OutputFunctions


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
        Most attempts of a run.
    swept_states, swept_parameters
        Position of each input row by the position of the state or parameter that it sets.
    lands
        Whether steps must end at the save times.
    """

    step: Step
    controller: FixedController | AdaptiveController
    output: Output
    t0: float
    t1: float
    dt: float | None
    dt_min: float
    dt_max: float
    max_steps: int
    swept_states: dict[int, int]
    swept_parameters: dict[int, int]
    lands: bool

    owner = "loop"

    def register(self, registry: BufferRegistry) -> None:
        """Register the loop's buffers and host its children."""
        rhs = self.step.rhs
        registry.register(self.owner, "state", len(rhs.system.states), rhs.precision, lifetime="run")
        registry.register(self.owner, "parameters", len(rhs.system.parameters), rhs.precision, lifetime="run")
        for child, role in self._children:
            child.register(registry)
            registry.host(self.owner, child.owner, role)

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the frame of the whole tree."""
        children = {role: child.frame(registry) for child, role in self._children}
        return make_frame(registry, self.owner, ("state", "parameters"), children)

    @property
    def _children(self) -> tuple[tuple[Any, str], ...]:
        return (self.step, "algorithm"), (self.controller, "controller"), (self.output, "output")

    @property
    def _may_tire(self) -> bool:
        """Whether a run may use up its attempts."""
        return self.controller.attempts > self.max_steps

    def build(self, target: Target, registry: BufferRegistry) -> DeviceFunction:
        """Return the device function that works on a queue of runs until it is empty.

        Its arguments are (queue, runs, inputs, defaults, results, reports, shared, persistent): `inputs` are the swept
        values, (row, run); `defaults` the states, then the parameters; `results` (variables, times); `reports`
        (status, steps, rejected).

        Within, a lane's `place` is (run, runs), its `progress` (time, dt, attempts, rejected, status, done), with the
        `time` of `solvers.integration.clock`, and its `saving` (cursor, save_time): the next save and its time.
        """
        allocate = target.allocate(self.frame(registry))
        any_lane, any_member, take = target.any_lane, target.any_member, target.take
        step = self.step.build(target, self.dt_max, self.dt_min)
        output = self.output.build(target, step)
        parts = _Functions(step, self.controller.build(target), self._clock(target).build(target), output)
        take_up = self._take_up(target, parts)
        go_on = self._go_on(target, self._try_step(target, parts))
        finish = self._finish(target, output)
        nobody = target.straight_line(self._nobody)
        occupied = target.straight_line(self._occupied)
        busy = target.straight_line(self._busy)
        waits = target.straight_line(self._waits)

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
            run, fresh, t, dt, count, active = nobody(runs)
            progress = ((t, t, dt), dt, count, count, count, active)
            saving = (count, t)
            run = take(queue, run, fresh)
            fresh = occupied(run, runs, fresh)
            while any_member(busy(fresh, active)):
                place = (run, runs)
                if any_lane(fresh):
                    active, progress, saving = take_up(
                        fresh, place, inputs, defaults, results, memory, active, progress, saving
                    )
                active, progress, saving = go_on(active, place, results, memory, progress, saving)
                waiting = waits(run, runs, active)
                if any_lane(waiting):
                    finish(waiting, place, results, reports, memory, progress, saving)
                run = take(queue, run, waiting)
                fresh = occupied(run, runs, waiting)

        return integrate

    def _clock(self, target: Target) -> Clock:
        rhs, landings = self.step.rhs, self.output.times if self.lands else 0
        steps = self.controller.steps if isinstance(self.controller, FixedController) else None
        asked = rhs.uses_time or not self.output.only_end or target.watched
        return make_clock(self.t0, self.t1, rhs.precision, steps=steps, landings=landings, asked=asked)

    # -- control --------------------------------------------------------------------------------

    def _take_up(self, target: Target, parts: _Functions) -> DeviceFunction:
        """Return code that starts fresh runs, and leaves the others as they are."""
        load = target.straight_line(self._load)
        begin = target.straight_line(self._begin)
        check_start = target.straight_line(self._check_start)
        start_dt = self._start_dt(target, parts.step.first_step)
        start_step, reset = parts.step.start, parts.controller.reset
        begin_output, begin_time = parts.output.begin, parts.clock.begin

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
            y, p, step_memory, controller_memory, _ = memory
            time, dt, attempts, rejected, status, done = progress
            load(fresh, place, inputs, defaults, y, p)
            t, attempts, rejected = begin(fresh, attempts, rejected)
            sound = start_step(fresh, t, y, p, step_memory)
            status, active = check_start(fresh, sound, y, status, active)
            dt = start_dt(fresh, dt, t, y, p, step_memory)
            reset(fresh, controller_memory)
            saving = begin_output(fresh, t, y, p, results, place, saving)
            time = begin_time(fresh, time, saving)
            return active, (time, dt, attempts, rejected, status, done), saving

        return take_up

    def _go_on(self, target: Target, try_step: DeviceFunction) -> DeviceFunction:
        """Return code that tries steps until runs have to be replaced."""
        any_lane, proceed, spell = target.any_lane, target.proceed, target.spell
        waits = target.straight_line(self._waits)

        @target.control
        def alone(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            while any_lane(active):
                active, progress, saving = try_step(active, place, results, memory, progress, saving)
            return active, progress, saving

        @target.control
        def together(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            going, idle = proceed(active, waits(place[0], place[1], active), 0)
            while going:
                tries = 0
                while any_lane(active) and tries < spell:
                    active, progress, saving = try_step(active, place, results, memory, progress, saving)
                    tries += 1
                going, idle = proceed(active, waits(place[0], place[1], active), idle)
            return active, progress, saving

        return together if spell else alone

    def _try_step(self, target: Target, parts: _Functions) -> DeviceFunction:
        """Return code that tries one step of each active run, saves what it passes, and counts it."""
        step, controller, clock, output = parts
        any_lane = target.any_lane
        overflow = target.straight_line(self._overflow)
        account = target.straight_line(self._account)
        give_up = target.straight_line(self._give_up)
        attempt, state_finite, advance = step.attempt, step.finite, step.advance
        judge, retreat, follow = controller.judge, controller.retreat, controller.follow
        propose, measure, stay, advance_time = clock.propose, clock.measure, clock.stay, clock.advance
        is_due, save = output.due, output.save
        probe = target.probe(ATTEMPT)

        @target.control
        def try_step(active: Any, place: Any, results: Any, memory: Any, progress: Any, saving: Any) -> Any:
            y, p, step_memory, controller_memory, output_memory = memory
            time, dt, attempts, rejected, status, done = progress
            t, h, t_next, ends = propose(time, dt, attempts, saving)
            length = measure(h)
            error, trouble = attempt(active, t, h, y, p, step_memory)
            accept, change = judge(active, error, trouble, controller_memory)
            due, going = is_due(accept, saving, t_next), active
            if any_lane(due):
                due, status, going = overflow(due, state_finite(step_memory), status, active)
                span = (t, t_next, h)
                saving = save(due, span, y, p, step_memory, output_memory, results, place, saving)
            advance(accept, y, step_memory)
            going, reject, attempts, done = account(active, going, accept, ends, attempts, done)
            if any_lane(reject):
                change = retreat(reject, error, trouble, change)
                going, rejected, status = give_up(reject, going, (t, h, error, trouble), rejected, status)
                length = stay(reject, length)
            dt = follow(accept, h, dt, change, controller_memory)
            time = advance_time(accept, time, length, t_next, saving)
            probe((place[0], t, h, error, trouble, accept, dt))
            return going, (time, dt, attempts, rejected, status, done), saving

        return try_step

    def _finish(self, target: Target, output: OutputFunctions) -> DeviceFunction:
        """Return code that stores what finished runs leave."""
        conclude = target.straight_line(self._conclude)
        report = target.straight_line(self._report)
        end_output = output.end

        @target.control
        def finish(
            waiting: Any, place: Any, results: Any, reports: Any, memory: Any, progress: Any, saving: Any
        ) -> None:
            y, p = memory[0], memory[1]
            _, _, attempts, rejected, status, done = progress
            status, t = conclude(waiting, status, done, y)
            end_output(waiting, status, t, y, p, results, place, saving)
            report(waiting, place, status, attempts, rejected, reports)

        return finish

    # -- taking up a run ------------------------------------------------------------------------

    def _nobody(self, runs: Any) -> tuple[Any, ...]:
        """Return what a lane without a run has: run, fresh, a time, dt, a count, active."""
        return (
            literal(runs, -1, "int64"),
            literal(runs, True, "mask"),  # noqa: FBT003
            literal(runs, self.t0, "float64"),
            literal(runs, self.dt or 0.0, self.step.rhs.precision),
            literal(runs, 0, "int32"),
            literal(runs, False, "mask"),  # noqa: FBT003
        )

    def _occupied(self, run: Any, runs: Any, wanted: Any) -> Any:
        return both(wanted, run < runs)

    def _busy(self, fresh: Any, active: Any) -> Any:
        return either(fresh, active)

    def _load(self, fresh: Any, place: Any, inputs: Any, defaults: Any, y: Any, p: Any) -> None:
        run, runs = place

        def value(row: int | None, position: int) -> Any:
            return defaults[position] if row is None else gather(inputs, run + row * runs, fresh)

        states = len(self.step.rhs.system.states)
        for i in range(states):
            y[i] = select(fresh, value(self.swept_states.get(i), i), y[i])
        for j in range(len(self.step.rhs.system.parameters)):
            p[j] = select(fresh, value(self.swept_parameters.get(j), states + j), p[j])

    def _begin(self, fresh: Any, attempts: Any, rejected: Any) -> tuple[Any, Any, Any]:
        """Return the time at which runs start, and their counts."""
        return literal(fresh, self.t0, "float64"), select(fresh, 0, attempts), select(fresh, 0, rejected)

    def _check_start(self, fresh: Any, sound: Any, y: Any, status: Any, active: Any) -> tuple[Any, Any]:
        sound = both(sound, self._finite(y))
        fresh_status = select(sound, literal(status, 0, "int32"), literal(status, Status.NONFINITE, "int32"))
        return select(fresh, fresh_status, status), either(both(fresh, sound), active)

    def _start_dt(self, target: Target, estimate: DeviceFunction) -> DeviceFunction:
        @target.straight_line
        def choose(fresh: Any, dt: Any, estimated: Any) -> Any:
            return select(fresh, estimated, dt)

        @target.control
        def estimated(fresh: Any, dt: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
            return choose(fresh, dt, estimate(t, y, p, memory))

        @target.straight_line
        def given(fresh: Any, dt: Any, _t: Any, _y: Any, _p: Any, _memory: Any) -> Any:
            return select(fresh, self.dt, dt)

        return estimated if self.dt is None else given

    # -- stepping -------------------------------------------------------------------------------

    def _overflow(self, due: Any, finite: Any, status: Any, active: Any) -> tuple[Any, Any, Any]:
        """End runs that are about to save a state that is not finite."""
        broken = both(due, negate(finite))
        status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        return both(due, finite), status, both(active, negate(broken))

    def _account(
        self, active: Any, going: Any, accept: Any, ends: Any, attempts: Any, done: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return which runs go on after an attempt, which were rejected, the attempts so far, and which runs are done.

        Done are those of the active that have reached the end of the span.
        """
        attempts = attempts + convert(active, "int32")
        ended = both(accept, ends)
        going = both(going, negate(ended))
        if self._may_tire:
            going = both(going, attempts < self.max_steps)
        return going, both(active, negate(accept)), attempts, select(active, ended, done)

    def _give_up(self, reject: Any, active: Any, outcome: Any, rejected: Any, status: Any) -> tuple[Any, Any, Any]:
        """Count rejected attempts, and end runs that cannot take a shorter step; return which go on, count, status."""
        t, h, error, trouble = outcome
        floor = absolute(t) * (2.0 * sys.float_info.epsilon)
        if self.dt_min:
            # A float32 cannot hold every dt_min.
            floor = larger(floor, self.dt_min * (1 + 1e-6))
        too_small = True if self.controller.fixed_step else convert(h, "float64") <= floor
        stuck = both(reject, too_small)
        cause = select(
            is_finite(error),
            literal(status, Status.STEP_TOO_SMALL, "int32"),
            literal(status, Status.NONFINITE, "int32"),
        )
        cause = select(trouble == 0, cause, trouble)
        return both(active, negate(stuck)), rejected + convert(reject, "int32"), select(stuck, cause, status)

    # -- ending ---------------------------------------------------------------------------------

    def _waits(self, run: Any, runs: Any, active: Any) -> Any:
        return both(run < runs, negate(active))

    def _conclude(self, mask: Any, status: Any, done: Any, y: Any) -> tuple[Any, Any]:
        """Tell a run that used up its attempts, and a state that is not finite, from success.

        Return the status, and the time of those that succeeded.
        """
        if self._may_tire:
            early = both(mask, both(status == 0, negate(done)))
            status = select(early, literal(status, Status.MAX_STEPS, "int32"), status)
        broken = both(mask, both(status == 0, negate(self._finite(y))))
        status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        return status, literal(status, self.t1, "float64")

    def _finite(self, y: Any) -> Any:
        """Return whether a state is."""
        return are_finite(y, len(self.step.rhs.system.states))

    def _report(self, mask: Any, place: Any, status: Any, attempts: Any, rejected: Any, reports: Any) -> None:
        for pointer, value in zip(reports, (status, attempts - rejected, rejected), strict=True):
            scatter(pointer, place[0], value, mask)
