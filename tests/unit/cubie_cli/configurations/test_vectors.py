"""Vectors in run configurations: as a whole or by elements, and what names of both are refused."""

import pytest

from cubie_cli.configurations.tolerances import tolerances_as_json
from cubie_cli.configurations.window_ends import read_window_ends
from cubie_cli.documents.messages import UserError

MODEL = """\
[states]
u = { size = 3, value = 1.0 }
x = 1.0
[parameters]
k = { size = 2, value = "i" }
u_i = 1.0
[equations]
u = "-u[i]"
x = "-k[1]*u_i"
[observables]
flux = { size = 2, value = "u[i+1] - u[i]" }
total = "sum(i, u[i])"
"""


@pytest.fixture
def vectors(files):
    files.model.write_text(MODEL)
    return files


def test_a_vector_is_saved_in_one_piece_an_element_by_itself(vectors):
    vectors.append_run('[output]\nstates = ["x", "u"]\nobservables = ["flux[1]", "total"]\n')
    job = vectors.load()
    assert job.configuration.save.states == (3, 0, 1, 2)
    assert job.configuration.save.observables == (1, 2)
    assert {key: whole.name for key, whole in job.wholes.items()} == {"u[0]": "u"}
    assert job.exchange.variables == ("x", "u[0]", "u[1]", "u[2]", "flux[1]", "total")


def test_globs_match_vectors_and_no_elements(vectors):
    vectors.append_run('[output]\nstates = ["u[2]", "x*"]\nobservables = ["*l*"]\n')
    vectors.append_run('[output.summaries]\n"[ux]" = ["min", "max"]\nu = ["max"]\n')
    job = vectors.load()
    assert job.exchange.variables == ("u[2]", "x", "flux[0]", "flux[1]", "total")
    names = [each.name for each in job.configuration.save.summaries]
    assert names == ["u_min[0]", "u_min[1]", "u_min[2]", "u_max[0]", "u_max[1]", "u_max[2]", "x_min", "x_max"]


def test_all_states_are_saved_vectors_in_one_piece(vectors):
    job = vectors.load()
    assert job.configuration.save.states == (0, 1, 2, 3)
    assert list(job.wholes) == ["u[0]"]


def test_tolerances_are_those_of_a_vector_but_for_an_element_of_its_own(vectors):
    vectors.append_run('atol = { "u[1]" = 1e-9, u = 1e-6, x = 1e-3 }\n')
    job = vectors.load()
    assert job.configuration.solve.atol == (1e-6, 1e-9, 1e-6, 1e-3)
    told = tolerances_as_json(job.configuration.solve, job.model)
    assert told["atol"] == {"u[0]": 1e-6, "u[1]": 1e-9, "u[2]": 1e-6, "x": 1e-3}


def test_equal_tolerances_of_a_vector_are_told_once(vectors):
    vectors.append_run("atol = { u = 1e-6, x = 1e-3 }\n")
    job = vectors.load()
    assert tolerances_as_json(job.configuration.solve, job.model)["atol"] == {"u": 1e-6, "x": 1e-3}


def test_a_vector_has_a_summary_for_each_element(vectors):
    vectors.append_run(
        '[output.summaries]\nu = ["max", { crossings = 0.5, name = "turns", window = [0.0, 5.0] }]\n"u[1]" = ["max"]\n'
    )
    job = vectors.load()
    save = job.configuration.save
    # Names are all different, that of an element by itself too.
    names = ["u_max[0]", "u_max[1]", "u_max[2]", "turns[0]", "turns[1]", "turns[2]", "u[1]_max"]
    assert [each.name for each in save.summaries] == names
    assert [each.quantity for each in save.summaries] == [0, 1, 2, 0, 1, 2, 1]
    assert len(save.windows) == 2
    assert {key: whole.name for key, whole in job.wholes.items()} == {
        "u[0]": "u",
        "u_max[0]": "u_max",
        "turns[0]": "turns",
    }


def test_elements_are_swept_by_name(vectors):
    vectors.append_run('[batch.values]\n"u[1]" = [0.0, 1.0]\n"k[0]" = [1.0, 2.0, 3.0]\n')
    job = vectors.load()
    assert job.design.names == ("u[1]", "k[0]")
    assert job.swept_variables == ("u[1]_0", "k[0]")


def test_a_size_may_be_set_on_the_command_line(vectors):
    vectors.run.write_text(
        vectors.run.read_text().replace('file = "model.toml"', 'states = { u = { size = 3, value = "i" } }')
        + '[model.equations]\nu = "-u[i]"\n'
    )
    assert len(vectors.load("model.states.u.size=5").model.quantities.states) == 5
    assert "--set model.states.u.size=0: a size is at least 1" in str(vectors.refused("model.states.u.size=0"))


def test_a_large_vector_has_no_summaries(vectors):
    vectors.edit_model("size = 3", "size = 257")
    vectors.append_run('[output.summaries]\nu = ["max"]\n')
    assert "'u' has 257 elements" in str(vectors.refused())


def read_all(files):
    job = files.load()
    return read_window_ends(job.configuration, job.document, job.model)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('[output]\nstates = ["u[3]"]', ["no state 'u[3]'", "u[0] to u[2]"]),
        ('[output]\nstates = ["u[ 1 ]"]', ["no state", "without blanks"]),
        ('[output]\nstates = ["u", "u[1]"]', ["'u[1]' is given twice: once by 'u'"]),
        ('[output]\nstates = ["u*", "u[1]"]', ["'u[1]' is given twice: once by 'u'"]),
        ('[output]\nstates = ["q[1]"]', ["no state matches 'q[1]'"]),
        ('[output]\nobservables = ["u"]', ["no observable 'u'", 'in [states]: write states = ["u"]']),
        ('[output.summaries]\n"u[3]" = ["max"]', ["no state 'u[3]'", "u[0] to u[2]"]),
        ('[output.summaries]\nk = ["max"]', ["'k' is a parameter"]),
        ('[output.summaries]\nu = ["max", "max"]', ["would be written as 'u_max'"]),
        ("[batch.values]\nu = [1.0]", ["no parameter or state 'u'", "name an element, u[0] to u[2]"]),
        ('[batch.values]\n"u[3]" = [1.0]', ["no parameter or state 'u[3]'"]),
        ("[batch.values]\nu_i = [1.0]", ["index of 'u' would be written as 'u_i'", "swept parameter"]),
        ("atol = { u = 1e-6 }", ["'x' has no tolerance"]),
        ('atol = { u = 1e-6, x = 1e-6, "u[3]" = 1e-6 }', ["no state 'u[3]'"]),
        ('[output.summaries]\nwindow = ["k", 5.0]\nx = ["max"]', ["'k' is a vector"]),
        ('[output.summaries]\nwindow = ["u[0]", 5.0]\nx = ["max"]', ["'u' is a state"]),
    ],
)
def test_mistakes_are_told(vectors, lines, words):
    vectors.append_run(f"{lines}\n")
    with pytest.raises(UserError) as caught:
        read_all(vectors)
    assert all(word in str(caught.value) for word in words), str(caught.value)
