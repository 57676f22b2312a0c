"""Equations as libCellML's analyser has them, as formulas."""

import math
from collections.abc import Callable
from typing import Any

import libcellml

from cubie_cli.imports import mathematics
from cubie_cli.imports.formulas import FALSE, PI, TRUE, Apply, Formula, Number
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.models.expressions.tokens import SLOPE

_Type = libcellml.AnalyserEquationAst.Type
_CONSTANTS: dict[int, Formula] = {
    _Type.TRUE: TRUE,
    _Type.FALSE: FALSE,
    _Type.E: Number(math.e),
    _Type.PI: PI,
}
#: Names of MathML that differ from the analyser's.
_SPELLED = {"inf": "infinity", "nan": "notanumber"}
_KINDS = {getattr(_Type, name): name.lower() for name in dir(_Type) if name.isupper()}
_INVERSE = ("sin", "cos", "tan", "sec", "csc", "cot")


class Mathematics:
    """Reads equations.

    Parameters
    ----------
    formula_of
        Returns what stands for a variable.
    """

    def __init__(self, formula_of: Callable[[Any], Formula]) -> None:
        self._formula_of = formula_of
        self.chosen = False

    def read(self, node: Any) -> Formula:
        """Return a formula; `chosen` tells whether one of its parts has a value only where some condition holds.

        Raises
        ------
        NotRepresentableError
            Naming what has no counterpart.
        """
        kind = node.type()
        if kind == _Type.CI:
            return self._formula_of(node.variable())
        if kind == _Type.CN:
            return _number(node.value())
        return _CONSTANTS[kind] if kind in _CONSTANTS else self._applied(node, kind)

    def _applied(self, node: Any, kind: int) -> Formula:
        if kind == _Type.DIFF:
            return Apply(SLOPE, (self.read(node.rightChild()),))
        if kind == _Type.PIECEWISE:
            found, chosen = mathematics.piecewise(*self._pieces(node))
            self.chosen = self.chosen or chosen
            return found
        if kind in (_Type.LOG, _Type.ROOT):
            return self._with_qualifier(node, kind)
        name = _mathml_name(_KINDS[kind])
        return mathematics.function(name, [self.read(each) for each in _children(node)])

    def _with_qualifier(self, node: Any, kind: int) -> Formula:
        """Return a logarithm or a root, whose base or degree may stand before its argument."""
        first, *rest = _children(node)
        build = mathematics.logarithm if kind == _Type.LOG else mathematics.root
        if not rest:
            return build(self.read(first))
        return build(self.read(rest[0]), self.read(first.leftChild()))

    def _pieces(self, node: Any) -> tuple[list[tuple[Formula, Formula]], Formula | None]:
        pieces: list[tuple[Formula, Formula]] = []
        otherwise = None
        waiting = _children(node)
        while waiting:
            each = waiting.pop(0)
            if each.type() == _Type.PIECEWISE:
                waiting = [*_children(each), *waiting]
            elif each.type() == _Type.PIECE:
                pieces.append((self.read(each.leftChild()), self.read(each.rightChild())))
            else:
                otherwise = self.read(each.leftChild())
        return pieces, otherwise


def _children(node: Any) -> list[Any]:
    return [each for each in (node.leftChild(), node.rightChild()) if each is not None]


def _number(text: str) -> Number:
    value = float(text)
    if not math.isfinite(value):
        raise NotRepresentableError(f"the number {text}")
    return Number(value)


def _mathml_name(kind: str) -> str:
    plain = kind[1:].removesuffix("h")
    if kind.startswith("a") and plain in _INVERSE:
        return f"arc{kind[1:]}"
    return _SPELLED.get(kind, kind)
