"""Systems for tests, written as text: the package's own parser is tested elsewhere."""

import tomllib
from collections.abc import Mapping, Sequence

import sympy
from sympy.parsing.sympy_parser import parse_expr

from solvers.equations.drivers import Driver
from solvers.equations.functions import FUNCTIONS
from solvers.equations.rewriting import choice
from solvers.equations.system import TIME, System, driver_symbol, observable_symbol, parameter_symbol, state_symbol


def make_system(
    states: Mapping[str, float],
    equations: Mapping[str, str],
    parameters: Mapping[str, float] | None = None,
    observables: Mapping[str, str] | None = None,
    drivers: Sequence[Driver] = (),
) -> System:
    """Return a system from initial values, right-hand sides, parameters and observables by name, and drivers."""
    parameters, observables = parameters or {}, observables or {}
    names = {"t": TIME, "Piecewise": choice, "pi": sympy.pi}
    names |= {name: constructor for name, (constructor, *_) in FUNCTIONS.items()}
    names |= {name: state_symbol(i) for i, name in enumerate(states)}
    names |= {name: parameter_symbol(i) for i, name in enumerate(parameters)}
    names |= {name: observable_symbol(i) for i, name in enumerate(observables)}
    names |= {driver.name: driver_symbol(i) for i, driver in enumerate(drivers)}

    def parsed(text: str) -> sympy.Expr:
        return sympy.sympify(parse_expr(text, local_dict=names))

    return System(
        name="test",
        states=tuple(states),
        initial_values=tuple(map(float, states.values())),
        parameters=tuple(parameters),
        parameter_values=tuple(map(float, parameters.values())),
        derivatives=tuple(parsed(equations[name]) for name in states),
        observables=tuple(observables),
        observable_expressions=tuple(parsed(text) for text in observables.values()),
        drivers=tuple(drivers),
    )


def lorenz() -> System:
    """Return the Lorenz system with its usual parameters, rho = 28."""
    return make_system(
        {"x": 1.0, "y": 1.0, "z": 1.0},
        {"x": "10*(y - x)", "y": "x*(rho - z) - y", "z": "x*y - beta*z"},
        {"rho": 28.0, "beta": 8 / 3},
    )


def system_of(model: str) -> System:
    """Return the system of a model file's text, as it is written: quotients that are 0/0 stay so."""
    tables = tomllib.loads(model)
    return make_system(tables["states"], tables["equations"], tables["parameters"], tables.get("observables"))


def links(n):
    """Return a model whose slopes solve a tridiagonal matrix, by observables that each need the one before."""
    rows = {"r0": "k*x0", "d0": "2 + x0"}
    for i in range(1, n):
        rows |= {f"d{i}": f"2 + x{i} - 0.{i + 100}/d{i - 1}", f"r{i}": f"k*x{i} - r{i - 1}/d{i - 1}"}
    rows |= {f"u{i}": f"r{i}/d{i}" if i == n - 1 else f"(r{i} - u{i + 1})/d{i}" for i in reversed(range(n))}
    states, slopes = {f"x{i}": 1.0 + 0.01 * i for i in range(n)}, {f"x{i}": f"u{i} - x{i}" for i in range(n)}
    tables = {"states": states, "parameters": {"k": 1.5}, "observables": rows, "equations": slopes}
    lines = [f"[{name}]\n" + "\n".join(f"{key} = {value!r}" for key, value in tables[name].items()) for name in tables]
    return "\n".join(lines)
