"""Expressions as Python understands them: the same text that a model file has."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

#: (t, states, numbers) -> values
Function = Callable[[float, Sequence[float], Sequence[float]], list[float]]

_FUNCTIONS = ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "atan", "atan2", "sqrt", "erf")
_MEANINGS = {name: getattr(math, name) for name in _FUNCTIONS}


def compiled(
    texts: Sequence[str], observables: Mapping[str, str], states: Sequence[str], numbers: Sequence[str]
) -> Function:
    """Return a function of some expressions; NaN where one is undefined.

    Parameters
    ----------
    observables
        What the expressions use besides, in an order in which each uses those before it.
    states, numbers
        Names of the function's arguments' elements.
    """
    lines = [
        "def function(t, y, p):",
        f"    {', '.join(states)}, = y",
        *([f"    {', '.join(numbers)}, = p"] if numbers else []),
        *(f"    {name} = {text}" for name, text in observables.items()),
        f"    return [{', '.join(texts)}]",
    ]
    made = dict(_MEANINGS)
    exec("\n".join(lines), made)  # noqa: S102 - texts that these tests have made
    function = made["function"]

    def careful(t: float, y: Sequence[float], p: Sequence[float]) -> list[float]:
        try:
            return [float(value) for value in function(t, y, p)]
        except (ArithmeticError, ValueError, TypeError):
            return [math.nan] * len(texts)

    return careful


def without_slopes(text: str, equations: Mapping[str, str]) -> str:
    """Return an expression with the equations in place of der(x)."""
    return re.sub(r"der\((\w+)\)", lambda found: f"({equations[found[1]]})", text)
