"""What is written can always be read, whatever a source calls things."""

import os
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.documents.messages import UserError
from cubie_cli.imports import formulas, reading
from cubie_cli.imports.expression_text import expression_text
from cubie_cli.imports.formulas import TIME, ZERO, Apply, Name, Number
from cubie_cli.imports.imported import Happening, ImportedModel, RunSettings, State, Table
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.publishing import Destinations, checked, configuration_text, written_model
from cubie_cli.imports.reading import SourceFile, read_imported, read_source
from cubie_cli.imports.settling import settle

BESIDE = Destinations(Path("model.toml"), Path("run.toml"))
SOURCE = SourceFile(Path("here.xml"), b"", "0" * 64)


def model(**parts):
    return ImportedModel("title", "format", **parts)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8), unique=True, min_size=6, max_size=6), st.text(max_size=30))
def test_any_names_and_remarks_can_be_read_back(names, remark):
    state, parameter, observable, driver, event, other = names
    made = ImportedModel(remark, remark)
    made.states[state] = State(Name(parameter), formulas.difference(Name(observable), Name(state)))
    made.parameters = {parameter: Number(-0.0), other: formulas.product(Number(2.0), Name(parameter))}
    made.observables[observable] = formulas.total(Name(driver), TIME)
    made.drivers[driver] = Table((0.0, 1.0), (2.0, 3.0))
    made.events = [
        Happening(event, {state: ZERO, parameter: Name(state)}, when=Name(state), remarks=(remark,)),
        Happening(state, {state: ZERO}, at=Name(parameter)),
    ]
    made.units, made.labels, made.time_unit = {state: remark, other: remark}, {state: remark}, remark
    made.remark(state, remark)
    made.decided.append(remark)
    text = written_model(made, SOURCE, "1")
    found = checked(text, SOURCE)
    assert len(found.quantities.states) == 1
    assert len(found.quantities.parameters) == 2
    assert len(found.events) == 2


def test_long_things_are_wrapped():
    made = model(states={"x": State(ZERO, Name("x"))}, parameters={f"parameter_{i}": ZERO for i in range(12)})
    made.events = [Happening("e", dict.fromkeys(made.parameters, Name("x")), at=ZERO)]
    made.remark("x", "word " * 60)
    made.drivers["d"] = Table(tuple(map(float, range(200))), (0.5,) * 200)
    text = written_model(made, SOURCE, "1")
    assert max(map(len, text.splitlines())) <= 120
    assert len(tomllib.loads(text)["events"][0]["set"]) == 12
    checked(text, SOURCE)


def test_values_at_the_start_are_made_of_parameters():
    made = model(parameters={"k": formulas.product(Number(2.0), Name("x")), "q": Name("w")})
    made.states = {"x": State(Name("w"), ZERO), "y": State(Apply("der", (Name("x"),)), Apply("der", (Name("x"),)))}
    made.states["x"] = State(formulas.total(TIME, Name("p")), Name("q"))
    made.parameters["p"] = Number(3.0)
    made.observables["w"] = formulas.total(Name("x"), Number(1.0))
    settle(made)
    assert made.parameters["k"] == formulas.product(Number(2.0), Name("p"))
    assert made.states["y"] == State(Name("q"), Name("q"))


def test_rates_of_change_are_written_out():
    made = model(parameters={"k": Number(2.0)})
    made.states = {"a": State(ZERO, Name("k")), "v": State(Number(1.0), Name("a"))}
    made.observables = {
        "c": formulas.quotient(Name("a"), Name("v")),
        "rate": Apply("der", (Name("c"),)),
        "none": Apply("der", (Name("k"),)),
    }
    settle(made)
    assert expression_text(made.observables["rate"], {name: name for name in made.names}) == "(k - c*a)/v"
    assert made.observables["none"] == ZERO


@pytest.mark.parametrize(
    "parts",
    [
        {"parameters": {"a": Name("b"), "b": Name("a")}},
        {"observables": {"a": Name("b"), "b": Name("a")}},
        {"states": {"x": State(Name("y"), ZERO), "y": State(Name("x"), ZERO)}},
        {"states": {"x": State(ZERO, Apply("der", (Name("x"),)))}},
        {"observables": {"w": TIME, "u": Apply("der", (Name("w"),))}},
        {"states": {"x": State(Name("d"), ZERO)}, "drivers": {"d": Table((0.0, 1.0), (0.0, 1.0))}},
    ],
)
def test_circles_are_refused(parts):
    with pytest.raises(NotRepresentableError, match=r"circle|depends on itself|has no equation|the table 'd'"):
        settle(model(**parts))


def test_what_cannot_be_computed_is_told_of_the_source():
    made = model(states={"x": State(ZERO, formulas.quotient(Name("x"), ZERO))})
    with pytest.raises(UserError, match=r"this makes no model here: division by zero, in x = ") as caught:
        checked(written_model(made, SOURCE, "1"), SOURCE)
    assert caught.value.file == "here.xml"


def test_a_run_configuration_is_a_guess_where_nothing_is_said():
    found = tomllib.loads(configuration_text(model(), BESIDE))
    assert found["model"] == {"file": "model.toml"}
    assert found["solve"]["t1"] == 100.0
    said = RunSettings({"solve": {"t1": 2.0}}, ("said",))
    assert configuration_text(model(settings=said), BESIDE).startswith("# said\n\n[model]\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xml", b"", "the file is empty"),
        ("a.txt", b"x = 1", "which format this is cannot be told from its name"),
        ("a.omex", b"PK\3\4", "this is an archive"),
        ("a.xml.gz", b"\x1f\x8b", "this is a compressed file"),
        ("a.xml", b"<a", "this is not well-formed XML: unclosed token"),
        ("a.xml", b"\xff\xfe<\0a\0", "this is not well-formed XML"),
        ("a.xml", b"<?xml version='1.0' encoding='nothing'?><a/>", "this is not well-formed XML: unknown encoding"),
    ],
)
def test_files_that_are_no_models(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_imported(read_source(tmp_path / name))
    assert message in caught.value.message


def test_files_that_are_none(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_source(tmp_path / "none")
    with pytest.raises(UserError, match="this is a directory"):
        read_source(tmp_path)
    with pytest.raises(UserError, match=r"unknown format 'smbl'\n  hint: did you mean 'sbml'"):
        read_imported(SOURCE, "smbl")


def test_a_library_that_ends_the_process_is_told():
    with pytest.raises(UserError, match="the library that reads it is ended by SIGABRT"):
        reading.refuse_crash(lambda *_: os.abort(), SOURCE)
    reading.refuse_crash(lambda *_: 1 / 0, SOURCE)


@pytest.mark.parametrize(
    ("format_name", "library", "package"),
    [
        ("sbml", "libsbml", "python-libsbml"),
        ("cellml", "libcellml", "libcellml"),
        ("antimony", "antimony", "antimony"),
        ("petab", "petab", "petab"),
    ],
)
def test_a_library_that_is_missing_is_told_with_its_extra(monkeypatch, format_name, library, package):
    for name in [each for each in sys.modules if each.startswith("cubie_cli.imports.")]:
        if name.split(".")[2] in ("sbml", "cellml", "antimony", "petab"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError) as caught:
        reading.read_imported(SourceFile(Path("x"), b"<a/>", ""), format_name)
    assert caught.value.message == f"{format_name} files need the package {package}"
    assert caught.value.hint == f"pip install 'cubie-cli[{format_name}]'"


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", None])
def test_encodings_of_xml(importing, encoding):
    text = (Path(__file__).parents[3] / "data" / "imports" / "units.xml").read_text()
    text = text.replace("<model ", '<model name="Mod\u00e8le" ', 1)
    declaration, _, rest = text.partition("?>")
    if encoding is None:
        content = rest.strip().encode()
    else:
        content = f"{declaration.replace('UTF-8', encoding)}?>{rest}".replace("\n", "\r\n").encode(encoding)
    assert 'name = "Mod\u00e8le"\n' in importing.text("model.xml", content)


def test_a_library_that_takes_too_long_or_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "_LONGEST_READING", 1)
    with pytest.raises(UserError, match="more than 1 s of a processor"):
        reading.refuse_crash(_endless, SOURCE)
    monkeypatch.setattr(reading, "_MOST_MEMORY", 1 << 20)
    with pytest.raises(UserError, match="more than 1 MiB of memory"):
        reading.refuse_crash(lambda *_: bytearray(1 << 28), SOURCE)


def _endless(*_):
    while True:
        pass


def test_numbers_that_are_too_large_are_refused(importing):
    assert "the number inf, which is not finite, cannot be imported" in str(importing.refused("a.ode", "x'=1e999*x\n"))
