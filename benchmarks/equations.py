"""A problem as other programs in this interpreter need it: functions of arrays, compiled, and expressions."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import sympy

from benchmarks.cases import Case
from cubie_cli.configurations.job import load
from cubie_cli.models.system import read_system
from solvers.equations.system import TIME, observable_symbol, parameter_symbol, state_symbol

Function = Callable[..., Any]


@dataclass(frozen=True)
class Equations:
    """The right-hand side and its Jacobian.

    Parameters
    ----------
    states, parameters
        Symbols, in order.
    derivatives
        One expression a state.
    start, values
        Initial values and parameters where nothing is swept.
    swept
        The position of the swept parameter.
    """

    states: list[sympy.Symbol]
    parameters: list[sympy.Symbol]
    derivatives: list[sympy.Expr]
    start: np.ndarray
    values: np.ndarray
    swept: int

    def function(self) -> Function:
        """Return f(t, y, p, out), compiled, which fills `out`."""
        return self._compiled(self.derivatives, "out[{}] = {}")

    def jacobian(self) -> Function:
        """Return the same of the Jacobian, a matrix."""
        matrix = sympy.Matrix(self.derivatives).jacobian(self.states)
        width = len(self.states)
        entries = {index: entry for index, entry in enumerate(matrix) if entry != 0}
        targets = [f"out[{index // width}, {index % width}] = {{}}" for index in entries]
        return self._compiled(list(entries.values()), targets)

    def _compiled(self, expressions: list[sympy.Expr], target: str | list[str]) -> Function:
        """Return a function of one statement for each subexpression, and one for each expression."""
        names = {symbol: f"y[{i}]" for i, symbol in enumerate(self.states)}
        names |= {symbol: f"p[{i}]" for i, symbol in enumerate(self.parameters)}
        steps, results = sympy.cse(expressions, symbols=sympy.numbered_symbols("c"))
        printer = sympy.printing.pycode
        replaced = {symbol: sympy.Symbol(text) for symbol, text in names.items()}
        lines = [f"{name} = {printer(value.xreplace(replaced))}" for name, value in steps]
        for index, value in enumerate(results):
            text = printer(value.xreplace(replaced))
            lines.append(target.format(index, text) if isinstance(target, str) else target[index].format(text))
        source = "import math\ndef filled(t, y, p, out):\n    " + "\n    ".join(lines)
        scope: dict[str, Any] = {}
        exec(source, scope)  # noqa: S102 - the text is made here, of expressions that were parsed with an allow-list
        compiled: Function = numba.njit(scope["filled"], error_model="numpy")
        return compiled


def equations(case: Case) -> Equations:
    """Return a case's equations; observables are put into them."""
    with tempfile.TemporaryDirectory() as folder:
        system = read_system(load(case.write(Path(folder))).model)
    derivatives = list(system.derivatives)
    for index, expression in reversed(list(enumerate(system.observable_expressions))):
        derivatives = [one.subs(observable_symbol(index), expression) for one in derivatives]
    assert not any(one.has(TIME) for one in derivatives)  # noqa: S101 - none of the problems here depends on time
    return Equations(
        states=[state_symbol(index) for index in range(len(system.states))],
        parameters=[parameter_symbol(index) for index in range(len(system.parameters))],
        derivatives=derivatives,
        start=np.array(system.initial_values),
        values=np.array(system.parameter_values),
        swept=system.parameters.index(case.problem.sweep[0]),
    )
