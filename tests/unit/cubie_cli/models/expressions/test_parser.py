"""Model expressions: what is read, what is refused, and that nothing is evaluated or takes many operations."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from support.effort import calls

from cubie_cli.models.expressions.parser import DEEPEST, LONGEST_TEXT, parse
from cubie_cli.models.expressions.tokens import ARGUMENTS, FUNCTION_NAMES, RESERVED, ExpressionError
from solvers.equations.functions import FUNCTIONS, exp, maximum, minimum
from solvers.equations.lowering import compile_program
from solvers.equations.system import TIME, state_symbol

X, Y = state_symbol(0), state_symbol(1)
NAMES = {"x": X, "y": Y}
TESTS = Path(__file__).parents[4]
#: Seconds after which a computation counts as one without an end.
ENDLESS = 600


def refused(text, names=NAMES):
    with pytest.raises(ExpressionError) as caught:
        parse(text, names)
    return caught.value


def read_or_refused(text, names=NAMES):
    try:
        return parse(text, names)
    except ExpressionError as error:
        return error


def value(expression, x=0.7, y=-1.3):
    return float(expression.xreplace({X: sympy.Float(x), Y: sympy.Float(y)}).doit())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y*2", X + 2 * Y),
        ("-x**2", -(X**2)),
        ("x**-y", X**-Y),
        ("x**y**2", X ** (Y**2)),
        ("2 - 3 - x", -1 - X),
        ("x/y/2", X / Y / 2),
        ("x/3", X / 3),
        ("x**1.5", X ** sympy.Rational(3, 2)),
        ("x**0.5", sympy.sqrt(X)),
        ("pow(x, 2)", X**2),
        ("sqrt(x)", sympy.sqrt(X)),
        ("sin(t)", sympy.sin(TIME)),
        ("min(x, y)", minimum(X, Y)),
        ("max(x, y, 1)", maximum(X, maximum(Y, 1))),
        (" x\n\t+\r\n1 ", X + 1),
        ("+x", X),
        ("x - x", sympy.Integer(0)),
        ("((x))", X),
        (".5*x + 1.e0*y", X / 2 + Y),
    ],
)
def test_reads(text, expected):
    found = parse(text, NAMES)
    assert found == expected or (found - expected).equals(0)


def test_numbers_are_those_of_binary64():
    assert float(parse("0.1 + 0.2", {})) == 0.1 + 0.2
    assert float(parse("1e308", {})) == 1e308
    assert float(parse("2**0.5", {})) == 2**0.5
    assert float(parse("10/4", {})) == 2.5
    assert float(parse("12345678901234567890", {})) == 12345678901234567890.0
    assert float(parse("pi", {})) == math.pi
    assert float(parse("exp(1)*log10(1000)", {})) == math.exp(1) * math.log10(1000)
    assert float(parse("9007199254740993", {})) == 9007199254740992.0


def test_a_factor_before_a_sum_is_not_multiplied_into_it():
    found = parse("k*(x - y)", {**NAMES, "k": 10.0})
    assert found.is_Mul
    assert float(found.args[0]) == 10.0


@pytest.mark.parametrize(
    ("text", "exponents"),
    [
        ("y*exp(-(x - 1000))", {1000.0 - X}),
        ("y*exp(-(x - 1000)/7)*exp(x)", {sympy.Mul(sympy.Rational(1, 7), 1000.0 - X, evaluate=False), X}),
        ("exp(x)**2/exp(y)", {X, Y}),
        ("y*exp((x - y)/3)", {sympy.Mul(sympy.Rational(1, 3), X - Y, evaluate=False)}),
        ("y*exp((x + 8)/4)", {X / 4 + 2}),
    ],
)
def test_exponentials_are_left_as_written(text, exponents):
    assert {node.args[0] for node in parse(text, NAMES).atoms(exp)} == exponents


@pytest.mark.parametrize(
    ("text", "x", "y", "expected"),
    [
        ("1 if x > 0 else 2", 1.0, 0.0, 1.0),
        ("1 if x > 0 else 2", -1.0, 0.0, 2.0),
        ("1 if x > 0 else 2 if y > 0 else 3", -1.0, 1.0, 2.0),
        ("1 if 0 < x <= 1 else 2", 1.0, 0.0, 1.0),
        ("1 if 0 < x <= 1 else 2", 0.0, 0.0, 2.0),
        ("1 if not x > 0 and y > 0 or x == 5 else 2", -1.0, 1.0, 1.0),
        ("1 if not x > 0 and y > 0 or x == 5 else 2", 5.0, -1.0, 1.0),
        ("1 if (x > 0 or y > 0) and x != 3 else 2", 3.0, 1.0, 2.0),
        ("x + 1 if x >= 2 else y", 2.0, 9.0, 3.0),
        ("x if 2 < 3 else y", 7.0, 9.0, 7.0),
        ("x if 3 < 2 or 1 > 2 else y", 7.0, 9.0, 9.0),
    ],
)
def test_conditions_choose(text, x, y, expected):
    assert value(parse(text, NAMES), x, y) == expected


@pytest.mark.parametrize(
    ("text", "x", "y", "expected"),
    [
        ("mod(x, 3)", 7.5, 0.0, 1.5),
        ("mod(x, -y)", -1.0, 3.0, -1.0),
        ("mod(x, y)", -1.0, 3.0, 2.0),
        ("mod(-7.5, 3) + 0*x", 0.0, 0.0, 1.5),
        ("heaviside(x)", 0.0, 0.0, 1.0),
        ("heaviside(x)", -0.5, 0.0, 0.0),
        ("heaviside(-1) + heaviside(0) + x", 0.0, 0.0, 1.0),
        ("clip(x, -1, y)", 5.0, 2.0, 2.0),
        ("clip(x, -1, y)", -5.0, 2.0, -1.0),
        ("clip(7, 1, 3) + x", 0.0, 0.0, 3.0),
        ("log2(x)", 8.0, 0.0, 3.0),
        ("cbrt(x)", -27.0, 0.0, -3.0),
        ("cbrt(-8)*x", 1.0, 0.0, -2.0),
        ("hypot(x, y)", 3.0, 4.0, 5.0),
    ],
)
def test_functions_mean_what_they_say(text, x, y, expected):
    program = compile_program([X, Y], [parse(text, NAMES)])
    (found,) = program.evaluate([np.float64(x), np.float64(y)], np.float64)
    assert found == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("text", ["1 if mod(t, x) < 1 else 2", "1 if not (y > 0 and mod(y, 2*x) < 1) else 2"])
def test_a_choice_by_a_remainder_of_division_by_zero_is_no_number(text):
    program = compile_program([X, Y], [parse(text, NAMES).xreplace({TIME: sympy.Float(0.5)})])
    with np.errstate(all="ignore"):
        (none,) = program.evaluate([np.float64(0), np.float64(0.5)], np.float64)
        (found,) = program.evaluate([np.float64(3), np.float64(0.5)], np.float64)
    assert np.isnan(none)
    assert found in {1.0, 2.0}


@pytest.mark.parametrize("name", [*"SINEOQ", "beta", "gamma", "zeta", "lambda", "is", "in", "class", "None", "True"])
def test_any_other_name_is_a_name(name):
    assert parse(f"2*{name} + 1", {name: X}) == 2 * X + 1


def test_every_function_has_its_name_in_the_language():
    assert set(FUNCTION_NAMES) == set(FUNCTIONS)
    assert {name: tuple(counts) for name, (_, *counts) in FUNCTIONS.items()} == dict(ARGUMENTS)


@pytest.mark.parametrize("word", sorted(RESERVED - set(FUNCTIONS) - {"t", "pi"}))
def test_words_of_the_language_are_no_operands(word):
    assert refused(f"x + {word}").offset == 4


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("x^2", 1, "'^'", "x**2"),
        ("2x", 0, "'2x'", "2*x"),
        ("|x|", 0, "'|'", "abs(x)"),
        ("x || y", 2, "'||'", "or"),
        ("1_000*x", 0, "1_000", "write 1000"),
        ("0x10", 0, "0x10", "write 16"),
        ("1d5", 0, "1d5", "write 1e5"),
        ("2 mV", 2, "operator is missing", "[units]"),
        ("2(x + 1)", 1, "operator is missing", "2*(x + 1)"),
        ("x(t - 1)", 0, "not a function", "of the past"),
        ("x!", 1, "'!'", "no factorial"),
        ("x''", 1, "derivatives", "right-hand side"),
        ("x'", 1, "derivatives", "right-hand side"),
        ("dx/dt = y", 6, "'='", "right"),
        ("if(x > 1, 2, 3)", 0, "'if'", "2 if x > 1 else 3"),
        ("x > 1 ? 2 : 3", 6, "'?'", "2 if x > 1 else 3"),
        ("where(x > 1, 2, 3)", 0, "'where'", "2 if x > 1 else 3"),
        ("inf*x", 0, "'inf'", "finite"),
        ("x[1]", 1, "'['", "a vector is written"),
        ("np.exp(x)", 2, "'.'", "exp(x)"),
        ("1,5*x", 1, "','", "decimal point"),
        ("x\u22121", 1, "not ASCII", "write -"),
        ("x <> y", 3, "'>'", "'!='"),
        ("x; y", 1, "alone", "observable"),
        ("1 + 2.5e3x", 4, "2.5e3x", "2.5e3*x"),
        ("x = 3", 2, "'='", "=="),
        ("x y", 2, "operator is missing", "*"),
        ("x + z1", 4, "undefined name 'z1'", "give 'z1' a value in [parameters] or [constants]"),
        ("lenght*2", 0, "undefined name 'lenght'", "length"),
        ("sni(x)", 0, "unknown function 'sni'", "sin"),
        ("ln(x)", 0, "unknown function 'ln'", "log"),
        ("__import__('os')", 0, "unknown function '__import__'", ""),
        ("(1).__class__", 3, "'.'", ""),
        ("x.real", 1, "'.'", ""),
        ("'x'", 0, "quotes", "take the quotes away"),
        ("$x", 0, "'$'", "letters, digits and _"),
        ("1.5.2*x", 3, "one decimal point", "1.52"),
        ("t(0)", 0, "'t' is not a function", "stands alone"),
        ("max(x,)", 6, "missing before ')'", "take away the sign"),
        ("log(x, 2)", 0, "takes 1 argument, 2 given", "log(x)/log(b)"),
        ("x[0]", 1, "'['", ""),
        ("sin", 0, "function", "sin("),
        ("sin()", 0, "takes 1 argument, 0 given", ""),
        ("atan2(x)", 0, "takes 2 arguments, 1 given", ""),
        ("min(x)", 0, "at least 2", "as in min(x, y)"),
        ("sin(x, y)", 0, "takes 1 argument, 2 given", ""),
        ("pow(x, y=2)", 8, "'='", ""),
        ("sin(x=1)", 5, "'='", ""),
        ("x(2)", 0, "not a function", "*"),
        ("(x", 2, "')'", ""),
        ("x)", 1, "')'", "there is no '('"),
        ("", 0, "empty", ""),
        ("x +", 3, "ends", "write what should follow"),
        ("x > 0", 0, "condition", "if"),
        ("1 + (x > 0)", 4, "condition", "if"),
        ("1 if x else 2", 5, "number", "x > 0"),
        ("1 if x > 0", 10, "'else'", ""),
        ("not x", 4, "number", ""),
        ("9**9**9**9", 3, "infinite", ""),
        ("1e400", 0, "infinite", ""),
        ("x/0", 1, "division by zero", "has the value 0"),
        ("x/(y - y)", 1, "division by zero", ""),
        ("sqrt(-1)", 0, "undefined", ""),
        ("log(0)*x", 0, "infinite", ""),
        ("sqrt(-x**2)", 0, "not a real", ""),
        ("1 + \uff58", 4, "not ASCII", ""),
        ("x\u00b2", 1, "not ASCII", ""),
        ("x // y", 2, "'//'", "floor(x/y)"),
        ("x\0", 1, "does not belong", ""),
    ],
)
def test_refuses(text, offset, message, hint):
    error = refused(text, {**NAMES, "length": 1.0})
    assert message in error.message
    assert error.offset == offset
    assert hint in (error.hint or "")


HOSTILE = [
    "9**9**9**9",
    "-" * 5000 + "x",
    "(" * 5000 + "x",
    "not " * 5000 + "x",
    "sin(" * 5000,
    "x**" * 5000 + "x",
    "1 if x > 0 else " * 300 + "x",
    "exp(exp(exp(100)))",
    "floor(exp(exp(9)))*x",
    "(2*x)**9007199254740992",
    "((2*x)**64)**64",
    "x+" * 200_000 + "x",
    "x" * (LONGEST_TEXT + 1),
]
#: Parses each line and writes how many calls that made.
READER = """
import json, sys
from support.effort import calls
from cubie_cli.models.expressions.parser import parse
from cubie_cli.models.expressions.tokens import ExpressionError
from solvers.equations.system import state_symbol

def refused(text):
    try:
        parse(text, {"x": state_symbol(0), "y": state_symbol(1)})
    except ExpressionError:
        return True
    return False

refused("x +")
for line in sys.stdin:
    text = json.loads(line)
    print(calls(refused, text) if refused(text) else -1, flush=True)
"""


@pytest.fixture(scope="module")
def refusals():
    """Return calls made for each hostile text, up to the first without an end: in a process that can be stopped."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    given = "".join(json.dumps(text) + "\n" for text in HOSTILE)
    command = [sys.executable, "-c", READER]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            out, _ = process.communicate(given, timeout=ENDLESS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
    return [int(line) for line in out.splitlines()]


@pytest.mark.parametrize("index", range(len(HOSTILE)), ids=[text[:20] for text in HOSTILE])
def test_hostile_texts_are_refused_at_once(index, refusals):
    assert len(refusals) > index, "no end"
    # The longest of those that are read costs a thousand times as much.
    assert 0 < refusals[index] < 100_000


def _sines(n):
    return "+".join(f"x*sin({i}*y)" for i in range(n))


#: Texts that grow by the number of their terms.
LONG = {
    "sum of equal products": lambda n: "+".join(["x*y"] * n),
    "sum of sines": _sines,
    "product of sums": lambda n: "*".join(f"(x+{i})" for i in range(n)),
    "quotient": lambda n: "x" + "/y" * n,
    "maximum": lambda n: "max(" + ",".join(["x+y"] * n) + ")",
    "condition": lambda n: "1 if " + " and ".join(f"x<{i}" for i in range(n)) + " else 2",
    "nested sum": lambda n: "2*(" * (DEEPEST - 1) + _sines(n) + ")" * (DEEPEST - 1),
}
#: Texts that grow by the number of their levels.
DEEP = {
    "sines": lambda n: "sin(x+" * n + "x" + ")" * n,
    "factors": lambda n: "2*(" * n + _sines(8) + ")" * n,
    "exponentials": lambda n: "exp(3*log(2*x) + " * n + "y" + ")" * n,
}


def growth(texts, n):
    """Return by which factor the calls for a text of 2n parts exceed those for one of n."""
    small, large = (calls(parse, texts(count), NAMES) for count in (n, 2 * n))
    return large / small


@pytest.mark.parametrize("texts", LONG.values(), ids=LONG)
def test_work_grows_with_the_length_of_a_text(texts):
    parse("x + y", NAMES)
    # SymPy sorts terms, so it is a little more than 2; what goes through all terms for each would make it 4.
    assert growth(texts, 150) < 2.6


@pytest.mark.parametrize("texts", DEEP.values(), ids=DEEP)
def test_work_grows_with_the_square_of_levels_at_most(texts):
    parse("x + y", NAMES)
    # SymPy goes through all levels of nested exponentials for each; there are no more than `DEEPEST`.
    assert growth(texts, 30) < 5


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "text",
    [
        "+".join(["x*y"] * (LONGEST_TEXT // 4)),
        "+".join(f"x*sin({i}*y)" for i in range(4000)),
        "*".join(f"(x+{i})" for i in range(7000)),
        "x" + "/y" * 30_000,
        "max(" + ",".join(["x+y"] * 10_000) + ")",
        "1 if " + " and ".join(f"x<{i}" for i in range(6000)) + " else 2",
        "sin(x+" * (DEEPEST - 1) + "x" + ")" * (DEEPEST - 1),
        "2*(" * (DEEPEST - 1) + "+".join(f"x*sin({i}*y)" for i in range(3000)) + ")" * (DEEPEST - 1),
        "exp(3*log(2*x) + " * 100 + "y" + ")" * 100,
        "1 if (" * 60 + "x" + " if x > y else y) > 1 else x" * 60,
        "exp(9007199254740992*log(2*x))",
    ],
)
def test_large_texts_are_read(text):
    assert len(text) <= LONGEST_TEXT
    assert parse(text, NAMES).free_symbols <= {X, Y}


# -- any text -----------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        *"xyt0123456789.+-*/()<>=!, ",
        "**",
        "and ",
        "or ",
        "not ",
        " if ",
        " else ",
        "sin(",
        "min(",
        "pi",
        "1e9",
        "exp(",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=25).map("".join)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_expression_or_an_expression_error(text):
    found = read_or_refused(text)
    assert calls(read_or_refused, text) < 1_000_000
    if isinstance(found, ExpressionError):
        assert 0 <= found.offset <= len(text)
    else:
        assert all(math.isfinite(float(number)) for number in found.atoms(sympy.Number))


_UNARY = ("exp", "sin", "cos", "tanh", "atan", "sqrt", "log", "floor", "erf", "expm1")


def _periodic(function):
    """Return a function without the arguments whose last bits decide about its value."""

    def bounded(argument):
        if abs(argument) > 1e4:
            raise ValueError(argument)
        return function(argument)

    return bounded


_PYTHON = {name: getattr(math, name) for name in _UNARY}
_PYTHON |= {"sin": _periodic(math.sin), "cos": _periodic(math.cos)}
_PYTHON |= {"abs": abs, "min": min, "max": max, "x": 0.7, "y": -1.3, "pi": math.pi, "lambda_": 2.5}
_NUMBERS = st.sampled_from(["0", "1", "2", "3", "7", "0.5", "1.5", "1e-3", "100", "1234567", "pi"])


def _filled(template, *parts):
    return st.tuples(*parts).map(lambda values: template.format(*values))


def _grown(inner):
    return st.one_of(
        _filled("({} {} {})", inner, st.sampled_from("+-*/"), inner),
        st.lists(inner, min_size=2, max_size=4).map(" + ".join).map("({})".format),
        _filled("{}({})", st.sampled_from([*_UNARY, "abs"]), inner),
        _filled("({})**{}", inner, st.sampled_from(["2", "3", "-1", "0.5", "1.5", "2.0"])),
        _filled("(-{})", inner),
        _filled("min({}, max({}, 1))", inner, inner),
        _filled("({} if {} {} {} else {})", inner, inner, st.sampled_from(["<", "<=", ">", ">="]), inner, inner),
    )


def in_python(text):
    """Return the value of an expression as Python has it, None where it has none."""
    try:
        found = eval(text, {"__builtins__": {}}, _PYTHON)  # noqa: S307 - the text is made above
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return None
    # Rounding decides about the sign or the whole part of what is nearly zero.
    return None if isinstance(found, complex) or not 1e-6 < abs(found) < 1e12 else found


@given(st.recursive(st.one_of(_NUMBERS, st.sampled_from(["x", "y", "lambda_"])), _grown, max_leaves=8))
@settings(max_examples=300, deadline=None)
def test_an_expression_means_what_it_means_in_python(text):
    expected = in_python(text)
    found = read_or_refused(text, {**NAMES, "lambda_": 2.5})
    if expected is None:
        return
    if isinstance(found, ExpressionError):
        # A constant in the branch that Python did not take.
        assert " if " in text, found.message
        return
    evaluated = sympy.lambdify([X, Y], found, modules=[{"minimum": min, "maximum": max}, "math"], cse=False)
    result = evaluated(0.7, -1.3)
    if "floor" not in text and " if " not in text:
        assert result == pytest.approx(expected, rel=1e-6, abs=1e-9)
