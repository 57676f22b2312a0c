"""Stiff problems that users bring, with solutions by other means."""

from collections.abc import Sequence

import numpy as np
import sympy
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from support.systems import make_system

from solvers.equations.system import TIME, System, parameter_symbol, state_symbol

#: H. H. Robertson 1966; k2 and k3 may be swept.
ROBERTSON = make_system(
    {"a": 1.0, "b": 0.0, "c": 0.0},
    {"a": "-0.04*a + k3*b*c", "b": "0.04*a - k3*b*c - k2*b**2", "c": "k2*b**2"},
    {"k2": 3e7, "k3": 1e4},
)

#: Van der Pol in the form y'' = mu*(1 - y^2)*y' - y.
VAN_DER_POL = make_system({"y": 2.0, "v": 0.0}, {"y": "v", "v": "mu*(1 - y**2)*v - y"}, {"mu": 1000.0})

#: R. J. Field, R. M. Noyes 1974; Hairer and Wanner, Solving Ordinary Differential Equations II, IV.10.
OREGONATOR = make_system(
    {"x": 1.0, "y": 2.0, "z": 3.0},
    {"x": "77.27*(y + x*(1 - 8.375e-6*x - y))", "y": "(z - (1 + x)*y)/77.27", "z": "0.161*(x - z)"},
)

#: Hairer and Wanner, IV.10: concentrations below 1e-12 decide over those of 1e-3.
E5 = make_system(
    {"y1": 1.76e-3, "y2": 0.0, "y3": 0.0, "y4": 0.0},
    {
        "y1": "-7.89e-10*y1 - 1.1e7*y1*y3",
        "y2": "7.89e-10*y1 - 1.13e9*y2*y3",
        "y3": "7.89e-10*y1 - 1.1e7*y1*y3 - 1.13e9*y2*y3 + 1.13e3*y4",
        "y4": "1.1e7*y1*y3 - 1.13e3*y4",
    },
)

#: Test Set for IVP Solvers, "Chemical Akzo Nobel", its algebraic equation y6 = Ks*y1*y4 inserted.
AKZO = make_system(
    {"y1": 0.444, "y2": 0.00123, "y3": 0.0, "y4": 0.007, "y5": 0.0},
    {
        "y1": "-2*r1 + r2 - r3 - r4",
        "y2": "-r1/2 - r4 - r5/2 + 3.3*(0.9/737 - y2)",
        "y3": "r1 - r2 + r3",
        "y4": "-r2 + r3 - 2*r4",
        "y5": "r2 - r3 + r5",
    },
    {},
    {
        "r1": "18.7*y1**4*sqrt(y2)",
        "r2": "0.58*y3*y4",
        "r3": "0.58/34.4*y1*y5",
        "r4": "0.09*y1*y4**2",
        "r5": "0.42*(115.83*y1*y4)**2*sqrt(y2)",
    },
)

#: Eigenvalues -0.2 +- 60i and -1e5: stiff, and oscillating where backward differentiation is unstable.
OSCILLATION = np.array([[-0.2, -60.0, 0.0], [60.0, -0.2, 0.0], [1e5, 0.0, -1e5]])


def linear_system(matrix: np.ndarray, start: Sequence[float]) -> System:
    """Return y' = A y with all entries of A written out."""
    names = [f"x{i}" for i in range(len(matrix))]
    rows = (
        " + ".join(f"({value!r})*{name}" for value, name in zip(map(float, row), names, strict=True)) for row in matrix
    )
    return make_system(dict(zip(names, start, strict=True)), dict(zip(names, rows, strict=True)))


def linear_solution(matrix: np.ndarray, start: Sequence[float], t: float) -> np.ndarray:
    """Return the state at t."""
    return expm(matrix * t) @ np.array(start)


def diffusion_reaction(n: int) -> System:
    """Return Fisher's equation u_t = u_xx/100 + u*(1 - u) on n inner points of (0, 1), u = 1 left and 0 right."""
    names = [f"u{i}" for i in range(n)]
    around = ["1", *names, "0"]
    weight = 0.01 * (n + 1) ** 2
    rows = (
        f"{weight!r}*({around[i]} - 2*{name} + {around[i + 2]}) + {name}*(1 - {name})" for i, name in enumerate(names)
    )
    return make_system(dict.fromkeys(names, 0.0), dict(zip(names, rows, strict=True)))


def brusselator(n: int) -> System:
    """Return the reaction u' = 1 + u^2 v - 4u, v' = 3u - u^2 v with diffusion 1/50 on n inner points of (0, 1).

    Source: Hairer and Wanner, Solving Ordinary Differential Equations II, IV.10 (BRUSS), u = 1 and v = 3 at both ends.
    """
    weight = 0.02 * (n + 1) ** 2
    starts, rows = {}, {}
    for i in range(1, n + 1):
        left_u, right_u = ("1" if j in {0, n + 1} else f"u{j}" for j in (i - 1, i + 1))
        left_v, right_v = ("3" if j in {0, n + 1} else f"v{j}" for j in (i - 1, i + 1))
        starts |= {f"u{i}": 1.0 + float(np.sin(2 * np.pi * i / (n + 1))), f"v{i}": 3.0}
        rows[f"u{i}"] = f"1 + u{i}**2*v{i} - 4*u{i} + {weight!r}*({left_u} - 2*u{i} + {right_u})"
        rows[f"v{i}"] = f"3*u{i} - u{i}**2*v{i} + {weight!r}*({left_v} - 2*v{i} + {right_v})"
    return make_system(starts, rows)


def radau_solution(system: System, t1: float, rtol: float, atol: float) -> np.ndarray:
    """Return the state at t1 by SciPy's Radau method with the exact Jacobian."""
    states = [state_symbol(i) for i in range(len(system.states))]
    values = [parameter_symbol(j) for j in range(len(system.parameters))]
    known = dict(zip(values, system.parameter_values, strict=True))
    observables: dict[sympy.Symbol, sympy.Expr] = {}
    for expression in system.observable_expressions:
        observables[sympy.Symbol(f"w{len(observables)}", real=True)] = expression.xreplace(observables)
    slopes = sympy.Matrix([each.xreplace(observables).xreplace(known) for each in system.derivatives])
    f = sympy.lambdify((TIME, states), list(slopes))
    jacobian = sympy.lambdify((TIME, states), slopes.jacobian(states))
    found = solve_ivp(f, (0.0, t1), system.initial_values, "Radau", jac=jacobian, rtol=rtol, atol=atol)
    assert found.success
    return found.y[:, -1]
