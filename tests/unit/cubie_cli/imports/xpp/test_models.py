"""Files of XPP: what is written for each of their statements, and for their options."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from support.imported import TextModel

from cubie_cli.imports.publishing import Destinations, configuration_text
from cubie_cli.imports.reading import read_imported, read_source

FOLDER = Path(__file__).parents[4] / "data" / "imports"


@pytest.fixture
def read(importing):
    def tables(name):
        return tomllib.loads(importing.text(f"{name}.ode", (FOLDER / f"{name}.ode").read_bytes()))

    return tables


def settings(name):
    model = read_imported(read_source(FOLDER / f"{name}.ode"))
    return tomllib.loads(configuration_text(model, Destinations(Path("model.toml"), Path("run.toml"))))


def test_functions_choices_and_observables(read):
    found = read("pulse")
    assert found["equations"] == {"v": "v*(v - a)*(1 - v) - w + stim", "w": "eps*(v - gamma*w)"}
    assert found["observables"]["stim"] == "i0 if t > ton and t < toff else 0"
    assert found["states"] == {"v": 0.2, "w": 0.0}
    assert found["parameters"]["eps"] == 0.01


def test_events_with_heights_and_times(read):
    first, second = read("spiking")["events"]
    assert first == {"name": "event_1", "when": "v - 30", "direction": "up", "set": {"v": "c", "u": "u + d"}}
    assert second == {"name": "event_2", "at": 50.0, "set": {"i": 12.0}}


def test_arrays_derived_parameters_and_lines_that_go_on(read):
    found = read("ring")
    assert found["equations"]["x3"] == "rate*(x2 - x3) - g*x3**2"
    assert found["states"]["x4"] == "1/4"
    assert found["parameters"]["rate"] == "k/2"
    assert found["observables"] == {"mean": "(x1 + x2 + x3 + x4)/4", "m": "mean*big"}


def test_comparisons_bind_as_xpp_has_it(read):
    found = read("precedence")["equations"]
    assert found["x"] == "1 - x + (1 if x > 0.5 else 0)*2 - x**2"
    assert found["y"] == "-x**2*y + y/2*3 + 2*(1 if x > 1 else 0)"
    assert found["z"] == "(1 if x > 1 or y < 0 else -1 if not x > 0.2 else 0.5) - z"


def test_words_of_the_language_are_renamed(importing):
    text = importing.text("names.ode", (FOLDER / "names.ode").read_bytes())
    assert "der_ = 1.0  # 'der' in the source\n" in text
    times = np.array([0.5, 2.0, 7.0])
    a, w = 2.0, 6.28
    forced = (a * np.cos(w * times) + w * np.sin(w * times)) / (a**2 + w**2)
    exact = forced + (1 - a / (a**2 + w**2)) * np.exp(-a * times)
    np.testing.assert_allclose(TextModel(text).solve(times)["der_"], exact, rtol=1e-7, atol=1e-9)


def test_tables_are_drivers(importing):
    importing.write("q.tab", (FOLDER / "q.tab").read_bytes())
    found = tomllib.loads(importing.text("tables.ode", (FOLDER / "tables.ode").read_bytes()))
    assert found["drivers"]["q"]["times"] == [0.0, 5.0, 10.0, 15.0, 20.0]
    assert found["drivers"]["q"]["values"] == [0.0, 1.0, 4.0, 9.0, 16.0]
    np.testing.assert_allclose(found["drivers"]["w"]["values"], 2 * np.sin(np.arange(21.0)), rtol=1e-15)
    assert found["equations"]["x"] == "-x + w + q"


def test_a_table_has_one_number_a_line_as_xpp_reads_it(importing):
    importing.write("q.tab", "3\n0\n20\n0 1 4\n")
    error = importing.refused("model.ode", "table q q.tab\nx'=q(t)\n")
    assert "the table q.tab, which is no list of numbers" in error.message
    assert "one number a line" in error.hint


def test_files_are_included_where_they_are_named(importing):
    importing.write("rates.inc", "par k=2\n# a comment\n#done\npar k=3\n")
    found = tomllib.loads(importing.text("model.ode", "#include rates.inc\nx'=-k*x\ndone\n"))
    assert found["parameters"] == {"k": 2.0}
    importing.write("rates.inc", "par k=2\nwiener w\n")
    error = importing.refused("model.ode", "x'=-k*x\n#include rates.inc\ndone\n")
    assert (error.file, error.line) == (str(importing.folder / "rates.inc"), 2)


def test_the_argument_of_a_function_may_be_called_t(importing):
    found = tomllib.loads(importing.text("model.ode", "f(t)=sin(t)\ng(t,a)=a*t\nx'=f(2*t)+g(x,3)\ndone\n"))
    assert found["equations"] == {"x": "sin(2*t) + 3*x"}


def test_options_make_a_run_configuration():
    assert settings("pulse")["solve"] == {
        "t0": 0.0,
        "t1": 50.0,
        "algorithm": "dormand_prince54",
        "rtol": 1e-8,
        "atol": 1e-10,
    }
    assert settings("spiking")["solve"] == {"t0": 0.0, "t1": 100.0, "algorithm": "rk4", "dt": 0.05}
    assert settings("ring")["solve"]["algorithm"] == "rodas5p"
    assert settings("precedence")["solve"] == {"t0": 0.0, "t1": 20.0, "algorithm": "rk4", "dt": 0.05}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("wiener w", "'wiener', noise, cannot be imported"),
        ("markov z 2", "'markov', a random process, cannot be imported"),
        ("bndry x-1", "'bndry', a boundary condition, cannot be imported"),
        ("0=x-y", "an algebraic equation cannot be imported"),
        ("y(t)=int{exp(-t)#x}", "the integral equation of 'y' cannot be imported"),
        ("z(t+1)=z/2", "the difference equation of 'z' cannot be imported"),
        ("y=delay(x,2)", "'delay', a delay differential equation, cannot be imported"),
        ("y=ran(1)", "'ran', a random number, cannot be imported"),
        ("y=sum(0,3)of(i'*x)", "sum(...)of(...), a sum over an index, cannot be imported"),
        ("#include nowhere.ode", "cannot include"),
        ("#include model.ode", "model.ode is included by itself"),
        ("y=nobody*2", "the name 'nobody', which is not defined, cannot be imported"),
        ("y=f(2)", "the function 'f', which is not defined, cannot be imported"),
        ("f(u)=f(u)+1\ny=f(x)", "the function 'f', which is defined by itself, cannot be imported"),
        ("y=sin(x,2)", "the function 'sin' with 2 arguments in place of 1 cannot be imported"),
        ("y=2^x^2", "a power of a power without brackets cannot be imported"),
        ("y=(x", "a formula in which ')' is missing cannot be imported"),
        ("y=x $ 2", "the character '$' cannot be imported"),
        ("y=2*", "a formula that ends too early cannot be imported"),
        ("x'=2", "'x', which is defined twice, cannot be imported"),
        ("sin=2", "a quantity of the name 'sin', which is a word of XPP, cannot be imported"),
        ("par a 2", "a list that is not made of name=value cannot be imported"),
        ("init q=2", "an initial value of 'q', which has no equation, cannot be imported"),
        ("what is this", "this statement, which is not known, cannot be imported"),
        ("global 1 {x>2} {x=0}", "a condition that crosses no zero cannot be imported"),
        ("global 3 {x-2} {x=0}", "an event that is not written so cannot be imported"),
        ("global 1 {x-2} {q=0}", "a change of 'q', which is no variable or parameter, cannot be imported"),
        ("table w nowhere.tab\ny=w(t)", "which cannot be read, cannot be imported"),
        ("table w % 11 0 10 t\ny=w(x)", "the table 'w' of something else than t cannot be imported"),
        ("table w % 11 0 10 1/t\ny=w(t)", "a table whose formula is not finite everywhere cannot be imported"),
        ("a=b\nb=a", "a circle of formulas (a -> b -> a) cannot be imported"),
        ("@ meth=discrete", "the method 'discrete', for difference equations, cannot be imported"),
        ("@ total=long", "the option total=long, which is no number, cannot be imported"),
        ("y[1..3]'=x[k]", "the index [k] cannot be written out"),
        ("y[3..1]'=1", "the range [3..1] cannot be written out"),
    ],
)
def test_what_cannot_be_imported_is_told(importing, statement, message):
    error = importing.refused("model.ode", f"# comment\nx'=-x\n{statement}\ndone\n")
    assert message in error.message
    assert error.line in (3, 4, None)


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("y=nobody*2", "par nobody=1"),
        ("y=f(2)", "f(x)=x^2"),
        ("table w nowhere.tab\ny=w(t)", "there is no such file"),
        ("@ meth=magic", "qualrk"),
    ],
)
def test_what_is_wrong_has_a_remedy_at_its_line(importing, statement, remedy):
    error = importing.refused("model.ode", f"# comment\nx'=-x\n{statement}\ndone\n")
    assert remedy in error.hint
    assert error.line == 3


def test_a_file_without_equations_or_text(importing):
    assert "nothing in the model changes" in importing.refused("a.ode", "par a=1\n").message
    assert importing.refused("a.ode", "  \n").message == "the file is empty"
    assert "binary" in importing.refused("a.ode", b"x'=1\n\0").message
    assert importing.refused("a.ode", "x'=1\n".encode("utf-16")).message == "this text is in UTF-16"
