"""Says what to try where runs failed."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from solvers.settings import SolveSettings
from solvers.status import Status
from solvers.tableaus import find

#: The share of runs from which failures are more than a few difficult runs, and need no count.
_MANY = 0.1


def advice(solve: SolveSettings, counts: Mapping[Status, int]) -> Iterator[str]:
    """Yield what to try, a line for each way in which runs failed; of a few of many runs it tells how many.

    Parameters
    ----------
    solve
        How the batch was solved.
    counts
        Number of runs by status.
    """
    total = sum(counts.values())
    told: dict[str, str] = {}
    for status, about in _ABOUT.items():
        count = counts.get(status, 0)
        if count:
            few = f"{count:,} of {total:,} runs ended with {status.name.lower()}: " if count < _MANY * total else ""
            told.setdefault(about(solve), few)
    yield from (f"{few}{text}" for text, few in told.items())


def _about_max_steps(solve: SolveSettings) -> str:
    if find(solve.algorithm).family == "explicit":
        return (
            f"{solve.algorithm} is an explicit method, and took max_steps = {solve.max_steps:,} steps: "
            'if the system is stiff, an implicit one such as algorithm = "rodas5p" takes far fewer there'
        )
    if solve.linear.kind != "lu":
        return _about_linear(solve)
    return (
        f"max_steps = {solve.max_steps:,} steps did not lead to t1: raise it, or look for what keeps steps short: "
        "an rtol or atol smaller than needed, or jumps in the equations"
    )


def _about_small_steps(solve: SolveSettings) -> str:
    limit = f"dt_min = {solve.dt_min:g}" if solve.dt_min else "the rounding of t"
    remedies = [
        f"lower dt_min, now {solve.dt_min:g}" if solve.dt_min else "",
        f"raise rtol, now {solve.rtol:g}, or atol",
        'set precision = "float64"' if solve.precision == "float32" else "",
        "smooth the jump",
    ]
    return (
        f"the error was above the tolerances in steps as short as {limit}: the solution has a pole or the equations "
        f"jump where the runs stopped, or the tolerances are below rounding; {', '.join(filter(None, remedies))}"
    )


def _about_newton(solve: SolveSettings) -> str:
    if solve.dt is not None:
        return (
            f"Newton's method did not converge in a fixed step of {solve.dt:g}: take shorter ones, or leave dt away so "
            'that steps adapt; or set jacobian = "iteration" or raise max_iters in [solve.newton]'
        )
    return (
        "Newton's method did not converge however small the step: look at the equations where it stopped, or raise "
        "max_iters in [solve.newton]; a Rosenbrock method such as rodas5p needs no iteration"
    )


def _about_linear(solve: SolveSettings) -> str:
    if solve.linear.kind == "lu":
        return "the matrix of a step is singular or not finite: look at the equations where the runs stopped"
    return (
        f'{solve.linear.kind} did not converge: [solve.linear] kind = "lu" solves directly; '
        "otherwise try another preconditioner, or raise max_iters"
    )


def _about_nonfinite(solve: SolveSettings) -> str:
    what = "a state is infinite or no number: it grows without bound, or the equations divide by 0 or leave the range "
    if solve.dt is not None:
        return f"{what}of a function; or fixed steps of {solve.dt:g} are too long: take shorter ones, or leave dt away"
    if solve.precision == "float32":
        return f'{what}of a function; float32 ends at 3e38: try precision = "float64"'
    return f"{what}of a function: look at the last values saved, and the equations there"


def _about_events(solve: SolveSettings) -> str:
    return (
        f"events fired more than max_events = {solve.max_events:,} times: one that fires again at once chatters: let "
        "it switch back at another level than it switches at, stop the run where it comes to rest, or give it times "
        "with 'at'; or raise max_events"
    )


_ABOUT: Mapping[Status, Callable[[SolveSettings], str]] = MappingProxyType(
    {
        Status.MAX_STEPS: _about_max_steps,
        Status.STEP_TOO_SMALL: _about_small_steps,
        Status.NEWTON_FAILED: _about_newton,
        Status.LINEAR_FAILED: _about_linear,
        Status.NONFINITE: _about_nonfinite,
        Status.TOO_MANY_EVENTS: _about_events,
    }
)
