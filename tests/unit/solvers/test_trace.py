"""Where the recorder puts events of the model, whichever way round they are reported with the attempts."""

import pytest

from solvers.trace import ATTEMPT, EVENT, Recorder


def attempt(run, t, accepted=1):
    return ATTEMPT, (run, t, 1.0, 0.25, 0, accepted, 1.0)


def firing(run, t, event=0):
    return EVENT, (run, event, t)


def places(*reports):
    recorder = Recorder()
    for event, values in reports:
        recorder.record(event, values)
    return [(row["run"], row["attempt"], row["t"]) for row in recorder.take()["event"]]


@pytest.mark.parametrize("first", [True, False])
def test_an_event_belongs_to_the_attempt_that_ends_with_it(first):
    second = [firing(0, 1.5), attempt(0, 1.0)]
    found = places(attempt(0, 0.0), attempt(0, 1.0, accepted=0), *(second if first else second[::-1]), attempt(0, 1.5))
    assert found == [(0, 3, 1.5)]


def test_an_event_at_the_start_comes_before_the_first_attempt():
    assert places(firing(0, 0.0), attempt(0, 0.0), attempt(0, 1.0)) == [(0, 0, 0.0)]


def test_runs_that_end_without_an_attempt_keep_their_events():
    found = places(firing(0, 0.0), firing(1, 0.0), attempt(1, 0.0), firing(1, 1.0), firing(2, 0.0))
    assert found == [(0, 0, 0.0), (1, 0, 0.0), (1, 1, 1.0), (2, 0, 0.0)]


def test_what_was_taken_is_forgotten():
    recorder = Recorder()
    recorder.record(*firing(0, 0.0, event=2))
    assert recorder.take()["event"] == [{"run": 0, "event": 2, "t": 0.0, "attempt": 0}]
    assert recorder.take()["event"] == []
