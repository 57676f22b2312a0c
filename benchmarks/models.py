"""Models of many kinds and sizes: cells, cascades, rings, grids, networks. Each is a function of its size."""

import json
import random

from benchmarks.problems import Problem


def _model(states: dict[str, float], parameters: dict[str, float], observables: dict[str, str], *slopes: str) -> str:
    equations = dict(zip(states, slopes, strict=True))
    tables = ("states", states), ("parameters", parameters), ("observables", observables), ("equations", equations)
    lines = []
    for name, table in tables:
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join([*lines, ""])


def nerve_cells(cells: int) -> str:
    """Return Hodgkin and Huxley's cells, each coupled to each by a current proportional to their voltages' difference.

    Source: A. L. Hodgkin, A. F. Huxley, J. Physiol. 117 (1952) 500-544.
    """
    states: dict[str, float] = {}
    slopes = []
    for i in range(cells):
        states |= {f"v{i}": round(-65.0 + 0.3 * i, 1), f"m{i}": 0.05, f"h{i}": 0.6, f"n{i}": 0.32}
        coupling = "".join(f" + g*(v{j} - v{i})" for j in range(cells) if j != i)
        currents = f"120.0*m{i}**3*h{i}*(v{i} - 50.0) - 36.0*n{i}**4*(v{i} + 77.0) - 0.3*(v{i} + 54.4)"
        slopes += [
            f"I - {currents}{coupling}",
            f"0.1*(v{i} + 40.0)/(1 - exp(-(v{i} + 40.0)/10))*(1 - m{i}) - 4.0*exp(-(v{i} + 65.0)/18)*m{i}",
            f"0.07*exp(-(v{i} + 65.0)/20)*(1 - h{i}) - h{i}/(1 + exp(-(v{i} + 35.0)/10))",
            f"0.01*(v{i} + 55.0)/(1 - exp(-(v{i} + 55.0)/10))*(1 - n{i}) - 0.125*exp(-(v{i} + 65.0)/80)*n{i}",
        ]
    return _model(states, {"I": 10.0, "g": 0.1}, {}, *slopes)


def cascade(genes: int) -> str:
    """Return genes of which each makes the next one's product, saturating."""
    slopes = ["a - x0", *(f"a*x{i - 1}**2/(k + x{i - 1}**2) - x{i}" for i in range(1, genes))]
    return _model({f"x{i}": 0.1 for i in range(genes)}, {"a": 2.0, "k": 1.0}, {}, *slopes)


def roessler() -> str:
    """Return Roessler's system. Source: O. E. Roessler, Phys. Lett. A 57 (1976) 397-398."""
    parameters = {"a": 0.2, "b": 0.2, "c": 5.7}
    return _model({"x": 1.0, "y": 1.0, "z": 0.0}, parameters, {}, "-y - z", "x + a*y", "b + z*(x - c)")


def oscillators(n: int) -> str:
    """Return Kuramoto's oscillators, each coupled to each: n*(n - 1) sines."""
    states = {f"th{i}": round(0.5 * i % 6.28, 3) for i in range(n)}
    sums = [" + ".join(f"sin(th{j} - th{i})" for j in range(n) if j != i) for i in range(n)]
    return _model(states, {"K": 1.0}, {}, *(f"{1 + 0.1 * i:.2f} + K/{n}*({sums[i]})" for i in range(n)))


def heat(n: int) -> str:
    """Return the heat equation on n points between cold ends."""
    ends = {-1: "0.0", n: "0.0"}
    u = {i: ends.get(i, f"u{i}") for i in range(-1, n + 1)}
    slopes = [f"{(n + 1) ** 2 / 1e4!r}*D*({u[i - 1]} - 2*{u[i]} + {u[i + 1]})" for i in range(n)]
    return _model({f"u{i}": float(n // 3 < i < 2 * n // 3) for i in range(n)}, {"D": 1.0}, {}, *slopes)


def brusselator(cells: int) -> str:
    """Return the Brusselator in a row of cells, two states each."""
    states: dict[str, float] = {}
    slopes = []
    for i in range(cells):
        left, right = max(0, i - 1), min(cells - 1, i + 1)
        states |= {f"u{i}": 1 + 0.1 * (i % 5), f"w{i}": 3.0}
        slopes += [
            f"A - (B + 1)*u{i} + u{i}**2*w{i} + D*(u{left} - 2*u{i} + u{right})",
            f"B*u{i} - u{i}**2*w{i} + D*(w{left} - 2*w{i} + w{right})",
        ]
    return _model(states, {"A": 1.0, "B": 3.0, "D": 10.0}, {}, *slopes)


def network(species: int, reactions: int) -> str:
    """Return mass action among species, with reactions and rates at random, always the same."""
    chance = random.Random(1)  # noqa: S311 - nothing is kept secret by it
    rates: dict[str, str] = {}
    terms: list[list[str]] = [[] for _ in range(species)]
    for k in range(reactions):
        first, second, product = chance.sample(range(species), 3)
        both = chance.random() < 0.6
        rates[f"r{k}"] = f"k{k}*y{first}" + (f"*y{second}" if both else "")
        for used in (first, second) if both else (first,):
            terms[used].append(f" - r{k}")
        terms[product].append(f" + r{k}")
    constants = {f"k{k}": float(f"{10 ** chance.uniform(-2, 2):.4g}") for k in range(reactions)}
    states = {f"y{i}": round(0.1 + 0.01 * i, 2) for i in range(species)}
    return _model(states, constants, rates, *("0" + "".join(each) for each in terms))


def beam(parts: int) -> str:
    """Return an elastic beam, held at one end and pulled at the other up to t = pi: each part turns all others.

    Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.1. Accelerations are those of a matrix
    with cosines and one with sines, both tridiagonal, the first of which is solved with.
    """
    last = parts - 1
    middle = {0: 1, last: 3}
    rows = {"force": "1.5*load*sin(t)**2"}
    for k in range(parts):
        left, right = f"a{k - 1}" if k else "-a0", f"a{k + 1}" if k < last else f"a{k}"
        rows[f"v{k}"] = f"{parts**4}*({left} - 2*a{k} + {right}) + {parts**2}*force*(cos(a{k}) + sin(a{k}))"
    for k in range(last):
        rows |= {f"c{k}": f"cos(a{k} - a{k + 1})", f"s{k}": f"sin(a{k} - a{k + 1})"}
    for k in range(parts):
        below, above = f" + s{k - 1}*v{k - 1}" if k else "", f" - s{k}*v{k + 1}" if k < last else ""
        rows[f"w{k}"] = f"b{k}**2{below}{above}"
    rows |= {"d0": "1", "r0": "w0"}
    for k in range(1, parts):
        rows[f"d{k}"] = f"{middle.get(k, 2)} - c{k - 1}**2/d{k - 1}"
        rows[f"r{k}"] = f"w{k} + c{k - 1}*r{k - 1}/d{k - 1}"
    for k in reversed(range(parts)):
        rows[f"u{k}"] = f"r{k}/d{k}" if k == last else f"(r{k} + c{k}*u{k + 1})/d{k}"
    slopes = [f"b{k}" for k in range(parts)]
    for k in range(parts):
        below = f" - c{k - 1}*v{k - 1} + s{k - 1}*u{k - 1}" if k else ""
        above = f" - c{k}*v{k + 1} - s{k}*u{k + 1}" if k < last else ""
        slopes.append(f"{middle.get(k, 2)}*v{k}{below}{above}")
    states = dict.fromkeys([*(f"a{k}" for k in range(parts)), *(f"b{k}" for k in range(parts))], 0.0)
    return _model(states, {"load": 1.0}, rows, *slopes)


def _problems() -> list[Problem]:
    current, growth, coupling = ("I", 5.0, 15.0), ("a", 1.0, 3.0), ("K", 0.5, 3.0)
    return [
        Problem("nerve_cells 3", nerve_cells(3), current, 20.0, atol=1e-8, dt0=1e-3),
        Problem("cascade 28", cascade(28), growth, 10.0, atol=1e-8, dt0=1e-3),
        Problem("roessler", roessler(), ("c", 4.0, 6.0), 20.0, atol=1e-8, dt0=1e-3),
        *(Problem(f"oscillators {n}", oscillators(n), coupling, 10.0, atol=1e-8, dt0=1e-3) for n in (12, 24, 100)),
        *(Problem(f"heat {n}", heat(n), ("D", 0.5, 2.0), 1.0, 1e-8, dt0=1e-4, stiff=True) for n in (64, 256, 1024)),
        Problem("brusselator 50", brusselator(25), ("B", 2.5, 3.5), 10.0, atol=1e-8, dt0=1e-4, stiff=True),
        Problem("beam 80", beam(40), ("load", 0.5, 2.0), 0.5, atol=1e-9, dt0=1e-6, stiff=True),
        Problem("network 53", network(53, 150), ("k0", 1.0, 2.0), 10.0, atol=1e-8, dt0=1e-6, stiff=True),
        Problem("network 500", network(500, 1500), ("k0", 1.0, 2.0), 10.0, atol=1e-8, dt0=1e-6, stiff=True),
    ]


#: All models' problems by name.
MODELS = {problem.name: problem for problem in _problems()}
