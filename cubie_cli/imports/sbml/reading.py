"""Reads an SBML file with libSBML, and refuses what is no system of ordinary differential equations."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libsbml

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.formulas import Formula, Name, Number, negative
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.sbml.algebraic import AlgebraicRule, solve_algebraic_rules
from cubie_cli.imports.sbml.flattening import PACKAGE, check_submodels, flatten
from cubie_cli.imports.sbml.mathematics import Mathematics
from cubie_cli.imports.sbml.source import Compartment, Event, Parameter, Participant, Reaction, Source, Species
from cubie_cli.imports.sbml.units import unit_text
from cubie_cli.imports.xml_text import Root

#: Checks of what does not change the equations.
_NOT_CHECKED = (
    libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
    libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
    libsbml.LIBSBML_CAT_MODELING_PRACTICE,
)
#: A species in a rate that the reaction does not list.
_HARMLESS = (libsbml.UndeclaredSpeciesRef,)
#: Mathematics of level 3 version 2 in files of version 1, which are read as any other.
_VERSIONS = {"1": ("1", "2"), "2": ("1", "2", "3", "4", "5"), "3": ("1", "2")}
_KNOWN_PACKAGES = {"l3v2extendedmath", PACKAGE}


def check_level(root: Root, path: Path) -> None:
    """Refuse a file whose namespace is not that of its level and version, for which libSBML ends the process.

    Raises
    ------
    UserError
        Naming both.
    """
    level, version = (root.attributes.get(key, "") for key in ("level", "version"))
    expected = {"1": "", "2": f"/version{version}" if version != "1" else "", "3": f"/version{version}/core"}
    known = version in _VERSIONS.get(level, ())
    if root.name != "sbml" or not known or root.namespace != f"http://www.sbml.org/sbml/level{level}{expected[level]}":
        message = f"level {level!r} and version {version!r} are not those of the namespace {root.namespace!r}"
        raise UserError(f"not valid SBML: {message}", path, hint="see the attributes of its first element, sbml")


def read_sbml(text: str, path: Path) -> Source:
    """Read a model.

    Parameters
    ----------
    text
        The file, whose XML has been looked at, declared to be UTF-8.
    path
        Its name, for messages.

    Raises
    ------
    UserError
        With the line of what is wrong, or cannot be imported.
    """
    document = _checked(text, path)
    return _Reader(document.getModel(), path).read()


def _checked(text: str, path: Path) -> Any:
    document = libsbml.readSBMLFromString(text)
    _check_packages(document, path)
    _refuse_errors(document, path)
    if document.getModel() is None:
        raise UserError("the file has no model", path)
    check_submodels(document, path)
    if document.getLevel() == 1:
        document.setLevelAndVersion(2, 4, False)  # noqa: FBT003 - the library's
    _check_consistency(document, path)
    if flatten(document, path):
        _check_consistency(document, path)
    return document


def _check_consistency(document: Any, path: Path) -> None:
    for category in _NOT_CHECKED:
        document.setConsistencyChecks(category, False)  # noqa: FBT003 - the library's
    document.checkConsistency()
    _refuse_errors(document, path)


def _refuse_errors(document: Any, path: Path) -> None:
    for index in range(document.getNumErrors()):
        error = document.getError(index)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR and error.getErrorId() not in _HARMLESS:
            raise UserError(f"not valid SBML: {_told(error)}", path, error.getLine() or None)


def _told(error: Any) -> str:
    """Return what an error says of this file: it stands after the rule and where that is written."""
    rule, _, after = str(error.getMessage()).partition("Reference:")
    found = after.partition("\n")[2].strip() or rule.strip() or str(error.getShortMessage())
    return " ".join(found.split())


def _check_packages(document: Any, path: Path) -> None:
    if document.getLevel() < 3:
        return
    plugins = [document.getPlugin(index) for index in range(document.getNumPlugins())]
    known = [(each.getPackageName(), each.getPackageName()) for each in plugins]
    unknown = [
        (document.getUnknownPackagePrefix(index), document.getUnknownPackageURI(index))
        for index in range(document.getNumUnknownPackages())
    ]
    for name, key in known + unknown:
        if document.getPackageRequired(key) and name not in _KNOWN_PACKAGES:
            hint = "the core of SBML is read, and submodels"
            raise UserError(f"the file needs the package {name!r}", path, hint=hint)


class _Reader:
    def __init__(self, model: Any, path: Path) -> None:
        self._model = model
        self._path = path
        title = model.getName() or model.getId() or path.stem
        self._source = Source(model.getLevel(), model.getVersion(), title)
        self._algebraic: list[AlgebraicRule] = []
        definitions = {each.getId(): each.getMath() for each in _all(model.getListOfFunctionDefinitions())}
        self._mathematics = Mathematics({name: math for name, math in definitions.items() if math is not None})

    def read(self) -> Source:
        """Read all of the model."""
        self._read_compartments()
        self._read_species()
        self._read_parameters()
        self._read_rules()
        for each in _all(self._model.getListOfReactions()):
            self._read_reaction(each)
        for position, each in enumerate(_all(self._model.getListOfEvents())):
            self._read_event(each, position)
        solve_algebraic_rules(self._source, self._algebraic, self._path)
        self._note_what_is_left_out()
        self._source.time_unit = unit_text(self._time_definition())
        return self._source

    def _time_definition(self) -> Any:
        units = self._model.getTimeUnits() if self._source.level > 2 else "time"
        known = self._model.getUnitDefinition(units) if units else None
        if known is not None:
            return known
        kind = libsbml.UnitKind_forName("second" if units == "time" else units or "")
        if kind == libsbml.UNIT_KIND_INVALID:
            return None
        made = libsbml.UnitDefinition(self._model.getLevel(), self._model.getVersion())
        unit = made.createUnit()
        unit.initDefaults()
        unit.setKind(kind)
        return made

    # -- messages -------------------------------------------------------------------------------

    def _refusal(self, message: str, element: Any, hint: str | None = None) -> UserError:
        return UserError(message, self._path, element.getLine() or None, hint=hint)

    def _formula(self, element: Any, what: str, name: str, local: dict[str, str] | None = None) -> Formula:
        """Return the formula of an element; `what` it is of, and the quantity that remarks are about."""
        node = element.getMath() if element is not None else None
        if node is None:
            raise self._refusal(f"{what} has no formula", element or self._model)
        try:
            return self._mathematics.read(node, self._remark_of(name), local)
        except NotRepresentableError as error:
            raise self._refusal(f"{error.what} cannot be imported, in {what}", element, error.hint) from None

    def _remark_of(self, name: str) -> Callable[[str], None]:
        known = self._source.remarks.setdefault(name, [])
        return lambda text: None if text in known else known.append(text)

    def _value(self, value: float, element: Any, what: str) -> float:
        if not math.isfinite(value):
            raise self._refusal(f"{what} is {value}, which is no finite number", element)
        return value

    # -- quantities -----------------------------------------------------------------------------

    def _label(self, element: Any) -> None:
        if element.isSetName() and element.getName() != element.getId():
            self._source.labels[element.getId()] = element.getName()

    def _known(self, element: Any, definition: Any) -> str:
        self._label(element)
        self._source.units[element.getId()] = unit_text(definition)
        return str(element.getId())

    def _read_compartments(self) -> None:
        for each in _all(self._model.getListOfCompartments()):
            name = self._known(each, each.getDerivedUnitDefinition())
            size = self._value(each.getSize(), each, f"the size of {name!r}") if each.isSetSize() else None
            dimensions = each.getSpatialDimensionsAsDouble()
            dimensions = 3.0 if math.isnan(dimensions) else dimensions
            self._source.compartments.append(Compartment(name, size, dimensions, each.getConstant()))

    def _read_species(self) -> None:
        for each in _all(self._model.getListOfSpecies()):
            name = self._known(each, each.getDerivedUnitDefinition())
            amount, concentration = each.getInitialAmount(), each.getInitialConcentration()
            what = f"the initial value of {name!r}"
            self._source.species.append(
                Species(
                    name,
                    each.getCompartment(),
                    self._value(amount, each, what) if each.isSetInitialAmount() else None,
                    self._value(concentration, each, what) if each.isSetInitialConcentration() else None,
                    each.getHasOnlySubstanceUnits(),
                    each.getBoundaryCondition(),
                    each.getConstant(),
                    each.getConversionFactor() or self._model.getConversionFactor() or None,
                )
            )

    def _read_parameters(self) -> None:
        for each in _all(self._model.getListOfParameters()):
            name = self._known(each, each.getDerivedUnitDefinition())
            self._source.parameters.append(Parameter(name, self._given(each, name), each.getConstant()))

    def _given(self, parameter: Any, name: str) -> float | None:
        return (
            self._value(parameter.getValue(), parameter, f"the value of {name!r}") if parameter.isSetValue() else None
        )

    def _read_rules(self) -> None:
        for each in self._with_formulas(self._model.getListOfRules(), "rule"):
            if each.isAlgebraic():
                formula = self._formula(each, "an algebraic rule", "")
                self._algebraic.append(AlgebraicRule(formula, each.getLine() or None))
                continue
            name = each.getVariable()
            rules = self._source.rates if each.isRate() else self._source.assignments
            rules[name] = self._formula(each, f"the rule of {name!r}", name)
        for each in self._with_formulas(self._model.getListOfInitialAssignments(), "initial assignment"):
            name = each.getSymbol()
            self._source.initial[name] = self._formula(each, f"the initial assignment of {name!r}", name)

    def _with_formulas(self, elements: Any, what: str) -> Iterator[Any]:
        """Yield the elements that have a formula; level 3 version 2 has others, which mean nothing."""
        for each in _all(elements):
            if each.getMath() is not None:
                yield each
            else:
                self._source.decided.append(f"the {what} in line {each.getLine()} has no formula, and is left out")

    # -- reactions ------------------------------------------------------------------------------

    def _read_reaction(self, reaction: Any) -> None:
        name = reaction.getId()
        self._label(reaction)
        if reaction.isSetFast() and reaction.getFast():
            hint = 'set fast="false" and give it a large rate'
            raise self._refusal(f"the fast reaction {name!r} cannot be imported", reaction, hint)
        law = reaction.getKineticLaw()
        if law is None or law.getMath() is None:
            raise self._refusal(f"the reaction {name!r} has no kinetic law", reaction, "its rate is needed")
        rate = self._formula(law, f"the rate of the reaction {name!r}", name, self._local_names(law, name))
        participants = [
            *(self._participant(each, made=False) for each in _all(reaction.getListOfReactants())),
            *(self._participant(each, made=True) for each in _all(reaction.getListOfProducts())),
        ]
        self._source.reactions.append(Reaction(name, rate, tuple(participants)))

    def _local_names(self, law: Any, reaction: str) -> dict[str, str]:
        """Make parameters of a reaction's own ones, and return their names in the model."""
        own = law.getListOfLocalParameters() if self._source.level > 2 else law.getListOfParameters()
        names: dict[str, str] = {}
        for each in _all(own):
            name = self._free(f"{reaction}_{each.getId()}")
            names[each.getId()] = name
            if each.isSetName():
                self._source.labels[name] = each.getName()
            self._source.units[name] = unit_text(each.getDerivedUnitDefinition())
            self._source.parameters.append(Parameter(name, self._given(each, name)))
        return names

    def _free(self, name: str) -> str:
        taken = {each.id for each in self._source.parameters}
        while name in taken or self._model.getElementBySId(name) is not None:
            name = f"{name}_"
        return name

    def _participant(self, reference: Any, *, made: bool) -> Participant:
        stoichiometry = self._stoichiometry(reference)
        return Participant(reference.getSpecies(), stoichiometry if made else negative(stoichiometry))

    def _stoichiometry(self, reference: Any) -> Formula:
        species = reference.getSpecies()
        if reference.isSetStoichiometryMath():
            return self._formula(reference.getStoichiometryMath(), f"the stoichiometry of {species!r}", species)
        value = reference.getStoichiometry()
        denominator = reference.getDenominator()
        known = None if math.isnan(value) else self._value(value, reference, f"the stoichiometry of {species!r}")
        if self._source.level < 3 or not reference.isSetId():
            if known is None:
                raise self._refusal(f"the stoichiometry of {species!r} has no value", reference)
            return Number(known / denominator if denominator not in (0, 1) else known)
        name = reference.getId()
        self._source.parameters.append(Parameter(name, known, reference.getConstant()))
        self._source.stoichiometries.add(name)
        return Name(name)

    # -- events ---------------------------------------------------------------------------------

    def _read_event(self, event: Any, position: int) -> None:
        name = event.getId() or f"event_{position + 1}"
        what = f"the event {name!r}"
        if event.isSetName():
            self._source.labels.setdefault(name, event.getName())
        trigger = event.getTrigger()
        if trigger is None or trigger.getMath() is None:
            self._source.decided.append(f"{what} has no trigger, never fires, and is left out")
            return
        extended = self._source.level > 2
        changes = {
            each.getVariable(): self._formula(each, f"what {what} sets", name)
            for each in _all(event.getListOfEventAssignments())
            if each.getMath() is not None
        }
        delay, priority = event.getDelay(), event.getPriority() if extended else None
        self._source.events.append(
            Event(
                name,
                self._formula(trigger, f"the trigger of {what}", name),
                changes,
                trigger.getInitialValue() if extended else True,
                trigger.getPersistent() if extended else True,
                event.getUseValuesFromTriggerTime(),
                self._part(delay, f"the delay of {what}", name),
                self._part(priority, f"the priority of {what}", name),
                event.getLine() or None,
            )
        )

    def _part(self, element: Any, what: str, name: str) -> Formula | None:
        return None if element is None or element.getMath() is None else self._formula(element, what, name)

    def _note_what_is_left_out(self) -> None:
        constraints = self._model.getNumConstraints()
        if constraints:
            which = "a constraint is" if constraints == 1 else f"{constraints} constraints are"
            self._source.decided.append(f"{which} left out: constraints change nothing in a solution")


def _all(elements: Any) -> Iterator[Any]:
    for index in range(elements.size()):
        yield elements.get(index)
