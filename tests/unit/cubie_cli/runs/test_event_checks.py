"""What is said of events before a batch is solved."""

import numpy as np
import pytest

from cubie_cli.documents.messages import UserError
from cubie_cli.models.system import read_system
from cubie_cli.runs.event_checks import check_events

A = '[[events]]\nname = "a"\n'


def checked(files, event, starts=((1.0, 2.0, 3.0),), **edits):
    """Return what is told; `starts` are x, y and k of some runs."""
    files.model.write_text(f"{files.model.read_text()}{A}{event}\nrecord = 1\n")
    for old, new in edits.items():
        files.edit_run(f"{old} = 10.0", f"{old} = {new}")
    job = files.load()
    solve = job.configuration.solve
    numbers = [[np.dtype(solve.precision).type(each) for each in start] for start in starts]
    return check_events(job.model, read_system(job.model), solve, [(each[:2], each[2:]) for each in numbers])


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("at = [0.0, 10.0]", []),
        ("at = [-1.0, 4.0, 11.0]", ["a does not fire at -1, 11: outside the span from 0 to 10"]),
        ('at = ["4*k"]', ["a does not fire at 12: outside"]),
        ("at = { start = 10, every = 1 }", []),
        ("at = { start = 11, every = 1 }", ["a never fires: its times are outside the span from 0 to 10"]),
        ("at = { start = -5, every = 1, count = 2 }", ["a never fires"]),
        ("at = { start = 2, every = 1, until = 1 }", ["a never fires"]),
        ("at = { start = -5, every = 1 }", ["a does not fire at its times before t0 = 0"]),
        ("at = { start = 0, every = 1e-6 }", ["a has 10,000,001 times within the span, and max_events is 100,000"]),
        ("at = { start = 0, every = 1e-6, count = 5 }", []),
        ('when = "x - y"', []),
        ('when = "x - t"', []),
        ('when = "der(x)"', []),
        ('when = "abs(x - 0.3)"', ["a never fires: its expression may touch zero, and never crosses it"]),
        ('when = "-(x - v)**2"', ["a never fires: its expression may touch zero"]),
        ('when = "v - 1"', []),
        ('when = "t - k"\nset = { k = "k + 1" }', []),
        ('when = "sin(k*t)"', ["a depends on t alone: times in 'at' are exact"]),
        ('when = "k - 1"', ["a never fires: its expression depends on parameters alone, and no event sets them"]),
        ('when = "k - 1"\nrecord = 1\n[[events]]\nname = "b"\nat = 1\nset = { k = 0 }', []),
    ],
)
def test_what_an_event_is_told_of(files, event, told):
    found = checked(files, event)
    assert len(found) == len(told), found
    assert all(text in each for text, each in zip(told, found, strict=True)), found


def test_an_observable_of_time_alone_is_time(files):
    files.edit_model('v = "x*y"', 'v = "x*y"\nphase = "mod(t, k)"')
    assert "depends on t alone" in checked(files, 'when = "phase - 1"')[0]


@pytest.mark.parametrize(
    ("event", "starts", "line", "column", "words"),
    [
        ('when = "log(x - 2) + y"', [(1.0, 2.0, 3.0)], 16, 8, ["log(x - 2) + y is nan at t0 = 0", "middle"]),
        ('when = "der(y)/(x - 1)"', [(1.0, 2.0, 3.0)], 16, 8, ["is -inf at t0"]),
        ('at = [1.0, "1/(k - 3)"]', [(1.0, 2.0, 3.0)], 16, 12, ["this time is inf"]),
        ('at = { start = "log(k - 4)", every = 1 }', [(1.0, 2.0, 3.0)], 16, 16, ["'start' is nan"]),
        ('at = { start = 0, every = "k - 3" }', [(1.0, 2.0, 3.0)], 16, 27, ["'every' is 0, and must be more than 0"]),
        ('at = { start = 0, every = 1, count = "k/2" }', [(1.0, 2.0, 3.0)], 16, 38, ["'count' is 1.5", "whole"]),
    ],
)
def test_an_event_that_makes_no_sense_in_any_run_is_refused(files, event, starts, line, column, words):
    with pytest.raises(UserError) as caught:
        checked(files, event, starts)
    error = caught.value
    assert (error.file, error.line, error.column) == (str(files.model), line, column), str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    "event", ['when = "log(x - 2)"', 'at = "1/(k - 3)"', 'at = { start = 0, every = "k - 3", count = "k - 3" }']
)
def test_one_that_makes_sense_in_some_runs_is_not(files, event):
    checked(files, event, [(1.0, 2.0, 3.0), (3.0, 2.0, 4.0)])


def test_values_are_of_the_precision(files):
    files.edit_run("t1 = 10.0", 't1 = 10.0\nprecision = "float32"')
    with pytest.raises(UserError, match="is inf at t0"):
        checked(files, 'when = "(x + 1)**200"')


def test_an_event_that_does_nothing_is_told(files):
    with files.model.open("a") as file:
        file.write('[[events]]\nname = "b"\nat = 1.0\n')
    assert checked(files, "at = 2.0") == ("b counts how often it fires, and does nothing else",)
