"""Algebraic rules: solved for what nothing else determines, or refused with their line."""

import pytest
from support.imported import TextModel

HEAD = '<?xml version="1.0"?>\n<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">\n'
PARAMETERS = '<listOfParameters><parameter id="x" value="1" constant="false"/><parameter id="k" value="3" '
PARAMETERS += 'constant="true"/><parameter id="a" value="7" constant="false"/><parameter id="b" constant="false"/>'
RATE = '<rateRule variable="x">{}</rateRule>'
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def math(formula):
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{formula}</math>'


def apply(operation, *arguments):
    shown = [each if each.startswith("<") else f"<ci>{each}</ci>" for each in arguments]
    return f"<apply><{operation}/>{''.join(shown)}</apply>"


def number(value):
    return f"<cn>{value}</cn>"


def model(*algebraic, more="", initial=""):
    rules = "\n".join(f"<algebraicRule>{math(each)}</algebraicRule>" for each in algebraic)
    return (
        f'{HEAD}<model id="m">{PARAMETERS}</listOfParameters>{initial}<listOfRules>{RATE.format(math("<cn>-1</cn>"))}'
        f"{more}\n{rules}\n</listOfRules></model>\n</sbml>\n"
    )


B_IS_K = apply("minus", "b", "k")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (apply("minus", "a", "x"), "x"),
        (apply("minus", "x", "a"), "x"),
        (apply("plus", "a", apply("times", number(-1), "k", "x")), "k*x"),
        (apply("minus", apply("times", "k", "a"), TIME), "t/k"),
        (apply("minus", apply("divide", apply("plus", "a", "x"), "k"), number(2)), "2*k - x"),
        (apply("minus", apply("times", "x", apply("minus", "k", "a")), apply("times", number(2), "a")), "k*x/(x + 2)"),
    ],
)
def test_a_rule_is_solved_for_what_nothing_else_determines(importing, rule, expected):
    found = TextModel(importing.text("model.xml", model(rule, B_IS_K))).solve([0.0, 0.5], ())
    for t, x, a in zip([0.0, 0.5], found["x"], found["a"], strict=True):
        assert a == pytest.approx(eval(expected, {}, {"t": t, "x": x, "k": 3.0}))  # noqa: S307 - of this file


def test_rules_are_solved_one_after_the_other(importing):
    text = importing.text("model.xml", model(apply("minus", "a", apply("plus", "b", "x")), B_IS_K))
    assert 'b = "k"' in text
    assert 'a = "b + x"' in text
    assert "# solved from an algebraic rule" in text


def test_an_initial_assignment_of_what_a_rule_determines_is_left_out_and_told(importing):
    initial = "<listOfInitialAssignments><initialAssignment symbol='a'>"
    initial += f"{math('<cn>5</cn>')}</initialAssignment></listOfInitialAssignments>"
    text = importing.text("model.xml", model(apply("minus", "a", "x"), B_IS_K, initial=initial))
    assert "its initial assignment is left out: the rule holds at the start too" in text


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((apply("minus", "a", "b"),), "an algebraic rule that leaves open which of 'a', 'b' it determines"),
        ((apply("minus", apply("sin", "a"), "x"), B_IS_K), "an algebraic rule in which 'a' is not linear"),
        ((apply("minus", apply("times", "a", "a"), "x"), B_IS_K), "an algebraic rule in which 'a' is not linear"),
    ],
)
def test_what_does_not_determine_one_quantity_is_refused_with_its_line(importing, rules, message):
    error = importing.refused("model.xml", model(*rules))
    assert error.message == f"{message} cannot be imported"
    assert error.line == 4
    assert "assignment rule" in error.hint


def test_a_rule_for_what_an_event_sets_is_refused(importing):
    event = "<event id='E' useValuesFromTriggerTime='true'><trigger initialValue='true' persistent='true'>"
    event += f"{math(apply('gt', TIME, number(3)))}</trigger><listOfEventAssignments><eventAssignment variable='a'>"
    event += f"{math(number(2))}</eventAssignment></listOfEventAssignments></event>"
    content = model(apply("minus", "a", "x"), B_IS_K)
    content = content.replace("</listOfRules>", f"</listOfRules><listOfEvents>{event}</listOfEvents>")
    error = importing.refused("model.xml", content)
    message = "an algebraic rule for quantities that are all determined without it cannot be imported"
    assert error.message == message


def test_a_rule_that_depends_on_what_it_determines_is_refused(importing):
    more = f'<assignmentRule variable="b">{math(apply("times", "a", "k"))}</assignmentRule>'
    error = importing.refused("model.xml", model(apply("minus", apply("plus", "a", "b"), "x"), more=more))
    assert error.message == "an algebraic rule that has to be solved together with others for 'a' cannot be imported"
