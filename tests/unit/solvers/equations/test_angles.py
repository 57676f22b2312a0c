"""Sines of many sums of few angles come to what they are, by few functions."""

from itertools import combinations, permutations

import numpy as np
import pytest
import sympy
from support.systems import system_of

from benchmarks.models import oscillators
from solvers.equations.angles import with_products
from solvers.equations.looped import LoopedEquations
from solvers.equations.lowering import compile_program
from solvers.equations.program import literals

N = 12
X = sympy.symbols(f"x:{N}", real=True)
A, K = sympy.symbols("a k", real=True)
VALUES = np.random.default_rng(3).uniform(-9.0, 9.0, N + 2)


def each_with_each(term):
    return [K * sympy.Add(*(term(i, j) for j in range(N) if j != i)) + 0.1 * i for i in range(N)]


SYSTEMS = {
    "differences": each_with_each(lambda i, j: sympy.sin(X[j] - X[i])),
    "sums": each_with_each(lambda i, j: sympy.sin(X[j] + X[i])),
    "cosines": each_with_each(lambda i, j: sympy.cos(X[j] - X[i])),
    "both": each_with_each(lambda i, j: (sympy.sin if j % 2 else sympy.cos)(X[i] - X[j])),
    "a lag": each_with_each(lambda i, j: sympy.sin(X[j] - X[i] - A)),
    "doubled": each_with_each(lambda i, j: 3 * sympy.sin(2 * X[j] - 2 * X[i])),
    "weights": each_with_each(lambda i, j: (1 + (i * j) % 3) * sympy.sin(X[j] - X[i])),
    "parameters": each_with_each(lambda i, j: A * X[j] * sympy.sin(X[j] - X[i])),
    "squares": each_with_each(lambda i, j: sympy.sin(X[j] - X[i]) ** 2),
    "a ring": [sympy.sin(X[(i + 1) % N] - X[i]) + sympy.sin(X[i - 1] - X[i]) for i in range(N)],
    "of one": [sympy.sin(X[i] - A) + sympy.cos(X[i] + K) for i in range(N)],
}
FEW = {"a ring", "of one"}


def values_of(expressions, named=()):
    program = compile_program([*X, A, K], expressions, named)
    return program, program.evaluate([*map(np.float64, VALUES)], literals(0.0, "float64"))


def functions(program):
    return sum(step.operation in {"sin", "cos"} for step in program.steps)


@pytest.mark.parametrize("name", SYSTEMS)
def test_values_stay_and_functions_are_few(name):
    expressions = SYSTEMS[name]
    program, found = values_of(expressions)
    plain = sympy.lambdify([*X, A, K], expressions, "math")
    np.testing.assert_allclose(found, plain(*VALUES), rtol=1e-12, atol=1e-12)
    assert functions(program) <= (2 * N if name in FEW else 4 * N if name == "a lag" else 2 * N)


def test_what_all_have_is_added_up_once():
    program, _ = values_of(SYSTEMS["differences"])
    assert len(program.steps) < 2 * N + 2 * N + 8 * N
    assert len(with_products(SYSTEMS["differences"], ()).sums) == 2


def test_few_sums_stay_as_they_are():
    for name in FEW:
        assert with_products(SYSTEMS[name], ()).expressions == SYSTEMS[name]


def test_what_is_named_is_made_of_products_too():
    name = sympy.Symbol("pull", real=True)
    pull = sympy.Add(*(sympy.sin(X[j] - X[i]) for i, j in combinations(range(N), 2)))
    program, (found,) = values_of([name * K], [(name, pull)])
    expected = VALUES[-1] * sum(np.sin(VALUES[j] - VALUES[i]) for i, j in combinations(range(N), 2))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert functions(program) == 2 * N


def test_angles_that_are_named_stay():
    names = sympy.symbols(f"n:{N}", real=True)
    named = [(symbol, 2 * x) for symbol, x in zip(names, X, strict=True)]
    expressions = [sympy.sin(names[i] - names[j]) for i, j in permutations(range(N), 2)]
    _, found = values_of(expressions, named)
    expected = [np.sin(2 * VALUES[i] - 2 * VALUES[j]) for i, j in permutations(range(N), 2)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [24, 40])
def test_loops_have_names_for_them(n):
    system = system_of(oscillators(n))
    looped = LoopedEquations(system, dict(enumerate(system.derivatives)), (), "float64")
    y = np.random.default_rng(n).uniform(0.0, 6.0, n)
    w, out = np.full(looped.terms, np.nan), np.full(n, np.nan)
    looped.store(np.float64(0.0), y, np.array(system.parameter_values), w, out)
    expected = [1 + 0.1 * i + np.sin(y - y[i]).sum() / n for i in range(n)]
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    assert looped.terms == 2 * n + 2
