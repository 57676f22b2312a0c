"""What a file in SBML may have that is no ordinary differential equation: refused by name, with its line."""

import pytest

from cubie_cli.documents.messages import ExitCode

HEAD = '<?xml version="1.0"?>\n<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"{}>\n'
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
CELL = '<listOfCompartments><compartment id="c" size="2" constant="true"/></listOfCompartments>'
STATE = '<listOfParameters><parameter id="x" value="1" constant="false"/>'
STATE += '<parameter id="k" constant="true"/></listOfParameters>'
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
DELAY = (
    '<apply><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">delay</csymbol>'
    "<ci>x</ci><cn>2</cn></apply>"
)


def sbml(body, attributes=""):
    return f'{HEAD.format(attributes)}<model id="m">\n{body}\n</model>\n</sbml>\n'


def with_rule(formula, more=""):
    rule = f'<rateRule variable="x">\n{MATH.format(formula)}\n</rateRule>'
    return sbml(f"{STATE}\n<listOfRules>\n{rule}\n</listOfRules>\n{more}")


def with_event(trigger, attributes="", more="", value="<cn>0</cn>"):
    event = f'<event id="E" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true"{attributes}>'
    event += f"{MATH.format(trigger)}</trigger>{more}<listOfEventAssignments>"
    event += f'<eventAssignment variable="x">{MATH.format(value)}</eventAssignment></listOfEventAssignments></event>'
    return with_rule("<cn>1</cn>", f"<listOfEvents>\n{event}\n</listOfEvents>")


ALGEBRAIC = f"{STATE}<listOfRules>\n<algebraicRule>{MATH.format('<ci>x</ci>')}</algebraicRule></listOfRules>"
RECURSIVE = (
    '<listOfFunctionDefinitions><functionDefinition id="f">'
    f"{MATH.format('<lambda><bvar><ci>a</ci></bvar><apply><ci>f</ci><ci>a</ci></apply></lambda>')}"
    "</functionDefinition></listOfFunctionDefinitions>"
)
NO_LAW = (
    f'{CELL}<listOfSpecies><species id="S" compartment="c" initialAmount="1" hasOnlySubstanceUnits="false" '
    'boundaryCondition="false" constant="false"/></listOfSpecies><listOfReactions>'
    '<reaction id="R" reversible="false"><listOfReactants><speciesReference species="S" stoichiometry="1" '
    'constant="true"/></listOfReactants></reaction></listOfReactions>'
)
ARRAYS = ' xmlns:arrays="http://www.sbml.org/sbml/level3/version1/arrays/version1" arrays:required="true"'
EQUAL = "<apply><and/><apply><eq/><ci>x</ci><cn>3</cn></apply><apply><gt/><ci>x</ci><cn>1</cn></apply></apply>"


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (sbml(ALGEBRAIC).replace('level="3"', 'level="2"'), "not valid SBML: level '2' and version '2' are not", None),
        (with_rule(DELAY), "'delay'", 6),
        (with_rule("<ci>k</ci>"), "the quantity 'k', which has no value, cannot be imported", None),
        (with_rule("<ci>nobody</ci>"), "not valid SBML: The formula 'nobody'", 6),
        (with_rule("<infinity/>"), "the number inf cannot be imported, in the rule of 'x'", 6),
        (with_rule("<apply><factorial/><ci>x</ci></apply>"), "the factorial of what is not known before a run", 6),
        (with_rule("<apply><divide/><ci>x</ci><cn>0</cn></apply>"), "this makes no model here: division by zero", None),
        (sbml(RECURSIVE + STATE), "with id 'f' refers to itself", 4),
        (sbml(NO_LAW), "the reaction 'R' has no kinetic law", 4),
        (sbml(STATE, ARRAYS), "the file needs the package 'arrays'", None),
        (sbml(""), "nothing in the model changes", None),
        (with_event(EQUAL), "'==' in the trigger of the event 'E' cannot be imported", None),
        (f"{HEAD.format('')}<model id='m'>\n<listOf", "this is not well-formed XML: unclosed token", 4),
        ("<!DOCTYPE sbml [<!ENTITY a 'b'>]>\n" + sbml("").partition("\n")[2], "a document type is refused", 1),
        ("<a>" * 2000, "elements are nested more than 1000 levels deep", 1),
        ("<html/>", "this is XML of another kind: its root is 'html'", None),
    ],
)
def test_what_cannot_be_imported_is_told(importing, content, message, line):
    error = importing.refused("model.xml", content)
    assert message in error.message
    assert error.line == line
    assert error.exit_code == ExitCode.INPUT
    assert "\n" not in error.message


def test_an_event_that_never_fires_is_left_out_and_told(importing):
    trigger = "<apply><lt/><cn>1</cn><cn>2</cn></apply>"
    text = importing.text("model.xml", with_event(trigger).replace('id="k"', 'id="k" value="2"'))
    assert "[[events]]" not in text
    assert "# - the event 'E' never fires, and is left out" in text


def test_rules_and_initial_assignments_without_formulas_are_left_out_and_told(importing):
    rules = '<listOfInitialAssignments>\n<initialAssignment symbol="k"/>\n</listOfInitialAssignments>\n'
    rules += (
        f'<listOfRules>\n<rateRule variable="x">{MATH.format("<cn>1</cn>")}</rateRule>\n<assignmentRule variable="z"/>'
    )
    given = STATE.replace('id="k"', 'id="k" value="2"')
    given = given.replace("</listOf", '<parameter id="z" value="7" constant="false"/></listOf')
    text = importing.text("model.xml", sbml(f"{given}\n{rules}\n</listOfRules>"))
    assert "# - the initial assignment in line 6 has no formula, and is left out" in text
    assert "# - the rule in line 10 has no formula, and is left out" in text
    assert "k = 2.0\n" in text
    assert "z = 7.0\n" in text


def test_a_time_in_a_trigger_makes_an_event_at_that_time(importing):
    trigger = f"<apply><geq/>{TIME}<cn>5</cn></apply>"
    text = importing.text("model.xml", with_event(trigger).replace('id="k"', 'id="k" value="2"'))
    assert 'name = "E"\nat = 5.0\nset = { x = 0.0 }\n' in text


def test_a_trigger_before_the_start_is_told(importing):
    trigger = f"<apply><geq/>{TIME}<cn>0</cn></apply>"
    text = importing.text("model.xml", with_event(trigger).replace('id="k"', 'id="k" value="2"'))
    assert "[[events]]" not in text
    assert "# - the event 'E' never fires, and is left out" in text


def test_functions_that_grow_without_bound_are_refused(importing):
    definitions = ""
    for level in range(40):
        below = f"f{level - 1}" if level else "abs"
        inner = f"<apply><ci>{below}</ci><ci>a</ci></apply>" if level else "<apply><abs/><ci>a</ci></apply>"
        body = f"<lambda><bvar><ci>a</ci></bvar><apply><plus/>{inner}{inner}</apply></lambda>"
        definitions += f'<functionDefinition id="f{level}">{MATH.format(body)}</functionDefinition>'
    rule = f'<rateRule variable="x">{MATH.format("<apply><ci>f39</ci><ci>x</ci></apply>")}</rateRule>'
    content = sbml(
        f"<listOfFunctionDefinitions>{definitions}</listOfFunctionDefinitions>{STATE}<listOfRules>{rule}</listOfRules>"
    )
    assert "makes a formula of more than" in importing.refused("model.xml", content).message


@pytest.mark.parametrize(
    ("trigger", "events"),
    [
        (f"<apply><geq/>{TIME}<infinity/></apply>", 0),
        (f"<apply><lt/>{TIME}<apply><minus/><infinity/></apply></apply>", None),
        ("<apply><gt/><ci>x</ci><infinity/></apply>", 0),
        (f"<apply><and/><apply><lt/>{TIME}<infinity/></apply><apply><gt/><ci>x</ci><cn>3</cn></apply></apply>", 1),
    ],
)
def test_what_is_compared_with_infinity_is_known(importing, trigger, events):
    content = with_event(trigger).replace('id="k"', 'id="k" value="2"')
    if events is None:
        assert "the number inf" in importing.refused("model.xml", content).message
    else:
        assert importing.text("model.xml", content).count("[[events]]") == events


def test_a_model_of_rules_alone_has_a_clock(importing):
    rule = f'<assignmentRule variable="x">{MATH.format(f"<apply><times/><cn>2</cn>{TIME}</apply>")}</assignmentRule>'
    text = importing.text(
        "model.xml", sbml(f"{STATE}<listOfRules>{rule}</listOfRules>").replace('"k"', '"k" value="1"')
    )
    assert '[equations]\nclock = "1"\n' in text
    assert '[observables]\nx = "2*t"' in text
