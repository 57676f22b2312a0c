"""Newton's method for the stage equations of implicit methods, as a component that hosts a linear solver."""

import math
from functools import partial
from typing import Any, Protocol

from buffers import BufferRegistry
from solvers.algebra.linear_solvers import LinearSolver, Operator
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
from solvers.targets.memory import Frame, make_frame
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

    def residual(self, t: Any, h: Any, p: Any, base: Any, z: Any) -> list[Any]:
        """Return -F(z)."""

    def linearisation(self, base: Any, z: Any) -> list[Any]:
        """Return the state at which the Jacobian of the iterate is taken."""


class NewtonSolver:
    """Newton's method, full or simplified, with backtracking.

    It stops on the estimated error of the iterate, theta/(1 - theta) times the last correction, with theta the
    contraction from one correction to the next. The contraction is remembered from solve to solve. Source: E. Hairer,
    G. Wanner, Solving Ordinary Differential Equations II, Springer 1996, IV.8.

    Buffers: `delta` is the correction, `residual` minus the residual; `contraction`, kept from step to step, is log2 of
    theta/(1 - theta). "full" adds `linearisation`, backtracking `residual_temp` and `stage_base_bt`, the residual and
    the iterate on trial.

    Parameters
    ----------
    equations
        What is solved.
    linear
        How corrections are computed.
    settings
        When to stop.
    full
        Whether the matrix is renewed for each correction; else it is the one the step has prepared.
    """

    owner = "newton"

    def __init__(
        self, equations: StageEquations, linear: LinearSolver, settings: NewtonSettings, *, full: bool
    ) -> None:
        self.equations = equations
        self.linear = linear
        self.settings = settings
        self.full = full

    @property
    def _size(self) -> int:
        return self.equations.operator.size

    @property
    def _precision(self) -> str:
        return self.equations.operator.precision

    @property
    def _names(self) -> tuple[str, ...]:
        linearisation = ("linearisation",) if self.full else ()
        trial = ("residual_temp", "stage_base_bt") if self.settings.max_backtracks else ()
        return ("delta", "residual", "contraction", *linearisation, *trial)

    def register(self, registry: BufferRegistry) -> None:
        """Register Newton's buffers, and host the linear solver."""
        for name in self._names:
            if name == "contraction":
                registry.register(self.owner, name, 1, "float32", lifetime="run")
            else:
                registry.register(self.owner, name, self._size, self._precision)
        self.linear.register(registry)
        registry.host(self.owner, self.linear.owner, "solver")

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return Newton's frame; the linear solver's is its last."""
        return make_frame(registry, self.owner, self._names, {"solver": self.linear.frame(registry)})

    def prepare(self, t: Any, h: Any, y: Any, p: Any, memory: Any) -> Any:
        """Prepare the matrix of a step; straight-line code. Return whether it is sound."""
        return True if self.full else self.linear.prepare(t, h, y, p, memory[-1])

    def reset(self, mask: Any, memory: Any) -> None:
        """Forget the contraction of another run; straight-line code."""
        contraction = memory[2]
        first = literal(contraction, FIRST_CONTRACTION, "float32")
        contraction[0] = select(mask, first, contraction[0])

    def build(self, target: Target) -> DeviceFunction:
        """Return the device function (active, t, h, y, p, base, z, memory) -> trouble; z goes from guess to root."""
        any_lane = target.any_lane
        begin = target.straight_line(self._begin)
        evaluate = target.straight_line(self._keep_residual if self.settings.max_backtracks else self._evaluate)
        correct = self._correct(target)
        advance = self._line_search(target)
        measure = target.straight_line(self._measure)
        unknown = target.straight_line(self._unknown)
        compare = target.straight_line(self._compare)
        judge = target.straight_line(self._judge)
        verdict = target.straight_line(self._verdict)
        probe = target.probe(NEWTON)

        @partial(target.control, inline=False)
        def solve(active: Any, t: Any, h: Any, y: Any, p: Any, base: Any, z: Any, memory: Any) -> Any:
            size, count, last, trouble = begin(t, h, y, p, base, z, memory)
            going = active
            while any_lane(going):
                before = evaluate((t, h, p), y, base, z, memory, size)
                sound = correct(going, t, h, y, p, base, z, memory)
                size, scale, backtracks = advance(going, (t, h, p), y, base, z, memory, before)
                state = (count, last, trouble)
                square, level, eta, again = measure(y, count, memory)
                theta, hopeless = unknown(level)
                if any_lane(again):
                    eta, theta, hopeless = compare(going, square, level, state, memory)
                going, count, last, trouble, error, good = judge(going, sound, square, level, eta, hopeless, state)
                probe((t, count, square, theta, error, before, size, scale, backtracks, good))
            return verdict(active, (count, last, trouble))

        return solve

    # -- one correction -------------------------------------------------------------------------

    def _correct(self, target: Target) -> DeviceFunction:
        """Return code that solves for the correction."""
        solve = self.linear.build(target)

        @target.control
        def simplified(going: Any, t: Any, h: Any, y: Any, p: Any, _base: Any, _z: Any, memory: Any) -> Any:
            return solve(going, t, h, y, p, memory[1], memory[0], memory[-1])

        @target.straight_line
        def renew(t: Any, h: Any, p: Any, base: Any, z: Any, memory: Any) -> Any:
            point = memory[3]
            for index, value in enumerate(self.equations.linearisation(base, z)):
                point[index] = value
            return self.linear.prepare(t, h, point, p, memory[-1])

        @target.straight_line
        def together(first: Any, second: Any) -> Any:
            return both(first, second)

        @target.control
        def full(going: Any, t: Any, h: Any, _y: Any, p: Any, base: Any, z: Any, memory: Any) -> Any:
            sound = renew(t, h, p, base, z, memory)
            return together(sound, solve(going, t, h, memory[3], p, memory[1], memory[0], memory[-1]))

        return full if self.full else simplified

    def _line_search(self, target: Target) -> DeviceFunction:
        """Return code that moves z along the correction; with backtracking, shortened while the residual does not fall.

        It returns the size of the residual, the share of the correction taken, and how often that was shortened.
        """
        if not self.settings.max_backtracks:
            return target.straight_line(self._advance)
        any_lane = target.any_lane
        attempt = target.straight_line(self._attempt)
        start = target.straight_line(self._start_search)
        shorten = target.straight_line(self._shorten)
        take = target.straight_line(self._take)

        @target.control
        def search(going: Any, point: Any, y: Any, base: Any, z: Any, memory: Any, size: Any) -> Any:
            scale, count = start(size)
            new = attempt(point, y, base, z, memory, scale)
            shorter, scale, count = shorten(going, size, new, scale, count)
            while any_lane(shorter):
                new = attempt(point, y, base, z, memory, scale)
                shorter, scale, count = shorten(shorter, size, new, scale, count)
            return take(going, z, memory, size, new), scale, count

        return search

    # -- straight-line code ---------------------------------------------------------------------

    def _begin(self, t: Any, h: Any, y: Any, p: Any, base: Any, z: Any, memory: Any) -> tuple[Any, ...]:
        """Return the size of the guess's residual, corrections, log2 of the last, and trouble.

        Without backtracking each correction evaluates the residual it needs; then there is no size yet.
        """
        size = literal(h, 0.0, self._precision)
        if self.settings.max_backtracks:
            size = self._evaluate((t, h, p), y, base, z, memory, size)
        count = literal(size, 0, "int32")
        return size, count, literal(size, 0.0, "float32"), literal(size, Status.NEWTON_FAILED, "int32")

    def _evaluate(self, point: Any, y: Any, base: Any, z: Any, memory: Any, _size: Any) -> Any:
        """Store the residual of z; return its size."""
        t, h, p = point
        residual = self.equations.residual(t, h, p, base, z)
        for index, value in enumerate(residual):
            memory[1][index] = value
        return self.equations.operator.mean_square(residual, y)

    def _keep_residual(self, _point: Any, _y: Any, _base: Any, _z: Any, _memory: Any, size: Any) -> Any:
        """Return the size of the residual that the last trial left."""
        return size

    def _advance(self, going: Any, point: Any, y: Any, base: Any, z: Any, memory: Any, size: Any) -> tuple[Any, ...]:
        """Take the whole correction.

        The residual after it is for those who watch: elsewhere nothing uses it, and the compiler drops it.
        """
        t, h, p = point
        for i in range(self._size):
            z[i] = select(going, z[i] + memory[0][i], z[i])
        new = self.equations.operator.mean_square(self.equations.residual(t, h, p, base, z), y)
        return select(going, new, size), *self._start_search(size)

    def _start_search(self, size: Any) -> tuple[Any, Any]:
        return literal(size, 1.0, self._precision), literal(size, 0, "int32")

    def _attempt(self, point: Any, y: Any, base: Any, z: Any, memory: Any, scale: Any) -> Any:
        """Try z + scale*delta; return the size of its residual."""
        delta, trial_residual, trial = memory[0], memory[-3], memory[-2]
        t, h, p = point
        for i in range(self._size):
            trial[i] = fma(scale, delta[i], z[i])
        residual = self.equations.residual(t, h, p, base, trial)
        for index, value in enumerate(residual):
            trial_residual[index] = value
        return self.equations.operator.mean_square(residual, y)

    def _shorten(self, going: Any, size: Any, new: Any, scale: Any, count: Any) -> tuple[Any, Any, Any]:
        """Return which runs need a shorter correction, and its scale and number."""
        worse = both(going, both(negate(new <= size), count < self.settings.max_backtracks))
        return worse, select(worse, scale * self.settings.damping, scale), count + convert(worse, "int32")

    def _take(self, going: Any, z: Any, memory: Any, size: Any, new: Any) -> Any:
        residual, trial_residual, trial = memory[1], memory[-3], memory[-2]
        for i in range(self._size):
            z[i] = select(going, trial[i], z[i])
            residual[i] = select(going, trial_residual[i], residual[i])
        return select(going, new, size)

    def _measure(self, y: Any, count: Any, memory: Any) -> tuple[Any, Any, Any, Any]:
        """Return the mean square of a correction, log2 of that, log2 of theta/(1 - theta), and which are not the first.

        For the first correction theta is what was remembered. Runs that go on have made equally many. Comparisons are
        between logarithms, good to about six digits: every correction waits for them, and a GPU takes exponentials at
        an eighth of the rate of additions.
        """
        size = self.equations.operator.mean_square([memory[0][i] for i in range(self._size)], y)
        return size, log2_estimate(convert(size, "float32")), memory[2][0] * FORGETTING, count > 0

    def _unknown(self, level: Any) -> tuple[Any, Any]:
        """Return the theta of a first correction, and which are hopeless."""
        return literal(level, math.nan, "float32"), literal(level, False, "mask")  # noqa: FBT003

    def _compare(self, going: Any, size: Any, level: Any, state: Any, memory: Any) -> tuple[Any, Any, Any]:
        """Compare a correction with the one before; return log2 of theta/(1 - theta), theta, and which are hopeless."""
        count, last, _ = state
        # What overflowed says nothing about how much smaller the next is.
        change = level - smaller(last, LARGEST_LEVEL)
        theta = exp2_estimate(change * 0.5)
        rest = log2_estimate(larger(1.0 - theta, 2.0**-24))
        eta = select(theta < 1.0, fma(change, 0.5, -rest), literal(theta, -LEAST_CONTRACTION, "float32"))
        remembered = larger(smaller(eta, FIRST_CONTRACTION), LEAST_CONTRACTION)
        memory[2][0] = select(both(going, is_finite(size)), remembered, memory[2][0])
        return eta, theta, self._diverges(theta, rest, change, level, count)

    def _judge(self, going: Any, sound: Any, size: Any, level: Any, eta: Any, hopeless: Any, state: Any) -> Any:
        """Return which runs go on, corrections, log2 of the mean square of the last, and trouble.

        Then, for those who watch, the estimated error, and whether that is small enough.
        """
        count, _, trouble = state
        error = fma(level, 0.5, eta)
        failed = either(negate(is_finite(size)), negate(sound))
        good = both(going, both(error <= math.log2(self.settings.tolerance), negate(failed)))
        trouble = select(good, literal(trouble, 0, "int32"), trouble)
        trouble = select(both(going, negate(sound)), literal(trouble, Status.LINEAR_FAILED, "int32"), trouble)
        count = count + convert(going, "int32")
        going = both(going, negate(either(good, either(failed, hopeless))))
        going = both(going, count < self.settings.max_iters)
        return going, count, level, trouble, _root_of_power(error * 2.0), good

    def _diverges(self, theta: Any, rest: Any, change: Any, level: Any, count: Any) -> Any:
        """Return whether the corrections left cannot reach the tolerance, going by the last contraction."""
        if self.settings.max_backtracks:
            return literal(theta, False, "mask")  # noqa: FBT003
        left = convert(self.settings.max_iters - 1 - count, "float32")
        short = fma(change, left, level) * 0.5 > rest + math.log2(self.settings.tolerance)
        return either(theta > DIVERGENCE, both(theta < 1.0, short))

    def _verdict(self, active: Any, state: Any) -> Any:
        return select(active, state[2], state[2] * 0)


def _root_of_power(level: Any) -> Any:
    """Return the root of 2**level, kept within 2**-60 and 2**60."""
    return exp2_estimate(smaller(larger(level * 0.5, -60.0), 60.0))
