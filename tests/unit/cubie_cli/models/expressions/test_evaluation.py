"""Elements, sums over an index, and conditions on indices: what they come to, and what is refused."""

import pytest
import sympy

from cubie_cli.models.expressions.evaluation import MOST_TERMS
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import number, parse_in
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.expressions.vectors import Vector
from solvers.equations.functions import maximum
from solvers.equations.system import TIME, slope_symbol, state_symbol

U = Vector("u", "states", (4,), ("i",), ("error",))
RING = Vector("ring", "states", (4,), ("i",), ("periodic",))
V = Vector("v", "parameters", (2, 3), ("i", "j"), ("error", "zero"))
NEXT = Vector("next", "constants", (3,), ("i",), ("error",))
VECTORS = {vector.name: vector for vector in (U, RING, V, NEXT)}
NAMES = [name for vector in (U, RING, V) for name in vector.elements]
SYMBOLS = {name: state_symbol(index) for index, name in enumerate([*NAMES, "x"])}
SCOPE = Scope(
    {**SYMBOLS, "n": 4.0, "next[0]": 0.0, "next[1]": 2.0, "next[2]": 3.0, "c": 0.5, "t": TIME}, vectors=VECTORS
)
SLOPES = Scope(SCOPE.symbols, {name: slope_symbol(index) for index, name in enumerate(U.elements)}, VECTORS)


def written_out(text):
    """Return an expression in which elements stand by themselves."""
    return parse_in(SCOPE, text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("u[i] + i/4", "u[2] + 2/4"),
        ("u[i-1]*u[ i + 1 ]", "u[1]*u[3]"),
        ("u[mod(3*i, n)]", "u[2]"),
        ("u[n - 1 - i]", "u[1]"),
        ("u[floor(i/2)]", "u[1]"),
        ("u[0 if i == 2 else 1]", "u[0]"),
        ("u[next[i]]", "u[3]"),
        ("sum(j, u[next[j]])", "u[0] + u[2] + u[3]"),
        ("ring[i + 2] - ring[i - 7]", "ring[0] - ring[3]"),
        ("v[i - 1, 2] + v[i - 1, 3]", "v[1,2]"),
        ("sum(j, u[j])", "u[0] + u[1] + u[2] + u[3]"),
        ("sum(j, sin(u[j] - u[i]))", "sin(u[0] - u[2]) + sin(u[1] - u[2]) + 0 + sin(u[3] - u[2])"),
        ("sum(j, 0, i - 1, u[j])", "u[0] + u[1]"),
        ("sum(j, 3, i, u[j]) + x", "x"),
        ("sum(j, u[j] if j != i else 0)", "u[0] + u[1] + u[3]"),
        (
            "sum(j, sum(k, 0, 2, v[j,k]*u[k]))",
            "v[0,0]*u[0] + v[0,1]*u[1] + v[0,2]*u[2] + v[1,0]*u[0] + v[1,1]*u[1] + v[1,2]*u[2]",
        ),
        ("prod(j, 1, 2, u[j])", "u[1]*u[2]"),
        ("prod(j, 1, 0, u[j]) + x", "1 + x"),
        ("max(j, 0, 0, u[j])", "u[0]"),
        ("max(j, 0, 2, u[j])", "max(u[0], u[1], u[2])"),
        ("max(i, 1)*x", "2*x"),
        ("u[i-3] if i > 2 else x", "x"),
        ("u[i-3] if i > 2 and u[i-3] > 0 else x", "x"),
        ("x if i < 3 or u[i+2] > 0 else u[0]", "x"),
        ("u[9] if not i == 2 else x", "x"),
        ("1/(i - 2) if i != 2 else x", "x"),
    ],
)
def test_it_is_what_it_says_written_out(text, same):
    assert parse_in(SCOPE, text, {"i": 2}) == written_out(same)


def test_der_takes_an_element():
    assert parse_in(SLOPES, "der(u[i-1])", {"i": 2}) == slope_symbol(1)
    assert parse_in(SLOPES, "max(j, der(u[j]))").has(maximum)


def test_numbers_need_no_algebra():
    scope = Scope(
        {"n": 4.0, "w[0]": 1.0, "w[1]": 2.5}, vectors={"w": Vector("w", "constants", (2,), ("i",), ("error",))}
    )
    assert number(scope, "sum(j, w[j])*i/n if i > 0 and not n < 3 else 1/0", {"i": 2}) == 1.75
    assert number(scope, "max(j, w[j])**2 - pi*0") == 6.25


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("u", 0, ["'u' is a vector", "u[i]"]),
        ("2*u + 1", 2, ["'u' is a vector"]),
        ("u[i,i]", 1, ["1 index, 2 given"]),
        ("v[i]", 1, ["2 indices, 1 given", "v[i,j]"]),
        ("u[]", 1, ["0 given"]),
        ("u[i", 3, ["']' is missing"]),
        ("u[i)", 3, ["']' is missing"]),
        ("u]", 1, ["']' does not belong"]),
        ("x[i]", 1, ["'[' does not belong", "no vector"]),
        ("w[i]", 0, ["undefined name 'w'"]),
        ("u[j]", 2, ["undefined index 'j'", "write u[i]", "sum(j, ...)"]),
        ("u[i - 3]", 2, ["there is no u[-1] for i = 2", "u[0] to u[3]", "i > 0"]),
        ("u[i + 2]", 2, ["there is no u[4] for i = 2", "i < 3"]),
        ("u[7]", 2, ["there is no u[7]"]),
        ("u(i)", 0, ["'u' is a vector, and no function", "u[i]"]),
        ("v[2, 0]", 2, ["there is no v[2,0]"]),
        ("sum(j, 0, 4, u[j])", 15, ["there is no u[4] for i = 2, j = 4", "j < 3"]),
        ("u[x]", 2, ["known when the model is read"]),
        ("u[t]", 2, ["known when the model is read"]),
        ("u[c]", 2, ["whole number, and this is 0.5"]),
        ("u[i/4]", 2, ["this is 0.5 for i = 2"]),
        ("sum(j, u[j+1])", 4, ["'j' is no index", "sum(j, 0, 9, ...)"]),
        ("sum(j, u[j]*v[0,j])", 4, ["3 and 4 values"]),
        ("sum(i, u[i])", 4, ["'i' has a meaning already"]),
        ("sum(x, u[x])", 4, ["'x' has a meaning already"]),
        ("sum(sum, u[sum])", 4, ["a meaning already"]),
        ("sum(u[i])", 0, ["takes an index"]),
        ("sum(j, 0, u[j])", 0, ["takes an index"]),
        ("sum", 0, ["undefined name 'sum'", "sum(j, u[j])"]),
        ("sum(j, 0, x, u[j])", 10, ["known when the model is read"]),
        ("max(j, 1, 0, u[j])", 0, ["no values"]),
        ("max(jj, u[j])", 4, ["undefined name 'jj'"]),
        (f"sum(j, 0, {MOST_TERMS}, j)", 0, ["65,537 terms", "65,536"]),
        ("missing if i > 5 else x", 0, ["undefined name 'missing'"]),
        ("1/(i - 2)", 1, ["division by zero for i = 2"]),
        ("der(u[0])", 0, ["in observables and events only"]),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(text, offset, words):
    with pytest.raises(ExpressionError) as caught:
        parse_in(SCOPE, text, {"i": 2})
    told = f"{caught.value.message}; {caught.value.hint}"
    assert all(word in told for word in words), told
    assert caught.value.offset == offset


@pytest.mark.parametrize("text", ["der(u)", "der(v[0,0])", "der(u[i] + 1)", "der()"])
def test_der_of_anything_else_is_refused(text):
    with pytest.raises(ExpressionError, match="name of a state"):
        parse_in(SLOPES, text, {"i": 0})


def test_sums_of_a_vector_have_a_limit_together():
    with pytest.raises(ExpressionError, match="2,000 terms, for each of 1,000 elements"):
        parse_in(SCOPE, "sum(j, 1, 2000, j)", {"i": 0}, members=1000)


def test_quantities_may_be_called_like_sums():
    scope = Scope({"sum": SYMBOLS["x"], "prod": 2.0})
    assert parse_in(scope, "prod*sum") == 2.0 * SYMBOLS["x"]
    with pytest.raises(ExpressionError, match="'sum' is not a function"):
        parse_in(scope, "sum(j, 0, 3, j)")


def test_a_sum_is_one_sum():
    assert isinstance(parse_in(SCOPE, "sum(j, u[j])"), sympy.Add)


def test_an_element_that_is_there_for_no_index_is_not_told_of_one():
    with pytest.raises(ExpressionError) as caught:
        parse_in(SCOPE, "u[7]", {"i": 2})
    assert caught.value.message == "there is no u[7]"
