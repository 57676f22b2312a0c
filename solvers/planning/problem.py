"""Everything a kernel depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sympy

from buffers import Locations
from solvers.equations.switches import Switched, find_switches
from solvers.equations.system import System
from solvers.planning.exchange import Exchange
from solvers.settings import KernelSettings, SaveSettings, SolveSettings
from solvers.tableaus import find
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.tableau import ButcherTableau

if TYPE_CHECKING:
    from solvers.tableaus.registry import Tableau


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
    kernel
        How the kernel is compiled and launched.
    disorder
        How many swept quantities vary, where runs that follow each other have values that differ much; else 0.
    moments
        What the ends of windows that are texts stand for, by the text: expressions of parameters.
    """

    system: System
    solve: SolveSettings
    save: SaveSettings
    swept: tuple[str, ...] = ()
    locations: Locations = field(default_factory=Locations)
    kernel: KernelSettings = field(default_factory=KernelSettings)
    disorder: int = 0
    moments: Mapping[str, sympy.Expr] = field(default_factory=dict)

    @property
    def tableau(self) -> "Tableau":
        """The method."""
        return find(self.solve.algorithm)

    @property
    def explicit(self) -> bool:
        """Whether steps solve no equations."""
        return isinstance(self.tableau, ButcherTableau)

    @property
    def iterates(self) -> bool:
        """Whether steps solve equations that are not linear."""
        return not isinstance(self.tableau, ButcherTableau | RosenbrockTableau)

    @property
    def exchange(self) -> Exchange:
        """The arrays that pass between the host and the kernel."""
        return Exchange(self.system, self.solve, self.save, self.swept)

    @property
    def times(self) -> np.ndarray:
        """The save times, float64."""
        return self.save.times(self.solve.t0, self.solve.t1)

    @property
    def only_end(self) -> bool:
        """Whether the state at t1 is all that is saved."""
        return self.save.only_end

    @property
    def lands(self) -> bool:
        """Whether steps have to end at the save times, because the method cannot interpolate."""
        return not self.only_end and self.tableau.dense_output is None

    @cached_property
    def switched(self) -> Switched:
        """The system as it is solved, and when its conditions of time alone change."""
        return find_switches(self.system)

    @property
    def watches(self) -> bool:
        """Whether any event waits for an expression to cross zero."""
        return any(event.when is not None for event in self.system.events)

    @property
    def cut(self) -> bool:
        """Whether there are moments of a run's own at which steps may be cut short."""
        return self.shortened or bool(self.system.events)

    @property
    def shortened(self) -> bool:
        """Whether steps are cut short: events that change nothing leave them whole."""
        known = self.switched.times is not None or bool(self.system.used_drivers)
        dated_or_changing = any(event.appointments or event.changes for event in self.system.events)
        return known or dated_or_changing or any(facts.stop for facts in self.system.event_facts)

    @property
    def fixed_steps(self) -> int | None:
        """The number of equal steps, or None where steps adapt."""
        return self.solve.fixed_steps
