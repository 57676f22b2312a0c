"""Names that are refused, locks, and the last step of a file; all of it in a folder of the test's own."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from cubie_cli.documents.messages import OutputError
from cubie_cli.results import destination
from cubie_cli.results.destination import (
    check_destination,
    held,
    made,
    put_in_place,
    remove_leftovers,
    temporary_beside,
)
from cubie_cli.results.kinds import SETTINGS

ROOT = Path(__file__).parents[4]


def device(path):
    """Make a null device of the test's own."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


def result(path):
    with h5py.File(path, "w") as file:
        file["former"] = 1


MAKERS = {
    "device": (device, "is a device"),
    "pipe": (os.mkfifo, "is a pipe"),
    "text": (lambda path: path.write_text("precious"), "is not an HDF5 file"),
    "nothing in it": (lambda path: path.touch(), "is not an HDF5 file"),
    "folder": (Path.mkdir, "is a folder"),
}


@pytest.mark.parametrize("linked", [False, True], ids=["", "by a link"])
@pytest.mark.parametrize("what", MAKERS)
def test_what_is_no_result_is_never_replaced(tmp_path, what, linked):
    make, words = MAKERS[what]
    there = tmp_path / "there.h5"
    make(there)
    before = there.lstat()
    name = tmp_path / "link.h5" if linked else there
    if linked:
        name.symlink_to(there)
    with pytest.raises(OutputError, match=words) as refused:
        check_destination(name, inputs=[], force=True)
    assert str(there) in str(refused.value)
    with pytest.raises(OutputError):
        check_destination(name, inputs=[], force=False)
    after = there.lstat()
    assert (after.st_mode, after.st_ino, after.st_size) == (before.st_mode, before.st_ino, before.st_size)


def test_a_result_is_replaced_by_force_alone_and_links_stay(tmp_path):
    there, link = tmp_path / "there.h5", tmp_path / "link.h5"
    result(there)
    link.symlink_to(there)
    for path in (there, link):
        with pytest.raises(OutputError, match="the output exists"):
            check_destination(path, inputs=[], force=False)
        check_destination(path, inputs=[], force=True)
    new = temporary_beside(link)
    new.write_text("new")
    put_in_place(new, link, replace=True)
    assert link.is_symlink()
    assert there.read_text() == "new"


def test_a_link_to_nothing_names_what_is_made(tmp_path):
    (tmp_path / "far").mkdir()
    link, there = tmp_path / "link.h5", tmp_path / "far" / "there.h5"
    link.symlink_to(there)
    check_destination(link, inputs=[], force=False)
    new = temporary_beside(link)
    assert new.parent == there.parent
    new.write_text("new")
    put_in_place(new, link, replace=False)
    assert there.read_text() == "new"
    assert [*there.parent.iterdir()] == [there]


def test_a_circle_of_links_is_a_message(tmp_path):
    (tmp_path / "a.h5").symlink_to(tmp_path / "b.h5")
    (tmp_path / "b.h5").symlink_to(tmp_path / "a.h5")
    with pytest.raises(OutputError):
        check_destination(tmp_path / "a.h5", inputs=[], force=True)


@pytest.mark.parametrize("name", ["r.csv", "r.toml", "r.h5.gz", "r.mat"])
def test_other_extensions_are_refused(tmp_path, name):
    with pytest.raises(OutputError, match="no extension of one") as refused:
        check_destination(tmp_path / name, inputs=[], force=False)
    assert Path(name).stem in refused.value.hint
    assert ".h5" in refused.value.hint


def test_a_copy_is_named_as_what_it_is_of(tmp_path):
    with pytest.raises(OutputError) as refused:
        check_destination(tmp_path / "r.h5.bak", inputs=[], force=False)
    assert refused.value.hint == "name it r.h5"


@pytest.mark.parametrize("name", ["r", "r.H5", "r.hdf5", "r.nc", ".r"])
def test_usual_extensions_and_none_are_taken(tmp_path, name):
    check_destination(tmp_path / name, inputs=[], force=False)


def test_settings_replace_settings_alone(tmp_path):
    there = tmp_path / "s.toml"
    there.write_text("a = 1")
    check_destination(there, inputs=[], force=True, kind=SETTINGS)
    result(there)
    with pytest.raises(OutputError, match="is not a TOML file"):
        check_destination(there, inputs=[], force=True, kind=SETTINGS)


def test_inputs_are_never_overwritten(tmp_path):
    there = tmp_path / "r.h5"
    result(there)
    (tmp_path / "link.h5").symlink_to(there)
    for name in (there, tmp_path / "link.h5"):
        with pytest.raises(OutputError, match="an input too"):
            check_destination(name, inputs=[there], force=True)


# -- locks --------------------------------------------------------------------------------------


def test_two_do_not_write_one_file(tmp_path):
    path = tmp_path / "r.h5"
    with held(path):
        with pytest.raises(OutputError, match=f"process {os.getpid()} on ") as refused, held(path):
            pass
        assert str(path) in str(refused.value)
        with held(tmp_path / "other.h5"):
            pass
        (tmp_path / "link.h5").symlink_to(path)
        with pytest.raises(OutputError), held(tmp_path / "link.h5"):
            pass
    with held(path):
        pass
    assert {each.name for each in tmp_path.iterdir()} == {"link.h5"}


HOLD = """
import sys, time
from pathlib import Path
from cubie_cli.results.destination import held, temporary_beside
with held(Path(sys.argv[1])):
    temporary_beside(Path(sys.argv[1])).write_text("half")
    print("held", flush=True)
    time.sleep(600)
"""


def test_what_was_killed_holds_nothing_and_its_leftovers_go(tmp_path):
    path, other = tmp_path / "r.h5", temporary_beside(tmp_path / "r.h5.h5")
    other.write_text("another's")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(OutputError, match=f"process {process.pid} on "), held(path):
            pass
        process.kill()
        process.wait()
    assert len([*tmp_path.glob(".r.h5.*.part")]) == 2  # another's too, which is not ours to remove
    with held(path):
        remove_leftovers(path)
    assert [*tmp_path.iterdir()] == [other]


def test_a_file_system_without_locks_goes_without(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(destination.fcntl, "flock", refuse)
    with held(tmp_path / "r.h5"):
        pass
    assert not [*tmp_path.iterdir()]


# -- the last step ------------------------------------------------------------------------------


@pytest.mark.parametrize("links", [True, False])
def test_what_appears_meanwhile_stays(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(destination.os, "link", refuse_links)
    path = tmp_path / "r.h5"
    new = temporary_beside(path)
    new.write_text("new")
    path.write_text("another's")
    with pytest.raises(OutputError, match="appeared while it was computed"):
        put_in_place(new, path, replace=False)
    assert path.read_text() == "another's"
    path.unlink()
    put_in_place(new, path, replace=False)
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


def refuse_links(*_):
    raise OSError(errno.EPERM, "no links")


def test_the_longest_names_have_temporary_ones(tmp_path):
    names = ["x" * 252 + ".h5", "x" * 251 + "y.h5"]
    made = [temporary_beside(tmp_path / name) for name in names]
    assert made[0].name[:60] != made[1].name[:100]
    for each, name in zip(made, names, strict=True):
        with held(tmp_path / name):
            each.write_text("new")
            put_in_place(each, tmp_path / name, replace=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_names_with_brackets_clean_their_own_leftovers(tmp_path):
    path = tmp_path / "[r]*?.h5"
    leftover, other = temporary_beside(path), temporary_beside(tmp_path / "r.h5")
    leftover.touch()
    other.touch()
    remove_leftovers(path)
    assert [*tmp_path.iterdir()] == [other]


def fill(path):
    path.write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_made_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "model.toml"
    with made(path, replace=False) as temporary:
        temporary.write_text("text")
        assert not path.exists()
    assert path.read_text() == "text"
    with pytest.raises(OutputError, match="cannot write"), made(path, replace=True) as temporary:
        fill(temporary)
    assert path.read_text() == "text"
    assert [*tmp_path.iterdir()] == [path]
