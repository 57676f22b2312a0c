"""From a problem to the tree of components that solves it."""

from dataclasses import replace
from typing import Any

import numpy as np

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import make_linear_solver
from solvers.algebra.matrices import CoupledMatrix, StageMatrix
from solvers.algebra.newton import NewtonSolver
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.errors import PlanError
from solvers.integration.controllers import AdaptiveController, FilterController, FixedController, PredictiveController
from solvers.integration.loop import Loop
from solvers.integration.output import Output
from solvers.methods.diagonally_implicit import DiagonallyImplicitStep, StageEquation
from solvers.methods.explicit_runge_kutta import ExplicitRungeKuttaStep
from solvers.methods.fully_implicit import CoupledEquations, FullyImplicitStep
from solvers.methods.rosenbrock import RosenbrockStep
from solvers.methods.step import Step
from solvers.planning.problem import Problem
from solvers.settings import NewtonSettings, SolveSettings
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.tableau import ButcherTableau

#: How far, in steps, a save time may lie from a step's end where a method with fixed steps must land on it.
LANDING_TOLERANCE = 1e-6
#: The gains that each kind of controller uses, and the first kind that has one.
GAINS = frozenset({"kp", "ki", "kd"})
USED_GAINS = {"i": {"ki"}, "pi": {"kp", "ki"}, "pid": GAINS, "gustafsson": {"ki"}}
FIRST_WITH = {"ki": "i", "kp": "pi", "kd": "pid"}
#: Reduction of the residual of a correction within Newton's method: stiff components hide behind a residual.
NEWTON_REDUCTION = {"float64": 1e-6, "float32": 1e-4}
#: Corrections of a fixed step where no limit is given.
MOST_FIXED_CORRECTIONS = 100
#: Reductions of a residual below these are rounding.
LEAST_REDUCTION = {"float64": 1e-12, "float32": 1e-5}


def make_loop(problem: Problem) -> Loop:
    """Return the tree of components that solves a problem.

    Raises
    ------
    PlanError
        Where the method cannot do what is asked.
    """
    solve, system = problem.solve, problem.system
    controller = _controller(problem)
    if problem.lands and controller.fixed_step is not None:
        _require_landing(problem, controller.fixed_step)
    rhs = RightHandSide(problem.switched.system, solve.precision)
    norm = ErrorNorm(solve.rtol, solve.atol)
    dense = not problem.only_end and not problem.lands
    longest = min(solve.dt_max or np.inf, solve.t1 - solve.t0)
    step = _make_step(problem, rhs, norm, controller.fixed_step, dense=dense)
    rows = {name: row for row, name in enumerate(problem.swept)}
    return Loop(
        step=step,
        controller=controller,
        output=_make_output(problem, rhs),
        t0=solve.t0,
        t1=solve.t1,
        dt=controller.fixed_step or (min(solve.dt0, longest) if solve.dt0 else None),
        dt_min=solve.dt_min,
        dt_max=float(longest),
        max_steps=solve.max_steps,
        swept_states={i: rows[name] for i, name in enumerate(system.states) if name in rows},
        swept_parameters={j: rows[name] for j, name in enumerate(system.parameters) if name in rows},
        lands=problem.lands,
        switches=problem.switched.times,
    )


def _make_output(problem: Problem, rhs: RightHandSide) -> Output:
    save, solve = problem.save, problem.solve
    grid = save.grid(solve.t0, solve.t1)
    return Output(rhs, save.states, save.observables, save.count(solve.t0, solve.t1), problem.only_end, grid)


def _make_step(problem: Problem, rhs: RightHandSide, norm: ErrorNorm, fixed_step: float | None, *, dense: bool) -> Step:
    """Return the step of the method's family."""
    tableau, solve, fixed = problem.tableau, problem.solve, fixed_step is not None
    if isinstance(tableau, ButcherTableau):
        constant = None if problem.switched.times else fixed_step
        return ExplicitRungeKuttaStep(tableau, rhs, norm, fixed=fixed, fixed_step=constant, dense=dense)
    jacobian = Jacobian(rhs.system, rhs.precision)
    if isinstance(tableau, FullyImplicitTableau):
        return _fully_implicit_step(problem, tableau, rhs, norm, jacobian, dense=dense)
    operator = StageMatrix(jacobian, tableau.gamma, norm)
    if isinstance(tableau, RosenbrockTableau):
        linear = make_linear_solver(operator, solve.linear, max(solve.rtol / 100, LEAST_REDUCTION[rhs.precision]))
        return RosenbrockStep(tableau, rhs, jacobian, norm, linear, fixed=fixed, dense=dense)
    linear = make_linear_solver(operator, solve.linear, NEWTON_REDUCTION[rhs.precision])
    full = solve.newton.jacobian == "iteration" or (solve.newton.jacobian is None and not linear.direct)
    newton = NewtonSolver(StageEquation(rhs, operator), linear, _newton_settings(solve), full=full)
    return DiagonallyImplicitStep(tableau, rhs, norm, newton, fixed=fixed, dense=dense)


def _fully_implicit_step(
    problem: Problem,
    tableau: FullyImplicitTableau,
    rhs: RightHandSide,
    norm: ErrorNorm,
    jacobian: Jacobian,
    *,
    dense: bool,
) -> Step:
    settings = problem.solve
    if settings.newton.jacobian == "iteration":
        message = f"{tableau.name} solves all stages with one matrix a step"
        raise PlanError(message, 'use jacobian = "step", or a diagonally implicit method', "solve.newton.jacobian")
    operator = CoupledMatrix(jacobian, tableau, norm)
    reduction = NEWTON_REDUCTION[rhs.precision]
    linear = make_linear_solver(operator, settings.linear, reduction)
    newton = NewtonSolver(CoupledEquations(rhs, operator), linear, _newton_settings(settings), full=False)
    error_filter = None
    if settings.dt is None:
        error_matrix = StageMatrix(jacobian, tableau.error_gamma, norm)
        error_filter = make_linear_solver(
            error_matrix, settings.linear, NEWTON_REDUCTION[rhs.precision], owner="filter"
        )
    return FullyImplicitStep(tableau, rhs, norm, newton, error_filter, dense=dense)


def _newton_settings(solve: SolveSettings) -> NewtonSettings:
    """Return when Newton's method stops, for the steps and the precision there are.

    A step that converges slowly is tried shorter where steps adapt; a fixed one is all there is. No iterate is better
    than rounding leaves it.
    """
    newton = solve.newton
    limit = newton.max_iters or (MOST_FIXED_CORRECTIONS if solve.dt is not None else None)
    rounding = float(np.finfo(solve.precision).eps) / solve.rtol if solve.rtol else 0.0
    return replace(newton, max_iters=limit, tolerance=max(newton.tolerance, rounding))


def register(loop: Loop, problem: Problem) -> BufferRegistry:
    """Return the registry of a loop's buffers."""
    registry = BufferRegistry(problem.locations)
    loop.register(registry)
    return registry


def _controller(problem: Problem) -> FixedController | AdaptiveController:
    solve, tableau, chosen = problem.solve, problem.tableau, problem.solve.controller
    if problem.fixed_steps is not None:
        return FixedController(solve.t0, solve.t1, problem.fixed_steps)
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
        for name in ("kp", "ki", "kd", "safety", "min_factor", "max_factor")
        if getattr(chosen, name) is not None
    }
    settings = replace(defaults, **given)
    beta1, beta2, beta3 = settings.betas(tableau.error_order)
    common: dict[str, Any] = {
        "exponent": beta1,
        "safety": settings.safety,
        "min_factor": settings.min_factor,
        "max_factor": settings.max_factor,
        "dt_min": solve.dt_min,
        "dt_max": solve.dt_max or np.inf,
        "precision": solve.precision,
        "lands": problem.lands or problem.switched.times is not None,
    }
    if settings.kind == "gustafsson":
        return PredictiveController(**common)
    return FilterController(**common, beta2=beta2, beta3=beta3)


def _require_landing(problem: Problem, step: float) -> None:
    """Refuse save times between fixed steps of a method that cannot interpolate."""
    places = (problem.times - problem.solve.t0) / step
    if np.abs(places - np.round(places)).max() > LANDING_TOLERANCE:
        message = f"{problem.tableau.name} has no continuous extension, so with a fixed step it saves at steps only"
        hint = f"choose save times that are multiples of the step {step:g}, or another algorithm"
        raise PlanError(message, hint, "output.save_every" if problem.save.every else "output.save_at")
