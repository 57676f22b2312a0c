"""From a problem to the tree of components that solves it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from buffers import BufferRegistry
from solvers.algebra.elimination import AnyJacobian
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.linear_solvers import LinearSolver, Operator, make_linear_solver
from solvers.algebra.matrices import CoupledMatrix, StageMatrix
from solvers.algebra.newton import NewtonLimits, NewtonSolver
from solvers.algebra.rate_jacobian import RateJacobian
from solvers.equations.dealt_jacobian import DealtJacobian
from solvers.equations.forcing import Forcing
from solvers.equations.jacobian import Jacobian
from solvers.equations.looped import weight
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program
from solvers.equations.quantities import EventFacts
from solvers.equations.rates import RateEquations
from solvers.equations.reads import Reads
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import parameter_symbol
from solvers.errors import PlanError
from solvers.integration.controllers import AdaptiveController, FilterController, FixedController, PredictiveController
from solvers.integration.events import Events
from solvers.integration.firings import EventRows, Firings
from solvers.integration.loop import Loop
from solvers.integration.output import EvenSaves, Output
from solvers.integration.stops import Stops
from solvers.integration.summaries import Summaries
from solvers.integration.summary_groups import AskedSummary
from solvers.integration.windows import WindowEnds
from solvers.methods.diagonally_implicit import DiagonallyImplicitStep, StageEquation
from solvers.methods.explicit_runge_kutta import ExplicitRungeKuttaStep
from solvers.methods.fully_implicit import CoupledEquations, FullyImplicitStep
from solvers.methods.rosenbrock import RosenbrockStep
from solvers.methods.step import OneStepMethod
from solvers.planning.event_findings import END, count_of, times_of
from solvers.planning.findings import rows_of
from solvers.planning.given import absolute_names, check, choose_controller, most_corrections
from solvers.planning.problem import Problem
from solvers.planning.sharing import shared_equations
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
#: What an entry of the matrix counts of these.
OPERATIONS_AN_ENTRY = 4


#: Targets on which loops eliminate large dense blocks, large solutions are called, and Newton's methods go by loops
#: where equations do: it has been measured there.
BY_BLOCKS = frozenset({"cpu", "python"})

#: Operations of a step, weighted, up to which it takes less time than what is done about a crossing; and how many steps
#: a run with a crossing waits for others, which may come to theirs. Integrate-and-fire neurons, which fire every third
#: step, took half the time with 2, and no less with 6.
SHORT_STEP = 300
PATIENCE = 3

#: Degree of a continuous extension that values at quarters of a step tell all of.
_QUARTIC = 4


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
    given: Given = _known(problem).__getitem__ if target == "python" else Setting
    controller = _controller(problem, given)
    explicit, rosenbrock = (isinstance(problem.tableau, kind) for kind in (ButcherTableau, RosenbrockTableau))
    by_loops = explicit or (solve.linear.kind == "lu" and (rosenbrock or target in BY_BLOCKS))
    entries = 0 if explicit else Reads(system).entries
    most = MOST_WRITTEN_OUT[target] - OPERATIONS_AN_ENTRY * entries if by_loops else None
    forcing = Forcing.make(system.drivers, system.used_drivers, given, solve.precision)
    equations = partial(RightHandSide, problem.switched.system, solve.precision, most, forcing)
    rhs = (shared_equations(problem, equations) if target == "cuda" else None) or equations()
    norm = ErrorNorm(given("rtol"), tuple(map(given, absolute_names(solve))), rhs.states.longest, rhs.dealing)
    span = given("t1") - given("t0")
    longest = least(given("dt_max"), span) if solve.dt_max else span
    first = least(given("dt0"), longest) if solve.dt0 else None
    rows = {name: row for row, name in enumerate(problem.swept)}
    step = _make_step(problem, given, rhs, norm, controller.fixed_step, blocks=target in BY_BLOCKS)
    return Loop(
        step=step,
        controller=controller,
        output=_make_output(problem, given, rhs),
        t0=given("t0"),
        t1=given("t1"),
        dt=first if controller.fixed_step is None else controller.fixed_step,
        dt_min=given("dt_min") if solve.dt_min else 0.0,
        dt_max=longest,
        max_steps=given("max_steps") if problem.cut or solve.may_use_up_steps else None,
        swept_states={i: rows[name] for i, name in enumerate(system.states) if name in rows},
        swept_parameters={j: rows[name] for j, name in enumerate(system.parameters) if name in rows},
        lands=problem.lands,
        stops=Stops(problem.switched.times, forcing) if problem.cut else None,
        events=_make_events(problem, given, rhs, controller),
        summaries=_make_summaries(problem, given, rhs, step) if save.summaries else None,
    )


def _known(problem: Problem) -> dict[str, Any]:
    """Return what the interpreter is given as it is: numbers, and tables in place of their addresses."""
    exchange = problem.exchange
    return {**exchange.numbers, **exchange.tables}


def _make_events(
    problem: Problem, given: Given, rhs: RightHandSide, controller: FixedController | AdaptiveController
) -> Events | None:
    if not problem.system.events:
        return None
    if problem.watches and problem.tableau.dense_output is None:
        message = f"{problem.tableau.name} has no continuous extension, on which crossings are found"
        raise PlanError(message, "choose another algorithm, such as tsit5", "solve.algorithm")
    rows = rows_of(problem.exchange.findings)
    of_events = tuple(_event_rows(rows, event) for event in problem.system.event_facts)
    end = rows[END].start if END in rows else None
    dense = problem.tableau.dense_output
    quartic = dense is not None and len(dense.coefficients[0]) <= _QUARTIC
    jumps = problem.watches and (problem.switched.times is not None or rhs.forcing.jumps)
    firings = Firings(rhs, given, given("t1"), given("max_events"), end, of_events, quartic=quartic, jumps=jumps)
    return Events(firings, _patience(problem, rhs, controller))


def _patience(problem: Problem, rhs: RightHandSide, controller: FixedController | AdaptiveController) -> int:
    """Return how many attempts a run with a crossing waits for others.

    An attempt that is made again must be the same: what a predictive controller or an implicit method keeps is not.
    """
    if not problem.explicit or isinstance(controller, PredictiveController):
        return 0
    stages = problem.tableau.stages
    operations = stages * (weight(rhs.derivatives) + stages * len(problem.system.states))
    return PATIENCE if operations <= SHORT_STEP else 0


def _event_rows(rows: Mapping[str, range], event: EventFacts) -> EventRows:
    return EventRows(rows[count_of(event)].start, rows[times_of(event)].start if event.first else 0)


def _make_summaries(problem: Problem, given: Given, rhs: RightHandSide, step: OneStepMethod) -> Summaries:
    save = problem.save
    asked = [
        AskedSummary(
            quantity=each.quantity,
            observable=each.observable,
            kind=each.kind,
            window=each.window,
            level=None if each.level is None else given(f"summaries[{index}].level"),
            direction=each.direction,
            above=None if each.above is None else given(f"summaries[{index}].above"),
        )
        for index, each in enumerate(save.summaries)
    ]
    windows = [
        WindowEnds(*(_window_end(problem, given, index, name, getattr(each, name)) for name in ("begin", "end")))
        for index, each in enumerate(save.windows)
    ]
    changes = bool(problem.system.events)
    return Summaries(rhs, step, tuple(asked), tuple(windows), given("t0"), given("t1"), changes=changes)


def _window_end(
    problem: Problem, given: Given, index: int, name: str, end: float | str | None
) -> Number | Program | None:
    if end is None:
        return None
    if not isinstance(end, str):
        return given(f"windows[{index}].{name}")
    parameters = [parameter_symbol(position) for position in range(len(problem.system.parameters))]
    return compile_program(parameters, [problem.moments[end]])


def _make_output(problem: Problem, given: Given, rhs: RightHandSide) -> Output:
    save = problem.save
    grid = None
    if save.every is not None and save.at is None:
        grid = EvenSaves(given("t0"), given("save_every"), given("computed_saves"), given("t1"))
    times = 1 if problem.only_end else given("saves")
    stops = any(facts.stop for facts in problem.system.event_facts)
    return Output(rhs, save.states, save.observables, times, problem.only_end, grid, stops)


def _make_step(
    problem: Problem, given: Given, rhs: RightHandSide, norm: ErrorNorm, fixed_step: Number | None, *, blocks: bool
) -> OneStepMethod:
    """Return the step of the method's family."""
    tableau, solve, fixed = problem.tableau, problem.solve, fixed_step is not None
    dense = not problem.lands and (not problem.only_end or problem.watches or bool(problem.save.inner_summaries))
    if isinstance(tableau, ButcherTableau):
        constant = None if problem.cut else fixed_step
        return ExplicitRungeKuttaStep(tableau, rhs, norm, fixed=fixed, fixed_step=constant, dense=dense)
    jacobian = _make_jacobian(rhs)
    if isinstance(tableau, FullyImplicitTableau):
        return _fully_implicit_step(problem, given, tableau, rhs, norm, jacobian, dense=dense, blocks=blocks)
    operator = StageMatrix(jacobian, tableau.gamma, norm, loops=rhs.looped is not None, blocks=blocks)
    linear = _linear_solver(operator, solve, given)
    if isinstance(tableau, RosenbrockTableau):
        return RosenbrockStep(tableau, rhs, jacobian, norm, linear, fixed=fixed, dense=dense)
    full = solve.newton.jacobian == "iteration" or (solve.newton.jacobian is None and not linear.direct)
    newton = NewtonSolver(StageEquation(rhs, operator), linear, _newton_limits(solve, given), full=full)
    return DiagonallyImplicitStep(tableau, rhs, norm, newton, fixed=fixed, dense=dense)


def _make_jacobian(rhs: RightHandSide) -> AnyJacobian:
    if isinstance(rhs.dealt, RateEquations):
        return RateJacobian(rhs.dealt)
    whole = Jacobian(rhs.system, rhs.precision, rhs.forcing)
    return DealtJacobian(whole, rhs.dealt) if rhs.dealt else whole


def _fully_implicit_step(
    problem: Problem,
    given: Given,
    tableau: FullyImplicitTableau,
    rhs: RightHandSide,
    norm: ErrorNorm,
    jacobian: AnyJacobian,
    *,
    dense: bool,
    blocks: bool,
) -> OneStepMethod:
    solve = problem.solve
    if solve.newton.jacobian == "iteration":
        message = f"{tableau.name} solves all stages with one matrix a step"
        raise PlanError(message, 'use jacobian = "step", or a diagonally implicit method', "solve.newton.jacobian")
    loops = rhs.looped is not None
    operator = CoupledMatrix(jacobian, tableau, norm, loops=loops, blocks=blocks)
    linear = _linear_solver(operator, solve, given)
    newton = NewtonSolver(CoupledEquations(rhs, operator), linear, _newton_limits(solve, given), full=False)
    error_filter = None
    if solve.dt is None:
        error_matrix = StageMatrix(jacobian, tableau.error_gamma, norm, loops=loops, blocks=blocks)
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
        "lands": problem.lands or problem.shortened,
    }
    if kind == "gustafsson":
        return PredictiveController(**common)
    beta2 = 0.0 if kind == "i" else given("beta2")
    return FilterController(**common, beta2=beta2, beta3=given("beta3") if kind == "pid" else 0.0)
