"""Systems of many states, whose equations are of few forms."""

from collections.abc import Callable, Mapping
from math import isqrt

from support.systems import make_system, system_of

from benchmarks.models import brusselator, cascade, heat
from solvers.equations.system import System


def ring(n: int) -> System:
    """Return Lorenz's ring, with a forcing of its own for each state."""
    slopes = {f"x{i}": f"(x{(i + 1) % n} - x{(i - 2) % n})*x{(i - 1) % n} - x{i} + F + 0.0{i % 7}1" for i in range(n)}
    return make_system({name: 8.0 + 0.01 * i for i, name in enumerate(slopes)}, slopes, {"F": 8.0})


def cells(n: int) -> System:
    """Return cells in a row, four states each, of which some are paced for a while; currents are observables."""
    states: dict[str, float] = {}
    slopes, currents = {}, {}
    for i in range(n // 4):
        v, m, h, k = (f"{name}{i}" for name in "vmhk")
        states |= {v: -65.0 + (i < 2), m: 0.05, h: 0.6, k: 0.32}
        currents[f"w{i}"] = " + ".join(f"(v{j} - {v})" for j in (i - 1, i + 1) if 0 <= j < n // 4)
        paced = "Piecewise((I, t < 0.5), (0, True))" if i < 2 else "0"
        slopes[v] = f"{paced} - 120*{m}**3*{h}*({v} - 50) - 36*{k}**4*({v} + 77) - 0.3*({v} + 54.4) + g*w{i}"
        slopes[m] = f"0.1*({v} + 40)/(1 - exp(-({v} + 40)/10))*(1 - {m}) - 4*exp(-({v} + 65)/18)*{m}"
        slopes[h] = f"0.07*exp(-({v} + 65)/20)*(1 - {h}) - {h}/(1 + exp(-({v} + 35)/10))"
        slopes[k] = f"0.01*({v} + 55)/(1 - exp(-({v} + 55)/10))*(1 - {k}) - 0.125*exp(-({v} + 65)/80)*{k}"
    return make_system(states, slopes, {"I": 10.0, "g": 0.5}, currents)


def grid(n: int) -> System:
    """Return a square of points that exchange with their neighbours, and grow."""
    side = isqrt(n)
    names = {(i, j): f"u{i}x{j}" for i in range(side) for j in range(side)}
    slopes = {}
    for (i, j), name in names.items():
        near = [names[at] for at in ((i, j + 1), (i + 1, j), (i, j - 1), (i - 1, j)) if at in names]
        slopes[name] = f"D*({' + '.join(near)} - {len(near)}*{name}) + {name}*(1 - {name})"
    return make_system({name: round(k * 7 % 11 / 11, 3) for k, name in enumerate(slopes)}, slopes, {"D": 1.0})


def two_vectors(n: int) -> System:
    """Return two quantities of each point of a ring, with parameters of their own, one after the other."""
    half = n // 2
    moved = {f"a{i}": f"D*(a{(i + 1) % half} - 2*a{i} + a{(i - 1) % half}) - a{i}*b{i}" for i in range(half)}
    made = {f"b{i}": f"a{i}*b{i} - k{i % 5}*b{i}**2 + 0.1" for i in range(half)}
    states = {f"a{i}": 1 + 0.01 * i for i in range(half)} | dict.fromkeys(made, 0.5)
    return make_system(states, moved | made, {"D": 1.0} | {f"k{i}": 1 + 0.1 * i for i in range(5)})


def driven(n: int) -> System:
    """Return a ring that is shaken: each state by what depends on time alone, in two ways, with a pulse for some."""
    slopes = {}
    for i in range(n):
        shaken = f"(1 + 0.{i % 5 + 1}*sin(w*t)) + exp(-(t - 0.25)**2)" if i % 2 else "*cos(w*t) + t - 0.25"
        pulse = " + Piecewise((w, t < 0.1), (0, True))" if i < 5 else ""
        slopes[f"x{i}"] = f"k*(x{(i + 1) % n} - 2*x{i} + x{(i - 1) % n}) - x{i}*{shaken.lstrip('*')}{pulse}"
    return make_system({name: 1.0 + 0.1 * (i % 3) for i, name in enumerate(slopes)}, slopes, {"k": 1.0, "w": 9.0})


def guarded(n: int) -> System:
    """Return a row in which things pass only downhill: conditions of states."""
    slopes = {f"x{i}": f"max(x{i - 1} - x{i}, 0) - k*x{i}" if i else "k - x0" for i in range(n)}
    return make_system(dict.fromkeys(slopes, 0.1), slopes, {"k": 1.0})


#: Makers by name, with a parameter to vary, from where to where, and a span.
MANY: Mapping[str, tuple[Callable[[int], System], str, tuple[float, float], float]] = {
    "a ring": (ring, "F", (7.0, 9.0), 0.5),
    "a row": (lambda n: system_of(heat(n)), "D", (0.5, 2.0), 0.2),
    "a cascade": (lambda n: system_of(cascade(n)), "a", (1.0, 3.0), 1.0),
    "cells of two": (lambda n: system_of(brusselator(n // 2)), "B", (2.5, 3.5), 0.05),
    "cells of four": (cells, "I", (5.0, 15.0), 1.0),
    "a grid": (grid, "D", (0.5, 2.0), 0.3),
    "two vectors": (two_vectors, "D", (0.5, 2.0), 0.5),
    "shaken": (driven, "w", (5.0, 9.0), 0.5),
    "guards": (guarded, "k", (0.5, 2.0), 1.0),
}
