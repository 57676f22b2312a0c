"""What a user chooses about a solution: frozen values, checked where they are read."""

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

ControllerKind = Literal["fixed", "i", "pi", "pid", "gustafsson"]
Precision = Literal["float64", "float32"]
LinearKind = Literal["lu", "minimal_residual", "steepest_descent", "bicgstab"]
Preconditioner = Literal["none", "jacobi", "neumann"]

#: Units in the last place by which rounding may move t1 off a save grid: t0, t1, the interval and its multiple add up.
_FEW = 4


@dataclass(frozen=True)
class ControllerSettings:
    """Choices for the step-size controller; None leaves a value to the method's default.

    Parameters
    ----------
    kind
        Which controller; None: "fixed" where `dt` is given, else the method's default.
    kp, ki, kd
        Proportional, integral and derivative gains, before division by the order.
    safety, min_factor, max_factor
        The factor on the optimal step, and the limits of a change of step.
    """

    kind: ControllerKind | None = None
    kp: float | None = None
    ki: float | None = None
    kd: float | None = None
    safety: float | None = None
    min_factor: float | None = None
    max_factor: float | None = None


@dataclass(frozen=True)
class NewtonSettings:
    """How the equations of a stage are solved.

    Parameters
    ----------
    tolerance
        Estimated error of the iterate, in units of the step's tolerances.
    max_iters
        Most corrections; None: 10, and 100 with fixed steps.
    damping
        Factor on the correction for each backtrack.
    max_backtracks
        Most backtracks of a correction that does not reduce the residual; 0 takes every correction in full.
    jacobian
        "step" keeps one matrix for all stages of a step, "iteration" renews it for each correction; None: "step" with
        the direct linear solver, else "iteration".
    """

    tolerance: float = 0.01
    max_iters: int | None = None
    damping: float = 0.5
    max_backtracks: int = 0
    jacobian: Literal["step", "iteration"] | None = None


@dataclass(frozen=True)
class LinearSettings:
    """How linear systems are solved.

    Parameters
    ----------
    kind
        The direct solver, or a matrix-free one.
    preconditioner, neumann_order
        Of the matrix-free ones; the order counts terms after the first.
    tolerance
        Reduction of the residual; None: 1e-6 (float32: 1e-4) within Newton's method, rtol/100 without.
    max_iters
        Most iterations.
    """

    kind: LinearKind = "lu"
    preconditioner: Preconditioner = "jacobi"
    neumann_order: int = 2
    tolerance: float | None = None
    max_iters: int = 100


@dataclass(frozen=True)
class SolveSettings:
    """Algorithm, span, tolerances and limits.

    Parameters
    ----------
    algorithm
        A name or alias known to `solvers.tableaus`.
    t0, t1
        The span, t1 > t0, in the model's unit of time.
    precision
        Of the states; time is always float64.
    rtol, atol
        Relative tolerance, and one absolute tolerance a state.
    dt
        The fixed step, or None.
    dt0, dt_min, dt_max
        First step (None: estimated), smallest and largest step (None: no limit but the span).
    max_steps
        Most attempts a run makes.
    max_events
        Most firings of events a run has.
    """

    algorithm: str
    t0: float
    t1: float
    atol: tuple[float, ...]
    rtol: float = 1e-6
    precision: Precision = "float64"
    dt: float | None = None
    dt0: float | None = None
    dt_min: float = 0.0
    dt_max: float | None = None
    max_steps: int = 1_000_000
    max_events: int = 100_000
    controller: ControllerSettings = field(default_factory=ControllerSettings)
    newton: NewtonSettings = field(default_factory=NewtonSettings)
    linear: LinearSettings = field(default_factory=LinearSettings)

    @property
    def fixed_steps(self) -> int | None:
        """The number of equal steps, or None where steps adapt."""
        return None if self.dt is None else max(1, round((self.t1 - self.t0) / self.dt))

    @property
    def may_use_up_steps(self) -> bool:
        """Whether a run can make so many attempts that it has to end, if its steps are cut nowhere."""
        return self.fixed_steps is None or self.fixed_steps > self.max_steps


PlainKind = Literal["final", "min", "max", "time_of_min", "time_of_max", "range", "mean", "rms", "std", "integral"]
CrossingKind = Literal["crossings", "first_crossing", "last_crossing"]
LevelKind = Literal[CrossingKind, "time_above", "time_below"]
PeakKind = Literal["peaks", "first_peak", "last_peak", "mean_peak", "mean_period"]
SummaryKind = Literal[PlainKind, LevelKind, PeakKind]
#: Kinds of summaries: of the values themselves, of a level, and of local maxima.
PLAIN_KINDS: tuple[str, ...] = get_args(PlainKind)
CROSSING_KINDS: tuple[str, ...] = get_args(CrossingKind)
LEVEL_KINDS: tuple[str, ...] = get_args(LevelKind)
PEAK_KINDS: tuple[str, ...] = get_args(PeakKind)
SUMMARY_KINDS: tuple[str, ...] = get_args(SummaryKind)
#: Those that are counts.
COUNT_KINDS = ("crossings", "peaks")


@dataclass(frozen=True)
class Window:
    """The part of the span that summaries are of.

    Parameters
    ----------
    begin, end
        A time, or the text of an expression of parameters; None: that of the span.
    """

    begin: float | str | None = None
    end: float | str | None = None


@dataclass(frozen=True)
class Summary:
    """What is told of a quantity in a window, computed while it is integrated.

    Parameters
    ----------
    quantity, observable
        Its position among the states or the observables, and among which.
    kind
        One of `SUMMARY_KINDS`.
    name
        What the result calls it.
    window
        Position of its window.
    level
        What is crossed, of `LEVEL_KINDS`.
    direction
        Of the crossings that count: 1 up, -1 down, 0 both.
    above
        Local maxima that are lower do not count; None: all do.
    """

    quantity: int
    observable: bool
    kind: str
    name: str
    window: int = 0
    level: float | None = None
    direction: int = 0
    above: float | None = None


@dataclass(frozen=True)
class SaveSettings:
    """What is kept: variables by position, and times; and what is told of them besides.

    Parameters
    ----------
    states, observables
        Positions of the saved states and observables.
    every
        Interval of the save grid t0 + k*every <= t1, or None.
    at
        Explicit save times, strictly rising within the span, or None. With neither: t1 alone.
    summaries, windows
        Summaries, and the windows that these are of.
    """

    states: tuple[int, ...]
    observables: tuple[int, ...] = ()
    every: float | None = None
    at: tuple[float, ...] | None = None
    summaries: tuple[Summary, ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def inner_summaries(self) -> tuple[Summary, ...]:
        """The summaries that take more than the end of the run."""
        return tuple(
            each for each in self.summaries if each.kind != "final" or self.windows[each.window].end is not None
        )

    @property
    def only_end(self) -> bool:
        """Whether the state at t1 is all that is saved."""
        return self.every is None and self.at is None

    def grid(self, t0: float, t1: float) -> "SaveGrid | None":
        """Return the grid that the interval makes in a span, if there is one."""
        return None if self.every is None or self.at is not None else SaveGrid(t0, t1, self.every)

    def count(self, t0: float, t1: float) -> int:
        """Return the number of save times, without making them."""
        grid = self.grid(t0, t1)
        return grid.count if grid else 1 if self.at is None else len(self.at)

    def times(self, t0: float, t1: float) -> np.ndarray:
        """Return the save times as a float64 array."""
        grid = self.grid(t0, t1)
        return grid.times() if grid else np.array([t1] if self.at is None else self.at, dtype=np.float64)


@dataclass(frozen=True)
class SaveGrid:
    """The times t0 + k*every up to t1, which is one of them where it is on the grid but for rounding.

    Parameters
    ----------
    t0, t1
        The span.
    every
        The interval.
    """

    t0: float
    t1: float
    every: float

    @property
    def resolution(self) -> float:
        """The distance of neighbouring numbers at the end of the span that is farther from 0."""
        return math.ulp(max(abs(self.t0), abs(self.t1)))

    @property
    def _intervals(self) -> int:
        return round((self.t1 - self.t0) / self.every)

    @property
    def has_end(self) -> bool:
        """Whether t1 is on the grid, to within a few units in the last place."""
        miss = abs(self.t0 + self._intervals * self.every - self.t1)
        return self._intervals > 0 and miss <= min(_FEW * self.resolution, self.every / 4)

    @property
    def rounds_to_end(self) -> bool:
        """Whether the time at t1 is t1 as it is computed."""
        return self.t0 + self._intervals * self.every == self.t1

    @property
    def count(self) -> int:
        """The number of times."""
        last = self._intervals
        return last + 1 if self.has_end or self.t0 + last * self.every <= self.t1 else last

    @property
    def last(self) -> float:
        """The last of the times."""
        return self.t1 if self.has_end else self.t0 + (self.count - 1) * self.every

    def times(self) -> np.ndarray:
        """Return them as a float64 array."""
        times = self.t0 + np.arange(self.count) * self.every
        times[-1] = self.last
        return times


@dataclass(frozen=True)
class KernelSettings:
    """How a kernel is compiled and launched; None leaves a value to a measured rule.

    The rules are in `solvers.execution.cuda.launch`, and for `vectors` in `solvers.targets.cpu.lanes`. Each target
    ignores what is meant for the other.

    Parameters
    ----------
    threads
        Threads a block: a multiple of 32.
    threads_per_run
        Threads that share a run, a power of two up to 32.
    max_registers
        Most registers a thread.
    resident_blocks
        Blocks that a multiprocessor works on at a time, each going through several runs; more than it holds are as many
        as it holds.
    order
        Whether runs are worked on in an order in which neighbours are alike.
    patience
        Steps that the lanes of a warp may miss, waiting for others, until they take the next runs from a queue; 0: one
        run a thread.
    vectors
        On the cpu target: vectors of runs that a core advances together.
    """

    threads: int | None = None
    threads_per_run: int | None = None
    max_registers: int | None = None
    resident_blocks: int | None = None
    order: bool | None = None
    patience: int | None = None
    vectors: int | None = None
