"""`cubie merge --virtual`: a file that reads from the shards, and what is said of shards that are gone."""

import hashlib
import json
import re
import resource
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from support.shards import solve_in_parts

from cubie_cli.commands.merge import _warnings
from cubie_cli.results import virtual as virtual_results


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solved")
    solve_in_parts(folder, (3,))
    return folder


@pytest.fixture
def parts(solved, folder):
    """Copies of three shards, in a folder below the one where commands run; a per cent sign means much to HDF5."""
    (folder / "parts %b").mkdir()
    paths = [shutil.copy(path, folder / "parts %b" / path.name) for path in sorted(solved.glob("*-of-3.h5"))]
    return [path.relative_to(folder) for path in paths]


@pytest.fixture
def virtual(cubie, parts):
    assert cubie("merge", *parts, "-o", "all.h5", "--virtual").code == 0
    return Path("all.h5")


def test_it_lists_its_shards(virtual, parts):
    with xarray.load_dataset(virtual, engine="h5netcdf", group="manifest") as found:
        assert found["name"].values.tolist() == [str(path) for path in parts]
        assert found["first_run"].values.tolist() == [0, 21, 42]
        assert found["runs"].values.tolist() == [21, 21, 22]
        assert found["bytes"].values.tolist() == [path.stat().st_size for path in parts]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in parts]
        assert found["sha256"].values.tolist() == digests


@pytest.mark.usefixtures("virtual")
def test_it_moves_with_shards_beside_or_below_it(folder, solved):
    (folder / "there").mkdir()
    shutil.move(folder / "parts %b", folder / "there" / "parts %b")
    moved = shutil.move(folder / "all.h5", folder / "there" / "all.h5")
    with h5py.File(moved) as file, h5py.File(solved / "result.h5") as whole:
        np.testing.assert_array_equal(file["u"], whole["u"])
    with h5py.File(moved) as file:
        (first, *_) = file["x"].virtual_sources()
        assert first.file_name == "parts %%b/result-0-of-3.h5"


def test_many_shards_are_read_by_datasets_beside_their_list(cubie, parts, solved, monkeypatch):
    monkeypatch.setattr(virtual_results, "_MAPPINGS", 2)
    assert cubie("merge", *parts, "-o", "all.h5", "--virtual").code == 0
    with h5py.File("all.h5") as file, h5py.File(solved / "result.h5") as whole:
        assert [source.file_name for source in file["u"].virtual_sources()] == [".", "."]
        assert len(file["manifest/parts/u/0"].virtual_sources()) == 2
        for name in ("u", "x", "rate", "x_max", "low_time", "status", "run"):
            np.testing.assert_array_equal(file[name], whole[name])
    parts[1].unlink()
    with xarray.load_dataset("all.h5", engine="h5netcdf") as found:
        assert np.isnan(found["u"].isel(run=slice(21, 42))).all()
        assert found["status"].values.tolist() == [0] * 21 + [-1] * 21 + [0] * 22


def test_shards_elsewhere_are_named_in_full(cubie, solved, folder):
    assert cubie("merge", *sorted(solved.glob("*-of-3.h5")), "-o", "all.h5", "--virtual").code == 0
    with h5py.File("all.h5") as file:
        assert file["manifest/name"].asstr()[0] == str(solved / "result-0-of-3.h5")
    shutil.move("all.h5", folder / "parts.h5")
    with h5py.File("parts.h5") as file, h5py.File(solved / "result.h5") as whole:
        np.testing.assert_array_equal(file["x"], whole["x"])


@pytest.mark.usefixtures("virtual")
def test_the_commands_read_it(cubie, solved):
    assert cubie("export", "all.h5", "-o", "all.csv", "--quantity", "x*").code == 0
    assert cubie("export", solved / "result.h5", "-o", "whole.csv", "--quantity", "x*").code == 0
    assert Path("all.csv").read_text() == Path("whole.csv").read_text()
    found, whole = (json.loads(cubie("show", path, "--json").out) for path in ("all.h5", solved / "result.h5"))
    assert (found["shards"], whole["shards"]) == (3, 0)
    for key in ("dimensions", "variables", "summaries", "swept", "status", "steps"):
        assert found[key] == whole[key]
    assert re.search("shards +3 *\n", cubie("show", "all.h5").out)


@pytest.mark.usefixtures("virtual")
@pytest.mark.parametrize("command", [["show", "all.h5"], ["export", "all.h5", "-o", "all.csv"]])
def test_a_shard_that_is_gone_or_another_is_told(cubie, parts, command):
    kept = parts[1].read_bytes()
    parts[1].unlink()
    found = cubie(*command)
    assert found.code == 3
    assert f"all.h5: the shard {parts[1]}, which has the runs 21 to 41, cannot be read: No such file" in found.err
    parts[1].write_bytes(kept + b"\0")
    found = cubie(*command)
    assert found.code == 3
    assert f"is another file than the one merged: it has {len(kept) + 1:,} bytes instead of {len(kept):,}" in found.err
    assert not found.out


@pytest.mark.usefixtures("virtual")
def test_what_is_gone_does_not_read_as_solved(parts):
    parts[1].unlink()
    with xarray.load_dataset("all.h5", engine="h5netcdf") as found:
        gone = found.isel(run=slice(21, 42))
        assert np.isnan(gone["u"]).all()
        assert np.isnan(gone["rate"]).all()
        assert (gone["status"] == -1).all()
        assert gone["run"].values.tolist() == [*range(21, 42)]
        assert (found["status"].isel(run=[20, 42]) == 0).all()


@pytest.mark.usefixtures("virtual")
def test_a_shard_that_was_altered_is_found_on_request(cubie, parts):
    checked = cubie("show", "all.h5", "--check")
    assert checked.code == 0
    assert re.search("shards +3, all as they were", checked.out)
    with h5py.File(parts[2], "r+") as file:
        file["x"][0, 0] = 17.0
    assert cubie("show", "all.h5").code == 0
    found = cubie("show", "all.h5", "--check")
    assert found.code == 3
    assert f"all.h5: shards changed since they were merged: {parts[2]}\n" in found.err
    found = cubie("show", parts[0], "--check")
    assert found.code == 2
    assert "has its values itself" in found.err


@pytest.mark.usefixtures("virtual")
def test_it_is_no_shard(cubie):
    found = cubie("merge", "all.h5", "-o", "again.h5")
    assert found.code == 3
    assert "this result is virtual: it has no values itself" in found.err


def test_a_variable_of_that_name_is_in_the_way(cubie, parts):
    with h5py.File(parts[0], "r+") as file:
        file.move("total", "manifest")
    for path in parts[1:]:
        with h5py.File(path, "r+") as file:
            file.move("total", "manifest")
    found = cubie("merge", *parts, "-o", "all.h5", "--virtual")
    assert found.code == 3
    assert "merge without --virtual" in found.err
    assert cubie("merge", *parts, "-o", "all.h5").code == 0


@pytest.mark.usefixtures("virtual")
def test_more_shards_than_files_may_be_open_are_refused(cubie, monkeypatch):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (60, 66))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    found = cubie("show", "all.h5")
    assert found.code == 3
    assert "3 shards are read at once, and this system lets a program open 66 files" in found.err
    monkeypatch.setattr(resource, "getrlimit", lambda _: (60, 70))
    assert cubie("show", "all.h5").code == 0
    assert limits == [(67, 70)]


def test_many_shards_are_warned_of():
    assert not _warnings(900)
    assert "ulimit -n 1064" in _warnings(1000)[0]
