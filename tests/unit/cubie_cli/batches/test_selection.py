from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.batches.selection import Shard, read_shard, select_runs
from cubie_cli.documents.messages import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, range(5)), ("0", range(1)), ("4", range(4, 5)), ("1:3", range(1, 3)), ("0:5", range(5))],
)
def test_runs_are_all_or_those_that_are_named(text, expected):
    assert select_runs(text, 5) == expected


@pytest.mark.parametrize("text", ["", "all", "-1", "1:", ":2", "2:2", "3:2", "5", "4:6", "1.0", "9" * 5000])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="--runs"):
        select_runs(text, 5)


@given(st.integers(1, 10**12), st.data())
def test_shards_are_all_runs_and_differ_by_one_at_most(count, data):
    of = data.draw(st.integers(1, min(count, 100)))
    shards = [Shard(index, of).runs(count) for index in range(of)]
    assert shards[0].start == 0
    assert all(one.stop == other.start for one, other in pairwise(shards))
    assert shards[-1].stop == count
    assert {len(runs) for runs in shards} <= {count // of, count // of + 1}


def test_names_of_shards_sort_as_they_do():
    names = [Shard(index, 100).named(Path("out/lorenz.h5")).name for index in range(100)]
    assert names == sorted(names)
    assert names[3] == "lorenz-003-of-100.h5"
    assert Shard(0, 1).named(Path("a.b/plain")) == Path("a.b/plain-0-of-1")


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("0/1", Shard(0, 1)), ("63/64", Shard(63, 64))])
def test_a_shard_is_named_from_zero(text, expected):
    assert read_shard(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (text, "names no shard")
            for text in ("", "1", "1/", "/2", "-1/2", "a/b", "1/2/3", "1.0/2", "9" * 5000 + "/2")
        ),
        ("2/2", "counted from 0, and there are 2"),
        ("0/0", "counted from 0, and there are 0"),
    ],
)
def test_anything_else_is_no_shard(text, message):
    with pytest.raises(UsageError, match=message):
        read_shard(text)


def test_more_shards_than_runs_are_refused():
    with pytest.raises(UsageError, match="the batch has 5 runs, too few for 6 shards"):
        Shard(0, 6).runs(5)
