"""Says what to try where many runs failed."""

from collections.abc import Iterator, Mapping

from solvers.settings import SolveSettings
from solvers.status import Status
from solvers.tableaus import find

#: The share of runs from which failures are more than a few difficult runs.
_MANY = 0.1


def advice(solve: SolveSettings, counts: Mapping[Status, int]) -> Iterator[str]:
    """Yield what to try, a line for each way in which many runs failed.

    Parameters
    ----------
    solve
        How the batch was solved.
    counts
        Number of runs by status.
    """
    threshold = _MANY * sum(counts.values())
    many = {status for status, count in counts.items() if count and count >= threshold}
    family = find(solve.algorithm).family
    if Status.MAX_STEPS in many and family == "explicit":
        yield (
            f"{solve.algorithm} is an explicit method, and took max_steps = {solve.max_steps:,} steps: "
            'if the system is stiff, an implicit one such as algorithm = "rodas5p" takes far fewer'
        )
    stuck = Status.MAX_STEPS in many and family != "explicit" and solve.linear.kind != "lu"
    if stuck or Status.LINEAR_FAILED in many:
        yield _about_linear(solve)
    if Status.NEWTON_FAILED in many:
        yield (
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
