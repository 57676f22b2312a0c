"""Reads the ends of windows that are expressions of parameters and constants."""

from collections.abc import Mapping

import sympy

from cubie_cli.configurations.configuration import Configuration
from cubie_cli.configurations.summaries import outside
from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import parse_in
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.model import Model
from cubie_cli.models.order_of_use import used_names
from solvers.equations.lowering import number_of
from solvers.equations.singularities import Singularities
from solvers.equations.system import TIME, parameter_symbol


def read_window_ends(configuration: Configuration, document: Document, model: Model) -> Mapping[str, sympy.Expr]:
    """Return the expressions of parameters that texts of a configuration stand for.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    found = {}
    for text, place in configuration.window_texts.items():
        found[text] = _read(text, place, document, model)
        if not found[text].free_symbols:
            _check_span(number_of(found[text], {}), place, configuration, document)
    return found


def _read(text: str, place: KeyPath, document: Document, model: Model) -> sympy.Expr:
    parameters = {name: parameter_symbol(index) for index, name in enumerate(model.quantities.parameters)}
    try:
        _check_names(text, place, document, model)
        scope = Scope({**model.constants, **parameters, "t": TIME}, vectors=model.vectors)
        found = Singularities().filled(parse_in(scope, text))
    except ExpressionError as error:
        raise document.error(error.message, place, hint=error.hint, offset=error.offset) from None
    if TIME in found.free_symbols:
        raise document.error("a window's end cannot depend on t: it is computed before a run begins", place)
    return found


def _check_names(text: str, place: KeyPath, document: Document, model: Model) -> None:
    for what, table in (("a state", "states"), ("an observable", "observables")):
        for name in used_names(text, model.written.names_in(table)):
            message = f"{name!r} is {what}, and a window's end is made of parameters and constants"
            raise document.error(message, place)


def _check_span(end: float, place: KeyPath, configuration: Configuration, document: Document) -> None:
    t0, t1 = configuration.solve.t0, configuration.solve.t1
    if not t0 <= end <= t1:
        raise outside(document, place, end, t0, t1)
