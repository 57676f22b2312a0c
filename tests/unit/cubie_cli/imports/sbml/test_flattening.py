"""Models that are put together of submodels."""

import pytest

COMP = "http://www.sbml.org/sbml/level3/version1/comp/version1"
HEAD = '<?xml version="1.0"?>\n<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1" '
HEAD += f'xmlns:comp="{COMP}" comp:required="true">\n'
DECAY = """<listOfParameters><parameter id="y" value="2" constant="false"/>
<parameter id="k" value="0.5" constant="true"/></listOfParameters><listOfRules><rateRule variable="y"><math xmlns="http://www.w3.org/1998/Math/MathML">
<apply><minus/><apply><times/><ci>k</ci><ci>y</ci></apply></apply></math></rateRule></listOfRules>"""


def submodels(*pairs):
    each = "".join(f'<comp:submodel comp:id="{name}" comp:modelRef="{of}"/>' for name, of in pairs)
    return f"<comp:listOfSubmodels>{each}</comp:listOfSubmodels>"


def file(body, definitions, external=""):
    inner = "".join(f'<comp:modelDefinition id="{name}">{text}</comp:modelDefinition>' for name, text in definitions)
    return (
        f'{HEAD}<model id="whole">{body}</model>\n{external}'
        f"<comp:listOfModelDefinitions>{inner}</comp:listOfModelDefinitions></sbml>\n"
    )


def test_submodels_become_one_model(importing):
    text = importing.text("model.xml", file(submodels(("first", "decay"), ("second", "decay")), [("decay", DECAY)]))
    assert 'first__y = "-first__k*first__y"' in text
    assert 'second__y = "-second__k*second__y"' in text


def test_a_quantity_of_a_submodel_is_replaced(importing):
    replaced = (
        '<listOfParameters><parameter id="k" value="0.25" constant="true"><comp:listOfReplacedElements>'
        '<comp:replacedElement comp:idRef="k" comp:submodelRef="first"/></comp:listOfReplacedElements></parameter>'
        "</listOfParameters>"
    )
    text = importing.text("model.xml", file(replaced + submodels(("first", "decay")), [("decay", DECAY)]))
    assert 'first__y = "-k*first__y"' in text
    assert "k = 0.25" in text
    assert "first__k" not in text


def test_a_model_in_another_file_is_refused_and_not_read(importing, tmp_path):
    other = tmp_path / "other.xml"
    other.write_text("this is no model")
    external = '<comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="far" '
    external += f'comp:source="{other}"/></comp:listOfExternalModelDefinitions>'
    error = importing.refused("model.xml", file(submodels(("first", "far")), [("decay", DECAY)], external))
    assert error.message == "the model 'far' from another file cannot be imported"


def test_submodels_that_grow_without_bound_are_refused(importing):
    levels = [("level0", DECAY)]
    levels += [(f"level{n}", submodels(("a", f"level{n - 1}"), ("b", f"level{n - 1}"))) for n in range(1, 40)]
    error = importing.refused("model.xml", file(submodels(("top", "level39")), levels))
    assert "submodels, more than 10000" in error.message


@pytest.mark.parametrize(
    ("body", "definitions", "message"),
    [
        (submodels(("a", "round")), [("round", submodels(("b", "round")))], "'round' has itself within it"),
        (submodels(("a", "nobody")), [("decay", DECAY)], "not valid SBML"),
    ],
)
def test_submodels_that_do_not_fit_are_refused(importing, body, definitions, message):
    assert message in importing.refused("model.xml", file(body, definitions)).message
