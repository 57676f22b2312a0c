"""Other programs' solvers, each of which goes on from a time to another, or to where an expression crosses zero.

What they solve is smooth: forcings are polynomials whose coefficients are among the numbers that they are given.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from tests.independent.texts import Function, compiled

#: Steps, or evaluations, after which a reference is given up.
PATIENCE = 60_000
#: Steps of a span at least, where SciPy looks for crossings: it compares the signs at the ends of steps.
LOOKS = 150
#: Points at which a step is looked at for extremes.
_POINTS = np.linspace(0.0, 1.0, 9)


class PeerError(Exception):
    """A peer has not solved what it was given."""


@dataclass(frozen=True)
class Smooth:
    """What is solved between two edges.

    Parameters
    ----------
    equations, observables
        Text by name; observables include forcings, in terms of their coefficients.
    whens
        Expressions that may cross zero.
    directions
        1 where only upwards counts, -1 downwards, 0 both.
    numbers
        Names of parameters and coefficients.
    stiff
        Whether an explicit method would take long.
    length
        From t0 to t1.
    watched
        Expressions whose extremes are wanted.
    """

    equations: Mapping[str, str]
    observables: Mapping[str, str]
    whens: Sequence[str]
    directions: Sequence[int]
    numbers: Sequence[str]
    stiff: bool
    length: float
    watched: Sequence[str]

    def function(self, texts: Sequence[str]) -> Function:
        """Return a function of some expressions."""
        return compiled(texts, self.observables, tuple(self.equations), self.numbers)


@dataclass(frozen=True)
class Part:
    """How far a peer came.

    Parameters
    ----------
    t, y
        Where it is.
    fired
        The indices of the expressions that crossed zero there.
    saved
        States at the times asked for, as far as they are reached: one row each.
    extremes
        The smallest and the largest value of what is watched, one pair each; None where the peer does not know.
    """

    t: float
    y: np.ndarray
    fired: tuple[int, ...]
    saved: np.ndarray
    extremes: np.ndarray | None = None


class Peer(Protocol):
    """A solver."""

    name: str

    def advance(self, t: float, y: np.ndarray, end: float, saves: np.ndarray, numbers: list[float]) -> Part:
        """Go on to a time, or to the first crossing; raise `PeerError` where that fails."""


class SciPy:
    """DOP853."""

    name = "SciPy"

    def __init__(self, smooth: Smooth) -> None:
        self._slopes = smooth.function(list(smooth.equations.values()))
        self._watched = smooth.function(list(smooth.watched))
        self._crossings = [smooth.function([when]) for when in smooth.whens]
        self._directions = smooth.directions
        self._most = smooth.length / LOOKS if smooth.whens else np.inf

    def advance(self, t: float, y: np.ndarray, end: float, saves: np.ndarray, numbers: list[float]) -> Part:
        """Go on to a time, or to the first crossing."""
        left = PATIENCE

        def slopes(t: float, y: np.ndarray) -> list[float]:
            nonlocal left
            left -= 1
            if not left:
                raise PeerError("SciPy: too many evaluations")
            return self._slopes(t, y.tolist(), numbers)

        events = [
            _event(crossing, numbers, direction)
            for crossing, direction in zip(self._crossings, self._directions, strict=True)
        ]
        with np.errstate(all="ignore"):
            found = solve_ivp(
                slopes, (t, end), y, "DOP853", dense_output=True, events=events or None, rtol=1e-12, atol=1e-13,
                max_step=self._most,
            )  # fmt: skip
        if not found.success or not np.isfinite(found.y).all():
            raise PeerError(f"SciPy: {found.message}")
        times, curve = found.t, found.sol
        fired = tuple(index for index, each in enumerate(found.t_events or ()) if len(each))
        return Part(
            float(times[-1]),
            found.y[:, -1],
            fired,
            np.array([curve(save) for save in saves if save <= times[-1]]),
            self._extremes(times, curve, numbers),
        )

    def _extremes(self, times: np.ndarray, curve: Any, numbers: list[float]) -> np.ndarray:
        """Return the smallest and the largest value of what is watched."""
        points = np.unique((times[:-1, None] + np.diff(times)[:, None] * _POINTS).ravel())

        def at(t: float) -> np.ndarray:
            return np.array(self._watched(t, curve(t).tolist(), numbers))

        values = np.array([at(t) for t in points])
        return np.array(
            [
                [-_peak(points, -column, lambda t, k=k: -at(t)[k]), _peak(points, column, lambda t, k=k: at(t)[k])]
                for k, column in enumerate(values.T)
            ]
        )


def _event(crossing: Function, numbers: list[float], direction: int) -> Callable[..., float]:
    def event(t: float, y: np.ndarray) -> float:
        return crossing(t, y.tolist(), numbers)[0]

    event.terminal, event.direction = True, float(direction)  # type: ignore[attr-defined]
    return event


def _peak(times: np.ndarray, values: np.ndarray, at: Callable[[float], float]) -> float:
    """Return the largest value: between the neighbours of each point that is above them, as a lower one may lead up."""
    below = np.concatenate([[-np.inf], values[:-1]]) < values
    tops = np.flatnonzero(below & (values >= np.concatenate([values[1:], [-np.inf]])))
    around = [(times[max(top - 1, 0)], times[min(top + 1, len(times) - 1)]) for top in tops]
    found = [minimize_scalar(lambda t: -at(t), bounds=each, options={"xatol": 1e-8}).fun for each in around]
    return max(float(values.max()), *(-float(each) for each in found))


class Cvode:
    """CVODE from SUNDIALS: BDF for stiff systems, else Adams; its root finding for crossings."""

    name = "CVODE"

    def __init__(self, smooth: Smooth) -> None:
        from sksundae.cvode import CVODE  # noqa: PLC0415 - an extra

        slopes, crossings = smooth.function(list(smooth.equations.values())), smooth.function(list(smooth.whens))
        self._numbers: list[float] = []

        def fill(t: float, y: np.ndarray, out: np.ndarray) -> None:
            out[:] = slopes(t, y.tolist(), self._numbers)

        def look(t: float, y: np.ndarray, out: np.ndarray) -> None:
            out[:] = crossings(t, y.tolist(), self._numbers)

        more: dict[str, Any] = {}
        if smooth.whens:
            look.terminal, look.direction = [True] * len(smooth.whens), list(smooth.directions)  # type: ignore[attr-defined]
            more = {"eventsfn": look, "num_events": len(smooth.whens), "max_step": smooth.length / LOOKS}
        method = "BDF" if smooth.stiff else "Adams"
        self._solver = CVODE(fill, method=method, rtol=1e-11, atol=1e-13, max_num_steps=PATIENCE, **more)

    def advance(self, t: float, y: np.ndarray, end: float, saves: np.ndarray, numbers: list[float]) -> Part:
        """Go on to a time, or to the first crossing."""
        self._numbers[:] = numbers
        wanted = np.unique(np.concatenate([[t], saves, [0.5 * (t + end), end]]))
        found = self._solver.solve(wanted, y)
        if not found.success or not np.isfinite(found.y).all():
            raise PeerError(f"CVODE: {found.message}")
        fired = tuple(np.flatnonzero(found.i_events[-1]).tolist()) if found.status == 2 else ()
        reached = float(found.t[-1])
        rows = dict(zip(found.t.tolist(), found.y, strict=True))
        return Part(reached, found.y[-1], fired, np.array([rows[save] for save in saves if save <= reached]))


class Heyoka:
    """heyoka's Taylor method, with its own events."""

    name = "heyoka"

    def __init__(self, smooth: Smooth) -> None:
        import heyoka  # noqa: PLC0415 - an extra

        self._limit, self._events = heyoka.taylor_outcome.time_limit, len(smooth.whens)
        states = heyoka.make_vars(*[f"y{index}" for index in range(len(smooth.equations))])
        known = {name: getattr(heyoka, name) for name in dir(heyoka)} | {"t": heyoka.time}
        known |= dict(zip(smooth.equations, states, strict=True))
        known |= {name: heyoka.par[index] for index, name in enumerate(smooth.numbers)}
        for name, text in smooth.observables.items():
            known[name] = _heyoka_expression(text, known)
        sides = [_heyoka_expression(text, known) for text in smooth.equations.values()]
        kinds = heyoka.event_direction
        directions = {1: kinds.positive, -1: kinds.negative, 0: kinds.any}
        events = [
            heyoka.t_event(_heyoka_expression(when, known), direction=directions[direction])
            for when, direction in zip(smooth.whens, smooth.directions, strict=True)
        ]
        self._solver = heyoka.taylor_adaptive(
            list(zip(states, sides, strict=True)),
            [0.0] * len(states),
            compact_mode=True,
            opt_level=1,
            t_events=events,
        )

    def advance(self, t: float, y: np.ndarray, end: float, saves: np.ndarray, numbers: list[float]) -> Part:
        """Go on to a time, or to the first crossing."""
        solver = self._solver
        solver.time = t
        solver.state[:] = y
        # It has none beyond the last that it uses.
        solver.pars[:] = numbers[: len(solver.pars)]
        if solver.with_events:
            solver.reset_cooldowns()
        saved: list[np.ndarray] = []
        fired: tuple[int, ...] = ()
        for target in [*saves, end]:
            outcome = solver.propagate_until(target, max_steps=PATIENCE)[0]
            if outcome != self._limit:
                # A terminal event's outcome is its index, counted backwards from -1.
                fired = (-int(outcome) - 1,)
                if fired[0] not in range(self._events):
                    raise PeerError(f"heyoka: {outcome}")
                break
            saved.append(solver.state.copy())
        return Part(solver.time, solver.state.copy(), fired, np.array(saved[: len(saves)]))


def _heyoka_expression(text: str, known: dict[str, Any]) -> Any:
    """Return an expression with products in place of powers, which have no Taylor series for it where a base is 0."""
    products = re.sub(r"(\w+)\*\*([234])", lambda found: f"({'*'.join([found[1]] * int(found[2]))})", text)
    return known["expression"](1.0) * eval(products, known)  # noqa: S307 - a text that these tests have made
