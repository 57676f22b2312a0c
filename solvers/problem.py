"""Everything a kernel depends on, and the tree of components it asks for."""

from dataclasses import dataclass, field, replace

import numpy as np

from buffers import BufferRegistry, Locations
from solvers.controllers import AdaptiveController, FixedController
from solvers.error_norm import ErrorNorm
from solvers.explicit_runge_kutta import ExplicitRungeKuttaStep
from solvers.loop import Loop
from solvers.output import Output
from solvers.right_hand_side import RightHandSide
from solvers.settings import SaveSettings, SolveSettings
from solvers.system import System
from solvers.tableaus import ButcherTableau, find

#: How far, in steps, a save time may lie from a step's end where a method with fixed steps must land on it.
LANDING_TOLERANCE = 1e-6


class PlanError(ValueError):
    """A problem that cannot be solved as asked.

    Parameters
    ----------
    message
        What is wrong.
    hint
        What to do.
    key
        The setting it is about, dotted as in the configuration, where there is one.
    exit_code
        3 for a mistake in the configuration, 6 for a device.
    """

    def __init__(self, message: str, hint: str | None = None, key: str | None = None, exit_code: int = 3) -> None:
        super().__init__(message)
        self.hint = hint
        self.key = key
        self.exit_code = exit_code


@dataclass(frozen=True)
class Problem:
    """A system with everything the user chose.

    Parameters
    ----------
    system, solve, save
        The equations, how they are solved, what is kept.
    swept
        Names of the states and parameters that differ from run to run, in the order of the input rows.
    locations
        Where buffers live.
    """

    system: System
    solve: SolveSettings
    save: SaveSettings
    swept: tuple[str, ...] = ()
    locations: Locations = field(default_factory=Locations)

    @property
    def tableau(self) -> ButcherTableau:
        """The method."""
        return find(self.solve.algorithm)

    @property
    def times(self) -> np.ndarray:
        """The save times, float64."""
        return self.save.times(self.solve.t0, self.solve.t1)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what is saved: states, then observables."""
        states = [self.system.states[index] for index in self.save.states]
        return (*states, *(self.system.observables[index] for index in self.save.observables))

    @property
    def only_end(self) -> bool:
        """Whether the state at t1 is all that is saved."""
        return self.save.every is None and self.save.at is None

    @property
    def fixed_steps(self) -> int | None:
        """The number of equal steps, or None where steps adapt."""
        if self.solve.dt is None:
            return None
        return max(1, round((self.solve.t1 - self.solve.t0) / self.solve.dt))


def make_loop(problem: Problem) -> Loop:
    """Return the tree of components that solves a problem.

    Raises
    ------
    PlanError
        Where the method cannot do what is asked.
    """
    solve, tableau, system = problem.solve, problem.tableau, problem.system
    controller = _controller(problem)
    lands = not problem.only_end and tableau.dense_output is None
    if lands and controller.fixed_step is not None:
        _require_landing(problem, controller.fixed_step)
    rhs = RightHandSide(system, solve.precision)
    norm = ErrorNorm(solve.rtol, solve.atol)
    dense = not problem.only_end and not lands
    longest = min(solve.dt_max or np.inf, solve.t1 - solve.t0)
    step = ExplicitRungeKuttaStep(tableau, rhs, norm, fixed_step=controller.fixed_step, dense=dense)
    rows = {name: row for row, name in enumerate(problem.swept)}
    return Loop(
        step=step,
        controller=controller,
        output=Output(rhs, problem.save.states, problem.save.observables, len(problem.times), problem.only_end),
        t0=solve.t0,
        t1=solve.t1,
        dt=controller.fixed_step or (min(solve.dt0, longest) if solve.dt0 else None),
        dt_min=solve.dt_min,
        dt_max=float(longest),
        max_steps=solve.max_steps,
        swept_states={i: rows[name] for i, name in enumerate(system.states) if name in rows},
        swept_parameters={j: rows[name] for j, name in enumerate(system.parameters) if name in rows},
        lands=lands,
    )


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
    given = {
        name: getattr(chosen, name)
        for name in ("kp", "ki", "kd", "safety", "min_factor", "max_factor")
        if getattr(chosen, name) is not None
    }
    settings = replace(defaults, **given)
    return AdaptiveController(
        betas=settings.betas(tableau.error_order),
        safety=settings.safety,
        min_factor=settings.min_factor,
        max_factor=settings.max_factor,
        t1=solve.t1,
        dt_max=float(min(solve.dt_max or np.inf, solve.t1 - solve.t0)),
        precision=solve.precision,
    )


def _require_landing(problem: Problem, step: float) -> None:
    """Refuse save times between fixed steps of a method that cannot interpolate."""
    places = (problem.times - problem.solve.t0) / step
    if np.abs(places - np.round(places)).max() > LANDING_TOLERANCE:
        message = f"{problem.tableau.name} has no continuous extension, so with a fixed step it saves at steps only"
        hint = f"choose save times that are multiples of the step {step:g}, or another algorithm"
        raise PlanError(message, hint, "output.save_every" if problem.save.every else "output.save_at")
