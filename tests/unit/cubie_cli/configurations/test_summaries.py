"""`[output.summaries]`: what is read, and the place and words of every refusal."""

import pytest

from cubie_cli.configurations.window_ends import read_window_ends
from cubie_cli.documents.messages import UserError
from solvers.settings import LEVEL_KINDS, SUMMARY_KINDS, Summary, Window

TABLE = "[output]\nsave_every = 5.0\n[output.summaries]\n"


def test_names_and_tables_are_read(files):
    files.append_run(
        TABLE + 'window = [1, "2*k"]\n'
        'x = ["max", { crossings = 0.5, direction = "up", name = "turns" }, { kind = "peaks", above = -1 }]\n'
        'v = [{ kind = "time_above", level = 2, window = [0.0, 4.0] }, "mean"]\n'
    )
    configuration = files.load().configuration
    assert configuration.save.windows == (Window(1, "2*k"), Window(0.0, 4.0))
    assert configuration.save.summaries == (
        Summary(0, observable=False, kind="max", name="x_max"),
        Summary(0, observable=False, kind="crossings", name="turns", level=0.5, direction=1),
        Summary(0, observable=False, kind="peaks", name="x_peaks", above=-1),
        Summary(0, observable=True, kind="time_above", name="v_time_above", window=1, level=2),
        Summary(0, observable=True, kind="mean", name="v_mean"),
    )
    assert dict(configuration.window_texts) == {"2*k": ("output", "summaries", "window", 1)}


def test_without_a_window_it_is_the_span(files):
    files.append_run(TABLE + 'y = ["final"]\n')
    save = files.load().configuration.save
    assert (save.windows, save.inner_summaries) == ((Window(),), ())


def test_nothing_else_has_to_be_saved(files):
    files.append_run('[output]\nstates = []\n[output.summaries]\nx = ["max"]\n')
    assert files.load().exchange.variables == ()


@pytest.mark.parametrize("kind", SUMMARY_KINDS)
def test_every_kind_has_a_meaning(files, kind):
    level = ", level = 0.25" if kind in LEVEL_KINDS else ""
    files.append_run(f'{TABLE}x = [{{ kind = "{kind}", window = [1.0, 2.0]{level} }}]\n')
    (finding,) = files.load().exchange.findings
    assert finding.name == f"x_{kind}"
    assert " x" in finding.meaning
    assert finding.meaning.endswith(", from 1 to 2")
    assert ("the level 0.25" in finding.meaning) == (kind in LEVEL_KINDS)
    assert finding.dtype == ("int32" if kind in {"crossings", "peaks"} else "float64")


@pytest.mark.parametrize(
    ("lines", "message", "hint", "line"),
    [
        ('z = ["max"]', "the model has no state or observable 'z'", None, 10),
        ('xx = ["max"]', "the model has no state or observable 'xx'", "did you mean 'x'?", 10),
        ('k = ["max"]', "'k' is a parameter, and summaries are of states and observables", None, 10),
        ('c = ["max"]', "'c' is a constant", None, 10),
        ('x = ["maximum"]', "there is no summary 'maximum'", "did you mean", 10),
        ('x = ["nonsense"]', "there is no summary 'nonsense'", "known are: final, min", 10),
        ('x = "max"', "'x' must be a list, this is text", "square brackets", 10),
        ("x = []", "no summaries of 'x' are named", '["min", "max"]', 10),
        ("x = [1.0]", "must be text in quotes", None, 10),
        ('x = ["crossings"]', "'crossings' needs a level", "{ crossings = 0.0 }", 10),
        ('x = [{ kind = "time_above" }]', "'time_above' needs a level", None, 10),
        ('x = [{ kind = "maxx" }]', "'kind' must be", "did you mean 'max'?", 10),
        ('x = [{ direction = "up" }]', "this says nothing of what is asked for", "crossings = 0.0", 10),
        ('x = [{ kind = "max", level = 1.0 }]', "'level' does nothing with 'max'", "it belongs to crossings", 10),
        ('x = [{ time_above = 1.0, direction = "up" }]', "'direction' does nothing with 'time_above'", None, 10),
        ('x = [{ kind = "max", above = 1.0 }]', "'above' does nothing with 'max'", "peaks", 10),
        (
            'x = [{ crossings = 1.0, direction = "upp" }]',
            "'direction' must be 'up', 'down' or 'both'",
            "did you mean",
            10,
        ),
        ('x = [{ crossings = "0" }]', "'crossings' must be a number, this is text", "without quotes", 10),
        ("x = [{ crossings = nan }]", "'crossings' must be finite", None, 10),
        ("x = [{ crossings = 1.0, time_above = 1.0 }]", "'crossings' and 'time_above' at once", None, 10),
        ('x = [{ kind = "max", crossings = 1.0 }]', "'max' and 'crossings' at once", None, 10),
        ("x = [{ crossings = 1.0, level = 1.0 }]", "'crossings' has its level already", None, 10),
        ('x = [{ kind = "max", leve = 1.0 }]', "unknown key 'leve'", "did you mean 'level'?", 10),
        ('x = [{ kind = "max", name = "a b" }]', "'a b' is not a name", None, 10),
        ('x = ["max", "max"]', "would be written as 'x_max', which is the summary 'max' of 'x'", "another name", 10),
        ('x = [{ kind = "max", name = "status" }]', "'status', which is part of every result", "another name", 10),
        ('x = [{ kind = "max", name = "y" }]', "'y', which is the state 'y'", "another name", 10),
        ("window = [0, 1]", "there is a window, and no summary to be of it", 'x = ["min", "max"]', 10),
        ('window = [0, 11]\nx = ["max"]', "the end of a window 11 is not between t0 = 0 and t1 = 10", None, 10),
        ('window = [-1, 1]\nx = ["max"]', "the end of a window -1 is not between", None, 10),
        ('window = [3, 3]\nx = ["max"]', "the window from 3 to 3 is empty", "earlier", 10),
        ('window = [1]\nx = ["max"]', "this is a list of 1", "window = [5.0, 20.0]", 10),
        ('window = 3\nx = ["max"]', "'window' must be a list", None, 10),
        ('window = [true, 3]\nx = ["max"]', "must be a number, this is true or false", None, 10),
    ],
)
def test_a_mistake_is_told_with_its_place(files, lines, message, hint, line):
    files.append_run(TABLE + lines + "\n")
    error = files.refused()
    assert message in str(error), str(error)
    assert hint is None or hint in (error.hint or ""), error.hint
    assert error.line >= line - 2


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("2*kk", "kk"),
        ("2*x", "'x' is a state, and a window's end is made of parameters and constants"),
        ("v", "'v' is an observable"),
        ("t + 1", "cannot depend on t"),
        ("2*(k", "("),
        ("3*c", "the end of a window 12 is not between t0 = 0 and t1 = 10"),
    ],
)
def test_an_expression_of_a_window_is_checked(files, end, message):
    files.append_run(TABLE + f'window = [0.0, "{end}"]\nx = ["max"]\n')
    job = files.load()
    with pytest.raises(UserError) as caught:
        read_window_ends(job.configuration, job.document, job.model)
    assert message in str(caught.value)


def test_expressions_of_windows_are_of_parameters(files):
    files.append_run(TABLE + 'window = ["c/4", "k + c"]\nx = ["max"]\n')
    job = files.load()
    found = read_window_ends(job.configuration, job.document, job.model)
    assert {text: str(each) for text, each in found.items()} == {"c/4": "1", "k + c": "p0 + 4.0"}


def test_a_glob_is_each_quantity_that_it_matches(files):
    files.append_run('[output.summaries]\ny = ["max"]\n"*" = ["max", { kind = "min", window = [1, 2] }]\nv = ["max"]\n')
    save = files.load().configuration.save
    assert [each.name for each in save.summaries] == ["y_max", "x_max", "x_min", "y_min", "v_max", "v_min"]
    assert [each.window for each in save.summaries] == [0, 0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"z*" = ["max"]', ["no state or observable matches 'z*'"]),
        ('"*" = [{ kind = "max", name = "top" }]', ["'*' matches 3 quantities", "leave the name out"]),
        ('"*" = []', ["no summaries of '*' are named"]),
    ],
)
def test_globs_that_make_no_sense(files, line, words):
    files.append_run(f"[output.summaries]\n{line}\n")
    error = files.refused()
    assert error.line == 7
    assert all(word in str(error) for word in words), str(error)
