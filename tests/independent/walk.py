"""A model solved by a peer: from edge to edge, with the events done by hand in between."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.independent.models import Model
from tests.independent.peers import Peer, Smooth
from tests.independent.texts import without_slopes

#: Edges that are nearer to each other, as a share of the span, are one.
_ONE = 1e-13
#: How far a peer's start is moved on, as a share of the span, so that an expression that is zero there is off zero.
_NUDGE = 1e-6
#: Firings after which a run is given up, and how near to each other, as a share of the span, those of one event may be:
#: what fires ever faster does so without end, and any program stops counting somewhere.
_MOST, _NEAREST = 300, 10 * _NUDGE
_DEGREE = 3


class UnclearError(Exception):
    """Things happen too near to each other to be told apart."""


@dataclass
class Told:
    """What is known of a run.

    Parameters
    ----------
    states, observables
        At the saved times, (times, ...); NaN after the end of the run.
    firings
        For each event when it fired, and the states that it left.
    t_end, stopped
        When the run ended, and whether an event has ended it.
    integrals, squares
        Of what is summarised, and of its square.
    extremes
        The smallest and the largest value of what is summarised; None where the peer does not tell them.
    """

    states: np.ndarray
    observables: np.ndarray
    firings: list[list[tuple[float, np.ndarray]]]
    t_end: float = math.nan
    stopped: bool = False
    integrals: np.ndarray = field(default_factory=lambda: np.empty(0))
    squares: np.ndarray = field(default_factory=lambda: np.empty(0))
    extremes: np.ndarray | None = None

    @property
    def counts(self) -> list[int]:
        """How often each event fired."""
        return [len(each) for each in self.firings]


def coefficients(name: str) -> list[str]:
    """Return the names of the numbers that are a forcing's polynomial."""
    return [f"{name}_o", *(f"{name}_{k}" for k in range(_DEGREE + 1))]


def smooth_part(model: Model, summarised: Sequence[str]) -> Smooth:
    """Return what is solved between two edges: the equations, and an integral for each quantity that is summarised."""
    observables = {each.name: _polynomial(each.name) for each in model.forcings} | model.observables
    equations = dict(model.equations)
    for index, text in enumerate(summarised):
        equations |= {f"sum{index}": text, f"squares{index}": f"({text})*({text})"}
    watched = [each for each in model.happenings if each.when]
    return Smooth(
        equations,
        observables,
        [without_slopes(each.when, model.equations) for each in watched],
        [each.direction for each in watched],
        (*model.parameters, *(name for each in model.forcings for name in coefficients(each.name))),
        model.stiff,
        model.span.length,
        summarised,
    )


def _polynomial(name: str) -> str:
    origin, *c = coefficients(name)
    text = c[-1]
    for factor in reversed(c[:-1]):
        text = f"{factor} + (t - {origin})*({text})"
    return f"({text})"


class Walk:
    """A run of a model on its way.

    Parameters
    ----------
    smooth
        Of `smooth_part`.
    kick
        A time, and factors by which the states are multiplied there: what an error on the way would do.
    """

    def __init__(self, model: Model, smooth: Smooth, run: int, kick: tuple[float, np.ndarray] | None = None) -> None:
        self._model, self._smooth = model, smooth
        self._values = {name: each[run] for name, each in model.values.items()}
        self._kick = kick
        self._count = len(model.equations)
        self._watched = [index for index, each in enumerate(model.happenings) if each.when]
        self._all_whens = smooth.function(list(smooth.whens))
        self._slopes = smooth.function(list(smooth.equations.values()))
        self._changes = [self._change(each.changes) for each in model.happenings]
        self._watch = smooth.function(list(smooth.watched))
        self._observables = smooth.function(list(smooth.observables))
        start = [self._values[name] for name in model.equations]
        self._y = np.array(start + [0.0] * (len(smooth.equations) - self._count))
        self._polynomials: list[float] = []
        self._all_known = True
        saves = model.saves
        self._told = Told(
            np.full((len(saves), self._count), math.nan),
            np.full((len(saves), len(smooth.observables)), math.nan),
            [[] for _ in model.happenings],
        )

    def by(self, peer: Peer) -> Told:
        """Return what a peer makes of it."""
        told, span, saves = self._told, self._model.span, np.array(self._model.saves)
        edges = self._edges()
        for begin, end in zip(edges, [*edges[1:], None], strict=True):
            before = self._sides(begin) if begin > span.t0 else None
            # What counts at an edge is what begins there, at the last one too.
            self._polynomials = self._pieces(0.5 * (begin + end) if end is not None else begin + 1e-9 * span.length)
            self._act(begin, self._due(begin), self._sides(begin) if before is None else before)
            if end is None or told.stopped:
                break
            self._solve(peer, begin, end, np.flatnonzero((saves >= begin) & (saves < end)))
            if told.stopped:
                break
        if not told.stopped:
            told.t_end = span.t1
        # What is saved when a run ends is what its last event left.
        for index in np.flatnonzero(saves == told.t_end):
            self._save([index], self._y[None, : self._count])
        self._note_here(told.t_end)
        if not self._all_known:
            told.extremes = None
        told.integrals = self._y[self._count :: 2].copy()
        told.squares = np.maximum(self._y[self._count + 1 :: 2], 0.0)
        return told

    # -- time -------------------------------------------------------------------------------------

    def _edges(self) -> list[float]:
        """Return where forcings change or something is due, and the ends of the span."""
        model, span = self._model, self._model.span
        times = {span.t0, span.t1}
        for forcing in model.forcings:
            times.update(forcing.edges(self._values, span.t0, span.t1))
        for each in model.happenings:
            times.update(each.times(self._values, span.t1) if each.times else [])
        if self._kick:
            times.add(self._kick[0])
        return list(_merged(sorted(time for time in times if span.t0 <= time <= span.t1), _ONE * span.length))

    def _pieces(self, t: float) -> list[float]:
        pieces = [forcing.piece(self._values, t) for forcing in self._model.forcings]
        return [
            number for piece in pieces for number in (piece.origin, *piece.c, *[0.0] * (_DEGREE + 1 - len(piece.c)))
        ]

    def _due(self, t: float) -> list[int]:
        """Return the events of a time."""
        near = 2 * _ONE * self._model.span.length
        if self._kick and abs(self._kick[0] - t) <= near:
            self._y[: self._count] *= self._kick[1]
        return [
            index
            for index, each in enumerate(self._model.happenings)
            if each.times and any(abs(time - t) <= near for time in each.times(self._values, self._model.span.t1))
        ]

    # -- events -----------------------------------------------------------------------------------

    @property
    def _numbers(self) -> list[float]:
        return [*(self._values[name] for name in self._model.parameters), *self._polynomials]

    def _sides(self, t: float) -> np.ndarray:
        """Return what may cross zero."""
        return np.array(self._all_whens(t, self._y.tolist(), self._numbers))

    def _change(self, changes: dict[str, str]) -> Callable[[float], dict[str, float]]:
        values = self._smooth.function(list(changes.values()))
        return lambda t: dict(zip(changes, values(t, self._y.tolist(), self._numbers), strict=True))

    def _act(self, t: float, due: Iterable[int], before: np.ndarray) -> None:
        """Let events act in their order, and those that cross zero by what others set, until none does."""
        following = set(due)
        while True:
            for index in range(len(self._model.happenings)):
                if index in following or index in self._crossed(before, self._sides(t)):
                    self._fire(index, t)
                    if self._told.stopped:
                        return
                    if index in self._watched:
                        number = self._watched.index(index)
                        before[number] = self._sides(t)[number]
            following = self._crossed(before, self._sides(t))
            if not following:
                return
            left = [number for number, index in enumerate(self._watched) if index not in following]
            before[left] = self._sides(t)[left]

    def _crossed(self, before: np.ndarray, after: np.ndarray) -> set[int]:
        """Return the events whose expressions have changed sign in their direction."""
        found = set()
        for number, index in enumerate(self._watched):
            rise = np.sign(after[number]) - np.sign(before[number])
            direction = self._model.happenings[index].direction
            if abs(rise) == 2 and direction in {0, np.sign(rise)}:
                found.add(index)
        return found

    def _fire(self, index: int, t: float) -> None:
        happening, told = self._model.happenings[index], self._told
        names = list(self._model.equations)
        for name, value in self._changes[index](t).items():
            if name in names:
                self._y[names.index(name)] = value
            else:
                self._values[name] = value
        fired = told.firings[index]
        if happening.when and fired and 0.0 < t - fired[-1][0] < _NEAREST * self._model.span.length:
            raise UnclearError("an event fires again at once")
        fired.append((t, self._y[: self._count].copy()))
        if happening.stop and len(fired) >= happening.stop:
            told.stopped, told.t_end = True, t
        if sum(told.counts) > _MOST:
            raise UnclearError("too many firings")

    # -- between edges ----------------------------------------------------------------------------

    def _solve(self, peer: Peer, t: float, end: float, saves: np.ndarray) -> None:
        """Go on to an edge; saves are indices of times before it."""
        times, fired = np.array(self._model.saves), set[int]()
        while t < end and not self._told.stopped:
            saves = saves[times[saves] >= t]
            if len(saves) and times[saves[0]] == t:
                self._save(saves[:1], self._y[None, : self._count])
                saves = saves[1:]
            if self._watched:
                t = self._nudge(t, float(times[saves[0]]) if len(saves) else end, fired)
            part = peer.advance(t, self._y, end, times[saves], self._numbers)
            self._note(part.extremes)
            self._save(saves[: len(part.saved)], part.saved[:, : self._count] if len(part.saved) else part.saved)
            t, self._y = part.t, part.y.copy()
            fired = set(part.fired)
            if fired:
                before = self._sides(t)
                before[list(fired)] = 0.0
                self._act(t, [self._watched[number] for number in fired], before)

    def _nudge(self, t: float, behind: float, fired: set[int]) -> float:
        """Go on a little, by one step of the classical method, whose error is nothing.

        What has just fired may be on either side of zero, by rounding.
        """
        self._note_here(t)
        h = min(_NUDGE * self._model.span.length, 0.5 * (behind - t))
        before, y, p = self._sides(t), self._y, self._numbers

        def k(share: float, moved: np.ndarray) -> np.ndarray:
            return np.array(self._slopes(t + share * h, (y + share * h * moved).tolist(), p))

        k1 = k(0.0, 0.0 * y)
        k2 = k(0.5, k1)
        k3 = k(0.5, k2)
        before[list(fired)] = 0.0
        self._y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k(1.0, k3))
        if self._crossed(before, self._sides(t + h)):
            raise UnclearError("a crossing just behind another")
        return t + h

    def _note_here(self, t: float) -> None:
        """Take what is watched into account as it is now."""
        values = self._watch(t, self._y.tolist(), self._numbers)
        self._note(np.array([values, values]).T)

    def _note(self, extremes: np.ndarray | None) -> None:
        if extremes is None:
            self._all_known = False
            return
        known = extremes if self._told.extremes is None else self._told.extremes
        low, high = np.minimum(known[:, 0], extremes[:, 0]), np.maximum(known[:, 1], extremes[:, 1])
        self._told.extremes = np.stack([low, high], axis=1)

    def _save(self, indices: Sequence[int] | np.ndarray, states: np.ndarray) -> None:
        rest = [0.0] * (len(self._y) - self._count)
        for index, row in zip(indices, states, strict=True):
            self._told.states[index] = row
            self._told.observables[index] = self._observables(
                self._model.saves[index], [*row.tolist(), *rest], self._numbers
            )


def _merged(times: Sequence[float], near: float) -> Iterator[float]:
    last = -math.inf
    for time in times:
        if time - last > near:
            yield time
            last = time
