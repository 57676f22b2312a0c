"""Newton's method for the stage equations of implicit methods, as a component that hosts a linear solver."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from buffers import BufferRegistry
from solvers.algebra.linear_solvers import LinearSolver, Operator
from solvers.algebra.point import Point
from solvers.equations.instant import time_of
from solvers.settings import NewtonSettings
from solvers.status import Status
from solvers.straightline import (
    both,
    convert,
    either,
    exp2_estimate,
    fma,
    is_finite,
    larger,
    literal,
    log2_estimate,
    negate,
    select,
    smaller,
)
from solvers.straightline.loops import Repeated, record_of
from solvers.straightline.setting import Number, is_used, log2
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import NEWTON

#: log2 of the contraction assumed before anything is known, which is the most that is remembered, and of the least.
FIRST_CONTRACTION = 0.0
LEAST_CONTRACTION = math.log2(1e-3)
#: About log2 of the largest mean square that a float32 holds.
LARGEST_LEVEL = 127.0
#: How fast the guess for a new solve forgets: eta = eta_old^0.8 (Hairer and Wanner, IV.8).
FORGETTING = 0.8
#: A correction that grows by this factor is taken for divergence.
DIVERGENCE = 2.0


class StageEquations(Protocol):
    """A system F(z) = 0 whose Jacobian an `Operator` approximates."""

    @property
    def operator(self) -> Operator:
        """The matrix of the corrections."""

    @property
    def terms(self) -> int:
        """Length of the array that `store_residual` needs besides."""

    def residual(self, point: Point, base: Any, z: Any) -> list[Any]:
        """Return -F(z)."""

    def store_residual(self, point: Point, base: Any, z: Any, terms: Any, out: Any) -> None:
        """Store -F(z), by loops."""

    def linearisation(self, base: Any, z: Any) -> Any:
        """Return the state, by its components, at which the Jacobian of the iterate is taken."""


@dataclass(frozen=True)
class NewtonLimits:
    """When Newton's method stops: see `solvers.settings.NewtonSettings`."""

    tolerance: Number
    max_iters: int
    damping: Number = NewtonSettings.damping
    max_backtracks: Number = NewtonSettings.max_backtracks

    @property
    def backtracks(self) -> bool:
        """Whether a correction may be shortened."""
        return is_used(self.max_backtracks)


class NewtonState(NamedTuple):
    """How far Newton's method is: corrections, log2 of the last one's mean square, why it would fail now."""

    corrections: Any
    level: Any
    trouble: Any


class NewtonSolver:
    """Newton's method, full or simplified, with backtracking.

    It stops on the estimated error of the iterate, theta/(1 - theta) times the last correction, with theta the
    contraction from one correction to the next. The contraction is remembered from solve to solve. Source: E. Hairer,
    G. Wanner, Solving Ordinary Differential Equations II, Springer 1996, IV.8.

    Buffers: `delta` is the correction, `residual` minus the residual; `contraction`, kept from step to step, is log2 of
    theta/(1 - theta). "full" adds `linearisation`, backtracking `residual_temp` and `stage_base_bt`, the residual and
    the iterate on trial. `terms` is there where loops compute the residual: what its components share.

    Parameters
    ----------
    equations
        What is solved.
    linear
        How corrections are computed.
    limits
        When to stop.
    full
        Whether the matrix is renewed for each correction; else it is the one the step has prepared.
    """

    owner = "newton"

    def __init__(self, equations: StageEquations, linear: LinearSolver, limits: NewtonLimits, *, full: bool) -> None:
        self.equations = equations
        self.linear = linear
        self.limits = limits
        self.full = full

    @property
    def _size(self) -> int:
        return self.equations.operator.size

    @property
    def _components(self) -> Repeated:
        return self.equations.operator.components

    @property
    def _loops(self) -> bool:
        return self.equations.operator.loops

    @property
    def _precision(self) -> str:
        return self.equations.operator.precision

    def register(self, registry: BufferRegistry) -> None:
        """Register Newton's buffers, and host the linear solver."""
        linearisation = ("linearisation",) if self.full else ()
        trial = ("residual_temp", "stage_base_bt") if self.limits.backtracks else ()
        for name in ("delta", "residual"):
            registry.register(self.owner, name, self._size, self._precision)
        registry.register(self.owner, "contraction", 1, "float32", lifetime="run")
        for name in (*linearisation, *trial):
            registry.register(self.owner, name, self._size, self._precision)
        if self._loops:
            registry.register(self.owner, "terms", self.equations.terms, self._precision)
        self.linear.register(registry)
        registry.host(self.owner, self.linear.owner, "solver")

    def prepare(self, point: Point, memory: Any) -> Any:
        """Prepare the matrix of a step; straight-line code. Return whether it is sound."""
        return True if self.full else self.linear.prepare(point, memory.linear)

    def reset(self, mask: Any, memory: Any) -> None:
        """Forget the contraction of another run; straight-line code."""
        contraction = memory.contraction
        first = literal(contraction, FIRST_CONTRACTION, "float32")
        contraction[0] = select(mask, first, contraction[0])

    def build(self, target: Target) -> DeviceFunction:
        """Return the device function (active, point, base, z, memory) -> trouble; z goes from guess to root."""
        any_lane = target.any_lane
        begin = target.straight_line(self._begin)
        evaluate = target.straight_line(self._keep_residual if self.limits.backtracks else self._evaluate)
        correct = self._correct(target)
        advance = self._line_search(target)
        measure = target.straight_line(self._measure)
        unknown = target.straight_line(self._unknown)
        compare = target.straight_line(self._compare)
        judge = target.straight_line(self._judge)
        verdict = target.straight_line(self._verdict)
        now = target.straight_line(time_of)
        probe = target.probe(NEWTON)

        @partial(target.control, inline=False)
        def solve(active: Any, point: Any, base: Any, z: Any, memory: Any) -> Any:
            size, progress = begin(point, base, z, memory)
            going = active
            while any_lane(going):
                before = evaluate(point, base, z, memory, size)
                sound = correct(going, point, base, z, memory)
                size, scale, backtracks = advance(going, point, base, z, memory, before)
                square, level, eta, again = measure(point.y, progress, memory)
                theta, hopeless = unknown(level)
                if any_lane(again):
                    eta, theta, hopeless = compare(going, square, level, progress, memory)
                going, progress, error, good = judge(going, sound, square, level, eta, hopeless, progress)
                probe((now(point.t), progress.corrections, square, theta, error, before, size, scale, backtracks, good))
            return verdict(active, progress)

        return solve

    # -- one correction -------------------------------------------------------------------------

    def _correct(self, target: Target) -> DeviceFunction:
        """Return code that solves for the correction."""
        solve = self.linear.build(target)

        @target.control
        def simplified(going: Any, point: Any, _base: Any, _z: Any, memory: Any) -> Any:
            return solve(going, point, memory.residual, memory.delta, memory.linear)

        @target.straight_line
        def renew(point: Point, base: Any, z: Any, memory: Any) -> Any:
            state = self.equations.linearisation(base, z)
            self._components.each(z, lambda i: memory.linearisation.__setitem__(i, state[i]))
            return self.linear.prepare(point, memory.linear)

        @target.straight_line
        def together(first: Any, second: Any) -> Any:
            return both(first, second)

        @target.control
        def full(going: Any, point: Any, base: Any, z: Any, memory: Any) -> Any:
            there = Point(point.t, point.h, memory.linearisation, point.p)
            sound = renew(there, base, z, memory)
            return together(sound, solve(going, there, memory.residual, memory.delta, memory.linear))

        return full if self.full else simplified

    def _line_search(self, target: Target) -> DeviceFunction:
        """Return code that moves z along the correction; with backtracking, shortened while the residual does not fall.

        It returns the size of the residual, the share of the correction taken, and how often that was shortened.
        """
        if not self.limits.backtracks:
            return target.straight_line(self._advance)
        any_lane = target.any_lane
        attempt = target.straight_line(self._attempt)
        start = target.straight_line(self._start_search)
        shorten = target.straight_line(self._shorten)
        take = target.straight_line(self._take)

        @target.control
        def search(going: Any, point: Any, base: Any, z: Any, memory: Any, size: Any) -> Any:
            scale, count = start(size)
            new = attempt(point, base, z, memory, scale)
            shorter, scale, count = shorten(going, size, new, scale, count)
            while any_lane(shorter):
                new = attempt(point, base, z, memory, scale)
                shorter, scale, count = shorten(shorter, size, new, scale, count)
            return take(going, z, memory, size, new), scale, count

        return search

    # -- straight-line code ---------------------------------------------------------------------

    def _begin(self, point: Point, base: Any, z: Any, memory: Any) -> tuple[Any, NewtonState]:
        """Return the size of the guess's residual, and the progress before the first correction.

        Without backtracking each correction evaluates the residual it needs; then there is no size yet.
        """
        size = literal(point.h, 0.0, self._precision)
        if self.limits.backtracks:
            size = self._evaluate(point, base, z, memory, size)
        none, nothing = literal(size, 0, "int32"), literal(size, 0.0, "float32")
        return size, NewtonState(none, nothing, literal(size, Status.NEWTON_FAILED, "int32"))

    def _evaluate(self, point: Point, base: Any, z: Any, memory: Any, _size: Any) -> Any:
        """Store the residual of z; return its size."""
        return self._store_residual(point, base, z, memory, memory.residual)

    def _store_residual(self, point: Point, base: Any, z: Any, memory: Any, store: Any) -> Any:
        """Store the residual of z in a buffer; return its size."""
        if self._loops:
            self.equations.store_residual(point, base, z, memory.terms, store)
            return self.equations.operator.mean_square(store, point.y)
        residual = self.equations.residual(point, base, z)
        for index, value in enumerate(residual):
            store[index] = value
        return self.equations.operator.mean_square(residual, point.y)

    def _keep_residual(self, _point: Point, _base: Any, _z: Any, _memory: Any, size: Any) -> Any:
        """Return the size of the residual that the last trial left."""
        return size

    def _advance(self, going: Any, point: Point, base: Any, z: Any, memory: Any, size: Any) -> tuple[Any, ...]:
        """Take the whole correction.

        The residual after it is for those who watch: elsewhere nothing uses it, and the compiler drops it, but for
        loops.
        """

        def correct(i: Any) -> None:
            z[i] = select(going, z[i] + memory.delta[i], z[i])

        self._components.each(z, correct)
        if self._loops and record_of(z):
            return size, *self._start_search(size)
        new = self.equations.operator.mean_square(self.equations.residual(point, base, z), point.y)
        return select(going, new, size), *self._start_search(size)

    def _start_search(self, size: Any) -> tuple[Any, Any]:
        return literal(size, 1.0, self._precision), literal(size, 0, "int32")

    def _attempt(self, point: Point, base: Any, z: Any, memory: Any, scale: Any) -> Any:
        """Try z + scale*delta; return the size of its residual."""
        trial = memory.stage_base_bt
        self._components.each(z, lambda i: trial.__setitem__(i, fma(scale, memory.delta[i], z[i])))
        return self._store_residual(point, base, trial, memory, memory.residual_temp)

    def _shorten(self, going: Any, size: Any, new: Any, scale: Any, count: Any) -> tuple[Any, Any, Any]:
        """Return which runs need a shorter correction, and its scale and number."""
        worse = both(going, both(negate(new <= size), count < self.limits.max_backtracks))
        return worse, select(worse, scale * self.limits.damping, scale), count + convert(worse, "int32")

    def _take(self, going: Any, z: Any, memory: Any, size: Any, new: Any) -> Any:
        residual = memory.residual

        def take(i: Any) -> None:
            z[i] = select(going, memory.stage_base_bt[i], z[i])
            residual[i] = select(going, memory.residual_temp[i], residual[i])

        self._components.each(z, take)
        return select(going, new, size)

    def _measure(self, y: Any, progress: NewtonState, memory: Any) -> tuple[Any, Any, Any, Any]:
        """Return the mean square of a correction, log2 of that, log2 of theta/(1 - theta), and which are not the first.

        For the first correction theta is what was remembered. Runs that go on have made equally many. Comparisons are
        between logarithms, good to about six digits: every correction waits for them, and a GPU takes exponentials at
        an eighth of the rate of additions.
        """
        size = self.equations.operator.mean_square(memory.delta, y)
        level = log2_estimate(convert(size, "float32"))
        return size, level, memory.contraction[0] * FORGETTING, progress.corrections > 0

    def _unknown(self, level: Any) -> tuple[Any, Any]:
        """Return the theta of a first correction, and which are hopeless."""
        return literal(level, math.nan, "float32"), literal(level, False, "mask")  # noqa: FBT003

    def _compare(self, going: Any, size: Any, level: Any, progress: NewtonState, memory: Any) -> tuple[Any, Any, Any]:
        """Compare a correction with the one before; return log2 of theta/(1 - theta), theta, and which are hopeless."""
        # What overflowed says nothing about how much smaller the next is.
        change = level - smaller(progress.level, LARGEST_LEVEL)
        theta = exp2_estimate(change * 0.5)
        rest = log2_estimate(larger(1.0 - theta, 2.0**-24))
        eta = select(theta < 1.0, fma(change, 0.5, -rest), literal(theta, -LEAST_CONTRACTION, "float32"))
        remembered = larger(smaller(eta, FIRST_CONTRACTION), LEAST_CONTRACTION)
        memory.contraction[0] = select(both(going, is_finite(size)), remembered, memory.contraction[0])
        return eta, theta, self._diverges(theta, rest, change, level, progress.corrections)

    def _judge(
        self, going: Any, sound: Any, size: Any, level: Any, eta: Any, hopeless: Any, progress: NewtonState
    ) -> tuple[Any, NewtonState, Any, Any]:
        """Return which runs go on, and the progress.

        Then, for those who watch, the estimated error, and whether that is small enough.
        """
        error = fma(level, 0.5, eta)
        failed = either(negate(is_finite(size)), negate(sound))
        good = both(going, both(error <= log2(self.limits.tolerance), negate(failed)))
        trouble = select(good, literal(error, 0, "int32"), progress.trouble)
        trouble = select(both(going, negate(sound)), literal(error, Status.LINEAR_FAILED, "int32"), trouble)
        corrections = progress.corrections + convert(going, "int32")
        going = both(going, negate(either(good, either(failed, hopeless))))
        going = both(going, corrections < self.limits.max_iters)
        return going, NewtonState(corrections, level, trouble), _root_of_power(error * 2.0), good

    def _diverges(self, theta: Any, rest: Any, change: Any, level: Any, corrections: Any) -> Any:
        """Return whether the corrections left cannot reach the tolerance, going by the last contraction."""
        if self.limits.backtracks:
            return literal(theta, False, "mask")  # noqa: FBT003
        left = convert(self.limits.max_iters - 1 - corrections, "float32")
        short = fma(change, left, level) * 0.5 > rest + log2(self.limits.tolerance)
        return either(theta > DIVERGENCE, both(theta < 1.0, short))

    def _verdict(self, active: Any, progress: NewtonState) -> Any:
        return select(active, progress.trouble, progress.trouble * 0)


def _root_of_power(level: Any) -> Any:
    """Return the root of 2**level, kept within 2**-60 and 2**60."""
    return exp2_estimate(smaller(larger(level * 0.5, -60.0), 60.0))
