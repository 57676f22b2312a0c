"""Where rates are 0/0, at edges and far out the targets agree, on what is NaN too, and implicit methods go on."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from cubie_cli.models.expressions.parser import parse
from solvers.equations.singularities import Singularities
from solvers.equations.system import System, observable_symbol, parameter_symbol, state_symbol

RATES = {
    "opening": "0.01*(V + 55)/(1 - exp(-(V + 55)/10))",
    "shifted": "1e-3*exp(-(V - 1000))",
    "sigmoid": "1/(1 + exp(-(V + 35)/0.5))",
    "share": "exp(V)/(1 + exp(V))",
    "guarded": "sqrt(max(V + 55, 0))",
    "root": "sqrt(V + 55)",
    "pole": "1/(exp(V + 55) - 1)",
    "open": "(V + 55)/sqrt(V + 55)/abs(V + 55)",
    "thirds": "(1 if V > 0 else sin(V))/(V + 55) + cos(V)/(V + 55) + tanh(V)/(V + 55)",
}
VOLTAGES = [-55.0, -55.0 * (1 + 2.0**-52), -54.5, -400.0, 5.0, 900.0, 1000.0]


def parsed_system(rates):
    """Return a system of one state V at rest with observables as a model file has them."""
    symbols = {"V": state_symbol(0), "k": parameter_symbol(0)}
    singularities = Singularities()
    observables = [
        singularities.define(observable_symbol(i), parse(text, symbols)) for i, text in enumerate(rates.values())
    ]
    return System(
        name="rates",
        states=("V",),
        initial_values=(0.0,),
        parameters=("k",),
        parameter_values=(0.0,),
        observables=tuple(rates),
        derivatives=(symbols["k"],),
        observable_expressions=tuple(observables),
    )


@pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_targets_agree_on_rates(target, precision):
    problem = make_problem(parsed_system(RATES), "euler", 1.0, dt=1.0, at=[0.0], swept=("V",), precision=precision)
    with np.errstate(all="ignore"):
        defined = solve(problem, VOLTAGES, target="python").variables[1:, 0]
    found = solve(problem, VOLTAGES, target=target).variables[1:, 0]
    tolerance = 1e-12 if precision == "float64" else 2e-5
    np.testing.assert_allclose(found, defined, rtol=tolerance, atol=tolerance)
    rows = dict(zip(RATES, defined, strict=True))
    near = slice(0, 2 if precision == "float64" else 1)
    np.testing.assert_allclose(rows["opening"][near], 0.1, rtol=1e-6 if precision == "float32" else 1e-14)
    assert np.isnan(rows["root"][3])
    assert np.isinf(rows["pole"][0])
    assert np.isnan(rows["open"][0])
    assert np.isfinite(rows["guarded"]).all()


IMPLICIT = ["kvaerno5", "radau_iia_5", "rodas5p", "rosenbrock23"]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("algorithm", IMPLICIT)
def test_edges_cost_no_run(algorithm):
    system = make_system(
        {"h": 1.0, "v": 0.0, "s": 0.3, "u": 0.0},
        {
            "h": "-k*sqrt(max(h, 0))",
            "v": "1 - sqrt(v**2 + (v*t)**2)*v",
            "s": "1/(1 + exp(900*k)) - s*abs(v)**0.3",
            "u": "t**(k - 0.5) - u",
        },
        {"k": 0.5},
    )
    problem = make_problem(system, algorithm, 6.0, rtol=1e-5, atol=1e-7, swept=("k",))
    solution = solve(problem, [0.5, 0.75, 1.0, 1.5])
    assert (solution.status == 0).all()
    np.testing.assert_allclose(solution.variables[0, -1], 0.0, atol=1e-5)
    np.testing.assert_allclose(solution.variables[3, -1, 0], 1 - np.exp(-6.0), rtol=1e-4)
