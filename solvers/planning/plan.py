"""From a problem to a plan: the tree of components that solves it, and the memory that each needs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

from buffers import BufferRegistry
from solvers.equations.looped import MOST_STATES
from solvers.equations.program import Program
from solvers.equations.start_values import StartValues
from solvers.equations.system import TIME, System, observable_symbol, parameter_symbol, state_symbol
from solvers.errors import PlanError
from solvers.integration.loop import Loop
from solvers.planning.assembly import make_loop, register
from solvers.planning.exchange import Exchange
from solvers.planning.problem import Problem
from solvers.settings import (
    KernelSettings,
    LinearKind,
    LinearSettings,
    NewtonSettings,
    SaveSettings,
    SolveSettings,
    Summary,
    Window,
)
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS


@dataclass(frozen=True)
class Plan:
    """A problem and the memory that it takes.

    Parameters
    ----------
    problem
        What is solved.
    target
        "cuda", "cpu" or "python".
    loop, registry
        The tree of components, and their buffers.
    unused
        Names in the user's choice of locations that exist for other methods only.
    """

    problem: Problem
    target: str
    loop: Loop
    registry: BufferRegistry
    unused: tuple[str, ...]

    @property
    def exchange(self) -> Exchange:
        """The arrays that pass between the host and the kernel."""
        return self.problem.exchange

    @property
    def ordered(self) -> bool:
        """Whether runs are worked on in an order of the device's own."""
        problem, adaptive = self.problem, self.problem.fixed_steps is None
        return self.target == "cuda" and order_rule(problem.kernel, disorder=problem.disorder, adaptive=adaptive)

    @property
    def values(self) -> StartValues:
        """The values that are expressions."""
        return self.loop.step.rhs.start_values

    @property
    def form(self) -> str:
        """How the equations are compiled."""
        rhs = self.loop.step.rhs
        return str(rhs.dealt or rhs.looped or "written out")

    @property
    def threads_per_run(self) -> int:
        """Threads that share a run."""
        dealing = self.loop.step.rhs.dealing
        return dealing.lanes if dealing else 1

    @property
    def derivatives(self) -> Program:
        """The right-hand side."""
        return self.loop.step.rhs.derivatives


def order_rule(settings: KernelSettings, *, disorder: int, adaptive: bool) -> bool:
    """Return whether runs are worked on in an order in which neighbours are alike, rather than in their own.

    That takes the time of a few steps, and a warp takes as long as its longest run.

    Parameters
    ----------
    disorder
        See `Problem`.
    adaptive
        Whether steps vary.
    """
    if settings.order is not None:
        return settings.order
    return disorder > 0 and adaptive


def make_plan(problem: Problem, target: str) -> Plan:
    """Work out the components of a problem and the memory each needs.

    Raises
    ------
    PlanError
        Where the method cannot do what is asked.
    buffers.UnknownBufferError
        For a location of a buffer that no method has.
    """
    loop = make_loop(problem, target)
    registry = register(loop, problem)
    return Plan(problem, target, loop, registry, registry.check(_known_buffers(problem)))


def _known_buffers(problem: Problem) -> frozenset[str]:
    """Return the buffers that exist for some method; names depend on no system but on whether it depends on time."""
    if not problem.locations.assignments:
        return frozenset()
    system = System("", ("y",), (0.0,), (), (), derivatives=(TIME - state_symbol(0),))
    names = {*_names_of_loops()}
    kinds: tuple[LinearKind, ...] = ("lu", "bicgstab")
    backtracking = NewtonSettings(max_backtracks=1)
    for algorithm, kind, every in product((*TABLEAUS, *IMPLICIT_TABLEAUS), kinds, (1.0, None)):
        solve = SolveSettings(algorithm, t0=0.0, t1=1.0, atol=(1.0,), linear=LinearSettings(kind), newton=backtracking)
        variant = Problem(system, solve, SaveSettings(states=(0,), every=every))
        try:
            loop = make_loop(variant)
        except PlanError:
            continue
        names.update(register(loop, variant).names)
    names.update(_names_of_summaries(system))
    return frozenset(names)


def _names_of_summaries(system: System) -> Iterable[str]:
    """Return the names of the buffers that summaries have."""
    solve, begin = SolveSettings("tsit5", t0=0.0, t1=1.0, atol=(1.0,)), "a moment"
    asked = Summary(0, observable=False, kind="time_of_max", name="")
    summaries = asked, replace(asked, kind="peaks"), replace(asked, kind="mean")
    save = SaveSettings(states=(0,), summaries=summaries, windows=(Window(begin, None),))
    system = replace(system, parameters=("p",), parameter_values=(0.0,))
    problem = Problem(system, solve, save, moments={begin: parameter_symbol(0)})
    return register(make_loop(problem), problem).names


def _names_of_loops() -> Iterable[str]:
    """Return the names of the buffers that large systems have with explicit methods."""
    count = MOST_STATES + 1
    system = System(
        "",
        tuple(f"y{index}" for index in range(count)),
        (0.0,) * count,
        (),
        (),
        observables=("w",),
        derivatives=tuple(observable_symbol(0) * state_symbol(index) for index in range(count)),
        observable_expressions=(state_symbol(0),),
    )
    solve = SolveSettings("tsit5", t0=0.0, t1=1.0, atol=(1.0,) * count)
    problem = Problem(system, solve, SaveSettings(states=(0,)))
    return register(make_loop(problem), problem).names
