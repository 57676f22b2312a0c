"""The race of candidates, with runs whose steps are made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.configurations.job import load
from cubie_cli.kernels import choice
from cubie_cli.kernels.choice import Candidate, race
from cubie_cli.kernels.doubts import WHOLE
from cubie_cli.kernels.job_kernel import make_plan
from solvers.planning.exchange import Solution
from solvers.settings import SolveSettings
from solvers.status import Status

MOST = 100_000
RTOL = 1e-4
SOLVE = SolveSettings("auto", 0.0, 1.0, (1e-7,), rtol=RTOL)


class Made:
    """A method that needs so many attempts for each run, or fails after them."""

    def __init__(self, name, work, needs, fails=(), ends=None):
        self.needs, self.fails = np.array(needs), list(fails)
        self.tried, self.confirmed = [], []
        self.ends = ends or (lambda _: np.ones(len(needs)))
        self.candidate = Candidate(name, work, MOST, self.solve, ["x"], RTOL, [1e-7])

    def solve(self, allowed, share):
        (self.tried if share == WHOLE else self.confirmed).append(allowed)
        steps = np.minimum(self.needs, allowed).astype(np.int32)
        status = np.where(self.needs > allowed, Status.MAX_STEPS, Status.SUCCESS).astype(np.int8)
        for run in self.fails:
            if status[run] == Status.SUCCESS:
                status[run] = Status.NONFINITE
        saved, none = np.array(self.ends(share))[None, None, :], np.zeros((0, len(steps)))
        return Solution(saved, none, status, steps - 1, np.ones_like(steps), 0.0, 0.0)


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


def controlled_from(atol, right):
    """Return what is found: 0 for the second run where the share of atol is larger, else what is right."""
    return lambda share: [1.0, right if share.atol <= atol else 0.0]


def test_one_whose_runs_come_out_otherwise_with_less_of_atol_does_not_win():
    cheap = Made("cheap", 1.0, [50, 50], ends=controlled_from(0.1, 1.0))
    dear = Made("dear", 9.0, [50, 50], ends=controlled_from(1.0, 1.0))
    choice = chosen(cheap, dear)
    assert choice.algorithm == "dear"
    assert [trial.doubtful for trial in choice.trials] == [0, 1]
    assert choice.astray == ()
    assert choice.warnings(SOLVE) == []
    assert str(choice).endswith("1 come out wrong with cheap")


def test_where_all_come_out_otherwise_it_is_told_with_a_tolerance_that_was_tried():
    choice = chosen(*(Made(name, 1.0, [50, 50], ends=controlled_from(0.1, 1.0)) for name in "ab"))
    assert choice.astray == ("x",)
    (text,) = choice.warnings(SOLVE)
    assert "1 of 2 runs that were tried end with success and come out otherwise, in x" in text
    assert "set atol = 1e-10 in [solve]" in text


@pytest.mark.parametrize("other", [lambda share: [1.0, share.rtol], lambda share: [1.0, 1.0 + 0.005 * share.atol]])
def test_what_any_change_changes_and_what_hardly_changes_is_no_doubt(other):
    alone = Made("alone", 1.0, [50, 50], ends=other)
    assert chosen(alone).trials[0].doubtful == 0


def test_doubts_take_no_more_than_some_times_the_attempts():
    alone = Made("alone", 1.0, [50, 60])
    chosen(alone)
    assert (alone.tried, alone.confirmed) == ([1000], [8 * 60])


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


def test_fewer_attempts_are_counted_where_there_are_many_states(tmp_path):
    model = '[states]\nu = {{ size = {}, value = "sin(i)", ends = "periodic" }}\n[equations]\nu = "u[i-1] - u[i]"\n'
    (tmp_path / "run.toml").write_text(
        '[model]\nfile = "model.toml"\n[solve]\nt1 = 1e3\nalgorithm = "euler"\ndt = 0.1\n'
    )

    def counted(size):
        (tmp_path / "model.toml").write_text(model.format(size))
        job = load(tmp_path / "run.toml")
        with pytest.MonkeyPatch.context() as patch:
            plans = []
            patch.setattr(choice, "make_plan", lambda job, target: plans.append(job) or make_plan(job, target))
            choice.work_of_an_attempt(job, np.zeros((0, 1)))
        return [plan.configuration.solve.max_steps for plan in plans]

    assert [counted(size) for size in (8, 64, 65)] == [[16], [16], [1, 3]]
