"""Turns the text of an expression into SymPy, or into a number, and never evaluates it as a program."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cubie_cli.models.expressions import constants
from cubie_cli.models.expressions.evaluation import Evaluation
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.syntax import CONDITION_FOUND, DEEPEST, LONGEST_TEXT
from solvers.equations.depth import deep_recursion

if TYPE_CHECKING:
    import sympy

__all__ = ["CONDITION_FOUND", "DEEPEST", "LONGEST_TEXT", "number", "parse", "parse_in"]

_NONE: Mapping[str, Any] = MappingProxyType({})


def parse(
    text: str,
    symbols: "Mapping[str, sympy.Symbol | float]",
    slopes: "Mapping[str, sympy.Symbol]" = _NONE,
) -> "sympy.Expr":
    """Read an expression without vectors.

    Parameters
    ----------
    text
        The expression.
    symbols
        What each name stands for: a symbol, or a finite number.
    slopes
        What `der(name)` stands for; nothing where it has no meaning.

    Returns
    -------
    sympy.Expr
        In the given symbols and `solvers.equations.system.TIME`; every constant is finite in binary64.

    Raises
    ------
    ExpressionError
        With what is wrong, and at which character.
    """
    from solvers.equations.system import TIME  # noqa: PLC0415 - imports SymPy, which numbers do without

    return parse_in(Scope({**symbols, "t": TIME}, slopes), text)


def parse_in(scope: Scope, text: str, indices: Mapping[str, int] = _NONE, members: int = 1) -> "sympy.Expr":
    """Read an expression whose names stand for what a scope says, and indices for numbers; see `parse`.

    `members` is the number of quantities that it is written for.
    """
    from cubie_cli.models.expressions import operations  # noqa: PLC0415 - likewise

    with deep_recursion():
        node = scope.read(text, indices)
        evaluation = Evaluation(scope, indices, operations, members)
        return evaluation.build(0, operations.finished, evaluation.value(node))


def number(scope: Scope, text: str, indices: Mapping[str, int] = _NONE, members: int = 1) -> float:
    """Read an expression of numbers alone; see `parse_in`."""
    with deep_recursion():
        evaluation = Evaluation(scope, indices, constants, members)
        return float(evaluation.value(scope.read(text, indices)))
