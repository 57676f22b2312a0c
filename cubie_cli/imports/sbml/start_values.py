"""What formulas are at the start, by the values in the file."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cubie_cli.imports.formulas import TIME, Apply, Formula, Name, Number
from cubie_cli.imports.imported import ImportedModel

_ARITHMETIC: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "+": lambda *terms: sum(terms),
        "*": lambda *factors: math.prod(factors),
        "-": operator.neg,
        "/": operator.truediv,
        "**": math.pow,
    }
)


@dataclass(frozen=True)
class StartValues:
    """The values at the start of a model whose quantities are known.

    Parameters
    ----------
    model
        The model.
    """

    model: ImportedModel
    _known: dict[str, float | None] = field(default_factory=dict)

    def of(self, formula: Formula) -> float | None:
        """Return the value of a formula, None where it takes more than arithmetic to know it."""
        if isinstance(formula, Number):
            return formula.value
        if isinstance(formula, Name):
            if formula.name not in self._known:
                self._known[formula.name] = self._given(formula.name)
            return self._known[formula.name]
        return 0.0 if formula == TIME else self._computed(formula)

    def _given(self, name: str) -> float | None:
        model = self.model
        if name in model.states:
            return self.of(model.states[name].initial)
        given = model.parameters.get(name, model.observables.get(name))
        return None if given is None else self.of(given)

    def _computed(self, formula: Apply) -> float | None:
        values = [self.of(each) for each in formula.arguments]
        known = [each for each in values if each is not None]
        if formula.operation not in _ARITHMETIC or len(known) < len(values):
            return None
        try:
            return _ARITHMETIC[formula.operation](*known)
        except (ArithmeticError, ValueError):
            return None
