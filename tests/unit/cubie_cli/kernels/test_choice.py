"""The race of candidates, with runs whose steps are made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.kernels.choice import Candidate, race
from solvers.planning.exchange import Solution
from solvers.status import Status

MOST = 100_000


class Made:
    """A method that needs so many attempts for each run, or fails after them."""

    def __init__(self, name, work, needs, fails=()):
        self.needs, self.fails, self.tried = np.array(needs), list(fails), []
        self.candidate = Candidate(name, work, MOST, self.solve)

    def solve(self, allowed):
        self.tried.append(allowed)
        steps = np.minimum(self.needs, allowed).astype(np.int32)
        status = np.where(self.needs > allowed, Status.MAX_STEPS, Status.SUCCESS).astype(np.int8)
        for run in self.fails:
            if status[run] == Status.SUCCESS:
                status[run] = Status.NONFINITE
        none = np.zeros((0, 1, len(steps)))
        return Solution(none, none[:, 0], status, steps - 1, np.ones_like(steps), 0.0, 0.0)


def chosen(*made):
    return race([each.candidate for each in made])


def test_the_least_work_wins_and_not_the_fewest_steps():
    few, cheap = Made("few", 10.0, [90, 80]), Made("cheap", 1.0, [300, 500])
    choice = chosen(few, cheap)
    assert choice.algorithm == "cheap"
    assert [(trial.attempts, trial.total) for trial in choice.trials] == [(800, 800.0), (170, 1700.0)]
    assert str(choice) == "cheap, by the work that 2 of the runs take: 2.12 times as much with few"


def test_what_cannot_win_any_more_is_not_tried_to_its_end():
    quick, endless = Made("quick", 3.0, [400, 300]), Made("endless", 2.0, [10**9, 10**9])
    choice = chosen(endless, quick)
    assert choice.algorithm == "quick"
    assert endless.tried == [1000]
    assert not choice.trials[1].complete
    assert "at least 1.9 times as much with endless" in str(choice)


def test_what_may_still_win_is_tried_further():
    dear, cheap = Made("dear", 100.0, [500, 500]), Made("cheap", 1.0, [3000, 4000])
    assert chosen(dear, cheap).algorithm == "cheap"
    assert cheap.tried == [1000, 8000]


def test_one_that_fails_does_not_win_where_another_finishes():
    quick, slow = Made("quick", 1.0, [5, 5, 5], fails=[1]), Made("slow", 1.0, [9000, 9000, 9000])
    choice = chosen(quick, slow)
    assert choice.algorithm == "slow"
    assert "1 failed with quick" in str(choice)
    endless = Made("endless", 1.0, [5, MOST + 1, 5])
    assert chosen(endless, Made("stiff", 50.0, [9000, 9000, 9000])).algorithm == "stiff"


def test_what_fails_with_every_candidate_does_not_count():
    first = Made("first", 1.0, [50, 5, 70], fails=[1])
    second = Made("second", 1.0, [40, 900, 50], fails=[1])
    choice = chosen(first, second)
    assert choice.algorithm == "second"
    assert choice.hopeless == 1
    assert [trial.failed for trial in choice.trials] == [0, 0]
    assert str(choice).endswith("1 failed with each")


def test_a_run_that_nobody_finishes_ends_the_race():
    first, second = Made("first", 1.0, [10**7]), Made("second", 2.0, [10**7])
    choice = chosen(first, second)
    assert choice.hopeless == 1
    assert first.tried[-1] == MOST
    assert len(first.tried) == len(second.tried) == 4


NEEDS = st.lists(st.integers(1, 2 * MOST), min_size=3, max_size=3)
METHODS = st.tuples(st.sampled_from([1.0, 2.0, 7.0]), NEEDS, st.sets(st.integers(0, 2)))


@given(st.lists(METHODS, min_size=1, max_size=4))
def test_no_candidate_that_fails_less_or_as_often_takes_less(methods):
    made = [Made(str(number), *each) for number, each in enumerate(methods)]
    choice = race([each.candidate for each in made])
    failed = np.array([(each.needs > MOST) | np.isin(range(3), each.fails) for each in made])
    counts = ~failed.all(axis=0)
    ranks = [
        ((wrong & counts).sum(), each.candidate.work * np.minimum(each.needs, MOST)[counts].sum())
        for each, wrong in zip(made, failed, strict=True)
    ]
    assert ranks[int(choice.algorithm)][0] == min(lost for lost, _ in ranks)
    best = min(ranks)
    if best[0] == 0:
        assert ranks[int(choice.algorithm)][1] == pytest.approx(best[1])
