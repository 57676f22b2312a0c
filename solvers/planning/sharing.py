"""How many threads of a GPU share a run: a measured rule, which a setting overrides."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy

from solvers.algebra.pivot_order import Entry, choose_order
from solvers.algebra.rate_jacobian import RateJacobian
from solvers.algebra.row_layout import RowLayout, deal_rows
from solvers.algebra.row_lu import RowLU
from solvers.algebra.sparse_lu import SparseLU
from solvers.equations.dealt import DealtEquations
from solvers.equations.dealt_jacobian import FEWEST_LANES, Separation, separate
from solvers.equations.looped import WEIGHT, weight
from solvers.equations.program import Program
from solvers.equations.rates import RateEquations
from solvers.equations.reads import Reads
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import System, observable_symbol, state_symbol
from solvers.errors import PlanError
from solvers.planning.problem import Problem
from solvers.straightline.dealing import Dealing
from solvers.straightline.recorded import Argument, record
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau

#: 32-bit numbers of a state and its slopes, for all stages, that a thread finds registers for in any order.
ROOM = 340
#: The same up to which a run has a thread of its own, by whether steps are fixed: written out state by state, few
#: slopes are alive at a time.
ALONE = {True: 640, False: 400}
#: Both where events or summaries look at steps, which takes registers as well.
LOOKING_ROOM, LOOKING_ALONE = 200, 256
#: Both for implicit methods, and how many times as many numbers are alone where steps iterate.
IMPLICIT_ROOM, IMPLICIT_ALONE, ITERATING = 400, {"float32": 400, "float64": 540}, 1.2
#: Operations of an equation that pay for sharing as much as one number more.
OPERATIONS_A_NUMBER = 10
#: What a state takes beside a number a stage; with Newton's method.
BESIDE_STAGES, BESIDE_NEWTON = 3, 5
#: Entries of a row of the factors that the Jacobian does not have.
FILL = 2
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
#: Equations of a form on average, at least; half of it for implicit methods.
FEWEST_MEMBERS = 4
#: What the threads of a run do together, at most, relative to what one would: equations of few threads' states are
#: worked out by all, and values handed over.
MOST_WORK = 4.0
#: For equations that are sums of rates, whose matrix the threads eliminate together: the numbers that a run of its own
#: thread has at most, the same where steps iterate, those that threads are left, and those with which the most threads
#: are still faster than one.
RATES_ALONE, RATES_ALONE_ITERATING, RATES_FULL = 600, 960, 320
RATES_ROOM = {"float32": 130, "float64": 210}
#: States, at most: each thread has few rows, and what it does is written out.
MOST_ROWS = 128
#: What those threads do together in a step, at most, relative to what one would.
MOST_WORK_FOR_RATES = 9.0
#: Operations that take no work by themselves.
_FREE = frozenset({"argument", "constant", "setting", "nothing", "load", "store"})


#: Entries (row, column).
Pattern = list[Entry]
#: Makes the right-hand side for a number of threads or, where those work out rates together, the rows of each.
Make = Callable[..., RightHandSide]


def shared_equations(problem: Problem, make: Make) -> RightHandSide | None:
    """Return the right-hand side dealt among the threads of a run on a GPU; None where a run has one thread.

    Parameters
    ----------
    make
        Makes it.

    Raises
    ------
    PlanError
        Where the user wants what cannot be.
    """
    asked = problem.kernel.threads_per_run
    if asked is not None:
        return None if asked == 1 else _as_asked(problem, make, asked)
    if _looked_at(problem) > MOST_LOOKED_AT:
        return None
    found = None
    if _read(problem.system) <= MOST_READ:
        found = _explicit_rule(problem, make) if problem.explicit else _implicit_rule(problem, make)
    return found or (None if problem.explicit else _rule_for_rates(problem, make))


def _as_asked(problem: Problem, make: Make, threads: int) -> RightHandSide:
    """Return the right-hand side dealt among as many threads as the user wants."""
    reason = _why_not(problem, threads)
    dealt = None if reason else make(threads)
    if dealt and (problem.explicit or _separation(dealt)):
        return dealt
    if not problem.explicit:
        reason = _why_not_rates(problem, threads)
        if reason is None:
            order = choose_order(len(problem.system.states), _pattern(problem.system))
            return make(rows=deal_rows(order, threads))
    message = f"threads_per_run = {threads} {reason}"
    raise PlanError(message, "leave it out, or set it to 1", "run.kernel.threads_per_run")


def _explicit_rule(problem: Problem, make: Make) -> RightHandSide | None:
    """Return the right-hand side dealt among as few threads as have room, where that pays."""
    states, solve = len(problem.system.states), problem.solve
    numbers = _words(problem) * (problem.tableau.stages + BESIDE_STAGES)
    alone, room = (LOOKING_ALONE, LOOKING_ROOM) if _looks(problem) else (ALONE[solve.dt is not None], ROOM)
    if states * numbers <= alone:
        return None
    threads = 2
    while threads < MOST_THREADS and -(-states // threads) * numbers > room:
        threads *= 2
    if _why_not(problem, threads):
        return None
    dealt = make(threads)
    return dealt if _worth_it(dealt, threads, FEWEST_MEMBERS) else None


def _implicit_rule(problem: Problem, make: Make) -> RightHandSide | None:
    """Return the same; some numbers of threads are not possible."""
    numbers, looks = _implicit_numbers(problem), _looks(problem)
    iterating = 1.0 if isinstance(problem.tableau, RosenbrockTableau) else ITERATING
    alone = min(iterating * IMPLICIT_ALONE[problem.solve.precision], LOOKING_ALONE if looks else np.inf)
    if len(problem.system.states) * numbers <= alone:
        return None
    found = None
    threads = FEWEST_LANES
    while threads <= MOST_THREADS:
        dealt = None if _why_not(problem, threads) else make(threads)
        parted = _separation(dealt) if dealt else None
        if dealt and parted and len(parted.slots) <= MOST_BETWEEN and _worth_it(dealt, threads, FEWEST_MEMBERS / 2):
            found = dealt
            between = len(parted.slots) ** 2 * (3 * threads.bit_length() - 2) * _words(problem)
            if parted.own * numbers + between <= (LOOKING_ROOM if looks else IMPLICIT_ROOM):
                break
        threads *= 2
    return found


def _rule_for_rates(problem: Problem, make: Make) -> RightHandSide | None:
    """Return the right-hand side as sums of rates, dealt among as few threads as have room, where that pays."""
    n = len(problem.system.states)
    if n < FEWEST_LANES or _why_not_rates(problem, FEWEST_LANES):
        return None
    pattern = _pattern(problem.system)
    alone = SparseLU(n, pattern, problem.solve.precision)
    numbers = _words(problem) * (n * _kept_of_a_state(problem) + _matrices(problem) * alone.nonzeros)
    if numbers <= (RATES_ALONE_ITERATING if problem.iterates else RATES_ALONE):
        return None
    room, rows = RATES_ROOM[problem.solve.precision], deal_rows(alone.order, FEWEST_LANES)
    while (kept := _numbers_of_rows(problem, pattern, rows)) > room and rows.lanes < MOST_THREADS:
        rows = deal_rows(alone.order, 2 * rows.lanes)
    if kept > RATES_FULL or _why_not_rates(problem, rows.lanes):
        return None
    dealt = make(rows=rows)
    stages = problem.tableau.stages
    whole = alone.operations.factor + 2 * len(pattern) + _work_of_stages(stages, n, alone.nonzeros, dealt.derivatives)
    return dealt if rows.lanes * _work_of_rows(dealt, stages) <= MOST_WORK_FOR_RATES * whole else None


def _numbers_of_rows(problem: Problem, pattern: Pattern, rows: Dealing) -> int:
    """Return the 32-bit numbers that a thread keeps where threads eliminate rows together."""
    factors = RowLU(RowLayout(tuple(pattern), rows, problem.solve.precision)).size
    return _words(problem) * (len(rows.slots) * _kept_of_a_state(problem) + _matrices(problem) * factors)


def _work_of_stages(stages: int, n: int, solve: int, derivatives: Program) -> int:
    """Return the operations of a step of one thread besides those of its factorisation."""
    return stages * (solve + weight(derivatives)) + n * stages * (stages + 1) // 2


def _work_of_rows(dealt: RightHandSide, stages: int) -> int:
    """Return the operations of a step of a thread that works out rates, and eliminates rows, together with others."""
    assert isinstance(dealt.dealt, RateEquations)  # noqa: S101 - it was made so
    jacobian = RateJacobian(dealt.dealt)
    lu = RowLU(jacobian.layout)

    def factor(t: Any, y: Any, p: Any, shift: Any, out: Any) -> Any:
        entries = dict(zip(jacobian.pattern, jacobian.entries(t, y, p), strict=True))
        return lu.factor(lu.shifted(entries, shift), out, jacobian.pool(p))

    def solve(factors: Any, b: Any) -> None:
        for slot, value in enumerate(lu.solve(factors, [b[slot] for slot in range(jacobian.size)])):
            b[slot] = value

    array, time = Argument(is_array=True, dtype=dealt.precision), Argument(is_array=False, dtype="float64")
    number = Argument(is_array=False, dtype=dealt.precision)
    sums = jacobian.size * stages * (stages + 1) // 2
    stage = _operations(solve, [array, array]) + _work(dealt)
    return _operations(factor, [time, array, array, number, array]) + stages * stage + sums


def _implicit_numbers(problem: Problem) -> float:
    """Return the 32-bit numbers that a thread keeps of each state for an implicit method, and for its work."""
    work = weight(RightHandSide(problem.system, problem.solve.precision).derivatives) / len(problem.system.states)
    factors = _matrices(problem) * (_read(problem.system) + FILL)
    return _words(problem) * (_kept_of_a_state(problem) + factors + work / OPERATIONS_A_NUMBER)


def _kept_of_a_state(problem: Problem) -> int:
    """Return the numbers that are kept of each state beside factors."""
    beside = BESIDE_STAGES if isinstance(problem.tableau, RosenbrockTableau) else BESIDE_NEWTON
    return problem.tableau.stages + beside


def _matrices(problem: Problem) -> int:
    """Return how many real matrices' factors are kept, complex ones counting twice."""
    if not isinstance(problem.tableau, FullyImplicitTableau):
        return 1
    split = problem.tableau.transformation
    return len(split.real) + 2 * len(split.pairs)


def _words(problem: Problem) -> int:
    """Return the 32-bit words of a number."""
    return 1 if problem.solve.precision == "float32" else 2


def _looks(problem: Problem) -> bool:
    """Return whether events or summaries look at steps."""
    return bool(problem.system.events or problem.save.summaries)


def _separation(dealt: RightHandSide) -> Separation | None:
    """Return how the threads' matrices are parted; None where they cannot be."""
    assert dealt.dealt  # noqa: S101 - it was made so
    return separate(dealt.dealt.dealing, _pattern(dealt.system))


def _pattern(system: System) -> Pattern:
    """Return the entries of the Jacobian, by which states equations read."""
    reads, positions = Reads(system), {state_symbol(j): j for j in range(len(system.states))}
    return [(i, positions[each]) for i, slope in enumerate(system.derivatives) for each in reads(slope)]


def _worth_it(dealt: RightHandSide, threads: int, members: float) -> bool:
    """Return whether dealt equations are of few forms, of so many members on average, and threads do little twice."""
    assert isinstance(dealt.dealt, DealtEquations)  # noqa: S101 - it was made so
    few = dealt.dealt.forms * members <= dealt.states.count
    return few and _share_of_work(dealt, threads) <= MOST_WORK


def _why_not(problem: Problem, threads: int) -> str | None:
    """Return why some threads cannot share a run; None where they can."""
    states = len(problem.system.states)
    if not FEWEST_SLOTS <= states / threads <= MOST_SLOTS:
        return f"is for models of {FEWEST_SLOTS * threads} to {MOST_SLOTS * threads} states"
    if not problem.explicit and (problem.solve.linear.kind != "lu" or threads < FEWEST_LANES):
        return f'is for explicit methods and, from {FEWEST_LANES} on, for implicit ones with [solve.linear] kind = "lu"'
    if problem.kernel.patience:
        return "is for runs that are taken from no queue: patience = 0"
    return None


def _why_not_rates(problem: Problem, threads: int) -> str | None:
    """Return why some threads cannot work out rates, and eliminate rows, together; None where they can."""
    n = len(problem.system.states)
    if not threads / 2 < n <= MOST_ROWS:
        return f"is for models of {threads // 2 + 1} to {MOST_ROWS} states"
    if problem.solve.linear.kind != "lu":
        return 'is for implicit methods with [solve.linear] kind = "lu"'
    if problem.kernel.patience:
        return "is for runs that are taken from no queue: patience = 0"
    if problem.locations.resolve("loop.parameters", "shared") != "shared":
        return 'needs the buffer "loop.parameters" in shared memory'
    return None


def _read(system: System) -> float:
    """Return how many states an equation reads on average."""
    return Reads(system).entries / len(system.states)


def _looked_at(problem: Problem) -> int:
    """Return how many states events and summaries depend on, those of each event counted by themselves."""
    system, save, reads = problem.system, problem.save, Reads(problem.system)
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


def _work(rhs: RightHandSide) -> int:
    """Return the operations of a thread for one evaluation, weighted as those of programs are."""

    def evaluate(t: Any, y: Any, p: Any, dy: Any) -> None:
        rhs.evaluate(t, y, p, dy)
        if rhs.sides:
            rhs.crosses((t, y), (t, dy), p)

    array, time = Argument(is_array=True, dtype=rhs.precision), Argument(is_array=False, dtype="float64")
    return _operations(evaluate, [time, array, array, array])


def _operations(function: Callable[..., Any], arguments: Sequence[Argument]) -> int:
    """Return the operations of straight-line code, weighted as those of programs are."""
    operations = record(function, arguments).record.operations
    return sum(WEIGHT if each.kind == "call" else each.kind not in _FREE for each in operations)
