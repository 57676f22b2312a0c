"""Quantities that time alone decides: switches and drivers, as the model file has them and as known by hand.

Between two edges each is a polynomial of degree 3 at most; so a reference integrates from edge to edge, and needs to
know nothing of conditions and tables.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator, PPoly

Values = Mapping[str, float]


@dataclass(frozen=True)
class Piece:
    """A polynomial: the sum of c[k]*(t - origin)**k."""

    origin: float
    c: tuple[float, ...]

    def __call__(self, t: float) -> float:
        return sum(factor * (t - self.origin) ** k for k, factor in enumerate(self.c))


@dataclass(frozen=True)
class Forcing:
    """A quantity of time.

    Parameters
    ----------
    name
        What equations call it.
    text
        The expression of a switch; "" for a driver.
    table
        The entry in [drivers].
    parameters
        Those that the text uses, and how a value of each is drawn.
    edges
        (values, t0, t1) -> when it jumps or bends, those outside the span too.
    piece
        (values, t) -> the polynomial around a time that is no edge.
    """

    name: str
    text: str
    table: dict[str, Any]
    parameters: dict[str, Callable[[Random], float]]
    edges: Callable[[Values, float, float], list[float]]
    piece: Callable[[Values, float], Piece]


@dataclass(frozen=True)
class Span:
    """From when to when a model is solved."""

    t0: float
    t1: float

    @property
    def length(self) -> float:
        """How long that is."""
        return self.t1 - self.t0

    def moment(self, draw: Random) -> float:
        """Return a time within: in half of the cases one that others may have too."""
        if draw.random() < 0.5:
            return self.t0 + self.length * draw.randint(1, 15) / 16
        return round(draw.uniform(self.t0, self.t1), 4)

    def stretch(self, draw: Random) -> float:
        """Return a duration, a pulse's or a period's."""
        if draw.random() < 0.5:
            return self.length * draw.randint(1, 6) / 16
        return round(self.length * draw.uniform(0.03, 0.4), 4)


# -- switches -----------------------------------------------------------------------------------


def _constant(value: float) -> Piece:
    return Piece(0.0, (float(value),))


def _line(at: float, value: float, slope: float) -> Piece:
    return Piece(at, (value, slope))


def _multiples(period: float, shift: float, t0: float, t1: float) -> list[float]:
    first, last = math.floor((t0 - shift) / period) - 1, math.ceil((t1 - shift) / period) + 1
    return [shift + k * period for k in range(first, last + 1)]


def _at(*names: str) -> Callable[..., list[float]]:
    """Return edges that are parameters."""
    return lambda v, _t0, _t1: [v[name] for name in names]


def _pulse(a: str, b: str) -> tuple[str, Any, Any]:
    text = f"1 if t >= {a} and t < {a} + {b} else 0"
    return text, lambda v, *_: [v[a], v[a] + v[b]], lambda v, t: _constant(v[a] <= t < v[a] + v[b])


def _step(a: str, _b: str) -> tuple[str, Any, Any]:
    return f"heaviside(t - {a})", _at(a), lambda v, t: _constant(t >= v[a])


def _square_wave(a: str, b: str) -> tuple[str, Any, Any]:
    def edges(v: Values, t0: float, t1: float) -> list[float]:
        starts = _multiples(v[b], v[a], t0, t1)
        return starts + [start + 0.25 * v[b] for start in starts]

    def piece(v: Values, t: float) -> Piece:
        share = (t - v[a]) / v[b]
        return _constant(1.5 if share - math.floor(share) < 0.25 else -0.5)

    return f"1.5 if mod(t - {a}, {b}) < 0.25*{b} else -0.5", edges, piece


def _sawtooth(a: str, b: str) -> tuple[str, Any, Any]:
    def piece(v: Values, t: float) -> Piece:
        start = v[a] + v[b] * math.floor((t - v[a]) / v[b])
        return _line(start, 0.0, 1.0)

    return f"mod(t - {a}, {b})", lambda v, t0, t1: _multiples(v[b], v[a], t0, t1), piece


def _stairs(_a: str, b: str) -> tuple[str, Any, Any]:
    return (
        f"0.1*floor(t/{b})",
        lambda v, t0, t1: _multiples(v[b], 0.0, t0, t1),
        lambda v, t: _constant(0.1 * math.floor(t / v[b])),
    )


def _ceilings(a: str, b: str) -> tuple[str, Any, Any]:
    return (
        f"0.3 if mod(ceil((t - {a})/{b}), 2) == 0 else -1",
        lambda v, t0, t1: _multiples(v[b], v[a], t0, t1),
        lambda v, t: _constant(0.3 if math.ceil((t - v[a]) / v[b]) % 2 == 0 else -1.0),
    )


def _ramp(a: str, b: str) -> tuple[str, Any, Any]:
    def piece(v: Values, t: float) -> Piece:
        since = t - v[a]
        return _constant(0.0) if since < 0 else _constant(1.0) if since > v[b] else _line(v[a], 0.0, 1 / v[b])

    return f"clip((t - {a})/{b}, 0, 1)", lambda v, *_: [v[a], v[a] + v[b]], piece


def _corner(a: str, _b: str) -> tuple[str, Any, Any]:
    return f"abs(t - {a})", _at(a), lambda v, t: _line(v[a], 0.0, 1.0 if t > v[a] else -1.0)


def _late(a: str, b: str) -> tuple[str, Any, Any]:
    def piece(v: Values, t: float) -> Piece:
        return _line(v[a], 0.0, 1.0) if t > v[a] else _constant(0.0)

    return (
        f"min(max(t - {a}, 0), 3*{b})",
        lambda v, *_: [v[a], v[a] + 3 * v[b]],
        lambda v, t: _constant(3 * v[b]) if t > v[a] + 3 * v[b] else piece(v, t),
    )


def _near(a: str, b: str) -> tuple[str, Any, Any]:
    return (
        f"1 if abs(t - {a}) < {b} else 0.2",
        lambda v, *_: [v[a] - v[b], v[a] + v[b]],
        lambda v, t: _constant(1.0 if abs(t - v[a]) < v[b] else 0.2),
    )


def _signs(a: str, b: str) -> tuple[str, Any, Any]:
    return (
        f"sign(t - {a})*sign(2*{b} + {a} - t)",
        lambda v, *_: [v[a], 2 * v[b] + v[a]],
        lambda v, t: _constant(math.copysign(1.0, t - v[a]) * math.copysign(1.0, 2 * v[b] + v[a] - t)),
    )


def _weekdays(a: str, b: str) -> tuple[str, Any, Any]:
    """Return what is on in two of three periods, and not before a time."""

    def piece(v: Values, t: float) -> Piece:
        return _constant(t >= v[a] and math.floor(t / v[b]) % 3 < 2)

    return (
        f"1 if t >= {a} and mod(floor(t/{b}), 3) < 2 else 0",
        lambda v, t0, t1: [v[a], *_multiples(v[b], 0.0, t0, t1)],
        piece,
    )


SWITCHES = (
    _pulse,
    _step,
    _square_wave,
    _sawtooth,
    _stairs,
    _ceilings,
    _ramp,
    _corner,
    _late,
    _near,
    _signs,
    _weekdays,
)


def random_switch(draw: Random, number: int, span: Span) -> Forcing:
    """Return a switch with parameters of its own."""
    moment, stretch = f"on{number}", f"width{number}"
    text, edges, piece = draw.choice(SWITCHES)(moment, stretch)
    ways = {moment: span.moment, stretch: span.stretch}
    return Forcing(
        f"u{number}", text, {}, {name: way for name, way in ways.items() if name in text}, edges=edges, piece=piece
    )


# -- drivers ------------------------------------------------------------------------------------


def random_driver(draw: Random, number: int, span: Span) -> Forcing:
    """Return a table, which may end before the span does."""
    method = draw.choice(["hold", "linear", "cubic", "pchip"])
    outside = draw.choice(["hold", "zero", "periodic"])
    times = _random_times(draw, span)
    values = [round(draw.uniform(-1.5, 1.5), 3) for _ in times]
    if draw.random() < 0.5:
        values[-1] = values[0]
    curve = _curve(method, np.array(times), np.array(values), closed=outside == "periodic" and values[0] == values[-1])
    period = times[-1] - times[0]

    def edges(_v: Values, t0: float, t1: float) -> list[float]:
        if outside != "periodic":
            return times
        shifts = [shift - times[0] for shift in _multiples(period, times[0], t0, t1)]
        return [time + shift for shift in shifts for time in times]

    def piece(_v: Values, t: float) -> Piece:
        shift = period * math.floor((t - times[0]) / period) if outside == "periodic" else 0.0
        if not times[0] < t - shift < times[-1]:
            return _constant(0.0 if outside == "zero" else values[0] if t < times[0] else values[-1])
        index = int(np.searchsorted(times, t - shift)) - 1
        return Piece(times[index] + shift, tuple(float(c) for c in curve.c[::-1, index]))

    table = {"times": times, "values": values, "method": method, "outside": outside}
    return Forcing(f"u{number}", "", table, {}, edges, piece)


def _random_times(draw: Random, span: Span) -> list[float]:
    first = span.t0 + span.length * draw.choice([-2, 0, 0, 1, 3]) / 16
    count = draw.randint(2, 9)
    if draw.random() < 0.5:
        return [first + span.length * k / 8 for k in range(count)]
    return list(np.round(first + np.cumsum([span.length * draw.uniform(0.02, 0.3) for _ in range(count)]), 4).tolist())


def _curve(method: str, times: np.ndarray, values: np.ndarray, *, closed: bool) -> PPoly:
    """Return SciPy's curve through the rows; a closed one is smooth where it begins anew."""
    if method == "hold":
        return PPoly(values[None, :-1], times)
    if method == "linear":
        return PPoly(np.array([np.diff(values) / np.diff(times), values[:-1]]), times)
    if method == "cubic":
        return CubicSpline(times, values, bc_type="periodic" if closed else "not-a-knot")
    if not closed:
        return PchipInterpolator(times, values)
    period, rows = times[-1] - times[0], len(times) - 1
    thrice = np.concatenate([times[:-1] - period, times[:-1], times + period])
    whole = PchipInterpolator(thrice, np.concatenate([values[:-1], values[:-1], values]))
    return PPoly(whole.c[:, rows : 2 * rows], times)
