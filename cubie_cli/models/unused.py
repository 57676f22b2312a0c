"""Finds quantities of a model that no expression uses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cubie_cli.models.expressions.tokens import ExpressionError, tokens
from cubie_cli.models.model import Model

#: Tables whose quantities are there to be used, and tables with expressions.
_GIVEN = ("parameters", "constants", "drivers")
_USING = ("states", "parameters", "constants", "equations", "observables")
#: Keys of events whose texts are no expressions.
_WORDS = ("name", "direction")


def unused(model: Model, further: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the parameters, constants and drivers that no expression uses.

    Parameters
    ----------
    further
        Expressions beside those of the model.
    """
    document, prefix = model.document, model.prefix
    events = [
        {key: value for key, value in event.items() if key not in _WORDS}
        for event in document.get((*prefix, "events"), [])
    ]
    written = [*(document.get((*prefix, table)) for table in _USING), events]
    used = {name for text in (*_texts(written), *further) for name in _names(text)}
    given = {name: None for table in _GIVEN for name in document.get((*prefix, table), {})}
    return tuple(name for name in given if name not in used)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _names(text: str) -> Iterator[str]:
    try:
        yield from (token.text for token in tokens(text) if token.kind == "name")
    except ExpressionError:
        return
