"""Events that fire together."""

from math import sqrt

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


def above_sine(height):
    """Return a trigger that rises at 0.18, 0.8, 1.43 and so on."""
    return f"<apply><gt/><apply><sin/><apply><times/><cn>10</cn>{TIME}</apply></apply><cn>{height}</cn></apply>"


def test_more_firings_than_there_are_slots_end_the_run(importing):
    """The fifth trigger, after 2.5, comes while four firings wait."""
    counts = ("x", "<apply><plus/><ci>x</ci><cn>1</cn></apply>")
    waits = event("waits", above_sine(0.9), counts, "false", delay="<cn>5</cn>")
    text = TextModel(importing.text("model.xml", model(waits)))
    overflow = next(each for each in text.events if "z" in each.changes)
    parameters = {name: 7.0 for name in text.parameters if "_due" in name}
    assert len(parameters) == 4
    known = text.start(**parameters)
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        eval(overflow.changes["z"], {"abs": abs, "sqrt": sqrt}, known | {"t": 2.6})  # noqa: S307 - a text of this test
    known["waits_due_3"] = 1e30
    assert eval(overflow.changes["z"], {"abs": abs, "sqrt": sqrt}, known | {"t": 2.6}) == known["z"]  # noqa: S307


def test_an_event_that_is_triggered_once_has_one_slot(importing):
    waits = event("waits", above(TIME, 0.5), ("x", "<ci>y</ci>"), "true", delay="<ci>z</ci>")
    text = importing.text("model.xml", model(waits))
    assert "waits_due = " in text
    assert "waits_due_2" not in text
    assert "sqrt" not in text


def test_events_that_leave_triggers_alone_act_in_the_order_written(importing):
    first = event("first", above("<ci>z</ci>", 0.5), ("z", "<cn>0</cn>"), "true", priority=2)
    second = event("second", above("<ci>z</ci>", 0.5), ("y", "<ci>z</ci>"), "true", priority=1)
    text = importing.text("model.xml", model(first, second))
    assert "turn" not in text


def test_why_events_act_in_turns_is_told(importing):
    sets = event("sets", above(TIME, 0.5), ("x", "<cn>9</cn>"), "true", priority=3)
    resets = event("resets", above("<ci>x</ci>", 5), ("x", "<cn>0</cn>"), "true", priority=2)
    counts = event("counts", above("<ci>x</ci>", 5), ("y", "<cn>2</cn>"), "true", priority=1)
    text = importing.text("model.xml", model(sets, resets, counts))
    told = " ".join(text.replace("#", "").split())
    assert "what the event 'resets' sets touches the trigger of 'counts'" in told
    assert TextModel(text).solve([0.0, 1.0], ())["y"] == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize(("trigger", "fires"), [("gt", False), ("geq", True), ("eq", True), ("neq", False)])
def test_a_value_that_an_event_sets_is_compared_exactly(importing, trigger, fires):
    sets = event("sets", above(TIME, 0.5), ("x", "<cn>9</cn>"), "true")
    looks = event("looks", f"<apply><{trigger}/><ci>x</ci><cn>9</cn></apply>", ("y", "<cn>2</cn>"), "true")
    found = TextModel(importing.text("model.xml", model(sets, looks))).solve([0.0, 1.0], ())
    assert found["y"] == pytest.approx([1.0, 2.0 if fires else 1.0])


def test_an_event_that_is_not_persistent_waits_on_while_another_acts(importing):
    """The trigger stays true; libRoadRunner 2.10 calls the event off all the same."""
    acts = event("acts", above("<ci>z</ci>", 0.4), ("x", "<cn>7</cn>"), "true", delay="<cn>0.5</cn>")
    waits = event("waits", above("<ci>z</ci>", 0.7), ("y", "<cn>2</cn>"), "true", delay="<cn>0.5</cn>")
    waits = waits.replace('persistent="true"', 'persistent="false"')
    found = TextModel(importing.text("model.xml", model(acts, waits))).solve([0.0, 1.0, 1.5], ())
    assert found["y"] == pytest.approx([1.0, 1.0, 2.0])


def test_values_are_those_before_events_with_other_triggers(importing):
    sets = event("sets", above(TIME, 0.5), ("x", "<cn>9</cn>"), "true", priority=3)
    first = event("first", above("<ci>x</ci>", 5), ("z", "<cn>20</cn>"), "true", priority=2)
    second = event("second", above("<ci>x</ci>", 6), ("y", "<ci>z</ci>"), "true", priority=1)
    found = TextModel(importing.text("model.xml", model(sets, first, second))).solve([0.0, 1.0], ())
    assert found["y"] == pytest.approx([1.0, 0.5])


def test_delays_begin_before_anything_acts_that_does_so_at_that_moment_by_chance(importing):
    sets = event("sets", above(TIME, 0.5), ("x", "<cn>9</cn>"), "true", priority=2)
    trigger = f"<apply><and/>{above(TIME, 0.5)}{above('<ci>y</ci>', 0)}</apply>"
    waits = event("waits", trigger, ("y", "<ci>x</ci>"), "true", delay="<cn>0.25</cn>", priority=1)
    text = importing.text("model.xml", model(sets, waits))
    assert text.index('"waits_trigger"') < text.index('"sets"')


@pytest.mark.parametrize(("other", "meet"), [(0.5, True), (0.7, False)])
def test_triggers_with_the_same_time_are_known_to_become_true_together(importing, other, meet):
    sets = event("sets", above(TIME, 0.5), ("x", "<cn>9</cn>"), "true", priority=2)
    trigger = f"<apply><and/>{above(TIME, other)}{above('<ci>y</ci>', 0)}</apply>"
    takes = event("takes", trigger, ("y", "<ci>x</ci>"), "true", priority=1)
    text = " ".join(importing.text("model.xml", model(sets, takes)).replace("#", "").split())
    assert ("the event 'takes' takes values that 'sets' sets at the same moment" in text) is meet


def test_names_of_parts_of_an_event_are_those_of_no_other(importing):
    counts = ("x", "<apply><plus/><ci>x</ci><cn>1</cn></apply>")
    waits = event("waits", above_sine(0.9), counts, "false", delay="<cn>1</cn>")
    other = event("waits_2", above(TIME, 0.5), ("y", "<cn>2</cn>"), "true")
    text = importing.text("model.xml", model(waits, other))
    assert text.count('name = "waits_2"') == 1
