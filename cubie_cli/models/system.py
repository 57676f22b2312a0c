"""Makes the system of a model for the solvers, by having each of its expressions parsed."""

from collections.abc import Mapping

import sympy

from cubie_cli.models.expressions.parser import parse
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.model import Model
from solvers.equations.system import System, observable_symbol, parameter_symbol, state_symbol


def read_system(model: Model) -> System:
    """Read a model's expressions.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    quantities, symbols = model.quantities, _symbols(model)
    return System(
        **vars(quantities),
        derivatives=tuple(_expression(model, "equations", name, symbols) for name in quantities.states),
        observable_expressions=tuple(
            _expression(model, "observables", name, symbols) for name in quantities.observables
        ),
    )


def _symbols(model: Model) -> Mapping[str, sympy.Symbol | float]:
    quantities = model.quantities
    return {
        **{name: state_symbol(index) for index, name in enumerate(quantities.states)},
        **{name: parameter_symbol(index) for index, name in enumerate(quantities.parameters)},
        **{name: observable_symbol(index) for index, name in enumerate(quantities.observables)},
        **model.constants,
    }


def _expression(model: Model, table: str, name: str, symbols: Mapping[str, sympy.Symbol | float]) -> sympy.Expr:
    try:
        return parse(model.text_of(table, name), symbols)
    except ExpressionError as error:
        raise model.error(table, name, error.message, error.hint, error.offset) from None
