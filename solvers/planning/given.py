"""What a user's settings mean to a kernel: numbers that it is given as it starts, and what its code depends on.

A kernel that was kept is given those of another problem, so this needs neither SymPy nor a compiler.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.errors import PlanError
from solvers.settings import SaveSettings, SolveSettings, Summary
from solvers.tableaus import find
from solvers.tableaus.controller_defaults import ControllerDefaults

if TYPE_CHECKING:
    from solvers.tableaus.registry import Tableau

#: How far, in steps, a save time may lie from a step's end where a method with fixed steps must land on it.
LANDING_TOLERANCE = 1e-6
#: The gains that each kind of controller uses, and the first kind that has one.
GAINS = frozenset({"kp", "ki", "kd"})
USED_GAINS = {"i": {"ki"}, "pi": {"kp", "ki"}, "pid": GAINS, "gustafsson": {"ki"}}
FIRST_WITH = {"ki": "i", "kp": "pi", "kd": "pid"}
#: Reduction of the residual of a correction within Newton's method: stiff components hide behind a residual.
NEWTON_REDUCTION = {"float64": 1e-6, "float32": 1e-4}
#: Corrections where no limit is given, with steps that adapt and with fixed ones.
MOST_CORRECTIONS, MOST_FIXED_CORRECTIONS = 10, 100
#: Reductions of a residual below these are rounding.
LEAST_REDUCTION = {"float64": 1e-12, "float32": 1e-5}


def check(solve: SolveSettings, save: SaveSettings) -> None:
    """Refuse settings that the method cannot do.

    Raises
    ------
    PlanError
        With the key.
    """
    tableau = find(solve.algorithm)
    if save.inner_summaries and tableau.dense_output is None:
        first = save.inner_summaries[0]
        message = f"{tableau.name} has no continuous extension, which the summary {first.name!r} is of"
        hint = 'it has "final" alone, at t1; choose another algorithm, such as dormand_prince54 or tsit5'
        raise PlanError(message, hint, "output.summaries")
    if solve.fixed_steps is None:
        choose_controller(solve)
    elif not save.only_end and tableau.dense_output is None:
        _require_landing(tableau, solve, save, solve.fixed_steps)


def choose_controller(solve: SolveSettings) -> ControllerDefaults:
    """Return the controller of steps that adapt: what the user chose, and otherwise the method's.

    Raises
    ------
    PlanError
        Where the method needs a fixed step, and for a gain that the controller does not have.
    """
    tableau, chosen = find(solve.algorithm), solve.controller
    try:
        defaults = tableau.controller_defaults(chosen.kind)
    except ValueError as error:
        raise PlanError(str(error), "give a step: dt = ...", "solve.dt") from error
    if defaults.kind == "fixed" or tableau.error_order is None:
        message = f"{tableau.name} has no error estimate, so it needs a fixed step"
        raise PlanError(message, "give a step: dt = ...", "solve.dt")
    for gain in GAINS - USED_GAINS[defaults.kind]:
        if getattr(chosen, gain) is not None:
            message = f'the controller "{defaults.kind}" has no gain {gain}'
            raise PlanError(message, f'remove it, or set kind = "{FIRST_WITH[gain]}"', f"solve.controller.{gain}")
    given = {
        name: getattr(chosen, name)
        for name in (*GAINS, "safety", "min_factor", "max_factor")
        if getattr(chosen, name) is not None
    }
    return replace(defaults, **given)


def _require_landing(tableau: "Tableau", solve: SolveSettings, save: SaveSettings, steps: int) -> None:
    """Refuse save times between fixed steps of a method that cannot interpolate."""
    step = (solve.t1 - solve.t0) / steps
    places = (save.times(solve.t0, solve.t1) - solve.t0) / step
    if np.abs(places - np.round(places)).max() > LANDING_TOLERANCE:
        message = f"{tableau.name} has no continuous extension, so with a fixed step it saves at steps only"
        hint = f"choose save times that are multiples of the step {step:g}, or another algorithm"
        raise PlanError(message, hint, "output.save_every" if save.every else "output.save_at")


# -- what changes without compiling anew --------------------------------------------------------


def given_numbers(solve: SolveSettings, save: SaveSettings) -> dict[str, float]:
    """Return the numbers that a kernel is given as it starts, by the names under which its code asks for them."""
    span = {"t0": solve.t0, "t1": solve.t1, "max_steps": solve.max_steps, "max_events": solve.max_events}
    steps = {"dt0": solve.dt0 or 0.0, "dt_min": solve.dt_min, "dt_max": solve.dt_max or 0.0}
    control = _tolerances(solve) | _step_control(solve) | _solvers(solve)
    return span | steps | control | _saves(solve, save) | _summaries(save)


def _tolerances(solve: SolveSettings) -> dict[str, float]:
    names = absolute_names(solve)
    return {"rtol": solve.rtol, **dict(zip(names, solve.atol, strict=True))}


def absolute_names(solve: SolveSettings) -> tuple[str, ...]:
    """Return the name of each state's absolute tolerance: one for all, where it is one number."""
    count = len(solve.atol)
    return ("atol",) * count if _is_even(solve) else tuple(f"atol[{index}]" for index in range(count))


def _is_even(solve: SolveSettings) -> bool:
    return len(set(solve.atol)) <= 1


def _step_control(solve: SolveSettings) -> dict[str, float]:
    if solve.fixed_steps is not None:
        return {"steps": solve.fixed_steps}
    order, control = find(solve.algorithm).error_order, choose_controller(solve)
    assert order is not None  # noqa: S101 - see `choose_controller`
    betas = dict(zip(("beta1", "beta2", "beta3"), control.betas(order), strict=True))
    return {**betas, "safety": control.safety, "min_factor": control.min_factor, "max_factor": control.max_factor}


def _solvers(solve: SolveSettings) -> dict[str, float]:
    """Return when Newton's method and linear solvers stop, for the steps and the precision there are.

    A step that converges slowly is tried shorter where steps adapt; a fixed one is all there is. No iterate is better
    than rounding leaves it.
    """
    newton, linear = solve.newton, solve.linear
    rounding = float(np.finfo(solve.precision).eps) / solve.rtol if solve.rtol else 0.0
    reduction = NEWTON_REDUCTION[solve.precision]
    if find(solve.algorithm).family.startswith("Rosenbrock"):
        reduction = max(solve.rtol / 100, LEAST_REDUCTION[solve.precision])
    return {
        "newton.tolerance": max(newton.tolerance, rounding),
        "newton.damping": newton.damping,
        "newton.max_backtracks": newton.max_backtracks,
        "linear.tolerance": reduction if linear.tolerance is None else linear.tolerance,
        "linear.max_iters": linear.max_iters,
    }


def most_corrections(solve: SolveSettings) -> int:
    """Return how often Newton's method corrects, at most: the loop over corrections looks at it twice each time."""
    return solve.newton.max_iters or (MOST_CORRECTIONS if solve.dt is None else MOST_FIXED_CORRECTIONS)


def _saves(solve: SolveSettings, save: SaveSettings) -> dict[str, float]:
    """Return the number of save times, and of those that are as computed: the rest is t1, in spite of rounding."""
    count, grid = save.count(solve.t0, solve.t1), save.grid(solve.t0, solve.t1)
    rounded = grid is not None and grid.has_end and not grid.rounds_to_end
    return {"saves": count, "computed_saves": count - rounded, "save_every": save.every or 0.0}


def _summaries(save: SaveSettings) -> dict[str, float]:
    """Return the levels of summaries and the ends of their windows that are numbers."""
    levels = {f"summaries[{index}].level": each.level for index, each in enumerate(save.summaries)}
    heights = {f"summaries[{index}].above": each.above for index, each in enumerate(save.summaries)}
    begins = {f"windows[{index}].begin": each.begin for index, each in enumerate(save.windows)}
    ends = {f"windows[{index}].end": each.end for index, each in enumerate(save.windows)}
    found = levels | heights | begins | ends
    return {name: number for name, number in found.items() if isinstance(number, int | float)}


# -- what is compiled in ------------------------------------------------------------------------


def compiled_choices(solve: SolveSettings, save: SaveSettings) -> dict[str, Any]:
    """Return all that a kernel's code depends on of these settings, as plain values."""
    return {
        "algorithm": find(solve.algorithm).name,
        "precision": solve.precision,
        "one atol": _is_even(solve),
        "fixed": solve.fixed_steps is not None,
        "capped": solve.may_use_up_steps,
        "limits": [solve.dt0 is not None, solve.dt_min > 0, solve.dt_max is not None],
        "controller": None if solve.dt is not None else choose_controller(solve).kind,
        "newton": [solve.newton.jacobian, solve.newton.max_backtracks > 0, most_corrections(solve)],
        "linear": [solve.linear.kind, solve.linear.preconditioner, solve.linear.neumann_order],
        "saves": [save.every is not None, save.at is not None],
        "states": save.states,
        "observables": save.observables,
        "summaries": [_compiled_summary(each) for each in save.summaries],
        "windows": [[_compiled_end(each.begin), _compiled_end(each.end)] for each in save.windows],
    }


def _compiled_summary(each: Summary) -> list[Any]:
    numbers = each.level is not None, each.above is not None
    return [each.observable, each.quantity, each.kind, each.window, each.direction, *numbers]


def _compiled_end(end: float | str | None) -> str | None:
    """Return the text of an expression, or that it is a number."""
    return end if end is None or isinstance(end, str) else "a number"
