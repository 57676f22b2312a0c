"""Functions by the names that MathML gives them, as formulas; SBML and CellML share them."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cubie_cli.imports import formulas
from cubie_cli.imports.formulas import FALSE, ONE, PI, TRUE, ZERO, Formula, Number, call, difference, negation, quotient

_TEN, _TWO = Number(10.0), Number(2.0)
#: Factorials from here on are not finite.
_LARGEST_FACTORIAL = 170


class NotRepresentableError(ValueError):
    """Something has no counterpart in the language of expressions.

    Parameters
    ----------
    what
        What it is: a noun.
    hint
        What to do about it.
    """

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def function(name: str, arguments: Sequence[Formula]) -> Formula:
    """Return a function or an operator of some arguments.

    Raises
    ------
    NotRepresentableError
        There is no such function, or not of so many arguments.
    """
    found = _FUNCTIONS.get(name)
    if found is None:
        raise NotRepresentableError(f"the function {name!r}")
    build, fewest, most = found
    if len(arguments) < fewest or (most is not None and len(arguments) > most):
        raise NotRepresentableError(f"the function {name!r} with {len(arguments)} arguments")
    return build(*arguments)


def logarithm(argument: Formula, base: Formula = _TEN) -> Formula:
    """Return the logarithm to a base."""
    if base == _TEN:
        return call("log10", argument)
    return call("log2", argument) if base == _TWO else quotient(call("log", argument), call("log", base))


def root(argument: Formula, degree: Formula = _TWO) -> Formula:
    """Return the root of a degree."""
    if degree == _TWO:
        return call("sqrt", argument)
    return call("cbrt", argument) if degree == Number(3.0) else formulas.power(argument, quotient(ONE, degree))


def piecewise(pieces: Sequence[tuple[Formula, Formula]], otherwise: Formula | None) -> tuple[Formula, bool]:
    """Return the value of the first piece whose condition holds, and whether one had to be chosen where none does.

    Parameters
    ----------
    pieces
        Values and conditions.
    otherwise
        The value where no condition holds; None: that of the last piece.

    Raises
    ------
    NotRepresentableError
        There are no pieces.
    """
    kept = list(pieces)
    if not kept and otherwise is None:
        raise NotRepresentableError("a piecewise function without pieces")
    chosen = otherwise is None and kept[-1][1] != TRUE
    found = kept.pop()[0] if otherwise is None else otherwise
    for value, condition in reversed(kept):
        found = formulas.choice(condition, value, found)
    return found, chosen


def _exclusive(*conditions: Formula) -> Formula:
    found: Formula = FALSE
    for each in map(formulas.as_condition, conditions):
        found = formulas.either(formulas.both(found, negation(each)), formulas.both(negation(found), each))
    return found


def _factorial(argument: Formula) -> Formula:
    if isinstance(argument, Number) and argument.value in range(_LARGEST_FACTORIAL + 1):
        return Number(float(math.factorial(int(argument.value))))
    raise NotRepresentableError("the factorial of what is not known before a run")


def _whole_part(ratio: Formula) -> Formula:
    return formulas.choice(formulas.compare("<", ratio, ZERO), call("ceil", ratio), call("floor", ratio))


def _remainder(dividend: Formula, divisor: Formula) -> Formula:
    return difference(dividend, formulas.product(divisor, _whole_part(quotient(dividend, divisor))))


def _minus(first: Formula, second: Formula | None = None) -> Formula:
    return formulas.negative(first) if second is None else difference(first, second)


def _extreme(name: str) -> Callable[..., Formula]:
    return lambda *arguments: formulas.as_number(arguments[0]) if len(arguments) == 1 else call(name, *arguments)


def _plain(name: str) -> Callable[..., Formula]:
    return lambda argument: call(name, argument)


def _over(name: str) -> Callable[..., Formula]:
    """Return one over a function."""
    return lambda argument: quotient(ONE, call(name, argument))


def _of_inverse(name: str) -> Callable[..., Formula]:
    """Return a function of one over its argument."""
    return lambda argument: call(name, quotient(ONE, argument))


def _relation(sign: str) -> Callable[..., Formula]:
    return lambda *arguments: formulas.compare(sign, *arguments)


def _arccot(argument: Formula) -> Formula:
    """Return the inverse cotangent: continuous but at 0, where it is pi/2."""
    half = quotient(PI, _TWO)
    if argument == ZERO:
        return half
    return formulas.choice(formulas.compare("==", argument, ZERO), half, call("atan", quotient(ONE, argument)))


_ONE_ARGUMENT: Mapping[str, Callable[..., Formula]] = MappingProxyType(
    {
        **{name: _plain(name) for name in ("abs", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor")},
        **{f"arc{name}": _plain(f"a{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
        **{name: _over(of) for name, of in (("sec", "cos"), ("csc", "sin"), ("cot", "tan"))},
        **{name: _over(of) for name, of in (("sech", "cosh"), ("csch", "sinh"), ("coth", "tanh"))},
        **{name: _of_inverse(of) for name, of in (("arcsec", "acos"), ("arccsc", "asin"))},
        **{name: _of_inverse(of) for name, of in (("arcsech", "acosh"), ("arccsch", "asinh"), ("arccoth", "atanh"))},
        "arccot": _arccot,
        "ceiling": _plain("ceil"),
        "ln": _plain("log"),
        "not": negation,
        "factorial": _factorial,
    }
)
#: For each function how it is made, and the fewest and most arguments it takes.
_FUNCTIONS: Mapping[str, tuple[Callable[..., Formula], int, int | None]] = MappingProxyType(
    {
        **{name: (build, 1, 1) for name, build in _ONE_ARGUMENT.items()},
        "plus": (formulas.total, 0, None),
        "times": (formulas.product, 0, None),
        "minus": (_minus, 1, 2),
        "divide": (quotient, 2, 2),
        "power": (formulas.power, 2, 2),
        "and": (formulas.both, 0, None),
        "or": (formulas.either, 0, None),
        "xor": (_exclusive, 0, None),
        **{
            name: (_relation(sign), 2, None)
            for name, sign in (("lt", "<"), ("leq", "<="), ("gt", ">"), ("geq", ">="), ("eq", "=="))
        },
        "neq": (_relation("!="), 2, 2),
        "implies": (lambda first, second: formulas.either(negation(first), second), 2, 2),
        "min": (_extreme("min"), 1, None),
        "max": (_extreme("max"), 1, None),
        "quotient": (lambda first, second: _whole_part(quotient(first, second)), 2, 2),
        "rem": (_remainder, 2, 2),
    }
)
