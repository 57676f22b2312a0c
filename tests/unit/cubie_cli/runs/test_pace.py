from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.runs.pace import CHUNK_SECONDS, GROWTH, Pace


def test_chunks_grow_to_about_a_second():
    pace = Pace(fewest=100, most=10**9, total=10**12)
    for _ in range(20):
        pace.measured(pace.runs, pace.runs * 1e-6)
    assert pace.runs == round(CHUNK_SECONDS / 1e-6)
    assert pace.seconds_a_run == 1e-6


def test_a_few_quick_runs_promise_little():
    pace = Pace(fewest=100, most=10**9, total=10**12)
    pace.measured(100, 1e-9)
    assert pace.runs == 100 * GROWTH


def test_slow_runs_are_no_fewer_than_a_device_needs():
    pace = Pace(fewest=100, most=10**9, total=10**12)
    pace.measured(100, 1e6)
    assert pace.runs == 100


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.0, 1e9))),
)
def test_there_is_always_a_run_and_never_more_than_memory_holds(fewest, most, measured):
    pace = Pace(fewest, most, 10**6)
    for runs, seconds in measured:
        assert 1 <= pace.runs <= most
        pace.measured(runs, seconds)
    assert 1 <= pace.runs <= most
