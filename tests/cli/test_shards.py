"""`cubie run --shard`: a part of a batch."""

import json

import h5py
import pytest


def test_a_shard_has_its_runs_and_says_so(cubie):
    found = cubie("run", "run.toml", "--shard", "1/4", "--json")
    assert found.code == 0, found.err
    told = json.loads(found.out)
    assert {key: told[key] for key in ("runs", "shard", "first_run", "batch_runs", "file")} == {
        "runs": 2,
        "shard": "1/4",
        "first_run": 1,
        "batch_runs": 6,
        "file": "result-1-of-4.h5",
    }
    with h5py.File("result-1-of-4.h5") as file:
        assert file["run"][()].tolist() == [1, 2]
        assert file["x_0"][()].tolist() == [2.0, 3.0]
        assert {name: file.attrs[name] for name in ("runs", "shard")} == {"runs": "1:3 of 6", "shard": "1/4"}
    assert "shard      1/4: runs 1 to 2 of 6" in cubie("run", "run.toml", "--shard", "1/4", "--force").out


def test_a_whole_batch_says_so_too(cubie):
    assert cubie("run", "run.toml").code == 0
    with h5py.File("result.h5") as file:
        assert file.attrs["runs"] == "0:6 of 6"
        assert "shard" not in file.attrs


def test_it_may_go_elsewhere(cubie, folder):
    assert cubie("run", "run.toml", "--shard", "0/2", "--output", "part.h5").code == 0
    assert sorted(path.name for path in folder.glob("*.h5")) == ["part.h5"]


def test_a_plan_tells_of_it(cubie, folder):
    found = cubie("run", "run.toml", "--shard", "2/3", "--dry-run")
    assert found.code == 0
    assert "shard       2/3: runs 4 to 5 of 6" in found.out
    assert "result-2-of-3.h5" in found.out
    assert json.loads(cubie("run", "run.toml", "--shard", "2/3", "--dry-run", "--json").out)["first_run"] == 4
    assert not [*folder.glob("*.h5")]


def test_one_that_is_complete_is_not_solved_again(cubie):
    assert cubie("run", "run.toml", "--shard", "0/2").code == 0
    assert "the output exists" in cubie("run", "run.toml", "--shard", "0/2").err
    again = cubie("run", "run.toml", "--shard", "0/2", "--resume")
    assert again.code == 0
    assert "result-0-of-2.h5 is complete" in again.err
    other = cubie("run", "run.toml", "--shard", "1/2", "--resume", "--output", "result-0-of-2.h5")
    assert other.code == 5
    assert "the output exists" in other.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shard", "1"], "--shard 1: this names no shard\n  hint: write I/N, such as 0/64"),
        (["--shard", "4/4"], "shards are counted from 0, and there are 4\n  hint: the first is 0/4, the last 3/4"),
        (["--shard", "0/7"], "--shard 0/7: the batch has 6 runs, too few for 7 shards"),
        (["--shard", "0/2", "--runs", "1"], "--shard 0/2 and --runs 1 both choose runs"),
        (["--shard", "0/2", "--trace", "trace.h5"], "--shard 0/2: a shard is solved without --trace"),
    ],
)
def test_what_is_no_shard_is_refused(cubie, folder, arguments, message):
    found = cubie("run", "run.toml", *arguments)
    assert found.code == 2
    assert message in found.err
    assert not [*folder.glob("*.h5")]
