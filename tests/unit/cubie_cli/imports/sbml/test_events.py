"""Events that fire together."""

import pytest
from support.imported import TextModel

HEAD = '<?xml version="1.0"?>\n<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">\n'
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def math(formula):
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{formula}</math>'


def event(name, trigger, sets, values, *, before="true", delay="", priority=0):
    delay = delay and f"<delay>{math(delay)}</delay>"
    return (
        f'<event id="{name}" useValuesFromTriggerTime="{values}"><trigger initialValue="{before}" persistent="true">'
        f"{math(trigger)}</trigger><priority>{math(f'<cn>{priority}</cn>')}</priority>{delay}<listOfEventAssignments>"
        f'<eventAssignment variable="{sets[0]}">{math(sets[1])}</eventAssignment></listOfEventAssignments></event>'
    )


def model(*events):
    """Return a model in which z rises from 0 at the rate 1, x is 3, y is 1 and doubled is 2*x."""
    given = "".join(
        f'<parameter id="{name}" value="{value}" constant="false"/>' for name, value in zip("zxy", "031", strict=True)
    )
    doubled = "<apply><times/><cn>2</cn><ci>x</ci></apply>"
    return (
        f'{HEAD}<model id="m"><listOfParameters>{given}<parameter id="doubled" constant="false"/></listOfParameters>'
        f'<listOfRules><rateRule variable="z">{math("<cn>1</cn>")}</rateRule>'
        f'<assignmentRule variable="doubled">{math(doubled)}</assignmentRule></listOfRules>'
        f"<listOfEvents>{''.join(events)}</listOfEvents></model></sbml>\n"
    )


def above(what, height):
    return f"<apply><gt/>{what}<cn>{height}</cn></apply>"


@pytest.mark.parametrize("trigger", [above(TIME, 0.5), above("<ci>z</ci>", 0.5)])
@pytest.mark.parametrize(("value", "taken"), [("<ci>x</ci>", 3.0), ("<ci>doubled</ci>", 6.0)])
@pytest.mark.parametrize("delay", ["", "<cn>0.25</cn>"])
def test_values_of_the_trigger_are_those_before_events_that_fire_together(importing, trigger, value, taken, delay):
    first = event("first", trigger, ("x", "<cn>7</cn>"), "true", priority=2)
    second = event("second", trigger, ("y", value), "true", delay=delay, priority=1)
    found = TextModel(importing.text("model.xml", model(first, second))).solve([0.0, 0.6, 1.0], ())
    assert found["x"] == pytest.approx([3.0, 7.0, 7.0])
    assert found["y"] == pytest.approx([1.0, 1.0 if delay else taken, taken])


def test_values_of_the_moment_are_those_that_the_event_before_left(importing):
    first = event("first", above(TIME, 0.5), ("x", "<cn>7</cn>"), "true", priority=2)
    second = event("second", above(TIME, 0.5), ("y", "<ci>x</ci>"), "false", priority=1)
    text = importing.text("model.xml", model(first, second))
    assert "_trigger" not in text
    assert TextModel(text).solve([0.0, 1.0], ())["y"] == pytest.approx([1.0, 7.0])


def test_two_events_swap(importing):
    first = event("first", above(TIME, 0.5), ("x", "<ci>y</ci>"), "true")
    second = event("second", above(TIME, 0.5), ("y", "<ci>x</ci>"), "true")
    found = TextModel(importing.text("model.xml", model(first, second))).solve([0.0, 1.0], ())
    assert (found["x"][1], found["y"][1]) == pytest.approx((1.0, 3.0))


def test_a_priority_of_known_numbers_is_computed(importing):
    known = (
        "<piecewise><piece><cn>1</cn><apply><leq/><cn>1</cn><cn>2</cn><cn>1</cn></apply></piece><otherwise><cn>10</cn>"
    )
    known += "</otherwise></piecewise>"
    first = event("first", above(TIME, 0.5), ("x", "<cn>7</cn>"), "true", priority=5)
    second = event("second", above(TIME, 0.5), ("x", "<cn>8</cn>"), "true").replace("<cn>0</cn>", known)
    found = TextModel(importing.text("model.xml", model(first, second))).solve([0.0, 1.0], ())
    assert found["x"] == pytest.approx([3.0, 7.0])
