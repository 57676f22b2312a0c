"""What is saved, and when: names by globs, times by a spacing."""

import numpy as np
import pytest


def test_names_may_be_globs(files):
    files.append_run('[output]\nstates = ["y", "*"]\nobservables = ["v*"]\n')
    job = files.load()
    assert job.exchange.variables == ("y", "x", "v")
    assert tuple(each.place for each in job.configuration.saved) == (
        ("output", "states", 0),
        ("output", "states", 1),
        ("output", "observables", 0),
    )


def test_times_may_be_spaced(files):
    files.append_run("[output]\nsave_at = { linspace = [0, 10, 101] }\n")
    assert files.load().configuration.save.at == tuple(np.linspace(0.0, 10.0, 101))
    found = files.load("output.save_at={ logspace = [0.01, 10, 4] }").configuration.save.at
    assert found == (0.01, 0.1, 1.0, 10.0)


@pytest.mark.parametrize(
    ("value", "column", "words"),
    [
        ("{ linspace = [0, 11, 3] }", 24, "11 is not between"),
        ("{ linspace = [10, 0, 3] }", 24, "save times must rise, and 5 follows 10"),
        ("{ logspace = [0, 10, 3] }", 24, "positive"),
        ("{ linspace = [0, 10, 0] }", 32, "save_at has no values"),
        ("{ linspace = [0, 10, 10000001] }", 32, "10,000,001 save times"),
        ("{ linspce = [0, 10, 3] }", 13, "did you mean 'linspace'"),
        ("3", 11, "must be a list"),
        ("{}", 11, "one of linspace and logspace"),
    ],
)
def test_mistakes_in_times_are_told_with_their_place(files, value, column, words):
    files.append_run(f"[output]\nsave_at = {value}\n")
    error = files.refused()
    assert words in str(error), str(error)
    assert (error.line, error.column) == (7, column)
