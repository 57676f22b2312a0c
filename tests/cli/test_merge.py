"""`cubie merge`: the results of shards as one, to the last bit that of a single run."""

import json
import shutil
from pathlib import Path

import h5py
import pytest
import xarray
from support.shards import described, solve_in_parts

from cubie_cli.results.unfinished import Journal

DIVISIONS = (1, 3, 64)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The folder of a batch that was solved as a whole, and in each number of shards."""
    folder = tmp_path_factory.mktemp("solved")
    solve_in_parts(folder, DIVISIONS)
    return folder


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """The folder of a batch that has another step."""
    folder = tmp_path_factory.mktemp("foreign")
    solve_in_parts(folder, (3,), ["solve.dt=1.0"])
    return folder


@pytest.fixture
def parts(solved, folder):
    """Copies of three shards, in the folder where commands run."""
    paths = [shutil.copy(path, folder / path.name) for path in sorted(solved.glob("*-of-3.h5"))]
    return [path.relative_to(folder) for path in paths]


def test_what_is_merged_is_compressed_as_the_batch_is_to_be(cubie, folder):
    solve_in_parts(folder, (3,), ['output.compression="gzip"'])
    shards = sorted(folder.glob("*-of-3.h5"))
    with h5py.File(shards[0]) as shard, h5py.File("result.h5") as whole:
        assert (shard["x"].compression, whole["x"].compression) == (None, "gzip")
    assert cubie("merge", *shards, "--output", "all.h5").code == 0
    with h5py.File("all.h5") as merged:
        assert merged["x"].compression == "gzip"
    found, whole = (xarray.load_dataset(name, engine="h5netcdf") for name in ("all.h5", "result.h5"))
    xarray.testing.assert_identical(found.drop_attrs(deep=False), whole.drop_attrs(deep=False))


def without_manifest(found):
    return {
        name: [each for each in told if each != "manifest"] if name == "order" else told
        for name, told in found.items()
        if name.partition("/")[0] != "manifest"
    }


@pytest.mark.parametrize("form", [[], ["--virtual"]])
@pytest.mark.parametrize("count", DIVISIONS)
def test_shards_are_what_one_run_is(cubie, solved, count, form):
    shards = sorted(solved.glob(f"*-of-{count}.h5"))
    assert len(shards) == count
    found = cubie("merge", *shards[::2], *shards[1::2], "--output", "all.h5", *form)
    assert found.code == 0, found.err
    assert found.err == ""
    assert without_manifest(described("all.h5")) == described(solved / "result.h5")
    merged, whole = (xarray.load_dataset(path, engine="h5netcdf") for path in ("all.h5", solved / "result.h5"))
    xarray.testing.assert_identical(merged.drop_attrs(deep=False), whole.drop_attrs(deep=False))


def test_it_says_what_was_merged(cubie, solved, parts):
    found = json.loads(cubie("merge", *parts, "-o", "all.h5", "--json").out)
    size = Path("all.h5").stat().st_size
    assert found == {
        "runs": 64,
        "failed": 0,
        "statuses": {"success": 64},
        "shards": 3,
        "virtual": False,
        "file": "all.h5",
        "bytes": size,
    }
    with h5py.File("all.h5") as file, h5py.File(solved / "result-0-of-3.h5") as first:
        assert file.attrs["command_line"] == f"cubie merge {' '.join(map(str, parts))} -o all.h5 --json"
        assert (
            file.attrs["history"] == f"{first.attrs['history']}\n{file.attrs['created']} {file.attrs['command_line']}"
        )


def test_a_merged_batch_is_complete(cubie, solved, parts):
    assert cubie("merge", *parts, "-o", "all.h5").code == 0
    again = cubie("run", solved / "run.toml", "--output", "all.h5", "--resume")
    assert again.code == 0
    assert "all.h5 is complete" in again.err


def test_what_differs_between_commands_is_all_told(cubie, parts):
    with h5py.File(parts[1], "r+") as file:
        file.attrs["device"] = "another device"
    assert cubie("merge", *parts, "-o", "all.h5").code == 0
    with h5py.File("all.h5") as file:
        assert file.attrs["device"] == "Python interpreter, another device"


def test_any_parts_that_fit_can_be_merged(cubie, solved):
    thirds = [solved / f"result-{index}-of-3.h5" for index in (0, 1)]
    rest = [path for index, path in enumerate(sorted(solved.glob("*-of-64.h5"))) if index >= 42]
    assert cubie("merge", *thirds, *rest, "-o", "all.h5").code == 0
    assert described("all.h5") == described(solved / "result.h5")


def merge_refused(cubie, folder, *arguments, code=3):
    """Return what is said of shards that are refused, once nothing was written."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    found = cubie("merge", *arguments)
    assert found.code == code, found.err
    assert found.out == ""
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    return found.err


@pytest.mark.parametrize("form", [[], ["--virtual"]])
def test_missing_shards_are_named(cubie, folder, solved, parts, form):
    told = merge_refused(cubie, folder, parts[0], parts[2], "-o", "all.h5", *form)
    assert "of 64 runs the runs 21 to 41 are missing: shard 1/3\n" in told
    assert told.endswith("hint: solve what is missing: cubie run CONFIG --shard 1/3\n")
    few = sorted(solved.glob("*-of-64.h5"))[5:8]
    told = merge_refused(cubie, folder, *few, "-o", "all.h5", *form)
    assert "of 64 runs the runs 0 to 4 and the runs 8 to 63 are missing: shards 0/64, 1/64, 2/64, 3/64, 4/64" in told
    assert "and 56 more" in told
    told = merge_refused(cubie, folder, parts[0], *few[:1], *sorted(solved.glob("*-of-64.h5"))[-1:], "-o", "all.h5")
    assert "result-0-of-3.h5 and" in told


def test_a_run_that_no_shard_has_is_named(cubie, folder, solved, parts):
    parts[1] = solved / "result-30-of-64.h5"
    told = merge_refused(cubie, folder, *parts, "-o", "all.h5")
    assert "of 64 runs the runs 21 to 29 and the runs 31 to 41 are missing\n" in told
    assert "cubie run CONFIG --runs 21:30 --output FILE" in told


def test_overlapping_shards_are_named(cubie, folder, solved, parts):
    other = solved / "result-20-of-64.h5"
    told = merge_refused(cubie, folder, *parts, other, "-o", "all.h5")
    assert f"{parts[0]} and {other} both have the run 20\n" in told


def test_one_that_is_given_twice_is_named(cubie, folder, parts):
    Path("link.h5").symlink_to(parts[1])
    told = merge_refused(cubie, folder, *parts, "link.h5", "-o", "all.h5")
    assert "link.h5: this shard is given twice\n" in told


def test_a_shard_of_another_batch_is_named(cubie, folder, foreign, parts):
    other = foreign / "result-1-of-3.h5"
    told = merge_refused(cubie, folder, parts[0], other, parts[2], "-o", "all.h5")
    assert f"{other}: this is of another batch than {parts[0]}: they differ in the configuration\n" in told


def test_one_of_another_version_is_named(cubie, folder, parts):
    with h5py.File(parts[2], "r+") as file:
        facts = json.loads(file.attrs["identity"])
        file.attrs["identity"] = json.dumps(facts | {"the version of numpy": "1.0", "the target": "cuda"})
    told = merge_refused(cubie, folder, *parts, "-o", "all.h5")
    assert "they differ in the version of numpy, the target\n" in told


def test_one_with_other_variables_is_named(cubie, folder, parts):
    with h5py.File(parts[2], "r+") as file:
        del file["u"]
    told = merge_refused(cubie, folder, *parts, "-o", "all.h5")
    assert f"{parts[2]}: this is of another batch than {parts[0]}: they differ in the variables\n" in told


def test_what_is_no_finished_result_is_named(cubie, folder, parts):
    whole = Path(parts[2]).read_bytes()
    Path("text.h5").write_text("no HDF5")
    Path("cut.h5").write_bytes(whole[:30_000])
    Path("renamed.h5").write_bytes(whole)
    with h5py.File("renamed.h5", "r+") as file:
        file["run"][-1] = 0
    shutil.copy(parts[2], ".result-2-of-3.h5.0123456789abcdef.part")
    assert cubie("export", parts[2], "-o", "some.nc", "--quantity", "*").code == 0
    for name, said in {
        "none.h5": "none.h5: no such file",
        "text.h5": "this is no HDF5 file",
        "cut.h5": "it is damaged",
        ".": "this is a directory",
        "renamed.h5": "this result should have the runs 42 to 63 and has others: it was not finished",
        ".result-2-of-3.h5.0123456789abcdef.part": "this is what is left of a result that was not finished",
        "some.nc": "does not tell which runs of which batch it has",
    }.items():
        told = merge_refused(cubie, folder, parts[0], name, parts[1], "-o", "all.h5")
        assert said in told, name


def test_a_shard_that_was_stopped_is_named(cubie, folder, parts):
    part = ".result-2-of-3.h5.0123456789abcdef.part"
    Path(parts[2]).rename(part)
    Journal(Path("result-2-of-3.h5"), Path(part), {}, [range(42, 50)]).close(keep=True)
    told = merge_refused(cubie, folder, *parts, "-o", "all.h5")
    assert f"{parts[2]}: this shard is not finished: 8 of its runs are there\n" in told
    assert "add --resume to the command that was stopped" in told


def test_an_output_that_is_taken_is_refused(cubie, folder, parts):
    Path("all.h5").write_bytes(Path(parts[0]).read_bytes())
    assert "the output exists" in merge_refused(cubie, folder, *parts, "-o", "all.h5", code=5)
    told = merge_refused(cubie, folder, *parts, "-o", parts[0], "--force", code=5)
    assert "the output is an input too" in told
    assert "the folder of the output does not exist" in merge_refused(cubie, folder, *parts, "-o", "a/b.h5", code=5)
    assert cubie("merge", *parts, "-o", "all.h5", "--force").code == 0
    with h5py.File("all.h5") as file:
        assert file["run"].shape == (64,)


def test_a_disk_without_room_is_refused(cubie, folder, parts, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 20_000))  # noqa: SLF001
    told = merge_refused(cubie, folder, *parts, "-o", "all.h5", code=5)
    assert "64 runs make a result of" in told
    assert "or add --virtual" in told


def test_what_else_is_left_of_the_output_stays(cubie, parts):
    part = Path(".all.h5.0123456789abcdef.part")
    part.write_bytes(b"values")
    Journal(Path("all.h5"), part, {}, [range(50)]).close(keep=True)
    Path(".all.h5.0123456789abcde0.part").write_bytes(b"of a merge that was killed")
    assert cubie("merge", *parts, "-o", "all.h5").code == 0
    assert part.read_bytes() == b"values"
    assert not Path(".all.h5.0123456789abcde0.part").exists()
