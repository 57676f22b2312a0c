"""How many threads of a GPU share a run: a measured rule, which a setting overrides."""

from collections.abc import Callable
from typing import Any

import sympy

from solvers.equations.dealt_jacobian import FEWEST_LANES, Separation, separate
from solvers.equations.depth import deep_recursion
from solvers.equations.looped import WEIGHT, weight
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import System, observable_symbol, slope_symbol, state_symbol
from solvers.errors import PlanError
from solvers.planning.problem import Problem
from solvers.straightline.recorded import Argument, record

#: 32-bit numbers of a state and its slopes, for all stages, that a thread finds registers for in any order.
ROOM = 320
#: The same up to which a run has a thread of its own, by whether steps are fixed: written out state by state, few
#: slopes are alive at a time.
ALONE = {True: 640, False: 400}
#: Both where events or summaries look at steps, which takes registers as well.
LOOKING_ROOM, LOOKING_ALONE = 200, 256
#: What a state takes beside a number a stage.
BESIDE_STAGES = 3
#: Threads that can share a run are those of a warp.
MOST_THREADS = 32
#: States that a thread has at least and, as what it does is written out, at most.
FEWEST_SLOTS, MOST_SLOTS = 2, 128
#: States that part a thread from its neighbour, at most, for implicit methods: their blocks are eliminated as dense.
MOST_BETWEEN = 4
#: States that an equation reads on average, at most: each is another thread's, or may be.
MOST_READ = 16
#: States that events and summaries depend on, at most: all threads work them out.
MOST_LOOKED_AT = 32
#: Equations of a form on average, at least.
FEWEST_MEMBERS = 4
#: What the threads of a run do together, at most, relative to what one would: equations of few threads' states are
#: worked out by all, and values handed over.
MOST_WORK = 4.0
#: Operations that take no work by themselves.
_FREE = frozenset({"argument", "constant", "setting", "nothing", "load", "store"})


def shared_equations(problem: Problem, make: Callable[[int], RightHandSide]) -> RightHandSide | None:
    """Return the right-hand side dealt among the threads of a run on a GPU; None where a run has one thread.

    Parameters
    ----------
    make
        Makes the right-hand side for a number of threads.

    Raises
    ------
    PlanError
        Where the user wants what cannot be.
    """
    asked = problem.kernel.threads_per_run
    threads = _rule(problem) if asked is None else asked
    if threads == 1:
        return None
    reason = _why_not(problem, threads)
    if asked is None and (reason or _reads_much(problem)):
        return None
    dealt = None if reason else make(threads)
    parted = None if dealt is None or problem.explicit else _separation(dealt)
    if dealt and not problem.explicit and parted is None:
        reason = "is, for implicit methods, for equations that read states of neighbouring threads at most"
    if asked is None:
        return dealt if dealt and not reason and _worth_it(dealt, parted, threads) else None
    if reason:
        message = f"threads_per_run = {asked} {reason}"
        raise PlanError(message, "leave it out, or set it to 1", "run.kernel.threads_per_run")
    return dealt


def _separation(dealt: RightHandSide) -> Separation | None:
    """Return how the threads' matrices are parted; None where they cannot be."""
    assert dealt.dealt  # noqa: S101 - it was made so
    reads, positions = _Reads(dealt.system), {state_symbol(j): j for j in range(dealt.states.count)}
    pattern = [(i, positions[each]) for i, slope in enumerate(dealt.system.derivatives) for each in reads(slope)]
    return separate(dealt.dealt.dealing, pattern)


def _worth_it(dealt: RightHandSide, parted: Separation | None, threads: int) -> bool:
    """Return whether it pays that a right-hand side is dealt."""
    assert dealt.dealt  # noqa: S101 - it was made so
    if parted and len(parted.slots) > MOST_BETWEEN:
        return False
    few = dealt.dealt.forms * FEWEST_MEMBERS <= dealt.states.count
    return few and _share_of_work(dealt, threads) <= MOST_WORK


def _rule(problem: Problem) -> int:
    """Return the threads that a run should have."""
    states, solve = len(problem.system.states), problem.solve
    each = (problem.tableau.stages + BESIDE_STAGES) * (1 if solve.precision == "float32" else 2)
    looking = bool(problem.system.events or problem.save.summaries)
    if states * each <= (LOOKING_ALONE if looking else ALONE[solve.dt is not None]):
        return 1
    threads, room = 2, LOOKING_ROOM if looking else ROOM
    while threads < MOST_THREADS and -(-states // threads) * each > room:
        threads *= 2
    return threads


def _why_not(problem: Problem, threads: int) -> str | None:
    """Return why some threads cannot share a run; None where they can."""
    states = len(problem.system.states)
    if not FEWEST_SLOTS <= states / threads <= MOST_SLOTS:
        return f"is for models of {FEWEST_SLOTS * threads} to {MOST_SLOTS * threads} states"
    if not problem.explicit and (problem.solve.linear.kind != "lu" or threads < FEWEST_LANES):
        return f"is for explicit methods, and from {FEWEST_LANES} on for those that solve linear systems directly"
    if problem.kernel.patience:
        return "is for runs that are taken from no queue: patience = 0"
    return None


def _reads_much(problem: Problem) -> bool:
    """Return whether threads would do little else than hand states over."""
    return _read(problem.system) > MOST_READ or _looked_at(problem) > MOST_LOOKED_AT


class _Reads:
    """Tells which states expressions of a system depend on, by themselves, through observables or right-hand sides."""

    def __init__(self, system: System) -> None:
        self._states = {state_symbol(index) for index in range(len(system.states))}
        named = zip(map(observable_symbol, range(len(system.observables))), system.observable_expressions, strict=True)
        slopes = zip(map(slope_symbol, range(len(system.states))), system.derivatives, strict=True)
        self._meant = dict([*named, *slopes])
        self._known: dict[sympy.Symbol, frozenset[sympy.Symbol]] = {}

    def __call__(self, expression: sympy.Expr) -> frozenset[sympy.Symbol]:
        """Return the symbols of the states."""
        symbols = expression.free_symbols
        for each in symbols & self._meant.keys() - self._known.keys():
            with deep_recursion():
                self._known[each] = self(self._meant[each])
        return frozenset(symbols & self._states).union(*(self._known[each] for each in symbols & self._meant.keys()))


def _read(system: System) -> float:
    """Return how many states an equation reads on average."""
    reads = _Reads(system)
    return sum(len(reads(each)) for each in system.derivatives) / len(system.states)


def _looked_at(problem: Problem) -> int:
    """Return how many states events and summaries depend on, those of each event counted by themselves."""
    system, save, reads = problem.system, problem.save, _Reads(problem.system)
    summarised = {(each.quantity, each.observable) for each in save.summaries}
    groups = [frozenset(_symbol(*each) for each in summarised)]
    for event, facts in zip(system.events, system.event_facts, strict=True):
        changes = frozenset(sympy.Tuple(*event.changes, event.when or 0).free_symbols)
        recorded = [(state, False) for state in facts.states] + [(index, True) for index in facts.observables]
        groups.append(changes.union(_symbol(*each) for each in recorded))
    return sum(len(reads(sympy.Tuple(*group))) for group in groups)


def _symbol(position: int, observable: bool) -> sympy.Symbol:  # noqa: FBT001 - as summaries have it
    return observable_symbol(position) if observable else state_symbol(position)


def _share_of_work(dealt: RightHandSide, threads: int) -> float:
    """Return the work of all threads of a run together, relative to that of one."""
    return threads * _work(dealt) / weight(dealt.derivatives)


def _work(rhs: RightHandSide) -> float:
    """Return the operations of a thread for one evaluation, weighted as those of programs are."""

    def evaluate(t: Any, y: Any, p: Any, dy: Any) -> None:
        rhs.evaluate(t, y, p, dy)
        if rhs.sides:
            rhs.crosses((t, y), (t, dy), p)

    array, time = Argument(is_array=True, dtype=rhs.precision), Argument(is_array=False, dtype="float64")
    operations = record(evaluate, [time, array, array, array]).record.operations
    return sum(WEIGHT if each.kind == "call" else each.kind not in _FREE for each in operations)
