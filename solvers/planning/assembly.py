"""From a problem to the tree of components that solves it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import LinearSolver, Operator, make_linear_solver
from solvers.algebra.matrices import CoupledMatrix, StageMatrix
from solvers.algebra.newton import NewtonLimits, NewtonSolver
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.errors import PlanError
from solvers.integration.controllers import AdaptiveController, FilterController, FixedController, PredictiveController
from solvers.integration.loop import Loop
from solvers.integration.output import EvenSaves, Output
from solvers.methods.diagonally_implicit import DiagonallyImplicitStep, StageEquation
from solvers.methods.explicit_runge_kutta import ExplicitRungeKuttaStep
from solvers.methods.fully_implicit import CoupledEquations, FullyImplicitStep
from solvers.methods.rosenbrock import RosenbrockStep
from solvers.methods.step import Step
from solvers.planning.given import absolute_names, check, choose_controller, given_numbers, most_corrections
from solvers.planning.problem import Problem
from solvers.settings import SolveSettings
from solvers.straightline.setting import Number, Setting, least
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.tableau import ButcherTableau

#: A number that is given to the kernel, by its name in `solvers.planning.given`.
Given = Callable[[str], Number]


#: Operations, weighted, up to which a right-hand side is written out. 24 oscillators with 552 sines (6,373) took by
#: loops 0.9 times as long on a GPU, but 2.3 times on a processor; 12 of them 1.5 times on a GPU. Compiling what is
#: written out takes seconds for each of these, and four times as long for twice as many.
MOST_WRITTEN_OUT = {"cuda": 4000, "cpu": 8000, "python": 8000}


def make_loop(problem: Problem, target: str = "python") -> Loop:
    """Return the tree of components that solves a problem.

    Parameters
    ----------
    target
        For the compiled ones numbers are settings, which a kernel is given as it starts.

    Raises
    ------
    PlanError
        Where the method cannot do what is asked.
    """
    solve, save, system = problem.solve, problem.save, problem.system
    check(solve, save)
    given: Given = given_numbers(solve, save).__getitem__ if target == "python" else Setting
    controller = _controller(problem, given)
    most = (
        MOST_WRITTEN_OUT[target] if solve.linear.kind == "lu" or isinstance(problem.tableau, ButcherTableau) else None
    )
    rhs = RightHandSide(problem.switched.system, solve.precision, most)
    norm = ErrorNorm(given("rtol"), tuple(map(given, absolute_names(solve))), rhs.states.longest)
    span = given("t1") - given("t0")
    longest = least(given("dt_max"), span) if solve.dt_max else span
    first = least(given("dt0"), longest) if solve.dt0 else None
    rows = {name: row for row, name in enumerate(problem.swept)}
    return Loop(
        step=_make_step(problem, given, rhs, norm, controller.fixed_step),
        controller=controller,
        output=_make_output(problem, given, rhs),
        t0=given("t0"),
        t1=given("t1"),
        dt=first if controller.fixed_step is None else controller.fixed_step,
        dt_min=given("dt_min") if solve.dt_min else 0.0,
        dt_max=longest,
        max_steps=given("max_steps") if problem.switched.times or solve.may_use_up_steps else None,
        swept_states={i: rows[name] for i, name in enumerate(system.states) if name in rows},
        swept_parameters={j: rows[name] for j, name in enumerate(system.parameters) if name in rows},
        lands=problem.lands,
        switches=problem.switched.times,
    )


def _make_output(problem: Problem, given: Given, rhs: RightHandSide) -> Output:
    save = problem.save
    grid = None
    if save.every is not None and save.at is None:
        grid = EvenSaves(given("t0"), given("save_every"), given("computed_saves"), given("t1"))
    times = 1 if problem.only_end else given("saves")
    return Output(rhs, save.states, save.observables, times, problem.only_end, grid)


def _make_step(problem: Problem, given: Given, rhs: RightHandSide, norm: ErrorNorm, fixed_step: Number | None) -> Step:
    """Return the step of the method's family."""
    tableau, solve, fixed = problem.tableau, problem.solve, fixed_step is not None
    dense = not problem.only_end and not problem.lands
    if isinstance(tableau, ButcherTableau):
        constant = None if problem.switched.times else fixed_step
        return ExplicitRungeKuttaStep(tableau, rhs, norm, fixed=fixed, fixed_step=constant, dense=dense)
    jacobian = Jacobian(rhs.system, rhs.precision)
    if isinstance(tableau, FullyImplicitTableau):
        return _fully_implicit_step(problem, given, tableau, rhs, norm, jacobian, dense=dense)
    operator = StageMatrix(jacobian, tableau.gamma, norm, loops=rhs.looped is not None)
    linear = _linear_solver(operator, solve, given)
    if isinstance(tableau, RosenbrockTableau):
        return RosenbrockStep(tableau, rhs, jacobian, norm, linear, fixed=fixed, dense=dense)
    full = solve.newton.jacobian == "iteration" or (solve.newton.jacobian is None and not linear.direct)
    newton = NewtonSolver(StageEquation(rhs, operator), linear, _newton_limits(solve, given), full=full)
    return DiagonallyImplicitStep(tableau, rhs, norm, newton, fixed=fixed, dense=dense)


def _fully_implicit_step(
    problem: Problem,
    given: Given,
    tableau: FullyImplicitTableau,
    rhs: RightHandSide,
    norm: ErrorNorm,
    jacobian: Jacobian,
    *,
    dense: bool,
) -> Step:
    solve = problem.solve
    if solve.newton.jacobian == "iteration":
        message = f"{tableau.name} solves all stages with one matrix a step"
        raise PlanError(message, 'use jacobian = "step", or a diagonally implicit method', "solve.newton.jacobian")
    loops = rhs.looped is not None
    operator = CoupledMatrix(jacobian, tableau, norm, loops=loops)
    linear = _linear_solver(operator, solve, given)
    newton = NewtonSolver(CoupledEquations(rhs, operator), linear, _newton_limits(solve, given), full=False)
    error_filter = None
    if solve.dt is None:
        error_matrix = StageMatrix(jacobian, tableau.error_gamma, norm, loops=loops)
        error_filter = _linear_solver(error_matrix, solve, given, owner="filter")
    return FullyImplicitStep(tableau, rhs, norm, newton, error_filter, dense=dense)


def _linear_solver(operator: Operator, solve: SolveSettings, given: Given, owner: str = "linear") -> LinearSolver:
    limits = given("linear.tolerance"), given("linear.max_iters")
    return make_linear_solver(operator, solve.linear, *limits, owner=owner)


def _newton_limits(solve: SolveSettings, given: Given) -> NewtonLimits:
    backtracks = given("newton.max_backtracks") if solve.newton.max_backtracks else 0
    return NewtonLimits(given("newton.tolerance"), most_corrections(solve), given("newton.damping"), backtracks)


def register(loop: Loop, problem: Problem) -> BufferRegistry:
    """Return the registry of a loop's buffers."""
    registry = BufferRegistry(problem.locations)
    loop.register(registry)
    return registry


def _controller(problem: Problem, given: Given) -> FixedController | AdaptiveController:
    solve = problem.solve
    if solve.fixed_steps is not None:
        return FixedController(given("t0"), given("t1"), given("steps"))
    kind = choose_controller(solve).kind
    common: dict[str, Any] = {
        "exponent": given("beta1"),
        "safety": given("safety"),
        "min_factor": given("min_factor"),
        "max_factor": given("max_factor"),
        "dt_min": given("dt_min") if solve.dt_min else 0.0,
        "dt_max": given("dt_max") if solve.dt_max else np.inf,
        "precision": solve.precision,
        "lands": problem.lands or problem.switched.times is not None,
    }
    if kind == "gustafsson":
        return PredictiveController(**common)
    beta2 = 0.0 if kind == "i" else given("beta2")
    return FilterController(**common, beta2=beta2, beta3=given("beta3") if kind == "pid" else 0.0)
