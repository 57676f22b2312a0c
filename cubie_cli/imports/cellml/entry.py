"""A model in CellML, from the file to what is imported."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcellml

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.cellml.mathematics import Mathematics
from cubie_cli.imports.cellml.reading import read_cellml
from cubie_cli.imports.cellml.units import unit_text
from cubie_cli.imports.formulas import TIME, ZERO, Formula, Name, Number, product
from cubie_cli.imports.imported import ImportedModel, State
from cubie_cli.imports.mathematics import NotRepresentableError

_Equation = libcellml.AnalyserEquation.Type
_Key = tuple[str, str]
_MOST_WARNINGS = 20


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of a CellML file."""
    document, analysed, warnings, version = read_cellml(content, path)
    if not analysed.isValid() or analysed.voi() is None:
        hint = "a model here has a derivative with respect to time"
        raise UserError("nothing in the model has a rate of change", path, hint=hint)
    return _Reader(document, analysed, path).read(version, warnings)


class _Reader:
    def __init__(self, document: Any, analysed: Any, path: Path) -> None:
        self._document = document
        self._analysed = analysed
        self._path = path
        self._variables = [*_all(analysed, "state"), *_all(analysed, "constant"), *_all(analysed, "computedConstant")]
        self._variables += [*_all(analysed, "algebraicVariable")]
        self._names = self._named()
        self._known: dict[_Key, Formula] = {}

    def _named(self) -> dict[_Key, str]:
        """Return a name for each variable: its own, with its component's before it where there are several of one."""
        keys = [_key(each.variable()) for each in self._variables]
        counts = Counter(name for _, name in keys)
        names: dict[_Key, str] = {}
        taken = {name for _, name in keys if counts[name] == 1}
        for component, name in keys:
            full = name if counts[name] == 1 else f"{component}_{name}"
            while counts[name] > 1 and full in taken:
                full = f"{full}_"
            taken.add(full)
            names[component, name] = full
        return names

    def read(self, version: str, warnings: list[str]) -> ImportedModel:
        analysed, document = self._analysed, self._document
        model = ImportedModel(document.name() or self._path.stem, f"CellML {version}")
        model.time_unit = unit_text(analysed.voi().variable().units(), document)
        model.decided += warnings[:_MOST_WARNINGS]
        if len(warnings) > _MOST_WARNINGS:
            model.decided.append(f"and {len(warnings) - _MOST_WARNINGS} warnings more")
        self._note_variables(model)
        slopes = self._read_equations(model)
        for each in _all(analysed, "state"):
            name = self._name(each)
            model.states[name] = State(self._initial(each), slopes[name])
        for each in _all(analysed, "constant"):
            model.parameters[self._name(each)] = self._initial(each)
        # Numbers first, then what is made of them.
        made = {name: model.parameters.pop(name) for name in list(model.parameters) if name in self._computed}
        model.parameters |= made
        return model

    def _note_variables(self, model: ImportedModel) -> None:
        for each in self._variables:
            component, own = _key(each.variable())
            name = self._name(each)
            model.units[name] = unit_text(each.variable().units(), self._document)
            model.labels[name] = component if name == own else f"{own} of {component}"

    def _name(self, variable: Any) -> str:
        return self._names[_key(variable.variable())]

    @property
    def _computed(self) -> set[str]:
        return {self._name(each) for each in _all(self._analysed, "computedConstant")}

    # -- values ---------------------------------------------------------------------------------

    def _initial(self, variable: Any) -> Formula:
        """Return an initial value in the units of the variable."""
        source = variable.initialisingVariable()
        if source is None:
            return ZERO
        text = source.initialValue()
        factor = libcellml.Units.scalingFactor(source.units(), variable.variable().units())
        try:
            value: Formula = Number(float(text) * factor)
        except ValueError:
            other = source.parent().variable(text)
            if other is None:
                raise NotRepresentableError(f"the initial value {text!r} of {self._name(variable)!r}") from None
            value = product(Number(factor), self._formula_of(other))
        return value

    def _formula_of(self, variable: Any) -> Formula:
        """Return what stands for a variable, in whichever component."""
        key = _key(variable)
        if key not in self._known:
            self._known[key] = self._found(variable)
        return self._known[key]

    def _found(self, variable: Any) -> Formula:
        if _key(variable) in self._names:
            return Name(self._names[_key(variable)])
        equivalent = self._analysed.areEquivalentVariables
        if equivalent(variable, self._analysed.voi().variable()):
            return TIME
        for each in self._variables:
            if equivalent(variable, each.variable()):
                return Name(self._name(each))
        raise NotRepresentableError(f"the variable {'.'.join(_key(variable))!r}, which is not computed,")

    # -- equations ------------------------------------------------------------------------------

    def _read_equations(self, model: ImportedModel) -> dict[str, Formula]:
        """Add what equations compute, and return the derivatives of the states."""
        slopes: dict[str, Formula] = {}
        for index in range(self._analysed.analyserEquationCount()):
            equation = self._analysed.analyserEquation(index)
            kind = equation.type()
            if kind == _Equation.NLA:
                names = ", ".join(self._name(each) for each in _all(equation, "algebraicVariable"))
                hint = "solve it for its unknown"
                raise NotRepresentableError(f"an algebraic equation, which must be solved for {names},", hint)
            found = {_Equation.ODE: "state", _Equation.ALGEBRAIC: "algebraicVariable"}.get(kind, "computedConstant")
            name = self._name(next(_all(equation, found)))
            formula = self._formula(equation, name, model)
            table = {"state": slopes, "algebraicVariable": model.observables}.get(found, model.parameters)
            table[name] = formula
        return slopes

    def _formula(self, equation: Any, name: str, model: ImportedModel) -> Formula:
        mathematics = Mathematics(self._formula_of)
        try:
            formula = mathematics.read(equation.ast().rightChild())
        except NotRepresentableError as error:
            message = f"{error.what} cannot be imported, in the equation of {name!r}"
            raise UserError(message, self._path, hint=error.hint) from None
        if mathematics.chosen:
            model.remark(name, "a piecewise without otherwise: where no condition holds, the value of its last piece")
        return formula


def _key(variable: Any) -> _Key:
    return variable.parent().name(), variable.name()


def _all(owner: Any, kind: str) -> Iterator[Any]:
    count: int = getattr(owner, f"{kind}Count")()
    for index in range(count):
        yield getattr(owner, kind)(index)
