"""How many threads of a GPU share a run: a measured rule, which a setting overrides."""

from collections.abc import Callable
from typing import Any

from solvers.equations.right_hand_side import RightHandSide
from solvers.errors import PlanError
from solvers.planning.problem import Problem
from solvers.straightline.recorded import Argument, record
from solvers.targets.counting import work_of

#: States up to which a run has a thread of its own.
MOST_ALONE = {"float32": 64, "float64": 32}
#: States that a thread has at most, where several share a run: so many, with the slopes of all stages, it has
#: registers for.
MOST_A_THREAD = {"float32": 32, "float64": 16}
#: States that a thread has at most in any case: what each does is written out.
MOST_SLOTS = 64
#: Threads that can share a run are those of a warp.
MOST_THREADS = 32
#: What the threads of a run do together, at most, relative to what one would: equations of few threads' states are
#: worked out by all, and values handed over.
MOST_WORK = 2.0


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
    if asked == 1:
        return None
    reason = _why_not(problem)
    if asked is None:
        threads = _rule(len(problem.system.states), problem.solve.precision)
        if reason or threads == 1:
            return None
        found = make(threads)
        return found if _held(found) <= MOST_SLOTS and _share_of_work(found, make(1)) <= MOST_WORK else None
    if not reason:
        found = make(asked)
        if _held(found) <= MOST_SLOTS:
            return found
        reason = f"would leave each thread {_held(found)} states, more than {MOST_SLOTS}"
    message = f"threads_per_run = {asked} {reason}"
    raise PlanError(message, "leave it away, or set it to 1", "run.kernel.threads_per_run")


def _rule(states: int, precision: str) -> int:
    """Return the threads for some states."""
    if states <= MOST_ALONE[precision]:
        return 1
    threads = 1
    while threads < MOST_THREADS and threads * MOST_A_THREAD[precision] < states:
        threads *= 2
    return threads


def _why_not(problem: Problem) -> str | None:
    """Return why the threads of a run cannot share it; None where they can."""
    if not problem.explicit:
        return "is for explicit methods"
    if problem.system.events:
        return "is for models without events"
    if problem.save.summaries:
        return "is for runs without summaries"
    return None


def _held(rhs: RightHandSide) -> int:
    return rhs.states.held


def _share_of_work(dealt: RightHandSide, alone: RightHandSide) -> float:
    """Return the work of all threads of a run together, relative to that of one."""
    threads = dealt.dealing.lanes if dealt.dealing else 1
    return threads * _work(dealt) / _work(alone)


def _work(rhs: RightHandSide) -> float:
    def evaluate(t: Any, y: Any, p: Any, dy: Any) -> None:
        rhs.evaluate(t, y, p, dy)

    array = Argument(True, rhs.precision)  # noqa: FBT003
    return work_of(record(evaluate, [Argument(False, "float64"), array, array, array]))  # noqa: FBT003
