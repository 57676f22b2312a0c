"""`cubie compile --dump`: what a kernel is made of, as a folder of texts."""

import json
import re
from pathlib import Path

import pytest


def dump(cubie, *options):
    answer = cubie("compile", "run.toml", "--dump", "dump", "--json", *options)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def files(folder):
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def test_the_folder_has_what_the_answer_lists(cubie, folder):
    (answer,) = dump(cubie, "--target", "cpu")
    listed = {entry["name"]: entry for entry in answer["dump"]["files"]}
    assert answer["dump"]["folder"] == "dump"
    assert answer["dump"]["remarks"] == []
    assert set(listed) == files("dump")
    assert all((folder / "dump" / name).stat().st_size == entry["bytes"] for name, entry in listed.items())
    assert listed["kernel.ll"]["instructions"] > listed["kernel.optimised.ll"]["instructions"]
    slopes = listed["recorded/explicit_runge_kutta.ExplicitRungeKuttaStep._attempt_step.txt"]
    assert slopes["operations"] > 20


def test_a_recorded_function_is_to_be_read(cubie, folder):
    dump(cubie, "--target", "cpu")
    assert (folder / "dump/recorded/loop.Loop._occupied.txt").read_text() == (
        "_occupied(run: int64, runs: int64, wanted: mask)\n"
        "    v0: mask = compare run < runs\n"
        "    v1: mask = and wanted v0\n"
        "    return v1\n"
    )


def test_the_index_names_files_sizes_and_buffers(cubie, folder):
    (answer,) = dump(cubie, "--target", "cpu")
    index = (folder / "dump/index.txt").read_text()
    assert index.startswith("Decay, cpu ")
    assert Path(answer["path"]).stem in index.splitlines()[0]
    counted = {entry["name"]: entry for entry in answer["dump"]["files"]}
    for name in ("kernel.ll", "kernel.optimised.ll"):
        assert f"{counted[name]['instructions']:,}" in next(line for line in index.splitlines() if name in line)
    assert all(Path(name).name in index for name in counted if name != "index.txt")
    assert "Bytes of each component and of those below it" in index
    assert "stage_slopes" in index


def test_a_kernel_that_was_kept_is_compiled_anew(cubie, folder, monkeypatch):
    monkeypatch.setenv("CUBIE_CACHE_DIR", str(folder / "kernels"))
    assert cubie("compile", "run.toml", "--target", "cpu").code == 0
    (kept,) = (folder / "kernels").iterdir()
    answer = cubie("compile", "run.toml", "--target", "cpu", "--dump", "dump")
    assert answer.code == 0
    assert "anew" in answer.out
    assert f"{len(files('dump'))} files in dump" in answer.out
    assert list((folder / "kernels").iterdir()) == [kept]
    again = json.loads(cubie("compile", "run.toml", "--target", "cpu", "--dump", "again", "--json").out)
    assert again[0]["known"]
    assert again[0]["seconds"] > 0
    # Numba numbers symbols as it goes, so the kernel's texts differ in that, and their lengths in the index.
    for name in files("dump"):
        if not name.startswith(("kernel", "index")):
            assert (folder / "dump" / name).read_text() == (folder / "again" / name).read_text(), name
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0


def test_each_architecture_has_a_folder(cubie, folder):
    pytest.importorskip("cuda.bindings.nvvm")
    answer = cubie("compile", "run.toml", "--dump", "dump", "--json", "--arch", "sm_80", "--arch", "sm_90")
    if "was not found" in answer.err:
        pytest.skip("the CUDA toolkit is not installed")
    assert answer.code == 0, answer.err
    for entry, name in zip(json.loads(answer.out), ("sm_80", "sm_90"), strict=True):
        written = files(folder / "dump" / name)
        assert entry["dump"]["folder"] == f"dump/{name}"
        assert {each["name"] for each in entry["dump"]["files"]} == written
        assert {"index.txt", "kernel.ptx", "llvm/Loop.build.integrate.ll"} < written
        assert ("kernel.sass" in written) != bool(entry["dump"]["remarks"])
        assert f".target {name}" in (folder / "dump" / name / "kernel.ptx").read_text()
        assert "registers" in (folder / "dump" / name / "index.txt").read_text()
    assert files("dump") == {f"{name}/{each}" for name in ("sm_80", "sm_90") for each in files(f"dump/{name}")}


def test_without_a_disassembler_all_else_is_written(cubie, monkeypatch):
    pytest.importorskip("cuda.bindings.nvvm")
    from solvers.execution.cuda import disassembly  # noqa: PLC0415

    monkeypatch.setattr(disassembly, "_PROGRAMS", {})
    answer = cubie("compile", "run.toml", "--dump", "dump", "--arch", "sm_90")
    if "was not found" in answer.err:
        pytest.skip("the CUDA toolkit is not installed")
    assert answer.code == 0, answer.err
    assert "pip install nvidia-cuda-nvdisasm" in answer.out
    assert "pip install nvidia-cuda-nvdisasm" in Path("dump/index.txt").read_text()
    assert "kernel.sass" not in files("dump")
    assert "kernel.ptx" in files("dump")


@pytest.mark.parametrize("target", ["file", "file/below", "full"])
def test_a_folder_that_cannot_be_taken_is_refused(cubie, folder, target):
    (folder / "file").write_text("mine")
    (folder / "full").mkdir()
    (folder / "full/notes").write_text("mine")
    answer = cubie("compile", "run.toml", "--target", "cpu", "--dump", target)
    assert answer.code == 5, answer.err
    assert target in answer.err
    assert "--dump" in answer.err
    assert "Traceback" not in answer.err
    assert not answer.out
    assert files("full") == {"notes"}


def test_a_folder_that_is_empty_is_taken(cubie, folder):
    (folder / "dump").mkdir()
    dump(cubie, "--target", "cpu")
    assert "index.txt" in files("dump")


def test_a_disk_that_refuses_is_a_message(cubie, monkeypatch):
    def refuse(path, *_, **__):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", refuse)
    answer = cubie("compile", "run.toml", "--target", "cpu", "--dump", "dump")
    assert answer.code == 5
    assert "No space left" in answer.err


def test_the_page_for_developers_shows_what_a_dump_holds(cubie, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "developing.md").read_text()
    operations, llvm, buffers = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    config = Path(__file__).parents[2] / "configs" / "lorenz.toml"
    method = "solve.algorithm=kvaerno5"
    assert cubie("compile", str(config), "--arch", "sm_90", "--dump", "tsit5").code == 0
    assert cubie("compile", str(config), "--target", "cpu", "--set", method, "--dump", "kvaerno5").code == 0
    step = "explicit_runge_kutta.ExplicitRungeKuttaStep._attempt_step.txt"
    assert operations in (tmp_path / "tsit5" / "arranged" / step).read_text()
    assert llvm in (tmp_path / "tsit5" / "llvm" / "Loop._try_step.try_step.ll").read_text()
    assert buffers in (tmp_path / "kvaerno5" / "index.txt").read_text()
