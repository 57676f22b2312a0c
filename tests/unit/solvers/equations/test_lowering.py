"""Programs compute what SymPy says the expressions mean."""

import json
import math
from collections import Counter

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.compiled import compiled

from solvers.equations import functions
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program
from solvers.straightline import Argument, literal, record

A, B, C = sympy.symbols("a b c", real=True)
NAMES = (A, B, C)
F64 = Argument(False, "float64")  # noqa: FBT003


def evaluate(expressions, values, named=()):
    """Return the values of expressions at a point, in float64."""
    program = compile_program(NAMES, expressions, named)
    with np.errstate(all="ignore"):
        found = program.evaluate(
            [np.float64(value) for value in values],
            lambda number: literal(None, number, "mask" if isinstance(number, bool) else "float64"),
        )
    return [float(each) for each in found]


def kinds_of(expressions):
    """Return the number of operations of a program."""
    return compile_program(NAMES, expressions).operations


numbers = st.integers(-5, 5).map(sympy.Integer) | st.floats(-4, 4, allow_nan=False).map(
    lambda x: sympy.Float(round(x, 3))
)


def extended(children):
    one = st.sampled_from(
        [sympy.sin, sympy.cos, sympy.tanh, sympy.atan, functions.exp, sympy.Abs, sympy.sign, sympy.floor, sympy.erf]
    )
    two = st.sampled_from(
        [
            lambda x, y: x + y,
            lambda x, y: x - y,
            lambda x, y: x * y,
            lambda x, y: x / (y**2 + 1),
            lambda x, y: sympy.sqrt(x**2 + y**2 + 1),
            lambda x, y: (x**2 + 1) ** sympy.Rational(-3, 2) * y,
            lambda x, y: (y**2 + 2) ** x if x.is_number and abs(x) < 4 else x**3 - y,
            lambda x, y: sympy.Piecewise((x, x < y), (y * 2, True)),
            lambda x, y: functions.atan2(x, y**2 + 1),
            lambda x, y: sympy.Piecewise((x, sympy.And(x > 0, sympy.Or(y > 1, y < -1))), (x - y, True)),
        ]
    )
    return st.builds(lambda f, x: f(x), one, children) | st.builds(lambda f, x, y: f(x, y), two, children, children)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    expression=st.recursive(st.sampled_from(NAMES) | numbers, extended, max_leaves=10),
    point=st.tuples(*[st.floats(-2, 2).map(lambda x: round(x, 4) + 0.00001234) for _ in NAMES]),
)
def test_random_expressions_equal_sympy(expression, point):
    exact = expression.subs(dict(zip(NAMES, map(sympy.Float, point), strict=True))).evalf(30)
    assume(exact.is_number and exact.is_finite and abs(exact) < 1e8)
    assume(not expression.has(sympy.floor, sympy.sign) or abs(exact - round(exact)) > 1e-6 or exact in {-1, 0, 1})
    # Cancellation loses digits that no order of evaluation keeps.
    size = max(
        [
            abs(float(each.subs(dict(zip(NAMES, point, strict=True))).evalf()))
            for each in expression.args
            if each.is_real
        ]
        + [1]
    )
    assert evaluate([expression], point)[0] == pytest.approx(float(exact), rel=1e-10, abs=1e-11 * size)


@pytest.mark.parametrize("doubled", [*range(-34, 0), *range(1, 35)])
def test_whole_and_half_powers(doubled):
    power = sympy.Rational(doubled, 2)
    [found] = evaluate([A**power], (1.7, 0, 0))
    assert found == pytest.approx(1.7 ** (doubled / 2), rel=4e-15)


def test_powers_share_their_parts():
    # a^2, a^4 and a^8 by three products, not by seven and more.
    assert kinds_of([A**2, A**4, A**8]) == 3
    assert kinds_of([sympy.sqrt(A), A ** sympy.Rational(3, 2)]) == 2


def test_other_powers():
    assert evaluate([A**B, A**0.3, 2**A, functions.exp(A)], (1.7, -2.2, 0)) == pytest.approx(
        [1.7**-2.2, 1.7**0.3, 2**1.7, math.exp(1.7)], rel=1e-15
    )
    assert evaluate([A**-0.5, A**-1.5], (4.0, 0, 0)) == [0.5, 0.125]


def test_divisions_are_not_multiplications_by_rounded_inverses():
    # 1/49 is not a float64: only a division gives 49/49 exactly.
    assert evaluate([A / B, A / (B * C), 1 / A, -A / B], (49.0, 49.0, 1.0)) == [1.0, 1.0, 1 / 49.0, -1.0]


def test_a_denominator_of_many_quotients_is_inverted_once():
    quotients = [A / C, B / C, 1 / C, A / (B * C)]
    program = compile_program(NAMES, quotients)
    operations = Counter(step.operation for step in program.steps)
    assert operations == {"divide": 2, "multiply": 4}
    values = (0.3, -7.0, 1.7)
    expected = [float(quotient.subs(dict(zip(NAMES, values, strict=True)))) for quotient in quotients]
    np.testing.assert_allclose(evaluate(quotients, values), expected, rtol=3e-16)


def test_sums_of_products_are_fused():
    def fused(a, b):
        return compile_program([A, B], [A * B - A**2]).evaluate([a, b], lambda number: literal(a, number, "float64"))[0]

    a, b = 1 + 2.0**-30, 1 - 2.0**-30
    # a*b - a*a = a*(b - a): one product is rounded, the other is not.
    [found] = compiled(fused, ["float64", "float64"], 8)(np.full(8, a), np.full(8, b))
    assert a * b - a * a != found[0]
    assert found[0] == pytest.approx(a * (b - a), rel=1e-7)


def test_powers_are_fused_unless_they_are_there_anyway():
    assert [step.operation for step in compile_program(NAMES, [A - B**2]).steps] == ["minus", "fma"]
    assert [step.operation for step in compile_program(NAMES, [B**2, A - B**2]).steps] == ["multiply", "subtract"]


def test_a_product_and_its_negative_are_one():
    program = compile_program([A, B], [3 * A * B, A - 3 * B, B - 3 * A * B])
    operations = record(
        lambda a, b: tuple(program.evaluate([a, b], lambda number: literal(a, number, "float64"))), [F64] * 2
    )
    kinds = [operation.kind for operation in operations.record.operations]
    assert kinds.count("mul") == 2


def test_signs():
    point = (0.7, -1.3, 2.9)
    a, b, c = point
    assert evaluate([-A, A - B, -A - B, -A * B, B - A * C, -A * B - C, -2 * A + B], point) == pytest.approx(
        [-a, a - b, -a - b, -a * b, b - a * c, -a * b - c, -2 * a + b], rel=1e-15
    )


def test_equal_parts_are_computed_once():
    part = sympy.sin(A) * B
    assert kinds_of([part + 1, part + 2, part]) == 4


def test_named_quantities_are_computed_once_and_in_order():
    w, v = sympy.symbols("w v", real=True)
    named = [(w, A * B), (v, w + C)]
    assert evaluate([v * w, v], (2.0, 3.0, 4.0), named) == [60.0, 10.0]
    assert compile_program(NAMES, [v * w, v], named).operations == 3


def test_a_program_can_be_stored():
    parts = [
        sympy.Piecewise((A * B, A > 0.1), (functions.exp(B), True)),
        sympy.sqrt(A) / 3,
        sympy.true,
        A**2.5 + sympy.pi,
    ]
    program = compile_program(NAMES, parts)
    copy = Program.from_json(json.loads(json.dumps(program.as_json())))
    assert copy == program


def test_uses_says_which_inputs_matter():
    program = compile_program(NAMES, [sympy.sin(A), C])
    assert [program.uses(slot) for slot in range(3)] == [True, False, True]


def test_conditions():
    expression = sympy.Piecewise(
        (1, sympy.Eq(A, B)), (2, sympy.Not(sympy.Or(A < C, B < C))), (3, sympy.Ne(A, 1)), (4, True)
    )
    points = [(1, 1, 0), (2, 3, 0), (2, 3, 9), (1, 3, 9)]
    assert [evaluate([expression], point)[0] for point in points] == [1, 2, 3, 4]


def test_a_branch_not_taken_may_be_undefined():
    expression = sympy.Piecewise((sympy.log(A), A > 0), (-1, True))
    assert evaluate([expression], (-1.0, 0, 0)) == [-1.0]


def test_extremes_keep_nan():
    expressions = [functions.minimum(A, B), functions.maximum(A, B)]
    assert evaluate(expressions, (1.0, 2.0, 0)) == [1.0, 2.0]
    assert all(math.isnan(each) for each in evaluate(expressions, (math.nan, 2.0, 0)))
    assert all(math.isnan(each) for each in evaluate(expressions, (2.0, math.nan, 0)))


def test_constants_and_truths():
    assert evaluate([sympy.pi, sympy.Integer(3), sympy.Rational(1, 3), sympy.Float("0.1")], (0, 0, 0)) == [
        math.pi,
        3.0,
        1 / 3,
        0.1,
    ]
    assert evaluate([sympy.Piecewise((1, sympy.true), (0, True))], (0, 0, 0)) == [1.0]


@pytest.mark.parametrize("name", [name for name, (_, fewest, _) in functions.FUNCTIONS.items() if fewest == 1])
def test_every_function_has_code(name):
    constructor = functions.FUNCTIONS[name][0]
    point = (1.3 if name == "acosh" else 0.3, 0, 0)
    exact = float(constructor(sympy.Float(point[0], 30)).doit().evalf(30))
    assert evaluate([constructor(A)], point)[0] == pytest.approx(exact, rel=1e-14)


def test_what_has_no_code_is_named():
    with pytest.raises(TypeError, match="gamma"):
        compile_program(NAMES, [sympy.gamma(A)])
